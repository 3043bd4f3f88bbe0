"""Parquet: record batches of text columns, read a batch at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from fbcheck_pipeline.files.arrow_text import to_text
from fbcheck_pipeline.files.untrusted import parsing
from fbcheck_pipeline.lists.column_choice import HEAD_ROWS, Cell
from fbcheck_pipeline.lists.refusals import faults_named

BATCH_ROWS = 50_000
_BUFFER_BYTES = 1 << 20


@dataclass
class ParquetTable:
    """A Parquet file; the first row of its head are the names of its columns."""

    path: Path
    row_count: int
    head: list[list[Cell]]
    reasons: tuple[str, ...] = ()
    has_header: bool = True
    encoding: None = None
    shown_delimiter: None = None
    sheet: None = None
    counts: Counter[str] = field(default_factory=Counter)

    def width(self, header_row: int | None) -> int:
        """How many columns."""
        return len(self.head[0])

    def expected_rows(self, data_row: int, rows_read: int) -> int:
        """What the file says."""
        return self.row_count

    def batches(self, data_row: int, width: int) -> Iterator[pa.RecordBatch]:
        """All rows as string columns; `data_row` is 1, since only the names stand above."""
        yield from _batches(self.path, self.counts, BATCH_ROWS)


def open_parquet_table(path: Path) -> ParquetTable:
    """Read the names and first rows.

    Raises:
        ListError: the file is damaged, encrypted or has no columns.
    """
    rows: list[list[Cell]] = []
    for batch in _batches(path, Counter(), HEAD_ROWS):
        rows += [list(row) for row in zip(*(column.to_pylist() for column in batch.columns), strict=True)]
        if len(rows) >= HEAD_ROWS:
            break
    with faults_named(path), parsing("Parquet file"):
        metadata = pq.read_metadata(path)
        return ParquetTable(path, metadata.num_rows, [list(metadata.schema.to_arrow_schema().names), *rows])


def _batches(path: Path, counts: Counter[str], rows: int) -> Iterator[pa.RecordBatch]:
    with faults_named(path), parsing("Parquet file"), pq.ParquetFile(path, buffer_size=_BUFFER_BYTES, pre_buffer=False) as file:
        for batch in file.iter_batches(batch_size=rows):
            columns = [to_text(column, counts) for column in batch.columns]
            yield pa.RecordBatch.from_arrays(columns, [str(index) for index in range(len(columns))])
