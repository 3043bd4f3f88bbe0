"""The databases a ledger lives in: all that differs between SQLite and PostgreSQL.

What the ledger's tables hold is not known here.
"""

from __future__ import annotations

import functools
import hashlib
import logging
import os
import sys
import uuid
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import tenacity
from filelock import FileLock, Timeout

from fbcheck_pipeline.errors import LedgerError

log = logging.getLogger(__name__)

BUSY_TIMEOUT_S = 60.0
WIPING_S = 10.0
"""So long a purge waits for those who read the ledger."""
WRITING_LOCK = 0x66626368  # any constant: one writer at a time in one PostgreSQL database
MIGRATING_LOCK = 1718183784
LAST_CHARACTER = chr(sys.maxunicode)


def process_name() -> str:
    """Names of this process's senders begin with it; a process forked from this one has another."""
    return _random_name(os.getpid())


@functools.cache
def _random_name(_pid: int) -> str:
    return uuid.uuid4().hex


class Database(ABC):
    """One database with its engine; safe to share between threads."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A transaction beside which nobody else writes.

        All writing goes through here: a chunk that is collected in the midst of a planning would be seen by it neither as
        answered nor as in flight, and be bought again.

        Raises:
            LedgerError: the ledger is locked for longer than its time-out, or cannot be written.
        """
        with faults_named("written"), self._locked(WRITING_LOCK) as connection:
            yield connection

    @contextmanager
    def migrating(self) -> Iterator[sa.Connection]:
        """A transaction in which the tables are made or changed, by one process at a time."""
        with self._locked(MIGRATING_LOCK) as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A connection that only reads; it waits for no writer.

        Raises:
            LedgerError: the ledger cannot be read.
        """
        with faults_named("read"), self.engine.connect().execution_options(reads_only=True) as connection:
            yield connection

    @contextmanager
    def rehearsing(self) -> Iterator[Database]:
        """The same database for trying out: all that is written there is undone in the end; meanwhile nobody else writes."""
        with self._locked(WRITING_LOCK) as connection:
            yield _Rehearsal(self, connection)
            connection.rollback()

    def version(self) -> str | None:
        """The migration that the tables stand at; None where there are none."""
        if not sa.inspect(self.engine).has_table("alembic_version"):
            return None
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            version: str | None = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
            return version

    @contextmanager
    def sender(self) -> Iterator[str]:
        """Hold the lock of a new sender for as long as the context, or the process, lasts; yields the sender's name.

        Raises:
            LedgerError: the database gives no lock.
        """
        name = f"{process_name()}-{uuid.uuid4().hex[:16]}"
        with faults_named("locked"), self._alive(name):
            yield name

    @abstractmethod
    def is_gone(self, sender: str) -> bool:
        """True when no process holds this sender's lock any more; the system releases it when the process ends."""

    @abstractmethod
    def begins_with(self, column: sa.Column[str], text: str) -> sa.ColumnElement[bool]:
        """The condition that a column begins with a text, in the form that an index of the column serves."""

    @abstractmethod
    def exists(self) -> bool:
        """True where a ledger is, or something that only opening it can tell."""

    @abstractmethod
    def make_place(self) -> None:
        """Make what a new database needs; LedgerError where that cannot be."""

    @abstractmethod
    def wipe_deleted(self, tables: Iterable[str]) -> None:
        """Leave nothing of deleted rows of these tables in the database's own files."""

    @abstractmethod
    def size_bytes(self) -> int:
        """How much it takes on the disk."""

    @abstractmethod
    def _locked(self, number: int) -> AbstractContextManager[sa.Connection]: ...

    @abstractmethod
    def _alive(self, sender: str) -> AbstractContextManager[None]: ...


class _Rehearsal(Database):
    """All reading and writing on one connection, in the one transaction that will be undone."""

    def __init__(self, real: Database, connection: sa.Connection) -> None:
        super().__init__(real.engine)
        self._real, self._connection = real, connection

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        yield self._connection

    def begins_with(self, column: sa.Column[str], text: str) -> sa.ColumnElement[bool]:
        return self._real.begins_with(column, text)

    def exists(self) -> bool:
        return True

    def make_place(self) -> None:
        pass

    def is_gone(self, sender: str) -> bool:
        return self._real.is_gone(sender)

    def wipe_deleted(self, tables: Iterable[str]) -> None:
        pass

    def size_bytes(self) -> int:
        return self._real.size_bytes()

    @contextmanager
    def _locked(self, number: int) -> Iterator[sa.Connection]:
        with self._connection.begin_nested():
            yield self._connection

    @contextmanager
    def _alive(self, sender: str) -> Iterator[None]:
        yield


class _ReadMeanwhile(Exception):
    """Somebody reads the ledger, and the log cannot be emptied."""


class SQLiteDatabase(Database):
    """A file on a local disk; a sender's lock is an OS file lock beside it, so all senders run on one host."""

    def __init__(self, url: sa.URL, busy_timeout_s: float) -> None:
        self._path = Path(url.database) if url.database else None  # None: in memory
        connect_args = {"timeout": busy_timeout_s, "check_same_thread": False}
        super().__init__(sa.create_engine(url, connect_args=connect_args, hide_parameters=True))
        sa.event.listen(self.engine, "connect", _configure)
        sa.event.listen(self.engine, "begin", _begin)

    def begins_with(self, column: sa.Column[str], text: str) -> sa.ColumnElement[bool]:
        return sa.and_(column >= text, column < f"{text}{LAST_CHARACTER}")

    def exists(self) -> bool:
        return self._path is not None and self._path.exists()

    def make_place(self) -> None:
        if self._path is None:
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._path.touch(mode=0o600)
        except OSError as error:
            raise LedgerError(f"the ledger's folder cannot be created ({error.strerror}); check FBCHECK_DATA_URI") from None

    def is_gone(self, sender: str) -> bool:
        path = self._lock_path(sender)
        if not path.exists():
            return True
        try:
            with FileLock(path, timeout=0):
                path.unlink(missing_ok=True)
        except Timeout:
            return False
        return True

    def wipe_deleted(self, tables: Iterable[str]) -> None:
        try:
            self._truncate_log()
        except _ReadMeanwhile:
            log.warning(
                "another process reads the ledger: what was deleted stays in its -wal file until the next purge or erasure"
            )

    @tenacity.retry(
        retry=tenacity.retry_if_exception_type(_ReadMeanwhile),
        wait=tenacity.wait_random(0, 0.2),
        stop=tenacity.stop_after_delay(WIPING_S),
        reraise=True,
    )
    def _truncate_log(self) -> None:
        with closing(self.engine.raw_connection()) as raw:  # outside of any transaction
            is_busy, *_ = raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if is_busy:
            raise _ReadMeanwhile

    def size_bytes(self) -> int:
        with self.reading() as connection:
            pages, page_bytes = (
                int(connection.execute(sa.text(f"PRAGMA page_{name}")).scalar_one()) for name in ("count", "size")
            )
            return pages * page_bytes

    def _locked(self, number: int) -> AbstractContextManager[sa.Connection]:
        return self.engine.begin()  # IMMEDIATE: one writer, whatever it writes

    @contextmanager
    def _alive(self, sender: str) -> Iterator[None]:
        path = self._lock_path(sender)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        with FileLock(path, mode=0o600):
            yield
        path.unlink(missing_ok=True)

    def _lock_path(self, sender: str) -> Path:
        return Path(f"{self._path}.senders") / f"{sender}.lock"


class PostgresDatabase(Database):
    """A server; a sender's lock is a session advisory lock, so senders may run on many hosts."""

    def __init__(self, url: sa.URL) -> None:
        # Each statement must see what was committed before it: the writing lock is the transaction's first statement.
        super().__init__(sa.create_engine(url, pool_pre_ping=True, isolation_level="READ COMMITTED", hide_parameters=True))

    def begins_with(self, column: sa.Column[str], text: str) -> sa.ColumnElement[bool]:
        return column.startswith(text, autoescape=True)

    def exists(self) -> bool:
        try:
            return self.version() is not None
        except sa.exc.SQLAlchemyError:
            return True

    def is_gone(self, sender: str) -> bool:
        with faults_named("asked"), self.engine.connect() as connection:
            number = _lock_number(sender)
            got = bool(connection.scalar(sa.select(sa.func.pg_try_advisory_lock(number))))
            if got:
                connection.execute(sa.select(sa.func.pg_advisory_unlock(number)))
            connection.commit()
            return got

    def make_place(self) -> None:
        pass

    def wipe_deleted(self, tables: Iterable[str]) -> None:
        with (
            faults_named("vacuumed"),
            self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection,
        ):
            connection.exec_driver_sql(f"VACUUM {', '.join(tables)}")

    def size_bytes(self) -> int:
        with self.reading() as connection:
            return int(connection.execute(sa.select(sa.func.pg_database_size(sa.func.current_database()))).scalar_one())

    @contextmanager
    def _locked(self, number: int) -> Iterator[sa.Connection]:
        with self.engine.begin() as connection:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(number)))
            yield connection

    @contextmanager
    def _alive(self, sender: str) -> Iterator[None]:
        with self.engine.connect() as connection:
            connection.execute(sa.select(sa.func.pg_advisory_lock(_lock_number(sender))))
            connection.commit()
            try:
                yield
            finally:
                connection.invalidate()  # closing the session is what releases the lock, whatever state it is in


def connect(url: str, *, busy_timeout_s: float = BUSY_TIMEOUT_S) -> Database:
    """The database of a SQLAlchemy URL; nothing is created yet.

    Raises:
        LedgerError: the URL names no supported database.
    """
    try:
        parsed = sa.make_url(url)
        if parsed.get_backend_name() == "sqlite":
            return SQLiteDatabase(parsed, busy_timeout_s)
        if parsed.get_backend_name() == "postgresql":
            return PostgresDatabase(parsed)
    except (sa.exc.ArgumentError, ImportError):
        pass
    raise LedgerError(
        "FBCHECK_LEDGER_URL must be sqlite:///FILE or postgresql+psycopg://… (install the `postgres` extra for the latter)"
    )


def reason_of(error: sa.exc.SQLAlchemyError) -> str:
    """The database's own words, one line; they hold no parameters."""
    return str(getattr(error, "orig", None) or error).splitlines()[0]


def remedy_of(error: sa.exc.SQLAlchemyError) -> str:
    """What a person can do about a fault of a database, by what failed."""
    original, said = getattr(error, "orig", None), reason_of(error).lower()
    state = getattr(original, "sqlstate", "")  # PostgreSQL's code; None where the connection itself failed
    if state == "25006" or "readonly" in said:
        return "it may only be read at present: make it writable, or name the server that is"
    if state == "53100" or "full" in said:
        return "free space on its disk"
    if state == "55P03" or "locked" in said:
        return "another process holds it: end that process, or wait for it"
    if state is None or state.startswith(("08", "57P")):
        return "the connection to its server failed: see that the server runs and can be reached"
    return "check its address, its permissions and its disk"


@contextmanager
def faults_named(attempt: str) -> Iterator[None]:
    """Raise a LedgerError that says what failed for any fault of the database itself; a broken constraint is none."""
    try:
        yield
    except (sa.exc.OperationalError, sa.exc.InternalError, sa.exc.InterfaceError) as error:
        raise LedgerError(f"the ledger cannot be {attempt} ({reason_of(error)}); {remedy_of(error)}, then run again") from error


def _configure(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    _use_wal(connection)
    connection.execute("PRAGMA secure_delete=ON")  # a purged phone is overwritten, not only unlinked
    connection.execute("PRAGMA synchronous=FULL")  # a committed `sending` must survive a power cut


def _begin(connection: sa.Connection) -> None:
    connection.exec_driver_sql("BEGIN" if connection.get_execution_options().get("reads_only") else "BEGIN IMMEDIATE")


@tenacity.retry(
    retry=tenacity.retry_if_exception_message(match=".*locked"),
    wait=tenacity.wait_random(0, 0.05),
    stop=tenacity.stop_after_delay(BUSY_TIMEOUT_S),
    reraise=True,
)
def _use_wal(connection: Any) -> None:
    """SQLite's own time-out does not hold here, where two create a ledger at once."""
    connection.execute("PRAGMA journal_mode=WAL")


def _lock_number(sender: str) -> int:
    return int.from_bytes(hashlib.sha256(sender.encode()).digest()[:8], "big", signed=True)
