"""How an export is written: CSV, XLSX and Parquet, safe to open.

Text stays text. A cell that a spreadsheet would take for a formula is defused: in XLSX it is a string cell marked as quoted and
reads unchanged, in CSV it gets an apostrophe in front, also behind a `;` within a text, as do digits that would be shortened. A plus
and digits alone are no formula: E.164 stays as it is. Parquet keeps types and texts as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import IO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from fbcheck_pipeline.errors import OperatorError
from fbcheck_pipeline.files.storage import BatchStream
from fbcheck_pipeline.files.xlsx_writer import CELL_LENGTH, FORMULA, SHEET_COLUMNS, write_workbook

About = Sequence[tuple[str, str]]
ALTERED = r"^0[0-9]+$|^[0-9]{12,}$"
"""Digits of which a spreadsheet drops the first zero or the end when it reads a CSV, e.g. national phone numbers."""
HARMLESS = r"^\+[0-9]+$"
INNER_FORMULA = r"(^[;|]\s*|\S[;\t\r\n|]\s*)([=\-@]|\+[0-9]*[^0-9;|\t\r\n])"
"""A spreadsheet that separates cells by another sign, as by `;` in half of Europe, may split the text of a cell."""


def write_csv(stream: BatchStream, sink: IO[bytes], about: About = (), delimiter: str = ",") -> int:
    """UTF-8 with a byte-order mark; what is known about the list has no place in it. Returns the number of rows."""
    from pyarrow.csv import CSVWriter, WriteOptions

    plain = pa.schema([(_defused_name(each.name), _plain_type(each.type)) for each in stream.schema])
    rows = 0
    sink.write(b"\xef\xbb\xbf")
    with CSVWriter(sink, plain, write_options=WriteOptions(delimiter=delimiter)) as writer:
        for batch in stream.batches:
            columns = [_defused(column) for column in _plain(batch, plain).columns]
            writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=plain))
            rows += batch.num_rows
    return rows


def write_xlsx(stream: BatchStream, sink: IO[bytes], about: About = ()) -> int:
    """Sheets of results, and one about the list. Returns the number of rows.

    Raises:
        OperatorError: a sheet has not so many columns, or a cell not so many characters.
    """
    if len(stream.schema) > SHEET_COLUMNS:
        raise OperatorError(f"a sheet holds {SHEET_COLUMNS:,} columns, this list has {len(stream.schema):,}; export it as .csv")
    plain = pa.schema([(each.name, _plain_type(each.type)) for each in stream.schema])
    return write_workbook((_fitting(_plain(batch, plain)) for batch in stream.batches), plain, sink, about)


def write_parquet(stream: BatchStream, sink: IO[bytes], about: About = ()) -> int:
    """One Parquet file; what is known about the list stands in its footer. Returns the number of rows."""
    schema = stream.schema.with_metadata({name: text for name, text in about} or None)
    rows = 0
    with pq.ParquetWriter(sink, schema, compression="zstd") as writer:
        for batch in stream.batches:
            writer.write_batch(pa.RecordBatch.from_arrays(batch.columns, schema=schema))
            rows += batch.num_rows
    return rows


WRITERS: dict[str, Callable[..., int]] = {".xlsx": write_xlsx, ".csv": write_csv, ".parquet": write_parquet}


def _plain_type(type_: pa.DataType) -> pa.DataType:
    if pa.types.is_timestamp(type_):
        return pa.timestamp("s")
    return type_ if pa.types.is_integer(type_) else pa.string()


def _plain(batch: pa.RecordBatch, plain: pa.Schema) -> pa.RecordBatch:
    """The batch as text, integers and whole seconds (UTC); see `_plain_type`."""
    columns = [column.cast(each.type, safe=False) for column, each in zip(batch.columns, plain, strict=True)]
    return pa.RecordBatch.from_arrays(columns, schema=plain)


def _defused(column: pa.Array) -> pa.Array:
    """Put an apostrophe before a text that a spreadsheet would read as a formula, or as a number that it would change."""
    if not pa.types.is_string(column.type):
        return column
    column = pc.replace_substring_regex(column, INNER_FORMULA, r"\1'\2")
    is_risky = pc.match_substring_regex(column, f"{FORMULA}|{ALTERED}|^(?i:sep)=")
    is_risky = pc.and_not(is_risky, pc.match_substring_regex(column, HARMLESS))
    return pc.if_else(is_risky, pc.binary_join_element_wise(pa.scalar("'"), column, pa.scalar("")), column)


def _defused_name(name: str) -> str:
    return str(_defused(pa.array([name]))[0])


def _fitting(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch, no text of which would be cut.

    Raises:
        OperatorError: a text is longer than a cell of a sheet.
    """
    for column in batch.columns:
        if pa.types.is_string(column.type) and (pc.max(pc.utf8_length(column)).as_py() or 0) > CELL_LENGTH:
            raise OperatorError(
                f"a cell of a sheet holds {CELL_LENGTH:,} characters, and this list has a longer text; export it as .csv"
            )
    return batch
