"""Runs of digit groups, of many cells at once; see `text.digit_runs`, whose shapes these are."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fbcheck_pipeline.phones.dirty.undress import matches
from fbcheck_pipeline.phones.fast.digits import Bytes, buffers_of, only
from fbcheck_pipeline.phones.fast.terms import Ints, Mask
from fbcheck_pipeline.text.digit_runs import BEGINS_WITH_PLUS, GLUED_LABEL, MOST_DIGITS, MOST_GROUPS, SHAPE, UNLESS


def have_runs(cells: pa.StringArray, fewest: Ints) -> Mask:
    """Where a cell has so many digits at least, and its runs are all numbers that it may hold.

    Args:
        cells: as `in_ascii` gives them, without blanks around.
    """
    groups, digits, _ = _groups_in(cells)
    counts = np.bincount(groups, minlength=len(cells))
    digits_of = np.bincount(groups, digits, len(cells))
    has_runs: Mask = (counts <= MOST_GROUPS) & (digits_of <= MOST_DIGITS) & (digits_of >= fewest)
    for shape, is_wanted in ((SHAPE, True), (UNLESS, False), (GLUED_LABEL, False)):
        has_runs[has_runs] = matches(cells.filter(pa.array(has_runs)), shape) == is_wanted
    return has_runs


def all_digits(cells: pa.StringArray) -> pa.StringArray:
    """As `digit_runs.all_digits`."""
    digits, has_plus = only(cells, b"0123456789"), matches(cells, BEGINS_WITH_PLUS)
    return pc.replace_with_mask(
        digits, pa.array(has_plus), pc.binary_join_element_wise("+", digits.filter(pa.array(has_plus)), "")
    )


def runs_in(cells: pa.StringArray, fewest: Ints, but_all: bool = False) -> tuple[pa.StringArray, Ints]:
    """All runs of so many digits at least, with a plus, too, where a cell has one; and the place of the cell of each. Of few groups only.

    Args:
        but_all: without the run of all digits, where no plus is in the cell.
    """
    of_cell, digits, data = _groups_in(cells)
    begins = np.cumsum(digits) - digits
    first, last = (np.concatenate(each) for each in zip(*_pairs(of_cell), strict=True))
    lengths = begins[last] + digits[last] - begins[first]
    is_long = (lengths >= fewest[of_cell[first]]) & (lengths <= MOST_DIGITS)
    is_long &= np.bincount(of_cell, minlength=len(cells))[of_cell[first]] <= MOST_GROUPS
    has_plus = matches(cells, r"\+")
    if but_all:
        is_long &= (lengths < np.bincount(of_cell, digits, len(cells))[of_cell[first]]) | has_plus[of_cell[first]]
    first, lengths = first[is_long], lengths[is_long]
    ends = np.cumsum(lengths)
    picked = np.arange(lengths.sum()) + np.repeat(begins[first] - (ends - lengths), lengths)
    offsets = np.concatenate([[0], ends]).astype(np.int32)
    runs = pa.StringArray.from_buffers(len(first), pa.py_buffer(offsets), pa.py_buffer(data[picked]))
    of_run = of_cell[first]
    signed = pc.binary_join_element_wise("+", runs.filter(pa.array(has_plus[of_run])), "")
    return pa.concat_arrays([runs, signed]), np.concatenate([of_run, of_run[has_plus[of_run]]])


def _groups_in(cells: pa.StringArray) -> tuple[Ints, Ints, Bytes]:
    """Each group's cell and how many digits it has, in order; and the bytes of all digits."""
    ends, data = buffers_of(cells)
    is_digit = data - np.uint8(ord("0")) < 10
    begins = is_digit.copy()
    begins[1:] &= ~is_digit[:-1]
    begins[ends[:-1][ends[:-1] < len(data)]] |= is_digit[ends[:-1][ends[:-1] < len(data)]]
    places = np.flatnonzero(is_digit)
    firsts = np.flatnonzero(begins[places])
    digits = np.diff(firsts, append=len(places))
    return np.searchsorted(ends, places[firsts], side="right") - 1, digits, data[places]


def _pairs(of_cell: Ints) -> list[tuple[Ints, Ints]]:
    """The first and the last group of every run."""
    groups = np.arange(len(of_cell))
    pairs = [(groups, groups)]
    for more in range(1, MOST_GROUPS):
        first = groups[:-more][of_cell[more:] == of_cell[:-more]] if more < len(groups) else groups[:0]
        pairs.append((first, first + more))
    return pairs
