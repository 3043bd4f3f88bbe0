"""Workbooks as tools write them: each writer takes people and gives a file."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import polars as pl
import xlsxwriter
from openpyxl.worksheet.table import Table

from tests.world.people import Person
from tests.world.text_tools import HEADER, arrow_of, by_module, frame_of, rows_of

Writer = Callable[[Sequence[Person], Path], None]
OFFICE = shutil.which("soffice") or shutil.which("libreoffice")


def by_openpyxl(people: Sequence[Person], path: Path, write_only: bool = False) -> None:
    """Rows as they come."""
    book = openpyxl.Workbook(write_only=write_only)
    sheet = book.create_sheet("People") if write_only else book.worksheets[0]
    for row in (HEADER, *rows_of(people)):
        sheet.append(list(row))
    book.save(path)


def as_a_table(people: Sequence[Person], path: Path) -> None:
    """A named table with a frozen header, column widths, a hidden sheet of codes and a cover without numbers."""
    book = openpyxl.Workbook()
    cover, sheet, codes = book.worksheets[0], book.create_sheet("Data"), book.create_sheet("codes")
    cover.title, cover["A1"] = "Cover", "Customers of 2026"
    cover.merge_cells("A1:D1")
    for row in (HEADER, *rows_of(people)):
        sheet.append(list(row))
    sheet.add_table(Table(displayName="people", ref=f"A1:D{len(people) + 1}"))
    sheet.freeze_panes, sheet.column_dimensions["B"].width = "A2", 40
    codes.append(["code", "country"])
    codes.sheet_state = "hidden"
    book.save(path)


def below_a_title(people: Sequence[Person], path: Path) -> None:
    """A report: title, day and an empty row above, totals beside, typed columns behind."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for above in (
        ["Export of customers"],
        [datetime(2026, 11, 1, 12, 30)],
        [],
        [*HEADER, "since", "at", "lasts", "spent", "vip"],
    ):
        sheet.append(above)
    for row in rows_of(people):
        sheet.append([*row, date(2020, 2, 29), time(9, 30), timedelta(hours=3), 12.5, True])
    book.save(path)


def by_xlsxwriter(people: Sequence[Person], path: Path, **options: Any) -> None:
    """With constant memory texts stand in their cells and not among the shared ones."""
    with xlsxwriter.Workbook(path, options) as book:
        sheet = book.add_worksheet()
        for at, row in enumerate((HEADER, *rows_of(people))):
            for column, value in enumerate(row):
                if isinstance(value, int):
                    sheet.write_number(at, column, value)
                else:
                    sheet.write_string(at, column, value)


def with_rich_texts(people: Sequence[Person], path: Path) -> None:
    """Names half bold; phones and countries by formulas with their values; a comment, a chart sheet, data validation."""
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("people & co")
        bold = book.add_format({"bold": True})
        sheet.write_row(0, 0, HEADER)
        sheet.write_comment(0, 0, "0532 123 45 67")
        for at, (id_, name, phone, country) in enumerate(rows_of(people), start=1):
            sheet.write_number(at, 0, id_)
            sheet.write_rich_string(at, 1, bold, name[:1], name[1:] or ".")
            sheet.write_formula(at, 2, f'=HYPERLINK("tel:{phone}","{phone}")', None, phone)
            sheet.write_formula(at, 3, f'="{country}"', None, country)
        sheet.data_validation(1, 3, 9, 3, {"validate": "list", "source": ["DE", "TR"]})
        sheet.autofilter(0, 0, len(people), 3)
        chart = book.add_chart({"type": "line"})
        chart.add_series({"values": ["people & co", 1, 0, 5, 0]})
        book.add_chartsheet().set_chart(chart)


def by_pandas(people: Sequence[Person], path: Path, **options: Any) -> None:
    """`to_excel`."""
    frame: pd.DataFrame = frame_of(people)
    frame.to_excel(path, **options)


def by_polars(people: Sequence[Person], path: Path) -> None:
    """`write_excel`, a formatted table."""
    table = pl.from_arrow(arrow_of(people))
    assert isinstance(table, pl.DataFrame)
    table.write_excel(path)


def by_libreoffice(people: Sequence[Person], path: Path) -> None:
    """A text file that LibreOffice opens and saves; columns are text, as a careful person chooses."""
    assert OFFICE
    source = path.with_suffix(".csv")
    by_module(people, source)
    told = "CSV:44,34,76,1,1/2/2/2/3/2/4/2"  # comma, quote, UTF-8, from line 1, four columns as text
    home = f"-env:UserInstallation=file://{path.parent}/office"
    command = [
        OFFICE,
        home,
        "--headless",
        f"--infilter={told}",
        "--convert-to",
        "xlsx",
        "--outdir",
        str(path.parent),
        str(source),
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=240)


WORKBOOK_TOOLS: dict[str, Writer] = {
    "openpyxl": by_openpyxl,
    "openpyxl, write only": partial(by_openpyxl, write_only=True),
    "openpyxl, a table beside a cover": as_a_table,
    "openpyxl, below a title": below_a_title,
    "xlsxwriter": by_xlsxwriter,
    "xlsxwriter, constant memory": partial(by_xlsxwriter, constant_memory=True),
    "xlsxwriter, rich texts and formulas": with_rich_texts,
    "xlsxwriter, 1904": partial(by_xlsxwriter, default_date_format="dd/mm/yy", date_1904=True),
    "pandas": partial(by_pandas, index=False),
    "pandas with its index": by_pandas,
    "pandas by xlsxwriter": partial(by_pandas, index=False, engine="xlsxwriter", sheet_name="Müşteriler"),
    "polars": by_polars,
    "LibreOffice": by_libreoffice,
}
