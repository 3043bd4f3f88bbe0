"""What every format of a list offers once it is opened. How each is opened is not known here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pyarrow as pa

from fbcheck_pipeline.lists.header_choice import Cell


@dataclass
class ListTable:
    """First rows to decide on, then all rows.

    Attributes:
        head: the first rows.
        batches: given the first data row of the head and the number of columns, all rows from there.
        expected_rows: given that row and how many rows were read, how many there will be; of a text an estimate.
        has_header: the first row of the head is known to be names.
        delimiter: None also for a text of one column.
        types: of the columns in the batches; None: all are text.
    """

    head: list[list[Cell]]
    batches: Callable[[int, int], Iterator[pa.RecordBatch]]
    expected_rows: Callable[[int, int], int]
    reasons: tuple[str, ...] = ()
    counts: Counter[str] = field(default_factory=Counter)
    has_header: bool = False
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    types: tuple[pa.DataType, ...] | None = None

    def width(self, header_row: int | None) -> int:
        """How many columns: as many as the header has, or as most rows have when these are more."""
        usual = Counter(len(row) for row in self.head[(header_row or -1) + 1 :] if row != [""]).most_common(1)
        return max(len(self.head[header_row]) if header_row is not None else 1, usual[0][0] if usual else 1)
