"""Header or none, which columns hold phones, which one the country."""

# ruff: noqa: RUF001 - letters of many scripts are what is tested

from __future__ import annotations

import random
from pathlib import Path

import pytest

from fbcheck_pipeline.errors import ListError
from fbcheck_pipeline.lists import ReadOptions, open_list
from fbcheck_pipeline.lists import reader as reader_module
from fbcheck_pipeline.lists.header_choice import find_header, name_columns
from fbcheck_pipeline.model.columns import OWN_EXPORT
from fbcheck_pipeline.phones import Normaliser
from tests.unit.lists.reading import column, read

PHONES = [f"0532 111 {row:02d} {row + 7:02d}" for row in range(12)]
BARE = [str(random.Random(row).randrange(5_300_000_000, 5_600_000_000)) for row in range(12)]


def table_of(tmp_path: Path, columns: dict[str, list[str]], **options: object):  # type: ignore[no-untyped-def]
    rows = [list(columns), *zip(*columns.values(), strict=True)]
    return read(tmp_path / "a.csv", "".join(";".join(row) + "\n" for row in rows), **options)


@pytest.mark.parametrize(
    "name",
    [
        "phone",
        "Phone Number",
        "mobile",
        "tel",
        "Telefon",
        "Cep",
        "CEP TELEFONU",
        "cepTelefonu",
        "GSM No",
        "Téléphone",
        "Número de celular",
        "Teléfono móvil",
        "Handy-Nr.",
        "Rufnummer",
        "Privattelefon",
        "Телефон",
        "Номер телефона",
        "电话",
        "手机号码",
        "電話番号",
        "전화번호",
        "هاتف",
        "رقم الهاتف",
        "फोन",
        "เบอร์โทร",
        "Τηλέφωνο",
        "WhatsApp",
        "msisdn",
        "telefoonnummer",
    ],
)
def test_a_phone_column_is_known_by_its_name_in_many_languages(tmp_path: Path, name: str) -> None:
    """Also where another column's cells look like phones too."""
    reader, _ = table_of(tmp_path, {"ref": BARE, name: PHONES})
    assert reader.source.phone_columns == (name,)


@pytest.mark.parametrize("name", ["numara", "Number", "No", "номер", "phone_no_type"])
def test_a_mere_number_must_look_like_phones(tmp_path: Path, name: str) -> None:
    """Order numbers are numbers too."""
    with pytest.raises(ListError, match="no column reads as telephone numbers"):
        table_of(tmp_path, {name: [f"A{row}" for row in range(12)], "x": ["y"] * 12})
    reader, _ = table_of(tmp_path, {name: PHONES, "x": ["y"] * 12})
    assert reader.source.phone_columns == (name,)


def test_all_phone_columns_are_read_in_order(tmp_path: Path) -> None:
    """A row for each row and column, and each says where it comes from."""
    reader, table = table_of(tmp_path, {"Ev Telefonu": PHONES, "ad": ["x"] * 12, "Cep": [*BARE[:11], ""]})
    assert reader.source.phone_columns == ("Ev Telefonu", "Cep")
    assert column(table, "phone_column")[:3] == ["Ev Telefonu", "Cep", "Ev Telefonu"]
    assert column(table, "phone_index")[:3] == [0, 1, 0] and column(table, "source_row")[:3] == [1, 1, 2]
    assert column(table, "phone_raw") == [
        cell for pair in zip(column(table, "Ev Telefonu")[::2], column(table, "Cep")[::2], strict=True) for cell in pair
    ]
    assert (reader.counts["rows"], reader.counts["phones"]) == (12, 24)


def test_a_column_that_is_called_phone_and_holds_flags_is_left_out_and_said(tmp_path: Path) -> None:
    """`phone_type` and `mobile: yes` hold no numbers."""
    reader, _ = table_of(tmp_path, {"phone": PHONES, "mobile": ["yes"] * 12, "phone_type": ["cell"] * 12})
    assert reader.source.phone_columns == ("phone",)
    assert "not 'mobile', 'phone_type'" in reader.source.reasons[-1]


DAYS = [f"{row + 1:02d}.11.2026" for row in range(12)]
OTHERS = {
    "dates": DAYS,
    "iso dates": [f"2026-11-{row + 1:02d} 10:30:00" for row in range(12)],
    "compact dates": [f"202611{row + 1:02d}" for row in range(12)],
    "ids": [str(7_000_123 + row * 3) for row in range(12)],
    "prices": [f"{1234567 + row},50" for row in range(12)],
    "zip+4": [f"{12345 + row}-{6789 - row}" for row in range(12)],
    "cep": [f"{10310 + row}-{100 + row}" for row in range(12)],
    "iban": [f"TR{330006100519786457841326 + row}" for row in range(12)],
    "identities": [str(random.Random(row).randrange(10**10, 10**11)) for row in range(12)],
    "ip addresses": [f"10.0.{row}.211" for row in range(12)],
    "coordinates": [f"41.00{row}82376" for row in range(12)],
}


@pytest.mark.parametrize("kind", OTHERS)
@pytest.mark.parametrize("phones", [PHONES, BARE], ids=["written", "bare"])
def test_other_numbers_are_not_taken_for_phones(tmp_path: Path, kind: str, phones: list[str]) -> None:
    """Without a helpful name the content decides, and phones look more like phones than anything else."""
    reader, _ = table_of(tmp_path, {"a": OTHERS[kind], "b": phones, "c": ["x"] * 12})
    assert reader.source.phone_columns == ("b",)
    assert "by content" in reader.source.reasons[-1]


def test_a_sorted_list_of_phones_is_a_list_of_phones(tmp_path: Path) -> None:
    """Its numbers rise as ids do; where nothing else could be the phones, they are."""
    reader, _ = read(tmp_path / "a.csv", "".join(f"x;{5320000000 + row}\n" for row in range(50)))
    assert reader.source.phone_columns == ("column_2",)


def test_without_header_and_names_the_content_decides(tmp_path: Path) -> None:
    """A first row that holds a number is no header, and counts as a row."""
    rows = "".join(f"{row + 1};Ali;{phone};{DAYS[row]}\n" for row, phone in enumerate(PHONES))
    reader, table = read(tmp_path / "a.csv", rows)
    assert (reader.source.has_header, reader.source.phone_columns, len(table)) == (False, ("column_3",), 12)


@pytest.mark.parametrize("first", ["N/A", "yok", "-", "12", "info@example.com"])
def test_junk_in_the_first_line_is_a_row_and_no_header(tmp_path: Path, first: str) -> None:
    """It would be lost without a word."""
    reader, table = read(tmp_path / "a.txt", "\n".join([first, *PHONES]) + "\n")
    assert (reader.source.has_header, len(table)) == (False, 13)


@pytest.mark.parametrize("first", ["phone", "Numaralar", "Kişiler", "Telefon 2026"])
def test_a_word_in_the_first_line_is_a_header(tmp_path: Path, first: str) -> None:
    """Known or not, it is no number and none that is missing."""
    reader, table = read(tmp_path / "a.txt", "\n".join([first, *PHONES]) + "\n")
    assert (reader.source.has_header, reader.source.phone_columns, len(table)) == (True, (first,), 12)


def test_a_flag_overrides_what_was_found(tmp_path: Path) -> None:
    """The person is right."""
    reader, table = table_of(
        tmp_path, {"phone": PHONES, "backup": BARE, "land": ["TR"] * 12, "x": ["DE"] * 12}, column="BACKUP", region_column="x"
    )
    assert (reader.source.phone_columns, reader.source.region_column, len(table)) == (("backup",), "x", 12)
    reader, table = read(tmp_path / "b.txt", "phone\n" + "\n".join(PHONES), has_header=False)
    assert (reader.source.has_header, len(table)) == (False, 13)
    reader, table = read(tmp_path / "c.txt", "\n".join(PHONES), has_header=True)
    assert (reader.source.phone_columns, len(table)) == (("column_1",), 11)


@pytest.mark.parametrize(("option", "flag"), [("column", "--column"), ("region_column", "--region-column")])
def test_a_column_that_does_not_exist_is_refused_with_those_that_do(tmp_path: Path, option: str, flag: str) -> None:
    """The remedy is to pick one of them."""
    with pytest.raises(ListError, match=f"no column 'nope' for {flag}; its columns are phone, ad"):
        table_of(tmp_path, {"phone": PHONES, "ad": ["x"] * 12}, **{option: "nope"})


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("country", ["TR", "de", "US"]),
        ("Ülke", ["Türkiye", "Almanya", "Deutschland"]),
        ("Land", ["Germany", "Turkey", "Schweiz"]),
        ("pays", ["France", "Turquie", "FRA"]),
        ("País", ["Brasil", "España", ""]),
        ("country_code", ["+90", "49", "001"]),
        ("страна", ["Россия", "Турция", "RU"]),
    ],
)
def test_a_country_column_is_known_by_name_and_content(tmp_path: Path, name: str, cells: list[str]) -> None:
    """Names, ISO codes or dialling codes."""
    reader, _ = table_of(tmp_path, {"phone": PHONES, name: cells * 4})
    assert reader.source.region_column == ("country_source" if name == "country" else name)


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("region", ["Marmara", "Ege", "Akdeniz"]),
        ("region", ["CA", "TX", "NY"]),
        ("land", ["12", "14", "15"]),
        ("country", ["x", "", "y"]),
        ("ad", ["TR"] * 3),
    ],
)
def test_what_is_only_named_like_a_country_is_none(tmp_path: Path, name: str, cells: list[str]) -> None:
    """A wrong region turns numbers into other people's."""
    reader, _ = table_of(tmp_path, {"phone": PHONES, name: cells * 4})
    assert reader.source.region_column is None


def test_names_are_unique_and_never_hide_the_products_own(tmp_path: Path) -> None:
    """Empty, repeated and reserved names (in any case: SQL knows none) all get one of their own, and keep their cells."""
    content = "phone_raw,ad,ad,,Facebook,ad_2\n0532 111 22 33,a,b,c,d,e\n"
    reader, table = read(tmp_path / "a.csv", content)
    assert table.schema.names[:6] == ["phone_raw_source", "ad", "ad_3", "column_4", "Facebook_source", "ad_2"]
    assert [table.column(at)[0].as_py() for at in range(6)] == ["0532 111 22 33", "a", "b", "c", "d", "e"]
    assert reader.source.phone_columns == ("phone_raw_source",) and column(table, "phone_column") == ["phone_raw"]


def test_summary_lines_above_a_header_are_passed_over_and_said(tmp_path: Path) -> None:
    """Reports begin with a title."""
    reader, table = read(tmp_path / "a.csv", "Müşteri listesi;;\nKasım 2026;;\nAd;Cep;Şehir\nAli;0532 111 22 33;İzmir\n")
    assert column(table, "Ad") == ["Ali"] and column(table, "source_row") == [1]
    assert "Header in row 3" in " ".join(reader.source.reasons)


def test_no_reason_holds_a_cell(tmp_path: Path) -> None:
    """They stand in logs and lineages."""
    reader, _ = table_of(tmp_path, {"phone": PHONES, "ülke": ["TR"] * 12})
    said = " ".join(reader.source.reasons)
    assert not any(phone in said for phone in PHONES)


def test_words_around_a_number_are_no_header() -> None:
    """Or the row would be lost, and its number would stand as a column's name in lineage and errors."""
    rows = [["Tel 0532 123 45 0N Ali"], ["Tel 0532 123 45 1N Ayse"]]
    assert find_header(rows, None).row is None
    assert name_columns(rows[0], 1) == ("column_1",)


DECORATED = ["callto:+90532123{}", "sms:0532123{}", "item1.TEL:+90532123{}", "mob 0532 123 {}", "0532~123~{}"]


@pytest.mark.parametrize("shape", DECORATED)
@pytest.mark.parametrize("form", ["column", "lines"])
def test_what_the_normaliser_reads_the_list_reader_recognises(tmp_path: Path, shape: str, form: str) -> None:
    """A list is not refused for decorations that are nothing: neither a column without a helpful name nor lines without header."""
    cells = [shape.format(f"{row:02d}{'~' if '~' in shape else ''}{row + 7:02d}") for row in range(12)]
    if form == "column":
        reader, table = table_of(tmp_path, {"a": ["x"] * 12, "b": cells})
    else:
        reader, table = read(tmp_path / "a.txt", "\n".join(cells) + "\n")
    assert reader.source.phone_columns == ("b" if form == "column" else "column_1",)
    assert column(table, "phone_raw") == cells
    batches = [Normaliser("TR").normalise(batch) for batch in table.to_batches()]
    found = [phone for batch in batches for phone in batch.column("phone_e164").to_pylist()]
    assert found == [f"+90532123{row:02d}{row + 7:02d}" for row in range(12)]


@pytest.mark.parametrize("word", ["INV-", "Order ", "Rechnung Nr. ", "SKU/"])
def test_a_number_behind_a_word_that_names_no_telephone_is_something_else(tmp_path: Path, word: str) -> None:
    """Invoices and orders are numbered, too."""
    reader, _ = table_of(tmp_path, {"a": [f"{word}{20260000 + 37 * row}" for row in range(12)], "b": PHONES})
    assert reader.source.phone_columns == ("b",)


def test_how_a_name_sounds_is_no_phone(tmp_path: Path) -> None:
    """Address books have a column `Phonetic First Name`, mostly empty; it would double every row."""
    reader, table = table_of(tmp_path, {"Phonetic First Name": [""] * 12, "Phone 1 - Value": PHONES})
    assert reader.source.phone_columns == ("Phone 1 - Value",) and len(table) == 12


def test_numbers_that_lie_across_the_row_are_refused(tmp_path: Path) -> None:
    """Each phone brings all columns of its row along: a few rows of a full sheet would fill the memory."""
    with pytest.raises(
        ListError, match="300 columns read as telephone numbers, and a list has 200 at most; name one with --column"
    ):
        table_of(tmp_path, {f"tel {row}": PHONES for row in range(300)})


def test_batches_of_wide_rows_have_fewer_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is bounded is memory, and not rows."""
    monkeypatch.setattr(reader_module, "MOST_BATCH_CELLS", 100)
    (tmp_path / "a.csv").write_text("tel,a,b,gsm\n" + "".join(f"{phone},x,y,{phone}\n" for phone in PHONES * 10))
    batches = list(open_list(tmp_path / "a.csv").batches())
    assert sum(batch.num_rows for batch in batches) == 240 and max(batch.num_rows for batch in batches) <= 26
    assert [row for batch in batches for row in batch.column("source_row").to_pylist()] == [
        row for row in range(1, 121) for _ in "12"
    ]


def test_a_result_that_was_exported_and_dropped_as_a_list_is_known(tmp_path: Path) -> None:
    """Its columns repeat each phone up to four times; whichever form was exported, the phones of the result are taken, once."""
    first = {"phone_e164": ["+41780000001"], "facebook": ["yes"], "phone": ["078 000 00 01"], "phone_raw": ["078 000 00 01"]}
    for names in (["phone_e164"], ["phone_e164_1"]):
        columns = {names[0]: first["phone_e164"], **{name: first[name] for name in first if name != "phone_e164"}}
        path = tmp_path / f"{names[0]}.csv"
        write(path, {**columns, "source_row": ["1"]})
        source = open_list(path).source
        assert [name.removesuffix("_source") for name in source.phone_columns] == names
        assert any(each.startswith(OWN_EXPORT) for each in source.reasons)


def write(path: Path, columns: dict[str, list[str]]) -> None:
    path.write_text("\n".join(",".join(row) for row in [list(columns), *zip(*columns.values(), strict=True)]) + "\n")


def test_the_nearest_column_is_suggested(tmp_path: Path) -> None:
    """A misspelt `--column` among two hundred."""
    write(tmp_path / "a.csv", {"id": ["1"], "telefon": ["+41780000001"]})
    with pytest.raises(ListError, match=r"there is no column 'telefonn' for --column; did you mean telefon\? its columns are"):
        open_list(tmp_path / "a.csv", ReadOptions(column="telefonn"))
