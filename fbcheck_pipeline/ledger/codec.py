"""Phones as numbers: E.164 without its plus fits 63 bits. Blobs, text and keyed hashes of them.

Arrow and numpy are loaded by what needs them: commands that only look at the ledger do not.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa
else:
    from fbcheck_pipeline.ledger import arrays as np


Phones: TypeAlias = "npt.NDArray[np.int64]"


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

    return np.asarray(pc.cast(pc.utf8_slice_codeunits(texts.drop_null(), 1), pa.int64()).to_numpy(zero_copy_only=False))


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


def distinct(phones: Phones) -> tuple[Phones, npt.NDArray[np.int32]]:
    """Sorted distinct phones, and how often each one occurs. Sorting beats hashing fivefold at this size."""
    return runs(np.sort(phones))


def runs(ordered: Phones) -> tuple[Phones, npt.NDArray[np.int32]]:
    """`distinct` of phones that are sorted already."""
    is_first = np.ones(len(ordered), bool)
    np.not_equal(ordered[1:], ordered[:-1], out=is_first[1:])
    first = np.flatnonzero(is_first).astype(np.int32)
    return ordered[first], np.diff(first, append=np.int32(len(ordered)))


def grouped(numbers: npt.NDArray[np.int32]) -> Iterator[tuple[int, npt.NDArray[np.int64]]]:
    """Each number that occurs, ascending, with the places where it does; sorted once, however many numbers there are."""
    order = np.argsort(numbers, kind="stable")
    ordered = numbers[order]
    starts = np.flatnonzero(ordered[1:] != ordered[:-1]) + 1
    for places in np.split(order, starts) if len(order) else ():
        yield int(numbers[places[0]]), places


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
