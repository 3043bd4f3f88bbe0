"""Which encoding a text is in, and what happens to bytes that are in none."""

# ruff: noqa: RUF001 - letters of many scripts are what is tested

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from fbcheck_pipeline.errors import ListError
from fbcheck_pipeline.files import byte_sources
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


ROWS = "".join(f"Ali;0532 111 22 {row};x\n" for row in range(20, 40))
NAMED = "ad;telefon;not\n" + ROWS


@pytest.mark.parametrize("code", ["utf-16", "utf-16-le", "utf-16-be"])
def test_lines_in_utf8_behind_utf16_are_read_and_said(tmp_path: Path, code: str) -> None:
    """A tool that appends to a file may know nothing of its encoding; the last rows were lost without a word."""
    content = NAMED.encode(code) + "Ayşe;0532 111 22 99;x\r\nB;0532 111 22 98;y\r\n".encode()
    reader, table = read(tmp_path / "a.csv", content)
    assert column(table, "ad")[-2:] == ["Ayşe", "B"] and column(table, "phone_raw")[-1] == "0532 111 22 98"
    assert "Its last lines are UTF-8" in reader.source.reasons[0] and len(table) == 22 and reader.counts["bad_bytes"] == 0


@pytest.mark.parametrize("code", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be", "utf-32"])
def test_wide_characters_are_known_without_a_mark_in_any_script(tmp_path: Path, code: str) -> None:
    """Where most letters are not Latin, zero bytes are few."""
    text = "имя;телефон\n" + ROWS.replace("Ali", "Иван Петрович Сидоров").replace(";x", "")
    reader, table = read(tmp_path / "a.csv", text.encode(code))
    assert column(table, "имя")[0] == "Иван Петрович Сидоров" and reader.source.encoding == code


@pytest.mark.parametrize("zero", [b"\0\n", b"\n\0", b"x\0y\n"])
def test_zero_bytes_in_a_text_make_no_utf16(tmp_path: Path, zero: bytes) -> None:
    """Also where they stand at a line's end, row after row."""
    reader, table = read(
        tmp_path / "a.csv", (NAMED + "Veli Yılmaz;0532 111 22 99;" + "x" * 3000 + "\n").encode() + b"A;0532 111 22 98;" + zero
    )
    assert reader.source.encoding == "utf-8" and column(table, "ad")[20] == "Veli Yılmaz"


@pytest.mark.parametrize(
    "content",
    [
        "ad;telefon\nGül;0532 111 22 33\n".encode() + b"M\xfcller;0532 111 22 34\n",
        "ad;telefon\nÇağrı Işık;0532 111 22 33\n".encode() + b"\x9f;0532 111 22 34\n",
    ],
)
def test_one_bad_byte_among_few_letters_makes_no_dos_text(tmp_path: Path, content: bytes) -> None:
    """Whole sequences of UTF-8 do not come about by chance; a lone byte is damage."""
    reader, _ = read(tmp_path / "a.csv", content)
    assert (reader.source.encoding, reader.counts["bad_bytes"]) == ("utf-8", 1)


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("iso8859_2", "jméno;telefon\nŽaneta Růžičková;601 234 567\nTomáš Šťastný;602 234 567\n"),
        ("iso8859_2", "imię;telefon\nŁukasz Gąsior;601 234 567\nZdzisław Świątek;602 234 567\n"),
        ("cp1250", "jméno;telefon\nŽaneta Růžičková;601 234 567\nTomáš Šťastný;602 234 567\n"),
        ("cp1254", "ad;telefon\nçğıöşü ÇĞİÖŞÜ;0532 111 22 33\nçğıöşü;0532 111 22 34\n"),
    ],
)
def test_code_pages_of_one_language_are_told_apart(tmp_path: Path, code: str, text: str) -> None:
    """Windows and Unix differ in a few letters; and letters side by side are still letters of one language."""
    reader, table = read(tmp_path / "a.csv", text.encode(code))
    assert reader.source.encoding == code and column(table, text.split(";")[0])[0] == text.split("\n")[1].split(";")[0]


@pytest.mark.parametrize("end", [b"\x1a", b"\x1a" * 100])
@pytest.mark.parametrize("name", ["a.csv", "a.txt"])
def test_a_dos_end_mark_is_no_row(tmp_path: Path, end: bytes, name: str) -> None:
    """Programs of the eighties still write it."""
    text = NAMED if name == "a.csv" else "0532 111 22 33\n" * 20
    _, table = read(tmp_path / name, text.encode() + end)
    assert len(table) == 20 and "\x1a" not in "".join(column(table, table.schema.names[0]))


def test_marks_of_files_put_together_are_nothing(tmp_path: Path) -> None:
    """Two at the beginning hide no column's name, and one further on loses no row."""
    mark = b"\xef\xbb\xbf"
    reader, table = read(tmp_path / "a.csv", mark * 2 + NAMED.encode() + mark + ROWS.encode())
    assert reader.source.phone_columns == ("telefon",) and table.schema.names[0] == "ad" and len(table) == 40


PACKED = gzip.compress(NAMED.encode(), mtime=0)


@pytest.mark.parametrize(
    ("content", "rows", "said"),
    [
        (PACKED + b"and more", 20, True),
        (PACKED + b"\0" * 3000, 20, False),
        (PACKED + gzip.compress(ROWS.encode()), 40, False),
        (PACKED + b"\0" * 512 + gzip.compress(ROWS.encode()) + b"x", 40, True),
    ],
    ids=["bytes behind it", "zeros behind it", "two members", "all of it"],
)
def test_what_follows_a_gzip_member_is_read_or_said(tmp_path: Path, content: bytes, rows: int, said: bool) -> None:
    """The whole list was refused as damaged."""
    reader, table = read(tmp_path / "a.csv.gz", content)
    assert len(table) == rows and ("behind the end of the gzip file" in reader.source.reasons[0]) == said


def test_a_gzip_file_that_unpacks_to_gigabytes_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list is five to twenty times its packed size, a bomb a thousand times."""
    monkeypatch.setattr(byte_sources, "HONEST_BYTES", 1 << 20)
    with pytest.raises(ListError, match=r"a\.csv\.gz: the file is not read: it unpacks to more than"):
        read(tmp_path / "a.csv.gz", gzip.compress(b"a;0532 111 22 33\n" * 2_000_000))


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("cp1251", "имя;телефон\nОля;8 912 345 67 89\n"),
        ("koi8_r", "Имя;Телефон\nИван Петров;8 912 345 67 89\n"),
        ("cp866", "Имя;Телефон\nИван Петров;8 912 345 67 89\n"),
        ("iso8859_5", "Имя;Телефон\nИван Петров;8 912 345 67 89\n"),
        ("cp1253", "Όνομα;Τηλέφωνο\nΓιώργος;691 234 5678\n"),
    ],
)
def test_few_words_of_an_alphabet_tell_its_code_page(tmp_path: Path, code: str, text: str) -> None:
    """The name of the phone column may be all there is; code pages differ by where capitals stand."""
    reader, table = read(tmp_path / "a.csv", text.encode(code))
    assert table.schema.names[:2] == text.split("\n")[0].split(";") and reader.source.encoding == code
