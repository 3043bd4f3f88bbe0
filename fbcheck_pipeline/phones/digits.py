"""The digits of many cells at once, and which cells are *plain*: nothing in them needs the careful rules of `cells`.

Works on Arrow's own buffer of all cells' bytes; no cell becomes a Python object. What the digits mean is in `fast`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from fbcheck_pipeline.phones.plans import END

# A row of the digit matrix: room for a + and a calling code before the digits, then the digits, then END.
MARGIN, WIDTH = 5, 32
MOST_DIGITS = 21  # walked at most; a cell with more is not plain
PLUS = (ord("+") - ord("0")) % 256  # what becomes a + when "0" is added to all

_BLANK, _DASH, _DOT, _OPEN, _CLOSE, _PLUS_SIGN, _OTHER = range(10, 17)
_KIND = np.full(256, _OTHER, np.uint8)
for _signs, _kind in (("0123456789", None), (" ", _BLANK), ("-", _DASH), (".", _DOT), ("(", _OPEN), (")", _CLOSE), ("+", _PLUS_SIGN)):
    for _sign in _signs:
        _KIND[ord(_sign)] = int(_sign) if _kind is None else _kind


class Digits(NamedTuple):
    """One entry a cell.

    matrix: WIDTH bytes a cell, flat; its digits 0 to 9 start at MARGIN. count: of its digits. has_plus: begins with +.
    is_empty: null or "". is_plain: at least one digit, otherwise blanks and separators where they are harmless.
    is_unbroken: plain, and nothing but digits and the plus.
    """

    matrix: NDArray[np.uint8]
    count: NDArray[np.int64]
    has_plus: NDArray[np.bool_]
    is_empty: NDArray[np.bool_]
    is_plain: NDArray[np.bool_]
    is_unbroken: NDArray[np.bool_]


def digits_of(cells: pa.StringArray) -> Digits:
    """Find the digits of cells; any number of cells, nulls allowed."""
    ends, data = _buffers(cells)
    begins, ends = ends[:-1], ends[1:]
    lengths = ends - begins
    kind = _KIND[data]
    row_of = np.repeat(np.arange(len(cells)), lengths)

    places = np.flatnonzero(kind < _BLANK)
    rows = row_of[places]
    count = np.bincount(rows, minlength=len(cells))
    first = np.cumsum(count) - count
    matrix = np.full(len(cells) * WIDTH, END, np.uint8)
    room = np.minimum(np.arange(len(places)) + (np.arange(len(cells)) * WIDTH + MARGIN - first)[rows], (rows + 1) * WIDTH - 1)
    matrix[room] = kind[places]

    signs = np.flatnonzero(kind > _BLANK)
    sign_rows, sign_kinds = row_of[signs], kind[signs]
    has_plus = np.zeros(len(cells), np.bool_)
    leads = signs == begins[sign_rows]
    has_plus[sign_rows[leads & (sign_kinds == _PLUS_SIGN)]] = True
    is_plain = (count > 0) & (count <= MOST_DIGITS)
    is_plain[sign_rows[_is_harmful(data, signs, sign_kinds, leads, sign_rows, ends)]] = False
    _reject_tails(is_plain, matrix, count, first, places, signs, sign_rows, sign_kinds)
    is_unbroken = is_plain & (count + has_plus == lengths)
    return Digits(matrix, count, has_plus, lengths == 0, is_plain, is_unbroken)


def _buffers(cells: pa.StringArray) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Where each cell ends in the bytes of all (one entry more than cells), and these bytes. A null has no bytes."""
    _, offsets, data = cells.buffers()
    ends = np.frombuffer(offsets, np.int32, len(cells) + 1, cells.offset * 4).astype(np.int64)
    if data is None:
        return ends, np.zeros(0, np.uint8)
    return ends - ends[0], np.frombuffer(data, np.uint8, ends[-1] - ends[0], ends[0])


def _is_harmful(
    data: NDArray[np.uint8],
    signs: NDArray[np.int64],
    kinds: NDArray[np.uint8],
    leads: NDArray[np.bool_],
    rows: NDArray[np.int64],
    ends: NDArray[np.int64],
) -> NDArray[np.bool_]:
    """Signs that may mean more than a separator.

    Unknown ones; a plus inside; a minus before (a calculated number) or after a blank (two numbers); a closing bracket at
    the end (an aside); a dash or dot beside another (masked digits).
    """
    is_dash = kinds == _DASH
    harmful = kinds == _OTHER
    harmful |= (kinds == _PLUS_SIGN) & ~leads
    harmful |= is_dash & (leads | (data[signs - 1] == ord(" ")))
    harmful |= (kinds == _CLOSE) & (signs + 1 == ends[rows])
    is_line = is_dash | (kinds == _DOT)
    harmful[1:] |= is_line[1:] & is_line[:-1] & (np.diff(signs) <= 2)
    return harmful


def _reject_tails(
    is_plain: NDArray[np.bool_],
    matrix: NDArray[np.uint8],
    count: NDArray[np.int64],
    first: NDArray[np.int64],
    places: NDArray[np.int64],
    signs: NDArray[np.int64],
    rows: NDArray[np.int64],
    kinds: NDArray[np.uint8],
) -> None:
    """What follows the last sign may be no part of the number: a fraction, an aside, the end of a range."""
    is_plain[np.bincount(rows[kinds == _DOT], minlength=len(count)) == 1] = False
    for kind in (_OPEN, _DASH):
        last = np.full(len(count), -1)
        last[rows[kinds == kind]] = signs[kinds == kind]
        candidates = np.flatnonzero((last >= 0) & is_plain)
        tail = count[candidates] - (np.searchsorted(places, last[candidates]) - first[candidates])
        short = (tail >= 1) & (tail <= 4)
        candidates, tail = candidates[short], tail[short]
        if kind == _OPEN:
            is_plain[candidates] = False
        else:
            is_plain[candidates[_may_count_on(matrix, count, candidates, tail)]] = False


def _may_count_on(
    matrix: NDArray[np.uint8], count: NDArray[np.int64], rows: NDArray[np.int64], tail: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """True where the tail's number is 1 to 9 more than as many digits before it, as in 34-35."""
    difference = np.zeros(len(rows), np.int64)
    end = rows * WIDTH + MARGIN + count[rows]
    for place in range(4):
        inside = place < tail
        here = matrix[end - 1 - place].astype(np.int64) - matrix[end - 1 - place - tail]
        difference += np.where(inside, here * 10**place, 0)
    return (difference >= 1) & (difference <= 9) | (count[rows] < 2 * tail)
