"""Cells without what stands apart beside a number and goes before anything is cut: dates, hours, prices, addresses, schemes.

As the rules of `text.cleaning.WHOLE_TEXT` do it, for cells of plain letters and few signs on which no other of them bears.
"""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fbcheck_pipeline.phones.dirty.among_words import CLOSED
from fbcheck_pipeline.phones.dirty.undress import LETTERS, NOTHING, QUOTE, SCHEMES, any_holds, matches, replaced, replaced_where
from fbcheck_pipeline.phones.fast.digits import among, buffers_of, digit_counts, texts_at, texts_of
from fbcheck_pipeline.phones.fast.terms import Ints
from fbcheck_pipeline.text.decorations import (
    CURRENCY,
    DAY,
    DAY_OR_MONTH,
    DIGIT_SEPARATORS,
    MAY_BE_PLACE,
    MIN_PART_DIGITS,
    MONTH,
    TIME,
    YEAR,
    price_beside,
)
from fbcheck_pipeline.text.few_digits import AMOUNT_OR_BOOK, BLANKS

_PLAIN = rf"^[{LETTERS}0-9(+/{CURRENCY[1:-1]}][{LETTERS}0-9 \t\r\n,.;:!?/()'\"{{}}\-+|#%_@=&\x{{b2}}\x{{b3}}{CURRENCY[1:-1]}]*$"
_SCHEME = rf"{SCHEMES}\s*"
# A vCard's types, and a parameter that goes; without digits, but for those of a subaddress.
_OF_TYPES = rf"(?i)(^|[^{LETTERS}0-9])(tel|fax)(?:;type=(?:[a-z_,.\-]*|\"[a-z_,.\- ]*\"))+:(?:tel:)?(\s*[+(0-9])"
_PARAMETER = r"(?i);(?:isub|ext)=[0-9]{1,5}(\s*(?:$|[;,|/\n]))"
_DAY = "|".join(
    rf"{DAY_OR_MONTH}{mark}{DAY_OR_MONTH}{mark}{YEAR}|{YEAR}{mark}{DAY_OR_MONTH}{mark}{DAY_OR_MONTH}"
    for mark in ("-", r"\.", "/")
)
MOMENT_BEFORE = rf"^(?:{DAY}|{MONTH}[\-./]{YEAR})[ T,]+[0-9]{{1,2}}[:.][0-9]{{2}}(?: ?[^\s{CURRENCY[1:-1]}])*$"
CHAT_LINK = r"wa\.me|whatsapp[:.]"
_HOURS = rf"{TIME}\s?-\s?{TIME}"
_SUM = r"(?:0(?:[.,']\d{3})?|[1-9]\d{0,2}(?:[.,']?\d{3})?)(?:[.,]\d{1,2}|[.,]-)?"
_PRICE = rf"(^|[\s,;|/(]){CURRENCY}\s?{_SUM}($|[\s,;|/)])|(^|[^0-9)\]]\s|[;|/(]|[^0-9],){_SUM}\s?{CURRENCY}($|[\s,;|/)])"
_PRICE_FIRST = rf"^{_SUM}\s?{CURRENCY}\s"
_CURRENCY_BEGINS = (b"$", b"\xc2", b"\xe2")
# With more digits it may hold a number.
_MAIL = rf"^[{LETTERS}](?:[{LETTERS}_.+\-]*[0-9]){{0,6}}[{LETTERS}_.+\-]*@[{LETTERS}_\-]+(?:\.[{LETTERS}_\-]+)+$"
_PAGE = r"(?:https?://|www\.)[^\s;|()]+"
_HAS_PAGE = r"://|www\."
_HAS_ADDRESS = rf"@|{_HAS_PAGE}"
# Stands where something went, until it is known whether digits are on both sides.
_GONE = "\x1f"
_BETWEEN_DIGITS = rf"([0-9][{_GONE}{re.escape(DIGIT_SEPARATORS)}]*){_GONE}([{_GONE}{re.escape(DIGIT_SEPARATORS)}]*[0-9])"
_BESIDE_MAIL = among(b" \t\n\r\v\f,;/|():")
_IS_BLANK, _NOT_BEHIND_MAIL = among(BLANKS.encode()), among(b"(:")
_MARKS_BESIDE = BLANKS + ",;/|:"
_IN_ITS_PLACE = np.frombuffer(b"mail ", np.uint8)
# A link, an item of a vCard, a parameter, a time behind a whole date, a place; a line's mark, a wide gap behind a code, a price's; an escape.
_OTHER = (
    rf"(?is)(?://|www\.)[^\s;|()]*(?:[0-9@]|{SCHEMES})|@[^\s;|()]*(?://|www\.)|{CHAT_LINK}|item[0-9]|(?:tel|fax);|{_SCHEME}{_SCHEME}|tel:\+[0-9\-.()]*[\-.(]|@(?:c\.us|s\.whatsapp)|{MAY_BE_PLACE}"
    rf"|^[ (]*(?:{DAY}|{MONTH}[\-./]{YEAR})(?:[\sT,]+[0-9]{{1,2}}[:.][0-9]{{2}}|[ ()]*$)|^\(.*['\"]"
    rf"|\n *[\-] *[(]?[+0]|\+[0-9]{{1,3}}(?:\t|\s\s)|{CURRENCY}\s?(?:0|[1-9][0-9]{{0,3}})\s+[1-9]"
    rf"|^[+\-]?[0-9.,]+\s*e\s*\+?-?[0-9]"
    rf"|&[a-z0-9#]+;|[?&;][a-z \-]+=|(?-i:{AMOUNT_OR_BOOK})"
)
# A number with a fraction or in thousands; no list of several.
_DECIMAL, _LIST = r"^[+0-9 ]*[.,'][0-9.,' ]*[0-9]$", "[.,].*[.,] |[.,] .*[.,]"
_LEFT_OVER = rf"(?i){CLOSED}|{_HAS_ADDRESS}|{_SCHEME}[(+0-9]"


def cleared(cells: pa.StringArray, fewest: Ints) -> pa.StringArray:
    """The text of each cell without what goes from beside a number; null where only the careful rules can tell.

    Args:
        cells: as `in_ascii` gives them, without blanks around.
        fewest: digits of a number of each cell's region.
    """
    cells = replaced_where(cells, '^"', rf"^{QUOTE}+\s*|(?:{QUOTE}|\s)+$", "", signs=(b'"',))
    cells = replaced_where(cells, _OF_TYPES, _OF_TYPES, r"\1\2:\3", signs=(b";",))
    cells = replaced_where(cells, _PARAMETER, _PARAMETER, r"\1", signs=(b";",))
    is_known = (digit_counts(cells) >= fewest) & matches(cells, _PLAIN, unless=_OTHER)
    texts = pc.if_else(pa.array(is_known), cells, NOTHING)
    texts = replaced_where(texts, r"[\t\r]|  ", r"[\t\r ]+", " ", signs=(b"\t", b"\r", b"  "))
    texts = _dropped(
        texts, (rf"(^|[\s,])[(]?(?:{_DAY})[)]?:?($|[\s,;|])", rf"(^|[\s,(]){DAY_OR_MONTH}\.{MONTH}\.($|[\s,)])"), rf"\1{_GONE}\2"
    )
    if any_holds(texts, b"-"):
        texts = _dropped(texts, (rf"(?i)(^|[\s,;|(]){_HOURS}($|[\s,;|)])",), rf"\1{_GONE}\2", r"\(\s*\)")
    if any_holds(texts, *_CURRENCY_BEGINS) and (has_price := matches(texts, CURRENCY)).any():
        for count in np.unique(fewest[has_price]).tolist():
            # Before days go: the year of one may be a price's.
            has_long = matches(cells, rf"(?:^|[\s,;|/(])[0-9]{{{count},}}\s?{CURRENCY}")
            has_long |= matches(cells, rf"{CURRENCY}\s?[0-9]{{{count}}}", unless=_PRICE_FIRST)
            has_long &= fewest == count
            texts = pc.if_else(pa.array(has_long), NOTHING, texts)
        has_several = matches(texts, f"(?s){CURRENCY}.*{CURRENCY}")
        left = [*map(price_beside, texts.filter(pa.array(has_several)).to_pylist())]
        texts = _dropped(pc.if_else(pa.array(has_several), NOTHING, texts), (_PRICE,), rf"\1\3{_GONE}\2\4", r"\(\s*\)")
        texts = pc.replace_with_mask(texts, pa.array(has_several), pa.array(left, pa.string()))
    texts = pc.if_else(pa.array(matches(texts, _DECIMAL, unless=_LIST)), NOTHING, texts)
    first = rf"(?i)^((?:[^0-9]*[^{LETTERS}0-9])?){_SCHEME}([(+0-9])"
    texts = replaced_where(texts, first, first, r"\1\2", signs=(b":",))
    texts = replaced_where(texts, "(?i)" + _SCHEME, rf"(?i)([^{LETTERS}0-9]){_SCHEME}([(+0-9])", r"\1|\2", signs=(b":",))
    if any_holds(texts, b"@", b"://", b"www.") and (has_address := matches(texts, _HAS_ADDRESS)).any():
        left = _without_mail(texts.filter(pa.array(has_address)))
        page = (b"://", b"www.")
        left = replaced_where(left, _HAS_PAGE, rf"(?i)([0-9]\s+){_PAGE}($|[\s,;/|)])", r"\1 mail \2", signs=page)
        left = replaced_where(left, _HAS_PAGE, rf"(?i)(^|[\s,;/|(:]){_PAGE}($|[\s,;/|)])", rf"\1{_GONE}\2", signs=page)
        left = _without_gone(left)
        left = replaced_where(pc.ascii_trim(left, _MARKS_BESIDE), r"[(]\s*[)]", r"[(]\s*[)]", "")
        is_left = digit_counts(left) >= MIN_PART_DIGITS
        texts = pc.replace_with_mask(texts, pa.array(has_address), pc.if_else(pa.array(is_left), left, NOTHING))
    return pc.ascii_trim(pc.if_else(pa.array(matches(texts, _LEFT_OVER)), NOTHING, texts), BLANKS)


def _without_mail(texts: pa.StringArray) -> pa.StringArray:
    """Without mail addresses, a word in place of those behind digits, which may be theirs; an expression takes ten times as long."""
    ends, data = buffers_of(texts)
    places, parting = np.flatnonzero(data == ord("@")), np.flatnonzero(_BESIDE_MAIL[data])
    cells, after = np.searchsorted(ends, places, side="right") - 1, np.searchsorted(parting, places)
    begins, first = np.unique(np.maximum(np.append(-1, parting)[after] + 1, ends[cells]), return_index=True)
    behind = np.minimum(np.append(parting, len(data))[after], ends[cells + 1])[first]
    starts, stops = ends[cells[first]], ends[cells[first] + 1]
    is_mail = (begins == starts) | (data[begins - 1] != ord(")"))
    is_mail &= (behind == stops) | ~_NOT_BEHIND_MAIL[data.take(behind, mode="clip")]
    is_mail[is_mail] = matches(texts_at(data, begins[is_mail], (behind - begins)[is_mail]), _MAIL)
    begins, behind, starts = begins[is_mail], behind[is_mail], starts[is_mail]
    last = begins - 1
    while (is_blank := (last >= starts) & _IS_BLANK[data[last]]).any():
        last = last - is_blank
    follows_digit = (last >= starts) & (data[last] - np.uint8(ord("0")) < 10)
    changed, goes = data.copy(), np.zeros(len(data) + 1, np.int8)
    changed[begins] = ord(_GONE)
    changed[begins[follows_digit, None] + np.arange(len(_IN_ITS_PLACE))] = _IN_ITS_PLACE
    goes[begins + np.where(follows_digit, len(_IN_ITS_PLACE), 1)] += 1
    goes[behind] -= 1
    return texts_of(ends, changed, np.cumsum(goes[:-1], dtype=np.int8) == 0)


def _without_gone(texts: pa.StringArray) -> pa.StringArray:
    """A bar for what goes between digits, a blank for what goes elsewhere; twice, since the digit between two is in both."""
    for _ in range(2):
        texts = replaced_where(texts, _BETWEEN_DIGITS, _BETWEEN_DIGITS, r"\1 | \2")
    return pc.replace_substring(texts, _GONE, " ")


def _dropped(texts: pa.StringArray, patterns: tuple[str, ...], becomes: str, then: str = "") -> pa.StringArray:
    """Without what is found; twice, since of two side by side the first takes the sign between them. As it was where too few digits are left."""
    where = matches(texts, shape := "|".join(patterns))
    if not where.any():
        return texts
    some = left = texts.filter(pa.array(where))
    for _ in range(2):
        for pattern in patterns:
            left = replaced(left, pattern, becomes)
        if not matches(left, shape).any():
            break
    left = _without_gone(left)
    left = pc.ascii_trim(replaced(left, then, "") if then else left, BLANKS)
    is_left = digit_counts(left) >= MIN_PART_DIGITS
    return pc.replace_with_mask(texts, pa.array(where), pc.if_else(pa.array(is_left), left, some))
