"""The heap of the process: one for all threads, and large pieces of memory outside it.

The C library gives threads heaps of their own, each of which keeps memory that was freed in it. Batches pass from thread to thread.
What it once got and freed as a large piece it puts into the heap from then on, up to 32 MB, where it stays.
"""

from __future__ import annotations

import ctypes
from contextlib import suppress

_M_ARENA_MAX, _M_MMAP_THRESHOLD = -8, -3
_LARGE = 1 << 20


def share_heap() -> None:
    """Let threads that start from now on share one heap; where the C library is not glibc, nothing is changed."""
    with suppress(AttributeError, OSError, TypeError):
        library = ctypes.CDLL(None)
        library.mallopt(_M_ARENA_MAX, 1)
        library.mallopt(_M_MMAP_THRESHOLD, _LARGE)
