"""The databases a ledger lives in: all that differs between SQLite and PostgreSQL.

What the ledger's tables hold is not known here.
"""

from __future__ import annotations

import logging
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from threading import local
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa
import tenacity

from fbcheck_pipeline.errors import LedgerError
from fbcheck_pipeline.ledger.faults import faults_named
from fbcheck_pipeline.ledger.liveness import FileLocks, Heartbeats, Liveness
from fbcheck_pipeline.ledger.versions import VERSION, refuse_newer

log = logging.getLogger(__name__)

BUSY_TIMEOUT_S = 60.0
WIPING_S = 10.0
"""So long a purge waits for those who read the ledger."""
WRITING_LOCK = 0x66626368  # any constant: one writer at a time in one PostgreSQL database
LAST_CHARACTER = chr(sys.maxunicode)


class Database(ABC):
    """One database with its engine; safe to share between threads."""

    _snapshot_options: Mapping[str, Any] = MappingProxyType({})

    def __init__(self, engine: sa.Engine, liveness: Liveness) -> None:
        self.engine, self.liveness, self._looking = engine, liveness, engine.execution_options(reads_only=True)
        self._together = local()

    @contextmanager
    def together(self) -> Iterator[None]:
        """One transaction for all that this thread writes in the context: it stands as a whole when that ends, and costs one wait for the disk.

        An error of one of its writes must leave the context: nothing undoes that write alone.

        Raises:
            LedgerError: see `writing`.
        """
        with self.writing() as connection:
            self._together.connection = connection
            try:
                yield
            finally:
                del self._together.connection

    @property
    def _shared(self) -> sa.Connection | None:
        """The connection of the transaction that this thread shares, if it does."""
        connection: sa.Connection | None = getattr(self._together, "connection", None)
        return connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A transaction beside which nobody else writes.

        All writing goes through here: a chunk that is collected in the midst of a planning would be seen by it neither as
        answered nor as in flight, and be bought again.

        Raises:
            LedgerError: the ledger is locked for longer than its time-out, cannot be written, or was migrated by a newer program,
                perhaps while this one ran.
        """
        if (shared := self._shared) is not None:
            with faults_named("written"):
                yield shared
            return
        with faults_named("written"), self._locked() as connection:
            refuse_newer(connection.scalar(VERSION))
            yield connection

    @contextmanager
    def migrating(self) -> Iterator[sa.Connection]:
        """A transaction in which the tables are made or changed; nobody writes beside it."""
        with self._locked() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A connection that only reads; it waits for no writer.

        Raises:
            LedgerError: the ledger cannot be read.
        """
        if (shared := self._shared) is not None:
            with faults_named("read"):
                yield shared
            return
        with faults_named("read"), self._looking.connect() as connection:
            yield connection

    @contextmanager
    def snapshot(self, while_still: Callable[[], object]) -> Iterator[sa.Connection]:
        """A connection that reads the ledger as of one moment, however long it takes; others write meanwhile.

        Args:
            while_still: called at that moment, while nobody writes.

        Raises:
            LedgerError: the ledger cannot be read, or is locked for longer than its time-out.
        """
        options = {"reads_only": True, **self._snapshot_options}
        with faults_named("read"), self.engine.connect().execution_options(**options) as connection:
            with self.writing():
                connection.execute(VERSION)  # the first look fixes the moment
                while_still()
            yield connection

    @contextmanager
    def rehearsing(self) -> Iterator[Database]:
        """The same database for trying out: all that is written there is undone in the end; meanwhile nobody else writes."""
        with self._locked() as connection:
            yield _Rehearsal(self, connection)
            connection.rollback()

    def version(self) -> str | None:
        """The migration that the tables stand at; None where there are none."""
        if not sa.inspect(self.engine).has_table("alembic_version"):
            return None
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            version: str | None = connection.scalar(VERSION)
            return version

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
    def _locked(self) -> AbstractContextManager[sa.Connection]: ...


class _Rehearsal(Database):
    """All reading and writing on one connection, in the one transaction that will be undone."""

    def __init__(self, real: Database, connection: sa.Connection) -> None:
        super().__init__(real.engine, real.liveness)
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

    def wipe_deleted(self, tables: Iterable[str]) -> None:
        pass

    def size_bytes(self) -> int:
        return self._real.size_bytes()

    @contextmanager
    def _locked(self) -> Iterator[sa.Connection]:
        with self._connection.begin_nested():
            yield self._connection


class _ReadMeanwhile(Exception):
    """Somebody reads the ledger, and the log cannot be emptied."""


class SQLiteDatabase(Database):
    """A file on a local disk; all its senders run on one host."""

    def __init__(self, url: sa.URL, busy_timeout_s: float) -> None:
        self._path = Path(url.database) if url.database else None  # None: in memory
        connect_args = {"timeout": busy_timeout_s, "check_same_thread": False}
        engine = sa.create_engine(url, connect_args=connect_args, hide_parameters=True)
        super().__init__(engine, FileLocks(Path(f"{self._path}.senders")))
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

    def _locked(self) -> AbstractContextManager[sa.Connection]:
        return self.engine.begin()  # IMMEDIATE: one writer, whatever it writes


class PostgresDatabase(Database):
    """A server, perhaps behind a pooler that keeps no sessions: nothing outlives its transaction. Senders may run on many hosts."""

    _snapshot_options: Mapping[str, Any] = MappingProxyType({"isolation_level": "REPEATABLE READ"})

    def __init__(self, url: sa.URL, busy_timeout_s: float) -> None:
        self._busy_timeout = f"{busy_timeout_s * 1000:.0f}ms"
        # Each statement must see what was committed before it: the writing lock is the transaction's first statement.
        engine = sa.create_engine(
            url,
            pool_pre_ping=True,
            isolation_level="READ COMMITTED",
            hide_parameters=True,
            connect_args=_connect_args(url),
        )
        super().__init__(engine, Heartbeats(engine))

    def begins_with(self, column: sa.Column[str], text: str) -> sa.ColumnElement[bool]:
        return column.startswith(text, autoescape=True)

    def exists(self) -> bool:
        try:
            return self.version() is not None
        except sa.exc.SQLAlchemyError:
            return True

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
    def _locked(self) -> Iterator[sa.Connection]:
        with self.engine.begin() as connection:
            connection.execute(
                sa.select(
                    sa.func.set_config("lock_timeout", self._busy_timeout, True), sa.func.pg_advisory_xact_lock(WRITING_LOCK)
                )
            )
            yield connection


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
            return PostgresDatabase(parsed, busy_timeout_s)
    except (sa.exc.ArgumentError, ImportError):
        pass
    raise LedgerError(
        "FBCHECK_LEDGER_URL must be sqlite:///FILE or postgresql+psycopg://… (install the `postgres` extra for the latter)"
    )


def _connect_args(url: sa.URL) -> dict[str, Any]:
    """What libpq and psycopg do unless the URL says otherwise: a connection that a firewall dropped is noticed within a minute."""
    args: dict[str, Any] = {
        "connect_timeout": 10,
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
        "tcp_user_timeout": 30_000,
    }
    if url.get_driver_name() == "psycopg":
        args["prepare_threshold"] = None  # a pooler may execute the statement in a session that has not prepared it
    return {name: value for name, value in args.items() if name not in url.query}


def _configure(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    _use_wal(connection)
    connection.execute("PRAGMA secure_delete=ON")  # a purged phone is overwritten, not only unlinked
    connection.execute("PRAGMA cache_size=-256")  # KB for each of a pool of connections; the system caches the file once for all
    connection.execute("PRAGMA synchronous=FULL")  # a committed `sending` must survive a power cut


def _begin(connection: sa.Connection) -> None:
    if connection.get_execution_options().get("reads_only"):
        # Nothing is locked, so it cannot fail, and needs none of what SQLAlchemy does about a statement: a quarter of a look-up's time.
        connection.connection.cursor().execute("BEGIN")
    else:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


@tenacity.retry(
    retry=tenacity.retry_if_exception_message(match=".*locked"),
    wait=tenacity.wait_random(0, 0.05),
    stop=tenacity.stop_after_delay(BUSY_TIMEOUT_S),
    reraise=True,
)
def _use_wal(connection: Any) -> None:
    """SQLite's own time-out does not hold here, where two create a ledger at once."""
    connection.execute("PRAGMA journal_mode=WAL")
