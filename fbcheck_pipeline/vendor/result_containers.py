"""From the bytes of a result to its tables, each two columns of text, whatever holds them: CSV, workbook, gzip or zip of these.

Content decides, never a name; nothing is ever unpacked to disk. What numbers and labels mean is not known here, nor how
workbooks and CSV are read.
"""

from __future__ import annotations

import contextlib
import io
import zipfile
from collections.abc import Sequence
from dataclasses import replace

import pyarrow as pa

from fbcheck_pipeline.errors import ResultForbidden, ResultUnreadable
from fbcheck_pipeline.files.arrow_text import rows_of
from fbcheck_pipeline.files.byte_sources import GzipMembers, bytes_source
from fbcheck_pipeline.files.csv_table import DELIMITERS, CsvTable, read_head
from fbcheck_pipeline.files.text_encoding import find_encoding
from fbcheck_pipeline.files.untrusted import (
    Bounds,
    DamagedFile,
    DangerousFile,
    is_workbook,
    member_pieces,
    open_archive,
    parsing,
)
from fbcheck_pipeline.files.worksheets import Workbook

NUMBER_COLUMN = "number"
LABEL_COLUMNS = ("facebook", "activated")
HEADER_WITHIN_ROWS = 50
HONEST_BYTES = 1_000_000
MAX_MEMBERS = 1000
_ZIP, _GZIP = b"PK\x03\x04", b"\x1f\x8b"


_SCHEMA = pa.schema([("number", pa.string()), ("label", pa.string())])


def find_tables(data: bytes, max_bytes: int) -> list[pa.Table]:
    """The tables in a file, at least one: `number` and `label` of each row as text, in file order; either may be null or empty.

    A table is a text, a member of an archive or a visible sheet with both columns in one header row. A bare list of numbers
    is none, whatever its name: what is `unregistered` may as well never have been checked.

    Args:
        data: the whole file.
        max_bytes: most bytes it may hold, unpacked.

    Raises:
        ResultForbidden: a bomb, or a nested archive.
        ResultUnreadable: there is no table in it; the message says what it looks like.
    """
    try:
        if data.startswith(_GZIP):
            data = _gunzipped(data, max_bytes)
        if not data.startswith(_ZIP):
            return [_table_of_text(data)]
        bounds = Bounds(max_bytes, HONEST_BYTES, MAX_MEMBERS)
        with open_archive(data, bounds) as archive:
            return _tables_of_workbook(archive) if is_workbook(archive) else _tables_of_archive(archive, bounds)
    except DangerousFile as error:
        raise ResultForbidden(f"the result is not opened: {error}") from None
    except DamagedFile as error:
        raise ResultUnreadable(f"the result is a broken {error.kind} ({error.cause})") from None


def _gunzipped(data: bytes, max_bytes: int) -> bytes:
    plain = bytearray()
    for piece in GzipMembers(io.BytesIO(data)):
        plain += piece
        if len(plain) > max_bytes:
            raise DangerousFile(f"it unpacks to more than {max_bytes} bytes")
    return bytes(plain)


def _tables_of_archive(archive: zipfile.ZipFile, bounds: Bounds) -> list[pa.Table]:
    tables: list[pa.Table] = []
    has_nested, left_bytes = False, bounds.unpacked_bytes  # for all workbooks together
    members = [member for member in archive.infolist() if member.filename and not member.is_dir()]  # one may have no name
    for member in members:
        data = b"".join(member_pieces(archive, member))
        with contextlib.suppress(ResultUnreadable, DamagedFile):
            if not data.startswith(_ZIP):
                tables.append(_table_of_text(data))
            elif is_workbook(inner := open_archive(data, replace(bounds, unpacked_bytes=left_bytes))):
                left_bytes -= sum(member.file_size for member in inner.infolist())
                tables += _tables_of_workbook(inner)
            else:
                has_nested = True
    if tables:
        return tables
    if has_nested:
        raise DangerousFile("it is an archive within an archive")
    raise ResultUnreadable(f"the result is a zip archive of {len(members)} members, none with a number and a label column")


def _tables_of_workbook(archive: zipfile.ZipFile) -> list[pa.Table]:
    book = Workbook(archive, has_dates=False)
    tables: list[pa.Table] = []
    for cells in map(book.cells, book.visible_names):
        for index, row in enumerate(rows_of(cells.slice(0, HEADER_WITHIN_ROWS))):
            if columns := _columns_of([cell or "" for cell in row]):
                tables.append(_table([cells.slice(index + 1)], columns))
                break
    if not tables:
        raise ResultUnreadable("the result is a workbook in which no sheet has a number and a label column")
    return tables


def _table_of_text(data: bytes) -> pa.Table:
    head = read_head(find_encoding(bytes_source(data)))
    for delimiter in DELIMITERS:
        split = head.split(delimiter, HEADER_WITHIN_ROWS)
        for record, end in zip(split.records, split.ends, strict=True):
            if columns := _columns_of([cell.decode("utf-8", "replace") for cell in record]):
                with parsing("CSV file"):
                    table = CsvTable(head, delimiter)
                    return _table(list(table.batches(end, len(record), keep_surplus=False)), columns)
    raise ResultUnreadable(f"the result {_looks_like(head.content)}")


def _table(batches: Sequence[pa.RecordBatch], columns: Sequence[int]) -> pa.Table:
    return pa.Table.from_batches(
        [pa.RecordBatch.from_arrays([batch.column(at) for at in columns], schema=_SCHEMA) for batch in batches], _SCHEMA
    )


def _columns_of(cells: Sequence[str]) -> tuple[int, int] | None:
    """Where number and label stand in a header row; None when the row is none."""
    names = [cell.strip("\ufeff \t\r\n\"'\0").casefold() for cell in cells]
    for label in LABEL_COLUMNS:
        if NUMBER_COLUMN in names and label in names:
            return names.index(NUMBER_COLUMN), names.index(label)
    return None


def _looks_like(text: bytes) -> str:
    start = text[:4096].lstrip()
    if not start:
        return "is empty"
    if start.startswith(b"<"):
        return "is a web page or XML"
    if start.startswith((b"{", b"[")):
        return "is JSON"
    if start.startswith(b"\xd0\xcf\x11\xe0") or text.startswith("ÐÏ\x11à".encode()):
        return "is an encrypted workbook or one of the old .xls kind"
    if b"\0" in start:
        return "is binary data of an unknown kind"
    return "is text without a header that has a number and a label column"
