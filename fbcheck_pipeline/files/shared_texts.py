"""How large the cells of a workbook are when each text is written out: a text that is stored once may stand in each of them.

Looked for before a reader lays the cells out; no text is ever written out here.
"""

from __future__ import annotations

import re
import zipfile
from array import array
from collections.abc import Iterable, Iterator
from xml.parsers import expat

import numpy as np
import numpy.typing as npt

from fbcheck_pipeline.files.untrusted import MAX_RATIO, DangerousFile, member_pieces

MAX_TEXT = 1 << 30
"""Bytes of all texts of a sheet."""
HONEST_TEXT = 256 << 20
"""So many may be packed as tightly as it likes."""
MAX_TEXTS = 10_000_000
"""Readers take some 100 bytes for each, be it empty."""
_TEXT_CELL = re.compile(rb"\st\s*=\s*[\"'](?:s[\"']|&)")
_USED = re.compile(
    rb"\st\s*=\s*[\"']s[\"'][^<>]{0,500}>\s*<(?:[\w.-]+:)?v[^<>]{0,200}>\s*([0-9]{1,9})\s*</(?:[\w.-]+:)?v\s*>\s*</(?:[\w.-]+:)?c\b"
)
_TEXT_END = re.compile(rb"</(?:[\w.-]+:)?si\s*>|<(?:[\w.-]+:)?si\s*/>")
_LONGEST_END = 64
_LONGEST_CELL_TAG = 1000


def check_shared_texts(archive: zipfile.ZipFile, texts: zipfile.ZipInfo, sheets: Iterable[zipfile.ZipInfo]) -> None:
    """Hold every sheet's texts against the bound.

    Raises:
        DangerousFile: the texts of a sheet are larger than any honest sheet's.
        DamagedFile: a part cannot be unpacked.
    """
    sizes = np.array(_sizes(archive, texts))
    longest = int(sizes.max(initial=0))
    for sheet in sheets:
        most = min(MAX_TEXT, max(HONEST_TEXT, MAX_RATIO * (sheet.compress_size + texts.compress_size)))
        if longest * (sheet.file_size // len(b'<c t="s"><v>0</v></c>')) <= most:
            continue
        written = 0
        for used, others in _used(archive, sheet):
            known = used[used < len(sizes)]
            written += int(sizes[known].sum()) + others * longest
            if written > most:
                raise DangerousFile(f"the texts of its cells unpack to more than {written >> 20:,} MB")


def _sizes(archive: zipfile.ZipFile, texts: zipfile.ZipInfo) -> array[int]:
    """The size of each text; of one that goes over several pieces no more is kept than the end of its tag may need."""
    sizes, rest, size = array("q"), b"", 0
    for piece in member_pieces(archive, texts):
        text = rest + piece
        if b"<!" in text or b"\0" in text:
            return _parsed_sizes(archive, texts)
        *whole, last = _TEXT_END.split(text)
        for each in whole:
            sizes.append(size + len(each))
            size = 0
        _check_count(sizes)
        rest = last[-_LONGEST_END:]
        size += len(last) - len(rest)
    return sizes


def _parsed_sizes(archive: zipfile.ZipFile, texts: zipfile.ZipInfo) -> array[int]:
    """Those of a part with comments or raw texts, where not every end of a text is one, or in UTF-16."""
    sizes, begin = array("q"), 0

    def end(tag: str) -> None:
        nonlocal begin
        if tag.rsplit(":", 1)[-1] == "si":
            sizes.append(parser.CurrentByteIndex - begin)
            begin = parser.CurrentByteIndex

    parser = expat.ParserCreate()
    parser.EndElementHandler = end
    for piece in member_pieces(archive, texts):
        parser.Parse(piece, False)
        _check_count(sizes)
    parser.Parse(b"", True)
    return sizes


def _check_count(sizes: array[int]) -> None:
    if len(sizes) > MAX_TEXTS:
        raise DangerousFile(f"it has more than {MAX_TEXTS:,} texts")


def _used(archive: zipfile.ZipFile, sheet: zipfile.ZipInfo) -> Iterator[tuple[npt.NDArray[np.int64], int]]:
    """The numbers of texts in cells, and how many cells of text are written so that only a reader knows their number."""
    rest = b""
    for piece in member_pieces(archive, sheet):
        text = rest + piece.replace(b"\0", b"")  # UTF-16 as ASCII
        end = max(text.rfind(b"<c"), text.rfind(b":c"), len(text) - _LONGEST_CELL_TAG)
        rest = text[end:]
        yield _numbers(text[:end])
    yield _numbers(rest)


def _numbers(text: bytes) -> tuple[npt.NDArray[np.int64], int]:
    used = np.array(list(map(int, _USED.findall(text))), dtype=np.int64)
    return used, len(_TEXT_CELL.findall(text)) - len(used)
