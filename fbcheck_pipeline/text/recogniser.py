"""What looks like telephone numbers from afar: for whoever chooses columns, rows or delimiters.

It takes a cell apart as `phones` does, by the same rules, so that whatever `phones` may read is recognised. It does not know what
numbers exist; instead it knows what else has as many digits: dates, amounts, addresses, codes.
"""

from __future__ import annotations

import re
from itertools import chain
from typing import NamedTuple

from fbcheck_pipeline.model.reasons import RejectReason
from fbcheck_pipeline.text import decorations, labels, other_readings, uris
from fbcheck_pipeline.text.cell_words import TELEPHONE_WORDS
from fbcheck_pipeline.text.cleaning import CELL, EACH_PART, WHOLE_TEXT, cleaned, wordless
from fbcheck_pipeline.text.decorations import MIN_PART_DIGITS, Reject, digit_count
from fbcheck_pipeline.text.splitting import SEPARATORS, cuts, long_list, restarts
from fbcheck_pipeline.text.uris import segments

LEAST_DIGITS, MOST_DIGITS = 7, 15

_SHORTENED = re.compile(r"\+?\d(?:[.,]\d+)?E\+?(?:0?[7-9]|1[0-4])", re.IGNORECASE)
_AMOUNT = re.compile(r"-?\d{1,3}(?:[.,]\d{3})*[.,]\d{1,2}|-?(?!0\d)\d+[.,](?!0+$)\d+|(?:[12]?\d{1,2}\.){3}[12]?\d{1,2}")
_WRITTEN = re.compile(r"[+0(]|.*\d[ ()\-/]+\d")
_PLAIN = re.compile(r"\+?[0-9][0-9 ()]*[0-9]")
_WORD = re.compile(rf"{labels.LETTER}+")


class Lookalike(NamedTuple):
    """What looks like a number; `is_written`: as people write phones, with a plus, a leading zero, brackets, groups, a label."""

    core: str
    is_written: bool


def lookalikes(cell: str) -> list[Lookalike]:
    """What looks like the telephone numbers of a cell; none where anything in it does not."""
    if len(cell) > decorations.MAX_CELL_LENGTH:
        parts = long_list(cell) or [""]
        return _of_all([lookalikes(part) if len(part) <= decorations.MAX_CELL_LENGTH else [] for part in parts])
    if decorations.is_date(cell):
        return []
    digits = digit_count(cell)
    if digits < LEAST_DIGITS:
        return [Lookalike(cell, False)] if _SHORTENED.fullmatch(cell) else []
    if digits <= MOST_DIGITS and _PLAIN.fullmatch(cell):
        return [Lookalike(cell, _WRITTEN.match(cell) is not None)]
    try:
        found = [_linked(piece.text) if piece.is_link else _beside_links(piece.text) for piece in segments(cleaned(CELL, cell))]
    except Reject as reject:
        return [Lookalike(cell, False)] if reject.reason is RejectReason.EXCEL_PRECISION_LOST else []
    return _of_all(found)


def is_phone_like(cell: str) -> bool:
    """True when a cell looks like one telephone number or several; no promise that it is one."""
    return bool(lookalikes(cell))


def may_hold_number(cell: str) -> bool:
    """True when a telephone number may stand among a cell's words: such a cell is nobody's column name."""
    return sum(map(str.isdigit, cell)) >= LEAST_DIGITS or is_phone_like(cell)


def is_missing(cell: str | None) -> bool:
    """True for nothing, blanks, and what people and systems write instead of nothing."""
    return cell is None or cell.strip() == "0" or decorations.says_nothing(decorations.to_ascii(cell))


def _in_text(text: str, level: int) -> list[Lookalike]:
    for parts, below in cuts(text, level):
        if found := _in_all(parts, below):
            return found
    if one := _one(text):
        return [one]
    again = [list(parts) for parts in restarts(text) if min(map(digit_count, parts)) >= MIN_PART_DIGITS]
    return _in_all(again[0], len(SEPARATORS)) if len(again) == 1 else []


def _beside_links(text: str) -> list[Lookalike]:
    found = _in_text(cleaned(WHOLE_TEXT, text), 0)
    return [Lookalike(each.core, True) for each in found] if uris.scheme(text) != text.strip() else found


def _linked(number: str) -> list[Lookalike]:
    return [Lookalike(number, True)] if LEAST_DIGITS <= digit_count(number) <= MOST_DIGITS else []


def _in_all(parts: list[str], level: int) -> list[Lookalike]:
    return _of_all([_in_text(part, level) for part in parts])


def _of_all(found: list[list[Lookalike]]) -> list[Lookalike]:
    """None where one part has none."""
    return [each for more in found for each in more] if all(found) else []


def _one(text: str) -> Lookalike | None:
    """What looks like one number in a text; else in what is left of it without a count, an hour or a fraction."""
    try:
        text = cleaned(EACH_PART, text)
    except Reject:
        return None
    if _AMOUNT.fullmatch(text):
        return None
    fraction = other_readings.without_fraction(text, zeros_only=True)
    rests = (other_readings.without_tail(text), other_readings.without_head(text, True), [fraction] if fraction else [])
    return next(filter(None, map(_whole, chain([text], *rests))), None)


def _whole(text: str) -> Lookalike | None:
    core = wordless(text).core
    if (
        core is None
        or not LEAST_DIGITS <= digit_count(core) <= MOST_DIGITS
        or _AMOUNT.fullmatch(core)
        or decorations.is_code(core)
    ):
        return None
    words = _WORD.findall(labels.extension(text))
    # Any word may stand beside what nobody but a phone is written like; `INV-20240001` is none.
    if words and not core.startswith(("+", "0", "(")) and not any(labels.is_label(word, TELEPHONE_WORDS) for word in words):
        return None
    return Lookalike(core, bool(words) or _WRITTEN.match(core) is not None)
