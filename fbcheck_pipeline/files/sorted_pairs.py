"""A file of pairs (int64 key, int32 value), sorted by key, and a table of what the values mean: a value is the number of a row.

A pair is a word of 64 bits: its low ones hold the value, in as many as the greatest value needs, the others the key without its
first bits, for which there is no room. Words lie in blocks of BLOCK, whose keys share these first bits; the last block, and one before
a key that has others, is filled up. Behind them lie a filter of each block, which tells most keys that are not there without looking
them up, the first key and the sums of each block, the table, and a trailer. Reading needs memory for some blocks only, however long the
file; the table is read where it is asked for. A file that is cut, or another than the one it is taken for, is never read.
"""

from __future__ import annotations

import io
import json
import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import IO

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from fbcheck_pipeline.files.byte_ranges import PORTION, ByteRanges

Keys = npt.NDArray[np.int64]
Values = npt.NDArray[np.int32]
Pairs = tuple[Keys, Values]
Words = npt.NDArray[np.uint64]
Blocks = npt.NDArray[np.int64]
"""Numbers of blocks."""

BLOCK = 512
BLOCK_BYTES = BLOCK * 8
FILTER_BITS = 13
FILTER_BYTES = (1 << FILTER_BITS) // 8
"""A filter has a bit for each value of a hash of a key: set where a key of the block has it, and for one in sixteen that is not there."""
_HASHING = np.uint64(0x9E3779B97F4A7C15)
"""2^64 by the golden ratio: the first bits of its product with a key differ for keys that are near, or in even steps."""
PAIRS_AT_ONCE = 1 << 18
"""Pairs of each piece while files are merged: larger ones leave the processor's cache, and take three times as long."""
_CHECKED = struct.Struct("<QQQQI")  # pairs, blocks, bits of a value, bytes and checksum of the table
_UNCHECKED = struct.Struct("<I8s")  # the checksum of identity, fences and these, and the magic
_TRAILER_SIZE = _CHECKED.size + _UNCHECKED.size
_MAGIC = b"fbpairs5"
_LAST = np.iinfo(np.int64).max


class DamagedPairs(Exception):
    """A file of pairs that is cut, damaged, unreadable on its disk, or another than the one it is taken for."""


def write_pairs(sink: IO[bytes], identity: Mapping[str, str], table: pa.Table, pieces: Iterator[Pairs], *, limit: int) -> int:
    """Write sorted pairs, piece by piece; returns how many there were.

    Args:
        identity: what distinguishes this file from any other; must be known to read it.
        limit: every value is less.
    """
    value_bits = limit.bit_length()  # a word of ones is no pair
    count, ends, filters = 0, [np.empty((0, 3), np.int64)], list[bytes]()

    def write_blocks(keys: Keys, values: Values) -> None:
        """Write blocks, of which the last one is filled up."""
        if missing := -len(keys) % BLOCK:
            keys, values = np.append(keys, np.full(missing, _LAST)), np.append(values, np.full(missing, np.int32(-1)))
        blocks = (keys.view(np.uint64) << value_bits | values.astype(np.uint64)).view(np.uint8).reshape(-1, BLOCK_BYTES)
        sink.write(blocks.tobytes())
        filter_of_each = _filters(keys)
        filters.append(filter_of_each.tobytes())
        ends.append(np.column_stack([keys[::BLOCK], _sums(blocks), _sums(filter_of_each)]))

    left: Pairs = (np.empty(0, np.int64), np.empty(0, np.int32))
    for keys, values in _alike(pieces, value_bits):
        count += len(keys)
        if ((left[0][:1] ^ keys[:1]) >> (64 - value_bits)).any():
            write_blocks(*left)
        else:
            keys, values = np.concatenate([left[0], keys]), np.concatenate([left[1], values])
        whole = len(keys) // BLOCK * BLOCK
        write_blocks(keys[:whole], values[:whole])
        left = keys[whole:], values[whole:]
    write_blocks(*left)
    buffer = io.BytesIO()
    with pa.ipc.new_stream(buffer, table.schema) as writer:
        writer.write_table(table)
    for each in filters:
        sink.write(each)
    fences, meaning = np.concatenate(ends).tobytes(), buffer.getvalue()
    sink.write(fences)
    sink.write(meaning)
    checked = _CHECKED.pack(count, len(fences) // 24, value_bits, len(meaning), zlib.crc32(meaning))
    sink.write(checked + _UNCHECKED.pack(_checksum(checked, fences, identity), _MAGIC))
    return count


def _checksum(checked: bytes, fences: bytes, identity: Mapping[str, str]) -> int:
    return zlib.crc32(checked, zlib.crc32(fences, zlib.crc32(json.dumps(identity, sort_keys=True).encode())))


def _alike(pieces: Iterator[Pairs], value_bits: int) -> Iterator[Pairs]:
    """The same pairs, in pieces whose keys share the first bits."""
    for keys, values in pieces:
        cuts = np.flatnonzero(np.diff(keys >> (64 - value_bits))) + 1
        yield from zip(np.split(keys, cuts), np.split(values, cuts), strict=True)


def _filters(keys: Keys) -> npt.NDArray[np.uint8]:
    """The filters of whole blocks, one a row."""
    block_count = len(keys) // BLOCK
    is_set = np.zeros(block_count << FILTER_BITS, bool)
    is_set[_bits(np.full(block_count, BLOCK), keys)] = True
    return np.packbits(is_set, bitorder="little").reshape(-1, FILTER_BYTES)


def _bits(counts: npt.NDArray[np.int64], keys: Keys) -> npt.NDArray[np.int32]:
    """Where the bits of keys lie in adjacent filters; `counts` tells how many keys each filter is asked of."""
    bits = np.repeat(np.arange(len(counts), dtype=np.int32) << FILTER_BITS, counts)
    bits |= (keys.view(np.uint64) * _HASHING >> np.uint64(64 - FILTER_BITS)).astype(np.int32)
    return bits


def _sums(blocks: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
    """What tells a damaged block, at a quarter of the cost of a CRC: its 64-bit words, added up."""
    sums: npt.NDArray[np.int64] = blocks.view(np.int64).sum(axis=1)
    return sums


@dataclass(frozen=True)
class PairsFile:
    """An open file of pairs.

    Attributes:
        count: number of pairs.
    """

    count: int
    _bytes: ByteRanges
    _table_place: tuple[int, int]
    _table_sum: int
    _value_bits: int
    _fences: Keys
    _sums: npt.NDArray[np.int64]
    _filter_sums: npt.NDArray[np.int64]
    _tables: list[pa.Table] = field(default_factory=list)
    _filters: npt.NDArray[np.uint8] | None = None  # of all blocks, where they are kept

    @classmethod
    def open(cls, source: ByteRanges, identity: Mapping[str, str]) -> PairsFile:
        """Read what is needed to find pairs.

        Raises:
            DamagedPairs: it is not the file it is taken for, or not all of it.
        """
        trailer = _bytes_of(source, (max(0, source.size - _TRAILER_SIZE), source.size))
        if len(trailer) != _TRAILER_SIZE:
            raise DamagedPairs("cut")
        checked = trailer[: _CHECKED.size]
        count, block_count, value_bits, table_size, table_sum = _CHECKED.unpack(checked)
        checksum, magic = _UNCHECKED.unpack(trailer[_CHECKED.size :])
        start = block_count * (BLOCK_BYTES + FILTER_BYTES)
        middle = start + block_count * 24
        place = middle, middle + table_size
        if magic != _MAGIC or source.size != place[1] + _TRAILER_SIZE:
            raise DamagedPairs("cut, or no file of pairs")
        fences = _bytes_of(source, (start, middle))
        if _checksum(checked, fences, identity) != checksum:
            raise DamagedPairs("damaged, or another file")
        columns = np.frombuffer(fences, np.int64).reshape(-1, 3).T.copy()
        return cls(count, source, place, table_sum, value_bits, *columns)

    @property
    def table(self) -> pa.Table:
        """What the values mean. It is read once: a look-up that finds nothing needs none, and that of a large file is large.

        Raises:
            DamagedPairs: see `open`.
        """
        if not self._tables:
            raw = _bytes_of(self._bytes, self._table_place)
            if zlib.crc32(raw) != self._table_sum:
                raise DamagedPairs("damaged")
            self._tables.append(pa.ipc.open_stream(raw).read_all())
        return self._tables[0]

    def with_filters(self) -> PairsFile:
        """The same file, its filters in memory: a fifth of its size.

        Raises:
            DamagedPairs: see `open`.
        """
        return replace(self, _filters=self._filters_of(np.arange(len(self._fences))))

    def reopened(self, source: ByteRanges) -> PairsFile:
        """The same file, which was closed meanwhile: what is read of it is held against the sums that were read then.

        Raises:
            DamagedPairs: it has another size.
        """
        if source.size != self._bytes.size:
            raise DamagedPairs("cut, or another file")
        return replace(self, _bytes=source)

    def search(self, needles: Keys) -> Iterator[tuple[npt.NDArray[np.int64], Values]]:
        """Find sorted, distinct keys: places of `needles`, each with a value that it has, in pieces.

        Raises:
            DamagedPairs: see `open`.
        """
        if not self.count:
            return
        places = self._perhaps_there(needles)
        needles = needles[places]
        next_fences = np.append(self._fences[1:], _LAST)
        touched = np.flatnonzero(np.searchsorted(needles, self._fences) < np.searchsorted(needles, next_fences, "right"))
        first_bits = self._first_bits()
        for alike in np.split(touched, np.searchsorted(touched, np.flatnonzero(np.diff(first_bits)) + 1)):
            for blocks in self._portions(alike, BLOCK_BYTES):
                words = self._read(blocks).ravel()
                last = int(first_bits[blocks[0]]) | int(words[-1]) >> self._value_bits
                start, stop = np.searchsorted(needles, self._fences[blocks[0]]), np.searchsorted(needles, last, "right")
                at, values = _matches(needles[start:stop], words, self._value_bits)
                if len(at):
                    yield places[start + at], values

    def _perhaps_there(self, needles: Keys) -> npt.NDArray[np.int64]:
        """Places of the keys that the filters do not exclude. A key that is there is in the last block that begins with none greater."""
        starts = np.searchsorted(needles, self._fences)
        ends = np.append(starts[1:], len(needles))
        counts = ends - starts
        found = [np.empty(0, np.int64)]
        kept = self._filters
        for blocks in self._portions(np.flatnonzero(counts), FILTER_BYTES) if kept is None else [np.arange(len(counts))]:
            start, end = starts[blocks[0]], ends[blocks[-1]]
            bits = _bits(counts[blocks], needles[start:end])
            filters = self._filters_of(blocks) if kept is None else kept
            is_set = filters.take(bits >> 3) >> (bits & 7).astype(np.uint8) & 1
            found.append(start + np.flatnonzero(is_set.view(np.bool_)))
        return np.concatenate(found)

    def _filters_of(self, blocks: Blocks) -> npt.NDArray[np.uint8]:
        return self._rows(blocks, len(self._fences) * BLOCK_BYTES, FILTER_BYTES, self._filter_sums)

    def between(self, low: int, high: int) -> Pairs:
        """Pairs with low <= key < high."""
        first = max(0, int(np.searchsorted(self._fences, low)) - 1)
        last = int(np.searchsorted(self._fences, high))
        if first >= last:
            return np.empty(0, np.int64), np.empty(0, np.int32)
        words, no_pair = self._read(np.arange(first, last)), (1 << self._value_bits) - 1
        keys = (words >> self._value_bits).view(np.int64)
        keys |= self._first_bits()[first:last, None]
        is_pair = words & no_pair < no_pair
        keys, values = keys[is_pair], (words[is_pair] & no_pair).astype(np.int32)
        wanted = slice(*np.searchsorted(keys, [low, high]))
        return keys[wanted], values[wanted]

    def fences(self) -> Keys:
        """The first key of each block."""
        return self._fences

    def _portions(self, blocks: Blocks, size: int) -> Iterator[Blocks]:
        """Some blocks each, of which `size` bytes are read; what lies between two that are near is read along."""
        at_once = PORTION // size
        first, last = _runs(blocks, 1 + self._bytes.cheap_gap // size)
        counts = last + 1 - first
        wanted = np.arange(counts.sum()) + np.repeat(last + 1 - np.cumsum(counts), counts)
        yield from (wanted[start : start + at_once] for start in range(0, len(wanted), at_once))

    def _first_bits(self) -> Keys:
        """The bits of the keys of each block that its words have no room for."""
        word_bits = 64 - self._value_bits
        return self._fences >> word_bits << word_bits

    def _read(self, blocks: Blocks) -> Words:
        """The words of some blocks, one block a row."""
        return self._rows(blocks, 0, BLOCK_BYTES, self._sums).view(np.uint64)

    def _rows(self, blocks: Blocks, start: int, size: int, sums: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
        """The `size` bytes of each of some blocks, from where those of all blocks start; adjacent ones are read together."""
        runs = zip(*(each.tolist() for each in _runs(blocks, 1)), strict=True)
        raw = _bytes_of(self._bytes, *((start + first * size, start + (last + 1) * size) for first, last in runs))
        if len(raw) != len(blocks) * size:
            raise DamagedPairs("cut")
        rows = np.frombuffer(raw, np.uint8).reshape(-1, size)
        if not np.array_equal(_sums(rows), sums[blocks]):
            raise DamagedPairs("damaged")
        return rows


def _runs(blocks: Blocks, gap: int) -> tuple[Blocks, Blocks]:
    """Of some blocks, ascending, the first and the last of each run in which none lies further than `gap` behind the one before."""
    if not len(blocks):
        return blocks, blocks
    ends = np.flatnonzero(blocks[1:] - blocks[:-1] > gap)  # np.diff with `append` takes five times as long
    return blocks[np.append(0, ends + 1)], blocks[np.append(ends, -1)]


def _bytes_of(source: ByteRanges, *ranges: tuple[int, int]) -> bytes:
    try:
        return b"".join([source.read(start, stop) for start, stop in ranges])
    except OSError as error:
        raise DamagedPairs(error.strerror or str(error)) from error


def _matches(needles: Keys, words: Words, value_bits: int) -> tuple[npt.NDArray[np.int64], Values]:
    """Places of those of `needles` (sorted, distinct) that `words` (sorted) has pairs of, as often as it has; and the values of these."""
    no_pair, last = (1 << value_bits) - 1, len(words) - 1
    sought = needles.view(np.uint64) << value_bits
    first = np.searchsorted(words, sought)
    hit = np.flatnonzero(words[np.minimum(first, last)] - sought < no_pair)
    first, sought, times = first[hit], sought[hit], np.ones(len(hit), np.int64)
    several = np.flatnonzero(words[np.minimum(first + 1, last)] - sought < no_pair)  # a key mostly has one pair
    times[several] = np.searchsorted(words, sought[several] + no_pair) - first[several]
    within = np.arange(times.sum()) - np.repeat(np.cumsum(times) - times, times)
    return np.repeat(hit, times), (words[np.repeat(first, times) + within] & no_pair).astype(np.int32)


def merged(files: Sequence[PairsFile], renamed: Sequence[Values]) -> Iterator[Pairs]:
    """The pairs of several files, sorted, in pieces of some PAIRS_AT_ONCE.

    Args:
        renamed: for each file, what each of its values becomes; -1 to leave the pair out.
    """
    fences = np.sort(np.concatenate([each.fences() for each in files]))
    cuts = [*np.unique(fences[:: PAIRS_AT_ONCE // BLOCK]).tolist(), _LAST]  # only the last, where no file has any pair
    for low, high in pairwise(cuts):
        parts = [each.between(low, high) for each in files]
        keys = np.concatenate([part[0] for part in parts])
        values = np.concatenate([new[part[1]] for new, part in zip(renamed, parts, strict=True)])
        order = np.argsort(keys, kind="stable")
        order = order[values[order] >= 0]
        yield keys[order], values[order]
