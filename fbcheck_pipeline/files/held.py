"""What is locked as long as its process lives: of files and folders that nobody holds, a killed process was the last owner."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def hold(descriptor: int, lock: int) -> None:
    """Hold an open file or folder until its descriptor is closed.

    Args:
        lock: `fcntl.LOCK_EX`, or `LOCK_SH` for what is only read: NFS has no other for it.
    """
    with suppress(OSError):  # where nothing can be locked, nobody finds it abandoned either
        fcntl.flock(descriptor, lock)


@contextmanager
def abandoned(path: Path, flags: int) -> Iterator[None]:
    """A file or folder that nobody holds, and nobody else takes for abandoned meanwhile.

    Args:
        flags: to open it with.

    Raises:
        OSError: somebody holds it, or it cannot be opened.
    """
    descriptor = os.open(path, flags)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)
