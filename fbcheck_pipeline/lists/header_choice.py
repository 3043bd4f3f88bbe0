"""Is there a header, in which of the first rows, and how are the columns called.

A row is weighed as a whole: only a telephone number that is no example speaks against it. Works on rows of text, whatever
file they come from. Which columns hold phones is decided elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from fbcheck_pipeline.lists import header_words
from fbcheck_pipeline.text import recogniser
from fbcheck_pipeline.text.cell_words import EMPTY_WORDS, words_of

PREAMBLE_ROWS = 20
ROWS_BELOW = 200
LEAST_DIGITS_OF_VANITY = 4
"""`1-800-FLOWERS` has as many; what begins with a digit and has them is no name."""
SHORT_NAME_WORDS, SHORT_NAME_LENGTH = 5, 60

Cell = str | None
Row = Sequence[Cell]

_DATE = re.compile(
    r"(?<!\d)(?:19|20)\d\d(?:[-./ ]?(?:0[1-9]|1[0-2])(?:[-./ ]?(?:0[1-9]|[12]\d|3[01]))?)?(?!\d)"
    r"|(?<![\d./-])\d{1,2}([-./])\d{1,2}\1(?:19|20)\d\d(?![\d./-])"
)
_IDENTIFIER_OR_ADDRESS = re.compile(r"[^\W\d_]\w*|.*(?:@|://|www\.).*")
_BARE = re.compile(r"[1-9][0-9]*")
_PLAIN_NUMBER = re.compile(r"[\d.,+-]+")


@dataclass(frozen=True)
class Header:
    """`row` is the index of the header among the head's rows, None without one; data begin at `data_row`."""

    row: int | None
    data_row: int
    reason: str


def find_header(rows: Sequence[Row], has_header: bool | None) -> Header:
    """Decide about the header from the first rows.

    Args:
        has_header: the caller's word, or None.
    """
    first = next((index for index, row in enumerate(rows) if any(map(_is_filled, row))), 0)
    if has_header is False:
        return Header(None, 0, "No header: an option says so.")
    if has_header:
        return Header(first, first + 1, "The first row is the header: an option says so.")
    head = _Head(rows)
    possible = []
    for index in range(first, min(len(rows), first + PREAMBLE_ROWS)):
        if head.holds_phone(index):
            break
        possible.append(index)
    named = {index: names for index in possible if (names := head.phone_names(index))}
    if named:
        index = max(named, key=lambda index: head.weight(index, named[index]))
        above = "" if index == first else f" in row {index + 1}, below {index} rows without any number"
        return Header(index, index + 1, f"Header{above}: its words are names of columns.")
    if first in possible and head.counts_columns(first):
        return Header(first, first + 1, "The first row is the header: it counts the columns from 0.")
    if first in possible and head.reads_as_names(first):
        return Header(first, first + 1, "The first row is the header: it holds names and no number.")
    return Header(None, 0, "No header: the first row holds a number or no names.")


def name_columns(header: Row | None, width: int) -> tuple[str, ...]:
    """Unique names: the header's own; `column_N` where it has none, or where a telephone number stands in its place."""
    cells = [*(header or ()), *[None] * width][:width]
    return unique(
        f"column_{index}" if cell is None or not cell.strip() or may_hold_phone(cell) else cell.strip()
        for index, cell in enumerate(cells, start=1)
    )


def unique(names: Iterable[str]) -> tuple[str, ...]:
    """The same names; those that were there before get the suffix `_2`, `_3` …"""
    wanted = list(names)
    last = {name: index for index, name in enumerate(wanted)}
    taken: set[str] = set()
    numbers: dict[str, int] = {}
    for index, name in enumerate(wanted):
        while wanted[index] in taken or (wanted[index] != name and last.get(wanted[index], -1) > index):
            numbers[name] = numbers.get(name, 1) + 1
            wanted[index] = f"{name}_{numbers[name]}"
        taken.add(wanted[index])
    return tuple(wanted)


def may_hold_phone(cell: str) -> bool:
    """True when a telephone number may stand in a cell, which then names no column.

    Days, months, years and an identifier or address with digits in it (`sales_20261101`) are names, and so is an example of how to write
    a number (`phone, e.g. 0532 …`).
    """
    if header_words.shows_example(cell):
        return False
    text = _DATE.sub(" ", cell)
    if _IDENTIFIER_OR_ADDRESS.fullmatch(text.strip()):
        return recogniser.is_phone_like(text)
    return recogniser.may_hold_number(text)


def _is_filled(cell: Cell) -> bool:
    return cell is not None and not cell.isspace() and cell != ""


@dataclass
class _Head:
    """The first rows, and what stands below each of their cells."""

    rows: Sequence[Row]
    _shares: dict[tuple[int, int], float] = field(default_factory=dict)

    def holds_phone(self, index: int) -> bool:
        """True when a telephone number that is no example stands in the row, so that it is data."""
        return any(
            cell and may_hold_phone(cell) and not (_BARE.fullmatch(cell.strip()) and self._is_above_others(index, at))
            for at, cell in enumerate(self.rows[index])
        )

    def phone_names(self, index: int) -> list[int]:
        """Which cells of the row name a column of phones: short ones, and longer ones above cells that are phones."""
        if self._is_single(index) and self._says_nothing(index):
            return []
        others = self._others(index)
        return [
            at
            for at, cell in enumerate(self.rows[index])
            if cell and header_words.is_phone_name(cell) and not _recurs(cell, at, others)
            if _is_short(cell) or self._phone_share(index, at) >= 0.5
        ]

    def weight(self, index: int, phone_names: Iterable[int]) -> tuple[bool, int]:
        """The names of phone columns stand above phones; and of two rows the one with more known names is the header."""
        is_above_phones = any(self._phone_share(index, at) >= 0.5 for at in phone_names)
        return is_above_phones, sum(header_words.is_known_name(cell) for cell in self.rows[index] if cell)

    def counts_columns(self, index: int) -> bool:
        """True for `0,1,2` with or without a blank before it: the header that pandas gives to columns without names."""
        said = [cell.strip() for cell in self.rows[index] if cell and cell.strip()]
        return len(said) > 1 and said == [str(number) for number in range(len(said))]

    def reads_as_names(self, index: int) -> bool:
        """Names that columns have; or only distinct words, none of them "nothing"."""
        words = [cell for cell in map(_word, self.rows[index]) if cell]
        known = [cell for cell in words if header_words.is_known_name(cell)]
        if self._is_single(index):
            return bool(known) and all(map(header_words.is_all_known, words)) and not self._says_nothing(index)
        columns = [at for at in range(len(self.rows[index])) if self._phone_share(index, at) >= 0.5]
        above_phones = [self.rows[index][at] for at in columns]
        if any(_is_filled(cell) and not _is_wordy(cell) for cell in above_phones):
            return False
        if any(not _is_filled(cell) for cell in above_phones):
            return bool(known) and all(map(header_words.is_all_known, words))
        if len(known) * 2 >= len(words) > 0:
            return True
        filled = [at for at, cell in enumerate(self.rows[index]) if _is_filled(cell)]
        is_all_words = len(filled) == len(words) == len(set(words)) > 0
        others = self._others(index)
        return is_all_words and not any(_recurs(self.rows[index][at], at, others) for at in filled)

    def _says_nothing(self, index: int) -> bool:
        """True for `telefon yok`: no name, but somebody without a phone."""
        return any(word in EMPTY_WORDS for cell in self.rows[index] if cell for word in words_of(cell))

    def _is_single(self, index: int) -> bool:
        return all(len(row) <= 1 for row in self.rows[index : index + ROWS_BELOW])

    def _below(self, index: int, at: int) -> list[str]:
        rows = self.rows[index + 1 : index + 1 + ROWS_BELOW]
        return [cell for row in rows if at < len(row) and not recogniser.is_missing(cell := row[at]) and cell is not None]

    def _phone_share(self, index: int, at: int) -> float:
        """Which part of the cells below says numbers."""
        if (index, at) not in self._shares:
            below = self._below(index, at)
            self._shares[index, at] = sum(map(recogniser.is_phone_like, below)) / max(len(below), 1)
        return self._shares[index, at]

    def _is_above_others(self, index: int, at: int) -> bool:
        """True where something stands below the cell, and hardly any of it is a phone."""
        return self._phone_share(index, at) < 0.1 and bool(self._below(index, at))

    def _others(self, index: int) -> list[Row]:
        """The rows below that are not this one again."""
        row = list(self.rows[index])
        return [other for other in self.rows[index + 1 :][:ROWS_BELOW] if list(other) != row]


def _recurs(cell: Cell, at: int, others: Iterable[Row]) -> bool:
    """True for what stands in other rows, too: a value, and no name."""
    return any(at < len(other) and other[at] == cell for other in others)


def _is_short(cell: str) -> bool:
    return len(cell) <= SHORT_NAME_LENGTH and len(words_of(cell)) <= SHORT_NAME_WORDS


def _word(cell: Cell) -> str | None:
    """What may be a name; None for numbers, days, addresses and what says nothing."""
    return cell.strip() if cell and "@" not in cell and _is_wordy(cell) else None


def _is_wordy(cell: Cell) -> bool:
    """True where words are, and no more digits than a name has."""
    if cell is None or recogniser.is_missing(cell) or _PLAIN_NUMBER.fullmatch(cell.strip()):
        return False
    most_digits = recogniser.LEAST_DIGITS if cell.lstrip()[0].isalpha() else LEAST_DIGITS_OF_VANITY
    return bool(words_of(cell)) and sum(map(str.isdigit, cell)) < most_digits
