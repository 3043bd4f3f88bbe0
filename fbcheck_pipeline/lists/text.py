"""CSV, TSV and TXT: delimiter, and record batches of text columns.

Blank lines: in a list of one column a blank line is a row with an empty cell; between the rows of a wider table it is no
row. Rows with too few fields are filled with empty cells; of rows with too many, the surplus stays in the last column,
delimiters included. Both are counted. No names of columns, no phones here.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv

from fbcheck_pipeline.errors import ListError
from fbcheck_pipeline.lists.columns import HEAD_ROWS, Cell, phone_share
from fbcheck_pipeline.lists.encoding import REPLACED, TextFile, open_text
from fbcheck_pipeline.lists.records import Blocks
from fbcheck_pipeline.lists.split import NO_DELIMITER, Split, Splitter

HEAD_BYTES = 512 << 10
_SEP_LINE_BYTES = 10
_DELIMITERS = (b",", b";", b"\t", b"|")
_NAMES = {"comma": ",", "semicolon": ";", "tab": "\t", "\\t": "\t", "pipe": "|"}
_SEP_LINE = re.compile(rb'"?sep=([^\r\n"])"?\r?\n', re.IGNORECASE)
_DAMAGED_LINE = re.compile(rb"[^\n]*" + REPLACED + rb"[^\n]*")


@dataclass
class TextTable:
    """A text file as rows of cells: the first ones to decide on, all of them as batches."""

    file: TextFile
    delimiter: bytes
    newline: bytes
    skip_bytes: int
    head_split: Split
    reasons: tuple[str, ...]
    has_header: None = None
    sheet: None = None
    counts: Counter[str] = field(default_factory=Counter)
    bytes_read: int = 0

    @property
    def encoding(self) -> str:
        return self.file.encoding

    @property
    def shown_delimiter(self) -> str | None:
        """The delimiter for the lineage, None for a list of one column."""
        return None if self.delimiter == NO_DELIMITER else self.delimiter.decode()

    @property
    def head(self) -> list[list[Cell]]:
        """The first rows."""
        return [[cell.decode("utf-8", "replace") for cell in record] for record in self.head_split.records]

    def width(self, header_row: int | None) -> int:
        """How many columns: as many as the header has, or as most rows have when these are more."""
        records = self.head_split.records
        usual = Counter(len(record) for record in records[(header_row or -1) + 1 :] if record != [b""]).most_common(1)
        return max(len(records[header_row]) if header_row is not None else 1, usual[0][0] if usual else 1)

    def expected_rows(self, data_row: int, rows_read: int) -> int:
        """As many as there would be if the rest of the file were like what is read of it."""
        return max(rows_read, round(rows_read * self.file.path.stat().st_size / max(self.bytes_read, 1)))

    def batches(self, data_row: int, width: int) -> Iterator[pa.RecordBatch]:
        """Rows from `data_row` of the head on, as `width` string columns."""
        skip = self.skip_bytes + (self.head_split.ends[data_row - 1] if data_row else 0)
        blocks = Blocks(self.delimiter, self.newline)
        splitter = Splitter(self.delimiter)
        for block in blocks.cut(self.file.pieces(skip, self._note_position)):
            if not self.file.is_exact:
                self.counts["bad_bytes"] += len(_DAMAGED_LINE.findall(block.text))
            batch = self._regular(block.text, width) if block.split is None else None
            if batch is None:
                split = block.split or splitter.split(bytes(block.text), is_last=True)
                self.counts["broken_quotes"] += split.broken_quote_count
                batch = self._irregular(split, width)
            yield batch
        self.counts["cut_lines"] += blocks.cut_line_count

    def _note_position(self, bytes_read: int) -> None:
        self.bytes_read = bytes_read

    def _regular(self, text: memoryview, width: int) -> pa.RecordBatch | None:
        """What pyarrow makes of it; None when a row has more or fewer fields."""
        names = [str(index) for index in range(width)]
        try:
            table = pa_csv.read_csv(
                pa.BufferReader(text),
                read_options=pa_csv.ReadOptions(block_size=len(text) + 1, column_names=names),
                parse_options=pa_csv.ParseOptions(
                    delimiter=self.delimiter.decode(), newlines_in_values=True, ignore_empty_lines=width > 1
                ),
                convert_options=pa_csv.ConvertOptions(column_types={name: pa.string() for name in names}, check_utf8=False),
            )
        except pa.ArrowInvalid:
            return None
        return next(iter(table.combine_chunks().to_batches()), None) or _batch([[] for _ in names])

    def _irregular(self, split: Split, width: int) -> pa.RecordBatch:
        rows = split.records if width == 1 else [record for record in split.records if record != [b""]]
        for index, row in enumerate(rows):
            if len(row) < width:
                self.counts["short_rows"] += 1
                row += [b""] * (width - len(row))
            elif len(row) > width:
                self.counts["long_rows"] += 1
                rows[index] = [*row[: width - 1], self.delimiter.join(row[width - 1 :])]
        return _batch(list(map(list, zip(*rows, strict=True))) or [[] for _ in range(width)])


def _batch(columns: list[list[bytes]]) -> pa.RecordBatch:
    arrays = [pa.array(column, pa.binary()).cast(pa.string()) for column in columns]
    return pa.RecordBatch.from_arrays(arrays, [str(index) for index in range(len(arrays))])


def open_text_table(path: Path, *, is_gzip: bool, kind: str, encoding: str | None, delimiter: str | None) -> TextTable:
    """Find out encoding and delimiter.

    Raises:
        ListError: the file is empty, unreadable, or no text.
    """
    file = open_text(path, is_gzip=is_gzip, encoding=encoding)
    head = _head(file)
    if not head.strip():
        raise ListError(f"{path.name}: the file is empty; export the list again")
    if len(head) == HEAD_BYTES and not re.search(rb"[\r\n]", head):
        raise ListError(f"{path.name}: line 1 is longer than {HEAD_BYTES >> 10} KB, so no columns can be told; is this the list?")
    sep = _SEP_LINE.match(head)
    skip = sep.end() if sep else 0
    newline = b"\n" if b"\n" in head or b"\r" not in head else b"\r"
    chosen, why = (_asked(path, delimiter), "it was asked for") if delimiter else _find(head[skip:], sep, kind)
    split = _split(head[skip:], chosen)
    shown = {NO_DELIMITER: "none", b"\t": "tab"}.get(chosen, chosen.decode())
    return TextTable(file, chosen, newline, skip, split, (file.reason, f"Delimiter {shown}: {why}."))


def _head(file: TextFile) -> bytes:
    head = b""
    for piece in file.pieces():
        head += piece
        if len(head) >= HEAD_BYTES:
            break
    return head[:HEAD_BYTES]


def _asked(path: Path, delimiter: str) -> bytes:
    chosen = _NAMES.get(delimiter.lower(), delimiter).encode()
    if len(chosen) != 1 or chosen in b'"\r\n':
        raise ListError(f"{path.name}: --delimiter must be one ASCII character such as ; or the word tab")
    return chosen


def _find(head: bytes, sep: re.Match[bytes] | None, kind: str) -> tuple[bytes, str]:
    """The delimiter that gives a phone column, and rows alike; none when lines are single cells."""
    if sep:
        return sep[1], "the file's own sep= line says so"
    if kind == "tsv" and b"\t" in head:
        return b"\t", "the file is a .tsv"
    scores = {delimiter: _score(_split(head, delimiter).records) for delimiter in _DELIMITERS}
    best = max(scores, key=lambda delimiter: scores[delimiter])
    alone = phone_share(line.decode("utf-8", "replace") for [line, *_] in _split(head, NO_DELIMITER).records)
    if scores[best] < (0, 0.5) or (not scores[best][0] and (alone or 0) >= 0.5):
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


def _split(head: bytes, delimiter: bytes) -> Split:
    split = Splitter(delimiter).split(head, is_last=len(head) + _SEP_LINE_BYTES < HEAD_BYTES, limit=HEAD_ROWS)
    # Where a line is longer than the head, what there is of it must do.
    return split if len(split.records) > 1 else Splitter(delimiter).split(head, is_last=True, limit=HEAD_ROWS)
