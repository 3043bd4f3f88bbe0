"""What an E.164 number itself tells: its country and the kind of its line, as the numbering plans of this version say. No rule about text."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fbcheck_pipeline.model.reasons import LINE_TYPES
from fbcheck_pipeline.phones.fast.fast_path import BLOCK_ROWS
from fbcheck_pipeline.phones.fast.terms import COUNTRIES, NONE, Ints, Says
from fbcheck_pipeline.phones.phone_reader import PhoneReader
from fbcheck_pipeline.phones.ways.cells import Cells


class NumberFacts:
    """Looks numbers up. Holds what was compiled so far, so one object serves many batches, one at a time."""

    def __init__(self) -> None:
        self._reader = PhoneReader(frozenset())

    def of(self, e164: pa.StringArray) -> tuple[pa.StringArray, pa.StringArray]:
        """Country and line type of E.164 numbers (none is null), as strings; null where no plan knows such a number any more."""
        blocks = [self._codes(e164.slice(begin, BLOCK_ROWS)) for begin in range(0, len(e164), BLOCK_ROWS)]
        countries, line_types = (
            (np.concatenate([np.empty(0, np.int64), *codes]) for codes in zip(*blocks, strict=True)) if blocks else _NO_CODES
        )
        return _words(countries, COUNTRIES), _words(line_types, LINE_TYPES)

    def _codes(self, e164: pa.StringArray) -> tuple[Ints, Ints]:
        count = len(e164)
        nothing = np.full(count, NONE)
        found = self._reader.read(Cells(np.arange(count), e164, nothing, np.full(count, Says.NOTHING)))
        same = pc.equal(found.e164, e164.take(pa.array(found.row))).fill_null(False).to_numpy(zero_copy_only=False)
        countries, line_types = nothing.copy(), nothing.copy()
        countries[found.row[same]], line_types[found.row[same]] = found.country[same], found.line_type[same]
        return countries, line_types


_NO_CODES = (np.empty(0, np.int64), np.empty(0, np.int64))


def _words(codes: Ints, words: tuple[str, ...]) -> pa.StringArray:
    return pa.array([str(each) for each in words], pa.string()).take(pa.array(codes, mask=codes == NONE))
