"""Where a cell may be cut into several numbers, strongest separator first; whether the parts are numbers, `cells` decides."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial

from fbcheck_pipeline.phones.wording import LETTER, may_be_digits
from fbcheck_pipeline.phones.words import JOINING_WORDS

Separator = Callable[[str], Iterator[list[str]]]

# Shorter runs of digits are parts of a number where the separator may also stand inside one.
MIN_PART_DIGITS = 7

_DIGIT = re.compile(r"\d")
_BETWEEN = re.compile(rf"(?<=[\d)])[\s.,;:(\[\-]+({LETTER}[^\d+(\[]*)(?=[\d+(\[])")
_RESTART = re.compile(r"(?<=[\d)])[\s\-.]+(?=[(\[]?[+0])")


def digit_count(text: str) -> int:
    """How many digits are in the text."""
    return len(_DIGIT.findall(text))


def _parts(pattern: re.Pattern[str], min_digits: int, text: str) -> Iterator[list[str]]:
    """All parts at once; parts without a digit are words and go."""
    if pattern.search(text):
        parts = [part for part in pattern.split(text) if _DIGIT.search(part)]
        if len(parts) > 1 and all(digit_count(part) >= min_digits for part in parts):
            yield parts


def _around_words(text: str) -> Iterator[list[str]]:
    """`ev 0212 … cep 0532 …`: a label stands between two numbers; a misread digit does not."""
    words = [word for match in _BETWEEN.finditer(text) for word in match[1].split()]
    if words and not any(map(may_be_digits, words)):
        parts = _BETWEEN.sub("\n", text).split("\n")
        if all(digit_count(part) >= MIN_PART_DIGITS for part in parts):
            yield parts


def restarts(text: str) -> Iterator[list[str]]:
    """Nothing but a blank or dash between, and the second has its own + or trunk 0: one cut at a time."""
    for cut in _RESTART.finditer(text):
        parts = [text[: cut.start()], text[cut.end() :]]
        if all(digit_count(part) >= MIN_PART_DIGITS for part in parts):
            yield parts


SEPARATORS: tuple[Separator, ...] = (
    partial(_parts, re.compile(r"[;|]"), 1),
    partial(_parts, re.compile(r"\n"), MIN_PART_DIGITS),
    partial(_parts, re.compile(r","), 1),
    partial(_parts, re.compile(rf"(?<![^\W\d_])(?:{JOINING_WORDS}|&)(?![^\W\d_])", re.I), MIN_PART_DIGITS),
    partial(_parts, re.compile(r"/"), MIN_PART_DIGITS),
    partial(_parts, re.compile(r"\s-\s"), MIN_PART_DIGITS),
    _around_words,
)
