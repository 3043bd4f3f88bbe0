"""Workbooks as tables of text. fastexcel reads, openpyxl what fastexcel cannot. One sheet is in memory at a time.

Which sheet holds what is not known here.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from itertools import repeat
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import fastexcel
import pyarrow as pa
import pyarrow.compute as pc

from fbcheck_pipeline.files.arrow_text import to_text
from fbcheck_pipeline.files.untrusted import check_workbook, parsing

_STYLES = re.compile(rb"xl/styles\.xml", re.IGNORECASE)


class Workbook:
    """A workbook that was found harmless; `names` are those of its sheets, in order."""

    def __init__(self, source: Path | bytes, archive: zipfile.ZipFile, *, has_dates: bool = True) -> None:
        """Open it.

        Args:
            archive: the same, as `open_archive` found it within bounds.
            has_dates: False reads numbers that are formatted as dates as the numbers they are.

        Raises:
            DamagedFile, DangerousFile: it cannot be read, or must not be.
        """
        self._has_uncalculated = check_workbook(archive)
        self._source, self._archive, self._has_dates = source, archive, has_dates
        self._fast: fastexcel.ExcelReader | None = None
        if not self._has_uncalculated:
            with _or_slowly():
                self._fast = fastexcel.read_excel(source if has_dates else _without_styles(source))
        self.names: list[str] = self._fast.sheet_names if self._fast else self._openpyxl(data_only=True).sheetnames

    def visible_names(self) -> list[str]:
        """The sheets that a person sees.

        Raises:
            DamagedFile: the workbook does not say which they are.
        """
        with parsing("workbook"):
            if self._fast is None:
                return [sheet.title for sheet in self._openpyxl(data_only=True).worksheets if sheet.sheet_state == "visible"]
            sheets = ElementTree.fromstring(self._archive.read("xl/workbook.xml")).iterfind("{*}sheets/{*}sheet")
            hidden = {sheet.get("name") for sheet in sheets if sheet.get("state", "visible") != "visible"}
            return [name for name in self.names if name not in hidden]

    def cells(self, name: str) -> pa.RecordBatch:
        """A sheet's cells as string columns, without empty rows at its beginning and end.

        Raises:
            DamagedFile: it cannot be read.
        """
        if self._fast is not None:
            with _or_slowly():
                return _natural(_exact(self._fast, name, _load(self._fast, name, "string")))
        with parsing("workbook"):
            return self._slow_cells(name)

    def _slow_cells(self, name: str) -> pa.RecordBatch:
        """By openpyxl, fifteen times slower; the text of a formula that was never calculated stands for its value."""
        values = self._rows(name, data_only=True)
        formulas = self._rows(name, data_only=False) if self._has_uncalculated else repeat(repeat(None))
        rows = [
            [formula if value is None else value for value, formula in zip(*pair, strict=self._has_uncalculated)]
            for pair in zip(values, formulas, strict=self._has_uncalculated)
        ]
        filled = [index for index, row in enumerate(rows) if any(row)]
        rows = rows[filled[0] : filled[-1] + 1] if filled else []
        width = max(map(len, rows), default=0)
        columns = [pa.array([row[at] if at < len(row) else None for row in rows], pa.string()) for at in range(width)]
        return pa.RecordBatch.from_arrays(columns, [str(at) for at in range(width)])

    def _rows(self, name: str, *, data_only: bool) -> Iterator[list[str | None]]:
        """A sheet's rows as fastexcel would give them; none of a sheet that is a chart."""
        book = self._openpyxl(data_only=data_only)
        epoch = book.epoch if self._has_dates else None
        for sheet in book.worksheets:
            if sheet.title == name:
                for row in sheet.iter_rows():
                    yield [None if cell.value is None else _text(cell, epoch) for cell in row]

    def _openpyxl(self, *, data_only: bool) -> Any:
        from openpyxl import load_workbook  # a tenth of a second that nearly no run needs

        with parsing("workbook"):
            source = io.BytesIO(self._source) if isinstance(self._source, bytes) else self._source
            book: Any = load_workbook(source, read_only=True, data_only=data_only)
            # Private, for there is no other way: openpyxl would put a phone in a cell of dates into a warning, and so into logs.
            book._date_formats = set()
            for sheet in book.worksheets:
                sheet.reset_dimensions()
            return book


@contextmanager
def _or_slowly() -> Iterator[None]:
    """Whatever fastexcel cannot read is left to openpyxl; a panic of its Rust code is a BaseException."""
    try:
        yield
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt | SystemExit | GeneratorExit):
            raise


def _load(book: fastexcel.ExcelReader, name: str, types: Any) -> pa.RecordBatch:
    batch: pa.RecordBatch = book.load_sheet(name, header_row=None, dtypes=types, eager=True, skip_whitespace_tail_rows=True)
    return batch


def _exact(book: fastexcel.ExcelReader, name: str, cells: pa.RecordBatch) -> pa.RecordBatch:
    """Fractions with all their digits: as text fastexcel gives the first nine."""
    rounded = [
        at
        for at, column in enumerate(cells.columns)
        if _holds(column, ".") and pc.any(pc.match_substring_regex(column, r"\.\d{9}$")).as_py()
    ]
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
    columns = list(cells.columns)
    for at, column in enumerate(columns):
        if _holds(column, ":"):
            days = pc.replace_substring_regex(column, r"^(\d{4}-\d\d-\d\d) 00:00:00$", r"\1")
            columns[at] = pc.replace_substring_regex(days, r"^1899-12-3[01] (\d\d:\d\d:\d\d)$", r"\1")
    return pa.RecordBatch.from_arrays(columns, [str(index) for index in range(len(columns))])


def _holds(column: pa.StringArray, sign: str) -> bool:
    """Far cheaper than a pattern, and most columns hold none."""
    return bool(pc.any(pc.match_substring(column, sign)).as_py())


def _without_styles(source: Path | bytes) -> bytes:
    """A workbook whose styles nobody finds, because their member has another name: no number looks like a date then."""
    content = source if isinstance(source, bytes) else source.read_bytes()
    return _STYLES.sub(b"xl/unused.xml", content)


def _text(cell: Any, epoch: datetime | None) -> str:
    value = cell.value
    if epoch and cell.is_date and isinstance(value, int | float):
        value = _moment(value, epoch)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.isoformat(" ") if value.time() != time() else value.date().isoformat()
    return value.isoformat() if isinstance(value, date | time) else str(value)


def _moment(days: float, epoch: datetime) -> object:
    """The day and time that a spreadsheet shows; the number itself where it is too large for one."""
    from openpyxl.utils.datetime import from_excel

    try:
        return from_excel(days, epoch)
    except (OverflowError, ValueError):
        return days
