"""Sheets written row by row are read at once, exactly as fastexcel reads them; whatever is written otherwise is left to it."""

import io
import zipfile
from collections.abc import Callable

import fastexcel
import openpyxl
import pytest

from fbcheck_pipeline.files import untrusted
from fbcheck_pipeline.files.plain_sheets import plain_sheet
from fbcheck_pipeline.files.untrusted import Bounds, DamagedFile, DangerousFile, open_archive
from fbcheck_pipeline.files.workbook_check import check_workbook
from fbcheck_pipeline.files.worksheets import Workbook

BOUNDS = Bounds(unpacked_bytes=1 << 24, honest_bytes=1 << 20, member_count=100)
SHEET = "xl/worksheets/sheet1.xml"
ROWS = [["Number", "facebook"], *([f"+9053{place:08}", ("yes", " no", "ban\n", "ñ→😀")[place % 4]] for place in range(120))]


def streamed(rows: list[list[str]], *, kept: bool = True, style: str = "", first: int = 1) -> bytes:
    text = '<t xml:space="preserve">' if kept else "<t>"
    cells = (
        f'<row r="{number}">'
        + "".join(
            f'<c r="{column}{number}"{style} t="inlineStr"><is>{text}{cell}</t></is></c>'
            for column, cell in zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", row, strict=False)
        )
        + "</row>"
        for number, row in enumerate(rows, first)
    )
    return f'<worksheet xmlns="http://x"><sheetData>{"".join(cells)}</sheetData><pageMargins left="1"/></worksheet>'.encode()


def workbook(sheet: bytes, *hidden: bytes) -> bytes:
    """Args: hidden: members of the sheet's own name before it, of which no reader knows."""
    book, frame, out = openpyxl.Workbook(write_only=True), io.BytesIO(), io.BytesIO()
    book.create_sheet("Result").append(["x"])
    book.save(frame)
    with zipfile.ZipFile(frame) as parts, zipfile.ZipFile(out, "w") as whole:
        for each in hidden:
            whole.writestr(SHEET, each)
        for name in parts.namelist():
            whole.writestr(name, sheet if name == SHEET else parts.read(name))
    return out.getvalue()


def as_read(content: bytes) -> list[list[str | None]]:
    cells = Workbook(open_archive(content, BOUNDS)).cells("Result")
    return [list(row) for row in zip(*(column.to_pylist() for column in cells.columns), strict=True)]


@pytest.mark.parametrize(
    "sheet",
    [streamed(ROWS), streamed(ROWS, style=' s="3"'), streamed([[cell.strip() for cell in row] for row in ROWS], kept=False)],
)
def test_a_streamed_sheet_is_read_as_fastexcel_reads_it(sheet: bytes) -> None:
    """Two readers of one file must never differ: a verdict depends on it."""
    found = plain_sheet([sheet])
    theirs = fastexcel.read_excel(workbook(sheet)).load_sheet("Result", header_row=None, dtypes="string", eager=True)
    assert found is not None
    assert [column.to_pylist() for column in found.cells.columns] == [column.to_pylist() for column in theirs.columns]
    assert b"Number" not in found.rest and b"pageMargins" in found.rest


@pytest.mark.parametrize("piece_bytes", [600, 601, 602, 5000])
def test_a_sheet_is_read_alike_wherever_its_pieces_end(monkeypatch: pytest.MonkeyPatch, piece_bytes: int) -> None:
    """It is unpacked a piece at a time, and a piece ends within a row."""
    monkeypatch.setattr(untrusted, "_PIECE_BYTES", piece_bytes)
    content = workbook(streamed(ROWS))
    assert check_workbook(open_archive(content, BOUNDS)).plain
    assert as_read(content) == ROWS
    monkeypatch.setattr(untrusted, "_PIECE_BYTES", 7)
    assert not check_workbook(open_archive(content, BOUNDS)).plain
    assert as_read(content) == ROWS


def test_a_header_may_be_written_in_a_style_of_its_own() -> None:
    """openpyxl keeps blanks only where there are some."""
    header, rest = streamed(ROWS[:1], kept=False), streamed(ROWS[1:], first=2)
    sheet = header[: header.index(b"</sheetData>")] + rest[rest.index(b"<row") :]
    assert plain_sheet([sheet]) is not None
    assert as_read(workbook(sheet)) == ROWS


PLAIN = streamed(ROWS)
ANOTHER = {
    "a text that is empty": PLAIN.replace(b">ban\n<", b"><", 1),
    "an entity": PLAIN.replace(b">ban\n<", b">b&#97;n<", 1),
    "a character that is written as its code": PLAIN.replace(b">ban\n<", b">ban_x0041_<", 1),
    "a number": PLAIN.replace(b't="inlineStr"><is><t xml:space="preserve">+905300000007</t></is>', b"><v>905300000007</v>"),
    "a text in runs": PLAIN.replace(b'<t xml:space="preserve">+905300000007</t>', b"<r><t>+9053</t></r><r><t>00000007</t></r>"),
    "a comment": PLAIN.replace(b"</row>", b"</row><!-- x -->", 5),
    "a row that is left out": PLAIN.replace(b'r="9"', b'r="900"').replace(b'r="A9"', b'r="A900"').replace(b'r="B9"', b'r="B900"'),
    "cells in another order": PLAIN.replace(b'r="A9"', b'r="C9"'),
    "rows of another length": PLAIN.replace(b"</c></row>", b'</c><c r="C1" t="inlineStr"><is><t>x</t></is></c></row>', 1),
    "a formula": PLAIN.replace(b'<c r="B9"', b'<c r="B9" cm="1"'),
    "letters of another encoding": b'<?xml version="1.0" encoding="ISO-8859-9"?>' + PLAIN,
    "blanks around a text that keeps none": PLAIN.replace(b' xml:space="preserve"', b""),
    "rows that are a comment": PLAIN.replace(b"<sheetData>", b"<!-- <sheetData>"),
    "rows that are text": PLAIN.replace(b"<sheetData>", b"<x><![CDATA[<sheetData>"),
    "rows that are an instruction": PLAIN.replace(b"<sheetData>", b"<?x <sheetData>"),
    "a last row that is cut": PLAIN.replace(
        b'<t xml:space="preserve">\xc3\xb1\xe2\x86\x92\xf0\x9f\x98\x80</t></is></c></row></sheetData>', b"<<<<</sheetData>"
    ),
    "bytes that are no text": PLAIN.replace(b">ban\n<", b">b\xffn<", 1),
    "UTF-16 without its zero bytes": b"\xff\xfe" + PLAIN,
    "no rows": streamed([]),
    "a sheet that goes on": PLAIN.removesuffix(b"</worksheet>"),
    "another part": b"<styleSheet/>",
}


@pytest.mark.parametrize("sheet", ANOTHER.values(), ids=ANOTHER)
def test_what_is_written_otherwise_is_left_to_other_readers(sheet: bytes) -> None:
    """A guess at what was meant could give one person another's verdict."""
    assert sheet != PLAIN
    for piece_bytes in (len(sheet), 600):
        assert plain_sheet(sheet[at : at + piece_bytes] for at in range(0, len(sheet), piece_bytes)) is None


def test_a_row_unlike_the_others_is_not_written_as_often_as_they(arrow_memory: Callable[[], int]) -> None:
    """Rows of a few bytes have as many marks as one of many: half a megabyte asked for gigabytes."""
    long = f'<row r="2" a="{"x" * 100_000}"><c r="A2" t="inlineStr"><is><t>p</t></is></c></row>'
    sheet = streamed([["h"]]).decode().partition("</sheetData>")
    short = "<<<<t>x<<<<" * 30_000 + "<<<<t>x<<<</row>"
    assert plain_sheet(["".join((sheet[0], long, short, *sheet[1:])).encode()]) is None
    assert arrow_memory() < 10_000_000


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_of_two_members_of_one_name_the_last_counts() -> None:
    """So it is for every reader of archives, whichever of them is plain."""
    assert as_read(workbook(streamed(ROWS[:2]), streamed(ROWS))) == ROWS[:2]


def test_what_stands_around_plain_rows_is_looked_through_as_ever() -> None:
    """Plain rows prove nothing of the XML before and behind them."""
    with pytest.raises(DangerousFile, match="declares entities"):
        as_read(workbook(b'<!DOCTYPE x [<!ENTITY a "b">]>' + PLAIN))
    with pytest.raises(DamagedFile):
        as_read(workbook(PLAIN.replace(b"<pageMargins", b"<!ENTITY a><pageMargins")))


def test_utf_16_is_never_taken_for_plain() -> None:
    """It is looked through without its zero bytes, and without them a letter of China is two of ASCII."""
    archive = open_archive(workbook(streamed([["Number", "\u4e2d"]]).decode().encode("utf-16-le")), BOUNDS)
    assert not check_workbook(archive).plain
