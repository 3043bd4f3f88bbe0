"""Who lives of those that send chunks, fetch results or write files; all are called senders here.

The chunk of a sender that is gone is perhaps billed. Nothing here can recall a request that is out, so a sender that was taken for gone
by mistake may still record its answer.
"""

from __future__ import annotations

import functools
import logging
import os
import threading
import uuid
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from filelock import FileLock, Timeout
from sqlalchemy.dialects import postgresql

from fbcheck_pipeline.ledger.faults import faults_named
from fbcheck_pipeline.ledger.schema import senders

log = logging.getLogger(__name__)

BEAT_S = 5.0
SILENCE_S = 120.0
"""After so long without a beat a sender is taken for gone. Too early costs a person's decision, too late a wait of minutes."""
MISSED_S = 2 * BEAT_S
"""After so long without a beat a sender has missed one."""
KEPT_S = 86_400.0
"""So long the last beat of a sender that was killed is kept."""


def process_name() -> str:
    """Names of this process's senders begin with it; a process forked from this one has another."""
    return _random_name(os.getpid())


@functools.cache
def _random_name(_pid: int) -> str:
    return uuid.uuid4().hex


class Liveness(ABC):
    """How the senders of one ledger show that they live."""

    @contextmanager
    def sender(self) -> Iterator[str]:
        """Be alive under a new name for as long as the context, or the process, lasts; yields the name.

        Raises:
            LedgerError: the ledger cannot be written.
        """
        name = f"{process_name()}-{uuid.uuid4().hex[:16]}"
        with self._alive(name):
            yield name

    @abstractmethod
    def living(self, names: Iterable[str]) -> set[str]:
        """Those of these senders that live.

        Raises:
            LedgerError: the ledger cannot be read.
        """

    def silent(self, names: Iterable[str]) -> dict[str, float]:
        """Those of the living whose beats stay out -> the seconds after which each is taken for gone; none where locks tell at once.

        Raises:
            LedgerError: the ledger cannot be read.
        """
        return {}

    @abstractmethod
    def _alive(self, name: str) -> AbstractContextManager[None]: ...


class FileLocks(Liveness):
    """An OS file lock for each sender of an SQLite ledger, on the same host.

    No heartbeats: the system releases the lock at once when its process ends, and a beat would wait for whoever writes the ledger.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def living(self, names: Iterable[str]) -> set[str]:
        return {name for name in names if self._is_locked(self._path(name))}

    def _is_locked(self, path: Path) -> bool:
        if not path.exists():
            return False
        try:
            with FileLock(path, timeout=0):
                path.unlink(missing_ok=True)
        except Timeout:
            return True
        return False

    @contextmanager
    def _alive(self, name: str) -> Iterator[None]:
        path = self._path(name)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        with FileLock(path, mode=0o600):
            yield
        path.unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.lock"


class Heartbeats(Liveness):
    """A row for each sender on PostgreSQL, with the time of its last beat by the server's clock.

    It needs no session: a pooler may give each statement another one, and a firewall may end an idle one. Beats take no writing lock.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")

    def living(self, names: Iterable[str]) -> set[str]:
        return set(self._left_s(names))

    def silent(self, names: Iterable[str]) -> dict[str, float]:
        return {name: left_s for name, left_s in self._left_s(names).items() if left_s < SILENCE_S - MISSED_S}

    def _left_s(self, names: Iterable[str]) -> dict[str, float]:
        """The living of these -> the seconds until each is taken for gone unless it beats."""
        asked = set(names)
        if not asked:
            return {}
        # While the server was down nobody could beat: all are given the time from its start.
        last = sa.func.greatest(senders.c.beat_at, sa.func.pg_postmaster_start_time())
        silence_s = sa.extract("epoch", sa.func.now() - last)
        query = sa.select(senders.c.name, silence_s).where(last > _ago(SILENCE_S))
        with faults_named("read"), self._engine.connect() as connection:
            return {name: SILENCE_S - float(silent_s) for name, silent_s in connection.execute(query).all() if name in asked}

    @contextmanager
    def _alive(self, name: str) -> Iterator[None]:
        with faults_named("written"):
            self._beat(name)
        ended = threading.Event()
        beating = threading.Thread(target=self._beat_until, args=(ended, name), name="heartbeat", daemon=True)
        beating.start()
        try:
            yield
        finally:
            ended.set()
            beating.join()

    def _beat_until(self, ended: threading.Event, name: str) -> None:
        """A failed beat is no fault: the next one takes a new connection, and whoever needs the ledger says that it is not there."""
        while not ended.wait(BEAT_S):
            try:
                self._beat(name)
            except sa.exc.SQLAlchemyError as error:
                log.warning("heartbeat failed error=%s", type(error).__name__)
        try:
            self._end(name)
        except sa.exc.SQLAlchemyError as error:
            log.warning("heartbeat not ended error=%s", type(error).__name__)

    def _beat(self, name: str) -> None:
        now = {"beat_at": sa.func.now()}
        beat = postgresql.insert(senders).values(name=name, **now).on_conflict_do_update(index_elements=["name"], set_=now)
        with self._engine.connect() as connection:
            connection.execute(beat)

    def _end(self, name: str) -> None:
        with self._engine.connect() as connection:
            connection.execute(sa.delete(senders).where(sa.or_(senders.c.name == name, senders.c.beat_at < _ago(KEPT_S))))


def _ago(seconds: float) -> sa.ColumnElement[datetime]:
    return sa.func.now() - timedelta(seconds=seconds)
