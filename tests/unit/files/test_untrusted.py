"""What is refused, or read carefully, whoever opens it."""

from __future__ import annotations

import io
import warnings
import zipfile

import openpyxl
import pytest

from fbcheck_pipeline.files import untrusted
from fbcheck_pipeline.files.untrusted import Bounds, DangerousFile, check_workbook, open_archive
from fbcheck_pipeline.files.worksheets import Workbook

BOUNDS = Bounds(unpacked_bytes=10_000_000, honest_bytes=1_000_000, member_count=100)


def packed(sheet: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", sheet)
    return out.getvalue()


@pytest.mark.parametrize("piece_bytes", [7, 64, 1000])
@pytest.mark.parametrize(
    "danger",
    [
        b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>',
        b"<row\tr='1048576'><c><v>1</v></c></row><row><c\n s='1' r='XFD2'><v>1</v></c></row>",
        b"<!DOCTYPE a [<!ENTITY b 'c'>]>",
    ],
)
def test_a_danger_is_found_wherever_a_piece_ends(monkeypatch: pytest.MonkeyPatch, piece_bytes: int, danger: bytes) -> None:
    """A workbook is looked through in pieces, and an attacker may choose where its parts stand."""
    monkeypatch.setattr(untrusted, "_PIECE_BYTES", piece_bytes)
    rows = b"".join(b'<row r="%d"><c r="A%d"><v>1</v></c><c r="B%d"/></row>' % ((row,) * 3) for row in range(1, 60))
    assert not check_workbook(open_archive(packed(b"<worksheet><sheetData>" + rows), BOUNDS)).has_uncalculated
    with pytest.raises(DangerousFile):
        check_workbook(open_archive(packed(b"<worksheet><sheetData>" + rows + danger + rows), BOUNDS))


def test_a_wide_and_long_honest_sheet_is_measured_as_what_it_is() -> None:
    """A cell or row that names its place is counted once."""
    cells = b"".join(b'<c r="%s7"/>' % letters for letters in (b"A", b"Z", b"AA", b"AZ"))
    sheet = b"<sheetData>" + b"".join(b'<row r="%d">%s</row>' % (row, cells) for row in (1, 700_000)) + b"</sheetData>"
    assert not check_workbook(open_archive(packed(sheet), BOUNDS)).has_uncalculated


def test_a_phone_in_a_cell_of_days_is_read_and_stands_in_no_warning() -> None:
    """openpyxl takes it for a day too far, says so in a warning that quotes it, and loses it."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["phone", "=A1"])
    for value in (41780000001, 45_000, 45_000.5):
        sheet.append([value])
        sheet.cell(sheet.max_row, 1).number_format = "yyyy-mm-dd"
    out = io.BytesIO()
    book.save(out)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        cells = Workbook(out.getvalue(), open_archive(out.getvalue(), BOUNDS)).cells("Sheet")
    assert cells.column(0).to_pylist() == ["phone", "41780000001", "2023-03-15", "2023-03-15 12:00:00"]
    assert not any("41780000001" in str(each.message) for each in told)
