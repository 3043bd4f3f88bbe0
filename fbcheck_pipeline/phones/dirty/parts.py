"""Cells that are several plain numbers and what parts them: `0532 … / 0212 …`, `0532 … or 0212 …`.

Where each part is a number, the careful path cuts at the same places (`text.splitting`), whichever separator it tries first.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fbcheck_pipeline.phones.fast.terms import Ints
from fbcheck_pipeline.text.cell_words import JOINING_WORDS
from fbcheck_pipeline.text.decorations import MIN_PART_DIGITS

_PART = rf"[+(]?(?:[0-9][ ().\-]{{0,2}}){{{MIN_PART_DIGITS},}}"
_SEPARATOR = rf"(?: ?[;|,/\n] ?| - |(?i: (?:{JOINING_WORDS}) ))"
_SEVERAL = rf"^{_PART}(?:{_SEPARATOR}{_PART})+$"


def parts_of(cells: pa.StringArray) -> tuple[pa.StringArray, Ints]:
    """The parts of those cells that have several, in order; and the place of the cell of each.

    Args:
        cells: as `in_ascii` gives them.
    """
    cells = pc.utf8_trim(cells, " ")
    places = pc.indices_nonzero(pc.fill_null(pc.match_substring_regex(cells, _SEVERAL), False))
    lists = pc.split_pattern(pc.replace_substring_regex(cells.take(places), _SEPARATOR, ";"), ";")
    parts, counts = lists.flatten(), lists.value_lengths().to_numpy()
    of_list, first = np.repeat(np.arange(len(counts)), counts), np.repeat(np.cumsum(counts) - counts, counts)
    digit_counts = pc.binary_length(pc.replace_substring_regex(parts, "[^0-9]+", "")).to_numpy()
    begins = pc.match_substring_regex(parts, r"^[(]?[+0]").to_numpy(zero_copy_only=False)
    # `030 1234567 / 7654321`: a shorter one may lack the beginning of the first.
    is_whole = begins | (digit_counts >= digit_counts[first] + begins[first])
    keeps = np.bincount(of_list[~is_whole], minlength=len(counts))[of_list] == 0
    return parts.filter(pa.array(keeps)), places.to_numpy().astype(np.int64)[of_list[keeps]]
