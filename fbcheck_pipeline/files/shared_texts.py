"""How large the cells of a workbook are when each text is written out: a text that is stored once may stand in each of them.

Looked for before a reader lays the cells out; no text is ever written out here.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from fbcheck_pipeline.files.untrusted import MAX_RATIO, DangerousFile, member_pieces

MAX_TEXT = 1 << 30
"""Bytes of all texts of a sheet."""
HONEST_TEXT = 256 << 20
"""So many may be packed as tightly as it likes."""
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
    sizes = np.fromiter(_stored(archive, texts), np.int64)
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


def _stored(archive: zipfile.ZipFile, texts: zipfile.ZipInfo) -> Iterator[int]:
    """The size of each text; of one that goes over several pieces no more is kept than the end of its tag may need."""
    rest, size = b"", 0
    for piece in member_pieces(archive, texts):
        *whole, last = _TEXT_END.split(rest + piece)
        for each in whole:
            yield size + len(each)
            size = 0
        rest = last[-_LONGEST_END:]
        size += len(last) - len(rest)


def _used(archive: zipfile.ZipFile, sheet: zipfile.ZipInfo) -> Iterator[tuple[npt.NDArray[np.int64], int]]:
    """The numbers of texts in cells, and how many cells of text are written so that only a reader knows their number."""
    rest = b""
    for piece in member_pieces(archive, sheet):
        text = rest + piece
        end = max(text.rfind(b"<c"), text.rfind(b":c"), len(text) - _LONGEST_CELL_TAG)
        rest = text[end:]
        yield _numbers(text[:end])
    yield _numbers(rest)


def _numbers(text: bytes) -> tuple[npt.NDArray[np.int64], int]:
    used = np.array(list(map(int, _USED.findall(text))), dtype=np.int64)
    return used, len(_TEXT_CELL.findall(text)) - len(used)
