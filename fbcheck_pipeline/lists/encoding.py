"""Bytes of a text file to UTF-8: which encoding it is, and the stream of its text.

Order: the caller's word, a byte-order mark, zero bytes in every other place (UTF-16), strict UTF-8 to the last byte, UTF-8
with a few damaged bytes, and at last a guess, which is said. No CSV here.
"""

from __future__ import annotations

import codecs
import gzip
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from fbcheck_pipeline.errors import ListError
from fbcheck_pipeline.lists.guess import guess_encoding

PIECE_BYTES = 2 << 20
SAMPLE_BYTES = 64 << 10
REPLACED = "\ufffd".encode()

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NON_ASCII_LINE = re.compile(rb"[^\r\n]*[\x80-\xff][^\r\n]*[\r\n]*")
_BAD_SHARE = 0.1


@dataclass(frozen=True)
class TextFile:
    """A text file, perhaps gzipped, and its encoding; `is_exact` when every byte of it decodes."""

    path: Path
    is_gzip: bool
    encoding: str
    is_exact: bool
    reason: str

    def pieces(self, skip_bytes: int = 0, on_read: Callable[[int], None] | None = None) -> Iterator[bytes]:
        """The text as UTF-8 without byte-order mark, in pieces; undecodable bytes are U+FFFD.

        Args:
            skip_bytes: leave out so many bytes of the UTF-8 text.
            on_read: told after each piece how many bytes of the file, packed or not, have been read.

        Raises:
            ListError: the file is truncated, damaged or gone.
        """
        decoder = codecs.getincrementaldecoder(self.encoding)("replace")
        is_verbatim = self.encoding == "utf-8" and self.is_exact
        skip = skip_bytes + len(codecs.BOM_UTF8) if is_verbatim and self._has_mark() else skip_bytes
        is_first = not is_verbatim
        for raw in raw_pieces(self.path, is_gzip=self.is_gzip, on_read=on_read):
            text = raw if is_verbatim else decoder.decode(raw, not raw).encode()
            if is_first and text:
                text, is_first = text.removeprefix(codecs.BOM_UTF8), False
            dropped = min(skip, len(text))
            skip -= dropped
            if len(text) > dropped:
                yield text[dropped:]

    def _has_mark(self) -> bool:
        return next(raw_pieces(self.path, is_gzip=self.is_gzip)).startswith(codecs.BOM_UTF8)


def raw_pieces(path: Path, *, is_gzip: bool, on_read: Callable[[int], None] | None = None) -> Iterator[bytes]:
    """The file's bytes, unpacked, in pieces; an empty one at the end.

    Raises:
        ListError: the file is truncated, damaged or gone.
    """
    try:
        with path.open("rb") as plain, gzip.GzipFile(fileobj=plain) if is_gzip else plain as file:
            while piece := file.read(PIECE_BYTES):
                if on_read is not None:
                    on_read(plain.tell())
                yield piece
            yield b""
    except EOFError as error:
        raise ListError(f"{path.name}: the gzip file is truncated; bring the whole file again") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise ListError(f"{path.name}: the gzip file is damaged; bring it again") from error
    except OSError as error:
        raise ListError(f"{path.name}: cannot be read ({error.strerror})") from error


def open_text(path: Path, *, is_gzip: bool, encoding: str | None) -> TextFile:
    """Find out a text file's encoding; reads it once to its end.

    Args:
        encoding: the caller's word, or None.

    Raises:
        ListError: it is no text, it is not in `encoding`, or there is no such encoding.
    """
    head = next(raw_pieces(path, is_gzip=is_gzip))[:SAMPLE_BYTES]
    asked = _known(path, encoding) if encoding else None
    chosen, reason = (asked, "it was asked for") if asked else _from_head(head)
    if not chosen.startswith(("utf-16", "utf-32")) and is_binary(head):
        line = 1 + head.count(b"\n", 0, max(head.find(b"\0"), 0))
        raise ListError(
            f"{path.name}: this is no text, no workbook and no Parquet file, see the bytes of line {line}; export the list again"
        )
    fault = _first_fault(path, is_gzip, chosen)
    if fault is None:
        return TextFile(path, is_gzip, chosen, True, f"Encoding {chosen}: {reason}.")
    sample = _sample(path, is_gzip)
    if _share_of_faults(sample, chosen) <= _BAD_SHARE or chosen.startswith(("utf-16", "utf-32")):
        return TextFile(path, is_gzip, chosen, False, f"Encoding {chosen}: {reason}, but a few bytes are damaged and replaced.")
    if asked:
        raise ListError(f"{path.name}: line {fault} and others are not in {asked}; leave out --encoding or name another")
    guess = guess_encoding(sample)
    return TextFile(path, is_gzip, guess, _first_fault(path, is_gzip, guess) is None,
                    f"Encoding {guess}: a guess, because the file is not UTF-8; --encoding sets it.")  # fmt: skip


def is_binary(head: bytes) -> bool:
    """True when more than one byte in a hundred is a control character that no text has."""
    controls = sum(head.count(bytes([code])) for code in range(32) if code not in (9, 10, 12, 13, 26, 31))
    return controls * 100 > len(head)


def _known(path: Path, encoding: str) -> str:
    try:
        info = codecs.lookup(encoding)
        "".encode(info.name)
    except (LookupError, ValueError) as error:
        raise ListError(f"{path.name}: there is no text encoding {encoding!r}; try utf-8, utf-16, cp1254 or cp1252") from error
    return "utf-8" if info.name == "utf-8-sig" else info.name


def _from_head(head: bytes) -> tuple[str, str]:
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding, "its byte-order mark says so"
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if max(even, odd) * 8 > len(head) and min(even, odd) * 8 <= len(head):
        return ("utf-16-le" if odd > even else "utf-16-be"), "every other byte is zero"
    return "utf-8", "all of it is valid UTF-8"


def _first_fault(path: Path, is_gzip: bool, encoding: str) -> int | None:
    """1-based line of the first bytes that do not decode, None when all do."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    lines = 1
    for raw in raw_pieces(path, is_gzip=is_gzip):
        if raw.isascii() and encoding == "utf-8" and not decoder.getstate()[0] and raw:
            lines += raw.count(b"\n")
            continue
        try:
            decoder.decode(raw, not raw)
        except UnicodeDecodeError as error:
            return lines + raw[: error.start].count(b"\n")
        lines += raw.count(b"\n")
    return None


def _sample(path: Path, is_gzip: bool) -> bytes:
    """Lines with bytes beyond ASCII: they are the evidence."""
    sample = bytearray()
    for raw in raw_pieces(path, is_gzip=is_gzip):
        for match in _NON_ASCII_LINE.finditer(raw):
            sample += match[0][:1000]
            if len(sample) > SAMPLE_BYTES:
                return bytes(sample)
    return bytes(sample)


def _share_of_faults(sample: bytes, encoding: str) -> float:
    """Undecodable places among all characters beyond ASCII."""
    text = sample.decode(encoding, "replace")
    beyond = sum(not char.isascii() for char in text)
    return text.count("\ufffd") / max(beyond, 1)
