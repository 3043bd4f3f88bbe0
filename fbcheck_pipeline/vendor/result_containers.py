"""From a result's file to its tables, each two columns of text, whatever holds them: CSV, workbook, gzip or zip of these.

Content decides, never a name; nothing is ever unpacked to disk, and no text is ever whole in memory. What numbers and labels
mean is not known here, nor how workbooks and CSV are read.
"""

from __future__ import annotations

import contextlib
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TypeVar

import pyarrow as pa

from fbcheck_pipeline.errors import ResultForbidden, ResultUnreadable
from fbcheck_pipeline.files.arrow_text import rows_of
from fbcheck_pipeline.files.byte_sources import FileSource, Source
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
MAX_NESTED_BYTES = 192 << 20
"""Of a workbook within an archive, which is held in memory."""
_ZIP, _GZIP = b"PK\x03\x04", b"\x1f\x8b"


T = TypeVar("T")
Read = Callable[[Iterator[pa.RecordBatch]], T]
"""Takes a table as batches of two string columns, number and label, either of which may be null or empty."""


def find_tables(path: Path, max_bytes: int, read: Read[T]) -> list[T]:
    """What is read of the tables in a file, at least one, in file order.

    A table is a text, a member of an archive or a visible sheet with both columns in one header row. A bare list of numbers
    is none, whatever its name: what is `unregistered` may as well never have been checked.

    Args:
        max_bytes: most bytes it may hold, unpacked.
        read: it may be called for a table that turns out to be damaged further on, and is then left out.

    Raises:
        ResultForbidden: a bomb, or a nested archive.
        ResultUnreadable: there is no table in it; the message says what it looks like.
    """
    try:
        with path.open("rb") as file:
            head = file.read(len(_ZIP))
        source: Path | bytes = path
        if head.startswith(_GZIP):
            plain = _within(FileSource(path, is_gzip=True), max_bytes)
            if not next(plain()).startswith(_ZIP):
                return [_table_of_text(plain, read)]
            head, source = _ZIP, b"".join(_within(plain, MAX_NESTED_BYTES)())
        if head != _ZIP:
            return [_table_of_text(FileSource(path, is_gzip=False), read)]
        bounds = Bounds(max_bytes, HONEST_BYTES, MAX_MEMBERS)
        with open_archive(source, bounds) as archive:
            return _tables_of_workbook(archive, read) if is_workbook(archive) else _tables_of_archive(archive, bounds, read)
    except DangerousFile as error:
        raise ResultForbidden(f"the result is not opened: {error}") from None
    except DamagedFile as error:
        raise ResultUnreadable(f"the result is a broken {error.kind} ({error.cause})") from None


def _within(source: Source, max_bytes: int) -> Source:
    def pieces() -> Iterator[bytes]:
        size_bytes = 0
        for piece in source():
            size_bytes += len(piece)
            if size_bytes > max_bytes:
                raise DangerousFile(f"it unpacks to more than {max_bytes} bytes")
            yield piece

    return pieces


def _tables_of_archive(archive: zipfile.ZipFile, bounds: Bounds, read: Read[T]) -> list[T]:
    tables: list[T] = []
    has_nested, left_bytes = False, bounds.unpacked_bytes  # for all workbooks together
    members = [member for member in archive.infolist() if member.filename and not member.is_dir()]  # one may have no name
    for member in members:
        source = _member_source(archive, member)
        with contextlib.suppress(ResultUnreadable, DamagedFile):
            if not next(source()).startswith(_ZIP):
                tables.append(_table_of_text(source, read))
                continue
            data = b"".join(_within(source, MAX_NESTED_BYTES)())
            if is_workbook(inner := open_archive(data, replace(bounds, unpacked_bytes=left_bytes))):
                left_bytes -= sum(member.file_size for member in inner.infolist())
                tables += _tables_of_workbook(inner, read)
            else:
                has_nested = True
    if tables:
        return tables
    if has_nested:
        raise DangerousFile("it is an archive within an archive")
    raise ResultUnreadable(f"the result is a zip archive of {len(members)} members, none with a number and a label column")


def _member_source(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Source:
    return lambda: chain(member_pieces(archive, member), (b"",))


def _tables_of_workbook(archive: zipfile.ZipFile, read: Read[T]) -> list[T]:
    book = Workbook(archive, has_dates=False)
    tables = [table for name in book.visible_names for table in _table_of_sheet(book.cells(name), read)]
    if not tables:
        raise ResultUnreadable("the result is a workbook in which no sheet has a number and a label column")
    return tables


def _table_of_sheet(cells: pa.RecordBatch, read: Read[T]) -> Iterator[T]:
    for index, row in enumerate(rows_of(cells.slice(0, HEADER_WITHIN_ROWS))):
        if columns := _columns_of([cell or "" for cell in row]):
            yield read(_two_columns([cells.slice(index + 1)], columns))
            return


def _table_of_text(source: Source, read: Read[T]) -> T:
    head = read_head(find_encoding(source))
    for delimiter in DELIMITERS:
        split = head.split(delimiter, HEADER_WITHIN_ROWS)
        for record, end in zip(split.records, split.ends, strict=True):
            if columns := _columns_of([cell.decode("utf-8", "replace") for cell in record]):
                with parsing("CSV file"):
                    return read(_two_columns(CsvTable(head, delimiter).batches(end, len(record), keep_surplus=False), columns))
    raise ResultUnreadable(f"the result {_looks_like(head.content)}")


def _two_columns(batches: Iterable[pa.RecordBatch], columns: Sequence[int]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        yield pa.RecordBatch.from_arrays([batch.column(at) for at in columns], ["number", "label"])


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
