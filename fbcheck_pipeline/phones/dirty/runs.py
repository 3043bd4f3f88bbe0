"""Runs of digit groups, of many cells at once; see `text.digit_runs`, whose stretches and shapes these are."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fbcheck_pipeline.phones.dirty.undress import matches, written_for
from fbcheck_pipeline.phones.fast.digits import Bytes, among, buffers_of, digit_counts, only, texts_at
from fbcheck_pipeline.phones.fast.terms import Ints, Mask
from fbcheck_pipeline.text.decorations import DIGIT_SEPARATORS
from fbcheck_pipeline.text.digit_runs import BEGINS_WITH_PLUS, BRACKETED_WORDS, MOST_DIGITS, MOST_GROUPS

_IS_PARTING = ~among(f"0123456789{DIGIT_SEPARATORS}".encode())
_WORD_IN_BRACKETS = r"[^0-9][)\]]$"
_NUMBER_FIRST = r"^(?:\+|\(?0)"
_CLOSING = among(b")]}>")


class Groups(NamedTuple):
    """All groups of digits of some cells, in order: each one's cell and its stretch, counted on over all cells, and how many digits it has.

    data: the bytes of all digits. cells: how many there are.
    """

    of_cell: Ints
    stretch: Ints
    digits: Ints
    data: Bytes
    cells: int

    def longest(self) -> Ints:
        """The digits of each cell's longest stretch."""
        longest = np.zeros(self.cells, np.int64)
        firsts = np.flatnonzero(np.diff(self.of_cell, prepend=-1))
        if len(firsts):
            longest[self.of_cell[firsts]] = np.maximum.reduceat(np.bincount(self.stretch, self.digits)[self.stretch], firsts)
        return longest

    def digit_count(self) -> Ints:
        """How many digits each cell has."""
        return np.bincount(self.of_cell, self.digits, self.cells).astype(np.int64)

    def stretch_count(self) -> Ints:
        """How many stretches each cell has."""
        is_first = np.diff(self.stretch, prepend=-1) > 0
        return np.bincount(self.of_cell[is_first], minlength=self.cells)

    def are_many(self, fewest: Ints) -> Mask:
        """Cells with a stretch of so many digits at least, which has too many groups to look at."""
        in_stretch, groups = np.bincount(self.stretch, self.digits)[self.stretch], np.bincount(self.stretch)[self.stretch]
        is_many = (in_stretch >= fewest[self.of_cell]) & (groups > MOST_GROUPS)
        return np.bincount(self.of_cell[is_many], minlength=self.cells) > 0

    def as_wide(self) -> Groups:
        """With a stretch for each cell, where that has few groups."""
        is_many = np.bincount(self.of_cell)[self.of_cell] > MOST_GROUPS
        begins = (np.diff(self.of_cell, prepend=-1) > 0) | (is_many & (np.diff(self.stretch, prepend=-1) > 0))
        return self._replace(stretch=np.cumsum(begins) - 1)


class Runs(NamedTuple):
    """Runs of digits, with a plus or without; the cell of each, whether it is all that the cell has, written so, its first group and its last."""

    texts: pa.StringArray
    of_cell: Ints
    is_whole: Mask
    first: Ints
    last: Ints

    def at(self, where: Mask) -> Runs:
        """Some of the runs."""
        texts = self.texts.filter(pa.array(where))
        return Runs(texts, self.of_cell[where], self.is_whole[where], self.first[where], self.last[where])


def groups_of(cells: pa.StringArray) -> Groups:
    """The groups of cells without nulls.

    Args:
        cells: as `in_ascii` gives them, without blanks around.
    """
    ends, data = buffers_of(cells)
    if _CLOSING[data].any():
        ends, data = buffers_of(pc.replace_substring_regex(cells, written_for(BRACKETED_WORDS, cells), " "))
    is_digit = data - np.uint8(ord("0")) < 10
    begins = is_digit.copy()
    begins[1:] &= ~is_digit[:-1]
    begins[ends[:-1][ends[:-1] < len(data)]] |= is_digit[ends[:-1][ends[:-1] < len(data)]]
    places = np.flatnonzero(is_digit)
    firsts = np.flatnonzero(begins[places])
    digits = np.diff(firsts, append=len(places))
    first, last = places[firsts], places[firsts + digits - 1]
    of_cell = np.searchsorted(ends, first, side="right") - 1
    parting = np.cumsum(_IS_PARTING[data], dtype=np.int32)
    is_apart = parting[first[1:]] > parting[last[:-1]]
    is_apart |= np.diff(of_cell) > 0
    return Groups(of_cell, np.concatenate([[0], np.cumsum(is_apart)])[: len(of_cell)], digits, data[places], len(cells))


def all_digits(cells: pa.StringArray) -> pa.StringArray:
    """The digits of each cell, with a plus where the cell begins with one."""
    digits, has_plus = only(cells, b"0123456789"), matches(cells, BEGINS_WITH_PLUS)
    return pc.replace_with_mask(
        digits, pa.array(has_plus), pc.binary_join_element_wise("+", digits.filter(pa.array(has_plus)), "")
    )


def runs_in(cells: pa.StringArray, groups: Groups, fewest: Ints) -> Runs:
    """All runs of so many digits at least, with a plus, too, where a cell has one; of stretches of few groups only."""
    begins = np.cumsum(groups.digits) - groups.digits
    first, last = (np.concatenate(each) for each in zip(*_pairs(groups.stretch), strict=True))
    of_cell = groups.of_cell[first]
    lengths = begins[last] + groups.digits[last] - begins[first]
    is_long = (lengths >= fewest[of_cell]) & (lengths <= MOST_DIGITS)
    is_long &= np.bincount(groups.stretch)[groups.stretch[first]] <= MOST_GROUPS
    first, last, of_cell, lengths = first[is_long], last[is_long], of_cell[is_long], lengths[is_long]
    runs = texts_at(groups.data, begins[first], lengths)
    has_plus, begins_with_plus = (matches(cells, shape)[of_cell] for shape in (r"\+", BEGINS_WITH_PLUS))
    signed = pc.binary_join_element_wise("+", runs.filter(pa.array(has_plus)), "")
    is_whole = lengths == groups.digit_count()[of_cell]
    return Runs(
        pa.concat_arrays([runs, signed]),
        np.concatenate([of_cell, of_cell[has_plus]]),
        np.concatenate([is_whole & ~begins_with_plus, (is_whole & begins_with_plus)[has_plus]]),
        np.concatenate([first, first[has_plus]]),
        np.concatenate([last, last[has_plus]]),
    )


def other_runs(cells: pa.StringArray, numbers: pa.StringArray, fewest: Ints) -> tuple[pa.StringArray, Ints, Mask]:
    """The runs that a rule may take for a number in cells that begin or end with one, beside a count; their cells; cells of few groups.

    All digits; the count's; of the number's own groups those that begin it, but not all, and those from a 0 on. No mark parts others;
    a bracket with a count and a word goes before any but the count's.

    Args:
        numbers: the digits of each cell's number.
    """
    groups = groups_of(cells)
    runs = runs_in(cells, groups.as_wide(), fewest)
    of_cell, count = runs.of_cell, np.bincount(groups.of_cell, minlength=len(cells))
    begins = np.cumsum(count) - count
    first, last = runs.first - begins[of_cell], runs.last - begins[of_cell]
    ends = np.cumsum(groups.digits)
    before = np.where(matches(cells, _NUMBER_FIRST), 0, groups.digit_count() - digit_counts(numbers))
    offset = np.append(ends, 0)[begins - 1] * (begins > 0)
    begin, end = (np.searchsorted(ends, offset + before + more, side="right") - begins for more in (0, digit_counts(numbers) - 1))
    is_inside = (first >= begin[of_cell]) & (last <= end[of_cell])
    is_all_of_it = (first == begin[of_cell]) & (last == end[of_cell])
    has_sign = matches(runs.texts, r"^\+") | ~matches(numbers, r"^\+")[of_cell]  # a plus goes from no digits
    begins_it = is_inside & (((first == begin[of_cell]) & has_sign) | matches(runs.texts, r"^\+?0"))
    is_whole = (first == 0) & (last == count[of_cell] - 1)
    kept = ((begins_it & ~is_all_of_it) | is_whole) & ~matches(cells, _WORD_IN_BRACKETS)[of_cell]
    kept |= (last < begin[of_cell]) | (first > end[of_cell])
    kept &= (first >= begin[of_cell]) | ~matches(runs.texts, r"^\+")
    return runs.texts.filter(pa.array(kept)), of_cell[kept], count <= MOST_GROUPS


def _pairs(stretch: Ints) -> list[tuple[Ints, Ints]]:
    """The first and the last group of every run."""
    groups = np.arange(len(stretch))
    pairs = [(groups, groups)]
    for more in range(1, MOST_GROUPS):
        first = groups[:-more][stretch[more:] == stretch[:-more]] if more < len(groups) else groups[:0]
        pairs.append((first, first + more))
    return pairs
