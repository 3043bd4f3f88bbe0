"""Is there a header: the first rows are weighed as a whole, and only a telephone number that is no example speaks against one."""

# ruff: noqa: RUF001 - Turkish letters are what lists hold

from __future__ import annotations

from pathlib import Path

import pytest

from fbcheck_pipeline.errors import ListError
from fbcheck_pipeline.lists import ReadOptions
from fbcheck_pipeline.lists.header_choice import find_header, name_columns, unique
from tests.unit.lists.reading import column, read

ITALIAN = [f"Rossi {row},338 123 {row:04d},Italy,{row},{row * 2}" for row in range(4567, 4573)]
NUMBERS = [f"0532 111 {row:02d} {row + 7:02d}" for row in range(12)]


@pytest.mark.parametrize(
    "header",
    [
        "ad,telefon,ülke,2024,2025",
        "ad,telefon,ülke,01.2026,02.2026",
        "ad,telefon,ülke,2026-11-01,2026-11-02 10:00",
        "ad,telefon,ülke,20261101,20261102",
        "ad,telefon,ülke,sales_20261101,satis 2025-2026",
        "ad,telefon,ülke,0,1",
        "ad,telefon,ülke,-,%",
        "1. ad,telefon,ülke,x,y",
        "ad,telefon,ülke,info@example.com,https://example.com/1234567",
        "ad,telefon (örn: 0532 111 22 33),ülke,a,b",
        "Name,Phone e.g. +49 30 123456,Country,1-5,6-10",
        "ad,telefon,ülke,5000,7500",
        "isim,numara,ülke,2024,2025",
        "Adınız ve soyadınız tam olarak yazılır,Telefon numaranızı başında sıfır olmadan on haneli yazınız,ülke,2024,2",
    ],
)
def test_no_other_cell_vetoes_the_header(tmp_path: Path, header: str) -> None:
    """Without the header the country column is lost, and Italians are billed as Turks."""
    reader, table = read(tmp_path / "a.csv", "\n".join([header, *ITALIAN]) + "\n")
    names = header.split(",")
    assert reader.source.has_header and len(table) == len(ITALIAN)
    assert table.schema.names[:5] == ["Country_source" if name == "Country" else name for name in names]
    assert reader.source.phone_columns == (names[1],) and reader.source.region_column in (names[2], "Country_source")


@pytest.mark.parametrize("index", ["", "x,"])
def test_the_numbers_that_pandas_gives_to_columns_are_a_header(tmp_path: Path, index: str) -> None:
    """`to_csv` of a frame without names; a data row `0,1,2` would be rejected as phones."""
    rows = [f"{'7,' if index else ''}{row},Rossi,338 123 {row:04d}" for row in range(4567, 4573)]
    header = ",0,1,2" if index else ",0,1"
    reader, table = read(tmp_path / "a.csv", "\n".join([header, *rows]) + "\n")
    assert reader.source.has_header and len(table) == len(rows)


@pytest.mark.parametrize(
    "first",
    [
        "Rossi,338 123 9999,Italy,1,2",
        "Rossi,N/A,Italy,1,2",
        "Rossi,,Italy,1,2",
        "Rossi,1-800-FLOWERS,Italy,1,2",
        "Person A,yok,Italy,2,3",
    ],
)
def test_a_first_row_of_data_is_a_row(tmp_path: Path, first: str) -> None:
    """With a number, and also where one is missing or cannot be read: a row is never lost."""
    reader, table = read(tmp_path / "a.csv", "\n".join([first, *ITALIAN]) + "\n")
    assert not reader.source.has_header and len(table) == len(ITALIAN) + 1


@pytest.mark.parametrize("first", ["Ahmet", "1-800-FLOWERS", "Max Mustermann", "telefon yok", "Hello", "2024"])
def test_a_first_line_of_words_that_name_no_column_is_a_row(tmp_path: Path, first: str) -> None:
    """Of a text of one column; somebody without a number is somebody still."""
    reader, table = read(tmp_path / "a.txt", "\n".join([first, *NUMBERS]) + "\n")
    assert (reader.source.has_header, len(table)) == (False, 13)


def test_a_title_that_speaks_of_phones_is_not_the_header(tmp_path: Path) -> None:
    """The row whose names stand above the numbers is."""
    reader, table = read(
        tmp_path / "a.csv", "Telefon listesi;;\n\nAd;Telefon;Şehir\nAli;0532 111 22 33;İzmir\nCan;0532 111 22 34;İzmir\n"
    )
    assert reader.source.phone_columns == ("Telefon",) and column(table, "Ad") == ["Ali", "Can"]


def test_what_stands_below_again_is_a_value_and_no_name(tmp_path: Path) -> None:
    """`Mobile` says what kind of number it is, in a row whose number is missing."""
    rows = "Ali,,Mobile\n" + "".join(f"Can,{number},Mobile\n" for number in NUMBERS)
    reader, table = read(tmp_path / "a.csv", rows)
    assert (reader.source.has_header, len(table)) == (False, 13)


@pytest.mark.parametrize(("said", "rows"), [(True, 11), (False, 12), (None, 12)])
def test_a_flag_says_what_the_first_row_is(tmp_path: Path, said: bool | None, rows: int) -> None:
    """It is recorded with the list as every reading option is."""
    reader, table = read(tmp_path / "a.txt", "\n".join(NUMBERS), has_header=said)
    assert (len(table), reader.source.has_header) == (rows, said is True)
    assert ReadOptions.from_json(ReadOptions(has_header=said).to_json()).has_header is said


def test_an_example_or_a_day_in_a_name_stays_and_a_persons_number_never_does() -> None:
    """Names of columns stand in lineage and messages."""
    names = ["sales_20261101", "satis 2025-2026", "tel (örn. 0532 111 22 33)", "0532 111 22 33", "Ali 05321112233"]
    assert name_columns(names, 5) == (*names[:3], "column_4", "column_5")


def test_many_equal_names_are_told_apart_in_one_pass() -> None:
    """A sheet has 16,384 columns; looking at all others for each would take minutes."""
    looked_at: list[str] = []

    class Name(str):
        __slots__ = ()
        __hash__ = str.__hash__

        def __eq__(self, other: object) -> bool:
            looked_at.append(str(self))
            return str.__eq__(self, other)

    names = unique([Name("x") for _ in range(2000)])
    assert len(set(names)) == 2000 and names[:3] == ("x", "x_2", "x_3") and len(looked_at) < 20_000


def test_a_bare_number_above_other_things_is_no_phone_of_a_row() -> None:
    """Brackets of prices name columns, too."""
    assert find_header([["ad", "telefon", "10000000"], *(["A", number, "3"] for number in NUMBERS)], None).row == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            '"ad,telefon,il"\n' + "".join(f'"A{row},{number},x"\n' for row, number in enumerate(NUMBERS)),
            "each row is quoted as one cell",
        ),
        ("ad~telefon~il\n" + "".join(f"A{row}~{number}~x\n" for row, number in enumerate(NUMBERS)), "try --delimiter '~'"),
        (
            "ad    yas telefon\n" + "".join(f"A{row:<9}{row + 20}   {number}\n" for row, number in enumerate(NUMBERS)),
            "aligned by blanks",
        ),
    ],
    ids=["quoted whole", "an odd delimiter", "fixed width"],
)
def test_whole_rows_in_one_cell_are_refused_with_what_to_try(tmp_path: Path, text: str, said: str) -> None:
    """A name alone would accept the column, and every row would be rejected."""
    with pytest.raises(ListError, match=said) as refused:
        read(tmp_path / "a.csv", text)
    assert "111" not in str(refused.value)


def test_a_rare_delimiter_is_found_by_the_phones_that_it_gives(tmp_path: Path) -> None:
    """Between `^` stand rows like any others."""
    reader, table = read(tmp_path / "a.csv", "ad^telefon^il\n" + "".join(f"A^{number}^x\n" for number in NUMBERS))
    assert reader.source.delimiter == "^" and column(table, "phone_raw") == NUMBERS


def test_an_empty_column_of_the_right_name_gives_way_to_a_full_one(tmp_path: Path) -> None:
    """By its name alone it would make all rows empty."""
    reader, table = read(tmp_path / "a.csv", "ad,phone,x\n" + "".join(f"A,,{number}\n" for number in NUMBERS))
    assert reader.source.phone_columns == ("x",) and column(table, "phone_raw") == NUMBERS
