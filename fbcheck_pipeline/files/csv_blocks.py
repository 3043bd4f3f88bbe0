"""CSV text, cut into blocks of whole records; a block is either regular, and pyarrow may parse it, or already split.

No encodings, headers or Arrow here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fbcheck_pipeline.files.csv_split import Split, Splitter

MAX_RECORD_BYTES = 4 << 20
KEPT_OF_LONG_LINE = 64 << 10
_QUOTE, _LF, _CR = 34, 10, 13


@dataclass(frozen=True)
class Block:
    """Whole records in UTF-8; `split` where a quote stands out of place, None where each stands as RFC 4180 wants it.

    Without `has_quoted_fields` no field begins with a quote, so that all quotes are ordinary characters.
    """

    text: memoryview
    split: Split | None
    has_quoted_fields: bool = True


class Blocks:
    """Cuts a stream of UTF-8 pieces into blocks of whole records.

    Args:
        delimiter: one byte.
        newline: what most lines end with: a line feed, or a carriage return in files that have no line feed.
    """

    def __init__(self, delimiter: bytes, newline: bytes) -> None:
        self._newline = newline
        self._splitter = Splitter(delimiter)
        self._is_neighbour = np.zeros(256, dtype=bool)
        self._is_neighbour[[delimiter[0], _QUOTE, _LF, _CR]] = True
        self._quoted_field = re.compile(rb"(?:\A|[\r\n" + re.escape(delimiter) + rb"]) *+\"")
        self.cut_line_count = 0

    def cut(self, pieces: Iterable[bytes]) -> Iterator[Block]:
        """All of the stream, block by block; of a line beyond `MAX_RECORD_BYTES` the beginning is kept, and it is counted."""
        rest, is_skipping = b"", False
        for piece in pieces:
            if is_skipping:
                _, newline, piece = piece.partition(self._newline)
                is_skipping = not newline
            block, rest = self._take(rest + piece, is_last=False)
            if len(rest) > MAX_RECORD_BYTES:
                yield block
                block, rest = self._take(rest, is_last=False, may_wait=False)
            if len(rest) > MAX_RECORD_BYTES:
                yield block
                block, rest, is_skipping = self._beginning(rest), b"", True
            yield block
        while rest:
            block, rest = self._take(rest, is_last=True)
            yield block

    def _take(self, text: bytes, *, is_last: bool, may_wait: bool = True) -> tuple[Block, bytes]:
        quotes = self._quotes(text) if may_wait else None
        if quotes is not None:
            is_closed = len(quotes) % 2 == 0
            end = len(text) if is_last and is_closed else self._last_record_end(text, quotes)
            if end or not is_last:
                return Block(memoryview(text)[:end], None), text[end:]
        if not self._quoted_field.search(text):
            end = len(text) if is_last else text.rfind(self._newline) + 1
            return Block(memoryview(text)[:end], None, has_quoted_fields=False), text[end:]
        split = self._splitter.split(text, is_last=is_last, may_wait=may_wait)
        return Block(memoryview(text)[: split.end], split), text[split.end :]

    def _quotes(self, text: bytes) -> npt.NDArray[np.int64] | None:
        """Positions of all quotes when each stands in its place, the last perhaps still open; else None."""
        if b'"' not in text:
            return np.empty(0, dtype=np.int64)
        letters = np.frombuffer(text, dtype=np.uint8)
        quotes = np.flatnonzero(letters == _QUOTE)
        opening, closing = quotes[0::2], quotes[1::2]
        before = letters[opening[opening > 0] - 1]
        after = letters[closing[closing < len(letters) - 1] + 1]
        return quotes if self._is_neighbour[before].all() and self._is_neighbour[after].all() else None

    def _last_record_end(self, text: bytes, quotes: npt.NDArray[np.int64]) -> int:
        if not len(quotes):
            return text.rfind(self._newline) + 1
        newlines = np.flatnonzero(np.frombuffer(text, dtype=np.uint8) == self._newline[0])
        outside = newlines[np.searchsorted(quotes, newlines) % 2 == 0]
        return int(outside[-1]) + 1 if len(outside) else 0

    def _beginning(self, line: bytes) -> Block:
        """The beginning of a line that is too long for any list, as one record."""
        self.cut_line_count += 1
        kept = line[:KEPT_OF_LONG_LINE].decode("utf-8", "ignore").encode()
        return Block(memoryview(kept), self._splitter.split(kept, is_last=True))
