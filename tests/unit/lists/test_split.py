"""Rows in are rows out, whatever stands in them and wherever a piece of the file ends."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fbcheck_pipeline.files import byte_sources, csv_blocks, csv_split
from fbcheck_pipeline.files.csv_blocks import MAX_RECORD_BYTES, Blocks
from fbcheck_pipeline.files.csv_split import Splitter
from tests.unit.lists.reading import column, read

CELL = st.text(st.sampled_from('abş",;\n \t|0'), max_size=6)
SOUP = st.lists(st.sampled_from([b"a", b'"', b'""', b",", b"\n", b"\r\n", b"\r", b" ", b"0532"]), max_size=40).map(b"".join)


def as_csv(rows: list[list[str]], delimiter: str = ",", line_end: str = "\n", quoting: int = csv.QUOTE_MINIMAL) -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator=line_end, quoting=quoting).writerows(rows)  # type: ignore[arg-type]
    return out.getvalue()


@given(
    st.lists(st.lists(CELL, min_size=2, max_size=4), min_size=1, max_size=8), st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
)
@settings(max_examples=60)
def test_what_a_csv_writer_wrote_is_read_back(rows: list[list[str]], quoting: int) -> None:
    """The careful way agrees with the standard wherever the text keeps to it."""
    split = Splitter(b",").split(as_csv(rows, quoting=quoting).encode(), is_last=True)
    assert [[cell.decode() for cell in record] for record in split.records] == rows
    assert split.broken_quote_count == 0


@given(SOUP, st.integers(1, 9))
@settings(max_examples=100)
def test_where_a_piece_ends_makes_no_difference(text: bytes, size: int) -> None:
    """Blocks hold every byte once, and the records of the whole text, though quotes lie anywhere in it."""
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    blocks = list(Blocks(b",", b"\n").cut(pieces))
    assert b"".join(bytes(block.text) for block in blocks) == text
    splitter = Splitter(b",")
    found = [record for block in blocks for record in splitter.split(bytes(block.text), is_last=True).records]
    assert found == splitter.split(text, is_last=True).records


@given(SOUP, st.integers(0, 6), st.integers(1, 9))
@settings(max_examples=100)
def test_how_many_lines_are_cut_at_once_makes_no_difference(text: bytes, limit: int, at_once: int) -> None:
    """Nor does a limit, but for the records behind it."""
    whole = Splitter(b",").split(text, is_last=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_split, "_CUT_AT_ONCE", at_once)
        assert Splitter(b",").split(text, is_last=True) == whole
        first = Splitter(b",").split(text, is_last=True, limit=limit)
    assert (first.records, first.ends) == (whole.records[:limit], whole.ends[:limit])


@given(
    st.lists(st.lists(CELL, min_size=2, max_size=2), min_size=1, max_size=12),
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1254"]),
    st.integers(1, 64),
)
@settings(max_examples=40)
def test_a_list_is_read_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[list[str]],
    delimiter: str,
    line_end: str,
    quoting: int,
    code: str,
    piece: int,
) -> None:
    """End to end: any cells, delimiter, line end, quoting, encoding, and any size of the pieces that the file is read in."""
    path: Path = tmp_path_factory.mktemp("list") / "list.csv"
    text = as_csv([["phone", "note"], ["0532 111 22 33", "x"], *rows], delimiter, line_end, quoting)
    old, byte_sources.PIECE_BYTES = byte_sources.PIECE_BYTES, max(piece, 8)
    try:
        _, table = read(path, text.encode(code), encoding="cp1254" if code == "cp1254" else None, delimiter=delimiter)
    finally:
        byte_sources.PIECE_BYTES = old
    assert list(zip(column(table, "phone"), column(table, "note"), strict=True)) == [("0532 111 22 33", "x"), *map(tuple, rows)]
    assert column(table, "source_row") == list(range(1, len(rows) + 2))


@given(SOUP, st.integers(8, 40))
@settings(max_examples=60)
def test_the_fast_way_and_the_careful_way_agree(tmp_path_factory: pytest.TempPathFactory, soup: bytes, piece: int) -> None:
    """pyarrow reads what is regular, we the rest; nobody can tell from the result which it was."""
    text = b"phone,note\n0532 111 22 33,x\n" + soup
    split = [record for record in Splitter(b",").split(text, is_last=True).records[1:] if record != [b""]]
    old, byte_sources.PIECE_BYTES = byte_sources.PIECE_BYTES, piece
    try:
        _, table = read(tmp_path_factory.mktemp("list") / "list.csv", text, delimiter=",")
    finally:
        byte_sources.PIECE_BYTES = old
    expected = [(record[0].decode(), b",".join(record[1:]).decode()) for record in split]
    assert list(zip(column(table, "phone"), column(table, "note"), strict=True)) == expected


@pytest.mark.parametrize(
    ("line", "cells"),
    [
        ('"Ali,0532', ['"Ali', "0532"]),
        ('Ali "Baba",0532', ['Ali "Baba"', "0532"]),
        ('5" pipe,0532', ['5" pipe', "0532"]),
        ('="0532",x', ['="0532"', "x"]),
        (' "Ali, Veli" ,0532', ["Ali, Veli", "0532"]),
        ('"Ali"x,0532', ['"Ali"x', "0532"]),
        ('"a ""b"" c",', ['a "b" c', ""]),
    ],
)
def test_a_quote_out_of_place_is_an_ordinary_character(line: str, cells: list[str]) -> None:
    """People type quotes; only a field that begins and ends with one is quoted."""
    split = Splitter(b",").split(f"{line}\nnext,1\n".encode(), is_last=True)
    assert [[cell.decode() for cell in record] for record in split.records] == [cells, ["next", "1"]]


def test_a_quote_that_is_never_closed_costs_one_field_and_not_the_rest(tmp_path: Path) -> None:
    """Many readers swallow everything up to the end of the file, and say nothing."""
    lines = [f"{row},0532 111 {row:04d}" for row in range(500)]
    lines[100] = '100,"0532 111 0100'
    reader, table = read(tmp_path / "a.csv", "id,phone\n" + "\n".join(lines) + "\n")
    assert reader.counts["rows"] == 500 and reader.counts["broken_quotes"] == 1
    assert column(table, "phone_raw")[99:102] == ["0532 111 0099", '"0532 111 0100', "0532 111 0101"]


def test_an_open_quote_is_not_waited_for_beyond_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory stays bounded though the closing quote may be gigabytes away."""
    monkeypatch.setattr(csv_blocks, "MAX_RECORD_BYTES", 40_000)
    line = b"x,0532 111 22 33\n"
    text = b'x,"0532\n' + line * 10_000
    blocks = Blocks(b",", b"\n").cut([text[at : at + 10_000] for at in range(0, len(text), 10_000)])
    sizes, rows = [], 0
    for block in blocks:
        sizes.append(len(block.text))
        rows += len(block.split.records) if block.split else bytes(block.text).count(b"\n")
    assert rows == text.count(b"\n") and max(sizes) < 60_000


@pytest.mark.parametrize("filler", [b"x", b'"', "ş".encode()])
def test_of_a_line_of_megabytes_the_beginning_is_kept_and_it_is_counted(filler: bytes) -> None:
    """No person wrote it; the lines around it are a list all the same."""
    text = b"a,1\n" + b"0532 111 22 33," + filler * (MAX_RECORD_BYTES + (3 << 20)) + b"\nb,2\nc,3\n"
    blocks = Blocks(b",", b"\n")
    splitter = Splitter(b",")
    rows = []
    for block in blocks.cut(text[at : at + (1 << 20)] for at in range(0, len(text), 1 << 20)):
        bytes(block.text).decode()
        rows += splitter.split(bytes(block.text), is_last=True).records
    assert [row[0] for row in rows] == [b"a", b"0532 111 22 33", b"b", b"c"]
    assert blocks.cut_line_count == 1
