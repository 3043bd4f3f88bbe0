"""CSV, TSV and TXT lists: which delimiter, and how many columns. How a text is cut into cells is not known here."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa

from fbcheck_pipeline.errors import ListError
from fbcheck_pipeline.files.byte_sources import FileSource
from fbcheck_pipeline.files.csv_split import NO_DELIMITER
from fbcheck_pipeline.files.csv_table import DELIMITERS, HEAD_BYTES, CsvHead, CsvTable, read_head
from fbcheck_pipeline.files.text_encoding import SAMPLE_BYTES, find_encoding, is_binary
from fbcheck_pipeline.lists.column_choice import HEAD_ROWS, phone_share
from fbcheck_pipeline.lists.list_table import ListTable
from fbcheck_pipeline.lists.refusals import faults_named

_RARE_DELIMITERS = (b"^", b"\x01")
"""Of exports that avoid whatever may stand in a cell (the last one is Hive's); taken only where a column of phones proves it."""
_NAMES = {"comma": ",", "semicolon": ";", "tab": "\t", "\\t": "\t", "\\x01": "\x01", "pipe": "|"}


def open_text_table(path: Path, *, is_gzip: bool, kind: str, encoding: str | None, delimiter: str | None) -> ListTable:
    """Find out encoding and delimiter.

    Raises:
        ListError: the file is empty, unreadable, or no text.
    """
    source = FileSource(path, is_gzip)
    with faults_named(path):
        text = find_encoding(source, encoding)
        sample, head = next(source())[:SAMPLE_BYTES], read_head(text)
    if not text.encoding.startswith(("utf-16", "utf-32")) and is_binary(sample):
        line = 1 + sample.count(b"\n", 0, max(sample.find(b"\0"), 0))
        raise ListError(
            f"{path.name}: this is no text, no workbook and no Parquet file, see the bytes of line {line}; export the list again"
        )
    if not head.content.strip():
        raise ListError(f"{path.name}: the file is empty; export the list again")
    if len(head.content) == HEAD_BYTES and not re.search(rb"[\r\n]", head.content):
        raise ListError(
            f"{path.name}: line 1 is longer than {HEAD_BYTES >> 10} KB, so no columns can be detected; is this the list?"
        )
    chosen, why = (_asked(path, delimiter), "an option names it") if delimiter else _find(head, kind)
    shown = {NO_DELIMITER: "none", b"\t": "tab", b"\x01": "\\x01"}.get(chosen, f"'{chosen.decode()}'")
    table, first = CsvTable(head, chosen), head.split(chosen, HEAD_ROWS)

    def batches(data_row: int, width: int) -> Iterator[pa.RecordBatch]:
        with faults_named(path):
            yield from table.batches(first.ends[data_row - 1] if data_row else 0, width, keep_surplus=True)

    return ListTable(
        head=[[cell.decode("utf-8", "replace") for cell in record] for record in first.records],
        batches=batches,
        expected_rows=lambda _, rows_read: max(rows_read, round(rows_read * path.stat().st_size / max(source.bytes_read, 1))),
        reasons=(*_packing(source), text.reason, f"Delimiter {shown}: {why}."),
        counts=table.counts,
        encoding=text.encoding,
        delimiter=None if chosen == NO_DELIMITER else chosen.decode(),
    )


def _packing(source: FileSource) -> tuple[str, ...]:
    return ("Bytes behind the end of the gzip file are no part of it and left out.",) if source.has_trailing_bytes else ()


def _asked(path: Path, delimiter: str) -> bytes:
    chosen = _NAMES.get(delimiter.lower(), delimiter).encode()
    if len(chosen) != 1 or chosen in b'"\r\n':
        raise ListError(f"{path.name}: --delimiter must be one ASCII character such as ; or the word tab")
    return chosen


def _find(head: CsvHead, kind: str) -> tuple[bytes, str]:
    """The delimiter that gives a phone column, and rows alike; none when lines are single cells."""
    if head.named_delimiter:
        return head.named_delimiter, "the file's own sep= line says so"
    if kind == "tsv" and b"\t" in head.content:
        return b"\t", "the file is a .tsv"
    scores = {delimiter: _score(head.split(delimiter, HEAD_ROWS).records) for delimiter in DELIMITERS}
    for delimiter in _RARE_DELIMITERS:
        if delimiter in head.content and (rare := _score(head.split(delimiter, HEAD_ROWS).records))[0]:
            scores[delimiter] = rare
    best = max(scores, key=lambda delimiter: scores[delimiter])
    has_phones, likeness = scores[best]
    if not has_phones:
        alone = phone_share(line.decode("utf-8", "replace") for [line, *_] in head.split(NO_DELIMITER, HEAD_ROWS).records)
        if likeness < 0.5 or (alone or 0) >= 0.5:
            return NO_DELIMITER, "a cell a line"
    return best, "the rows are most alike with it"


def _score(records: Sequence[list[bytes]]) -> tuple[bool, float]:
    """(some column reads as phones, share of rows that have the usual number of fields); (False, 0) without any cut."""
    filled = [record for record in records if record != [b""]]
    usual, count = Counter(map(len, filled)).most_common(1)[0] if filled else (1, 0)
    if usual < 2:
        return False, 0.0
    columns = zip(*(record for record in filled[:200] if len(record) == usual), strict=True)
    has_phones = any((phone_share(cell.decode("utf-8", "replace") for cell in column) or 0) >= 0.4 for column in columns)
    return has_phones, count / len(filled)
