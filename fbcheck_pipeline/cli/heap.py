"""The heap of the process: one for all threads, and large pieces of memory outside it.

The C library gives threads heaps of their own, each of which keeps memory that was freed in it. Batches pass from thread to thread.
What it once got and freed as a large piece it puts into the heap from then on, up to 32 MB, where it stays. The heap itself it gives
back to the system, and gets again, a tenth of a megabyte at a time, and each page anew costs as much as filling it thirty times. So do
pieces outside the heap, which are larger than a column of a batch.
"""

from __future__ import annotations

import ctypes
from contextlib import suppress

_M_ARENA_MAX, _M_MMAP_THRESHOLD, _M_TOP_PAD = -8, -3, -2
_LARGE = 4 << 20
_SPARE = 4 << 20


def share_heap() -> None:
    """Let threads that start from now on share one heap; where the C library is not glibc, nothing is changed."""
    with suppress(AttributeError, OSError, TypeError):
        library = ctypes.CDLL(None)
        library.mallopt(_M_ARENA_MAX, 1)
        library.mallopt(_M_MMAP_THRESHOLD, _LARGE)
        library.mallopt(_M_TOP_PAD, _SPARE)
