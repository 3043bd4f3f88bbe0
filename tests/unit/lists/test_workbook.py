"""XLSX: the sheet with the phones, cells as a person would read them, and workbooks that mean harm."""

# ruff: noqa: RUF001 - Turkish letters are what lists hold

from __future__ import annotations

import zipfile
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from fbcheck_pipeline.errors import ListError
from fbcheck_pipeline.files.untrusted import Bounds
from fbcheck_pipeline.lists import sheets
from tests.unit.lists.reading import column, read


def workbook(path: Path, sheets: dict[str, list[list[Any]]]) -> Path:
    book = Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def rewritten(path: Path, member: str, change: Any) -> Path:
    """The workbook with one member of its archive changed."""
    with zipfile.ZipFile(path) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    parts[member] = change(parts[member])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name, content in parts.items():
            new.writestr(name, content)
    return path


LEADS: list[list[Any]] = [["Ad", "Tel"], ["Ali", 5321112233], ["Veli", "0532 111 22 34"]]


def test_the_sheet_that_has_the_phones_is_read_and_others_are_named(tmp_path: Path) -> None:
    """The first sheet is often a cover."""
    more: list[list[Any]] = [["Tel"], ["0532 111 22 35"]]
    path = workbook(tmp_path / "a.xlsx", {"Cover": [["Report"], [], ["2026"]], "Leads": LEADS, "Old": more, "Empty": []})
    reader, table = read(path)
    assert reader.source.sheet == "Leads" and column(table, "phone_raw") == ["5321112233", "0532 111 22 34"]
    assert reader.source.reasons[0] == "Sheet 'Leads': it has the most phones; 'Old' also contains phones: use --sheet."
    reader, table = read(path, sheet="old")
    assert (reader.source.sheet, column(table, "phone_raw")) == ("Old", ["0532 111 22 35"])


def test_cells_become_the_text_that_a_person_sees(tmp_path: Path) -> None:
    """Integers without `.0`, days without midnight, times without a day, fractions with all their digits, missing as null."""
    values = [
        5321112233,
        5321112234.0,
        0.1,
        1 / 3,
        date(2026, 1, 2),
        datetime(2026, 1, 2, 3, 4, 5),
        time(3, 4),
        True,
        None,
        " x ",
    ]
    rows: list[list[Any]] = [["Tel", "v"], *([f"0532 111 22 {row:02d}", value] for row, value in enumerate(values))]
    _, table = read(workbook(tmp_path / "a.xlsx", {"s": rows}))
    expected = [
        "5321112233",
        "5321112234",
        "0.1",
        "0.3333333333333333",
        "2026-01-02",
        "2026-01-02 03:04:05",
        "03:04:00",
        "true",
        None,
        " x ",
    ]
    assert column(table, "v") == expected


def test_empty_rows_above_are_passed_over_and_those_between_are_rows(tmp_path: Path) -> None:
    """Rows in are rows out from the first row of data to the last."""
    rows: list[list[Any]] = [[], ["Kasım raporu"], [], ["Ad", "Tel"], ["Ali", 5321112233], [], ["Veli", None], [], []]
    _, table = read(workbook(tmp_path / "a.xlsx", {"s": rows}))
    assert column(table, "Ad") == ["Ali", None, "Veli"] and column(table, "phone_raw") == ["5321112233", None, None]


def test_a_formula_that_was_never_calculated_is_read_as_its_text(tmp_path: Path) -> None:
    """Programs write `="0532…"` to keep the zero, and no spreadsheet has given it a value; most readers find it empty."""
    rows: list[list[Any]] = [["Ad", "Tel"], ["Ali", '="05321112233"'], ["Veli", 5321112234]]
    _, table = read(workbook(tmp_path / "a.xlsx", {"s": rows}))
    assert column(table, "phone_raw") == ['="05321112233"', "5321112234"]


def test_a_sheet_that_does_not_exist_is_refused_with_those_that_do(tmp_path: Path) -> None:
    """The remedy is to pick one of them."""
    with pytest.raises(ListError, match=r"a\.xlsx: there is no sheet 'x'; its sheets are Leads, Old"):
        read(workbook(tmp_path / "a.xlsx", {"Leads": LEADS, "Old": []}), sheet="x")


def test_a_cell_far_outside_the_table_is_refused(tmp_path: Path) -> None:
    """Readers make a full table of it: seventeen thousand million cells end the process."""
    path = workbook(tmp_path / "a.xlsx", {"s": LEADS})
    far = b'<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>x</t></is></c></row></sheetData>'
    rewritten(path, "xl/worksheets/sheet1.xml", lambda text: text.replace(b"</sheetData>", far))
    with pytest.raises(ListError, match="a cell stands far outside the table"):
        read(path)


def test_a_workbook_that_unpacks_to_gigabytes_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A zip bomb is a small file."""
    monkeypatch.setattr(sheets, "BOUNDS", Bounds(unpacked_bytes=2 << 30, honest_bytes=1 << 20, member_count=100))
    path = rewritten(workbook(tmp_path / "a.xlsx", {"s": LEADS}), "xl/styles.xml", lambda text: text + b" " * (4 << 20))
    with pytest.raises(ListError, match="unpacks to 4 MB; save the list as CSV"):
        read(path)


@pytest.mark.parametrize("with_formula", [False, True], ids=["fastexcel", "openpyxl"])
def test_an_entity_bomb_never_unfolds(tmp_path: Path, with_formula: bool) -> None:
    """Neither library may expand what a hostile file declares."""
    path = workbook(tmp_path / "a.xlsx", {"s": [*LEADS, ["x", "=1+1" if with_formula else 1]]})
    entities = b"".join(b'<!ENTITY a%d "%s">' % (level, b"&a%d;" % (level - 1) * 10) for level in range(1, 8))
    bomb = b'<!DOCTYPE b [<!ENTITY a0 "9999999999">' + entities + b"]>"
    rewritten(
        path,
        "xl/worksheets/sheet1.xml",
        lambda text: text.replace(b"<worksheet", bomb + b"<worksheet", 1).replace(b"Ali", b"&a7;"),
    )
    try:
        _, table = read(path)
    except ListError as refused:
        assert "damaged" in str(refused)
    else:
        assert table.nbytes < 10_000
