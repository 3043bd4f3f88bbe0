"""Valid files, and what an attacker may make of them: bytes changed, cut, doubled, or put together anew."""

from __future__ import annotations

import gzip
import io
import zipfile
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import strategies as st

NUMBERS = [f"+4178{number:07d}" for number in range(40)]
NAMES = st.sampled_from(["", ".", "/", "..", "a", "xl/", "xl/workbook.xml", "xl/worksheets/sheet1.xml", "all.csv", "ü", "a\\b"])
PIECES = st.one_of(
    st.binary(max_size=64),
    st.sampled_from(
        [b'"', b"\0", b"\xff\xfe", b"\x1f\x8b", b"PK\x03\x04", b"PAR1", b"\r", b"<c r=", b'<c r="ZZZ9999999">', b"9" * 5000,
         b'<c t="n"><v>x</v></c>', b"_xD800_", b"<!DOCTYPE a [<!ENTITY b 'c'>]>", b"&b;", b"\xed\xa0\x80", b"1e999", b"-1"]
    ),
)  # fmt: skip


def workbook(header: tuple[str, str] = ("name", "phone")) -> bytes:
    """An .xlsx file with texts, a number, a date and a formula that was never calculated."""
    book = openpyxl.Workbook()
    named = [(f"n{index}", number) for index, number in enumerate(NUMBERS)]
    rows: list[tuple[Any, Any]] = [header, *named, (1.5, 41780000099), ("=A1", "x")]
    for row in rows:
        book.worksheets[0].append(list(row))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def table(header: tuple[str, str] = ("name", "phone")) -> bytes:
    """The same as CSV, with a quoted field over two lines."""
    rows = [",".join(header), *(f"n{index},{number}" for index, number in enumerate(NUMBERS)), '"a ""b""\nc",x']
    return "\n".join(rows).encode()


def parquet() -> bytes:
    """A Parquet file with several kinds of columns."""
    columns = {
        "phone": NUMBERS,
        "number": [int(each) for each in NUMBERS],
        "when": pa.array(range(len(NUMBERS)), pa.timestamp("us")),
        "tags": [["a", "b"]] * len(NUMBERS),
    }
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out)
    return out.getvalue()


def zipped(members: dict[str, bytes]) -> bytes:
    """An archive as it comes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


@st.composite
def mutated(draw: st.DrawFn, original: bytes) -> bytes:
    """The bytes with one to four changes anywhere, the end (where a directory or footer stands) often among them."""
    data = bytearray(original)
    for _ in range(draw(st.integers(1, 4))):
        near_end = draw(st.booleans())
        at = draw(st.integers(max(0, len(data) - 200) if near_end else 0, max(0, len(data))))
        match draw(st.sampled_from(["set", "insert", "cut", "drop", "repeat"])):
            case "set":
                piece = draw(PIECES)
                data[at : at + len(piece)] = piece
            case "insert":
                data[at:at] = draw(PIECES)
            case "cut":
                del data[at:]
            case "drop":
                del data[at : at + draw(st.integers(1, 300))]
            case "repeat":
                data[at:at] = data[at : at + draw(st.integers(1, 300))]
    return bytes(data)


@st.composite
def mutated_archive(draw: st.DrawFn, original: bytes) -> bytes:
    """A valid archive whose members were changed, renamed or left out: what a checksum does not notice."""
    with zipfile.ZipFile(io.BytesIO(original)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    for _ in range(draw(st.integers(1, 2))):
        name = draw(st.sampled_from(sorted(members)))
        content = members.pop(name)
        match draw(st.sampled_from(["change", "change", "change", "rename", "drop", "nest"])):
            case "change":
                members[name] = draw(mutated(content))
            case "rename":
                members[draw(NAMES)] = content
            case "nest":
                members[name] = original
        members = members or {"a": b""}
    return zipped(members)


def packed(content: bytes) -> bytes:
    """As gzip."""
    return gzip.compress(content, mtime=0)
