"""Reading a text takes time in proportion to its size, however long its lines and whatever stands in them.

What is quadratic on a line of megabytes never ends: these tests would not either.
"""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from fbcheck_pipeline.files import byte_sources, shared_texts, text_encoding
from fbcheck_pipeline.files.byte_sources import bytes_source
from fbcheck_pipeline.files.csv_table import CsvTable, read_head
from fbcheck_pipeline.files.text_encoding import find_encoding
from fbcheck_pipeline.files.workbook_check import PartFindings

LONG = 1_000_000
MANY = 200_000
"""Tags: with each looked for from the end of the one before, a blink; from its own beginning, hours."""


class CountedBytes:
    """A source that counts how many bytes it gave out."""

    def __init__(self, data: bytes) -> None:
        self.source, self.given = bytes_source(data), 0

    def __call__(self) -> Iterator[bytes]:
        for piece in self.source():
            self.given += len(piece)
            yield piece


@pytest.mark.parametrize("code", ["utf-8", "cp1254", "cp1252", "iso8859_2", "cp1251", "gb18030", "utf-16", "utf-16-le", "utf-32"])
@pytest.mark.parametrize("filler", ["x", '"'])
def test_a_line_of_megabytes_is_passed_a_few_times(code: str, filler: str) -> None:
    """One letter beyond ASCII at its very end decides; a search that begins anew at each byte takes hours."""
    letter = {"cp1251": "\u0436", "gb18030": "\u5f20"}.get(code, "\u00fc")
    data = f"ad;tel\n{filler * LONG}{letter}\n{letter};1\n".encode(code)
    source = CountedBytes(data)
    text = find_encoding(source)
    head = read_head(text)
    rows = sum(batch.num_rows for batch in CsvTable(head, b";").batches(7, 2, keep_surplus=True))
    assert rows == 2 and source.given < 9 * len(data)


@pytest.mark.parametrize("line", ['"open;1', 'a "b";1', '"""";1', '"a"b;1', ' "x;1'])
def test_quotes_out_of_place_are_looked_at_once(line: str) -> None:
    """A quote that opens nothing sends nobody to the end of the file, line after line."""
    text = find_encoding(bytes_source(("ad;tel\n" + f"{line}\n" * 5_000).encode()))
    assert sum(batch.num_rows for batch in CsvTable(read_head(text), b";").batches(7, 2, keep_surplus=True)) == 5_000


def test_the_evidence_of_damage_on_a_long_line_is_counted_in_one_pass() -> None:
    """Lines with replaced bytes are counted."""
    data = ("\u00fc;1\n" * 100).encode() + b"x" * LONG + b"\xff;1\n"
    table = CsvTable(read_head(find_encoding(bytes_source(data))), b";")
    assert sum(batch.num_rows for batch in table.batches(0, 2, keep_surplus=True)) == 101 and table.counts["bad_bytes"] == 1


def test_the_sample_for_a_guess_is_bounded() -> None:
    """However much lies beyond ASCII."""
    sample = text_encoding._sample(bytes_source(b"\xe7" * LONG + b"\n" + b"\xe7x\n" * LONG))
    assert len(sample) < 2 * text_encoding.SAMPLE_BYTES


@pytest.mark.parametrize("sheet", [b"<c " * MANY, b"<row " * MANY, b"<c>" + b" " * MANY, b' t="s"' * MANY])
def test_a_sheet_of_tags_that_never_end_is_passed_once(sheet: bytes) -> None:
    """Whoever looks for the end of each from its own beginning does not come back."""
    found = PartFindings()
    found.add(sheet)
    assert found.columns == 1
    assert len(shared_texts._numbers(sheet)[0]) == 0


def test_what_stands_behind_a_small_gzip_member_is_not_copied_for_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten MB of members of twenty bytes took over a minute."""
    fed = []

    class Counted:
        def __init__(self, window: int) -> None:
            self._member = zlib.decompressobj(window)

        def decompress(self, packed: bytes, most: int) -> bytes:
            fed.append(len(packed))
            return self._member.decompress(packed, most)

        def __getattr__(self, name: str) -> object:
            return getattr(self._member, name)

    data = gzip.compress(b"a") * 5000 + gzip.compress(bytes(range(256)) * 1000) + b"\0\0" + gzip.compress(b"b") + b"more"
    monkeypatch.setattr(byte_sources, "_MEMBER_BYTES", 2000)
    monkeypatch.setattr(byte_sources, "zlib", SimpleNamespace(decompressobj=Counted, error=zlib.error))
    members = byte_sources.GzipMembers(io.BytesIO(data))
    assert b"".join(members) == b"a" * 5000 + bytes(range(256)) * 1000 + b"b"
    assert members.has_trailing_bytes
    assert sum(fed) < 100 * len(data)
