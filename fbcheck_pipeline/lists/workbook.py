"""XLSX: which sheet, and its cells as text.

fastexcel reads; openpyxl where fastexcel cannot. The format cannot be streamed well: one sheet is in memory at a time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import fastexcel
import pyarrow as pa
import pyarrow.compute as pc

from fbcheck_pipeline.errors import ListError
from fbcheck_pipeline.lists.archive import check_archive
from fbcheck_pipeline.lists.cells import to_text
from fbcheck_pipeline.lists.columns import HEAD_ROWS, Cell, choose, find_header
from fbcheck_pipeline.lists.facts import ReadOptions
from fbcheck_pipeline.lists.strangers import parsing
from fbcheck_pipeline.text.recogniser import is_phone_like


@dataclass
class SheetTable:
    """One sheet as string columns."""

    sheet: str
    cells: pa.RecordBatch
    reasons: tuple[str, ...]
    has_header: None = None
    encoding: None = None
    shown_delimiter: None = None
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def head(self) -> list[list[Cell]]:
        """The first rows."""
        return _rows(self.cells.slice(0, HEAD_ROWS))

    def width(self, header_row: int | None) -> int:
        """How many columns."""
        return len(self.cells.columns)

    def expected_rows(self, data_row: int, rows_read: int) -> int:
        """The rows below the header."""
        return int(self.cells.num_rows) - data_row

    def batches(self, data_row: int, width: int) -> Iterator[pa.RecordBatch]:
        """Rows from `data_row` on."""
        yield self.cells.slice(data_row)


def open_sheet_table(path: Path, options: ReadOptions) -> SheetTable:
    """Find the sheet that has the phones, and read it.

    Raises:
        ListError: no workbook, no such sheet, every sheet empty, or more data than a workbook can honestly hold.
    """
    book = _Book(path)
    if options.sheet is not None:
        name, why = _named(path, book.names, options.sheet), "it was asked for"
        cells = book.cells(name)
    elif len(book.names) == 1:
        name, why = book.names[0], "the only one"
        cells = book.cells(name)
    else:
        name, cells, why = _sheet_with_phones(book, options)
    if not cells.num_rows:
        raise ListError(f"{path.name}: sheet {name!r} has no filled cells; name another with --sheet, or save the list again")
    return SheetTable(name, cells, (f"Sheet {name!r}: {why}.",))


def _sheet_with_phones(book: _Book, options: ReadOptions) -> tuple[str, pa.RecordBatch, str]:
    """Name, cells, and why; at most two sheets are in memory at once."""
    best: tuple[int, int] = (-1, 0)
    chosen, with_phones = ("", pa.RecordBatch.from_arrays([], [])), []
    for name in book.names:
        cells = book.cells(name)
        phones = _phone_cell_count(_rows(cells.slice(0, HEAD_ROWS)), options)
        with_phones += [name] if phones else []
        if (phones, cells.num_rows) > best:
            best, chosen = (phones, cells.num_rows), (name, cells)
    others = [name for name in with_phones if name != chosen[0]]
    also = f"; phones stand in {', '.join(map(repr, others))} too, read with --sheet" if others else ""
    return (*chosen, f"it has the most phones{also}")


def _named(path: Path, names: list[str], asked: str) -> str:
    for name in names:
        if asked in (name, name.strip()) or asked.strip().casefold() == name.strip().casefold():
            return name
    raise ListError(f"{path.name}: there is no sheet {asked!r}; its sheets are {', '.join(names)}")


def _phone_cell_count(head: list[list[Cell]], options: ReadOptions) -> int:
    """Phone-like cells in the columns that would be chosen; 0 where none would."""
    header = find_header(head, options.has_header)
    data = head[header.data_row :]
    if not data:
        return 0
    try:
        chosen = choose(
            data, head[header.row] if header.row is not None else None, len(head[0]), ReadOptions(column=options.column), ""
        )
    except ListError:
        return 0
    return sum(is_phone_like(row[index] or "") for row in data for index in chosen.phones)


class _Book:
    """A workbook by whichever library can read all of it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fast: fastexcel.ExcelReader | None = None
        if not check_archive(path).has_uncalculated:
            with _or_slowly():
                self._fast = fastexcel.read_excel(path)
        self.names: list[str] = self._fast.sheet_names if self._fast else _openpyxl(path).sheetnames
        if not self.names:
            raise ListError(f"{path.name}: the workbook has no sheets; save the list again")

    def cells(self, name: str) -> pa.RecordBatch:
        """A sheet's cells as text, without empty rows at its beginning and end."""
        if self._fast is not None:
            with _or_slowly():
                return _natural(_exact(self._fast, name, _load(self._fast, name, "string")))
        return self._slow_cells(name)

    def _slow_cells(self, name: str) -> pa.RecordBatch:
        """By openpyxl; where a formula was never calculated its text stands for its value."""
        with _parsing(self._path):
            values, formulas = (_openpyxl(self._path, data_only=kind)[name].iter_rows(values_only=True) for kind in (True, False))
            rows = [
                [_text(formula if value is None else value) for value, formula in zip(*pair, strict=True)]
                for pair in zip(values, formulas, strict=True)
            ]
            filled = [index for index, row in enumerate(rows) if any(row)]
            rows = rows[filled[0] : filled[-1] + 1] if filled else []
            width = max(map(len, rows), default=0)
            columns = [pa.array([row[at] if at < len(row) else None for row in rows], pa.string()) for at in range(width)]
            return pa.RecordBatch.from_arrays(columns, [str(at) for at in range(width)])


@contextmanager
def _or_slowly() -> Iterator[None]:
    """Whatever fastexcel cannot read is left to openpyxl; a panic of its Rust code is a BaseException."""
    try:
        yield
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt | SystemExit | GeneratorExit):
            raise


def _parsing(path: Path) -> AbstractContextManager[None]:
    return parsing(path, "workbook is damaged", "open it in a spreadsheet and save it again as .xlsx")


def _openpyxl(path: Path, *, data_only: bool = True) -> Any:
    from openpyxl import load_workbook

    with _parsing(path):
        book = load_workbook(path, read_only=True, data_only=data_only)
        for sheet in book.worksheets:
            sheet.reset_dimensions()
        return book


def _load(book: fastexcel.ExcelReader, name: str, types: Any) -> pa.RecordBatch:
    batch: pa.RecordBatch = book.load_sheet(name, header_row=None, dtypes=types, eager=True, skip_whitespace_tail_rows=True)
    return batch


def _exact(book: fastexcel.ExcelReader, name: str, cells: pa.RecordBatch) -> pa.RecordBatch:
    """Fractions with all their digits: as text fastexcel gives the first nine."""
    rounded = [at for at, column in enumerate(cells.columns) if pc.any(pc.match_substring_regex(column, r"\.\d{9}$")).as_py()]
    if not rounded:
        return cells
    floats = _load(book, name, {at: "float" if at in rounded else "string" for at in range(len(cells.columns))})
    columns = list(cells.columns)
    for at in rounded:
        is_rounded = pc.fill_null(pc.match_substring_regex(columns[at], r"^-?\d+\.\d{9}$"), False)
        columns[at] = pc.if_else(is_rounded, pc.coalesce(to_text(floats.column(at), Counter()), columns[at]), columns[at])
    return pa.RecordBatch.from_arrays(columns, cells.schema.names)


def _natural(cells: pa.RecordBatch) -> pa.RecordBatch:
    """Days without midnight, times of day without a date."""
    columns = []
    for column in cells.columns:
        days = pc.replace_substring_regex(column, r"^(\d{4}-\d\d-\d\d) 00:00:00$", r"\1")
        columns.append(pc.replace_substring_regex(days, r"^1899-12-3[01] (\d\d:\d\d:\d\d)$", r"\1"))
    return pa.RecordBatch.from_arrays(columns, [str(index) for index in range(len(columns))])


def _rows(cells: pa.RecordBatch) -> list[list[Cell]]:
    return [list(row) for row in zip(*(column.to_pylist() for column in cells.columns), strict=True)]


def _text(value: object) -> Cell:
    """One openpyxl cell as fastexcel would give it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.isoformat(" ") if value.time() != time() else value.date().isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    return None if value is None else str(value)
