"""Progress of long work, told to whoever listens; nobody listening costs nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

Listener = Callable[[str, int, int | None], None]
_listeners: list[Listener] = []


def report_progress(stage: str, done: int, total: int | None = None) -> None:
    """Tell that `done` of `total` units (None: unknown) of a stage are finished; stages are words such as `reading`."""
    for listener in _listeners:
        listener(stage, done, total)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Let a listener hear all reports of this process for as long as the context lasts."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)
