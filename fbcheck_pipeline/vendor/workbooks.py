"""Workbooks as tables of text, and what makes one too dangerous to open.

Which sheet holds what is not known here.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator
from typing import Any

import fastexcel
import pyarrow as pa
import pyarrow.compute as pc

from fbcheck_pipeline.errors import ResultForbidden

MAX_GRID_CELLS = 30_000_000
"""Readers lay a sheet out from its first to its last cell: two far cells could ask for all memory."""

MANY_COLUMNS = 100

_DTD = ("<!DOCTYPE", "<!ENTITY")
_FAR_REFERENCE = r"r=[\"'](?:[A-Za-z]{2}|[A-Za-z]?[0-9]{7})"
_CELL_ELSEWHERE = r":c|<c(?:[^ o]|o[^l]|ol[^s ]| [^r]| r[^=])"  # does not begin with its reference, or is something else
_ODD = "|".join((*_DTD, _FAR_REFERENCE, _CELL_ELSEWHERE))
"""Nearly no sheet has any of it: one pass of a fast matcher spares the slower ones."""
_ROW = re.compile(rb"<(?:[\w.-]+:)?row\b")
_REFERENCE = re.compile(rb"\sr=[\"']([A-Za-z]{0,9})([0-9]{0,18})")


def check_workbook_xml(xml: bytes) -> None:
    """Refuse what no result workbook has.

    Args:
        xml: any member of it.

    Raises:
        ResultForbidden: XML entities, or cells so far apart that reading them would take all memory.
    """
    # UTF-16 would hide what is looked for; ASCII's zero bytes may go.
    xml = xml.replace(b"\0", b"") if b"\0" in xml[:64] else xml
    if not pc.match_substring_regex(pa.array([xml], pa.binary()), _ODD)[0].as_py():
        return
    if any(mark.encode() in xml for mark in _DTD):
        raise ResultForbidden("the result is a workbook whose XML declares entities: an entity bomb")
    if _may_be_sparse(xml) and _grid_cells(xml) > MAX_GRID_CELLS:
        raise ResultForbidden(f"the result is a workbook with a sheet of more than {MAX_GRID_CELLS} cells")


def sheets_of(data: bytes) -> list[pa.Table]:
    """All sheets as tables of strings, header rows and empty leading rows included.

    Args:
        data: a workbook that `check_workbook_xml` has passed.

    Raises:
        Exception: of any kind, when both readers fail; the caller names it.
    """
    try:
        return [_as_text(sheet) for sheet in _fast_sheets(data)]
    except BaseException as error:
        # A panic of the Rust reader is a BaseException; only Python's own must pass.
        if isinstance(error, KeyboardInterrupt | SystemExit | GeneratorExit):
            raise
    return list(_slow_sheets(data))


def _fast_sheets(data: bytes) -> Iterator[pa.RecordBatch]:
    book = fastexcel.read_excel(data)
    for index in range(len(book.sheet_names)):
        yield book.load_sheet(index, header_row=None, dtypes="string").to_arrow()


def _slow_sheets(data: bytes) -> Iterator[pa.Table]:
    """openpyxl reads some of what fastexcel does not; fifteen times slower."""
    import openpyxl  # a tenth of a second that nearly no run needs

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        for sheet in book.worksheets:
            rows = [[_text(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]
            width = max(map(len, rows), default=0)
            columns = [pa.array([row[i] if i < len(row) else None for row in rows], pa.string()) for i in range(width)]
            yield pa.table(columns, names=[str(i) for i in range(width)])


def _as_text(batch: pa.RecordBatch) -> pa.Table:
    columns = [column.cast(pa.string()) for column in batch.columns]
    return pa.table(columns, names=[str(i) for i in range(len(columns))])


def _text(cell: Any) -> str | None:
    if cell is None:
        return None
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


def _may_be_sparse(xml: bytes) -> bool:
    """False where cells are near, and few do not begin with their reference: ten times cheaper than measuring."""
    cells_elsewhere = xml.count(b"<c") + xml.count(b":c") - xml.count(b"<c r=")
    return cells_elsewhere > MANY_COLUMNS or re.search(_FAR_REFERENCE.encode(), xml) is not None


def _grid_cells(xml: bytes) -> int:
    """How many cells a reader would lay out: a cell without reference stands beside the one before."""
    width = height = 1
    for column, row in _REFERENCE.findall(xml):
        width, height = max(width, _column_number(column)), max(height, int(row or 0))
    rows = _ROW.split(xml)
    longest = max(row.count(b"<c") + row.count(b":c") for row in rows)
    return (width + longest) * (height + len(rows))


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number
