"""Parquet: record batches of text columns, read a batch at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from fbcheck_pipeline.files.arrow_text import rows_of, to_text
from fbcheck_pipeline.files.untrusted import parsing
from fbcheck_pipeline.lists.column_choice import HEAD_ROWS
from fbcheck_pipeline.lists.header_choice import Cell
from fbcheck_pipeline.lists.list_table import ListTable
from fbcheck_pipeline.lists.refusals import faults_named

BATCH_ROWS = 50_000
_BUFFER_BYTES = 1 << 20


def open_parquet_table(path: Path) -> ListTable:
    """Read the names and first rows; the names are the first row of the head.

    Raises:
        ListError: the file is damaged, encrypted or has no columns.
    """
    rows: list[list[Cell]] = []
    for batch in _batches(path, Counter(), HEAD_ROWS):
        rows += rows_of(batch)
        if len(rows) >= HEAD_ROWS:
            break
    with faults_named(path), parsing("Parquet file"):
        metadata = pq.read_metadata(path)
        names, row_count = list(metadata.schema.to_arrow_schema().names), int(metadata.num_rows)
    counts: Counter[str] = Counter()
    return ListTable(
        head=[names, *rows],
        batches=lambda *_: _batches(path, counts, BATCH_ROWS),
        expected_rows=lambda *_: row_count,
        counts=counts,
        has_header=True,
    )


def _batches(path: Path, counts: Counter[str], rows: int) -> Iterator[pa.RecordBatch]:
    with faults_named(path), parsing("Parquet file"), pq.ParquetFile(path, buffer_size=_BUFFER_BYTES, pre_buffer=False) as file:
        for batch in file.iter_batches(batch_size=rows):
            columns = [to_text(column, counts) for column in batch.columns]
            yield pa.RecordBatch.from_arrays(columns, [str(index) for index in range(len(columns))])
