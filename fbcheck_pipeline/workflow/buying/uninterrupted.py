"""A stretch of work that Ctrl-C does not cut: the first one takes effect at its end, the second at once."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

HELD = b"interrupted: waiting for the vendor's answer to what was just sent; Ctrl-C again ends at once\n"


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Hold the first SIGINT or SIGTERM back until the block has ended, and say so on standard error.

    Signals that are ignored stay ignored. Outside the main thread, which alone is interrupted, nothing is changed.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    before = {number: each for number, each in handlers.items() if each not in (None, signal.SIG_IGN)}
    held: list[int] = []

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def hold(number: int, _: FrameType | None) -> None:
        held.append(number)
        if len(held) > 1:
            restore()
            signal.raise_signal(number)
            return
        with suppress(OSError):
            os.write(2, HELD)  # a buffered stream may be in the midst of a line

    for number in before:
        signal.signal(number, hold)
    try:
        yield
    finally:
        restore()
        if len(held) == 1:
            signal.raise_signal(held[0])
