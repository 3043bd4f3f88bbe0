"""Bytes of a text to UTF-8: which encoding it is, and the stream of its text.

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

from fbcheck_pipeline.files.encoding_guess import guess_encoding
from fbcheck_pipeline.files.untrusted import DamagedFile

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


Source = Callable[[], Iterator[bytes]]
"""Begins anew at each call; gives bytes in pieces, and an empty one at the end."""


class WrongEncoding(Exception):
    """There is no such encoding, or the text is in another; the message names a line and the remedy."""


@dataclass(frozen=True)
class EncodedText:
    """A text and its encoding; `is_exact` when every byte of it decodes."""

    source: Source
    encoding: str
    is_exact: bool
    reason: str

    def pieces(self, skip_bytes: int = 0) -> Iterator[bytes]:
        """The text as UTF-8 without byte-order mark, in pieces; undecodable bytes are U+FFFD.

        Args:
            skip_bytes: leave out so many bytes of the UTF-8 text.
        """
        decoder = codecs.getincrementaldecoder(self.encoding)("replace")
        is_verbatim = self.encoding == "utf-8" and self.is_exact
        skip, is_first = skip_bytes, True
        for raw in self.source():
            text = raw if is_verbatim else decoder.decode(raw, not raw).encode()
            if is_first and text:
                text, is_first = text.removeprefix(codecs.BOM_UTF8), False
            dropped = min(skip, len(text))
            skip -= dropped
            if len(text) > dropped:
                yield text[dropped:]


@dataclass
class FileSource:
    """A file's bytes, unpacked; `bytes_read` is how far the file, packed or not, has been read.

    Raises:
        DamagedFile: on reading, the gzip file is truncated or damaged.
        OSError: on reading, the file is gone or must not be read.
    """

    path: Path
    is_gzip: bool
    bytes_read: int = 0

    def __call__(self) -> Iterator[bytes]:
        """Read it from its beginning."""
        try:
            with self.path.open("rb") as plain, gzip.GzipFile(fileobj=plain) if self.is_gzip else plain as file:
                while piece := file.read(PIECE_BYTES):
                    self.bytes_read = plain.tell()
                    yield piece
                yield b""
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise DamagedFile("gzip file", type(error).__name__) from None


def bytes_source(data: bytes) -> Source:
    """Bytes that are in memory."""
    return lambda: (data[at : at + PIECE_BYTES] for at in range(0, len(data) + PIECE_BYTES, PIECE_BYTES))


def find_encoding(source: Source, asked: str | None = None) -> EncodedText:
    """Find out a text's encoding; reads it once to its end.

    Args:
        asked: the caller's word.

    Raises:
        WrongEncoding: the text is not in the encoding that was asked for, or there is none of that name.
    """
    head = next(source())[:SAMPLE_BYTES]
    chosen, reason = (_known(asked), "an option names it") if asked else _from_head(head)
    fault = _first_fault(source, chosen)
    if fault is None:
        return EncodedText(source, chosen, True, f"Encoding {chosen}: {reason}.")
    sample = _sample(source)
    if _share_of_faults(sample, chosen) <= _BAD_SHARE or chosen.startswith(("utf-16", "utf-32")):
        return EncodedText(source, chosen, False, f"Encoding {chosen}: {reason}, but a few bytes are damaged and replaced.")
    if asked:
        raise WrongEncoding(f"line {fault} and others are not in {chosen}; leave out --encoding or name another")
    guess = "latin-1" if is_binary(head) else guess_encoding(sample)  # what is no text is not worth a guess
    return EncodedText(source, guess, _first_fault(source, guess) is None,
                       f"Encoding {guess}: a guess, because the file is not UTF-8; --encoding sets it.")  # fmt: skip


def is_binary(head: bytes) -> bool:
    """True when more than one byte in a hundred is a control character that no text has."""
    controls = sum(head.count(bytes([code])) for code in range(32) if code not in (9, 10, 12, 13, 26, 31))
    return controls * 100 > len(head)


def _known(encoding: str) -> str:
    try:
        info = codecs.lookup(encoding)
        "".encode(info.name)
    except (LookupError, ValueError):
        raise WrongEncoding(f"there is no text encoding {encoding!r}; try utf-8, utf-16, cp1254 or cp1252") from None
    return "utf-8" if info.name == "utf-8-sig" else info.name


def _from_head(head: bytes) -> tuple[str, str]:
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding, "its byte-order mark says so"
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if max(even, odd) * 8 > len(head) and min(even, odd) * 8 <= len(head):
        return ("utf-16-le" if odd > even else "utf-16-be"), "every other byte is zero"
    return "utf-8", "all of it is valid UTF-8"


def _first_fault(source: Source, encoding: str) -> int | None:
    """1-based line of the first bytes that do not decode, None when all do."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    lines = 1
    for raw in source():
        if raw.isascii() and encoding == "utf-8" and not decoder.getstate()[0] and raw:
            lines += raw.count(b"\n")
            continue
        try:
            decoder.decode(raw, not raw)
        except UnicodeDecodeError as error:
            return lines + raw[: error.start].count(b"\n")
        lines += raw.count(b"\n")
    return None


def _sample(source: Source) -> bytes:
    """Lines with bytes beyond ASCII: they are the evidence."""
    sample = bytearray()
    for raw in source():
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
