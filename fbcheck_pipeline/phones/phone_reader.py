"""Every phone of many cells, each by the quickest way that is sure of it: plain, undressed, in parts, certainly none, carefully.

No way may change what a phone becomes: all say what the careful one says, or leave the cell to the next.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from fbcheck_pipeline.model.reasons import LINE_TYPES, LineType, RejectReason
from fbcheck_pipeline.phones import phone_batches
from fbcheck_pipeline.phones.careful.cell_rules import outcomes_of
from fbcheck_pipeline.phones.careful.reference import PhoneOutcome
from fbcheck_pipeline.phones.dirty.parts import parts_of
from fbcheck_pipeline.phones.dirty.undress import has_digit, in_ascii, undressed
from fbcheck_pipeline.phones.fast.fast_path import BLOCK_ROWS, FastPath
from fbcheck_pipeline.phones.fast.terms import COUNTRIES, NONE, Ints, Mask, Says
from fbcheck_pipeline.phones.phone_batches import PhoneArrays

# About so many of a block's cells that are not plain are heard, evenly spread; they tell what all of them would.
COSTLY_CELLS_HEARD = 2000
# Cells that were read carefully are remembered up to so many, of at most so many characters: 10 MB.
REMEMBERED_CELLS, REMEMBERED_LENGTH = 20_000, 100

_NO_NUMBER = re.compile(r"[^\d+]")
_Cell = tuple[str | None, int, int]


class Cells(NamedTuple):
    """Cells of a batch, by their row in it: text as it came, index into COUNTRIES of the region or NONE, and its column's `Says`."""

    rows: Ints
    texts: pa.StringArray
    regions: Ints
    says: Ints

    def at(self, where: Mask) -> Cells:
        """Some of the cells."""
        return Cells(self.rows[where], self.texts.filter(pa.array(where)), self.regions[where], self.says[where])


class PhoneReader:
    """Reads cells. Holds what was compiled so far, so one object serves all batches of a list, one at a time.

    Args:
        excluded: line types whose numbers are not kept.
    """

    def __init__(self, excluded: frozenset[LineType]) -> None:
        self.excluded = excluded
        self.fast = FastPath(map(LINE_TYPES.index, excluded))
        self._remembered: dict[_Cell, list[PhoneOutcome]] = {}

    def read(self, cells: Cells) -> PhoneArrays:
        """Every phone of the cells, in order; at least one a cell."""
        found, is_read = self._plain(cells)
        phones = [found]
        if is_read.all():
            return found
        plain = in_ascii(cells.texts.filter(pa.array(~is_read)))
        left = cells.at(~is_read)
        for way in (self._undressed, self._in_parts):
            found, is_read = way(left, plain)
            phones.append(found)
            left, plain = left.at(~is_read), plain.filter(pa.array(~is_read))
        together = phone_batches.joined([*phones, self._carefully(left)])
        return phone_batches.in_order(together, np.argsort(together.row, kind="stable"))

    def votes(self, texts: pa.StringArray, regions: Ints) -> tuple[Ints, Mask, Mask]:
        """As `FastPath.votes`, of undressed cells, too."""
        says, national, international = self.fast.votes(texts, regions)
        costly = np.flatnonzero(national | international)
        heard = costly[:: 1 + len(costly) // COSTLY_CELLS_HEARD]
        plain = in_ascii(texts.take(pa.array(heard)))
        for may in (national, international):
            may_say = may[heard] & has_digit(plain)
            may[costly], may[heard] = False, may_say
        bare = undressed(plain)
        is_bare = bare.is_valid().to_numpy(zero_copy_only=False)
        where = heard[is_bare]
        says[where], national[where], international[where] = self.fast.votes(bare.filter(pa.array(is_bare)), regions[where])
        return says, national, international

    def policy(self, outcome: PhoneOutcome) -> PhoneOutcome:
        """Numbers that own no account are not kept; what they are is."""
        is_kept = outcome.line_type not in self.excluded
        return outcome if is_kept else outcome._replace(e164=None, reason=RejectReason.LINE_TYPE_EXCLUDED)

    def _plain(self, cells: Cells) -> tuple[PhoneArrays, Mask]:
        """What the fast path is sure of, and where."""
        read, is_sure = self._fast(cells)
        return (read if is_sure.all() else phone_batches.in_order(read, np.flatnonzero(is_sure))), is_sure

    def _fast(self, cells: Cells) -> tuple[PhoneArrays, Mask]:
        """What the fast path reads, block by block, and where it is sure of it."""
        phones, is_sure = [], []
        for begin in range(0, max(1, len(cells.rows)), BLOCK_ROWS):
            block = slice(begin, begin + BLOCK_ROWS)
            reading, e164 = self.fast.read(cells.texts[block], cells.regions[block], cells.says[block])
            phones.append(phone_batches.phones_read(cells.rows[block], reading, e164))
            is_sure.append(reading.is_sure)
        return phone_batches.joined(phones), np.concatenate(is_sure)

    def _undressed(self, cells: Cells, plain: pa.StringArray) -> tuple[PhoneArrays, Mask]:
        """Cells that are one number in decorations."""
        bare = undressed(plain)
        is_read = bare.is_valid().to_numpy(zero_copy_only=False)
        found, is_sure = self._plain(cells._replace(texts=bare).at(is_read))
        is_read[is_read] = is_sure
        return found, is_read

    def _in_parts(self, cells: Cells, plain: pa.StringArray) -> tuple[PhoneArrays, Mask]:
        """Cells of several plain numbers, each of them a number in service."""
        parts, of_cell = parts_of(plain)
        found, is_sure = self._fast(Cells(of_cell, parts, cells.regions[of_cell], cells.says[of_cell]))
        is_read = np.bincount(of_cell, minlength=len(plain)) > 0
        is_read[of_cell[~(is_sure & phone_batches.is_number(found))]] = False
        found = phone_batches.in_order(found, np.flatnonzero(is_read[of_cell]))
        return found._replace(row=cells.rows[found.row]), is_read

    def _carefully(self, cells: Cells) -> PhoneArrays:
        """One by one; but the number that most of them come down to is read for all at once."""
        texts = cells.texts.to_pylist()
        guesses = [_NO_NUMBER.sub("", text) if text else "" for text in texts]
        read, is_sure = self._fast(cells._replace(texts=pa.array(guesses, pa.string())))
        # The rules compare numbers, and an excluded one has none.
        is_known = is_sure & (read.reason != phone_batches.EXCLUDED)
        outcomes_read = zip(guesses, phone_batches.outcomes_from(read), is_known, strict=True)
        known = [{guess: outcome} if is_known else {} for guess, outcome, is_known in outcomes_read]
        of_rows, outcomes = [], []
        keys = zip(texts, cells.regions.tolist(), cells.says.tolist(), strict=True)
        for row, cell, of_guess in zip(cells.rows, keys, known, strict=True):
            became = self._remembered.get(cell) or self._read_one(cell, of_guess)
            outcomes += became
            of_rows += [row] * len(became)
        return phone_batches.phones_of(of_rows, outcomes)

    def _read_one(self, cell: _Cell, known: dict[str, PhoneOutcome]) -> list[PhoneOutcome]:
        """The same few words stand in most of these cells, so they are remembered."""
        text, region, column = cell
        region_name = None if region == NONE else COUNTRIES[region]
        became = list(map(self.policy, outcomes_of(text, region_name, Says(column), known=known)))
        if len(text or "") <= REMEMBERED_LENGTH:
            if len(self._remembered) >= REMEMBERED_CELLS:
                self._remembered.clear()
            self._remembered[cell] = became
        return became
