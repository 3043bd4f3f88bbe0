"""How large the cells of a workbook are when each text is written out: a text that is stored once may stand in each of them.

Looked for before fastexcel lays the cells out, in parts whose every tag is as programs write it; no text is ever written out here.
"""

from __future__ import annotations

import re
import zipfile
from array import array
from collections.abc import Iterator
from typing import Self

import numpy as np
import numpy.typing as npt

from fbcheck_pipeline.files.untrusted import member_pieces

MAX_TEXTS = 10_000_000
LONGEST_USUAL_TEXT = 1 << 20
HELD_BYTES = 64
"""Of each text, be it empty, beside what it says."""
_SI = re.compile(rb"<(/?)(?:[\w.-]+:)?si>")
_SAYS = re.compile(rb"<(?:[\w.-]+:)?(?:t(?:>|/>| xml:space)|r>(?:(?!rPh).)*?<(?:[\w.-]+:)?t(?:>| xml:space))", re.DOTALL)
_TEXT_CELL = b' t="s"'
_USED = re.compile(rb' t="s"[^<>]{0,500}><(?:[\w.-]+:)?v>([0-9]{1,9})</(?:[\w.-]+:)?v></(?:[\w.-]+:)?c>')
_LONGEST_CELL = 1000


class TextSizes:
    """How large each shared text of a workbook is, by its number."""

    def __init__(self, sizes: npt.NDArray[np.int64]) -> None:
        self._sizes = sizes
        self._longest = int(sizes.max(initial=0))

    @classmethod
    def of(cls, archive: zipfile.ZipFile, texts: zipfile.ZipInfo) -> Self | None:
        """Measure them; None where they are more than any workbook has, or where readers may count them otherwise.

        fastexcel, for one, does not count a text that is none.
        """
        sizes, rest, is_first = array("q"), b"", True
        for piece in member_pieces(archive, texts):
            begin, *others = _SI.split(rest + piece)
            is_open = len(others) // 2 % 2
            marks, said, between = others[0::2], others[1::4], others[3::4]
            if marks != [b"", b"/"] * (len(marks) // 2) + [b""] * is_open:
                return None
            rest = b"<si>" + said.pop() if is_open else between.pop() if between else begin
            is_odd = not all(map(_SAYS.match, said)) or any(map(bytes.strip, between))
            if is_odd or (others and begin.strip() and not is_first) or len(rest) > LONGEST_USUAL_TEXT:
                return None
            sizes.extend(map(len, said))
            if len(sizes) > MAX_TEXTS:
                return None
            is_first = is_first and not others
        return cls(np.array(sizes))

    @property
    def held_bytes(self) -> int:
        """About as much memory as a reader takes that holds each of them."""
        return int(self._sizes.sum()) + HELD_BYTES * len(self._sizes)

    def written_bytes(self, archive: zipfile.ZipFile, sheet: zipfile.ZipInfo, cell_count: int, most: int) -> int:
        """How large the cells of a sheet are at most; where that is more than `most`, anything that is.

        Args:
            cell_count: how many it has at most.
        """
        if self._longest * cell_count <= most:
            return self._longest * cell_count
        written = 0
        for used, others in _used(archive, sheet):
            written += int(self._sizes[used[used < len(self._sizes)]].sum()) + others * self._longest
            if written > most:
                break
        return written


def _used(archive: zipfile.ZipFile, sheet: zipfile.ZipInfo) -> Iterator[tuple[npt.NDArray[np.int64], int]]:
    """The numbers of texts in cells, and how many cells of text are written so that only a reader knows their number."""
    rest = b""
    for piece in member_pieces(archive, sheet):
        text = rest + piece
        end = max(text.rfind(_TEXT_CELL), len(text) - _LONGEST_CELL)
        rest = text[end:]
        yield _numbers(text[:end])
    yield _numbers(rest)


def _numbers(text: bytes) -> tuple[npt.NDArray[np.int64], int]:
    used = np.array(list(map(int, _USED.findall(text))), dtype=np.int64)
    return used, text.count(_TEXT_CELL) - len(used)
