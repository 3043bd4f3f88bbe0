"""A cell's text, step by step without what is no part of a number; the rules run in the order in which they stand here.

    the cell     `CELL`: marks and markup; then chat links are taken out, see `uris`
    its text     `WHOLE_TEXT`: spreadsheet and URI decorations, dates, what says "nothing"
    its parts    `splitting`: two numbers in a cell are two phones, when each part is a number on its own
    each part    `EACH_PART`: asides go; then `WORDS`: words and extensions
    the number   `core_of`: nothing but digits, separators and a leading plus is left

What is left is a number only where `phones` finds one in service; what looks like one from afar, `recogniser` says.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from fbcheck_pipeline.model.reasons import RejectReason
from fbcheck_pipeline.text import decorations, labels, uris
from fbcheck_pipeline.text.decorations import MIN_PART_DIGITS, SYMBOL, Reject, digit_count

Rule = Callable[[str], str]

CELL: tuple[Rule, ...] = (
    decorations.over_long,
    decorations.flags,
    decorations.to_ascii,
    uris.hyperlink,
    uris.anchor,
    uris.documents,
    decorations.markup,
)
WHOLE_TEXT: tuple[Rule, ...] = (
    decorations.symbols,
    decorations.blanks,
    decorations.bullets,
    decorations.formula_error,
    decorations.formula,
    decorations.formula_guard,
    decorations.empty_word,
    decorations.negative,
    decorations.scientific,
    decorations.coordinates,
    decorations.coordinates_beside,
    decorations.date,
    decorations.date_beside,
    decorations.hours_beside,
    decorations.price_beside,
    decorations.closed_beside,
    decorations.decimals,
    uris.message,
    uris.scheme,
    uris.parameters,
    decorations.address_beside,
    decorations.address_or_digitless,
)
EACH_PART: tuple[Rule, ...] = (decorations.blanks, decorations.date, labels.asides)
WORDS: tuple[Rule, ...] = (labels.bracketed_words, labels.leading_words, labels.trailing_words, labels.extension)
_TRAILING = rf"[\s.,;:!'\"\\\-/~|{SYMBOL}]"
_EDGES = re.compile(rf"^[^\d+(\[*_?…•]+|{_TRAILING}+$")
_TRUNCATED = re.compile(rf"(?:\.{{2}}|--){_TRAILING}*$")
_MASKED = re.compile(r"\.{2}|-{2}|-\s-")
_CORE = re.compile(r"[(\[\s]*\+*[\d\s\-./()\[\]~']*")
_UNSPLIT = re.compile(r"[,;|&]")


def cleaned(rules: tuple[Rule, ...], text: str, said: list[str] | None = None) -> str:
    """The text after some rules.

    Args:
        said: where given, gets a sentence for each rule that changed something.

    Raises:
        Reject: no honest number can be in the text.
    """
    for rule in rules:
        left = rule(text)
        if left is not text:
            if said is not None and left != text:
                said.append((rule.__doc__ or "").splitlines()[0])
            text = left
    return text


class Wordless(NamedTuple):
    """A text `clean` of words, None where these may be digits; its `core`, or the `reason` why it has none; what the rules `said`."""

    clean: str | None
    core: str | None
    reason: RejectReason | None
    said: list[str]


@lru_cache(maxsize=1000)
def wordless(text: str) -> Wordless:
    """The digits and separators of a text with or without words. The rules ask for one several times."""
    said: list[str] = []
    clean = None
    try:
        clean = cleaned(WORDS[:1] if labels.has_no_words(text) else WORDS, text, said)
        return Wordless(clean, core_of(clean), None, said)
    except Reject as reject:
        return Wordless(clean, None, reject.reason, said)


def core_of(text: str) -> str:
    """Digits and separators, with a plus at the front only; a mask or a truncation has lost digits.

    Raises:
        Reject: something else is in the text.
    """
    if labels.has_letters(text):
        raise Reject(RejectReason.LETTERS_IN_NUMBER)
    is_truncated = (".." in text or "--" in text) and _TRUNCATED.search(text)
    text = text if is_truncated else _EDGES.sub("", text)
    first, *more = _UNSPLIT.split(text)
    if any(map(digit_count, more)):
        is_range = digit_count(first) >= MIN_PART_DIGITS
        raise Reject(RejectReason.AMBIGUOUS_RANGE if is_range else RejectReason.INVALID_NUMBER)
    is_masked = (".." in text or text.count("-") > 1) and _MASKED.search(text)
    if is_masked or not _CORE.fullmatch(text) or not digit_count(text):
        raise Reject(RejectReason.INVALID_NUMBER)
    return text
