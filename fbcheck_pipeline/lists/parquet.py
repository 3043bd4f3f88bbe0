"""Parquet lists: their own names, their own types. How the file is read is not known here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from fbcheck_pipeline.errors import ListError
from fbcheck_pipeline.files.arrow_text import rows_of
from fbcheck_pipeline.files.parquet_tables import BATCH_ROWS, ParquetTable, joined_lists, open_parquet
from fbcheck_pipeline.files.untrusted import parsing
from fbcheck_pipeline.lists.column_choice import HEAD_ROWS
from fbcheck_pipeline.lists.header_choice import Cell
from fbcheck_pipeline.lists.list_table import ListTable
from fbcheck_pipeline.lists.refusals import faults_named

MOST_HEAD_BYTES = 16 << 20
"""Of long texts fewer rows tell which column holds phones: each becomes a Python object."""


def open_parquet_table(path: Path) -> ListTable:
    """Read the names and first rows; the names are the first row of the head.

    Raises:
        ListError: the file is damaged, encrypted, has no columns, or unpacks to more than any list.
    """
    with faults_named(path), parsing("Parquet file"):
        table = open_parquet(path)
    if not table.names:
        raise ListError(f"{path.name}: none of its columns can be read; write the phones as text or numbers")
    rows: list[list[Cell]] = []
    head_bytes = 0
    for batch in _batches(table, Counter(), HEAD_ROWS):
        texts = [joined_lists(column, Counter()) for column in batch.columns]
        rows += rows_of(pa.RecordBatch.from_arrays(texts, batch.schema.names))
        head_bytes += batch.nbytes
        if len(rows) >= HEAD_ROWS or head_bytes >= MOST_HEAD_BYTES:
            break
    counts: Counter[str] = Counter()
    names = ", ".join(map(repr, table.left_out))
    return ListTable(
        head=[list(table.names), *rows],
        batches=lambda *_: _batches(table, counts, BATCH_ROWS),
        expected_rows=lambda *_: table.row_count,
        reasons=(f"Left out, because their kind cannot be kept: {names}.",) if table.left_out else (),
        counts=counts,
        has_header=True,
        types=table.types,
    )


def _batches(table: ParquetTable, counts: Counter[str], rows: int) -> Iterator[pa.RecordBatch]:
    with faults_named(table.path), parsing("Parquet file"):
        yield from table.batches(counts, rows)
