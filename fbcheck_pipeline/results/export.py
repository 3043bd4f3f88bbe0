"""A result as a spreadsheet: XLSX or CSV, streamed, safe to open, and on request without phone numbers.

Text stays text. A cell that a spreadsheet would take for a formula is defused: in XLSX it is a string cell marked as quoted and
reads unchanged, in CSV it gets an apostrophe in front, also behind a `;` within a text, as do digits that would be shortened. What is
written for programs is the Parquet file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.compute as pc

from fbcheck_pipeline.errors import OperatorError
from fbcheck_pipeline.files.atomic import whole_file
from fbcheck_pipeline.files.storage import BatchStream
from fbcheck_pipeline.files.xlsx_writer import CELL_LENGTH, FORMULA, SHEET_COLUMNS, write_workbook
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.model.columns import result_name
from fbcheck_pipeline.progress import reported
from fbcheck_pipeline.results.lineage import read_lineage
from fbcheck_pipeline.results.pseudonyms import Pseudonyms
from fbcheck_pipeline.results.source_text import source_as_text, with_source_text
from fbcheck_pipeline.workflow.workspace import Workspace

ALTERED = r"^0[0-9]+$|^[0-9]{12,}$"
"""Digits of which a spreadsheet drops the first zero or the end when it reads a CSV, e.g. national phone numbers."""
INNER_FORMULA = r"(^[;|]\s*|\S[;\t\r\n|]\s*)([=+\-@])"
"""A spreadsheet that separates cells by another sign, as by `;` in half of Europe, may split the text of a cell."""


def export_results(ws: Workspace, list_key: str, to: Path, *, pseudonymise: bool = False) -> int:
    """Write a list's result for a spreadsheet, whole or not at all; only its owner can read it.

    Args:
        to: a file that ends with .xlsx or .csv; an existing file is replaced.
        pseudonymise: keyed hashes in place of numbers, see `Pseudonyms`.

    Returns:
        The number of rows written.

    Raises:
        OperatorError: the list is unknown or not joined, or the name or folder of the file does not fit.
        StorageError: it cannot be written.
    """
    write = WRITERS.get(to.suffix.lower())
    if write is None:
        raise OperatorError(f"{to.name} ends with neither {' nor '.join(WRITERS)}; use one of these suffixes")
    if not to.parent.is_dir():
        raise OperatorError(f"{to.parent} is no folder; create it first")
    if to.is_dir():
        raise OperatorError(f"{to} is a folder; name a file in it")
    lineage = read_lineage(ws, list_key)
    stream = ws.storage.read_parquet(paths.FACEBOOK_RESULTS.of(list_key))
    stream = replace(stream, schema=with_source_text(stream.schema), batches=map(source_as_text, stream.batches))
    if pseudonymise:
        pseudonyms = Pseudonyms(ws.ledger.hash_key, map(result_name, lineage["source"].get("phone_columns", ())))
        stream.batches = map(pseudonyms.replace, stream.batches)
    stream.batches = reported("exporting", stream.batches, lineage["counts"]["phones"])
    with whole_file(to) as sink:
        return write(stream, sink)


def _write_csv(stream: BatchStream, sink: IO[bytes]) -> int:
    from pyarrow.csv import CSVWriter

    plain = pa.schema([(_defused_name(each.name), _plain_type(each.type)) for each in stream.schema])
    rows = 0
    sink.write(b"\xef\xbb\xbf")
    with CSVWriter(sink, plain) as writer:
        for batch in stream.batches:
            columns = [_defused(column) for column in _plain(batch, plain).columns]
            writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=plain))
            rows += batch.num_rows
    return rows


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
    return pc.if_else(is_risky, pc.binary_join_element_wise(pa.scalar("'"), column, pa.scalar("")), column)


def _defused_name(name: str) -> str:
    return str(_defused(pa.array([name]))[0])


def _write_xlsx(stream: BatchStream, sink: IO[bytes]) -> int:
    if len(stream.schema) > SHEET_COLUMNS:
        raise OperatorError(f"a sheet holds {SHEET_COLUMNS:,} columns, this list has {len(stream.schema):,}; export it as .csv")
    plain = pa.schema([(each.name, _plain_type(each.type)) for each in stream.schema])
    return write_workbook((_fitting(_plain(batch, plain)) for batch in stream.batches), plain, sink)


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


WRITERS: dict[str, Callable[[BatchStream, IO[bytes]], int]] = {".xlsx": _write_xlsx, ".csv": _write_csv}
