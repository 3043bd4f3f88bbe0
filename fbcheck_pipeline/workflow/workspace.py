"""The three things every step works with: settings, storage, ledger; opened together so that they belong together."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from fbcheck_pipeline.files.storage import Storage
from fbcheck_pipeline.ledger import Ledger, open_ledger
from fbcheck_pipeline.settings import Settings


@dataclass(frozen=True)
class Workspace:
    """Settings, and the storage and ledger that they name."""

    settings: Settings
    storage: Storage
    ledger: Ledger
    declared_sources: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Names of sources that are no files, with the assets that each is made of; no file's source gets such a name."""


def open_workspace(
    settings: Settings,
    clock: Callable[[], float] = time.time,
    *,
    instance: str = "",
    only_to_look: bool = False,
    declared_sources: Mapping[str, Sequence[str]] | None = None,
) -> Workspace:
    """Open storage and ledger.

    Args:
        clock: UTC seconds since the epoch; replaced in tests.
        instance: the name of who uses it; empty for the one without a name.
        only_to_look: nothing will be sent or planned, so nothing is created, and neither vendor nor instance matters.

    Raises:
        LedgerError, StorageError: see `open_ledger`.
    """
    storage = Storage(settings.data_uri)
    ledger = open_ledger(settings, storage, clock, instance=instance, only_to_look=only_to_look)
    return Workspace(settings, storage, ledger, declared_sources or {})


@contextmanager
def rehearsing(ws: Workspace) -> Iterator[Workspace]:
    """The workspace with a ledger that forgets in the end what was recorded there; meanwhile nobody else writes to the ledger."""
    with ws.ledger.rehearsing() as ledger:
        yield replace(ws, ledger=ledger)
