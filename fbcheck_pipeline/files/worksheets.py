"""Workbooks as tables of text. `plain_sheets` reads what was written row by row, fastexcel the rest, `sheet_xml` what fastexcel cannot.

One sheet is in memory at a time, beside one that is plain.

Which sheet holds what is not known here.
"""

from __future__ import annotations

import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from fbcheck_pipeline.files.arrow_text import to_text
from fbcheck_pipeline.files.repacked import repacked
from fbcheck_pipeline.files.shared_texts import TextSizes
from fbcheck_pipeline.files.sheet_xml import NO_DAY, Parts, Sheet
from fbcheck_pipeline.files.untrusted import MAX_COLUMNS, parsing
from fbcheck_pipeline.files.workbook_check import check_workbook

if TYPE_CHECKING:
    import fastexcel

MAX_FAST_BYTES = 720 << 20
"""About as much memory as fastexcel may take."""
_RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_BOOK = f'<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="{_RELATION}"><sheets>{{}}</sheets></workbook>'
_RELATIONS = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{}</Relationships>'
_TO = '<Relationship Id="{}" Type="' + _RELATION + '/{}" Target="{}"/>'
_DAY = r"^\d{4}-\d\d-\d\d"
_NUMBER = r"^-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$"


class Workbook:
    """A workbook that was found harmless; `names` are those of its sheets of cells, in order, `visible_names` those a person sees."""

    def __init__(self, archive: zipfile.ZipFile, *, has_dates: bool = True) -> None:
        """Open it.

        Args:
            archive: as `open_archive` found it within bounds; it stays open as long as sheets are read.
            has_dates: False reads numbers that are formatted as dates as the numbers they are.

        Raises:
            DamagedFile, DangerousFile: it cannot be read, or must not be.
        """
        self._found = check_workbook(archive)
        with parsing("workbook"):
            self._parts = Parts.of(archive)
        self._has_dates = has_dates and any(self._parts.date_styles)
        self.names = [sheet.name for sheet in self._parts.sheets]
        self.visible_names = [sheet.name for sheet in self._parts.sheets if sheet.is_visible]

    def cells(self, name: str) -> pa.RecordBatch:
        """A sheet's cells as string columns, without empty rows at its beginning and end.

        Raises:
            DamagedFile: it cannot be read.
            DangerousFile: it would take more memory than any honest sheet does.
        """
        sheet = next(sheet for sheet in self._parts.sheets if sheet.name == name)
        if plain := self._found.plain.get(self._parts.members[sheet.part]):
            return plain
        with parsing("workbook"):
            if self._is_fast(sheet):
                with _or_slowly():
                    return self._fast_cells(sheet)
            return self._parts.cells(sheet, has_dates=self._has_dates)

    def _is_fast(self, sheet: Sheet) -> bool:
        """True where fastexcel reads all of a sheet, and takes no more memory than it may."""
        members, texts = self._parts.members, self._parts.texts_part
        found, *others = [self._found.parts[members[part]] for part in (sheet.part, texts, self._parts.styles_part) if part]
        if found.has_uncalculated or found.columns > MAX_COLUMNS or (self._has_dates and self._parts.counts_from_1904):
            return False
        left_bytes = MAX_FAST_BYTES - found.fast_bytes(has_dates=self._has_dates)
        if not (found.is_usual and all(each.is_usual for each in others)) or left_bytes < 0:
            return False
        if not texts:
            return True
        if self._text_sizes is None:
            return False
        left_bytes -= self._text_sizes.held_bytes
        archive, member = self._parts.archive, members[sheet.part]
        return self._text_sizes.written_bytes(archive, member, found.cell_count, left_bytes) <= left_bytes

    @cached_property
    def _text_sizes(self) -> TextSizes | None:
        texts = self._parts.texts_part
        return TextSizes.of(self._parts.archive, self._parts.members[texts]) if texts else None

    @cached_property
    def _stored(self) -> fastexcel.ExcelReader:
        """It reads every number as it is stored: without styles none looks like a date."""
        return self._opened(has_styles=False)

    @cached_property
    def _shown(self) -> fastexcel.ExcelReader:
        """It reads days as days."""
        return self._opened(has_styles=True)

    def _opened(self, *, has_styles: bool) -> fastexcel.ExcelReader:
        """A workbook of the parts that were looked through, and of no others; its sheets are called by their numbers."""
        import fastexcel  # 4 MB that plain sheets, and lists that are no workbooks, do without

        members, sheets = self._parts.members, self._parts.sheets
        listed = "".join(f'<sheet name="{at}" sheetId="{at + 1}" r:id="r{at}"/>' for at in range(len(sheets)))
        targets = {f"r{at}": ("worksheet", f"worksheets/sheet{at}.xml", sheet.part) for at, sheet in enumerate(sheets)}
        if texts := self._parts.texts_part:
            targets["texts"] = "sharedStrings", "sharedStrings.xml", texts
        if has_styles and (styles := self._parts.styles_part):
            targets["styles"] = "styles", "styles.xml", styles
        content: dict[str, zipfile.ZipInfo | bytes] = {
            "_rels/.rels": _relations({"book": ("officeDocument", "xl/workbook.xml", "")}),
            "xl/workbook.xml": _BOOK.format(listed).encode(),
            "xl/_rels/workbook.xml.rels": _relations(targets),
            **{f"xl/{target}": members[part] for _, target, part in targets.values()},
        }
        return fastexcel.read_excel(repacked(self._parts.archive, content))

    def _fast_cells(self, sheet: Sheet) -> pa.RecordBatch:
        name = str(self._parts.sheets.index(sheet))
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


def _relations(targets: Mapping[str, tuple[str, str, str]]) -> bytes:
    """Args: targets: by their ids their kinds and places."""
    return _RELATIONS.format("".join(_TO.format(identity, *target) for identity, target in targets.items())).encode()


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
