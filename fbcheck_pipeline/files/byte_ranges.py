"""Reading parts of a file, on a local disk or in an object store."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from fbcheck_pipeline.files.storage import Storage

LOCAL_GAP = 1 << 13
REMOTE_GAP = 1 << 22
PORTION = 3 << 18
"""So many bytes are best read and worked on at a time: the processor's cache holds them."""


@dataclass(frozen=True)
class ByteRanges:
    """One version of a file.

    Attributes:
        size: in bytes.
        read: the bytes from `start` to `stop`, fewer where the file ends before; OSError where a local disk has lost them.
        cheap_gap: so many bytes are sooner read than skipped.
    """

    size: int
    read: Callable[[int, int], bytes]
    cheap_gap: int


@contextmanager
def byte_ranges(storage: Storage, name: str) -> Iterator[ByteRanges]:
    """A file to be read in parts. A local one stays readable though it is deleted meanwhile.

    Raises:
        FileNotFoundError: it is not there.
        StorageError: this process may not read it, or the object store does not answer.
    """
    if not storage.is_local:
        path = f"{storage.root}/{name}"
        with storage.faults_named(name):
            size = storage.size_bytes(name)

        def read(start: int, stop: int) -> bytes:
            with storage.faults_named(name):
                return bytes(storage.fs.cat_file(path, start=start, end=min(stop, size)))

        yield ByteRanges(size, read, REMOTE_GAP)
        return
    with storage.faults_named(name):
        file = os.open(f"{storage.root}/{name}", os.O_RDONLY)
    try:
        yield ByteRanges(os.fstat(file).st_size, lambda start, stop: os.pread(file, stop - start, start), LOCAL_GAP)
    finally:
        os.close(file)
