"""What a telephone number looks like from afar. Only a hint: what a phone number *is*, `phones` finds out."""

from __future__ import annotations

import re
import unicodedata

NULL_WORDS = frozenset({"n/a", "#n/a", "na", "-", "--", "nan", "none", "null", "yok", "k.a.", "n.v.", "?", ".", "0", "x"})

_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u00ad\\s]+")
_DRESSING = re.compile(
    r"""(?:=\s*"(.*)"|'(.*)|(?:tel|phone)[^:\d]*:(.*)|(?:https?://)?(?:wa\.me/|api\.whatsapp\.com/send\?phone=)(.*))""",
    re.IGNORECASE | re.DOTALL,
)
_ADDED = re.compile(
    r"\([^()\d]*[^\W\d_][^()\d]*\)|\s*(?:ext|extension|dahili|int|durchwahl|ramal|poste|x)\.?\s*\d{1,6}$", re.IGNORECASE
)
_DATE = re.compile(r"(?:\d{4}[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./]\d{4})(?:[ T]\d{1,2}[:.]\d{2}.*)?")
_DECIMAL = re.compile(r"-?\d{1,3}(?:[.,]\d{3})*[.,]\d{1,2}|-?(?!0\d)\d+[.,](?!0+$)\d+|\d{1,3}(?:\.\d{1,3}){3}")
# Postcodes of the USA and Brazil; identity numbers of the USA, Brazil and Chile.
_CODE = re.compile(r"\d{5}-\d{3,4}|\d{3}-\d{2}-\d{4}|\d{3}\.\d{3}\.\d{3}-\d{2}|\d{1,2}\.\d{3}\.\d{3}-\d")
_SCIENTIFIC = re.compile(r"\d(?:[.,]\d+)?E\+?(?:0?[7-9]|1[0-4])", re.IGNORECASE)
_NUMBER = re.compile(r"[+(]*\d(?:[\d .()+\-\u2013\u2014/]*\d)?[.)]?(?:\.0+)?")
_SEVERAL = re.compile(r"[;,/|\n]| or | oder | veya | ou | o | y ", re.IGNORECASE)


def is_missing(cell: str | None) -> bool:
    """True for nothing, blanks, and what people write instead of nothing."""
    return cell is None or _INVISIBLE.sub(" ", cell).strip().casefold() in NULL_WORDS | {""}


def is_phone_like(cell: str) -> bool:
    """True when a cell looks like one telephone number or several; no promise that it is one."""
    text = _undressed(cell)
    return _is_one_number(text) or all(_is_one_number(part.strip()) for part in _SEVERAL.split(text))


def may_hold_number(cell: str) -> bool:
    """True when a telephone number may stand among a cell's words: such a cell is nobody's column name."""
    return is_phone_like(cell) or sum(letter.isdigit() for letter in cell) >= 7


def is_dressed(cell: str) -> bool:
    """True when a phone-like cell is written as people write phones: a plus, a leading zero, brackets, groups."""
    text = _undressed(cell)
    return text[:1] in "+0(" or bool(re.search(r"\d[ ()\-/]+\d", text))


def _undressed(cell: str) -> str:
    text = unicodedata.normalize("NFKC", _INVISIBLE.sub(" ", cell)).strip()
    if match := _DRESSING.fullmatch(text):
        text = next(part for part in match.groups() if part is not None).strip()
    return _ADDED.sub("", text).strip()


def _is_one_number(text: str) -> bool:
    if _SCIENTIFIC.fullmatch(text):
        return True
    if any(other.fullmatch(text) for other in (_DATE, _DECIMAL, _CODE)) or not _NUMBER.fullmatch(text):
        return False
    digits = sum(char.isdigit() for char in re.sub(r"\.0+$", "", text))
    return 7 <= digits <= 15
