"""Reading parts of a file, on a local disk or in an object store."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from fbcheck_pipeline.files.storage import Storage

LOCAL_GAP, REMOTE_GAP = 1 << 14, 1 << 22


@dataclass(frozen=True)
class ByteRanges:
    """One version of a file.

    Attributes:
        size: in bytes.
        read: the bytes from `start` to `stop`, fewer where the file ends before.
        cheap_gap: so many bytes are sooner read than skipped.
    """

    size: int
    read: Callable[[int, int], bytes]
    cheap_gap: int


@contextmanager
def byte_ranges(storage: Storage, name: str) -> Iterator[ByteRanges]:
    """A file to be read in parts. A local one stays readable though it is deleted meanwhile; FileNotFoundError where it is not there."""
    if not storage.is_local:
        path = f"{storage.root}/{name}"
        size = storage.size_bytes(name)
        yield ByteRanges(size, lambda start, stop: bytes(storage.fs.cat_file(path, start, min(stop, size))), REMOTE_GAP)
        return
    file = os.open(f"{storage.root}/{name}", os.O_RDONLY)
    try:
        yield ByteRanges(os.fstat(file).st_size, lambda start, stop: os.pread(file, stop - start, start), LOCAL_GAP)
    finally:
        os.close(file)
