"""Dagster's SQLite files, kept open while a command works.

Dagster opens and closes a file for each event and each question. The last connection that closes writes SQLite's log back into the
file and deletes it, with several waits for the disk; while another connection is open, nobody does. Storages without such files, as
PostgreSQL, are left alone.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import dagster as dg


@contextmanager
def common_files_kept_open(dagster: dg.DagsterInstance) -> Iterator[None]:
    """Keep open the files that all runs share: `history/runs.db` and `history/runs/index.db`."""
    index = _events_file(dagster, "index")
    with _kept_open(index), _kept_open(index and index.parents[1] / "runs.db"):
        yield


@contextmanager
def run_file_kept_open(dagster: dg.DagsterInstance, run_id: str) -> Iterator[None]:
    """Keep open the file of a run's events, which is made where it is not there."""
    with _kept_open(_events_file(dagster, run_id)):
        yield


def _events_file(dagster: dg.DagsterInstance, name: str) -> Path | None:
    path_of = getattr(dagster.event_log_storage, "path_for_shard", None)
    return Path(path_of(name)) if path_of else None


@contextmanager
def _kept_open(file: Path | None) -> Iterator[None]:
    connection = None
    with suppress(sqlite3.Error):  # Dagster says it in its own words
        if file is not None:
            connection = sqlite3.connect(file)
            connection.execute("PRAGMA journal_mode=WAL")  # which Dagster sets, too
            connection.execute("SELECT count(*) FROM sqlite_master").fetchall()  # opens the log
    try:
        yield
    finally:
        if connection is not None:
            connection.close()
