"""CSV, TSV and lines of text as record batches: one reading for all of them, whoever made the file.

Blank lines: in a text of one column a blank line is a row with an empty cell; between the rows of a wider table it is no
row. Rows with too few fields are filled with empty cells; of rows with too many, the surplus is kept in the last column,
delimiters included, or dropped. All is counted. Which delimiter, header and columns are the right ones is not known here.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.csv as pa_csv

from fbcheck_pipeline.files.csv_blocks import Block, Blocks
from fbcheck_pipeline.files.csv_split import Split, Splitter
from fbcheck_pipeline.files.text_encoding import REPLACED, EncodedText
from fbcheck_pipeline.files.untrusted import MAX_COLUMNS, DangerousFile

HEAD_BYTES = 512 << 10
DELIMITERS = (b",", b";", b"\t", b"|")
BATCH_CELLS = 5_000_000
"""Most of a batch whose rows were filled, unless one row has more."""
HONEST_EMPTY_CELLS = 20_000_000
"""So many may be filled in, however short the text."""
EMPTY_CELLS_A_BYTE = 10
_SEP_LINE_BYTES = 10
_SEP_LINE = re.compile(rb'"?sep=([^\r\n"])"?\r?\n', re.IGNORECASE)


@dataclass(frozen=True)
class CsvHead:
    """The beginning of a text, to tell the delimiter from; without the line `sep=` in which Excel names it."""

    text: EncodedText
    content: bytes
    skip_bytes: int
    named_delimiter: bytes | None

    def split(self, delimiter: bytes, limit: int) -> Split:
        """The first records as this delimiter cuts them."""
        is_whole = len(self.content) + _SEP_LINE_BYTES < HEAD_BYTES
        split = Splitter(delimiter).split(self.content, is_last=is_whole, limit=limit)
        # Where a line is longer than the head, what there is of it must do.
        return split if len(split.records) > 1 else Splitter(delimiter).split(self.content, is_last=True, limit=limit)


def read_head(text: EncodedText) -> CsvHead:
    """The first `HEAD_BYTES`."""
    head = b""
    for piece in text.pieces():
        head += piece
        if len(head) >= HEAD_BYTES:
            break
    head = head[:HEAD_BYTES]
    sep = _SEP_LINE.match(head)
    skip = sep.end() if sep else 0
    return CsvHead(text, head[skip:], skip, sep[1] if sep else None)


@dataclass
class CsvTable:
    """All of a text's rows.

    Attributes:
        counts: `bad_bytes` (lines with replaced bytes), `short_rows`, `long_rows`, `broken_quotes` (fields whose quote is an
            ordinary character), `cut_lines` (lines of megabytes, of which the beginning was kept).
    """

    head: CsvHead
    delimiter: bytes
    counts: Counter[str] = field(default_factory=Counter)

    def batches(self, skip_bytes: int, width: int, *, keep_surplus: bool) -> Iterator[pa.RecordBatch]:
        """The rows behind so many bytes of the head, as `width` string columns named `0`, `1` …

        Raises:
            DangerousFile: they have more columns than any honest table, or are so short and so many that too much would be filled in.
        """
        if width > MAX_COLUMNS:
            raise DangerousFile(f"it has {width:,} columns")
        size = empty_cells = 0
        newline = b"\n" if b"\n" in self.head.content or b"\r" not in self.head.content else b"\r"
        blocks = Blocks(self.delimiter, newline)
        splitter = Splitter(self.delimiter)
        text = self.head.text
        for block in blocks.cut(text.pieces(self.head.skip_bytes + skip_bytes)):
            if not text.is_exact:
                self.counts["bad_bytes"] += _damaged_lines(block.text)
            size += len(block.text)
            batch = self._regular(block, width) if block.split is None else None
            if batch is not None:
                yield batch
            else:
                split = block.split or splitter.split(bytes(block.text), is_last=True)
                self.counts["broken_quotes"] += split.broken_quote_count
                rows = split.records if width == 1 else [record for record in split.records if record != [b""]]
                empty_cells += sum(width - len(row) for row in rows if len(row) < width)
                if empty_cells > max(HONEST_EMPTY_CELLS, EMPTY_CELLS_A_BYTE * size):
                    raise DangerousFile(f"its rows are so short that {empty_cells:,} cells have to be filled in")
                at_once = max(BATCH_CELLS // max(width, 1), 1)
                for start in range(0, len(rows) or 1, at_once):
                    yield self._irregular(rows[start : start + at_once], width, keep_surplus)
        self.counts["cut_lines"] += blocks.cut_line_count

    def _regular(self, block: Block, width: int) -> pa.RecordBatch | None:
        """What pyarrow makes of it; None when a row has more or fewer fields."""
        names = [str(index) for index in range(width)]
        # Arrow's own: a thread of Arrow that lets go of Python's memory last, as Python ends, aborts.
        text = pa.allocate_buffer(len(block.text))
        memoryview(text).cast("B")[:] = block.text
        try:
            table = pa_csv.read_csv(
                pa.BufferReader(text),
                read_options=pa_csv.ReadOptions(block_size=len(block.text) + 1, column_names=names),
                parse_options=pa_csv.ParseOptions(
                    delimiter=self.delimiter.decode(),
                    quote_char='"' if block.has_quoted_fields else False,
                    newlines_in_values=block.has_quoted_fields,
                    ignore_empty_lines=width > 1,
                ),
                convert_options=pa_csv.ConvertOptions(column_types={name: pa.string() for name in names}, check_utf8=False),
            )
        except pa.ArrowInvalid:
            return None
        return next(iter(table.combine_chunks().to_batches()), None) or _batch([[] for _ in names])

    def _irregular(self, rows: list[list[bytes]], width: int, keep_surplus: bool) -> pa.RecordBatch:
        for index, row in enumerate(rows):
            if len(row) < width:
                self.counts["short_rows"] += 1
                rows[index] = row + [b""] * (width - len(row))
            elif len(row) > width:
                self.counts["long_rows"] += 1
                last = self.delimiter.join(row[width - 1 :]) if keep_surplus else row[width - 1]
                rows[index] = [*row[: width - 1], last]
        return _batch(list(map(list, zip(*rows, strict=True))) or [[] for _ in range(width)])


def _damaged_lines(text: memoryview) -> int:
    content = bytes(text)
    return sum(REPLACED in line for line in content.split(b"\n")) if REPLACED in content else 0


def _batch(columns: list[list[bytes]]) -> pa.RecordBatch:
    arrays = [pa.array(column, pa.binary()).cast(pa.string()) for column in columns]
    return pa.RecordBatch.from_arrays(arrays, [str(index) for index in range(len(arrays))])
