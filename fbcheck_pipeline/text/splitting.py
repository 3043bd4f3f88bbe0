"""Where a cell may be cut into several numbers, strongest separator first; whether the parts are numbers, `phones.careful.cell_rules` decides."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import NamedTuple

from fbcheck_pipeline.text.cell_words import JOINING_LETTERS, JOINING_WORDS, LABEL_LETTERS
from fbcheck_pipeline.text.decorations import CURRENCY, MIN_PART_DIGITS, SYMBOL, digit_count
from fbcheck_pipeline.text.labels import LETTER, has_letters, may_be_digits


class Separator(NamedTuple):
    """`cut` cuts a text, where it can; each part has at least `min_digits`, so a shorter text need not be tried.

    Nor need one without any of its `marks`: characters, A_LETTER, or BEYOND_ASCII for any of these.
    """

    min_digits: int
    cut: Callable[[str], list[str] | None]
    marks: frozenset[str]


A_LETTER, BEYOND_ASCII = "a letter", "beyond ASCII"
MIN_RESTART_DIGITS = 5
"""The shortest numbers with their trunk 0."""
MAX_LIST_LENGTH = 2000
"""Of a cell of numbers that certain separators part; some hundred."""
CERTAIN_SEPARATORS = (":::", "\n", "|", ";")
LONG_LIST = r"^[^0-9]{0,40}[0-9](?:[^0-9]{0,30}[0-9])*[^0-9]{0,40}$"
"""Nowhere many words; for Python and RE2."""
BRACKETED_AREA = r"\([0-9]{2,}\)"
"""Begins a number, which lacks nothing of the one before it; a single digit may count. For Python and RE2."""
_DIGIT = re.compile(r"\d")
_BETWEEN = re.compile(rf"(?:(?<=\d)|(?<=\d\)))[\s.,;:(\[\-]+({LETTER}[^\d+(\[]*)(?=[\d+(\[])")
_LETTERED = re.compile(rf"[{''.join(sorted(LABEL_LETTERS))}][:.]", re.I)
_RESTART = re.compile(r"(?<=[\d)])[\s\-./()\[\]]+(?=0)")
# No mark of these is in a number, none hides a digit, none says what the digits before it are.
_UNUSUAL = rf"[^\w\s+\-./()\[\]{{}}<>~'\"`\u00b4\u2018\u2019\u201c-\u201e*#\u2022\u2026?,:=&@%\u00b0!\\^{CURRENCY[1:-1]}]|:{{2,}}"
# These may hide digits: they part two numbers only where blanks are around and a number surely begins.
_HIDING_MARKS = r"*\u2022\u00b7:=>~^\\_"
_HIDING = rf"(?<=[\d)])\s+[{_HIDING_MARKS}]+\s*(?=[(\[]?[+0])"
_UNUSUAL_IN_ASCII = filter(re.compile(rf"{_UNUSUAL}|[{_HIDING_MARKS}]").match, map(chr, range(128)))
_PLUS, _GLUED_PLUS = re.compile(r"(?<=[\d)])\s+(?=[(\[]?\+\S)|(?<=\))(?=\+\S)"), re.compile(r"(?<=[\d)])\s*(?=[(\[]?\+\S)")
# Not the one behind a domain: `fb.com/28544219`.
_SLASH = r"(?<!\.[a-z]{2})(?<!\.[a-z]{3})/|/(?![1-9])"
_COUNTER = re.compile(r"(?:^|(?<=\s))\(?([1-9])[.):\-]\s?(?=\s|[(\[]?[+0])")
# A lone letter may be a digit misread, unless a new number surely begins after it.
_JOINING = re.compile(rf"\s(?:{JOINING_WORDS})\s|\s(?:{JOINING_LETTERS})\s(?=\s*\(?[+0])|&", re.I)


def _parts(pattern: re.Pattern[str], min_digits: int, text: str) -> list[str] | None:
    """All parts at once; parts without a digit are words and go."""
    pieces = pattern.split(text)
    parts = [part for part in pieces if _DIGIT.search(part)] if len(pieces) > 1 else []
    return parts if len(parts) > 1 and all(digit_count(part) >= min_digits for part in parts) else None


def _separator(pattern: str | re.Pattern[str], marks: Iterable[str], min_digits: int = MIN_PART_DIGITS) -> Separator:
    return Separator(min_digits, partial(_parts, re.compile(pattern), min_digits), frozenset(marks))


def _around_words(text: str) -> list[str] | None:
    """`ev 0212 … cep 0532 …`: a label stands between two numbers; a misread digit does not. Both keep it, as it may count one's digits."""
    between = list(_BETWEEN.finditer(text))
    words = [word for match in between for word in match[1].split() if not _LETTERED.fullmatch(word)]
    if not between or any(map(may_be_digits, words)):
        return None
    begins = [0, *(match.start(1) for match in between)]
    ends = [*(match.start(1) if _LETTERED.fullmatch(match[1].strip()) else match.end(1) for match in between), len(text)]
    parts = [text[begin:end] for begin, end in zip(begins, ends, strict=True)]
    return parts if all(digit_count(part) >= MIN_PART_DIGITS for part in parts) else None


def _before_plus(text: str) -> list[str] | None:
    """`0532 … +90 212 …`: glued to digits, the plus of a second one means "and" as likely, unless the first has one, too."""
    return _parts(_GLUED_PLUS if text.lstrip(" (").startswith("+") else _PLUS, MIN_PART_DIGITS, text)


def _enumerated(text: str) -> list[str] | None:
    """`1) 0212 … 2) 0532 …`: marks that count from one."""
    marks = list(_COUNTER.finditer(text))
    if len(marks) < 2 or [int(mark[1]) for mark in marks] != list(range(1, len(marks) + 1)) or text[: marks[0].start()].strip():
        return None
    ends = [*(mark.start() for mark in marks[1:]), len(text)]
    return [text[mark.end() : end] for mark, end in zip(marks, ends, strict=True)]


def long_list(text: str) -> list[str] | None:
    """The parts of a cell that is too long for one text, cut at the first certain separator in it; None for a document.

    Cut before any rule looks into it, so that what it costs is bounded by its length.
    """
    if len(text) > MAX_LIST_LENGTH or not re.search(LONG_LIST, text):
        return None
    separator = next((sign for sign in CERTAIN_SEPARATORS if sign in text), None)
    return [part for part in text.split(separator) if _DIGIT.search(part)] if separator else None


def restarts(text: str) -> list[tuple[str, str]]:
    """Every way to cut a text in two where nothing but a blank, dash or bracket is between, and the second has its own trunk 0."""
    if digit_count(text) < 2 * MIN_RESTART_DIGITS:
        return []
    cuts = [(text[: cut.start()], text[cut.end() :]) for cut in _RESTART.finditer(text)]
    return [parts for parts in cuts if min(map(digit_count, parts)) >= MIN_RESTART_DIGITS]


SEPARATORS: tuple[Separator, ...] = (
    _separator(r"[;|]", ";|", 1),
    Separator(MIN_PART_DIGITS, _enumerated, frozenset(".):-")),
    _separator(rf"\n|\s{SYMBOL}+|{SYMBOL}+\s", "\n" + SYMBOL),
    _separator(r",", ",", 1),
    _separator(r"(?<=\d)['\"]\s*['\"](?=[+(\d])", "'\""),
    _separator(_JOINING, (A_LETTER, "&")),
    _separator(rf"\s*(?:{_UNUSUAL})+\s*|{_HIDING}", (BEYOND_ASCII, *_UNUSUAL_IN_ASCII)),
    _separator(r"(?<=[\d)])\s*\+\s*(?=[(\[]?(?:0(?!0)|\+))", "+"),
    Separator(MIN_PART_DIGITS, _before_plus, frozenset("+")),
    _separator(_SLASH, "/"),
    _separator(r"\s-\s", "-"),
    _separator(r"(?<=\d)\s*[(\[](?=[+0]\s?\d[^()]*[)\]]\s*$)", "(["),
    _separator(rf"(?<=\d)\s+(?={BRACKETED_AREA}\s*\d)", "("),
    Separator(MIN_PART_DIGITS, _around_words, frozenset({A_LETTER})),
)


def cuts(text: str, level: int) -> Iterator[tuple[list[str], int]]:
    """Every way to cut a text at the separators from a level on, with the level that is left for the parts."""
    digits, signs = digit_count(text), _signs_of(text)
    for below, (min_digits, cut, marks) in enumerate(SEPARATORS[level:], level + 1):
        if digits >= 2 * min_digits and not marks.isdisjoint(signs) and (parts := cut(text)):
            yield parts, below


def _signs_of(text: str) -> set[str]:
    return {*text, *[A_LETTER] * has_letters(text), *[BEYOND_ASCII] * (not text.isascii())}
