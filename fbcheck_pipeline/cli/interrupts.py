"""Makes sure that no Ctrl-C is lost: Dagster drops one that comes between its steps, Python one in a finaliser or in its import machinery."""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

SOON_S = 0.01


@contextmanager
def ignored_ones_raised() -> Iterator[None]:
    """Raise an interrupt once more that came where Python ignores exceptions and would print a traceback: in a finaliser or a callback.

    Enter it in the main thread.
    """
    otherwise, main = sys.unraisablehook, threading.get_ident()

    def hook(ignored: UnraisableHookArgs) -> None:
        if issubclass(ignored.exc_type, KeyboardInterrupt):
            # Here and now it would be ignored again; a signal ends a wait of the main thread, too.
            threading.Timer(SOON_S, signal.pthread_kill, (main, signal.SIGINT)).start()
        else:
            otherwise(ignored)

    sys.unraisablehook = hook
    try:
        yield
    finally:
        sys.unraisablehook = otherwise


class Interrupts:
    """Keeps every SIGINT and SIGTERM of this process in a pipe, even if somebody swallows the exception that it raises.

    Enter it in the main thread.
    """

    def __enter__(self) -> Interrupts:
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._writer, False)
        self._before = signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        signal.set_wakeup_fd(self._before)
        os.close(self._reader)
        os.close(self._writer)

    def raise_if_interrupted(self, within_s: float = 0.0) -> None:
        """Wait for an interrupt for up to `within_s` seconds.

        Raises:
            KeyboardInterrupt: there was one, now or before.
        """
        ready, _, _ = select.select([self._reader], [], [], within_s)
        if ready and {signal.SIGINT, signal.SIGTERM} & set(os.read(self._reader, 4096)):
            raise KeyboardInterrupt
