"""From the bytes of a result to its two columns of text, whatever holds them: CSV, workbook, gzip or zip of these.

Content decides, never a name; nothing is ever unpacked to disk. What numbers and labels mean is not known here.
"""

from __future__ import annotations

import contextlib
import csv
import gzip
import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from fbcheck_pipeline.errors import ResultForbidden, ResultUnreadable
from fbcheck_pipeline.vendor.workbooks import check_workbook_xml, sheets_of

NUMBER_COLUMN = "number"
LABEL_COLUMNS = ("facebook", "activated")
HEADER_WITHIN_ROWS = 50

MAX_MEMBERS = 1000
MAX_RATIO = 250
"""A deflated table of numbers is 5 to 20 times smaller than itself, a bomb a thousand times."""
RATIO_COUNTS_FROM_BYTES = 1_000_000

_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_UTF16_UNMARKED = re.compile(rb"(?:(\0[\t -~]){4}|([\t -~]\0){4})")
_LINE = re.compile(rb"([^\r\n]*)(?:\r\n|\r|\n|$)")


@dataclass(frozen=True)
class RawTable:
    """Number and label of each row as text, in file order; either may be null or empty."""

    numbers: pa.ChunkedArray[Any]
    labels: pa.ChunkedArray[Any]

    def __len__(self) -> int:
        return len(self.numbers)


def find_table(data: bytes, max_bytes: int) -> RawTable:
    """The result table in a file.

    Args:
        data: the whole file.
        max_bytes: most bytes it may hold, unpacked.

    Raises:
        ResultForbidden: a bomb, a nested archive, or an archive that names places outside itself.
        ResultUnreadable: there is no table in it; the message says what it looks like.
    """
    if data.startswith(b"\x1f\x8b"):
        data = _gunzipped(data, max_bytes)
    if data.startswith(b"PK\x03\x04"):
        archive = _opened(data)
        return (_table_of_workbook if _is_workbook(archive) else _table_of_archive)(data, archive, max_bytes)
    return _table_of_text(data)


@contextlib.contextmanager
def reading(what: str) -> Iterator[None]:
    """Parsers meet a stranger's bytes here and raise whatever they like: all of it means that the file is broken."""
    try:
        yield
    except Exception as error:
        raise ResultUnreadable(f"the result is a broken {what} ({type(error).__name__})") from None


def _opened(data: bytes) -> zipfile.ZipFile:
    with reading("zip archive"):
        return zipfile.ZipFile(io.BytesIO(data))


def _read(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    with reading("zip archive"):
        return archive.read(member)


def _is_workbook(archive: zipfile.ZipFile) -> bool:
    names = set(archive.namelist())
    return "[Content_Types].xml" in names and any(name.startswith("xl/") for name in names)


def _gunzipped(data: bytes, max_bytes: int) -> bytes:
    with reading("gzip file"), gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
        plain = stream.read(max_bytes + 1)
    if len(plain) > max_bytes:
        raise ResultForbidden(f"the result unpacks to more than {max_bytes} bytes")
    return plain


def _table_of_archive(_: bytes, archive: zipfile.ZipFile, max_bytes: int) -> RawTable:
    """The largest table among the members; the vendor packs the same rows several times."""
    members = _vetted_members(archive, max_bytes)
    tables: list[RawTable] = []
    has_nested = False
    for member in members:
        data = _read(archive, member)
        with contextlib.suppress(ResultUnreadable):
            if not data.startswith(b"PK\x03\x04"):
                tables.append(_table_of_text(data))
            elif _is_workbook(inner := _opened(data)):
                tables.append(_table_of_workbook(data, inner, max_bytes))
            else:
                has_nested = True
    if tables:
        return max(tables, key=len)
    if has_nested:
        raise ResultForbidden("the result is an archive within an archive")
    raise ResultUnreadable(f"the result is a zip archive of {len(members)} members, none with a number and a label column")


def _table_of_workbook(data: bytes, archive: zipfile.ZipFile, max_bytes: int) -> RawTable:
    """The rows of all sheets that have the header: large results may go over several."""
    for member in _vetted_members(archive, max_bytes):
        check_workbook_xml(_read(archive, member))
    with reading("workbook"):
        sheets = sheets_of(data)
    found: list[RawTable] = []
    for sheet in sheets:
        head = sheet.slice(0, HEADER_WITHIN_ROWS)
        rows = [[str(cell or "") for cell in row] for row in zip(*(column.to_pylist() for column in head.columns), strict=True)]
        for index, row in enumerate(rows):
            if columns := _columns_of(row):
                body = sheet.slice(index + 1)
                found.append(RawTable(body.column(columns[0]), body.column(columns[1])))
                break
    if not found:
        raise ResultUnreadable("the result is a workbook in which no sheet has a number and a label column")
    return RawTable(
        pa.chunked_array([chunk for each in found for chunk in each.numbers.chunks], pa.string()),
        pa.chunked_array([chunk for each in found for chunk in each.labels.chunks], pa.string()),
    )


def _vetted_members(archive: zipfile.ZipFile, max_bytes: int) -> list[zipfile.ZipInfo]:
    """The members that are files. Their sizes are the directory's claims; reading past a claim fails its checksum."""
    members = [member for member in archive.infolist() if not member.filename.endswith("/")]
    if len(archive.infolist()) > MAX_MEMBERS or sum(member.file_size for member in members) > max_bytes:
        raise ResultForbidden(f"the result unpacks to more than {max_bytes} bytes or {MAX_MEMBERS} members")
    for member in members:
        path = PurePosixPath(member.filename.replace("\\", "/"))
        if path.is_absolute() or not path.parts or ".." in path.parts or ":" in path.parts[0]:
            raise ResultForbidden("the result is an archive with a member that names a place outside of it")
        if member.file_size > max(RATIO_COUNTS_FROM_BYTES, MAX_RATIO * member.compress_size):
            raise ResultForbidden(f"the result is an archive with a member packed more than {MAX_RATIO} times: a bomb")
        if member.flag_bits & 1 or member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ResultUnreadable("the result is an archive that is encrypted, or packed in an unusual way")
    return members


def _table_of_text(data: bytes) -> RawTable:
    text = _as_utf8(data)
    for delimiter in (",", ";", "\t", "|"):
        for count, line in enumerate(_LINE.finditer(text[:65_536])):
            if count >= HEADER_WITHIN_ROWS:
                break
            cells = next(csv.reader([line[1].decode("utf-8", "replace").replace("\0", "")], delimiter=delimiter), [])
            if columns := _columns_of(cells):
                with reading("CSV file"):
                    return _rows_of_csv(text[line.end() :], delimiter, len(cells), columns)
    raise ResultUnreadable(f"the result {_looks_like(text)}")


def _as_utf8(data: bytes) -> bytes:
    """The text without its byte-order mark; bytes that are no text stay as they are."""
    if data.startswith(_UTF16_MARKS):
        return data.decode("utf-16", "replace").encode()
    if unmarked := _UTF16_UNMARKED.match(data):
        return data.decode("utf-16-be" if unmarked[1] else "utf-16-le", "replace").encode()
    data = data.removeprefix(b"\xef\xbb\xbf")
    try:
        data.decode()
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace").encode()
    return data


def _rows_of_csv(body: bytes, delimiter: str, width: int, columns: tuple[int, int]) -> RawTable:
    uneven: list[list[str]] = []

    def keep(row: pacsv.InvalidRow) -> Literal["skip"]:
        uneven.append(next(csv.reader([row.text or ""], delimiter=delimiter), []))
        return "skip"

    names = [f"column_{index}" for index in range(width)]
    number, label = (names[index] for index in columns)
    if not body.strip():
        return RawTable(pa.chunked_array([], pa.string()), pa.chunked_array([], pa.string()))

    def parsed(**quoting: Any) -> pa.Table:
        uneven.clear()
        return pacsv.read_csv(
            io.BytesIO(body),
            pacsv.ReadOptions(column_names=names),
            pacsv.ParseOptions(delimiter=delimiter, invalid_row_handler=keep, **quoting),
            pacsv.ConvertOptions(include_columns=[number, label], column_types={number: pa.string(), label: pa.string()}),
        )

    table = parsed(newlines_in_values=True)
    if body.count(b'"') % 2 or any(pc.any(pc.match_substring_regex(each, r"[\r\n]")).as_py() for each in table.columns):
        table = parsed(quote_char=False)  # a quote that is never closed would swallow the rows below it
    more = [pa.array([_cell(row, index) for row in uneven], pa.string()) for index in columns]
    return RawTable(
        pa.chunked_array([*table.column(number).chunks, more[0]], pa.string()),
        pa.chunked_array([*table.column(label).chunks, more[1]], pa.string()),
    )


def _cell(row: Sequence[str], index: int) -> str:
    return row[index] if index < len(row) else ""


def _columns_of(cells: Sequence[str]) -> tuple[int, int] | None:
    """Where number and label stand in a header row; None when the row is none."""
    names = [cell.strip("\ufeff \t\r\n\"'").casefold() for cell in cells]
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
