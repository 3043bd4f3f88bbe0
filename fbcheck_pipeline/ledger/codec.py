"""Phones as numbers: E.164 without its plus fits 63 bits. Blobs, text and keyed hashes of them.

Arrow and numpy are loaded by what needs them: commands that only look at the ledger do not.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa
else:
    from fbcheck_pipeline.ledger import arrays as np


Phones: TypeAlias = "npt.NDArray[np.int64]"
Numbers: TypeAlias = "npt.NDArray[np.signedinteger[Any]]"
"""Indices of things, in the smallest type that holds them; -1 for none."""
AT_ONCE = 1 << 17
"""So many of the phones of a list are worked on at a time, where a copy of all would need too much memory."""


def pack(phones: Phones) -> bytes:
    """Compress int64 phones; sorted stretches compress best."""
    import pyarrow as pa

    steps = np.diff(phones, prepend=np.int64(0))
    return bytes(pa.compress(steps.tobytes(), codec="zstd", asbytes=True))


def unpack(blob: bytes, count: int) -> Phones:
    """The `count` phones of a blob, in their order.

    Raises:
        OSError, ValueError: it is damaged.
    """
    import pyarrow as pa

    steps = np.frombuffer(pa.decompress(blob, decompressed_size=count * 8, codec="zstd", asbytes=True), np.int64)
    return np.cumsum(steps)


def from_e164(texts: pa.Array) -> Phones:
    """E.164 strings (nulls are left out) to int64."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return np.asarray(pc.cast(pc.utf8_ltrim(texts.drop_null(), characters="+"), pa.int64()))


def to_e164(phones: Phones) -> pa.Array:
    """int64 phones to E.164 strings."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.binary_join_element_wise(pa.scalar(""), pc.cast(pa.array(phones), pa.string()), "+")


def to_payload(phones: Phones) -> bytes:
    """The file that is sent: one E.164 a line."""
    import pyarrow as pa
    import pyarrow.compute as pc

    lines = pc.binary_join_element_wise(pa.scalar("+"), pc.cast(pa.array(phones), pa.string()), pa.scalar("\n"), "")
    return bytes(lines.buffers()[2]) if len(phones) else b""


def from_payload(payload: bytes) -> Phones:
    """The phones of a file that was sent, in their order."""
    return np.fromstring(payload.decode(), np.int64, sep="\n")


class Gathered:
    """Arrays end to end, in one that grows in place: they are never in memory twice. Later ones may be of wider types."""

    def __init__(self, dtype: npt.DTypeLike) -> None:
        self._array, self._count = np.empty(0, dtype), 0

    def add(self, piece: Numbers) -> None:
        """Put a copy of these behind what is there."""
        self._array = self._array.astype(np.promote_types(self._array.dtype, piece.dtype), copy=False)
        count = self._count + len(piece)
        if count > len(self._array):
            self._array.resize(max(count, len(self._array) + len(self._array) // 8), refcheck=False)
        self._array[self._count : count] = piece
        self._count = count

    def whole(self) -> Numbers:
        """All of them, to which nothing may be added any more."""
        self._array.resize(self._count, refcheck=False)
        return self._array


def distinct(phones: Phones) -> Phones:
    """Sorted distinct phones. Sorting beats hashing fivefold at this size."""
    return without_repeats(np.sort(phones))[0]


def without_repeats(ordered: Phones) -> tuple[Phones, Phones]:
    """Sorted phones, each once, in the same memory; and those left over, a phone as often as it recurs."""
    kept, repeats = 0, [np.empty(0, np.int64)]
    for start in range(0, len(ordered), AT_ONCE):
        block = ordered[start : start + AT_ONCE]
        is_first = np.append(not kept or block[0] != ordered[kept - 1], block[1:] != block[:-1])
        repeats.append(block[~is_first])
        first = block[is_first]
        ordered[kept : kept + len(first)] = first
        kept += len(first)
    ordered.resize(kept, refcheck=False)
    return ordered, np.concatenate(repeats)


def smallest_type(count: int) -> np.dtype[np.signedinteger[Any]]:
    """The smallest type for numbers of `count` things, and -1."""
    return np.min_scalar_type(-max(1, count))


def counts(numbers: Numbers, kinds: int) -> npt.NDArray[np.int64]:
    """How often each of the numbers below `kinds` occurs; -1 is not counted."""
    found = np.zeros(kinds, np.int64)
    for start in range(0, len(numbers), AT_ONCE):
        some = numbers[start : start + AT_ONCE]
        found += np.bincount(some[some >= 0], minlength=kinds)
    return found


def grouped(numbers: Numbers) -> Iterator[tuple[int, npt.NDArray[np.int64]]]:
    """Each number from 0 on that occurs, ascending, with the places where it does. Sorts some of the places at a time, a hundredth of many.

    Places that were given may be overwritten with negative numbers while others are still to come.
    """
    ends = np.cumsum(counts(numbers, 1 + int(numbers.max(initial=-1))))
    first, done, at_once = 0, 0, max(AT_ONCE, len(numbers) // 100)
    while first < len(ends):
        last = max(first + 1, int(np.searchsorted(ends, done + at_once, side="right")))
        places = places_of(numbers, first, last)
        ordered = places[np.argsort(numbers[places], kind="stable")]
        of_each = np.split(ordered, ends[first : last - 1] - done)
        yield from ((number, each) for number, each in enumerate(of_each, first) if len(each))
        first, done = last, int(ends[last - 1])


def places_of(numbers: Numbers, first: int, last: int) -> npt.NDArray[np.int64]:
    """Where the numbers from `first` to before `last` stand."""
    blocks = ((start, numbers[start : start + AT_ONCE]) for start in range(0, len(numbers) or 1, AT_ONCE))
    return np.concatenate([start + np.flatnonzero((block >= first) & (block < last)) for start, block in blocks])


def stretch(places: npt.NDArray[np.int64]) -> npt.NDArray[np.int64] | slice:
    """Some places, as a slice where each follows the one before: that needs no memory, nor does what is taken by it."""
    return slice(int(places[0]), int(places[-1]) + 1) if len(places) and (np.diff(places) == 1).all() else places


def positions(phones: Phones, among: Phones) -> npt.NDArray[np.int64]:
    """Where each of `phones` stands in the sorted `among`; -1 where it does not."""
    if not len(among):
        return np.full(len(phones), -1, np.int64)
    found = np.minimum(np.searchsorted(among, phones), len(among) - 1)
    return np.where(among[found] == phones, found, -1)


def without(phones: Phones, among: Phones) -> Phones:
    """Those of `phones` that are not in the sorted `among`."""
    return phones[positions(phones, among) < 0]


def digests(phones: Iterable[int], key: bytes) -> Phones:
    """Keyed 64-bit hashes of phones, for suppressions that outlive the number."""
    blake2b = hashlib.blake2b
    return np.fromiter(
        (int.from_bytes(blake2b(b"%d" % phone, key=key, digest_size=8).digest(), "big", signed=True) for phone in phones),
        np.int64,
    )


def keyed_hash(sha256: str, key: bytes) -> str:
    """What is kept of a file's SHA-256: without the ledger's key nobody can try all phones against that of a short file."""
    return hmac.digest(key, b"sha256:" + sha256.encode(), "sha256").hex()
