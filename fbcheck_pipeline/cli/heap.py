"""The heap of the process: one for all threads.

The C library gives threads heaps of their own, each of which keeps memory that was freed in it. Batches pass from thread to thread.
"""

from __future__ import annotations

import ctypes
from contextlib import suppress

_M_ARENA_MAX = -8


def share_heap() -> None:
    """Let threads that start from now on share one heap; where the C library is not glibc, nothing is changed."""
    with suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)
