"""What is slow to make and not in question in most tests: an empty Dagster instance to copy, and writing without syncing to, or without, a disk."""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

MEMORY = Path("/dev/shm")


@functools.cache
def empty_dagster_home() -> Path:
    """A DAGSTER_HOME whose tables are made, to be copied; the tutorial, `fbcheck demo` and `dagster dev` make their own."""
    import dagster as dg

    home = Path(tempfile.mkdtemp(prefix="fbcheck-dagster-"))
    atexit.register(shutil.rmtree, home)
    (home / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")
    with dg.DagsterInstance.from_config(str(home)):
        return home


@contextmanager
def folder_in_memory(room_bytes: int, otherwise: Path) -> Iterator[Path]:
    """A folder that no disk is behind, where the system has that much room in memory, else this one: a disk may take milliseconds to
    delete a file. A test that fails leaves all of it at `otherwise`.
    """
    if not MEMORY.is_dir() or shutil.disk_usage(MEMORY).free < room_bytes:
        yield otherwise
        return
    with tempfile.TemporaryDirectory(prefix="fbcheck-", dir=MEMORY) as name:
        try:
            yield Path(name)
        except BaseException:
            shutil.copytree(name, otherwise, dirs_exist_ok=True)
            raise


@contextmanager
def nothing_synced() -> Iterator[None]:
    """Sync nothing of this process to disk: only a power cut, not a kill, would tell the difference."""
    fsync, os.fsync = os.fsync, lambda fd: None
    sa.event.listen(sa.Pool, "checkout", _sync_off)
    try:
        yield
    finally:
        os.fsync = fsync
        sa.event.remove(sa.Pool, "checkout", _sync_off)


def _sync_off(connection: Any, record: sa.pool.ConnectionPoolEntry, _proxy: object) -> None:
    """Behind what the product itself says to each new connection."""
    if isinstance(connection, sqlite3.Connection) and "syncs" not in record.info:
        record.info["syncs"] = connection.execute("PRAGMA synchronous=OFF")
