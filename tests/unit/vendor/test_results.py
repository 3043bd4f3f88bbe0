"""A result is recognised by its content and read to the last row; what cannot be read says what it looks like."""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import fastexcel
import numpy as np
import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fbcheck_pipeline.errors import ResultError, ResultForbidden, ResultOfOthers, ResultUnreadable
from fbcheck_pipeline.vendor.result_table import ResultTable, read_result

Row = Sequence[object]
ROWS: list[Row] = [("Number", "facebook"), ("+41798284651", "yes"), ("+41798284652", "no"), ("+41798284653", "ban")]
READ = [(41798284651, "yes", "yes"), (41798284652, "no", "no"), (41798284653, "ban", "ban")]
MAX = 5_000_000
SENT = np.arange(41798284600, 41798284700)


def as_csv(rows: Sequence[Row], delimiter: str = ",") -> bytes:
    return "".join(delimiter.join(map(str, row)) + "\n" for row in rows).encode()


def as_workbook(*sheets: Sequence[Row]) -> bytes:
    book = openpyxl.Workbook(write_only=True)
    for index, rows in enumerate(sheets):
        sheet = book.create_sheet(f"Sheet{index}")
        for row in rows:
            sheet.append(list(row))
    return saved(book)


def saved(book: openpyxl.Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def as_zip(**members: bytes) -> bytes:
    return zipped({name.replace("_dot_", "."): content for name, content in members.items()})


def zipped(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def patched(workbook: bytes, change: Callable[[bytes], bytes], name: str = "xl/worksheets/sheet1.xml") -> bytes:
    with zipfile.ZipFile(io.BytesIO(workbook)) as archive:
        members = {each: archive.read(each) for each in archive.namelist()}
    members[name] = change(members[name])
    return zipped(members)


def understated(workbook: bytes, by_bytes: int) -> bytes:
    """A workbook whose first sheet is so much larger than the archive claims; the checksum is that of what it claims to be."""
    with zipfile.ZipFile(io.BytesIO(workbook)) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml")
    whole = sheet + b" " * by_bytes
    liar = patched(workbook, lambda _: whole)
    for true, claimed in ((len(whole), len(sheet)), (zlib.crc32(whole), zlib.crc32(sheet))):
        assert liar.count(true.to_bytes(4, "little")) == 2
        liar = liar.replace(true.to_bytes(4, "little"), claimed.to_bytes(4, "little"))
    return liar


@pytest.fixture
def read(tmp_path: Path) -> Callable[[bytes], ResultTable]:
    def read_bytes(content: bytes) -> ResultTable:
        path = tmp_path / "result.txt"
        path.write_bytes(content)
        return read_result(path, SENT, max_bytes=MAX)

    return read_bytes


def rows_of(result: ResultTable) -> list[tuple[int, str | None, str | None]]:
    return [(row["phone"], row["facebook"], row["label"]) for row in result.table.to_pylist()]


Reader = Callable[[bytes], ResultTable]
NO_FAULTS = {"conflicting": 0, "unknown_labels": 0, "unreadable_numbers": 0, "extra": 0}
SUMMARY: list[Row] = [("Task", "Total"), ("cs9viu", 3)]
SWAPPED = [(b, "x", a) for a, b in ROWS]
LOUD = [("ACTIVATED", " number "), *((b, a) for a, b in ROWS[1:])]
NUMERIC: list[Row] = [ROWS[0], *((int(str(a)), b) for a, b in ROWS[1:])]
FLOATS: list[Row] = [ROWS[0], *((float(str(a)), b) for a, b in ROWS[1:])]


@pytest.mark.parametrize(
    "content",
    [
        as_csv(ROWS),
        as_csv(ROWS, ";"),
        as_csv(ROWS, "\t"),
        as_csv(ROWS).replace(b"\n", b"\r\n"),
        as_csv(ROWS).rstrip(),
        as_csv(ROWS) + b"\n\n",
        b"\xef\xbb\xbf" + as_csv(ROWS),
        as_csv(ROWS).decode().encode("utf-16"),
        as_csv([("caf\u00e9",), *ROWS]).decode().encode("latin-1"),
        as_csv([*SUMMARY, (), *ROWS]),
        as_csv(SWAPPED),
        as_csv(LOUD),
        as_csv([('"Number"', '"facebook"'), *((f'"{a}"', f'"{b}"') for a, b in ROWS[1:])]),
        as_csv([(*ROWS[0], "note"), *((a, b, '"two\nlines, and a comma"') for a, b in ROWS[1:])]),
        as_csv([ROWS[0], (*ROWS[1], "too", "many"), *ROWS[2:]]),
        as_csv([ROWS[0], *((f"{str(a)[1:]}.0", b) for a, b in ROWS[1:])]),
        as_csv([ROWS[0], *((f"'{a}", b) for a, b in ROWS[1:])]),
        as_csv([ROWS[0], *((f"4.179828465{i}E+10", b) for i, (_, b) in enumerate(ROWS[1:], 1))]),
        as_csv([ROWS[0], *((f"4,179828465{i}e10", b) for i, (_, b) in enumerate(ROWS[1:], 1))], ";"),
        as_csv([ROWS[0], *((f"+41 79 828-46-5{i}", b) for i, (_, b) in enumerate(ROWS[1:], 1))]),
        as_csv([ROWS[0], *((f"+41\u00a079 (828) 46\u202f5{i}", b) for i, (_, b) in enumerate(ROWS[1:], 1))]),
        as_csv([ROWS[0], *((f"0041 79828465{i}", b) for i, (_, b) in enumerate(ROWS[1:], 1))]),
        as_csv([ROWS[0], *((f"41.798.284.65{i}", b) for i, (_, b) in enumerate(ROWS[1:], 1))]),
        as_csv([ROWS[0], *((f"41,798,284,65{i}", b) for i, (_, b) in enumerate(ROWS[1:], 1))], ";"),
        as_csv([ROWS[0], *((f'="{a}"', b) for a, b in ROWS[1:])]),
        as_csv([ROWS[0], *((a, f"{b}\0") for a, b in ROWS[1:])]),
        as_csv([ROWS[0], (ROWS[1][0], '"yes'), *ROWS[2:]]),  # a quote that is never closed
        as_csv([ROWS[0], (ROWS[1][0], '"yes'), ROWS[2], (ROWS[3][0], '"ban')]),
        as_csv(ROWS).decode().encode("utf-16-le"),
        as_workbook(ROWS),
        as_workbook(NUMERIC),
        as_workbook(FLOATS),
        as_workbook(SUMMARY, ROWS),
        as_workbook([], SUMMARY, [*SUMMARY, (), (), *SWAPPED]),
        as_workbook(ROWS[:2], [ROWS[0], *ROWS[2:]]),
        as_workbook(ROWS, [("facebook", "number"), ("yes", 12345), ("no", 67890)]),  # a summary, no phone of which was sent
        as_zip(result_1_dot_xlsx=as_workbook(ROWS[:2]), result_2_dot_xlsx=as_workbook([ROWS[0], *ROWS[2:]])),
        zipped({"../../a.csv": as_csv(ROWS[:2]), "C:\\b.csv": as_csv([ROWS[0], ROWS[2]]), "/c": as_csv([LOUD[0], LOUD[3]])}),
        gzip.compress(as_csv(ROWS), mtime=0),
        gzip.compress(as_workbook(ROWS), mtime=0),
        as_zip(all_dot_csv=as_csv(ROWS)),
        as_zip(result_dot_xlsx=as_workbook(SUMMARY, LOUD)),
        as_zip(
            all_dot_csv=as_csv(ROWS),
            activated_dot_txt=b"+41798284651\n",
            unregistered_dot_txt=b"+41798284652\n+41798284653\n",
        ),
        zipped({"out/": b"", "out/all": as_csv(ROWS), "__MACOSX/._all": b"\x00\x05\x16\x07"}),
    ],
)
def test_every_shape_reads_alike(read: Reader, content: bytes) -> None:
    """The vendor has changed format, header, case and order before; the name tells nothing."""
    result = read(content)
    assert rows_of(result) == READ
    assert result.counts == {"rows": 3, "repeated": 0, **NO_FAULTS}


@pytest.mark.parametrize("make", [as_csv, as_workbook])
def test_labels_are_folded_and_strange_ones_kept(read: Reader, make: Callable[[Sequence[Row]], bytes]) -> None:
    """`YES` is a yes; a word that is no verdict, or none at all, is not guessed."""
    pairs = [("YES", "yes"), (" No ", "no"), ("Ban\u00a0", "ban"), ("unknown", None), ("Ja", None), ("", None)]
    result = read(make([ROWS[0], *((f"+4179828465{i}", sent) for i, (sent, _) in enumerate(pairs))]))
    assert [row[1] for row in rows_of(result)] == [verdict for _, verdict in pairs]
    assert [row[2] for row in rows_of(result)] == [sent.strip() or None for sent, _ in pairs]
    assert result.unknown_labels == 3


def test_repeats_are_counted_and_conflicts_have_no_verdict(read: Reader) -> None:
    """The same number twice is one phone; with two labels nobody knows which is true."""
    rows = [ROWS[0], *ROWS[1:], ("41798284651", "YES"), ("+41798284652", "Ban"), ("41798284652", "no"), ("41798284652", "odd")]
    result = read(as_csv(rows))
    assert rows_of(result) == [(41798284651, "yes", "yes"), (41798284652, None, "no|Ban|odd"), READ[2]]
    assert result.counts == {"rows": 7, "repeated": 2, **NO_FAULTS, "conflicting": 1}


def test_tables_are_united_by_phone(read: Reader) -> None:
    """An empty label says nothing, equal ones count once, a strange word beside a verdict is a conflict as two verdicts are."""
    first = [ROWS[0], ("+41798284651", "yes"), ("+41798284652", ""), ("+41798284653", "ban"), ("+41798284654", "yes")]
    second = [
        LOUD[0],
        ("YES", "41798284651"),
        ("no", "41798284652"),
        ("?", "41798284653"),
        ("no", "41798284654"),
        ("", "41798284655"),
    ]
    result = read(as_zip(a_dot_csv=as_csv(first), b_dot_xlsx=as_workbook(second)))
    assert [(facebook, label) for _, facebook, label in rows_of(result)] == [
        ("yes", "yes"), ("no", "no"), (None, "ban|?"), (None, "yes|no"), (None, None)
    ]  # fmt: skip
    assert result.counts == {"rows": 9, "repeated": 2, **NO_FAULTS, "conflicting": 2, "unknown_labels": 1}


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
@pytest.mark.parametrize("is_fast", [True, False])
def test_a_hidden_sheet_is_never_read(read: Reader, state: str, is_fast: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody sees is a leftover: here it contradicts every row."""
    if not is_fast:
        monkeypatch.setattr(fastexcel, "read_excel", None)
    book = openpyxl.Workbook()
    for row in ROWS:
        book.active.append(row)
    hidden = book.create_sheet("a < b")
    hidden.sheet_state = state
    for row in [ROWS[0], *((number, "odd") for number, _ in ROWS[1:])]:
        hidden.append(row)
    assert rows_of(read(saved(book))) == READ


@pytest.mark.parametrize("is_fast", [True, False])
@pytest.mark.parametrize("kind", ["yyyy-mm-dd", "h:mm", "General"])
@pytest.mark.parametrize("cut", [0, 41_000_000_000])
def test_numbers_that_are_formatted_as_dates_are_numbers(
    read: Reader, cut: int, kind: str, is_fast: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A spreadsheet program did that to a column; the readers made days or nothing of them."""
    if not is_fast:
        monkeypatch.setattr(fastexcel, "read_excel", None)
    book = openpyxl.Workbook()
    for number, label in NUMERIC:
        book.active.append((int(str(number)) - cut if label != "facebook" else number, label))
        book.active.cell(book.active.max_row, 1).number_format = kind
    assert rows_of(read(saved(book))) == READ


NATIONAL = [("0798284651", "yes"), ("798284652", "no"), ("079 828 46 53", "ban"), ("(0)798284651", "YES")]


def test_national_numbers_are_matched_where_that_is_one_to_one(read: Reader) -> None:
    """Paid results were taken for another chunk's, and deleted."""
    assert rows_of(read(as_csv([ROWS[0], *NATIONAL]))) == READ


@pytest.mark.parametrize(
    ("more", "also_sent"),
    [
        (("0798284699", "yes"), None),  # never sent
        (("n/a", "yes"), None),
        (("", "yes"), None),
        (("+798284654", "yes"), None),
        (("079828465", "yes"), None),
        (("0798284651", "no"), None),  # another label for the same phone
        (("0798284654", "no"), 31798284651),  # the first row may mean two phones
        (("0612345678", "no"), 31612345678),  # two calling codes
    ],
)
def test_national_numbers_are_not_guessed(tmp_path: Path, more: Row, also_sent: int | None) -> None:
    """One row that does not fit, and the whole result is kept for a person."""
    path = tmp_path / "result"
    path.write_bytes(as_csv([ROWS[0], *NATIONAL, more]))
    sent = np.array(sorted([41798284651, 41798284652, 41798284653, 41798284654, *([also_sent] if also_sent else [])]))
    with pytest.raises(ResultOfOthers, match="has 5 rows, and none of them certainly names"):
        read_result(path, sent, max_bytes=MAX)


def test_a_national_number_is_itself_where_one_row_is_a_sent_phone(read: Reader) -> None:
    """The format is decided for the whole result, never for a row."""
    result = read(as_csv([ROWS[0], ROWS[1], *NATIONAL[1:3]]))
    assert rows_of(result) == READ[:1]
    assert (result.unreadable_numbers, result.extra) == (1, 1)


@pytest.mark.parametrize(
    ("odd", "rows", "said"), [(10, 11, ()), (11, 11, ("maybe", "•••")), (11, 1101, ()), (12, 1101, ("maybe", "•••"))]
)
def test_many_labels_without_a_meaning_are_doubtful(tmp_path: Path, odd: int, rows: int, said: tuple[str, ...]) -> None:
    """More than ten and more than one in a hundred; empty ones say nothing, and no phone is ever told."""
    path = tmp_path / "result"
    labels = [*["maybe"] * (odd - 1), "+41798284651", *["yes"] * (rows - odd)]
    path.write_bytes(as_csv([ROWS[0], *((41798000000 + row, label) for row, label in enumerate(labels))]))
    result = read_result(path, np.arange(41798000000, 41798000000 + rows), max_bytes=MAX)
    assert (result.doubts, result.unknown_labels) == (said, odd)
    path.write_bytes(as_csv([ROWS[0], *((41798000000 + row, "") for row in range(rows))]))
    assert read_result(path, np.arange(41798000000, 41798000000 + rows), max_bytes=MAX).doubts == ()


@pytest.mark.parametrize(
    "number",
    ["", "n/a", "4.17983E+10", "9.05321E+11", "4.17982846515E+10", "41798284651.5", "0798284651", "1234", "1" * 16, "+", "4e99"],
)
def test_a_number_that_is_none_or_lost_digits_is_counted(read: Reader, number: str) -> None:
    """Digits are never made up: they would be another person's number."""
    result = read(as_csv([*ROWS, (number, "yes")]))
    assert rows_of(result) == READ
    assert (result.rows, result.unreadable_numbers) == (4, 1)


@pytest.mark.parametrize(
    "number",
    ["n/a", "0798284651", "4.17983E+10", "+4179828***1", "++41798284651", "0xFFFFF", "-41798", "1234", "1" * 16, "\u0661" * 5],
)
def test_a_result_in_which_no_number_can_be_read_is_kept_aside(read: Reader, number: str) -> None:
    """Taken for an answer it would leave every phone undetermined, and the next night would buy them all again."""
    with pytest.raises(ResultUnreadable, match="has 2 rows, and in none of them can the number be read"):
        read(as_csv([ROWS[0], (number, "yes"), (number, "no")]))


@pytest.mark.parametrize("content", [as_csv(ROWS[:1]), as_workbook(ROWS[:1]), b"Number,facebook", as_csv([ROWS[0], ("", "")])])
def test_a_table_without_rows_is_an_empty_result(read: Reader, content: bytes) -> None:
    """All phones undetermined, as told; not an error."""
    result = read(content)
    assert rows_of(result) == [] and result.rows == 0
    assert result.table.schema.names == ["phone", "facebook", "label"]


@pytest.mark.parametrize(
    ("content", "looks"),
    [
        (b"", "empty"),
        (b"<!doctype html><html><body>Expired</body></html>", "web page"),
        (b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', "XML"),
        (b'{"error":"expired"}', "JSON"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "encrypted workbook"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "binary"),
        (b"+41798284651\n+41798284652\n", "without a header"),
        (as_csv([("Number", "whatsapp"), ("+41798284651", "yes")]), "without a header"),
        (as_workbook(SUMMARY), "no sheet"),
        (as_zip(activated_dot_txt=b"+41798284651\n"), "1 members"),
        (as_workbook(ROWS)[:900], "broken zip"),
        (gzip.compress(as_csv(ROWS), mtime=0)[:-9], "broken gzip"),
        (zipped({"[Content_Types].xml": b"<a/>", "xl/workbook.xml": b"<b/>"}), "broken workbook"),
    ],
)
def test_what_holds_no_table_says_what_it_looks_like(read: Reader, content: bytes, looks: str) -> None:
    """A person decides what to do with the file that is kept aside; no number of it is told."""
    with pytest.raises(ResultUnreadable, match=looks) as caught:
        read(content)
    assert "4179" not in str(caught.value)


def bomb(size: int) -> bytes:
    return as_csv(ROWS) + b" " * size


@pytest.mark.parametrize(
    "content",
    [
        bomb(MAX),
        gzip.compress(bomb(MAX), mtime=0),
        as_zip(all_dot_csv=bomb(MAX)),
        as_zip(all_dot_csv=bomb(2_000_000)),
        as_zip(a=bomb(900_000), b=bomb(900_000), c=bomb(900_000), d=bomb(900_000), e=bomb(900_000), f=bomb(900_000)),
        patched(as_workbook(ROWS), lambda xml: xml + b" " * 4_000_000),
        as_zip(all_dot_zip=as_zip(all_dot_csv=as_csv(ROWS))),
        zipped({f"{at}.xlsx": patched(as_workbook(ROWS), lambda xml: xml + b" " * 900_000) for at in range(6)}),
        zipped({str(i): b"" for i in range(1001)}),
    ],
)
def test_what_is_made_to_do_harm_is_refused_by_name(read: Reader, tmp_path: Path, content: bytes) -> None:
    """Bombs and nested archives; nothing is ever written."""
    with pytest.raises(ResultForbidden):
        read(content)
    assert [path.name for path in tmp_path.iterdir()] == ["result.txt"]


MANY_LABELS = [ROWS[0], *((f"+417982846{row:02}", "x" * row) for row in range(9))]


@pytest.mark.parametrize(
    ("bound", "value", "content", "refusal"),
    [
        ("result_table.HONEST_ROWS", 5, as_csv(MANY_LABELS), "more than 5 rows"),
        ("result_table.HONEST_ROWS", 5, as_workbook(MANY_LABELS), "more than 5 rows"),
        ("result_table.HONEST_ROWS", 5, as_zip(a=as_csv(ROWS), b=as_csv(MANY_LABELS)), "more than 5 rows"),
        ("result_table.MOST_LABEL_BYTES", 20, as_csv(MANY_LABELS), "different labels"),
        ("result_containers.MAX_NESTED_BYTES", 1000, gzip.compress(as_workbook(ROWS), mtime=0), "more than 1000 bytes"),
        ("result_containers.MAX_NESTED_BYTES", 1000, as_zip(a=as_workbook(ROWS)), "more than 1000 bytes"),
    ],
)
def test_a_result_of_more_than_was_asked_is_refused(
    read: Reader, bound: str, value: int, content: bytes, refusal: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a GB of rows of four bytes ended in ArrowMemoryError; ten million numbers took 1.4 GB, all texts of which were held three times."""
    monkeypatch.setattr("fbcheck_pipeline.vendor.result_table.MOST_ROWS_A_PHONE", 0)
    read(content)
    monkeypatch.setattr(f"fbcheck_pipeline.vendor.{bound}", value)
    with pytest.raises(ResultForbidden, match=refusal):
        read(content)


def test_the_texts_of_a_result_are_held_a_piece_at_a_time(
    tmp_path: Path, arrow_memory: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is kept of a row is a number and the place of its label."""
    monkeypatch.setattr("fbcheck_pipeline.files.byte_sources.PIECE_BYTES", 100_000)
    sent = np.arange(41780000000, 41780200000)
    content = as_csv([ROWS[0], *((f"+{phone}", "yes") for phone in sent)])
    for name, packed in {"plain": content, "packed": gzip.compress(content), "zip": as_zip(a=content)}.items():
        (tmp_path / name).write_bytes(packed)
        result = read_result(tmp_path / name, sent, max_bytes=10 * len(content))
        assert (result.table.num_rows, result.rows, result.unknown_labels) == (200_000, 200_000, 0)
    assert arrow_memory() < 20 * len(sent) + 6_000_000


def test_a_zip_that_lies_about_its_sizes_is_broken(read: Reader) -> None:
    """The directory's claim is what was vetted: more than claimed is never unpacked."""
    content = as_zip(all_dot_csv=bomb(3_000_000))
    claimed = (3_000_000 + len(as_csv(ROWS))).to_bytes(4, "little")
    assert content.count(claimed) == 2
    with pytest.raises(ResultUnreadable):
        read(content.replace(claimed, (1000).to_bytes(4, "little")))


def test_a_member_is_never_unpacked_beyond_what_the_archive_claims(read: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    """A directory that said 1,000 bytes, with their true checksum, once cost 2.3 GB: Rust's reader unpacks all there is."""
    unpacked = 0

    class Counting:
        def __init__(self) -> None:
            self._true = zlib.decompressobj(-15)

        def decompress(self, data: bytes, most: int = 0) -> bytes:
            nonlocal unpacked
            plain = self._true.decompress(data, most)
            unpacked += len(plain)
            return plain

        def __getattr__(self, name: str) -> Any:
            return getattr(self._true, name)

    liar = understated(as_workbook(ROWS), 40_000_000)
    monkeypatch.setattr(zipfile, "_get_decompressor", lambda kind: Counting())
    monkeypatch.setattr(fastexcel, "read_excel", lambda _: pytest.fail("it would unpack 40 MB"))
    for content in (liar, as_zip(a_dot_xlsx=liar)):
        with pytest.raises(ResultUnreadable):
            read(content)
    assert unpacked < 10_000_000


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_workbook_with_entities_is_refused(read: Reader, encoding: str) -> None:
    """A billion laughs: no result workbook declares entities."""
    dtd = '<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
    head = f'<?xml version="1.0" encoding="{encoding}"?>{dtd}'
    content = patched(as_workbook(ROWS), lambda xml: (head + xml.decode()).encode(encoding))
    with pytest.raises(ResultForbidden, match="entit"):
        read(content)


@pytest.mark.parametrize("far", [b'r="XFD1048576"', b'r="ZZ900000"', b"r='XFD1048576'"])
def test_a_workbook_with_cells_far_apart_is_refused(read: Reader, far: bytes) -> None:
    """Two cells of a few bytes would ask the reader for all the memory there is."""
    content = patched(as_workbook(ROWS), lambda xml: xml.replace(b'r="B4"', far))
    with pytest.raises(ResultForbidden, match="cells"):
        read(content)


@pytest.mark.parametrize("prefix", [b"", b"x:"])
def test_a_workbook_whose_cells_do_not_say_where_they_stand_is_measured_too(read: Reader, prefix: bytes) -> None:
    """A row far below, and a long one: the reader would still lay out the rectangle."""
    cells = b"<%sc><%sv>1</%sv></%sc>" % ((prefix,) * 4) * 2000
    far = b'<%srow r="99999">%s</%srow></sheetData>' % (prefix, cells, prefix)
    with pytest.raises(ResultForbidden, match="cells"):
        read(patched(as_workbook(ROWS), lambda xml: xml.replace(b"</sheetData>", far)))


def test_a_workbook_with_a_far_column_is_read(read: Reader) -> None:
    """Wide is not dangerous by itself."""
    wide = [(*ROWS[0], *[""] * 40, "note"), *ROWS[1:]]
    assert rows_of(read(as_workbook(wide))) == READ


@pytest.mark.parametrize("rows", [ROWS, NUMERIC, FLOATS])
def test_what_the_fast_reader_cannot_open_openpyxl_reads(read: Reader, rows: list[Row], monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when it panics, which is no Exception."""

    class PanicException(BaseException):
        pass

    def panics(_: bytes) -> None:
        raise PanicException

    monkeypatch.setattr(fastexcel, "read_excel", panics)
    assert rows_of(read(as_workbook(SUMMARY, rows))) == READ


@given(
    st.lists(st.tuples(st.integers(10_000_000, 10**15 - 1), st.sampled_from(["yes", "no", "ban", "YES", "odd"])), max_size=40),
    st.sampled_from(["+{}", "{}", "{}.0", " {} "]),
)
@settings(max_examples=40)
def test_rows_add_up_and_agree_with_a_dictionary(tmp_path_factory: pytest.TempPathFactory, rows: list[Row], form: str) -> None:
    """The vectorised reading against the plainest possible one."""
    path = tmp_path_factory.getbasetemp() / "rows.csv"
    path.write_bytes(as_csv([ROWS[0], *((form.format(number), label) for number, label in rows)]))
    result = read_result(path, np.array(sorted({number for number, _ in rows}), np.int64), max_bytes=MAX)
    labels: dict[object, list[str]] = {}
    for number, label in rows:
        labels.setdefault(number, []).append(str(label).lower())
    distinct = {number: sorted(set(each)) for number, each in sorted(labels.items())}
    verdicts = {n: each[0] if len(each) == 1 and each[0] != "odd" else None for n, each in distinct.items()}
    assert {row[0]: row[1] for row in rows_of(result)} == verdicts
    assert [row[0] for row in rows_of(result)] == list(verdicts)
    surplus = sum(len(each) - 1 for each in distinct.values())
    assert result.rows == len(rows) == len(verdicts) + result.repeated + surplus + result.unreadable_numbers


SEEDS = [
    as_csv(ROWS),
    as_csv(ROWS).decode().encode("utf-16"),
    as_workbook(ROWS),
    as_zip(all_dot_csv=as_csv(ROWS)),
    gzip.compress(as_csv(ROWS), mtime=0),
]
STARTS = [b"PK\x03\x04", b"\x1f\x8b\x08", b"\xff\xfe", b"Number,facebook\n", b"number;activated\r"]


@given(
    st.one_of(
        st.binary(max_size=300),
        st.tuples(st.sampled_from(STARTS), st.binary(max_size=200)).map(b"".join),
        st.tuples(st.sampled_from(SEEDS), st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), max_size=6)).map(
            lambda drawn: mutated(*drawn)
        ),
    )
)
@settings(max_examples=150)
def test_no_bytes_raise_anything_but_a_named_error(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    """A reader that dies on a foreign file would stop the collecting of all others."""
    path = tmp_path_factory.getbasetemp() / "fuzz"
    path.write_bytes(content)
    try:
        result = read_result(path, SENT, max_bytes=MAX)
    except ResultError:
        return
    assert result.rows >= result.table.num_rows


def mutated(seed: bytes, changes: list[tuple[int, int]]) -> bytes:
    data = bytearray(seed)
    for place, value in changes:
        data[place % len(data)] = value
    return bytes(data)
