"""What cannot be read is refused with the file, the place and the remedy, and never with a cell."""

from __future__ import annotations

import gzip
import io
import os
import zipfile
from pathlib import Path

import pytest

from fbcheck_pipeline.errors import ListError
from fbcheck_pipeline.files import csv_table
from fbcheck_pipeline.lists import open_list
from tests.unit.lists.reading import read

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600


def zipped(name: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr(name, "x")
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"", "the file is empty"),
        ("a.csv", b"\n \n", "the file is empty"),
        ("a.csv.gz", gzip.compress(b"", mtime=0), "the file is empty"),
        ("a.csv", b"ad,tel\n", "there is a header and no row below it"),
        ("a.csv", b"ad,not\nAli,x\nVeli,y\n", "no column reads as telephone numbers; its columns are ad, not"),
        ("a.csv", os.urandom(3000) + b"\0\1\2\3" * 100, "this is no text, no workbook and no Parquet file"),
        ("a.xlsx", os.urandom(3000) + b"\0\1\2\3" * 100, "this is no text, no workbook and no Parquet file"),
        ("a.csv", b"ad,tel\nAli,0532\x00111\n", "this is no text, no workbook and no Parquet file, see the bytes of line 2"),
        ("a.csv", b"x" * 600_000 + b",tel\nAli,05321112233\n", "line 1 is longer than 512 KB, so no columns can be detected"),
        ("a.txt", b"%PDF-1.7\n%", "this is a PDF and no list"),
        ("a.csv", b"<!DOCTYPE html><html>login</html>", "this is a web page or XML"),
        ("a.csv.gz", gzip.compress(b"ad,tel\nAli,05321112233\n" * 1000, mtime=0)[:-20], "the gzip file is truncated"),
        ("a.csv.gz", b"\x1f\x8b\x08\x00" + b"\xff" * 100, "the gzip file is damaged"),
        ("a.xlsx", OLE + "EncryptedPackage".encode("utf-16-le"), "the workbook is encrypted; save it without a password"),
        ("a.xlsx", OLE, "this is a legacy .xls workbook; save it as .xlsx"),
        ("a.xls", OLE, "a legacy workbook: save it as .xlsx"),
        ("a.xlsx", b"PK\x03\x04" + b"x" * 100, "the workbook is truncated or damaged"),
        ("a.xlsx", zipped("xl/workbook.xml"), "the workbook is damaged"),
        ("a.xlsx", zipped("list.csv"), "this is a zip archive and no .xlsx workbook"),
        ("a.docx", b"x", r"lists are \.csv, \.tsv"),
        ("a", b"05321112233\n", r"lists are \.csv, \.tsv"),
    ],
)
def test_an_unreadable_file_is_refused_with_the_remedy(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    """A person must know what to do next."""
    with pytest.raises(ListError, match=message) as refused:
        read(tmp_path / name, content)
    assert str(refused.value).startswith(f"{name}: ")


def test_a_missing_file_and_a_folder_are_refused_each_in_its_own_words(tmp_path: Path) -> None:
    """Somebody who names a folder must hear that its lists are to be named."""
    with pytest.raises(ListError, match="there is no such file"):
        open_list(tmp_path / "none.csv")
    with pytest.raises(ListError, match=r"/lists: this is a folder; name the lists in it, e.g. .*/lists/\*.csv"):
        (tmp_path / "lists").mkdir()
        open_list(tmp_path / "lists")


def test_a_list_under_a_wrong_name_is_read_and_said(tmp_path: Path) -> None:
    """A text that is called a workbook is a text."""
    reader, table = read(tmp_path / "a.xlsx", "ad;tel\nAli;0532 111 22 33\n")
    assert (reader.source.format, len(table)) == ("csv", 1)
    assert reader.source.reasons[0] == "Read as csv because of its content; its name says xlsx."


def test_no_message_holds_a_cell(tmp_path: Path) -> None:
    """Messages stand in logs; pyarrow's own would quote the row."""
    with pytest.raises(ListError) as refused:
        read(tmp_path / "a.csv", "ad,tel\nAli,0532 111 22 33\n", column="nope")
    assert "111" not in str(refused.value)


def test_a_name_that_no_column_has_is_refused(tmp_path: Path) -> None:
    """Every phone brings it along: a header of 200 KB above two million rows asked for 13 GB."""
    rows = b",b\n" + b"+41780000001,1\n" * 9
    read(tmp_path / "a.csv", b"phone".ljust(2000, b"x") + rows)
    with pytest.raises(ListError, match="the name of the column of phones has 2,001 letters, and 2,000 are the most"):
        read(tmp_path / "a.csv", b"phone".ljust(2001, b"x") + rows)


@pytest.mark.parametrize(
    ("encoding", "refusal"),
    [("idna", "there is no text encoding"), ("punycode", "there is no text encoding"), ("utf-32", "has no byte-order mark")],
)
def test_an_encoding_that_reads_no_text_is_refused(tmp_path: Path, encoding: str, refusal: str) -> None:
    """Python knows them, and raises of its own."""
    with pytest.raises(ListError, match=refusal):
        read(tmp_path / "a.csv", "ad,tel\nü.ç,0532 111 22 33\n", encoding=encoding)


def test_an_old_workbook_is_looked_through_a_piece_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may have gigabytes, and was held whole."""
    monkeypatch.setattr(Path, "read_bytes", lambda _: pytest.fail("it was held whole"))
    with pytest.raises(ListError, match="legacy"):
        read(tmp_path / "a.xlsx", OLE + bytes(2 << 20))


def test_a_text_of_more_columns_than_any_table_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """12 MB of 60,000 columns took 1.7 GB: a reader takes some KB for each."""
    content = b"phone,a,b\n" + b"+41780000001,x,y\n" * 5
    monkeypatch.setattr(csv_table, "MAX_COLUMNS", 3)
    assert read(tmp_path / "a.csv", content)[1].num_rows == 5
    monkeypatch.setattr(csv_table, "MAX_COLUMNS", 2)
    with pytest.raises(ListError, match="it has 3 columns; leave out the columns that are empty"):
        read(tmp_path / "a.csv", content)


def test_rows_that_would_be_filled_with_more_than_they_hold_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """28 KB of short rows below a header of 20,000 columns took over 4 GB; what is honest is filled some rows at a time."""
    content = b"phone" + b",a" * 99 + b"\n" + (b"+41780000001" + b",x" * 99 + b"\n") * 2000 + b"+41780000001\n" * 1000
    monkeypatch.setattr(csv_table, "BATCH_CELLS", 10_000)
    reader, table = read(tmp_path / "a.csv", content)
    assert (table.num_rows, reader.counts["short_rows"]) == (3000, 1000)
    assert max(map(len, table.to_batches())) == 100
    monkeypatch.setattr(csv_table, "HONEST_EMPTY_CELLS", 10_000)
    monkeypatch.setattr(csv_table, "EMPTY_CELLS_A_BYTE", 0)
    with pytest.raises(ListError, match="so short that 99,000 cells have to be filled in; leave out the columns that are empty"):
        read(tmp_path / "a.csv", content)
