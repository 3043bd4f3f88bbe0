"""Is a sender gone? A lock that dies with its process tells; a process id or a lease would not.

Beside an SQLite ledger it is an OS file lock (one host, a local disk); on PostgreSQL a session advisory lock.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from filelock import FileLock, Timeout

PROCESS = uuid.uuid4().hex
"""Names of this process's senders begin with it."""


@contextmanager
def alive(engine: sa.Engine) -> Iterator[str]:
    """Hold the lock of a new sender for as long as the context lasts; yields the sender's name."""
    sender = f"{PROCESS}-{uuid.uuid4().hex[:16]}"
    if engine.dialect.name == "sqlite":
        path = _lock_path(engine, sender)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        lock = FileLock(path, mode=0o600)
        with lock:
            yield sender
        path.unlink(missing_ok=True)
    else:
        with engine.connect() as connection:
            connection.execute(sa.select(sa.func.pg_advisory_lock(_lock_number(sender))))
            connection.commit()
            try:
                yield sender
            finally:
                connection.invalidate()  # closing the session is what releases the lock, whatever state it is in


def is_gone(engine: sa.Engine, sender: str) -> bool:
    """True when no process holds this sender's lock any more."""
    if engine.dialect.name == "sqlite":
        path = _lock_path(engine, sender)
        if not path.exists():
            return True
        try:
            with FileLock(path, timeout=0):
                path.unlink(missing_ok=True)
        except Timeout:
            return False
        return True
    with engine.connect() as connection:
        number = _lock_number(sender)
        got = bool(connection.scalar(sa.select(sa.func.pg_try_advisory_lock(number))))
        if got:
            connection.execute(sa.select(sa.func.pg_advisory_unlock(number)))
        connection.commit()
        return got


def _lock_path(engine: sa.Engine, sender: str) -> Path:
    return Path(f"{engine.url.database}.senders") / f"{sender}.lock"


def _lock_number(sender: str) -> int:
    return int.from_bytes(hashlib.sha256(sender.encode()).digest()[:8], "big", signed=True)
