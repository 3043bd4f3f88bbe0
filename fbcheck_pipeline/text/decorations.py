"""What is around a number and no part of it: invisible marks, spreadsheet and URI decorations, cells that say "nothing".

One small function a rule; its docstring's first line says what it does, in the words that `fbcheck lineage --row` shows.
A rule returns the text without its decoration, unchanged where it does not apply, and raises `Reject` where no honest
number can be in the text. Words and extensions are in `labels`; in which order all rules run is in `cleaning`.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal

from fbcheck_pipeline.model.reasons import RejectReason
from fbcheck_pipeline.text.cell_words import EMPTY_WORDS

MAX_CELL_LENGTH = 1000
_QUOTES = "\"'`\u00b4\u2018\u2019\u201c\u201d\u201e\u00ab\u00bb"
_DECORATION = str.maketrans("", "", " \t\n.-_/#()[]<>?!" + _QUOTES)
_BLANKS = re.compile(r"[\t\r\v\f ]+")
_FORMULA_ERROR = re.compile(r"#[A-Za-z\u00c0-\u00ff0-9/_]+[!?]")
_FORMULA_GUARD = re.compile(rf"^=?\s*[{_QUOTES}]*\s*|[{_QUOTES}\s]+$")
_NEGATIVE = re.compile(r"-[1-9]\d*(?:[.,]\d+)?")
_SCIENTIFIC = re.compile(r"([+-]?)(\d+)(?:[.,](\d+))?\s*[eE]\s*\+?(-?\d{1,4})")
_DECIMALS = re.compile(r"(\+?)(\d{1,3}(?:([.,' ])\d{3})(?:\3\d{3})+|\d{5,})(?:([.,])(\d+))?")
_LINK = re.compile(r"(?:wa\.me/|whatsapp(?:\.com/|://)send/?\?(?:.*&)?phone=)(?:\+|%2B)?(\d+)", re.I)
_SCHEME = re.compile(r"^(?:item\d+\.)?tel(?:;[^:]*)?:(?:tel:)?|^(?:callto|smsto|sms|phone|whatsapp):(?://)?", re.I)
_CONTEXT = re.compile(r";phone-context=(\+\d+)", re.I)
_PARAMETERS = re.compile(r";(?:phone-context|isub|type|pref|ext=$)[^;]*", re.I)
_ADDRESS = re.compile(r"@|://|\bwww\.")
_DIGIT = re.compile(r"\d")
_AROUND = re.compile(r"^\D+|\D+$")
SYMBOL = "\ufffc"
"""Stands for any picture: a telephone, a flag, a check mark."""


class Reject(Exception):
    """The text holds no honest number."""

    def __init__(self, reason: RejectReason) -> None:
        super().__init__(reason)
        self.reason = reason


def over_long(text: str) -> str:
    """A pasted document is no number."""
    if len(text) > MAX_CELL_LENGTH:
        raise Reject(RejectReason.NOT_A_NUMBER)
    return text


def to_ascii(text: str) -> str:
    """Drops invisible marks; writes digits, signs and blanks of any script in ASCII."""
    return text if text.isascii() else "".join(map(_plain, text))


def _plain(char: str) -> str:
    kind = unicodedata.category(char)
    if kind == "Nd":
        return str(unicodedata.decimal(char))
    if kind == "Cf" or char in "\u20e3\u034f" or "\ufe00" <= char <= "\ufe0f":
        return ""  # bidi and zero-width marks, keycaps, variation selectors
    if kind == "Pd" or char in "\u2212\u30fc\u2043":
        return "-"
    if kind == "Zs" or char == "\u2800":
        return " "
    if kind == "So":
        return "#" if char == "\u2116" else SYMBOL
    if kind in ("Zl", "Zp"):
        return "\n"
    return chr(ord(char) - 0xFEE0) if "\uff01" <= char <= "\uff5e" else char


def blanks(text: str) -> str:
    """Trims; a tab or carriage return inside is a blank."""
    return _BLANKS.sub(" ", text).strip()


def symbols(text: str) -> str:
    """Drops pictures before and after the digits; what one between them says, nobody knows."""
    if SYMBOL not in text:
        return text
    numbered = re.sub(rf"^(\D*){SYMBOL}(?=\d)", r"\1#", text)  # glued to it, it is a `#2`
    return _AROUND.sub(lambda match: match[0].replace(SYMBOL, " "), numbered).strip()


def formula_error(text: str) -> str:
    """A spreadsheet's error is no number."""
    if _FORMULA_ERROR.match(text):
        raise Reject(RejectReason.NOT_A_NUMBER)
    return text


def formula_guard(text: str) -> str:
    """Drops what keeps a spreadsheet from calculating: ="…", a leading apostrophe, quotes."""
    return _FORMULA_GUARD.sub("", text) if text[:1] in "=" + _QUOTES else text


def empty_word(text: str) -> str:
    """A cell that says that there is no number is empty."""
    if says_nothing(text):
        raise Reject(RejectReason.EMPTY)
    return text


def says_nothing(text: str) -> bool:
    """True for a blank, `-`, `N/A`, `yok` … in any case and decoration."""
    return text.translate(_DECORATION).casefold() in EMPTY_WORDS


def negative(text: str) -> str:
    """A negative number was calculated, not dialled."""
    if _NEGATIVE.fullmatch(text):
        raise Reject(RejectReason.NOT_A_NUMBER)
    return text


def scientific(text: str) -> str:
    """Writes scientific notation in full when no digit is lost; never pads."""
    match = _SCIENTIFIC.fullmatch(text)
    if not match:
        return text
    sign, whole, fraction, exponent = match[1], match[2], match[3] or "", int(match[4])
    if exponent > len(fraction) or len(whole) > 1:
        raise Reject(RejectReason.EXCEL_PRECISION_LOST)
    value = Decimal(f"{whole}.{fraction or 0}E{exponent}")
    if sign == "-" or value != value.to_integral_value():
        raise Reject(RejectReason.NOT_A_NUMBER)
    return sign + str(int(value))


def decimals(text: str) -> str:
    """Drops the zero fraction of a number stored as one, and the separators of thousands."""
    match = _DECIMALS.fullmatch(text)
    if not match or (match[4] and match[4] == match[3]):
        return text
    fraction = match[5] or ""
    if match[2].startswith("0") and fraction not in ("", "0"):
        return text  # no spreadsheet's number begins with 0: the point is a separator
    if fraction.strip("0"):
        if len(fraction) < 3:
            raise Reject(RejectReason.NOT_A_NUMBER)  # an amount, or a number that some formula has divided
        return text
    return match[1] + re.sub(r"\D", "", match[2])


def link(text: str) -> str | None:
    """The digits in a wa.me or WhatsApp link; None in any other text."""
    match = _LINK.search(text)
    return match[1] if match else None


def uri(text: str) -> str:
    """Drops tel:, callto: and a vCard's TEL;TYPE=…:."""
    text = _SCHEME.sub("", text)
    if ";" not in text:
        return text.strip()
    context = _CONTEXT.search(text)
    text = _PARAMETERS.sub("", text).strip()
    return context[1] + text if context and not text.startswith("+") else text


def address_or_digitless(text: str) -> str:
    """An e-mail or web address is no number, nor is what has no digit."""
    if _ADDRESS.search(text) or not _DIGIT.search(text):
        raise Reject(RejectReason.NOT_A_NUMBER)
    return text
