"""Progress of long work, reported to listeners. Without a listener it costs nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

Listener = Callable[[str, int, int | None], None]
_listeners: list[Listener] = []


def report_progress(stage: str, done: int, total: int | None = None) -> None:
    """Report that `done` of `total` units (None: unknown) of a stage are finished; stages are words such as `reading`."""
    for listener in _listeners:
        listener(stage, done, total)


def reported(stage: str, batches: Iterable[pa.RecordBatch], total: int | None) -> Iterator[pa.RecordBatch]:
    """The same batches; the rows of each are reported as soon as it is worked on."""
    done = 0
    for batch in batches:
        yield batch
        done += batch.num_rows
        del batch  # or it would stay in memory until the next one is made
        report_progress(stage, done, total)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Pass all reports of this process to a listener while the context lasts."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)
