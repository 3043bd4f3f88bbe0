"""One way into every kind of list: `open_list` decides, the reader streams `raw_phones`.

Here: which format, and what a batch of `raw_phones` is. Not here: how each format is read.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa

from fbcheck_pipeline.errors import ListError
from fbcheck_pipeline.files.parquet_tables import joined_lists
from fbcheck_pipeline.lists.column_choice import Columns, choose
from fbcheck_pipeline.lists.facts import ReadOptions, SourceFacts
from fbcheck_pipeline.lists.formats import format_of
from fbcheck_pipeline.lists.header_choice import Header, find_header
from fbcheck_pipeline.lists.keys import file_sha256
from fbcheck_pipeline.lists.list_table import ListTable
from fbcheck_pipeline.model.columns import schema_of
from fbcheck_pipeline.model.paths import RAW_PHONES

MOST_BATCH_ROWS = 100_000
MOST_BATCH_CELLS = 5_000_000
"""Every phone of a row brings all columns of its row along."""
LONGEST_NAME = 2_000
"""Letters of a phone column's name, which every phone brings along."""


class ListReader:
    """A list that was understood; `batches()` may be called once.

    Attributes:
        source: what was found out and why.
        names: of the source's own columns, as they are called there.
        schema: of the batches.
        counts: after the last batch: `rows`, `phones` (cells out), `bad_bytes` (lines or cells with replaced bytes),
            `short_rows`, `long_rows` (filled; surplus kept in the last column), `broken_quotes` (fields whose quote is an
            ordinary character), `cut_lines` (lines of megabytes, of which the beginning was kept).
        rows_read: source rows given out so far.
    """

    def __init__(self, table: ListTable, columns: Columns, data_row: int, source: SourceFacts) -> None:
        self._table, self._columns, self._data_row = table, columns, data_row
        self.source, self.names = source, columns.names
        self._phone_names = pa.array([columns.names[index] for index in columns.phones], pa.string())
        types = table.types or (pa.string(),) * len(columns.final_names)
        self.schema = pa.schema([*zip(columns.final_names, types, strict=True), *schema_of(RAW_PHONES)])
        self.counts: dict[str, int] = {}
        self.rows_read = 0

    @property
    def expected_rows(self) -> int:
        """How many source rows there will be; of a text file an estimate, from the part of it that is read."""
        return self._table.expected_rows(self._data_row, self.rows_read)

    def batches(self) -> Iterator[pa.RecordBatch]:
        """`raw_phones`: a row per source row and phone column, in that order; a batch is a block of the file, or a part of one that has many rows.

        Raises:
            ListError: the file is damaged further on.
        """
        for block in self._table.batches(self._data_row, len(self._columns.names)):
            cells = block.num_rows * len(self._columns.phones) * block.num_columns
            parts = max(-(-block.num_rows // MOST_BATCH_ROWS), min(-(-cells // MOST_BATCH_CELLS), block.num_rows)) or 1
            for start, stop in pairwise(block.num_rows * part // parts for part in range(parts + 1)):
                batch = block.slice(start, stop - start)
                rows_before, self.rows_read = self.rows_read, self.rows_read + batch.num_rows
                yield self._phones_of(batch, rows_before)
        kinds = ("bad_bytes", "long_rows", "short_rows", "broken_quotes", "cut_lines")
        self.counts = {"rows": self.rows_read, "phones": self.rows_read * len(self._columns.phones)} | {
            kind: self._table.counts[kind] for kind in kinds
        }

    def _phones_of(self, batch: pa.RecordBatch, rows_before: int) -> pa.RecordBatch:
        rows, phones = batch.num_rows, len(self._columns.phones)
        index = np.tile(np.arange(phones), rows)
        source = np.repeat(np.arange(rows), phones)
        columns = [joined_lists(batch.column(at), self._table.counts) for at in self._columns.phones]
        raw = columns[0]
        if phones > 1:
            raw = pa.concat_arrays(columns).take(pa.array(index * rows + source))
            batch = batch.take(source)
        return pa.RecordBatch.from_arrays(
            [
                *batch.columns,
                pa.array(source + rows_before + 1, pa.int64()),
                pa.array(index, pa.int16()),
                self._phone_names.take(pa.array(index)),
                raw,
            ],
            schema=self.schema,
        )


def open_list(path: Path | str, options: ReadOptions = ReadOptions()) -> ListReader:  # noqa: B008
    """Understand a list: format, encoding, delimiter, sheet, header and columns.

    Args:
        path: a local file with one of `LIST_SUFFIXES`; the content decides where it contradicts the name.

    Raises:
        ListError: the file cannot be read, holds no rows or no phone column, or an option does not fit it.
    """
    path = Path(path)
    kind, is_gzip, told = format_of(path)
    table = _open_table(path, kind, is_gzip, options)
    head = table.head
    header = Header(0, 1, "The header is the file's own.") if table.has_header else find_header(head, options.has_header)
    header_cells = head[header.row] if header.row is not None else None
    if not head[header.data_row :]:
        raise ListError(f"{path.name}: there is a header and no row below it; export the list again, or use --no-header")
    columns = choose(head[header.data_row :], header_cells, table.width(header.row), options, path.name)
    if (longest := max(len(columns.names[index]) for index in columns.phones)) > LONGEST_NAME:
        raise ListError(
            f"{path.name}: the name of the column of phones has {longest:,} letters, and {LONGEST_NAME:,} are the most; shorten it"
        )
    source = SourceFacts(
        file=path.name,
        sha256=file_sha256(path),
        size_bytes=path.stat().st_size,
        format=f"{kind}+gzip" if is_gzip else kind,
        encoding=table.encoding,
        delimiter=table.delimiter,
        sheet=table.sheet,
        has_header=header.row is not None,
        phone_columns=tuple(columns.final_names[index] for index in columns.phones),
        region_column=None if columns.region is None else columns.final_names[columns.region],
        renamed={final: name for name, final in zip(columns.names, columns.final_names, strict=True) if name != final},
        reasons=(*told, *table.reasons, header.reason, *columns.reasons),
    )
    return ListReader(table, columns, header.data_row, source)


def _open_table(path: Path, kind: str, is_gzip: bool, options: ReadOptions) -> ListTable:
    if kind == "xlsx":
        from fbcheck_pipeline.lists.sheets import open_sheet_table

        return open_sheet_table(path, options)
    if kind == "parquet":
        from fbcheck_pipeline.lists.parquet import open_parquet_table

        return open_parquet_table(path)
    from fbcheck_pipeline.lists.delimited import open_text_table

    return open_text_table(path, is_gzip=is_gzip, kind=kind, encoding=options.encoding, delimiter=options.delimiter)
