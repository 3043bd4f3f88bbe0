"""Spreadsheets of a result: text stays text, nothing is executed, no number slips through a pseudonymised one."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import fastexcel
import numpy as np
import openpyxl
import phonenumbers
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fbcheck_pipeline.errors import StorageError
from fbcheck_pipeline.files import xlsx_writer
from fbcheck_pipeline.files.atomic import whole_file
from fbcheck_pipeline.files.storage import BatchStream
from fbcheck_pipeline.results.export_formats import WRITERS
from fbcheck_pipeline.results.number_search import KnownNumbers
from fbcheck_pipeline.results.pseudonyms import REMOVED, Pseudonyms
from fbcheck_pipeline.results.wide_rows import one_row_per_source_row

FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1+1", "\uff1d1", '=HYPERLINK("http://127.0.0.1","x")']
MOMENT_US = 1_795_521_600_123_456


def export(suffix: str, batches: list[pa.RecordBatch], **given: Any) -> bytes:
    """The file's bytes."""
    sink = io.BytesIO()
    WRITERS[suffix](BatchStream(batches[0].schema, iter(batches)), sink, **given)
    return sink.getvalue()


def xlsx_rows(content: bytes) -> list[list[Any]]:
    """All sheets' cells as openpyxl reads them, headers left out."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    return [list(row) for sheet in book for row in sheet.iter_rows(min_row=2)]


def csv_rows(content: bytes) -> list[list[str]]:
    """The rows as a reader sees them, header first."""
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def column(values: list[str | None], name: str = "text") -> pa.RecordBatch:
    return pa.record_batch({name: pa.array(values, pa.string())})


@pytest.mark.parametrize("as_dictionary", [False, True])
def test_formulas_are_harmless_in_both_kinds(as_dictionary: bool) -> None:
    """The source's cells are foreign texts, headers too."""
    batch = column(FORMULAS, "=name")
    if as_dictionary:
        batch = pa.record_batch({"=name": batch.column(0).dictionary_encode()})
    book = openpyxl.load_workbook(io.BytesIO(export(".xlsx", [batch])))
    cells = [row[0] for row in book.active.iter_rows()]
    assert all(cell.data_type == "s" and cell.quotePrefix and cell.number_format == "@" for cell in cells)
    assert [cell.value for cell in cells] == ["=name", *(text.replace("\r", "\n") for text in FORMULAS)]
    assert [row[0] for row in csv_rows(export(".csv", [batch]))] == [
        text if text == "+1" else f"'{text}" for text in ("=name", *FORMULAS)
    ]


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("x;=1+1;y", "x;'=1+1;y"),
        ("a; +905320001123", "a; +905320001123"),
        ("x;+1+cmd|' /C calc'!A0", "x;'+1+cmd|' /C calc'!A0"),
        (";@SUM(A1)", ";'@SUM(A1)"),
        ("a|\t=1", "a|\t'=1"),
        ("Mo-Fr; 8-17", "Mo-Fr; 8-17"),
        ("sep=;", "'sep=;"),
    ],
)
def test_a_csv_is_harmless_where_other_signs_separate(text: str, written: str) -> None:
    """Half of Europe's spreadsheets cut at `;` whatever the file says."""
    assert csv_rows(export(".csv", [column([text])]))[1] == [written]


def test_phones_stay_text_and_nothing_is_shortened() -> None:
    """A spreadsheet drops leading zeros and ends of long numbers where it may."""
    texts = [
        "+905320001122",
        "05320001122",
        "905320001122",
        "00",
        "12",
        "1e5",
        "TRUE",
        "#N/A",
        "_x0041_",
        "  a  ",
        "a\r\nb",
        "Muş 😀",
    ]
    rows = xlsx_rows(export(".xlsx", [column(texts)]))
    assert [cell[0].value for cell in rows] == [*texts[:8], "_x005F_x0041_", "  a  ", "a\nb", "Muş 😀"]
    assert {cell[0].data_type for cell in rows} == {"s"}
    content = export(".csv", [column(texts)])
    assert content.startswith(b"\xef\xbb\xbf")
    assert [row[0] for row in csv_rows(content)[1:5]] == ["+905320001122", "'05320001122", "'905320001122", "'00"]


@given(
    st.lists(
        st.lists(st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=8), min_size=2, max_size=2), max_size=20
    )
)
@settings(max_examples=60)
def test_any_text_makes_a_readable_workbook(rows: list[list[str | None]]) -> None:
    """Control characters, markup, surrogate pairs: the file opens, each cell at its place."""
    batch = pa.record_batch({name: pa.array([row[place] for row in rows], pa.string()) for place, name in enumerate("ab")})
    batch = batch.append_column("n", pa.array(range(len(rows)), pa.int64()))
    found = [[cell.value for cell in row[:2]] for row in xlsx_rows(export(".xlsx", [batch]))]
    assert len(found) == len(rows)
    for cells, row in zip(found, rows, strict=True):
        for cell, text in zip(cells, row, strict=True):
            plain = (text or "").replace("\r\n", "\n").replace("\r", "\n")
            assert len(cell or "") == len(plain) or "_x" in plain


def test_a_sheet_filters_by_its_header_and_keeps_it_in_sight() -> None:
    """Whoever opens it wants the rows of one verdict first."""
    sheet = openpyxl.load_workbook(io.BytesIO(export(".xlsx", [pa.record_batch({"a": ["x", "y"], "b": [1, 2]})]))).active
    assert (sheet.auto_filter.ref, sheet.freeze_panes) == ("A1:B3", "A2")


def test_numbers_and_times_are_what_they_are() -> None:
    """So that they sort and filter; times are UTC to the second."""
    values = {"n": pa.array([1, None, 3], pa.int16()), "at": pa.array([MOMENT_US, None, 0], pa.timestamp("us", "UTC"))}
    rows = [[cell.value for cell in row] for row in xlsx_rows(export(".xlsx", [pa.record_batch(values)]))]
    assert rows[0][0] == 1 and str(rows[0][1]) == "2026-11-24 12:00:00" and rows[1] == [None, None]
    assert csv_rows(export(".csv", [pa.record_batch(values)]))[1] == ["1", "2026-11-24 12:00:00"]


def test_what_separates_is_chosen_and_what_is_known_of_the_list_is_a_last_sheet() -> None:
    """Half of Europe opens `;`; a sheet travels without the folder that it came from."""
    batch = pa.record_batch({"a": ["x;y", "z"], "b": [1, 2]})
    content = export(".csv", [batch], delimiter=";").decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(content), delimiter=";")) == [["a", "b"], ["x;y", "1"], ["z", "2"]]
    about = [("list", "a-00000000"), ("purpose", "=1+1")]
    book = openpyxl.load_workbook(io.BytesIO(export(".xlsx", [batch], about=about)))
    assert book.sheetnames == ["results", "about"] and book.active.title == "results"
    assert list(book["about"].iter_rows(values_only=True)) == about and book["about"]["B2"].data_type == "s"
    table = pq.read_table(io.BytesIO(export(".parquet", [batch], about=about)))
    assert table.to_pylist() == batch.to_pylist() and table.schema.metadata[b"list"] == b"a-00000000"


@given(st.lists(st.lists(st.sampled_from(["yes", "no", "ban", None]), min_size=1, max_size=4), max_size=12), st.integers(1, 7))
@settings(max_examples=60)
def test_one_row_per_source_row_keeps_every_phone_whatever_the_batches(rows: list[list[str | None]], size: int) -> None:
    """Phones of a row side by side in their order; the row's verdict is yes where any of them has an account."""
    flat = [(number, verdict) for number, row in enumerate(rows, 1) for verdict in row]
    count = len(flat)
    batch = result_batch(
        tel=[f"cell {number}" for number, _ in flat], phone_e164=[f"+9053200000{place:02}" for place in range(count)],
        facebook_1=["the source's"] * count,
    )  # fmt: skip
    batch = batch.set_column(
        batch.schema.get_field_index("source_row"), "source_row", pa.array([each for each, _ in flat], pa.int64())
    )
    batch = batch.set_column(
        batch.schema.get_field_index("facebook"),
        "facebook",
        pa.array([each for _, each in flat], pa.string()).dictionary_encode(),
    )
    batch = batch.append_column("checked_at", pa.nulls(count, pa.timestamp("us", "UTC")))
    most = max(map(len, rows), default=1)
    batches = [batch.slice(at, size) for at in range(0, count, size)]
    found = one_row_per_source_row(BatchStream(batch.schema, iter(batches)), most).read_all().to_pylist()
    names = ["facebook_1_", *(f"facebook_{number}" for number in range(2, most + 1))]
    assert [[row[name] for name in names] for row in found] == [[*row, *[None] * (most - len(row))] for row in rows]
    assert [row["tel"] for row in found] == [f"cell {number}" for number in range(1, len(rows) + 1)]
    for row, verdicts in zip(found, rows, strict=True):
        assert row["facebook"] == next((each for each in ("yes", "ban", "no") if each in verdicts), None)


@pytest.mark.parametrize("rows", [0, 1, 9, 10, 18, 19, 40])
def test_a_full_sheet_goes_on_in_the_next_and_no_row_is_lost(rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sheet holds 1,048,576 rows; here ten, with its header."""
    monkeypatch.setattr(xlsx_writer, "SHEET_ROWS", 10)
    batches = [pa.record_batch({"n": pa.array(range(start, min(start + 7, rows)))}) for start in range(0, max(rows, 1), 7)]
    book = openpyxl.load_workbook(io.BytesIO(export(".xlsx", batches)))
    assert [row[0] for sheet in book for row in sheet.iter_rows(min_row=2, values_only=True)] == list(range(rows))
    assert book.sheetnames == ["results", *(f"results {number}" for number in range(2, max(1, -(-rows // 9)) + 1))]
    assert all(sheet["A1"].value == "n" and sheet.freeze_panes == "A2" for sheet in book)


def test_a_second_reader_agrees(tmp_path: Path) -> None:
    """Written by hand, so read by two that know nothing of each other."""
    path = tmp_path / "a.xlsx"
    path.write_bytes(export(".xlsx", [pa.record_batch({"a": ["+905320001122", "x<y", None], "b": [1, 2, 3]})]))
    sheet = fastexcel.read_excel(str(path)).load_sheet(0, dtypes="string").to_arrow()
    assert sheet.to_pydict() == {"a": ["+905320001122", "x<y", None], "b": ["1", "2", "3"]}


def result_batch(**columns: list[Any]) -> pa.RecordBatch:
    """A result with two phone columns, `tel` and `tel2`, and the columns given."""
    count = len(columns["tel"])
    ours = {
        "phone_column": ["tel"] * count, "source_row": [1] * count, "phone_index": [0] * count, "reject_reason": [None] * count,
        "country": ["TR"] * count, "line_type": ["mobile"] * count, "facebook": ["yes"] * count,
        "check_status": ["checked"] * count, "task_id": ["900000000000"] * count, "phone_raw": columns["tel"],
    }  # fmt: skip
    return pa.record_batch({name: pa.array(values) for name, values in {**ours, **columns}.items()})


def replaced(
    batch: pa.RecordBatch, columns: Sequence[str] = ("tel",), key: bytes = b"k" * 32, recipient: str = ""
) -> pa.RecordBatch:
    """The batch as an export of a Turkish list that also has another phone."""
    known = KnownNumbers(np.array([905_320_001_122, 905_340_001_123]))
    stream = Pseudonyms(key, recipient, columns, known, "TR").applied_to(BatchStream(batch.schema, iter([batch])))
    (found,) = stream.batches
    assert stream.schema == found.schema
    return found


NOTES = [
    ("call 0532 000 11 22 before noon", True),
    ("https://wa.me/905320001122", True),
    ("(532)0001122", True),
    ("\u0660\u0665\u0663\u0662 \u0660\u0660\u0660 \u0661\u0661 \u0662\u0662", True),
    ("9.05320001122E11", True),
    ("office 0212 555 12 34", True),
    ("second line 0 212 555 43 21", True),
    ("order 4711, 2026-11-24", False),
    ("0533 777 88 99", True),
    ("call her sister: 533 777-88-99!", True),
    ("of another row: 5.3.4.0.0.0.1.1.2.3", True),
    ("of a file: list 0533 777 88 99.csv", True),
    ("list-05337778899-55b9ee68", True),
    ("05337778899a and 12345678", True),
    ("5337778899 2026", True),
    ("at 2026-11-24 12:30:11, order 20261124-123456, 192.168.100.200", False),
    ("", False),
    (None, False),
]


def test_no_number_of_a_row_slips_through() -> None:
    """Wherever in the row and however it is written; other texts stay."""
    count = len(NOTES)
    batch = result_batch(
        tel=["0532 000 11 22"] * count,
        tel2=["0212 555 12 34 / 0212 555 43 21"] * count,
        phone_e164=["+905320001122"] * count,
        note=[text for text, _ in NOTES],
    )
    out = replaced(batch, ["tel", "tel2"])
    assert out.schema == batch.schema
    assert out.column("note").to_pylist() == [REMOVED if is_held else text for text, is_held in NOTES]
    digits = "".join(char for row in out.drop_columns(["note", "task_id"]).to_pylist() for char in str(row))
    assert "0001122" not in digits and "5551234" not in digits
    assert out.column("task_id").to_pylist() == ["900000000000"] * count


SEPARATORS = st.sampled_from(["", " ", "-", ".", " (", ")", "/", "\u00a0", "\u2011", " - ", "\u200b"])


@given(
    st.sampled_from(["TR", "CH", "DE", "US", "IT", "FR", "BR", "IN", "DK", "GB"]), st.randoms(use_true_random=False), st.data()
)
@settings(max_examples=12)
def test_no_digits_of_a_phone_of_the_list_survive_in_any_text(region: str, random: Any, data: Any) -> None:
    """E.164 or national, with whatever stands between the digits: in notes of other rows, in names of files and columns."""
    example = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
    e164 = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
    e164 = e164[:-3] + f"{random.randrange(1000):03}"
    number = phonenumbers.parse(e164)
    forms = [phonenumbers.format_number(number, each) for each in range(4)] + [
        e164[1:],
        "00" + e164[1:],
        str(number.national_number),
    ]
    digits = [char for char in data.draw(st.sampled_from(forms)) if char.isdigit()]
    written = "".join(digit + data.draw(SEPARATORS) for digit in digits)
    text = f"{data.draw(st.text(st.characters(categories=['L', 'Zs', 'P']), max_size=9))}{written} x"
    pseudonyms = Pseudonyms(b"k" * 32, "", [], KnownNumbers(np.array([int(e164[1:]), 905_320_001_122])))
    batch = result_batch(phone_e164=["+905320001122"], tel=["0532 000 11 22"], note=[text]).rename_columns(
        {"note": f"note {written}"}
    )
    (found,) = pseudonyms.applied_to(BatchStream(batch.schema, iter([batch]))).batches
    national = str(number.national_number)
    told = [
        *pseudonyms.without_numbers([f"list {written}.csv", written]),
        *found.schema.names,
        *map(str, found.to_pylist()[0].values()),
    ]
    assert all(national not in "".join(char for char in each if char.isdecimal()) for each in told)


def test_a_pseudonym_is_the_same_for_the_same_phone_and_needs_the_key() -> None:
    """Two exports can be joined; without the ledger's key nobody can try numbers."""
    batch = result_batch(
        tel=["0532 000 11 22", "+90 532 000 11 22", "junk", "", None],
        phone_e164=["+905320001122"] * 2 + [None] * 3,
    )
    place = batch.schema.get_field_index("source_row")
    batch = batch.set_column(place, "source_row", pa.array([1, 2, 3, 4, 5]))
    first, other, for_her = replaced(batch), replaced(batch, key=b"l" * 32), replaced(batch, recipient=" Ada  LOVELACE")
    names = first.column("phone_e164").to_pylist()
    assert names[0] == names[1] and names[0].startswith("p") and names[2:] == [None] * 3
    assert first.column("tel")[:2].to_pylist() == first.column("phone_raw")[:2].to_pylist() == names[:2]
    assert first.column("tel")[2].as_py() not in (None, "junk") and first.column("tel")[3:].to_pylist() == ["", None]
    assert set(names[:2]).isdisjoint({*other.column("phone_e164").to_pylist(), *for_her.column("phone_e164").to_pylist()})
    assert for_her.equals(replaced(batch, recipient="Ada Lovelace"))


@pytest.mark.parametrize("fault", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_half_an_export_never_stands_at_its_place(tmp_path: Path, fault: BaseException) -> None:
    """What stood there still stands, and no part is left behind."""
    target = tmp_path / "out.csv"
    target.write_text("old")
    with pytest.raises((StorageError, KeyboardInterrupt)), whole_file(target) as sink:
        sink.write(b"half")
        raise fault
    assert target.read_text() == "old" and [path.name for path in tmp_path.iterdir()] == ["out.csv"]


def test_a_cell_has_the_pseudonyms_of_its_phones_in_each_row_that_shows_it() -> None:
    """A cell of two numbers, and another phone column: whichever of the row's phones a row is about."""
    batch = result_batch(
        tel=["0532 000 11 22 / 0533"] * 3, work=["0212"] * 3, phone_e164=["+905320001122", "+905330001122", "+902121112233"],
    ).set_column(0, "phone_column", pa.array(["tel", "tel", "work"]))  # fmt: skip
    found = replaced(batch, ["tel", "work"])
    one, two, three = found.column("phone_e164").to_pylist()
    assert found.column("tel").to_pylist() == [f"{one}; {two}"] * 3 and found.column("work").to_pylist() == [three] * 3
