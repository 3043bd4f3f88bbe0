"""Opening a ledger: creation, migration, and the proof that it is the one that belongs to the data and the vendor.

A ledger that is lost, older than the data or foreign to them is noticed here, before anything is sent.
"""

from __future__ import annotations

import json
import secrets
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import tenacity

from fbcheck_pipeline.errors import LedgerError
from fbcheck_pipeline.files.storage import Storage
from fbcheck_pipeline.ledger.book import Ledger
from fbcheck_pipeline.ledger.planning import exclusive
from fbcheck_pipeline.ledger.schema import ledger_meta
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.settings import Settings

HEAD = "0001"
"""The migration this code was written for."""
BUSY_TIMEOUT_S = 60
NOWHERE = "sqlite://"  # in memory


def open_ledger(
    settings: Settings, storage: Storage, clock: Callable[[], float] = time.time, *, only_to_look: bool = False
) -> Ledger:
    """Open the ledger of these settings, creating or migrating it as needed.

    Args:
        only_to_look: nothing will be sent or planned: the vendor need not be the ledger's, and where there is no ledger none is
            created, an empty one in memory stands for it.

    Raises:
        LedgerError: it cannot be reached, is of a newer version, belongs to other data or another vendor, is older than the
            data, or the data's ledger is missing.
    """
    address = NOWHERE if only_to_look and not _is_there(settings.ledger_address) else settings.ledger_address
    engine = connect(address)
    try:
        _migrate(engine)
        _create_identity(engine, settings, storage, clock())
        ledger = Ledger(engine, clock)
        if not only_to_look:
            _check_vendor(ledger, settings)
        if address != NOWHERE:
            _check_identity(ledger, storage)
    except sa.exc.SQLAlchemyError as error:
        engine.dispose()
        raise LedgerError(
            f"the ledger cannot be opened ({_reason(error)}); "
            "check FBCHECK_LEDGER_URL, its permissions and that its disk has room"
        ) from error
    except BaseException:
        engine.dispose()
        raise
    return ledger


def _is_there(url: str) -> bool:
    """True where a ledger is, or something that only opening it can tell."""
    try:
        parsed = sa.make_url(url)
        if parsed.get_backend_name() == "sqlite":
            return Path(parsed.database or "").exists()
        engine = connect(url)
        try:
            return version_of(engine) is not None
        finally:
            engine.dispose()
    except sa.exc.SQLAlchemyError:
        return True


def connect(url: str, *, busy_timeout_s: float = BUSY_TIMEOUT_S) -> sa.Engine:
    """An engine whose transactions take the write lock at their start.

    Raises:
        LedgerError: the URL names no supported database.
    """
    try:
        parsed = sa.make_url(url)
        if parsed.get_backend_name() == "sqlite":
            return _sqlite(parsed, busy_timeout_s)
        if parsed.get_backend_name() == "postgresql":
            # Each statement must see what was committed before it: the writing lock is the transaction's first statement.
            return sa.create_engine(parsed, pool_pre_ping=True, isolation_level="READ COMMITTED", hide_parameters=True)
    except (sa.exc.ArgumentError, ImportError):
        pass
    except OSError as error:
        raise LedgerError(f"the ledger's folder cannot be made ({error.strerror}); check FBCHECK_DATA_URI") from None
    raise LedgerError(
        "FBCHECK_LEDGER_URL must be sqlite:///FILE or postgresql+psycopg://… (install the `postgres` extra for the latter)"
    )


def _sqlite(url: sa.URL, busy_timeout_s: float) -> sa.Engine:
    Path(url.database or "").parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    connect_args = {"timeout": busy_timeout_s, "check_same_thread": False}
    engine = sa.create_engine(url, connect_args=connect_args, hide_parameters=True)

    @sa.event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        _use_wal(connection)
        connection.execute("PRAGMA secure_delete=ON")  # a purged phone is overwritten, not only unlinked
        connection.execute("PRAGMA synchronous=FULL")  # a committed `sending` must survive a power cut

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN" if connection.get_execution_options().get("reads_only") else "BEGIN IMMEDIATE")

    return engine


@tenacity.retry(
    retry=tenacity.retry_if_exception_message(match=".*locked"),
    wait=tenacity.wait_random(0, 0.05),
    stop=tenacity.stop_after_delay(BUSY_TIMEOUT_S),
    reraise=True,
)
def _use_wal(connection: Any) -> None:
    """SQLite's own time-out does not hold here, where two create a ledger at once."""
    connection.execute("PRAGMA journal_mode=WAL")


def version_of(engine: sa.Engine) -> str | None:
    """The ledger's migration, None for an empty database."""
    if not sa.inspect(engine).has_table("alembic_version"):
        return None
    with engine.connect() as connection:
        version: str | None = connection.execution_options(isolation_level="AUTOCOMMIT").scalar(
            sa.text("SELECT version_num FROM alembic_version")
        )
        return version


def _migrate(engine: sa.Engine) -> None:
    found = version_of(engine)
    if found == HEAD:
        return
    if found is not None and found > HEAD:
        raise LedgerError(f"the ledger is of version {found}, this program knows {HEAD}; install the newer fbcheck-pipeline")
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(1718183784)"))
        config.attributes["connection"] = connection
        command.upgrade(config, HEAD)
    if engine.dialect.name == "sqlite" and engine.url.database:
        Path(engine.url.database).chmod(0o600)


def _create_identity(engine: sa.Engine, settings: Settings, storage: Storage, now: float) -> None:
    with exclusive(engine) as connection:
        if connection.execute(sa.select(ledger_meta.c.id)).one_or_none() is not None:
            return
        if storage.exists(paths.LEDGER_ID.path):
            raise LedgerError(
                f"{storage.data_uri} belongs to a ledger that is not at FBCHECK_LEDGER_URL; put it back from its backup. "
                "Without it nobody knows what was already paid for"
            )
        connection.execute(
            sa.insert(ledger_meta).values(
                id=1,
                uuid=str(uuid.uuid4()),
                vendor_origin=settings.vendor_origin,
                hash_key=secrets.token_bytes(32),
                created_at=now,
            )
        )


def _check_vendor(ledger: Ledger, settings: Settings) -> None:
    if ledger.vendor_origin != settings.vendor_origin:
        raise LedgerError(
            f"this ledger is bound to the vendor at {ledger.vendor_origin}, FBCHECK_API_URL names {settings.vendor_origin}; "
            "mend the URL, or use another FBCHECK_DATA_URI for the other vendor"
        )


def _check_identity(ledger: Ledger, storage: Storage) -> None:
    if not storage.exists(paths.LEDGER_ID.path):
        if _has_data(storage):
            raise LedgerError(
                f"{storage.data_uri} holds data but no {paths.LEDGER_ID.path}; restore that file from the backup of the data"
            )
        if ledger.lists():
            raise LedgerError(
                f"this ledger belongs to other data than {storage.data_uri}; check FBCHECK_DATA_URI and FBCHECK_LEDGER_URL"
            )
        stamp(storage, ledger)
    stamped = json.loads(storage.read_bytes(paths.LEDGER_ID.path))
    if stamped["ledger_uuid"] != ledger.uuid:
        raise LedgerError(f"{storage.data_uri} belongs to another ledger; check FBCHECK_DATA_URI and FBCHECK_LEDGER_URL")
    forgotten = stamped["sendings"] - ledger.sendings()
    if forgotten > 0:
        raise LedgerError(
            f"the ledger is older than its data: it does not know the last {forgotten} submissions; restore the newest backup. "
            "With this one they would be paid for again"
        )
    unknown = {name.removesuffix(paths.CHUNKS.suffix) for name in storage.names(paths.CHUNKS.folder)} - ledger.chunk_keys()
    if unknown:
        raise LedgerError(
            f"the ledger is older than its data: it does not know {len(unknown)} chunks that were sent; "
            "restore the newest backup. With this one they would be paid for again"
        )


def stamp(storage: Storage, ledger: Ledger) -> None:
    """Leave in the data whose they are and how much was sent: a foreign ledger, or an older copy of this one, is then known.

    Raises:
        StorageError: it cannot be written.
    """
    storage.write_bytes(paths.LEDGER_ID.path, json.dumps({"ledger_uuid": ledger.uuid, "sendings": ledger.sendings()}).encode())


def _has_data(storage: Storage) -> bool:
    folders = (each.folder for each in (paths.CHUNKS, paths.VERDICTS, paths.SUBMITTED_CHUNKS))
    return any(storage.names(folder) for folder in folders)


def _reason(error: sa.exc.SQLAlchemyError) -> str:
    return str(getattr(error, "orig", None) or error).splitlines()[0]
