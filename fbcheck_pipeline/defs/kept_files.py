"""Dagster's SQLite files, each kept open by one engine while a command works.

For each event and each question Dagster makes an engine: it compiles its statement anew, opens the file, reads its tables and closes
it, and the last connection that closes writes SQLite's log back into the file, with several waits for the disk. All this costs more
than the event. Storages without such files, as PostgreSQL, are left alone.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from types import ModuleType
from typing import Any

import sqlalchemy as sa
from alembic.config import Config
from alembic.script import ScriptDirectory

STORAGES = (
    "event_log.sqlite.sqlite_event_log",
    "event_log.sqlite.consolidated_sqlite_event_log",
    "runs.sqlite.sqlite_run_storage",
    "schedules.sqlite.sqlite_schedule_storage",
)
"""Dagster's modules, below `dagster._core.storage`; there is no public way to give them an engine. Where one is no more, nothing is kept."""
MAKER = "create_engine"
"""What each of them calls for an engine."""


def storage_modules() -> Iterator[ModuleType]:
    """Those of `STORAGES` that are there."""
    for each in STORAGES:
        with suppress(ImportError):
            yield import_module(f"dagster._core.storage.{each}")


MODULES = tuple(storage_modules())


class _KeptPool(sa.QueuePool):
    """A pool that outlives what its engine disposes of: Dagster disposes of each engine after its use."""

    __module__ = sa.QueuePool.__module__  # SQLAlchemy logs under this name, which would be one of the product's own

    def dispose(self) -> None:
        pass

    def recreate(self) -> sa.QueuePool:
        return self

    def close(self) -> None:
        super().dispose()


class KeptFiles:
    """The engines that were asked for, by the URL of their file."""

    def __init__(self) -> None:
        self._engines: dict[Any, sa.Engine] = {}

    def engine(self, url: str, **given: Any) -> sa.Engine:
        """The one engine of a file."""
        if url not in self._engines:
            engine = sa.create_engine(url, **{**given, "poolclass": _KeptPool})
            sa.event.listen(engine, "connect", _write_without_waiting)
            self._engines[url] = engine
        return self._engines[url]

    def close(self, run_id: str = "") -> None:
        """Close the file of a run; without one, all."""
        for url in [each for each in self._engines if run_id in each]:
            pool = self._engines.pop(url).pool
            assert isinstance(pool, _KeptPool)
            pool.close()


@contextmanager
def files_kept_open() -> Iterator[KeptFiles]:
    """Let Dagster find each of its SQLite files open, once it has asked for it, and its migrations loaded, which it asks for twice a file."""
    kept = KeptFiles()
    ours: list[tuple[Any, str, Any]] = [(each, MAKER, kept.engine) for each in MODULES if hasattr(each, MAKER)]
    ours.append((ScriptDirectory, "from_config", _loading_once(ScriptDirectory.from_config)))
    theirs = [(owner, name, vars(owner)[name]) for owner, name, _ in ours]
    try:
        for owner, name, kept_one in ours:
            setattr(owner, name, kept_one)
        yield kept
    finally:
        for owner, name, made_anew in theirs:
            setattr(owner, name, made_anew)
        kept.close()


def _loading_once(load: Callable[[Config], ScriptDirectory]) -> Callable[[Config], ScriptDirectory]:
    """The same for each place of migrations: Dagster's three storages, each with a configuration of its own, share some eighty."""
    loaded = dict[tuple[str | None, ...], ScriptDirectory]()

    def from_config(config: Config) -> ScriptDirectory:
        place = tuple(map(config.get_main_option, ("script_location", "version_locations")))
        if place not in loaded:
            loaded[place] = load(config)
        return loaded[place]

    return from_config


def _write_without_waiting(connection: sqlite3.Connection, _record: object) -> None:
    """A power cut may take Dagster's newest events, and leaves its files whole; what is bought, the ledger knows."""
    with suppress(sqlite3.Error):  # Dagster says it in its own words
        connection.execute("PRAGMA journal_mode=WAL")  # which Dagster sets, too
        connection.execute("PRAGMA synchronous=NORMAL")
