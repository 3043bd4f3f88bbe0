"""Cells of digits and blanks only: one number and a count, a year or a short date, or two where the second has its own trunk 0, `0532 … 0212 …`.

They are two numbers where one place alone parts them, and the first can end nowhere else: then all digits are none together.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fbcheck_pipeline.phones.dirty.beside import digits_in
from fbcheck_pipeline.phones.dirty.undress import replaced, spread
from fbcheck_pipeline.phones.fast.digits import digit_counts
from fbcheck_pipeline.text.decorations import BARE_DAY, MIN_PART_DIGITS

# What begins with another digit may begin with a count.
PARTED_BY_BLANKS = r"^(?:[+0][0-9]*|\(0[0-9]+\))(?: +[0-9]+)*(?: +[0-9]+| +[0-9]{1,2}\.[0-9]{2}\.[0-9]{2})$"

HOLDS_DAY = rf"(?:^| )(?:{BARE_DAY})(?: |$)"
"""Beside a number, eight digits that may be a day are no other number."""


def parted_by_blanks(cells: pa.StringArray) -> tuple[pa.StringArray, pa.StringArray, pa.StringArray]:
    """Each cell with a semicolon at the places that may part numbers; and two numbers, null where no place, or more than one, parts them.

    Args:
        cells: as `in_ascii` gives them, without blanks around; `PARTED_BY_BLANKS`.
    """
    lists = pc.split_pattern(pc.replace_substring(cells, " 0", ";0"), ";")
    pieces, counts = lists.flatten(), lists.value_lengths().to_numpy()
    of_list = np.repeat(np.arange(len(counts)), counts)
    digits = digit_counts(pieces)
    before = np.cumsum(digits) - digits
    total = np.bincount(of_list, digits, len(counts)).astype(np.int64)
    before -= np.repeat(before[np.cumsum(counts) - counts], counts)
    may_part = (before >= MIN_PART_DIGITS) & (total[of_list] - before >= MIN_PART_DIGITS)
    marked = pc.binary_join_element_wise(pa.array(np.where(may_part, ";", " ")), pieces, "")
    joined = pc.binary_join(pa.ListArray.from_arrays(lists.offsets, marked), "")
    parted = pc.split_pattern(joined, ";")
    is_two = parted.value_lengths().to_numpy() == 2
    pair = pc.ascii_trim(parted.filter(pa.array(is_two)).flatten(), " ")
    first, second = (spread(pair.take(pa.array(np.arange(place, len(pair), 2))), is_two) for place in (0, 1))
    return joined, first, second


def before_parts(parted: pa.StringArray) -> list[pa.StringArray]:
    """The digits before the first place that may part numbers, before the second, and before the last one or the last group."""
    ends = ((";.*$", ""), ("^([^;]*;[^;]*);.*$", r"\1"), (";[^;]*$|[0-9.]+$", ""))
    return [digits_in(replaced(parted, end, becomes)) for end, becomes in ends]
