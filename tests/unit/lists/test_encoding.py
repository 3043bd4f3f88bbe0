"""Which encoding a text is in, and what happens to bytes that are in none."""

# ruff: noqa: RUF001 - letters of many scripts are what is tested

from __future__ import annotations

from pathlib import Path

import pytest

from fbcheck_pipeline.errors import ListError
from tests.unit.lists.reading import column, read

TURKISH = "Müşteri;Cep\nAyşe Yılmaz;0532 111 22 33\nÇağrı Öztürk;0532 111 22 34\nGülşah Işık;0532 111 22 35\n"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("cp1254", "cp1254"),
    ],
)
def test_the_encoding_is_found_and_said(tmp_path: Path, code: str, said: str) -> None:
    """Byte-order mark, zero bytes, strict UTF-8, then the guess."""
    reader, table = read(tmp_path / "a.csv", TURKISH.encode(code))
    assert (reader.source.encoding, column(table, "Müşteri")[2]) == (said, "Gülşah Işık")
    assert reader.source.reasons[0].startswith(f"Encoding {said}: ")
    assert ("guess" in reader.source.reasons[0]) == (code == "cp1254")


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("cp1254", "Ad;Cep\nAyşe;0532 111 22 33\n"),
        ("cp1252", "Name;Handy\nJürgen Groß;0171 3920001\n"),
        ("cp1252", "Prénom;Téléphone\nFrançois;01 99 00 12 34\nHélène;01 99 00 12 35\n"),
        ("cp1252", "Nombre;Teléfono\nMaría Núñez;612 345 678\n"),
        ("cp1252", "Navn;Tlf\nSøren Åse;20 12 34 56\n"),
        ("cp1250", "Imię;Telefon\nŁukasz Wójcik;601 234 567\nŻaneta Gąsior;602 234 567\n"),
        ("cp1250", "Jméno;Telefon\nJiří Dvořák;601 234 567\nŽaneta Růžičková;602 234 567\n"),
        ("cp1251", "Имя;Телефон\nИван Петров;8 912 345 67 89\n"),
        ("cp1253", "Όνομα;Τηλέφωνο\nΓιώργος Παπαδόπουλος;691 234 5678\n"),
        ("cp1256", "الاسم;هاتف\nمحمد علي;0501234567\n"),
        ("gb18030", "姓名;电话\n张伟;13812345678\n王芳;13912345678\n李娜;13712345678\n"),
        ("cp857", "Ad;Cep\nÇağrı Işık;0532 111 22 33\n"),
    ],
)
def test_a_guess_reads_the_letters_of_its_language(tmp_path: Path, code: str, text: str) -> None:
    """What counts is the text: several code pages agree on it."""
    _, table = read(tmp_path / "a.csv", text.encode(code))
    header, *rows = (line.split(";") for line in text.splitlines())
    assert [column(table, name) for name in header] == [list(cells) for cells in zip(*rows, strict=True)]


def test_a_letter_beyond_ascii_far_down_is_seen(tmp_path: Path) -> None:
    """The encoding is decided by the whole file, not by its beginning."""
    text = "Ad;Cep\n" + "Ali;0532 111 22 33\n" * 120_000 + "Ayşe;0532 111 22 34\n"
    reader, table = read(tmp_path / "a.csv", text.encode("cp1254"))
    assert (reader.source.encoding, table.column("Ad")[-1].as_py()) == ("cp1254", "Ayşe")


def test_a_few_damaged_bytes_are_replaced_and_counted(tmp_path: Path) -> None:
    """A file that is UTF-8 but for one cell is no Windows file; and its row is kept."""
    content = b"Ad;Cep\n" + "Gülşah Işık Öztürk;0532 111 22 33\n".encode() * 5 + b"M\xfcller;0532 111 22 34\n"
    reader, table = read(tmp_path / "a.csv", content)
    assert (reader.source.encoding, reader.counts["bad_bytes"]) == ("utf-8", 1)
    assert column(table, "Ad")[-1] == "M\ufffdller" and column(table, "Ad")[0] == "Gülşah Işık Öztürk"


def test_the_encoding_that_was_asked_for_is_taken(tmp_path: Path) -> None:
    """A person who knows better than the guess."""
    reader, table = read(tmp_path / "a.csv", "Ad;Cep\nŞşş;0532 111 22 33\n".encode("cp1254"), encoding="windows-1254")
    assert (reader.source.encoding, column(table, "Ad")) == ("cp1254", ["Şşş"])


def test_a_file_that_is_not_in_the_encoding_asked_for_is_refused_with_its_line(tmp_path: Path) -> None:
    """Replacing every letter would be no reading."""
    with pytest.raises(ListError, match=r"a\.csv: line 1 .* not in utf-8; leave out --encoding"):
        read(tmp_path / "a.csv", TURKISH.encode("cp1254"), encoding="utf-8")
    with pytest.raises(ListError, match=r"there is no text encoding 'klingon'"):
        read(tmp_path / "a.csv", TURKISH, encoding="klingon")
