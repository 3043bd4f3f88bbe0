"""A workbook as the zip archive it is: bounds, before a library unpacks it into memory."""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass
from pathlib import Path

from fbcheck_pipeline.errors import ListError
from fbcheck_pipeline.lists.strangers import parsing

MAX_UNPACKED_BYTES = 2 << 30
MAX_RATIO = 200
HONEST_BYTES = 256 << 20
MAX_CELLS = 40_000_000
_PIECE_BYTES = 1 << 20
_OVERLAP = 64
_WIDE_CELL = re.compile(rb' r="([A-Z]{2,3})\d')
_ROW = re.compile(rb'<row [^>]*?r="(\d+)"')
_UNCALCULATED = re.compile(rb"</f>(?:<v ?/>|<v></v>|</c>)")


@dataclass(frozen=True)
class Archive:
    """What its sheets hold: formulas that no spreadsheet has ever calculated are text to us, and empty to most readers."""

    has_uncalculated: bool


def check_archive(path: Path) -> Archive:
    """Look through an .xlsx file without unpacking it into memory.

    Raises:
        ListError: it is damaged, no workbook, or would need more memory than any honest list.
    """
    with parsing(path, "workbook is truncated or damaged", "bring it again"), zipfile.ZipFile(path) as archive:
        _check_size(path, archive.infolist())
        sheets = [name for name in archive.namelist() if name.lower().startswith("xl/worksheets/") and name.endswith(".xml")]
        return Archive(any([_look_through(path, archive, sheet) for sheet in sheets]))


def _check_size(path: Path, members: list[zipfile.ZipInfo]) -> None:
    if not any(member.filename.lower().startswith("xl/") for member in members):
        raise ListError(f"{path.name}: this is a zip archive and no .xlsx workbook; unpack it, or save the list as .xlsx or .csv")
    unpacked = sum(member.file_size for member in members)
    if unpacked > MAX_UNPACKED_BYTES or (unpacked > HONEST_BYTES and unpacked > MAX_RATIO * path.stat().st_size):
        raise ListError(f"{path.name}: the workbook unpacks to {unpacked >> 20} MB; save the list as CSV")


def _look_through(path: Path, archive: zipfile.ZipFile, sheet: str) -> bool:
    """Whether a formula has no value; a cell far out would make every row between it and the table real."""
    rows, columns, has_uncalculated, rest = 1, 26, False, b""
    with archive.open(sheet) as file:
        while piece := file.read(_PIECE_BYTES):
            text = rest + piece
            has_uncalculated = has_uncalculated or _UNCALCULATED.search(text) is not None
            columns = max([columns, *(_number(letters) for letters in set(_WIDE_CELL.findall(text)))])
            last_row = _ROW.search(text, max(text.rfind(b"<row "), 0))
            rows = max(rows, int(last_row[1])) if last_row else rows
            rest = text[-_OVERLAP:]
    if rows * columns > MAX_CELLS:
        raise ListError(
            f"{path.name}: a cell stands far outside the table ({rows} rows by {columns} columns); delete it, or save as CSV"
        )
    return has_uncalculated


def _number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
