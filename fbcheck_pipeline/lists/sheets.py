"""XLSX lists: which sheet. How a workbook is read is not known here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from fbcheck_pipeline.errors import ListError
from fbcheck_pipeline.files.untrusted import Bounds, is_workbook, open_archive
from fbcheck_pipeline.files.worksheets import Workbook
from fbcheck_pipeline.lists.column_choice import HEAD_ROWS, Cell, choose, find_header
from fbcheck_pipeline.lists.facts import ReadOptions
from fbcheck_pipeline.lists.refusals import faults_named
from fbcheck_pipeline.text.recogniser import is_phone_like

BOUNDS = Bounds(unpacked_bytes=2 << 30, honest_bytes=256 << 20, member_count=10_000)


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
    with faults_named(path), open_archive(path, BOUNDS) as archive:
        if not is_workbook(archive):
            raise ListError(
                f"{path.name}: this is a zip archive and no .xlsx workbook; unpack it, or save the list as .xlsx or .csv"
            )
        return _chosen_sheet(path, Workbook(path, archive), options)


def _chosen_sheet(path: Path, book: Workbook, options: ReadOptions) -> SheetTable:
    if not book.names:
        raise ListError(f"{path.name}: the workbook has no sheets; save the list again")
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


def _sheet_with_phones(book: Workbook, options: ReadOptions) -> tuple[str, pa.RecordBatch, str]:
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


def _rows(cells: pa.RecordBatch) -> list[list[Cell]]:
    return [list(row) for row in zip(*(column.to_pylist() for column in cells.columns), strict=True)]
