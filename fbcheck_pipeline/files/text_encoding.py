"""Bytes of a text to UTF-8: which encoding it is, and the stream of its text.

Order: the caller's word, a byte-order mark, zero bytes in the same places of every character (UTF-16, UTF-32), strict UTF-8 to
the last byte, UTF-8 with a few damaged bytes, and at last a guess, which is said. Everything here is linear in the size of
the text, however long its lines. No CSV here.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass

from fbcheck_pipeline.files.byte_sources import Source
from fbcheck_pipeline.files.encoding_guess import guess_encoding

SAMPLE_BYTES = 64 << 10
REPLACED = "\ufffd".encode()

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WIDE = ("utf-16", "utf-32")
_OF_NAMES = ("idna", "punycode")
"""Of hosts: Python takes them for encodings of text."""
_LONGEST_WIDE_LINE = 4 << 20
# A run beyond ASCII and some of its line behind it: no two begin at one place, so that a line of megabytes is passed once.
_EVIDENCE = re.compile(rb"[\x80-\xff][^\r\n]{0,200}+[\x80-\xff]*+")
_BAD_SHARE = 0.1
_LONE_BAD_BYTE = re.compile("(?<![^\0-\x7f])\ufffd(?![^\0-\x7f])")
_PADDING = b"\x1a\0"
MOST_PADDING = 1 << 20


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
        """The text as UTF-8 without byte-order mark, DOS end mark or zeros at the end, in pieces; undecodable bytes are U+FFFD.

        Args:
            skip_bytes: leave out so many bytes of the UTF-8 text.
        """
        is_verbatim = self.encoding == "utf-8" and self.is_exact
        texts = self.source() if is_verbatim else (text.encode() for text in _decoded(self.source, self.encoding, "replace"))
        skip, is_first, held = skip_bytes, True, b""
        for text in texts:
            if is_first and text:
                text, is_first = _without_marks(text), False
            # A Ctrl-Z or zeros end a text only where nothing follows them.
            text = held + text
            held = text[len(text.rstrip(_PADDING)) :]
            held = held if len(held) <= MOST_PADDING else b""
            text = text.removesuffix(held)
            dropped = min(skip, len(text))
            skip -= dropped
            if len(text) > dropped:
                yield text[dropped:]


def find_encoding(source: Source, asked: str | None = None) -> EncodedText:
    """Find out a text's encoding; reads it once to its end.

    Args:
        asked: the caller's word.

    Raises:
        WrongEncoding: the text is not in the encoding that was asked for, or there is none of that name.
    """
    head = next(source())[:SAMPLE_BYTES]
    chosen, reason = (_known(asked), "an option names it") if asked else _from_head(head)
    tail = (
        " Its last lines are UTF-8, and read as such." if chosen.startswith("utf-16") and _has_utf8_tail(source, chosen) else ""
    )
    if chosen == "utf-32" and not head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise WrongEncoding("line 1 has no byte-order mark of utf-32; leave out --encoding or name another")
    fault = _first_fault(source, chosen)
    if fault is None:
        return EncodedText(source, chosen, True, f"Encoding {chosen}: {reason}.{tail}")
    sample = _sample(source)
    if chosen.startswith(_WIDE) or _is_nearly(sample, chosen):
        return EncodedText(source, chosen, False, f"Encoding {chosen}: {reason}, but a few bytes are damaged and replaced.{tail}")
    if asked:
        raise WrongEncoding(f"line {fault} and others are not in {chosen}; leave out --encoding or name another")
    guess = "latin-1" if is_binary(head) else guess_encoding(sample)  # what is no text is not worth a guess
    return EncodedText(source, guess, _first_fault(source, guess) is None,
                       f"Encoding {guess}: a guess, because the file is not UTF-8; --encoding sets it.")  # fmt: skip


def is_binary(head: bytes) -> bool:
    """True when more than one byte in a hundred is a control character that no text has; padding aside."""
    head = head.rstrip(_PADDING)
    controls = sum(head.count(bytes([code])) for code in range(32) if code not in (1, 9, 10, 12, 13, 26, 31))
    return controls * 100 > len(head)


def _known(encoding: str) -> str:
    try:
        info = codecs.lookup(encoding)
        "".encode(info.name)
        if info.name in _OF_NAMES:
            raise LookupError
    except (LookupError, ValueError):
        raise WrongEncoding(f"there is no text encoding {encoding!r}; try utf-8, utf-16, cp1254 or cp1252") from None
    return "utf-8" if info.name == "utf-8-sig" else info.name


def _from_head(head: bytes) -> tuple[str, str]:
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding, "its byte-order mark says so"
    head = head.rstrip(b"\0")  # padding tells nothing, and one character less is no matter
    zeros = [head[at::4].count(0) * 4 >= len(head) - 3 > 4 for at in range(4)]
    if zeros in ([False, False, True, True], [False, True, True, True]):
        return "utf-32-le", "three of four bytes are zero"
    if zeros in ([True, True, False, False], [True, True, True, False]):
        return "utf-32-be", "three of four bytes are zero"
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if (max(even, odd) * 8 > len(head) and min(even, odd) * 8 <= len(head)) or (not min(even, odd) and _has_wide_lines(head)):
        return ("utf-16-le" if odd > even else "utf-16-be"), "every other byte is zero"
    return "utf-8", "all of it is valid UTF-8"


def _has_wide_lines(head: bytes) -> bool:
    """True for UTF-16 of a script of its own, where zero bytes stand at line feeds, digits and delimiters only."""
    zeros = head.count(0)
    line_feeds = head.count(b"\n\0") + head.count(b"\0\n")
    blocks = sum(head.count(bytes([code])) for code in range(1, 9))  # Greek to Arabic: half of the bytes that text never has
    return line_feeds > 0 and zeros * 50 > len(head) and (blocks * 10 > len(head) or not (head.isascii() or _decodes(head)))


def _decoded(source: Source, encoding: str, errors: str) -> Iterator[str]:
    """The text in pieces.

    Raises:
        UnicodeDecodeError: with `strict`.
    """
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    if not encoding.startswith("utf-16"):
        for raw in source():
            yield decoder.decode(raw, not raw)
        return
    for lines, is_last in _wide_lines(source, encoding):
        yield lines.decode() if is_last and _is_utf8(lines) else decoder.decode(lines, is_last)


def _wide_lines(source: Source, encoding: str) -> Iterator[tuple[bytes, bool]]:
    """UTF-16 in pieces of whole lines; the last piece is what stands behind the last line feed."""
    rest, line_feed = b"", b""
    for raw in source():
        rest += raw
        if not line_feed:
            line_feed = b"\0\n" if encoding == "utf-16-be" or rest.startswith(codecs.BOM_UTF16_BE) else b"\n\0"
        end = rest.rfind(line_feed)
        while end % 2 and end > 0:
            end = rest.rfind(line_feed, 0, end + 1)
        cut = end + 2 if end >= 0 and end % 2 == 0 else 0
        cut = cut or (len(rest) // 2 * 2 if len(rest) > _LONGEST_WIDE_LINE else 0)
        yield rest[:cut], False
        rest = rest[cut:]
    yield rest, True


def _is_utf8(tail: bytes) -> bool:
    """True for lines that a tool appended which knew nothing of UTF-16: they hold no zero byte, and are valid UTF-8."""
    return len(tail) > 2 and b"\0" not in tail and _decodes(tail)


def _decodes(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def _has_utf8_tail(source: Source, encoding: str) -> bool:
    return any(is_last and _is_utf8(lines) for lines, is_last in _wide_lines(source, encoding))


def _first_fault(source: Source, encoding: str) -> int | None:
    """1-based line of the first bytes that do not decode, None when all do."""
    try:
        for _ in _decoded(source, encoding, "strict"):
            pass
    except UnicodeDecodeError:
        return _line_of_fault(source, encoding)
    return None


def _line_of_fault(source: Source, encoding: str) -> int:
    """Read once more: to count the lines takes longer than to decode them, and most texts have no fault."""
    lines = 1
    try:
        for text in _decoded(source, encoding, "strict"):
            lines += text.count("\n")
    except UnicodeDecodeError as error:
        lines += bytes(error.object[: error.start]).count(b"\n")
    return lines


def _without_marks(text: bytes) -> bytes:
    """Without byte-order marks: whoever puts a file together from others may give it two."""
    while text.startswith(codecs.BOM_UTF8):
        text = text.removeprefix(codecs.BOM_UTF8)
    return text


def _sample(source: Source) -> bytes:
    """What stands at the bytes beyond ASCII: it is the evidence."""
    sample = bytearray()
    for raw in source():
        for match in _EVIDENCE.finditer(raw):
            sample += match[0][:1000] + b"\n"
            if len(sample) > SAMPLE_BYTES:
                return bytes(sample)
    return bytes(sample)


def _is_nearly(sample: bytes, encoding: str) -> bool:
    """True where few places do not decode, or where these are lone bytes and no more than the characters that do."""
    text = sample.decode(encoding, "replace")
    bad = text.count("\ufffd")
    good = sum(not char.isascii() for char in text) - bad
    return bad <= _BAD_SHARE * (bad + good) or (bad <= good and len(_LONE_BAD_BYTE.findall(text)) == bad)
