"""Cells of digits and blanks only, where a second number with its own trunk 0 may begin: `0532 … 0212 …`.

They are two numbers where all digits are none together, one place alone parts them, and the first can end nowhere else.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fbcheck_pipeline.phones.dirty.undress import matches
from fbcheck_pipeline.phones.fast.digits import digit_counts
from fbcheck_pipeline.phones.fast.terms import Ints
from fbcheck_pipeline.text.decorations import MIN_PART_DIGITS

# What begins with another digit may begin with a count.
_SHAPE = r"^[+0][0-9]*(?: +[0-9]+)* +0[0-9]*(?: +[0-9]+)*$"
_NO_ONE_KNOWS = 3  # digits by which a number might end earlier or later


class TwoNumbers(NamedTuple):
    """For each place among the cells: all digits together, the first number and the second as written, their digits; and what the first
    would be, ended elsewhere.

    All but the first are null where no place, or more than one, parts two numbers.
    """

    places: Ints
    whole: pa.StringArray
    first: pa.StringArray
    second: pa.StringArray
    first_digits: pa.StringArray
    second_digits: pa.StringArray
    ended_elsewhere: list[pa.StringArray]


def parted_by_blanks(cells: pa.StringArray) -> TwoNumbers:
    """What must be known of cells of digits and blanks only, in which a group begins with 0.

    Args:
        cells: as `in_ascii` gives them, without blanks around.
    """
    has_shape = matches(cells, _SHAPE)
    cells = cells.filter(pa.array(has_shape))
    lists = pc.split_pattern(pc.replace_substring_regex(cells, " +0", ";0"), ";")
    pieces, counts = lists.flatten(), lists.value_lengths().to_numpy()
    of_list = np.repeat(np.arange(len(counts)), counts)
    digits = digit_counts(pieces)
    before = np.cumsum(digits) - digits
    total = np.bincount(of_list, digits, len(counts)).astype(np.int64)
    before -= np.repeat(before[np.cumsum(counts) - counts], counts)
    may_part = (before >= MIN_PART_DIGITS) & (total[of_list] - before >= MIN_PART_DIGITS)
    marked = pc.binary_join_element_wise(pa.array(np.where(may_part, ";", " ")), pieces, "")
    parted = pc.split_pattern(pc.binary_join(pa.ListArray.from_arrays(lists.offsets, marked), ""), ";")
    is_two = pa.array(parted.value_lengths().to_numpy() == 2)
    pair = [pc.list_element(pc.if_else(is_two, parted, _PAIR), place) for place in (0, 1)]
    numbers = [pc.if_else(is_two, pc.ascii_trim(number, " "), None) for number in pair]
    whole, first, second = (pc.replace_substring(text, " ", "") for text in (cells, *numbers))
    shorter = [pc.utf8_slice_codeunits(first, 0, -count) for count in range(1, _NO_ONE_KNOWS + 1)]
    longer = [
        pc.binary_join_element_wise(first, pc.utf8_slice_codeunits(second, 0, count), "") for count in range(1, _NO_ONE_KNOWS + 1)
    ]
    return TwoNumbers(np.flatnonzero(has_shape), whole, numbers[0], numbers[1], first, second, [*shorter, *longer])


_PAIR = pa.scalar(["", ""], pa.list_(pa.string()))
