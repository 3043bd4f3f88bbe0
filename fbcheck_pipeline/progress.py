"""Progress of long work, reported to listeners. Without a listener it costs nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

Listener = Callable[[str, int, int | None], None]
_listeners: list[Listener] = []


def report_progress(stage: str, done: int, total: int | None = None) -> None:
    """Report that `done` of `total` units (None: unknown) of a stage are finished; stages are words such as `reading`."""
    for listener in _listeners:
        listener(stage, done, total)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Pass all reports of this process to a listener while the context lasts."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)
