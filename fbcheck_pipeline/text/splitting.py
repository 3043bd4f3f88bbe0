"""Where a cell may be cut into several numbers, strongest separator first; whether the parts are numbers, `phones.careful.cell_rules` decides."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

from fbcheck_pipeline.text.cell_words import JOINING_LETTERS, JOINING_WORDS
from fbcheck_pipeline.text.decorations import SYMBOL
from fbcheck_pipeline.text.labels import LETTER, may_be_digits


class Separator(NamedTuple):
    """`cut` cuts a text, where it can; each part has at least `min_digits`, so a shorter text need not be tried."""

    min_digits: int
    cut: Callable[[str], list[str] | None]


# Shorter runs of digits are parts of a number where the separator may also stand inside one.
MIN_PART_DIGITS = 7

_DIGIT = re.compile(r"\d")
_BETWEEN = re.compile(rf"(?<=[\d)])[\s.,;:(\[\-]+({LETTER}[^\d+(\[]*)(?=[\d+(\[])")
_RESTART = re.compile(r"(?<=[\d)])[\s\-.]+(?=[(\[]?0)")
# A lone letter may be a digit misread, unless a new number surely begins after it.
_JOINING = re.compile(rf"\s(?:{JOINING_WORDS})\s|\s(?:{JOINING_LETTERS})\s(?=\s*\(?[+0])|&", re.I)


def digit_count(text: str) -> int:
    """How many digits are in the text."""
    return len(_DIGIT.findall(text))


def _parts(pattern: re.Pattern[str], min_digits: int, text: str) -> list[str] | None:
    """All parts at once; parts without a digit are words and go."""
    parts = [part for part in pattern.split(text) if _DIGIT.search(part)]
    return parts if len(parts) > 1 and all(digit_count(part) >= min_digits for part in parts) else None


def _separator(pattern: str | re.Pattern[str], min_digits: int = MIN_PART_DIGITS) -> Separator:
    return Separator(min_digits, partial(_parts, re.compile(pattern), min_digits))


def _around_words(text: str) -> list[str] | None:
    """`ev 0212 … cep 0532 …`: a label stands between two numbers; a misread digit does not."""
    words = [word for match in _BETWEEN.finditer(text) for word in match[1].split()]
    if not words or any(map(may_be_digits, words)):
        return None
    parts = _BETWEEN.sub("\n", text).split("\n")
    return parts if all(digit_count(part) >= MIN_PART_DIGITS for part in parts) else None


def restart(text: str) -> list[str] | None:
    """Nothing but a blank or dash between, and the second has its own trunk 0; None where that may be at several places."""
    cuts = [(text[: cut.start()], text[cut.end() :]) for cut in _RESTART.finditer(text)]
    cuts = [parts for parts in cuts if min(map(digit_count, parts)) >= MIN_PART_DIGITS]
    return list(cuts[0]) if len(cuts) == 1 else None


SEPARATORS: tuple[Separator, ...] = (
    _separator(r"[;|]", 1),
    _separator(rf"\n|\s{SYMBOL}+|{SYMBOL}+\s"),
    _separator(r",", 1),
    _separator(_JOINING),
    _separator(r"(?<=[\d)])\s+(?=[(\[]?\+)"),
    _separator(r"/"),
    _separator(r"\s-\s"),
    Separator(MIN_PART_DIGITS, _around_words),
)


def cuts(text: str, level: int) -> Iterator[tuple[list[str], int]]:
    """Every way to cut a text at the separators from a level on, with the level that is left for the parts."""
    digits = digit_count(text)
    for below, separator in enumerate(SEPARATORS[level:], level + 1):
        if digits >= 2 * separator.min_digits and (parts := separator.cut(text)):
            yield parts, below
