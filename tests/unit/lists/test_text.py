"""CSV, TSV and TXT: delimiters, blank lines, uneven rows, packing."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from tests.unit.lists.reading import column, read

HEADER = ["Ad", "Telefon", "Şehir"]
ROWS = [["Ayşe", "0532 111 22 33", "İzmir"], ["Veli, Ali", "0532 111 22 34", "Muğla"], ["x", "0532 111 22 35", "a;b"]]


def quoted(delimiter: str, line_end: str = "\n") -> str:
    return "".join(
        delimiter.join(f'"{cell}"' if set(cell) & set(",;\t|") else cell for cell in row) + line_end for row in [HEADER, *ROWS]
    )


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_the_delimiter_and_the_line_end_are_found(tmp_path: Path, delimiter: str, line_end: str) -> None:
    """Exports differ by country, program and decade."""
    reader, table = read(tmp_path / "a.csv", quoted(delimiter, line_end))
    assert reader.source.delimiter == delimiter
    assert [column(table, name) for name in HEADER] == [list(cells) for cells in zip(*ROWS, strict=True)]


def test_a_decimal_comma_does_not_hide_the_semicolon(tmp_path: Path) -> None:
    """Every row has commas here, and as many."""
    reader, _ = read(tmp_path / "a.csv", "Tel;Tutar;Oran\n05321112233;1,50;2,5\n05321112234;2,50;3,5\n")
    assert reader.source.delimiter == ";" and reader.source.phone_columns == ("Tel",)


def test_the_line_that_excel_writes_for_itself_names_the_delimiter(tmp_path: Path) -> None:
    """`sep=` is no header."""
    reader, table = read(tmp_path / "a.csv", "sep=;\nAd;Tel\nAli;0532 111 22 33\n")
    assert (reader.source.delimiter, column(table, "Ad")) == (";", ["Ali"])


def test_a_delimiter_that_was_asked_for_is_taken(tmp_path: Path) -> None:
    """Also one that nobody would guess, and by its name."""
    reader, _ = read(tmp_path / "a.csv", "Ad^Tel\nAli^0532 111 22 33\n", delimiter="^")
    assert reader.source.phone_columns == ("Tel",)
    reader, _ = read(tmp_path / "b.csv", "Ad\tTel\nAli\t0532 111 22 33\n", delimiter="tab")
    assert reader.source.delimiter == "\t"


def test_the_separator_of_hive_is_found(tmp_path: Path) -> None:
    """No cell has it, and no person sees it; typed, it is an option, too."""
    text = "ad\x01tel\nAli\x010532 111 22 33\nVeli\x010532 111 22 34\n"
    for options in ({}, {"delimiter": r"\x01"}):
        reader, table = read(tmp_path / "a.csv", text, **options)
        assert (reader.source.delimiter, column(table, "ad")) == ("\x01", ["Ali", "Veli"])
        assert reader.source.phone_columns == ("tel",) and any("Delimiter \\x01" in each for each in reader.source.reasons)


@pytest.mark.parametrize("code", ["utf-8", "utf-16", "utf-16-le", "utf-32-le"])
@pytest.mark.parametrize("padding", [4, 400, 40_000])
def test_zeros_behind_a_text_are_no_row(tmp_path: Path, code: str, padding: int) -> None:
    """Devices and crashed machines fill a block up."""
    content = "ad,tel\nAli,0532 111 22 33\nVeli,0532 111 22 34\n".encode(code) + b"\0" * padding
    reader, table = read(tmp_path / "a.csv", content)
    assert column(table, "tel") == ["0532 111 22 33", "0532 111 22 34"] and reader.counts["rows"] == 2


def test_a_blank_line_is_a_row_in_a_list_of_one_column(tmp_path: Path) -> None:
    """Rows in are rows out; the last line feed ends a row and begins none."""
    reader, table = read(tmp_path / "a.txt", "0532 111 22 33\n\n0532 111 22 34\n\n")
    assert column(table, "phone_raw") == ["0532 111 22 33", "", "0532 111 22 34", ""]
    assert reader.counts["rows"] == 4 and reader.source.has_header is False


def test_a_blank_line_between_rows_of_a_table_is_no_row(tmp_path: Path) -> None:
    """It has none of the columns."""
    _, table = read(tmp_path / "a.csv", "id,tel\n\n1,0532 111 22 33\n\n\n2,0532 111 22 34\n")
    assert column(table, "id") == ["1", "2"] and column(table, "source_row") == [1, 2]


def test_uneven_rows_are_kept_and_counted(tmp_path: Path) -> None:
    """Readers that skip them lose people; readers that stop lose the list."""
    reader, table = read(tmp_path / "a.csv", "ad,tel,not\nAli,0532 111 22 33,x\nVeli,0532 111 22 34\nCan,0532 111 22 35,a,b,c\n")
    assert column(table, "phone_raw") == ["0532 111 22 33", "0532 111 22 34", "0532 111 22 35"]
    assert column(table, "not") == ["x", "", "a,b,c"]
    assert (reader.counts["short_rows"], reader.counts["long_rows"], reader.counts["rows"]) == (1, 1, 3)


def test_a_table_wider_than_its_header_keeps_all_columns(tmp_path: Path) -> None:
    """Some programs write the row's name without a header for it."""
    reader, table = read(tmp_path / "a.csv", "ad,tel\nAli,0532 111 22 33,x\nVeli,0532 111 22 34,y\n")
    assert column(table, "column_3") == ["x", "y"] and reader.counts["long_rows"] == 0


def test_quoted_line_feeds_stay_in_their_cell(tmp_path: Path) -> None:
    """An address of two lines is one cell."""
    _, table = read(tmp_path / "a.csv", 'ad,adres,tel\n"Ali","Cadde 1\nİzmir","0532 111 22 33"\nVeli,"x\r\ny",0532 111 22 34\n')
    assert column(table, "adres") == ["Cadde 1\nİzmir", "x\r\ny"]


@pytest.mark.parametrize("name", ["a.csv.gz", "a.txt.gz", "a.csv"])
def test_a_gzipped_list_is_unpacked_whatever_its_name(tmp_path: Path, name: str) -> None:
    """Also one of several members, as `cat a.gz b.gz` makes it."""
    packed = gzip.compress(b"ad,tel\nAli,0532 111 22 33\n") + gzip.compress(b"Veli,0532 111 22 34\n")
    reader, table = read(tmp_path / name, packed)
    assert len(table) == 2 and reader.source.format.endswith("+gzip")


def test_two_numbers_of_one_txt_line_stay_one_cell(tmp_path: Path) -> None:
    """Splitting cells is the work of the package phones, and the lines are not alike."""
    _, table = read(tmp_path / "a.txt", "0532 111 22 33\n0532 111 22 34, 0532 111 22 35\n0532 111 22 36\n")
    assert column(table, "phone_raw")[1] == "0532 111 22 34, 0532 111 22 35"


def test_a_zero_byte_in_a_cell_is_kept(tmp_path: Path) -> None:
    """One stray byte makes no binary file."""
    _, table = read(tmp_path / "a.csv", "ad,tel\n" + "Ali,0532 111 22 33\n" * 50 + "V\0eli,0532 111 22 34\n")
    assert column(table, "ad")[-1] == "V\0eli"


@pytest.mark.parametrize("count", [1, 3])
def test_a_line_longer_than_what_is_looked_at_hides_no_row(tmp_path: Path, count: int) -> None:
    """The columns are told from the beginning of that line, which is read whole."""
    _, table = read(tmp_path / "a.csv", "tel,note\n" + f"0532 111 22 33,{'x' * 2_000_000}\n" * count)
    assert table["phone_raw"].to_pylist() == ["0532 111 22 33"] * count
    assert [len(note) for note in table["note"].to_pylist()] == [2_000_000] * count
