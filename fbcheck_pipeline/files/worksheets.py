"""Workbooks as tables of text. `plain_sheets` reads what was written row by row, fastexcel the rest, `sheet_xml` what fastexcel cannot.

One sheet is in memory at a time, beside one that is plain.

Which sheet holds what is not known here.
"""

from __future__ import annotations

import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from fbcheck_pipeline.files.arrow_text import to_text
from fbcheck_pipeline.files.sheet_xml import NO_DAY, Parts
from fbcheck_pipeline.files.untrusted import check_workbook, parsing

if TYPE_CHECKING:
    import fastexcel

_STYLES = re.compile(rb"xl([/\\])styles(\w*)\.xml", re.IGNORECASE)
_DAY = r"^\d{4}-\d\d-\d\d"
_NUMBER = r"^-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$"


class Workbook:
    """A workbook that was found harmless; `names` are those of its sheets of cells, in order, `visible_names` those a person sees."""

    def __init__(self, source: Path | bytes, archive: zipfile.ZipFile, *, has_dates: bool = True) -> None:
        """Open it.

        Args:
            archive: the same, as `open_archive` found it within bounds.
            has_dates: False reads numbers that are formatted as dates as the numbers they are.

        Raises:
            DamagedFile, DangerousFile: it cannot be read, or must not be.
        """
        found = check_workbook(archive)
        with parsing("workbook"):
            self._parts = Parts.of(archive)
            self._parts.check_texts()
        self._source = source
        self._has_dates = has_dates and any(self._parts.date_styles)
        self._plain = found.plain
        self._is_fast = not found.has_uncalculated and not (self._has_dates and self._parts.counts_from_1904)
        self.names = [sheet.name for sheet in self._parts.sheets]
        self.visible_names = [sheet.name for sheet in self._parts.sheets if sheet.is_visible]

    def cells(self, name: str) -> pa.RecordBatch:
        """A sheet's cells as string columns, without empty rows at its beginning and end.

        Raises:
            DamagedFile: it cannot be read.
            DangerousFile: it would take more memory than any honest sheet does.
        """
        sheet = next(sheet for sheet in self._parts.sheets if sheet.name == name)
        if plain := self._plain.get(self._parts.members[sheet.part]):
            return plain
        if self._is_fast:
            with _or_slowly():
                return self._fast_cells(name)
        with parsing("workbook"):
            return self._parts.cells(sheet, has_dates=self._has_dates)

    @cached_property
    def _stored(self) -> fastexcel.ExcelReader:
        """It reads every number as it is stored: where styles are not found, none looks like a date."""
        if not any(self._parts.date_styles):
            return self._shown
        content = self._source if isinstance(self._source, bytes) else self._source.read_bytes()
        return _opened(_STYLES.sub(rb"xl\1unused\2.xml", content))

    @cached_property
    def _shown(self) -> fastexcel.ExcelReader:
        """It reads days as days."""
        return _opened(self._source)

    def _fast_cells(self, name: str) -> pa.RecordBatch:
        cells = _exact(self._stored, name, _load(self._stored, name, "string"))
        if self._has_dates:
            shown = _load(self._shown, name, "string")
            columns = [
                _days(stored, _as_long(day, len(stored))) for stored, day in zip(cells.columns, shown.columns, strict=True)
            ]
            cells = pa.RecordBatch.from_arrays(columns, cells.schema.names)
        return pa.RecordBatch.from_arrays(cells.columns, [str(index) for index in range(cells.num_columns)])


@contextmanager
def _or_slowly() -> Iterator[None]:
    """Whatever fastexcel cannot read is left to the slow reader; a panic of its Rust code is a BaseException."""
    try:
        yield
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt | SystemExit | GeneratorExit):
            raise


def _opened(source: Path | bytes) -> fastexcel.ExcelReader:
    import fastexcel  # 4 MB that plain sheets, and lists that are no workbooks, do without

    return fastexcel.read_excel(source)


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


def _days(stored: pa.StringArray, shown: pa.StringArray) -> pa.StringArray:
    """What is shown where a number is a day or time; the number where it is too large for one, as phones are."""
    differs = pc.fill_null(pc.not_equal(stored, shown), False)
    if not pc.any(differs).as_py():
        return stored
    is_shown = pc.and_(differs, pc.match_substring_regex(shown, _DAY))
    numbers = pc.if_else(pc.and_(is_shown, pc.match_substring_regex(stored, _NUMBER)), stored, None).cast(pa.float64())
    is_day = pc.fill_null(pc.and_(pc.less(numbers, NO_DAY), pc.greater_equal(numbers, 0)), False)
    return pc.if_else(is_day, _natural(shown), stored)


def _natural(shown: pa.StringArray) -> pa.StringArray:
    """Days without midnight, times of day without a date."""
    days = pc.replace_substring_regex(shown, r"^(\d{4}-\d\d-\d\d) 00:00:00$", r"\1")
    return pc.replace_substring_regex(days, r"^1899-12-3[01] (\d\d:\d\d:\d\d)$", r"\1")


def _as_long(column: pa.StringArray, length: int) -> pa.StringArray:
    """Rows at the end that hold nothing but numbers too large for days are null there, and so were left out."""
    return pa.concat_arrays([column, pa.nulls(length - len(column), pa.string())]) if len(column) < length else column[:length]


def _holds(column: pa.StringArray, sign: str) -> bool:
    """Far cheaper than a pattern, and most columns hold none."""
    return bool(pc.any(pc.match_substring(column, sign)).as_py())
