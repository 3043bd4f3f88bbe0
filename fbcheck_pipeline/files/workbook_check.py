"""A look through every part of a workbook, a piece at a time, before anything reads it: which parts fastexcel reads as they are meant,
and how much of each there is.

fastexcel lays out a table from the first to the last cell, and nothing can stop it: it may only see cells that were counted, and these
are counted only where all are written in the one way that nearly every program uses. `sheet_xml`, which counts while it reads, does the
rest. So nothing here has to know what a parser would make of any other way.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fbcheck_pipeline.files.plain_sheets import plain_sheet
from fbcheck_pipeline.files.untrusted import member_pieces

_MOST_PLAIN_BYTES = 4 << 20
_LONGEST_PLAIN_TAG = 2 << 10
"""fastexcel compares each attribute of a tag with all before it."""
_LONGEST_TAG = 64 << 10
_OVERLAP = 64
_SHORT_TEXT = 4 << 10
_UNCALCULATED = re.compile(rb"</f>(?:<v ?/>|<v></v>|</c>)")
_BEGIN = r"<(?:[^\s<>/][^\s<>]*:)?c"
_ODD_CELL = "|".join(
    (
        _BEGIN + r'(?:[\t\r\n/>]| (?:[^r]|r[^=]|r=[^"]|r="(?:[^A-Z]|[A-Z]+(?:[^A-Z0-9]|[0-9]+[^0-9"]))))',
        _BEGIN + r""" [^<>]*(?:['&\t\r\n]| =|= |="[^"<>]*(?:>|"[^ />]))""",
    )
)
"""A cell that does not begin with its reference, or whose attributes are not written in the usual way."""
_ODD = f"<!|{_ODD_CELL}"
_FAR = r' r="[A-Z]+[0-9]{6}'
"""Few pieces have it: a pass of a fast matcher spares a slower one."""
_CELL = b'c r="'
_OWN_TEXTS = (b't="inlineStr"', b't="str"')
_LEAST_OF_CELL = 60
_NEAR_ROWS = 99_999
_ROW = re.compile(rb' r="[A-Z]+([0-9]{6,18})')  # begins with what cannot vary: three times faster
_COLUMN = re.compile(rb' r="([A-Z]{1,9})')
_TAG_WITHOUT_ATTRIBUTES = re.compile(rb'</?[\w:.-]+(?: xml:space="preserve")?>')
_CELL_BYTES, _PLACE_BYTES, _TEXT_BYTES, _SHOWN_BYTES = 40, 32, 40, 40


@dataclass
class PartFindings:
    """What was found in a part of a workbook.

    Attributes:
        is_usual: fastexcel finds no cell in it that was not counted, and no tag that it would be slow with.
        has_uncalculated: a formula in it was never calculated, so that fastexcel finds its cell empty.
        cell_count: how many cells it has at most, if it is a sheet, and `text_count` how many with a text of their own.
        rows, columns: how far it reaches.
        text_bytes: how long these texts are at most.
    """

    is_usual: bool = True
    has_uncalculated: bool = False
    cell_count: int = 0
    text_count: int = 0
    text_bytes: int = 0
    rows: int = 0
    columns: int = 1

    def fast_bytes(self, *, has_dates: bool) -> int:
        """About as much memory as fastexcel takes for its cells, without shared texts."""
        cells_bytes = _CELL_BYTES * self.cell_count + _PLACE_BYTES * self.rows * self.columns
        texts_bytes = _TEXT_BYTES * self.text_count + 2 * self.text_bytes
        return cells_bytes + texts_bytes + has_dates * _SHOWN_BYTES * self.cell_count

    def add(self, text: bytes) -> None:
        """Take in the next piece, which ends before a tag."""
        self.is_usual = self.is_usual and b"\0" not in text and not _has(text, _ODD) and not _has_long_tag(text)
        self.has_uncalculated = self.has_uncalculated or (b"</f>" in text and _UNCALCULATED.search(text) is not None)
        cell_count = text.count(_CELL)
        self.cell_count += cell_count
        self.text_count += sum(map(text.count, _OWN_TEXTS))
        self.text_bytes += max(len(text) - _LEAST_OF_CELL * cell_count, 0)
        self.rows = max(self.rows, min(self.cell_count, 1) * _NEAR_ROWS)
        if self.columns >= 26 or _has(text, rf' r="(?:[{chr(ord("A") + self.columns)}-Z]|[A-Z]{{2}})'):
            self.columns = max(self.columns, _last_column(text))
        if _has(text, _FAR):
            self.rows = max(self.rows, *map(int, set(_ROW.findall(text))))


@dataclass(frozen=True)
class WorkbookFindings:
    """What a look through a workbook found.

    Attributes:
        parts: by their members: an archive may have two of one name.
        plain: cells of its first plain sheet, if it has one, by its member.
    """

    parts: Mapping[zipfile.ZipInfo, PartFindings]
    plain: Mapping[zipfile.ZipInfo, pa.RecordBatch]


def check_workbook(archive: zipfile.ZipFile) -> WorkbookFindings:
    """Look through every part of a workbook.

    Raises:
        DamagedFile: it cannot be unpacked, or unpacks to another size than it claims.
    """
    parts, plain = dict[zipfile.ZipInfo, PartFindings](), dict[zipfile.ZipInfo, pa.RecordBatch]()
    for member in archive.infolist():
        may_be_plain = not plain and member.file_size <= _MOST_PLAIN_BYTES
        sheet = plain_sheet(member_pieces(archive, member)) if may_be_plain else None
        parts[member] = PartFindings()
        for text in [sheet.rest] if sheet else _tags(archive, member):
            parts[member].add(text)
        if sheet and parts[member].is_usual:
            plain[member] = sheet.cells
    return WorkbookFindings(parts, plain)


@lru_cache(maxsize=1 << 15)
def column_number(letters: str) -> int:
    """1 for `A`, 27 for `AA`."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number


def _last_column(text: bytes) -> int:
    return max(map(column_number, map(bytes.decode, set(_COLUMN.findall(text)))), default=0)


def _tags(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    """A member in pieces that begin with a tag."""
    rest = b""
    for piece in member_pieces(archive, member):
        text = rest + piece
        end = max(text.rfind(b"<"), 0)
        rest = text[end:]
        if len(rest) > _LONGEST_TAG:
            end, rest = len(text), text[-_OVERLAP:]
        yield text[:end]
    yield rest


def _has_long_tag(text: bytes) -> bool:
    begins = np.flatnonzero(np.frombuffer(text, np.uint8) == ord("<"))
    is_long = np.diff(begins, append=len(text)) > _LONGEST_PLAIN_TAG
    return any(not _TAG_WITHOUT_ATTRIBUTES.match(text, begin) for begin in begins[is_long].tolist())


def _has(text: bytes, pattern: str) -> bool:
    """In a long text several times faster than `re`, where a pattern begins in many ways; it is compiled anew each time."""
    if len(text) < _SHORT_TEXT:
        return re.search(pattern.encode(), text) is not None
    return bool(pc.match_substring_regex(pa.array([text], pa.binary()), pattern)[0].as_py())
