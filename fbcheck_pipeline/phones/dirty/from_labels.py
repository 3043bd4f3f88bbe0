"""Cells without what stands before the label of a telephone, as `text.labelled` finds it; and the lone letters before numbers."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fbcheck_pipeline.phones.dirty.countries_named import names_country
from fbcheck_pipeline.phones.dirty.undress import matches, replaced_where, written_for
from fbcheck_pipeline.phones.fast.digits import among, buffers_of, texts_at
from fbcheck_pipeline.phones.fast.terms import Ints
from fbcheck_pipeline.text.labelled import (
    A_LETTER,
    BEGINS_NUMBER,
    FIRST_LABEL,
    IN_THE_WAY,
    SIGNS_BEFORE,
    STAYS,
    WORD_BEFORE_DIGITS,
    goes_before,
)
from fbcheck_pipeline.text.labels import LONE_LETTERS

_IS_BEFORE = among(SIGNS_BEFORE.encode())


def lone_letters(cells: pa.StringArray) -> pa.StringArray:
    """What `labels.lone_letters` makes of each cell.

    Args:
        cells: as `in_ascii` gives them, without blanks around.
    """
    for letter, becomes, signs in LONE_LETTERS:
        cells = replaced_where(cells, letter, letter, becomes, signs)
    return cells


def from_labels(cells: pa.StringArray, most_digits: Ints) -> pa.StringArray:
    """Each cell from the first label on, where no number begins before it.

    Args:
        cells: as `in_ascii` gives them, without blanks around.
        most_digits: as `labelled.most_digits_before` gives them for each cell's region.
    """
    places = np.flatnonzero(matches(cells, IN_THE_WAY, WORD_BEFORE_DIGITS, FIRST_LABEL))
    if not len(places):
        return cells
    some, most = cells.take(pa.array(places)), most_digits[places]
    ends, data = buffers_of(some)
    place = ends[:-1] + pc.find_substring_regex(some, written_for(FIRST_LABEL, some)).to_numpy()
    place += _IS_BEFORE[data[place]]
    before, left = texts_at(data, ends[:-1], place - ends[:-1]), texts_at(data, place, ends[1:] - place)
    goes, begins = np.zeros(len(some), np.bool_), matches(left, BEGINS_NUMBER)
    most = np.where(begins, most[:, 0], most[:, 1])
    for count in np.unique(most).tolist():
        for may_end in (False, True):
            where = (most == count) & (begins == may_end)
            goes[where] = matches(before.filter(pa.array(where)), A_LETTER, goes_before(count, may_end), unless=STAYS)
    goes[goes] = ~names_country(before.filter(pa.array(goes)))
    return pc.replace_with_mask(cells, pa.array(np.isin(np.arange(len(cells)), places[goes])), left.filter(pa.array(goes)))
