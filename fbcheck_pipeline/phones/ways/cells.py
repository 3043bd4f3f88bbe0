"""Cells of a batch, and what ways say of them: the phones of those that are read, or why they are none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fbcheck_pipeline.model.reasons import RejectReason
from fbcheck_pipeline.phones import phone_batches
from fbcheck_pipeline.phones.careful.reference import has_trunk_zero
from fbcheck_pipeline.phones.dirty.few import regions_in
from fbcheck_pipeline.phones.fast.terms import NONE, Ints, Mask
from fbcheck_pipeline.phones.phone_batches import PhoneArrays


class Cells(NamedTuple):
    """Cells of a batch, by their row in it: text as it came, index into COUNTRIES of the region or NONE, and its column's `Says`."""

    rows: Ints
    texts: pa.StringArray
    regions: Ints
    says: Ints

    def at(self, where: Mask) -> Cells:
        """Some of the cells."""
        return Cells(self.rows[where], self.texts.filter(pa.array(where)), self.regions[where], self.says[where])

    def taken(self, places: Ints) -> Cells:
        """Cells by their places."""
        return Cells(self.rows[places], self.texts.take(pa.array(places)), self.regions[places], self.says[places])


def none_of(cells: Cells) -> tuple[PhoneArrays, Mask]:
    """No cell is read."""
    return rejected(cells.rows[:0], RejectReason.NOT_A_NUMBER), np.zeros(len(cells.rows), np.bool_)


def rejected(rows: Ints, reason: RejectReason) -> PhoneArrays:
    """All for one reason."""
    return phone_batches.rejected_phones(rows, np.full(len(rows), phone_batches.REASON_CODE[reason]))


def rejected_for(rows: Ints, reasons: Sequence[tuple[RejectReason, Mask]]) -> PhoneArrays:
    """Rejected for the last reason that fits."""
    codes = np.full(len(rows), NONE)
    for reason, where in reasons:
        codes[where] = phone_batches.REASON_CODE[reason]
    return phone_batches.rejected_phones(rows, codes)


def rejected_where(rows: Ints, reasons: Sequence[tuple[RejectReason, Mask]]) -> tuple[PhoneArrays, Mask]:
    """Rejected where a reason fits, for the last that does; the mask is over all rows."""
    is_none = np.any([where for _, where in reasons], axis=0)
    return rejected_for(rows[is_none], [(reason, where[is_none]) for reason, where in reasons]), is_none


def are_whole(is_sure: Mask, of_cell: Ints, count: int) -> Mask:
    """Which of so many cells have parts, all of which are sure."""
    are_whole: Mask = np.bincount(of_cell, minlength=count) > 0
    are_whole[of_cell[~is_sure]] = False
    return are_whole


def of_whole_cells(found: PhoneArrays, is_sure: Mask, of_cell: Ints, count: int) -> tuple[PhoneArrays, Mask]:
    """The phones of those cells whose parts are all sure; the mask is over all cells."""
    is_read = are_whole(is_sure, of_cell, count)
    return phone_batches.in_order(found, np.flatnonzero(is_read[of_cell[is_sure]])), is_read


def have_trunk_zero(regions: Ints) -> Mask:
    """As `has_trunk_zero`, of each region."""
    with_trunk = [phone_batches.COUNTRY_CODE[region] for region in regions_in(regions) if has_trunk_zero(region)]
    return np.isin(regions, with_trunk)


def are_equal(texts: pa.StringArray, others: pa.StringArray) -> Mask:
    """Not where one is null."""
    are_equal: Mask = pc.fill_null(pc.equal(texts, others), False).to_numpy(zero_copy_only=False)
    return are_equal
