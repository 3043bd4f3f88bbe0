"""XLSX: the sheet with the phones, cells as a person would read them, and workbooks that mean harm."""

# ruff: noqa: RUF001 - Turkish letters are what lists hold

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook
from openpyxl.chart import BarChart, Reference
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from fbcheck_pipeline.errors import ListError
from fbcheck_pipeline.files import shared_texts, sheet_xml, untrusted, worksheets
from fbcheck_pipeline.files.shared_texts import TextSizes
from fbcheck_pipeline.files.untrusted import Bounds
from fbcheck_pipeline.files.workbook_check import PartFindings
from fbcheck_pipeline.lists import ReadOptions, sheets
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


@pytest.mark.parametrize("kept_bytes", [0, 1 << 20])
def test_the_sheet_that_has_the_phones_is_read_and_others_are_named(
    tmp_path: Path, kept_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first sheet is often a cover. A large one is not kept while others are looked at."""
    monkeypatch.setattr(sheets, "MOST_KEPT_BYTES", kept_bytes)
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


def test_of_a_wide_sheet_fewer_rows_are_looked_at_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two cells may span 40 million, and each of the first rows' became a Python object: 1 KB took 1.5 GB."""
    monkeypatch.setattr(sheets, "MOST_HEAD_CELLS", 10)
    path = workbook(tmp_path / "a.xlsx", {"s": [["Ad", "Tel"], *(["x", phone] for phone in PHONES)]})
    assert len(sheets.open_sheet_table(path, ReadOptions()).head) == 5


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


PHONES = [5325550001 + row for row in range(12)]
FORMATS = ["yyyy-mm-dd", "hh:mm:ss", "[h]:mm:ss", "mm:ss.0", "0%", "# ?/?", "0.00E+00", '#,##0.00 "TL"', "[$-409]d\\-mmm\\-yy;@"]


def formatted(path: Path, rows: list[list[Any]], formats: dict[int, str]) -> Path:
    """A workbook of one sheet whose columns have such number formats, below the first row."""
    book = Workbook()
    for row in rows:
        book.active.append(row)
    for cells in book.active.iter_rows(min_row=2):
        for at, number_format in formats.items():
            cells[at].number_format = number_format
    book.save(path)
    return path


@pytest.mark.parametrize("number_format", FORMATS)
@pytest.mark.parametrize("is_fast", [True, False])
def test_a_phone_is_the_stored_number_however_it_is_formatted(tmp_path: Path, number_format: str, is_fast: bool) -> None:
    """Twelve mobiles in cells of days were twelve empty cells."""
    rows: list[list[Any]] = [["Ad", "Tel"], *(["A", phone] for phone in PHONES)]
    path = formatted(tmp_path / "a.xlsx", rows if is_fast else [*rows, ["=A1", PHONES[0]]], {1: number_format})
    _, table = read(path)
    assert column(table, "phone_raw")[:12] == list(map(str, PHONES))


@pytest.mark.parametrize("is_fast", [True, False])
def test_days_and_times_are_shown_as_such_beside_phones(tmp_path: Path, is_fast: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The source's own columns stay what a person sees; and rows of nothing but large numbers at the end are rows."""
    if is_fast:
        monkeypatch.setattr(sheet_xml.Parts, "cells", lambda *_, **__: pytest.fail("it was read slowly"))
    days = [[5325550001, 46327, 46327.5, 0.25], [None, None, 5325550002, None]]
    more: list[list[Any]] = [] if is_fast else [["=1+1", None, None, None]]
    path = formatted(
        tmp_path / "a.xlsx", [["Tel", "gün", "an", "saat"], *days, *more], dict(enumerate(FORMATS[:1] * 3 + ["hh:mm"]))
    )
    _, table = read(path, column="Tel")
    assert [column(table, name)[0] for name in ("Tel", "gün", "an", "saat")] == [
        "5325550001",
        "2026-11-01",
        "2026-11-01 12:00:00",
        "06:00:00",
    ]
    assert column(table, "an")[1] == "5325550002"


NEWER = b'<extLst><ext uri="{1}" xmlns:x15="urn:x"><x15:workbookPr chartTrackingRefBase="1"/></ext></extLst></workbook>'


@pytest.mark.parametrize("said", ["1", "true"])
@pytest.mark.parametrize("end", [b"</workbook>", NEWER], ids=["older", "newer"])
def test_days_counted_from_1904_are_right(tmp_path: Path, said: str, end: bytes) -> None:
    """A newer Excel says more of the workbook further down, and readers forget what stood above."""
    book = Workbook()
    book.epoch = CALENDAR_MAC_1904
    for row in (["Tel", "gün", "saat"], ["0532 111 22 33", date(2026, 11, 1), time(9, 5)]):
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    change = lambda text: text.replace(b'date1904="1"', f'date1904="{said}"'.encode()).replace(b"</workbook>", end)  # noqa: E731
    _, table = read(rewritten(tmp_path / "a.xlsx", "xl/workbook.xml", change))
    assert column(table, "gün") == ["2026-11-01"]
    assert column(table, "saat") == ["09:05:00"]


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_a_hidden_sheet_is_read_only_where_it_is_named(tmp_path: Path, state: str) -> None:
    """Somebody put it out of sight; what is billed is what is seen, however many phones the other has."""
    path = workbook(tmp_path / "a.xlsx", {"Seen": LEADS, "Hidden": [["Tel"], *([phone] for phone in PHONES)]})
    hide = f'sheetId="2" state="{state}"'.encode()
    rewritten(path, "xl/workbook.xml", lambda text: text.replace(b'sheetId="2" state="visible"', hide))
    reader, table = read(path)
    assert (reader.source.sheet, len(table)) == ("Seen", 2)
    assert "Not read, because hidden: 'Hidden'; --sheet reads one." in reader.source.reasons
    reader, table = read(path, sheet="hidden")
    assert (reader.source.sheet, len(table)) == ("Hidden", 12) and "it is hidden" in reader.source.reasons[0]


def test_a_sheet_that_is_a_chart_is_none(tmp_path: Path) -> None:
    """It stands first in many reports; the workbook was called damaged."""
    book = Workbook()
    for row in [*LEADS, ["=A1", "0532 111 22 35"]]:
        book.active.append(row)
    chart = BarChart()
    chart.add_data(Reference(book.active, min_col=1, max_col=1, min_row=1, max_row=3))
    book.create_chartsheet("Chart", 0).add_chart(chart)
    book.save(tmp_path / "a.xlsx")
    reader, table = read(tmp_path / "a.xlsx")
    assert (reader.source.sheet, len(table)) == ("Sheet", 3)


def test_styled_cells_without_content_are_none_wherever_they_stand(tmp_path: Path) -> None:
    """Spreadsheets write them to the last row of a column that was once formatted."""
    path = workbook(tmp_path / "a.xlsx", {"s": LEADS})
    far = b'<row r="1048575" s="1"/><row r="1048576"><c r="A1048576" s="1"/><c r="XFD1048576" s="1" t="n"></c></row></sheetData>'
    _, table = read(rewritten(path, "xl/worksheets/sheet1.xml", lambda text: text.replace(b"</sheetData>", far)))
    assert column(table, "phone_raw") == ["5321112233", "0532 111 22 34"]


def prefixed(text: bytes) -> bytes:
    return re.sub(rb"<(/?)([a-zA-Z])", rb"<\1x:\2", text).replace(b"xmlns=", b"xmlns:x=")


OLD, STRICT = b"http://schemas.openxmlformats.org/", b"http://purl.oclc.org/ooxml/"
ODD_PARTS: dict[str, Callable[[str, bytes], tuple[str, bytes] | None]] = {
    "backslashes": lambda name, text: (name.replace("/", "\\"), text),
    "no content types": lambda name, text: None if name == "[Content_Types].xml" else (name, text),
    "no styles": lambda name, text: None if name == "xl/styles.xml" else (name, text),
    "capitals": lambda name, text: (name.replace("sheet1", "Sheet1"), text),
    "absolute targets": lambda name, text: (name, text.replace(b'Target="worksheets', b'Target="/xl/worksheets')),
    "macros": lambda name, text: (name, text.replace(b"spreadsheetml.sheet.main", b"ms-excel.sheet.macroEnabled.main")),
    "strict": lambda name, text: (name, text.replace(OLD + b"spreadsheetml/2006/main", STRICT + b"spreadsheetml/main")),
    "a prefix": lambda name, text: (name, prefixed(text) if "sheet1" in name else text),
    "no references": lambda name, text: (name, re.sub(rb' r="[A-Z]*\d+"', b"", text) if "sheet1" in name else text),
    "a wrong dimension": lambda name, text: (name, re.sub(rb'<dimension ref="[^"]*"', b'<dimension ref="A1"', text)),
    "utf-16": lambda name, text: (name, text.decode().encode("utf-16") if "sheet1" in name else text),
}


NOT_FAST = {"no references", "utf-16"}


@pytest.mark.parametrize("kind", ODD_PARTS)
@pytest.mark.parametrize("is_fast", [True, False])
def test_what_other_readers_open_is_read(tmp_path: Path, kind: str, is_fast: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Libraries write the parts of a workbook in many ways, and no person sees which; the fast reader reads all but the oddest."""
    if is_fast and kind not in NOT_FAST:
        monkeypatch.setattr(sheet_xml.Parts, "cells", lambda *_, **__: pytest.fail("it was read slowly"))
    rows = LEADS if is_fast else [*LEADS, ["=A1", None]]
    path = workbook(tmp_path / "a.xlsx", {"s": rows})
    with zipfile.ZipFile(path) as old:
        changed = [ODD_PARTS[kind](name, old.read(name)) for name in old.namelist()]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for part in filter(None, changed):
            new.writestr(zipfile.ZipInfo(part[0]), part[1], zipfile.ZIP_DEFLATED)
    _, table = read(path)
    assert column(table, "phone_raw")[:2] == ["5321112233", "0532 111 22 34"] and column(table, "Ad")[:2] == ["Ali", "Veli"]


def test_a_part_that_several_sheets_name_is_read_once(tmp_path: Path) -> None:
    """As the sheet that a person sees: sixty KB may name one part ten thousand times, and no spreadsheet writes so."""
    path = workbook(tmp_path / "a.xlsx", {"s": LEADS})

    def named_often(text: bytes) -> bytes:
        (sheet,) = re.findall(rb"<sheet [^>]*/>", text)
        hidden = sheet.replace(b'"visible"', b'"hidden"').replace(b'"s"', b'"h"')
        assert hidden.count(b'"hidden"') == 1
        return text.replace(sheet, hidden + b"".join(sheet.replace(b'"s"', b'"s%d"' % each) for each in range(5)))

    rewritten(path, "xl/workbook.xml", named_often)
    with zipfile.ZipFile(path) as archive:
        assert [sheet.name for sheet in sheet_xml.Parts.of(archive).sheets] == ["s0"]
    reader, table = read(path)
    assert reader.source.reasons[0] == "Sheet 's0': the only one." and table.num_rows == 2


def test_the_slow_reader_reads_shared_texts_once_for_all_sheets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They may be as large as all sheets together."""
    readings: list[int] = []
    original = sheet_xml._TextReader
    monkeypatch.setattr(sheet_xml, "_TextReader", lambda: readings.append(1) or original())
    path = workbook(tmp_path / "a.xlsx", {name: [*LEADS, ["=A1", None]] for name in "abc"})
    relation = b'<Relationship Id="t" Type="http://x/relationships/sharedStrings" Target="sharedStrings.xml"/></Relationships>'
    rewritten(path, "xl/_rels/workbook.xml.rels", lambda text: text.replace(b"</Relationships>", relation))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("xl/sharedStrings.xml", b"<sst><si><t>x</t></si></sst>")
    read(path)
    assert readings == [1]


@pytest.mark.parametrize(
    "cell",
    [
        '<c r="A1" t="s"><f>A1</f><v>1</v></c>',
        '<c r="A1" t="s"><v>0000000000001</v></c>',
        '<c r="A1" t="s"><v>&#49;</v></c>',
        '<c r="A1" t="s"><v>0</v><v>1</v></c>',
        '<x:c r="A1" t="s"><x:v y="">1</x:v></x:c>',
    ],
)
def test_a_cell_whose_text_only_a_reader_finds_counts_as_the_longest(tmp_path: Path, cell: str) -> None:
    """It counted as none, or as another: 200 KB took 2 GB."""
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("texts", f"<si><t>a</t></si><si><t>{'x' * 10_000}</t></si>")
        archive.writestr("few", cell * 50 + '<c r="A1" t="s"><v>0</v></c>' * 1000)
        archive.writestr("many", cell * 200)
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        texts, few, many = archive.infolist()
        sizes = TextSizes.of(archive, texts)
        assert sizes
        assert sizes.written_bytes(archive, few, 1050, 1 << 20) < 1 << 20 < sizes.written_bytes(archive, many, 200, 1 << 20)


@pytest.mark.parametrize("piece_bytes", [7, 64, 100_000])
def test_shared_texts_are_measured_by_their_numbers(tmp_path: Path, piece_bytes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that a reader may not count, so that it means others by the same numbers, are left to the reader that counts for itself."""
    monkeypatch.setattr(untrusted, "_PIECE_BYTES", piece_bytes)
    usual = [
        "<si><t>a</t></si>",
        '<si><t xml:space="preserve"> </t></si>',
        "<si><r><rPr><b/></rPr><t>a</t></r><r><t>b</t></r></si>",
    ]
    odd = [
        "<si/>",
        "<si></si>",
        "<si><x/></si>",
        "<si><si><t>a</t></si></si>",
        "<si a='1'><t>a</t></si>",
        "<a/b:si><t>a</t></a/b:si>",
    ]
    odd += ["<si><t>a</t></si >", "<si><r><rPh><t>a</t></rPh></r></si>"]
    for text in [*usual, *odd]:
        with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
            archive.writestr("texts", f"<sst>\n{usual[0]}{text}<x:si><x:t>{'x' * 1000}</x:t></x:si>\n</sst>")
        with zipfile.ZipFile(tmp_path / "a.zip") as archive:
            sizes = TextSizes.of(archive, archive.infolist()[0])
        assert (sizes is None) == (text in odd), text
        assert sizes is None or sizes.held_bytes > 1000 + 3 * 64


@pytest.mark.parametrize("small", ["<t>a<!--</si>--></t>", "<t><![CDATA[</si>]]></t>", "<t>a</t><!DOCTYPE a>"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_fastexcel_sees_no_comment_among_texts(small: str, encoding: str) -> None:
    """The end of a text within it was taken for one; in UTF-16 none was seen at all."""
    found = PartFindings()
    found.add(f"<sst><si>{small}</si></sst>".encode(encoding))
    assert not found.is_usual


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/styles.xml", "xl/_rels/workbook.xml.rels"])
def test_a_description_larger_than_any_workbook_s_is_refused(tmp_path: Path, part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is held as a tree: 480 KB of defined names took 2 GB."""
    path = workbook(tmp_path / "a.xlsx", {"s": [["Tel"], *([phone] for phone in PHONES)]})
    read(path)
    monkeypatch.setattr(sheet_xml, "MAX_DESCRIPTION", 1 << 20)
    rewritten(path, part, lambda text: text + b" " * (1 << 20))
    with pytest.raises(ListError, match="what describes its sheets unpacks to 1 MB"):
        read(path)


def test_more_texts_than_fastexcel_may_hold_are_left_to_the_other_reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Be they empty: it makes an object of each."""
    monkeypatch.setattr(shared_texts, "MAX_TEXTS", 10)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("texts", f"<sst>{'<si><t/></si>' * 11}</sst>")
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert TextSizes.of(archive, archive.infolist()[0]) is None


@pytest.mark.parametrize("is_fast", [True, False])
@pytest.mark.parametrize("is_named", [True, False])
def test_one_long_text_in_every_cell_is_refused_before_it_is_written_out(
    tmp_path: Path, is_fast: bool, is_named: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Shared texts are stored once: thirty KB in a million cells are thirty GB."""
    monkeypatch.setattr(sheet_xml, "MAX_CELL_BYTES", 1 << 20)
    monkeypatch.setattr(worksheets, "MAX_FAST_BYTES", 8 << 20)
    rows: list[list[Any]] = [["Ad", "Tel"], *([0, phone] for phone in PHONES * 24)]
    path = workbook(tmp_path / "a.xlsx", {"s": rows if is_fast else [*rows, ["=A1", None]]})
    relation = b'<Relationship Id="t" Type="http://x/relationships/sharedStrings" Target="sharedStrings.xml"/></Relationships>'
    if is_named:
        rewritten(path, "xl/_rels/workbook.xml.rels", lambda text: text.replace(b"</Relationships>", relation))
    use = lambda text: re.sub(rb'(r="A[0-9]+") t="n"><v>0<', rb'\1 t="s"><v>0<', text)  # noqa: E731
    rewritten(path, "xl/worksheets/sheet1.xml", use)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("xl/sharedStrings.xml", b"<sst><si><t>" + b"x" * 30_000 + b"</t></si></sst>")
    with pytest.raises(ListError, match="the texts of its cells unpack to more than 1 MB"):
        read(path)


def test_texts_of_a_slow_workbook_are_what_a_spreadsheet_shows(tmp_path: Path) -> None:
    """Pieces of one text are one, reading aids are none, and escapes stand for what they are."""
    path = workbook(tmp_path / "a.xlsx", {"s": [["Ad", "Tel"], ["?", "0532 111 22 33"], ["=A1", None]]})
    rich = b"<is><r><t>Ay</t></r><r><t>\xc5\x9fe_x000A_B</t></r><rPh><t>aid</t></rPh></is>"
    change = lambda text: re.sub(rb'<c r="A2"[^>]*>.*?</c>', b'<c r="A2" t="inlineStr">' + rich + b"</c>", text)  # noqa: E731
    _, table = read(rewritten(path, "xl/worksheets/sheet1.xml", change))
    assert column(table, "Ad")[0] == "Ayşe\nB"
