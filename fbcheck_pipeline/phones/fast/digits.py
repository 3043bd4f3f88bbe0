"""The digits of many cells at once, and which cells are *plain*: nothing in them needs careful rules.

Works on Arrow's own buffer of all cells' bytes; no cell becomes a Python object. What the digits mean is in `fast_path`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from fbcheck_pipeline.phones.fast.terms import Ints, Mask
from fbcheck_pipeline.phones.fast.territories import END

# A row of the digit matrix: room for a + and a calling code before the digits, then the digits, then END.
MARGIN, WIDTH = 5, 32
MOST_DIGITS = 24  # walked at most; a cell with more is not plain
LONG_GROUP, MOST_TAIL = 5, 8  # digits of what short last groups may follow, and of all these
MOST_NEXT = 4  # digits of the next number in a range
PLACE_DECIMALS = 4  # at least, of a place on the map
_BYTES_AT_ONCE = 1 << 16  # are counted; a block of eight times as many stays in the processor's cache
LEAST_RESTART = 5  # digits of the shortest numbers with a trunk 0
PLUS = (ord("+") - ord("0")) % 256  # what becomes a + when "0" is added to all

_BLANK, _DASH, _DOT, _OPEN, _CLOSE, _PLUS_SIGN, _OTHER = range(10, 17)
_SIGNS = {" ": _BLANK, "-": _DASH, ".": _DOT, "(": _OPEN, ")": _CLOSE, "+": _PLUS_SIGN}
_PARTING = np.frombuffer(b" ()", np.uint8)
_KIND = bytes({**_SIGNS, **{str(digit): digit for digit in range(10)}}.get(chr(byte), _OTHER) for byte in range(256))


Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class Digits:
    """One entry a cell.

    matrix: WIDTH bytes a cell, flat; its digits 0 to 9 start at MARGIN. count: of its digits. has_plus: begins with +.
    is_empty: null or "". is_plain: at least one digit, otherwise blanks and separators where they are harmless.
    is_unbroken: plain, and nothing but digits and the plus. restart: how many digits stand before a group that begins with 0 and may be
    a number of its own; 0 in most. tail: how many digits at the end may be those of the next number
    in a range, as in 34-35; 0 in most. lone_zero: how many digits there are up to a 0 that stands alone, as in (0)312; 0 in most.
    """

    matrix: Bytes
    count: Ints
    has_plus: Mask
    is_empty: Mask
    is_plain: Mask
    is_unbroken: Mask
    restart: Ints
    tail: Ints
    lone_zero: Ints

    def without_tail(self, rows: Ints) -> Digits:
        """Copies of some cells, without their tails."""
        matrix = self.matrix.reshape(-1, WIDTH)[rows]
        count = self.count[rows] - self.tail[rows]
        matrix[np.arange(WIDTH) >= MARGIN + count[:, None]] = END
        no = np.zeros(len(rows), np.int64)
        flags = (self.has_plus[rows], self.is_empty[rows], self.is_plain[rows], self.is_unbroken[rows])
        return Digits(matrix.reshape(-1), count, *flags, restart=self.restart[rows], tail=no, lone_zero=no)

    def from_restart(self, rows: Ints) -> Digits:
        """Copies of some cells, from their restart on."""
        matrix = self.matrix.reshape(-1, WIDTH)[rows]
        place = np.minimum(np.arange(WIDTH) + np.where(np.arange(WIDTH) < MARGIN, 0, self.restart[rows, None]), WIDTH - 1)
        count, no = self.count[rows] - self.restart[rows], np.zeros(len(rows), np.int64)
        matrix = np.take_along_axis(matrix, place, 1)
        flags = (no.astype(np.bool_), self.is_empty[rows], self.is_plain[rows], self.is_unbroken[rows])
        return Digits(matrix.reshape(-1), count, *flags, restart=no, tail=no, lone_zero=no)


def digits_of(cells: pa.StringArray) -> Digits:
    """Find the digits of cells; any number of cells, nulls allowed."""
    ends, data = buffers_of(cells)
    begins, ends = ends[:-1], ends[1:]
    lengths = ends - begins
    kind = np.frombuffer(data.tobytes().translate(_KIND), np.uint8)

    is_digit, is_null = kind < _BLANK, cells.is_null().to_numpy(zero_copy_only=False)  # it may still have bytes
    if is_digit.all():
        is_plain, no = (lengths > 0) & (lengths <= MOST_DIGITS), np.zeros(len(cells), np.int64)
        flags = (no.astype(np.bool_), is_null | (lengths == 0), is_plain, is_plain)
        return Digits(_matrix_of(kind, lengths), lengths, *flags, restart=no, tail=no, lone_zero=no)
    seen = np.zeros(len(data) + 1, np.int32)
    np.cumsum(is_digit, out=seen[1:])
    first = seen[begins].astype(np.int64)
    count = seen[ends] - first
    matrix = _matrix_of(kind[is_digit], count)

    between = np.flatnonzero(~is_digit)
    between_rows = np.repeat(np.arange(len(cells)), lengths - count)
    has_plus = np.zeros(len(cells), np.bool_)
    is_plain = (count > 0) & (count <= MOST_DIGITS)
    tail, hours, zeros, counted = (np.zeros(len(cells), np.int64) for _ in range(4))
    is_sign = kind[between] > _BLANK
    if is_sign.any():
        signs = _Signs(between[is_sign], between_rows[is_sign], kind[between[is_sign]], data)
        has_plus[signs.rows[(signs.places == begins[signs.rows]) & (signs.kinds == _PLUS_SIGN)]] = True
        is_plain &= ~_has_unclear_signs(signs, begins, ends, seen, count, matrix, has_plus)
        tail = _tails(count, seen, first, *signs.of(_DASH))
        hours = _hours(kind, begins, *signs.of(_DASH), tail)
        tail[~is_plain] = 0
        tail[~_counts_on(matrix, count, tail)] = 0
        zeros = _last_zeros(matrix, count, _tails(count, seen, first, *signs.of(_DOT)))
        counted = _counts_beside_brackets(signs, kind, seen, first, matrix, has_plus)
    is_plain[_end_in_lone_digits(kind, begins, ends)] = False
    restart, is_unclear = _restarts(kind, between, between_rows, seen, first, count, matrix, has_plus)
    is_plain[is_unclear | ((restart > 0) & (counted > 0))] = False
    restart = np.maximum(restart, counted)
    for more in (hours, zeros, _after_long_groups(kind, between, between_rows, begins, seen, first, count)):
        is_plain[(tail > 0) & (more > 0)] = False
        tail = np.where(is_plain, np.maximum(tail, more), 0)
    is_unbroken = is_plain & (count + has_plus == lengths)
    lone_zero = _lone_zeros(kind, between, between_rows, begins, seen, first)
    return Digits(matrix, count, has_plus, is_null | (lengths == 0), is_plain, is_unbroken, restart, tail, lone_zero)


def _matrix_of(digits: Bytes, count: Ints) -> Bytes:
    """The digits of all cells, one after the other, in rows; of a cell with more than there is room for, only the first."""
    room = WIDTH - MARGIN
    if count.max(initial=0) > room:
        place = np.arange(len(digits)) - np.repeat(np.cumsum(count) - count, count)
        digits, count = digits[place < room], np.minimum(count, room)
    matrix = np.full((len(count), WIDTH), END, np.uint8)
    matrix[:, MARGIN:][np.arange(room, dtype=np.uint8) < count.astype(np.uint8)[:, None]] = digits
    return matrix.reshape(-1)


@cache
def among(some: bytes) -> Mask:
    """By byte, whether it is one of these: kept, since numpy takes longer to find that out than to look at some hundred cells."""
    return np.isin(np.arange(256), np.frombuffer(some, np.uint8))


def digit_counts(cells: pa.StringArray) -> Ints:
    """How many digits of ASCII each cell has."""
    ends, data = buffers_of(cells)
    return _counts_between(ends, data - np.uint8(ord("0")) < 10)


def only(cells: pa.StringArray, kept: bytes) -> pa.StringArray:
    """Each cell with some characters of ASCII only; a null has none. A twentieth of what an expression takes."""
    return _picked(cells, among(kept))


def without(cells: pa.StringArray, dropped: bytes) -> pa.StringArray:
    """Each cell without some characters of ASCII; a null has none."""
    return _picked(cells, ~among(dropped))


def translated(cells: pa.StringArray, table: bytes) -> pa.StringArray:
    """Each cell with other characters of ASCII for some, as `bytes.translate` takes them; of cells without nulls."""
    ends, data = buffers_of(cells)
    texts = data.tobytes().translate(table)
    return pa.StringArray.from_buffers(len(cells), pa.py_buffer(ends.astype(np.int32)), pa.py_buffer(texts))


def digits_as_one(cells: pa.StringArray) -> pa.StringArray:
    """Each cell with a 0 for digits side by side; a null is empty."""
    cells = cells.fill_null("")
    ends, data = buffers_of(cells)
    is_digit = data - np.uint8(ord("0")) < 10
    is_kept = ~is_digit
    is_kept[1:] |= ~is_digit[:-1]
    is_kept[ends[:-1][ends[:-1] < len(data)]] = True
    return texts_of(ends, np.where(is_digit, np.uint8(ord("0")), data), is_kept)


def before_digits(cells: pa.StringArray) -> pa.StringArray:
    """What stands before the first digit of each cell; of cells without nulls."""
    ends, data = buffers_of(cells)
    seen = np.zeros(len(data) + 1, np.int32)
    np.cumsum(data - np.uint8(ord("0")) < 10, out=seen[1:])
    return texts_of(ends, data, seen[1:] == np.repeat(seen[ends[:-1]], np.diff(ends)))


def stretches(cells: pa.StringArray, parting: Mask) -> tuple[pa.StringArray, Ints]:
    """What stands between certain bytes in each cell, and the place of the cell of each."""
    ends, data = buffers_of(cells)
    kept = np.flatnonzero(~parting[data])
    begins = np.diff(kept, prepend=-2) != 1
    first_of_cell = np.searchsorted(kept, ends[:-1])
    begins[first_of_cell[first_of_cell < len(kept)]] = True
    places = np.flatnonzero(begins)
    offsets = np.append(places, len(kept)).astype(np.int32)
    found = pa.StringArray.from_buffers(len(places), pa.py_buffer(offsets), pa.py_buffer(data[kept]))
    return found, np.searchsorted(ends, kept[places], side="right") - 1


def _picked(cells: pa.StringArray, is_picked: Mask) -> pa.StringArray:
    ends, data = buffers_of(cells.fill_null(""))
    return texts_of(ends, data, is_picked[data])


@dataclass(frozen=True)
class _Signs:
    """All bytes that are neither digits nor blanks: their places among all bytes `data`, their cells' rows, what they are."""

    places: Ints
    rows: Ints
    kinds: Bytes
    data: Bytes

    def of(self, kind: int) -> tuple[Ints, Ints]:
        """Places and rows of one kind."""
        is_it = self.kinds == kind
        return self.places[is_it], self.rows[is_it]

    def counts(self, where: Mask, cells: int) -> Ints:
        """How many of some each cell has."""
        return np.bincount(self.rows[where], minlength=cells)


def _has_unclear_signs(
    signs: _Signs, begins: Ints, ends: Ints, seen: NDArray[np.int32], count: Ints, matrix: Bytes, has_plus: Mask
) -> Mask:
    """Cells with signs that may mean more than a separator."""
    cells, kinds = len(count), signs.kinds
    leads = signs.places == begins[signs.rows]
    trails = seen[signs.places] == seen[ends[signs.rows]]
    is_unclear = np.zeros(cells, np.bool_)
    is_unclear[signs.rows[_is_harmful(signs.data, signs.places, kinds, leads, trails)]] = True
    is_unclear |= signs.counts(kinds == _DOT, cells) == 1  # perhaps a fraction
    is_unclear |= _may_be_dates(count, signs.counts(~_is_bracket(kinds), cells), signs.counts(_is_line(kinds), cells))
    opens, rows_opened = signs.of(_OPEN)
    first = seen[begins].astype(np.int64)
    is_late = seen[opens] - first[rows_opened] >= np.where(has_plus[rows_opened], 6, 4)
    is_unclear[rows_opened[is_late]] = True  # perhaps a second number, or an aside; before it are digits enough for a number
    is_first = seen[opens] == first[rows_opened]
    is_unclear[rows_opened[is_first & has_plus[rows_opened]]] = True  # `+(201) …`
    zero, next_digit = (matrix[rows_opened * WIDTH + MARGIN + place] for place in range(2))
    is_unclear[rows_opened[is_first & ~_are_digits(signs.data, opens + 1) & (zero == 0) & (next_digit <= 1)]] = True  # `( 00 …`
    is_unclear[_rows_of_odd_brackets(signs)] = True
    is_unclear[_rows_of_places(signs, seen)] = True
    is_unclear[_rows_with_dates(signs, begins, ends)] = True
    is_unclear[_rows_with_hours(signs)] = True
    is_unclear[_rows_parted_behind_dashes(signs, ends, seen)] = True
    is_unclear[_rows_of_addresses(signs, ends, seen, count)] = True
    return is_unclear


def buffers_of(cells: pa.StringArray) -> tuple[Ints, Bytes]:
    """Where each cell ends in the bytes of all (one entry more than cells), and these bytes."""
    _, offsets, data = cells.buffers()
    if not len(cells):
        return np.zeros(1, np.int64), np.zeros(0, np.uint8)
    ends = np.frombuffer(offsets, np.int32, len(cells) + 1, cells.offset * 4).astype(np.int64)
    if data is None:
        return ends, np.zeros(0, np.uint8)
    return ends - ends[0], np.frombuffer(data, np.uint8, ends[-1] - ends[0], ends[0])


def texts_of(ends: Ints, data: Bytes, is_kept: Mask) -> pa.StringArray:
    """Texts of some bytes of those that `buffers_of` gave."""
    offsets = np.zeros(len(ends), np.int32)
    np.cumsum(_counts_between(ends, is_kept), out=offsets[1:])
    return pa.StringArray.from_buffers(len(ends) - 1, pa.py_buffer(offsets), pa.py_buffer(data[is_kept]))


def _counts_between(ends: Ints, where: Mask) -> Ints:
    """How many bytes of each cell are of some kind, some cells after others: numpy makes integers of eight bytes of what it adds up."""
    counts, has_bytes = np.zeros(len(ends) - 1, np.int64), ends[1:] > ends[:-1]
    begins, of_kind = ends[:-1][has_bytes], where.view(np.uint8)
    if 0 < len(where) <= _BYTES_AT_ONCE:
        counts[has_bytes] = np.add.reduceat(of_kind, begins, dtype=np.int64)
        return counts
    stops, firsts = np.append(begins, len(where)), np.unique(np.searchsorted(begins, np.arange(0, len(where), _BYTES_AT_ONCE)))
    found = [
        np.add.reduceat(of_kind[stops[first] : stops[last]], begins[first:last] - begins[first], dtype=np.int64)
        for first, last in pairwise([*firsts[firsts < len(begins)].tolist(), len(begins)])
    ]
    counts[has_bytes] = np.concatenate(found) if found else 0
    return counts


def texts_at(data: Bytes, begins: Ints, lengths: Ints) -> pa.StringArray:
    """Texts of so many bytes each, by where they begin in these."""
    ends = np.cumsum(lengths)
    places = np.arange(lengths.sum()) + np.repeat(begins - (ends - lengths), lengths)
    offsets = np.concatenate([[0], ends]).astype(np.int32)
    return pa.StringArray.from_buffers(len(begins), pa.py_buffer(offsets), pa.py_buffer(data[places]))


def _is_harmful(data: Bytes, signs: Ints, kinds: Bytes, leads: Mask, trails: Mask) -> Mask:
    """Signs that may mean more than a separator.

    Unknown ones; a plus inside; a minus before all (a calculated number) or after a blank (two numbers); a dash before a blank (a count);
    a dash after all (it hides the tail of a range); a dash or dot beside another (masked digits); a blank beside a dot (`2. 532 …`);
    a dot before or after all (another one may begin a fraction) or before a bracket that closes (a day: `(3.4.) 532 …`).
    """
    is_dash = kinds == _DASH
    harmful: Mask = kinds == _OTHER
    follows_blank, behind = data[signs - 1] == ord(" "), data.take(signs + 1, mode="clip")
    dots = np.flatnonzero(kinds == _DOT)
    if len(dots):
        harmful[dots] |= (leads | trails | follows_blank)[dots] | (behind[dots] == ord(" ")) | (behind[dots] == ord(")"))
    harmful |= (kinds == _PLUS_SIGN) & ~leads
    harmful |= is_dash & (leads | follows_blank)
    harmful |= is_dash & trails
    harmful |= is_dash & (behind == ord(" "))
    is_line = _is_line(kinds)
    harmful[1:] |= is_line[1:] & is_line[:-1] & (np.diff(signs) == 1)
    return harmful


def _is_line(kinds: Bytes) -> Mask:
    is_line: Mask = (kinds == _DASH) | (kinds == _DOT)
    return is_line


def _is_bracket(kinds: Bytes) -> Mask:
    is_bracket: Mask = (kinds == _OPEN) | (kinds == _CLOSE)
    return is_bracket


def _rows_of_odd_brackets(signs: _Signs) -> Ints:
    """Cells whose brackets do not open and close in turn: `2) 0532 …`, `49)1 (818…`, `(00 49…`, `(00 (49)) …`."""
    is_bracket = _is_bracket(signs.kinds)
    kinds, rows = signs.kinds[is_bracket], signs.rows[is_bracket]
    is_first, is_last = np.diff(rows, prepend=-1) != 0, np.diff(rows, append=-1) != 0
    before = np.where(is_first, _CLOSE, np.roll(kinds, 1))
    odd: Ints = rows[(kinds == before) | (is_last & (kinds == _OPEN))]
    return odd


def _may_be_dates(count: Ints, signs: Ints, lines: Ints) -> Mask:
    """Few digits with one or two dashes or dots and no other sign but brackets: `3-7-14`, `(05.11.2026)`, `11-2026`."""
    may_be: Mask = (signs == lines) & (((lines == 2) & (count <= 8)) | ((lines == 1) & (count <= 6)))
    return may_be


def _restarts(
    kind: Bytes, between: Ints, rows: Ints, seen: NDArray[np.int32], first: Ints, count: Ints, matrix: Bytes, has_plus: Mask
) -> tuple[Ints, Mask]:
    """How many digits stand before a group that begins with 0, where it is long enough for a number, and so is what stands before it.

    Before it may stand a count or post code (no trunk 0, no plus) of any length, or a number. The mask: cells with several such groups.
    """
    is_zero = kind.take(between + 1, mode="clip") == 0
    rows, zeros = rows[is_zero], between[is_zero] + 1
    before = seen[zeros] - first[rows]
    begins_bare = ~has_plus[rows] & (matrix[rows * WIDTH + MARGIN] != 0)
    may = (count[rows] - before >= LEAST_RESTART) & (before > 0) & (begins_bare | (before >= LEAST_RESTART))
    restart = np.zeros(len(count), np.int64)
    restart[rows[may]] = before[may]
    return restart, np.bincount(rows[may], minlength=len(count)) > 1


def _counts_beside_brackets(
    signs: _Signs, kind: Bytes, seen: NDArray[np.int32], first: Ints, matrix: Bytes, has_plus: Mask
) -> Ints:
    """How many digits stand before all others, in a bracket or before a dash and one, where they may be a count; 0 in most.

    `(2) 0212 …`, `80-(516 4784)`.
    """
    opens, rows = signs.of(_OPEN)
    before = seen[opens] - first[rows]
    one, two, three = (kind.take(opens + place, mode="clip") for place in (1, 2, 3))
    within = np.where(two == _CLOSE, 1, 2 * ((two < _BLANK) & (three == _CLOSE))) * (one < _BLANK)
    counted = np.where(before == 0, within, before * ((before <= 2) & (kind[opens - 1] == _DASH)))
    may_be = (counted > 0) & (matrix[rows * WIDTH + MARGIN] != 0) & ~has_plus[rows]
    counts = np.zeros(len(first), np.int64)
    counts[rows[may_be][::-1]] = counted[may_be][::-1]  # so that the first one stays
    return counts


def _lone_zeros(kind: Bytes, between: Ints, rows: Ints, begins: Ints, seen: NDArray[np.int32], first: Ints) -> Ints:
    """How many digits each cell has up to its first 0 between other signs, which may be no part of the number; 0 without."""
    zeros = between - 1
    is_lone = (zeros >= begins[rows]) & (kind.take(zeros, mode="clip") == 0)
    zeros, rows = zeros[is_lone], rows[is_lone]
    is_lone = (zeros == begins[rows]) | (kind.take(zeros - 1, mode="clip") >= _BLANK)
    zeros, rows = zeros[is_lone][::-1], rows[is_lone][::-1]  # so that the first one stays
    lone = np.zeros(len(begins), np.int64)
    lone[rows] = seen[zeros] - first[rows] + 1
    return lone


def _rows_of_places(signs: _Signs, seen: NDArray[np.int32]) -> Ints:
    """Cells that may hold a place on the map: `15.2492 2.9806`."""
    dots, rows = signs.of(_DOT)
    between = np.diff(seen[dots])
    may_be: Ints = rows[1:][(np.diff(rows) == 0) & (between > PLACE_DECIMALS) & (between < np.diff(dots) - 1)]
    return may_be


def _rows_with_dates(signs: _Signs, begins: Ints, ends: Ints) -> Ints:
    """Cells with a date before or after a blank, or alone: `030 12 34 2.9.57`, `089 532 2024.09.17`, `089 532 17.09.2024`."""
    is_line = _is_line(signs.kinds)
    lines, rows, kinds = signs.places[is_line], signs.rows[is_line], signs.kinds[is_line]
    may_be = (np.diff(lines) <= 3) & (np.diff(rows) == 0) & (kinds[1:] == kinds[:-1])
    day, month, rows = lines[:-1][may_be], lines[1:][may_be], rows[:-1][may_be]
    before, behind = day - 2, month + 3
    behind += 2 * (_are_digits(signs.data, behind) & _are_digits(signs.data, behind + 1) & (behind + 2 <= ends[rows]))
    before -= _are_digits(signs.data, before) & (before >= begins[rows])
    before -= 2 * (_are_digits(signs.data, before) & _are_digits(signs.data, before - 1))
    parts_before = (before < begins[rows]) | np.isin(signs.data.take(before, mode="clip"), _PARTING)
    parts_behind = (behind >= ends[rows]) | np.isin(signs.data.take(behind, mode="clip"), _PARTING)
    is_year = _are_digits(signs.data, month + 1) & _are_digits(signs.data, month + 2)
    dated: Ints = rows[parts_before & parts_behind & is_year & (behind <= ends[rows])]
    return dated


def _rows_with_hours(signs: _Signs) -> Ints:
    """Cells with hours that have dots, which go: `030 1234 7.00-14.30`."""
    dashes, rows = signs.of(_DASH)
    before, *behind = (signs.data.take(dashes + place, mode="clip") == ord(".") for place in (-3, 2, 3))
    hours: Ints = rows[before & np.logical_or(*behind)]
    return hours


def _rows_parted_behind_dashes(signs: _Signs, ends: Ints, seen: NDArray[np.int32]) -> Ints:
    """Cells with several dashes whose digits behind the last one do not stand side by side: `0829-4230-056 2`."""
    dashes, rows = signs.of(_DASH)
    is_last = (np.diff(rows, append=-1) != 0) & (np.diff(rows, prepend=-1) == 0)
    dashes, rows = dashes[is_last], rows[is_last]
    tail = seen[ends[rows]] - seen[dashes]
    parted: Ints = rows[seen.take(dashes + 1 + tail, mode="clip") - seen[dashes] < tail]
    return parted


def _end_in_lone_digits(kind: Bytes, begins: Ints, ends: Ints) -> Mask:
    """`9395 9 2`: cells whose last two digits stand alone, or that have two signs before the last one."""
    if not len(kind):
        return np.zeros(len(ends), np.bool_)
    last = ends - 1 - (kind.take(ends - 1, mode="clip") >= _BLANK)
    one, two, three, four = (kind.take(last - place, mode="clip") < _BLANK for place in range(4))
    is_within = last - 3 >= begins
    return is_within & ((one & ~two & ~(three & four)) | ~one)


def _rows_of_addresses(signs: _Signs, ends: Ints, seen: NDArray[np.int32], count: Ints) -> Ints:
    """Cells that may be a computer's address, whatever is around it: `212.55.12.34`, `(212.55.12.34)`."""
    is_dot = signs.kinds == _DOT
    rows = np.flatnonzero(signs.counts(is_dot, len(count)) == 3)
    digits = seen[ends[rows]]
    first, last = np.searchsorted(seen, digits - count[rows] + 1) - 1, np.searchsorted(seen, digits) - 1
    is_whole = last - first + 1 == count[rows] + 3
    rows, first, last = rows[is_whole], first[is_whole], last[is_whole]
    dots = signs.places[is_dot & np.isin(signs.rows, rows)].reshape(-1, 3)
    lasts = np.column_stack([dots - 1, last])
    lengths = lasts + 1 - np.column_stack([first, dots + 1])
    hundreds, tens, ones = (signs.data.take(lasts - place, mode="clip") - np.int64(ord("0")) for place in (2, 1, 0))
    is_octet = (lengths > 0) & ((lengths < 3) | ((lengths == 3) & (100 * hundreds + 10 * tens + ones <= 255)))
    addresses: Ints = rows[is_octet.all(axis=1)]
    return addresses


def _are_digits(data: Bytes, places: Ints) -> Mask:
    are_digits: Mask = data.take(places, mode="clip") - np.uint8(ord("0")) < 10
    return are_digits


def _last_zeros(matrix: Bytes, count: Ints, tails: Ints) -> Ints:
    """How many digits of these tails are noughts and no more than three, perhaps of a fraction; else 0."""
    zeros = np.where((tails <= 3) & (count <= MOST_DIGITS), tails, 0)
    rows = np.flatnonzero(zeros)
    for place in range(3):
        digits = matrix[rows * WIDTH + MARGIN + np.maximum(count[rows] - 1 - place, 0)]
        zeros[rows[(tails[rows] > place) & (digits != 0)]] = 0
    return zeros


def _tails(count: Ints, seen: NDArray[np.int32], first: Ints, signs: Ints, rows: Ints) -> Ints:
    """How many digits follow each cell's last of these signs, where they are one to four; else 0."""
    last = np.full(len(count), -1)
    last[rows] = signs  # in order, so that the last one stays
    tails = np.where(last >= 0, count - (seen[last] - first), 0)
    tails[tails > 4] = 0
    return tails


def _after_long_groups(
    kind: Bytes, between: Ints, rows: Ints, begins: Ints, seen: NDArray[np.int32], first: Ints, count: Ints
) -> Ints:
    """How many digits follow each cell's last group of five or more, where that ends a number perhaps: `030 123456 35`. No dash parts them."""
    tails = np.zeros(len(count), np.int64)
    is_long = (between >= LONG_GROUP) & (seen[between] - seen[np.maximum(between - LONG_GROUP, 0)] == LONG_GROUP)
    ends, rows = between[is_long], rows[is_long]
    after = count[rows] - (seen[ends] - first[rows])
    may = (ends - LONG_GROUP >= begins[rows]) & (after > 0) & (after <= MOST_TAIL) & (seen[ends] - first[rows] >= LEAST_RESTART)
    may &= kind[ends] != _DASH
    tails[rows[may]] = after[may]
    return tails


def _hours(kind: Bytes, begins: Ints, dashes: Ints, rows: Ints, tail: Ints) -> Ints:
    """How many digits two last hours, lone digits, or a day and month, have, as in `030 12 34 56 9-17`; 0 in most."""
    hours = np.zeros(len(begins), np.int64)
    last = np.zeros(len(begins), np.int64)
    last[rows] = dashes  # in order, so that the last one stays
    rows = np.flatnonzero((tail > 0) & (tail <= 2))
    dashes = last[rows]
    is_last = dashes - begins[rows] >= 4
    dashes, rows = dashes[is_last], rows[is_last]
    one, two, blank = (kind[dashes - place].astype(np.int64) for place in (1, 2, 3))
    is_two = (two < _BLANK) & (blank == _BLANK)
    opens = np.where(is_two, 10 * two + one, one)
    closes = np.zeros(len(rows), np.int64)
    for place in range(2):
        has = tail[rows] > place
        digit = kind[np.minimum(dashes + 1 + place, len(kind) - 1)].astype(np.int64)
        closes = np.where(has, 10 * closes + digit, closes)
    are_hours = (one < _BLANK) & (is_two | (two == _BLANK)) & (opens < closes) & (closes <= 24)
    are_hours |= is_two & (one < _BLANK) & (opens >= 1) & (opens <= 31) & (closes >= 1) & (closes <= 12) & (tail[rows] == 2)
    are_hours |= (one < _BLANK) & (two == _BLANK) & (tail[rows] == 1)
    hours[rows[are_hours]] = (tail[rows] + 1 + is_two)[are_hours]
    return hours


def _counts_on(matrix: Bytes, count: Ints, tail: Ints) -> Mask:
    """True where the tail's number is 1 to 9 more than as many digits before it, as in 34-35; of plain cells, whose digits all have room."""
    rows = np.flatnonzero((tail > 0) & (count >= 2 * tail))
    counts_on: Mask = (tail > 0) & (count < 2 * tail)
    counts_on[rows] = are_next(matrix, rows * WIDTH + MARGIN + count[rows], tail[rows])
    return counts_on


def are_next(digits: Bytes, ends: Ints, tails: Ints) -> Mask:
    """True where the last digits before an end, four at most, are 1 to 9 more than as many before them."""
    difference = np.zeros(len(ends), np.int64)
    for place in range(MOST_NEXT):
        last = digits.take(ends - 1 - place, mode="clip").astype(np.int64)
        difference += np.where(place < tails, (last - digits.take(ends - 1 - place - tails, mode="clip")) * 10**place, 0)
    are_next: Mask = (difference >= 1) & (difference <= 9)
    return are_next
