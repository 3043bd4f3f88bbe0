"""Cells that are several plain numbers and what parts them: `0532 … / 0212 …`, `0532 … or 0212 …`.

Where each part is a number, the careful path cuts at the same places (`text.splitting`), whichever separator it tries first.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fbcheck_pipeline.phones.dirty.undress import LETTERS, matches, without_scheme
from fbcheck_pipeline.phones.fast.digits import digit_counts
from fbcheck_pipeline.phones.fast.terms import Ints, Mask
from fbcheck_pipeline.text.cell_words import JOINING_WORDS
from fbcheck_pipeline.text.decorations import DAY, MIN_PART_DIGITS

_PART = r"[+(]?(?:[0-9][ ().\-]{0,2})+"
_SEPARATOR = rf"(?: ?(?:[;|,/\n]|:::?) ?| - |(?i: (?:{JOINING_WORDS}) ))"
_SEVERAL = rf"^{_PART}(?:{_SEPARATOR}{_PART})+$"
_WORD = rf"[{LETTERS}]{{2,}}[.:]?"
_WORDS_BETWEEN = rf"(?: +{_WORD})+ +"
# One of these between two numbers parts them, whatever words are on both its sides; where none is, words do.
_SIGN = r"(?:[;|,/\n]| - )"
_BESIDE = rf"[{LETTERS} .:!?'()]*"
# Beside words, other digits may be anything's number.
_WRITTEN = r"(?:\+[0-9]|0|\([0-9]+\))[0-9 ()\-]*[0-9]"
_WORDED = rf"^{_BESIDE}{_WRITTEN}(?:(?:{_WORDS_BETWEEN}|{_BESIDE}{_SIGN}{_BESIDE}){_WRITTEN})+{_BESIDE}(?: -)?$"
_JOINED = rf"(?i) (?:{JOINING_WORDS}) "
_HAS_DATE = rf"(?:^|[^0-9])(?:{DAY})(?:[^0-9]|$)"
"""Digits beside a date may be another number with it: `0532 …; 89 30.11.1995`."""


def parts_of(cells: pa.StringArray) -> tuple[pa.StringArray, Ints]:
    """The parts of those cells that have several, in order; and the place of the cell of each.

    Args:
        cells: as `in_ascii` gives them, without blanks around.
    """
    places = _without_date(cells, matches(cells, _SEVERAL))
    lists = pc.split_pattern(pc.replace_substring_regex(cells.take(pa.array(places)), _SEPARATOR, ";"), ";")
    return _whole(lists, places)


def worded_parts(cells: pa.StringArray) -> tuple[pa.StringArray, Ints]:
    """As `parts_of`, of cells with words between their numbers; each part with the words on both sides of it.

    Args:
        cells: as `in_ascii` gives them, without blanks around.
    """
    cells = without_scheme(cells)
    is_several = matches(cells, _WORDED)
    is_several[is_several] = ~matches(cells.filter(pa.array(is_several)), _JOINED)
    places = _without_date(cells, is_several)
    signed = pc.replace_substring_regex(cells.take(pa.array(places)), _SIGN, ";")
    cut = pc.replace_substring_regex(signed, rf"([0-9])({_WORDS_BETWEEN})([+(0-9])", r"\1\2;\2\3")
    return _whole(pc.split_pattern(cut, ";"), places)


def _without_date(cells: pa.StringArray, is_several: Mask) -> Ints:
    """The places of several parts in none of which a date stands."""
    places = np.flatnonzero(is_several)
    return places[~matches(cells.take(pa.array(places)), _HAS_DATE)]


def _whole(lists: pa.ListArray, places: Ints) -> tuple[pa.StringArray, Ints]:
    """The parts of those cells of which none may lack what stands in another, and the cell's place of each."""
    parts, counts = lists.flatten(), lists.value_lengths().to_numpy()
    of_list, first = np.repeat(np.arange(len(counts)), counts), np.repeat(np.cumsum(counts) - counts, counts)
    counts_of_parts = digit_counts(parts)
    begins = matches(parts, r"^[^0-9+(]*[(]?[+0]")
    # `030 1234567 / 7654321`: a shorter one may lack the beginning of the first.
    is_whole = (counts_of_parts >= MIN_PART_DIGITS) & (begins | (counts_of_parts >= counts_of_parts[first] + begins[first]))
    keeps = np.bincount(of_list[~is_whole], minlength=len(counts))[of_list] == 0
    return parts.filter(pa.array(keeps)), places[of_list[keeps]]
