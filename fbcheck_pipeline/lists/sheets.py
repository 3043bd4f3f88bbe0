"""XLSX lists: which sheet. How a workbook is read is not known here."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from fbcheck_pipeline.errors import ListError
from fbcheck_pipeline.files.arrow_text import rows_of
from fbcheck_pipeline.files.untrusted import Bounds, is_workbook, open_archive
from fbcheck_pipeline.files.worksheets import Workbook
from fbcheck_pipeline.lists.column_choice import HEAD_ROWS, choose
from fbcheck_pipeline.lists.facts import ReadOptions
from fbcheck_pipeline.lists.header_choice import Cell, find_header
from fbcheck_pipeline.lists.list_table import ListTable
from fbcheck_pipeline.lists.refusals import faults_named
from fbcheck_pipeline.text.recogniser import is_phone_like

MOST_HEAD_CELLS = 1_000_000
"""Of a wide sheet fewer rows tell which column holds phones: each cell becomes a Python object."""
MOST_KEPT_BYTES = 128 << 20
"""Of the sheet that is best so far, while others are looked at; a larger one is read anew."""
BOUNDS = Bounds(unpacked_bytes=2 << 30, honest_bytes=64 << 20, member_count=10_000)


def open_sheet_table(path: Path, options: ReadOptions) -> ListTable:
    """Find the sheet that has the phones, and read it.

    Raises:
        ListError: no workbook, no such sheet, every sheet empty, or more data than a workbook can honestly hold.
    """
    with faults_named(path), open_archive(path, BOUNDS) as archive:
        if not is_workbook(archive):
            raise ListError(
                f"{path.name}: this is a zip archive and no .xlsx workbook; unpack it, or save the list as .xlsx or .csv"
            )
        return _chosen_sheet(path, Workbook(archive), options)


def _chosen_sheet(path: Path, book: Workbook, options: ReadOptions) -> ListTable:
    hidden = [name for name in book.names if name not in book.visible_names]
    unread = (f"Not read, because hidden: {_listed(hidden)}; --sheet reads one.",) if hidden and options.sheet is None else ()
    if options.sheet is not None:
        name = _named(path, book.names, options.sheet)
        why = "an option names it; it is hidden" if name in hidden else "an option names it"
        cells = book.cells(name)
    elif not book.visible_names:
        if hidden:
            raise ListError(f"{path.name}: all sheets are hidden: {_listed(hidden)}; name one with --sheet")
        raise ListError(f"{path.name}: the workbook has no sheets; save the list again")
    elif len(book.visible_names) == 1:
        name, why = book.visible_names[0], "the only visible one" if hidden else "the only one"
        cells = book.cells(name)
    else:
        name, cells, why = _sheet_with_phones(book, options)
    if not cells.num_rows:
        raise ListError(f"{path.name}: sheet {name!r} has no filled cells; choose another with --sheet, or save the list again")
    return ListTable(
        head=rows_of(cells.slice(0, _head_rows(cells))),
        batches=lambda data_row, _: iter([cells.slice(data_row)]),
        expected_rows=lambda data_row, _: int(cells.num_rows) - data_row,
        reasons=(f"Sheet {name!r}: {why}.", *unread),
        sheet=name,
    )


def _sheet_with_phones(book: Workbook, options: ReadOptions) -> tuple[str, pa.RecordBatch, str]:
    """Name, cells, and why; one large sheet is in memory at a time."""
    best: tuple[int, int] = (-1, 0)
    chosen, kept, with_phones = "", None, list[str]()
    for name in book.visible_names:
        phones, rows, cells = _weighed(book.cells(name), options)
        with_phones += [name] if phones else []
        if (phones, rows) > best:
            best, chosen, kept = (phones, rows), name, cells
    others = [name for name in with_phones if name != chosen]
    also = f"; {_listed(others)} also {'contains' if len(others) == 1 else 'contain'} phones: use --sheet" if others else ""
    return chosen, book.cells(chosen) if kept is None else kept, f"it has the most phones{also}"


def _weighed(cells: pa.RecordBatch, options: ReadOptions) -> tuple[int, int, pa.RecordBatch | None]:
    """Phones among the first rows, rows, and the cells where they are few enough to be kept."""
    phones = _phone_cell_count(rows_of(cells.slice(0, _head_rows(cells))), options)
    return phones, cells.num_rows, cells if cells.nbytes <= MOST_KEPT_BYTES else None


def _head_rows(cells: pa.RecordBatch) -> int:
    return min(HEAD_ROWS, MOST_HEAD_CELLS // max(int(cells.num_columns), 1))


def _listed(names: list[str]) -> str:
    return ", ".join(map(repr, names))


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
