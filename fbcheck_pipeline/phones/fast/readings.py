"""One way to read the digits of many cells, as arrays, and the E.164 texts that come of it. How it is found is in `fast_path`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from fbcheck_pipeline.phones.fast.digits import MARGIN, PLUS, WIDTH, Digits
from fbcheck_pipeline.phones.fast.lookups import Lookups
from fbcheck_pipeline.phones.fast.terms import NONE, Ints, Mask

Rows = Ints  # of cells, by their place


@dataclass
class Reading:
    """One way to read some cells; arrays over these cells.

    territory: of the number's calling code, NO_TERRITORY where it has none. begin, length: of the national number, in digits of the cell.
    country, line_type: as in `StateFacts`. fault: NONE where it is a number in service.
    is_sure: False where only the careful path can tell; the rest then means nothing.
    """

    territory: Rows
    begin: Rows
    length: Rows
    country: Rows
    line_type: Rows
    fault: Rows
    is_sure: Mask

    @classmethod
    def unsure(cls, count: int) -> Reading:
        """Nothing is known yet."""
        territory, begin, length, country, line_type, fault = (np.full(count, NONE) for _ in range(6))
        return cls(territory, begin, length, country, line_type, fault, np.zeros(count, np.bool_))

    @property
    def is_number(self) -> Mask:
        """True where it is a number in service."""
        is_number: Mask = (self.fault == NONE) & self.is_sure
        return is_number

    def at(self, where: Rows | Mask) -> Reading:
        """Some of the cells."""
        return Reading(*(value[where] for value in vars(self).values()))

    def put(self, where: Rows | Mask, other: Reading) -> None:
        """Replace some of the cells by another reading of them."""
        for name, value in vars(self).items():
            value[where] = getattr(other, name)

    def reject(self, where: Rows | Mask, fault: int) -> None:
        """Some of the cells are surely no number."""
        self.fault[where], self.is_sure[where] = fault, True


def e164_of(digits: Digits, reading: Reading, lookups: Lookups) -> pa.StringArray:
    """Each cell's E.164, null where it is no number: plus and calling code are written into the matrix, and the texts cut out."""
    is_number = reading.is_number
    rows = np.flatnonzero(is_number)
    territory, begin = reading.territory[rows], rows * WIDTH + MARGIN + reading.begin[rows]
    code, code_length = lookups.code[territory], lookups.code_length[territory]
    for place in range(3):
        has_place = code_length > place
        digits.matrix[begin[has_place] - 1 - place] = code[has_place] // 10**place % 10
    digits.matrix[begin - 1 - code_length] = PLUS

    lengths = np.zeros(len(is_number), np.int64)
    lengths[rows] = 1 + code_length + reading.length[rows]
    ends = np.zeros(len(is_number) + 1, np.int32)
    np.cumsum(lengths, out=ends[1:])
    first = MARGIN - 1 + reading.begin - lookups.code_length[reading.territory]
    place = np.arange(WIDTH, dtype=np.uint8) - first.astype(np.uint8)[:, None]  # those before the first are large
    texts = digits.matrix.reshape(-1, WIDTH)[place < lengths.astype(np.uint8)[:, None]] + np.uint8(ord("0"))
    present = np.packbits(is_number, bitorder="little")
    return pa.StringArray.from_buffers(len(is_number), pa.py_buffer(ends), pa.py_buffer(texts), pa.py_buffer(present))
