"""Files of others: bounds that hold before a library unpacks an archive, and one error for whatever a parser raises.

Not here: what the files hold. The errors do not name the file; whoever opens it says which one it is, and the remedy.
"""

from __future__ import annotations

import copy
import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from fbcheck_pipeline.files.plain_sheets import plain_sheet

MAX_RATIO = 250
"""A deflated table of numbers is 5 to 20 times smaller than itself, a bomb a thousand times."""
MAX_GRID_CELLS = 40_000_000
"""Readers lay a sheet out from its first to its last cell: two far cells could ask for all memory."""
MANY_COLUMNS = 100

_PIECE_BYTES = 1 << 19  # what is made of so much stays in the processor's cache, and takes no new memory
_MOST_PLAIN_BYTES = 4 << 20
_LONGEST_TAG = 64 << 10
_SHORT_TEXT = 4 << 10
_OVERLAP = 64
_DTD = (b"<!DOCTYPE", b"<!ENTITY")
_FAR_REFERENCE = r"r=[\"'](?:[A-Za-z]{2}|[A-Za-z]?[0-9]{7})"
_ELSEWHERE = r":c|:row|<c(?:[^ o]|o[^l]|ol[^s ]| [^r]| r[^=])|<row(?:[^ ]| [^r]| r[^=])"  # does not begin with its reference
_ODD = "|".join(("<!DOCTYPE", "<!ENTITY", "</f>", _FAR_REFERENCE, _ELSEWHERE))
"""Most sheets have none of it: one pass of a fast matcher spares the slower ones."""
_EMPTY_CELL = re.compile(rb"<(?:[\w.-]+:)?c\b[^<>]*(?:/>|>\s*</(?:[\w.-]+:)?c>)")
_EMPTY_ROW = re.compile(rb"<(?:[\w.-]+:)?row\b[^<>]*(?:/>|>\s*</(?:[\w.-]+:)?row>)")
_ROW = re.compile(rb"<(?:[\w.-]+:)?row\b")
_ONE_WAY = bytes.maketrans(b"\t\r\n'", b'   "')
_ROW_NUMBER = re.compile(rb' r="[A-Za-z]{0,9}([0-9]{1,18})')  # begins with what cannot vary: three times faster
_WIDE_COLUMN = re.compile(rb' r="([A-Za-z]{2,9})[0-9]')
_UNCALCULATED = re.compile(rb"</f>(?:<v ?/>|<v></v>|</c>)")


class DamagedFile(Exception):
    """A parser cannot read the file. `kind` is what it should be, `cause` the name of the parser's error.

    The parser's own message may quote a cell and is left out.
    """

    def __init__(self, kind: str, cause: str) -> None:
        super().__init__(kind, cause)
        self.kind, self.cause = kind, cause


class DangerousFile(Exception):
    """Reading it would take more memory than any honest file does, or it is made to do harm; the message is a clause."""


@dataclass(frozen=True)
class Bounds:
    """How much an archive may hold; a member of up to `honest_bytes` may be packed as tightly as it likes."""

    unpacked_bytes: int
    honest_bytes: int
    member_count: int


@dataclass(frozen=True)
class WorkbookFindings:
    """What a look through a workbook found.

    Attributes:
        has_uncalculated: it has a formula that no spreadsheet ever calculated: most readers find its cell empty.
        plain: cells of its first plain sheet, if it has one, by its member: an archive may have two of one name.
    """

    has_uncalculated: bool
    plain: Mapping[zipfile.ZipInfo, pa.RecordBatch]


@contextmanager
def parsing(kind: str) -> Iterator[None]:
    """Raise DamagedFile for whatever a parser raises: most have no error of their own for a damaged file.

    Args:
        kind: the kind of file, e.g. "workbook".
    """
    try:
        yield
    except (DamagedFile, DangerousFile):
        raise
    except Exception as error:
        raise DamagedFile(kind, type(error).__name__) from None


def open_archive(source: Path | bytes, bounds: Bounds) -> zipfile.ZipFile:
    """Open a zip archive whose directory keeps to the bounds; `member_pieces` holds the directory to its word.

    Names of members may be anything, since nothing is ever written by them.

    Raises:
        DamagedFile: it is no zip archive, encrypted, or packed in an unusual way.
        DangerousFile: it holds too much, or is packed too tightly.
    """
    with parsing("zip archive"):
        archive = zipfile.ZipFile(io.BytesIO(source) if isinstance(source, bytes) else source)
        members = archive.infolist()
        unpacked = sum(member.file_size for member in members)
        if unpacked > bounds.unpacked_bytes or any(_is_bomb(member, bounds) for member in members):
            raise DangerousFile(f"it unpacks to {unpacked >> 20} MB")
        if len(members) > bounds.member_count:
            raise DangerousFile(f"it has {len(members)} members")
        for member in members:
            if member.flag_bits & 1 or member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise DamagedFile("zip archive", "encrypted, or packed in an unusual way")
        return archive


def member_pieces(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    """A member, unpacked a piece at a time, and never more of it than the directory claims.

    Python's own reader stops quietly at the claim; others, fastexcel among them, unpack all there is.

    Raises:
        DamagedFile: it cannot be unpacked, or the directory claims another size than it has.
    """
    unpacked, claim = 0, copy.copy(member)
    claim.file_size += 1
    with parsing("zip archive"), archive.open(claim) as file:
        while piece := file.read(_PIECE_BYTES):
            unpacked += len(piece)
            yield piece
    if unpacked != member.file_size:
        raise DamagedFile("zip archive", "a member has another size than the archive claims")


def is_workbook(archive: zipfile.ZipFile) -> bool:
    """True for what calls itself an .xlsx file."""
    return any(name.lower().replace("\\", "/").lstrip("/").startswith("xl/") for name in archive.namelist())


def check_workbook(archive: zipfile.ZipFile) -> WorkbookFindings:
    """Look through every part of a workbook, a piece at a time.

    Raises:
        DamagedFile: it cannot be unpacked, or unpacks to another size than it claims.
        DangerousFile: its XML declares entities, or its cells are so far apart that reading them would take all memory.
    """
    has_uncalculated, plain = False, dict[zipfile.ZipInfo, pa.RecordBatch]()
    for member in archive.infolist():
        grid: _Grid | None = None
        may_be_plain = not plain and member.file_size <= _MOST_PLAIN_BYTES
        sheet = plain_sheet(member_pieces(archive, member)) if may_be_plain else None
        if sheet:
            plain[member] = sheet.cells
        for index, text in enumerate([sheet.rest] if sheet else _tags(archive, member)):
            if _has(text, _ODD):
                if any(mark in text for mark in _DTD):
                    raise DangerousFile("its XML declares entities; it is damaged, or made to do harm")
                has_uncalculated = has_uncalculated or _UNCALCULATED.search(text) is not None
                grid = grid or _Grid().add(*islice(_tags(archive, member), index))
            if grid:
                grid.add(text)
        if grid and grid.cell_count > MAX_GRID_CELLS:
            raise DangerousFile(f"a cell stands far outside the table, which makes {grid.cell_count:,} cells")
    return WorkbookFindings(has_uncalculated, plain)


def _is_bomb(member: zipfile.ZipInfo, bounds: Bounds) -> bool:
    return member.file_size > max(bounds.honest_bytes, MAX_RATIO * member.compress_size)


def _tags(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    """A member in pieces that end between tags; UTF-16 as ASCII, for its zero bytes would hide what is looked for."""
    rest, is_wide = b"", False
    for piece in member_pieces(archive, member):
        is_wide = is_wide or b"\0" in piece[:64]
        text = rest + (piece.replace(b"\0", b"") if is_wide else piece)
        end = max(text.rfind(b"<"), text.rfind(b">") + 1)
        rest = text[end:]
        if len(rest) > _LONGEST_TAG:
            end, rest = len(text), text[-_OVERLAP:]
        yield text[:end]
    yield rest


@dataclass
class _Grid:
    """How many cells a reader lays out for a sheet: a cell or row without reference stands beside the one before.

    Cells that have a style and nothing else are not laid out.
    """

    width: int = 26
    height: int = 1
    rows_elsewhere: int = 0
    cells_elsewhere: int = 0
    longest_row: int = 0
    last_row: int = 0

    @property
    def cell_count(self) -> int:
        return (self.width + self.longest_row) * (self.height + self.rows_elsewhere)

    def add(self, *pieces: bytes) -> _Grid:
        """Take in the next pieces."""
        for text in (_EMPTY_ROW.sub(b"", _EMPTY_CELL.sub(b"", piece.translate(_ONE_WAY))) for piece in pieces):
            self.width = max(self.width, *map(_column_number, {b"", *_WIDE_COLUMN.findall(text)}))
            self.height = max(self.height, *map(int, {b"0", *_ROW_NUMBER.findall(text)}))
            if not _has(text, _ELSEWHERE):
                continue
            self.cells_elsewhere += _cells_elsewhere(text)
            self.rows_elsewhere += text.count(b"<row") + text.count(b":row") - text.count(b"<row r=")
            if self.cells_elsewhere > MANY_COLUMNS:
                rest, *rows = _ROW.split(text)
                counts = [self.last_row + _cells_elsewhere(rest), *map(_cells_elsewhere, rows)]
                self.longest_row, self.last_row = max(self.longest_row, *counts), counts[-1]
        return self


def _has(text: bytes, pattern: str) -> bool:
    """In a long text several times faster than `re`, where a pattern begins in many ways; it is compiled anew each time."""
    if len(text) < _SHORT_TEXT:
        return re.search(pattern.encode(), text) is not None
    return bool(pc.match_substring_regex(pa.array([text], pa.binary()), pattern)[0].as_py())


def _cells_elsewhere(text: bytes) -> int:
    return text.count(b"<c") + text.count(b":c") - text.count(b"<c r=")


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number
