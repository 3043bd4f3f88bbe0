"""What is refused, or read carefully, whoever opens it."""

from __future__ import annotations

import copy
import io
import random
import warnings
import zipfile
from pathlib import Path

import fastexcel
import openpyxl
import pytest

from fbcheck_pipeline.files import sheet_xml, untrusted, worksheets
from fbcheck_pipeline.files.untrusted import Bounds, DangerousFile, open_archive
from fbcheck_pipeline.files.workbook_check import PartFindings, check_workbook
from fbcheck_pipeline.files.worksheets import MAX_FAST_BYTES, Workbook
from tests.integration.hostile.mutating import zipped

BOUNDS = Bounds(unpacked_bytes=10_000_000, honest_bytes=1_000_000, member_count=100)


def packed(sheet: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", sheet)
    return out.getvalue()


def found(sheet: bytes) -> PartFindings:
    (part,) = check_workbook(open_archive(packed(sheet), BOUNDS)).parts.values()
    return part


ROWS = b"".join(b'<row r="%d"><c r="A%d"><v>1</v></c><c r="B%d"/></row>' % ((row,) * 3) for row in range(1, 60))


@pytest.mark.parametrize("piece_bytes", [7, 64, 1000])
@pytest.mark.parametrize(
    "danger",
    [
        b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>',
        b"<row\tr='1048576'><c><v>1</v></c></row><row><c\n s='1' r='XFD2'><v>1</v></c></row>",
        b'<row r="9"><c r = "XFD1048576"><v>1</v></c></row>',
        b'<row r="9"><c s="0"r="XFD1048576"><v>1</v></c></row>',
        b'<row r="9"><c r="A9" r="XFD1048576"><v>1</v></c></row>'.replace(b"A9", b"a9"),
        b'<row r="9"><c r="ABc9"><v>1</v></c></row>',
        b'<row r="9"><c r="A&#49;000000"><v>1</v></c></row>',
        b'<a:row r="9"><a:c r="XFD1048576"><v>1</v></a:c></a:row>',
        "<é:row r='9'><é:c r='XFD1048576'><v>1</v></é:c></é:row>".encode(),
        b'<row r="9"><a/b:c r = "XFD1048576"><v>1</v></a/b:c></row>',
        b"<!DOCTYPE a [<!ENTITY b 'c'>]>",
        b'<row r="9"><c r="A9"t="s"><v>1</v></c></row>',
        b'<row r="9"><c r="A9" t=\'s\'><v>1</v></c></row>',
        b'<row r="9"><c r="A9" y="a>b" t= "s"><v>1</v></c></row>',
        b"<row " + b"".join(b'a%d="" ' % at for at in range(1000)) + b"/>",
        b'<row a=">" ' + b"".join(b'a%d="" ' % at for at in range(1000)) + b"/>",
    ],
)
def test_fastexcel_sees_no_sheet_that_it_may_take_for_more_than_was_counted(
    monkeypatch: pytest.MonkeyPatch, piece_bytes: int, danger: bytes
) -> None:
    """It asked for 500 GB and ended the process: by a blank around the sign of equality. A workbook is looked through in pieces."""
    monkeypatch.setattr(untrusted, "_PIECE_BYTES", piece_bytes)
    honest = found(b"<worksheet><sheetData>" + ROWS)
    assert honest.is_usual and honest.fast_bytes(has_dates=True) < 100_000_000 and not honest.has_uncalculated
    hostile = found(b"<worksheet><sheetData>" + ROWS + danger + ROWS)
    assert not hostile.is_usual or hostile.fast_bytes(has_dates=False) > MAX_FAST_BYTES


def test_a_long_and_a_wide_honest_sheet_are_measured_as_what_they_are() -> None:
    """Its XML has more than cells and rows, and all of them are as programs write them."""
    rows = b"".join(b'<row r="%d"><c r="A%d"><v>1</v></c><c r="C%d"/></row>' % ((row,) * 3) for row in (1, 9, 10, 345_678))
    more = (
        b'<cols><col min="1"/></cols><conditionalFormatting sqref="A1"/><mergeCell ref="AA1:ZZ9999999"/><t>'
        + b"x" * 5000
        + b"</t>"
    )
    long = found(b"<sheetData>" + rows + b"</sheetData>" + more)
    assert (long.is_usual, long.cell_count, long.rows, long.columns) == (True, 8, 345_678, 3)
    wide = found(b'<x:row r="7"><x:c r="A7"><x:v>1</x:v></x:c><x:c r="AZ7" s="1"><x:v>1</x:v></x:c></x:row>')
    assert (wide.is_usual, wide.cell_count, wide.columns) == (True, 2, 52)


def test_members_together_are_packed_no_tighter_than_honest_ones() -> None:
    """Three hundred sheets of seven MB each stood in 2 MB, and none was too much by itself."""

    def archive(count: int) -> bytes:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as whole:
            for each in range(count):
                whole.writestr(f"{each}", b"<row/>" * 50_000)
        return out.getvalue()

    open_archive(archive(3), BOUNDS)
    with pytest.raises(DangerousFile, match="unpacks to 1 MB"):
        open_archive(archive(5), BOUNDS)


def test_members_that_overlap_are_refused() -> None:
    """A thousand of them may share the bytes of one, and each looks honestly packed."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as whole:
        whole.writestr("a", random.Random(1).randbytes(10_000))
        for name in "bcd":
            again = copy.copy(whole.getinfo("a"))
            again.filename = name
            whole.filelist.append(again)
    with pytest.raises(DangerousFile, match="overlap"):
        open_archive(out.getvalue(), BOUNDS)


@pytest.mark.parametrize("piece_bytes", [3, 5, 1 << 19])
def test_members_are_counted_before_any_is_described(monkeypatch: pytest.MonkeyPatch, piece_bytes: int, tmp_path: Path) -> None:
    """Forty-six bytes describe one, and Python takes six hundred for it."""
    monkeypatch.setattr(untrusted, "_PIECE_BYTES", piece_bytes)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as whole:
        for each in range(101):
            whole.writestr(f"{each}", b"")
    (tmp_path / "a.zip").write_bytes(out.getvalue())
    monkeypatch.setattr(zipfile, "ZipFile", lambda _: pytest.fail("its members were described"))
    for source in (out.getvalue(), tmp_path / "a.zip"):
        with pytest.raises(DangerousFile, match="101 members"):
            open_archive(source, BOUNDS)


def sheet_of(xml: bytes) -> bytes:
    """A workbook that has a formula without a value, and so is read by the parser that counts."""
    sheet = b'<worksheet><sheetData><row r="1"><c r="A1"><f>1</f></c></row>' + xml + b"</sheetData></worksheet>"
    return zipped(
        {"xl/workbook.xml": b'<workbook><sheets><sheet name="s"/></sheets></workbook>', "xl/worksheets/sheet1.xml": sheet}
    )


@pytest.mark.parametrize(
    ("xml", "refusal"),
    [
        (b"<a>" * 3000 + b"</a>" * 3000, "nested"),
        (b"<a " + b"".join(b'a%d="" ' % at for at in range(900)) + b"/>", "a tag or comment"),
        (b"<!--" + b"x" * 3000 + b"-->", "a tag or comment"),
        (b"".join(b"<a%d/>" % at for at in range(3000)), "names of tags"),
        (b"".join(b'<a b%d=""/>' % at for at in range(3000)), "names of tags"),
        (b'<row r="2"><c r="XFE2"><v>1</v></c></row>', "far outside the table, in column 16,385"),
        (b'<row r="2"><c r="B2" t="inlineStr"><is><t>' + b"x" * 300_000 + b"</t></is></c></row>", "a text in it"),
        (b'<row r="2"><c r="B2" t="inlineStr"><is>' + b"<t>x</t>" * 300 + b"</is></c></row>", "a text in it"),
        (b"".join(b'<row r="%d"><c r="A%d"><v>1</v></c></row>' % (at, at) for at in range(2, 300)), "the texts of its cells"),
    ],
    ids=[
        "nested",
        "a long tag",
        "a long comment",
        "tags",
        "attributes",
        "a far column",
        "a long text",
        "a text of parts",
        "cells",
    ],
)
def test_the_parser_keeps_no_more_than_any_honest_sheet_asks_for(
    monkeypatch: pytest.MonkeyPatch, xml: bytes, refusal: str
) -> None:
    """What a parser keeps of a tag, a name or a level is many times what stands in the file."""
    for bound, value in {"LONGEST_TAG": 1000, "MAX_NAME_BYTES": 50_000, "_MOST_PARTS": 20, "MAX_CELL_BYTES": 2000}.items():
        monkeypatch.setattr(sheet_xml, bound, value)
    monkeypatch.setattr(untrusted, "_PIECE_BYTES", 1000)
    content = sheet_of(xml)
    with pytest.raises(DangerousFile, match=refusal):
        Workbook(open_archive(content, BOUNDS)).cells("s")


def test_a_text_that_begins_within_a_text_is_kept_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each end of the outer ones gave the inner one again: 6 KB became 2 GB."""
    content = {
        "xl/workbook.xml": b"<workbook/>",
        "xl/sharedStrings.xml": b"<sst>" + b"<si>" * 500 + b"<t>x</t>" + b"</si>" * 500 + b"</sst>",
    }
    parts = sheet_xml.Parts.of(open_archive(zipped(content), BOUNDS))
    assert parts._texts.size_bytes == 1 + 4 * 501


def test_fastexcel_gets_only_what_was_looked_through(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two readers may find different members in one archive; and the names of its parts may be anything."""
    cell = b'<row r="1"><c r="A1" t="s"><v>0</v></c></row>'
    content = {
        "docProps\\evil.xml": b"x",
        "odd\\workbook.xml": b'<workbook><sheets><sheet name="s"/></sheets></workbook>',
        "odd\\worksheets/Sheet1.xml": b"<worksheet><sheetData>" + cell + b"</sheetData></worksheet>",
        "odd\\sharedStrings.xml": b"<sst><si><t>text</t></si></sst>",
    }
    given: list[dict[str, bytes]] = []
    original = fastexcel.read_excel

    def read_excel(data: bytes) -> fastexcel.ExcelReader:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            assert archive.testzip() is None
            given.append({name: archive.read(name) for name in archive.namelist()})
        return original(data)

    monkeypatch.setattr(fastexcel, "read_excel", read_excel)
    monkeypatch.setattr(sheet_xml.Parts, "cells", lambda *_, **__: pytest.fail("it was read slowly"))
    assert Workbook(open_archive(zipped(content), BOUNDS)).cells("s").column(0).to_pylist() == ["text"]
    made = {"_rels/.rels", "xl/workbook.xml", "xl/_rels/workbook.xml.rels"}
    assert [parts.keys() - made for parts in given] == [{"xl/worksheets/sheet0.xml", "xl/sharedStrings.xml"}]


def test_a_sheet_that_would_take_too_much_is_read_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few cells over a large table, or very many: the other reader holds what is there, and the cells are the same."""
    book = openpyxl.Workbook()
    for row in range(1, 200):
        book.active.append([f"+4178{row:07}", row, row / 7, None, "x" if row % 2 else None])
    out = io.BytesIO()
    book.save(out)
    fast = Workbook(open_archive(out.getvalue(), BOUNDS)).cells("Sheet")
    monkeypatch.setattr(worksheets, "MAX_FAST_BYTES", 1000)
    monkeypatch.setattr(fastexcel, "read_excel", lambda _: pytest.fail("it would lay the table out"))
    assert Workbook(open_archive(out.getvalue(), BOUNDS)).cells("Sheet").to_pydict() == fast.to_pydict()


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
        cells = Workbook(open_archive(out.getvalue(), BOUNDS)).cells("Sheet")
    assert cells.column(0).to_pylist() == ["phone", "41780000001", "2023-03-15", "2023-03-15 12:00:00"]
    assert not any("41780000001" in str(each.message) for each in told)
