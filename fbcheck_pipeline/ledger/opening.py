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

import sqlalchemy as sa

from fbcheck_pipeline.errors import LedgerError, StorageError
from fbcheck_pipeline.files.storage import Storage
from fbcheck_pipeline.ledger import versions
from fbcheck_pipeline.ledger.book import Ledger
from fbcheck_pipeline.ledger.database import Database, connect
from fbcheck_pipeline.ledger.faults import reason_of, remedy_of
from fbcheck_pipeline.ledger.receipts import Receipts
from fbcheck_pipeline.ledger.schema import ledger_meta, metadata
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.settings import Settings

EARLIER_LAYOUT = (
    "ledger and data were made by an fbcheck-pipeline from before its first release and cannot be read; "
    "use that version, or another FBCHECK_DATA_URI and FBCHECK_LEDGER_URL"
)
HALF_RESTORED = "a restore of these data did not end; run the same `fbcheck restore FROM` again, and it ends"
NOWHERE = "sqlite://"  # in memory
KINDS = {
    "sendings": ("submission", "submissions"),
    "suppressions": ("import of opt-outs", "imports of opt-outs"),
    "collections": ("collected result", "collected results"),
    "purges": ("purge", "purges"),
    "erasures": ("erasure", "erasures"),
}
"""What the stamp beside the data counts, in words: one of them, and several."""


def open_ledger(
    settings: Settings,
    storage: Storage,
    clock: Callable[[], float] = time.time,
    *,
    instance: str = "",
    only_to_look: bool = False,
) -> Ledger:
    """Open the ledger of these settings, creating or migrating it as needed.

    Args:
        instance: the name of who uses it; a ledger belongs to one.
        only_to_look: nothing will be sent or planned: vendor and instance need not be the ledger's, and where there is no ledger
            none is created, an empty one in memory stands for it.

    Raises:
        LedgerError: it cannot be reached, is of a newer version or an earlier layout, belongs to other data, another vendor or another
            instance, is older than the
            data, or the data's ledger is missing.
        StorageError: DATA_URI names a file.
    """
    if storage.is_local and Path(storage.data_uri).is_file():
        raise StorageError(f"{storage.data_uri} is a file, and FBCHECK_DATA_URI names a folder; correct it")
    database = connect(settings.ledger_address)
    if is_nowhere := only_to_look and not database.exists():
        database = connect(NOWHERE)
    try:
        if is_nowhere:
            _make_tables(database)
        else:
            database.make_place()
            migrate(database)
        _create_identity(database, settings, storage, instance, clock())
        ledger = Ledger(database, clock)
        if ledger.is_restoring:
            raise LedgerError(HALF_RESTORED)
        if not only_to_look:
            check_owner(ledger, settings, instance)
        if not is_nowhere:
            ledger.receipts = _receipts(settings, storage, ledger.uuid)
            _check_layout(storage)
            _check_identity(ledger, storage, only_to_look)
            if not only_to_look:
                ledger.take_in_receipts(with_copies=True)
    except sa.exc.SQLAlchemyError as error:
        database.engine.dispose()
        raise LedgerError(
            f"the ledger at FBCHECK_LEDGER_URL cannot be opened ({reason_of(error)}); {remedy_of(error)}, then run again"
        ) from error
    except BaseException:
        database.engine.dispose()
        raise
    return ledger


def migrate(database: Database) -> None:
    """Make the tables, or bring them up to this version.

    Raises:
        LedgerError: they are of a newer version, or of an earlier layout.
    """
    found = database.version()
    if found is not None and versions.is_before(found, versions.FIRST):
        raise LedgerError(EARLIER_LAYOUT)
    if found is not None and not versions.is_before(found, versions.HEAD):
        versions.refuse_newer(found)
        return
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(versions.MIGRATIONS).replace("%", "%%"))
    with database.migrating() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, versions.HEAD)


def _make_tables(database: Database) -> None:
    """What the migrations make, without loading them: for a ledger that is migrated no further."""
    with database.migrating() as connection:
        metadata.create_all(connection)
        version = sa.Table("alembic_version", sa.MetaData(), sa.Column("version_num", sa.String))
        version.create(connection)
        connection.execute(sa.insert(version).values(version_num=versions.HEAD))


def _create_identity(database: Database, settings: Settings, storage: Storage, instance: str, now: float) -> None:
    with database.writing() as connection:
        if connection.execute(sa.select(ledger_meta.c.id)).one_or_none() is not None:
            return
        if storage.exists(paths.LEDGER_ID.path):
            if "restoring" in json.loads(storage.read_bytes(paths.LEDGER_ID.path)):
                raise LedgerError(HALF_RESTORED)
            raise LedgerError(
                f"{storage.data_uri} belongs to a ledger that is not at FBCHECK_LEDGER_URL; put it back from its backup. "
                "Without it nobody knows what was already paid for"
            )
        connection.execute(
            sa.insert(ledger_meta).values(
                id=1,
                uuid=str(uuid.uuid4()),
                vendor_origin=settings.vendor_origin,
                instance=instance,
                hash_key=secrets.token_bytes(32),
                created_at=now,
            )
        )


def _receipts(settings: Settings, storage: Storage, ledger_uuid: str) -> Receipts:
    folder = settings.receipts_folder(ledger_uuid)
    is_elsewhere = not storage.is_local or Path(storage.root).resolve() != folder.resolve()
    return Receipts(ledger_uuid, folder, storage if is_elsewhere else None)


def check_owner(ledger: Ledger, settings: Settings, instance: str) -> None:
    """See that a ledger is of this vendor and this instance.

    Raises:
        LedgerError: it is another's.
    """
    _check_vendor(ledger, settings)
    _check_instance(ledger, instance)


def _check_vendor(ledger: Ledger, settings: Settings) -> None:
    if ledger.vendor_origin != settings.vendor_origin:
        raise LedgerError(
            f"this ledger is bound to the vendor at {ledger.vendor_origin}, FBCHECK_API_URL names {settings.vendor_origin}; "
            "correct the URL, or use another FBCHECK_DATA_URI for the other vendor"
        )


def _check_layout(storage: Storage) -> None:
    """An earlier layout had the lineage among the results; asked only until the first join, so that no folder of many files is listed."""
    lineage, results = paths.LINEAGE, paths.FACEBOOK_RESULTS.folder
    if not storage.exists(lineage.folder) and any(name.endswith(lineage.suffix) for name in storage.names(results)):
        raise LedgerError(EARLIER_LAYOUT)


def _check_instance(ledger: Ledger, instance: str) -> None:
    if ledger.instance != instance:
        whose, asked = (f"the instance {each}" if each else "the instance without a name" for each in (ledger.instance, instance))
        raise LedgerError(
            f"this ledger belongs to {whose}, and {asked} asks for it; each needs an FBCHECK_DATA_URI of its own"
            + ("; commands reach an instance by `fbcheck --module … --instance …`" if ledger.instance else "")
        )


def _check_identity(ledger: Ledger, storage: Storage, only_to_look: bool) -> None:
    if not storage.exists(paths.LEDGER_ID.path):
        if _has_data(storage):
            raise LedgerError(
                f"{storage.data_uri} holds data but no {paths.LEDGER_ID.path}; restore that file from the backup of the data"
            )
        if ledger.list_count():
            raise LedgerError(
                f"this ledger belongs to other data than {storage.data_uri}; check FBCHECK_DATA_URI and FBCHECK_LEDGER_URL"
            )
        stamp(storage, ledger)
    stamped = json.loads(storage.read_bytes(paths.LEDGER_ID.path))  # before the ledger is asked, which may only be newer then
    if stamped["ledger_uuid"] != ledger.uuid:
        raise LedgerError(f"{storage.data_uri} belongs to another ledger; check FBCHECK_DATA_URI and FBCHECK_LEDGER_URL")
    known = ledger.changes()
    more = {kind: stamped.get(kind, 0) - known[kind] for kind in KINDS}
    forgotten = [
        f"the last {one if more[kind] == 1 else f'{more[kind]} {many}'}" for kind, (one, many) in KINDS.items() if more[kind] > 0
    ]
    if forgotten:
        raise LedgerError(
            f"the ledger is older than its data: it does not know {' and '.join(forgotten)}; restore the newest backup. "
            "With this one, phones would be paid for again, or sent although they opted out"
        )
    if not only_to_look and any(stamped.get(kind, 0) < count for kind, count in known.items()):
        stamp(storage, ledger)  # whoever changed the ledger was stopped before it could


def stamp(storage: Storage, ledger: Ledger) -> None:
    """Leave in the data whose they are and how often what matters changed: a foreign ledger, or an older copy of this one, is then known.

    Raises:
        LedgerError: there is no ledger, and an empty one in memory stands for it: what changes there is lost.
        StorageError: it cannot be written.
    """
    if str(ledger.database.engine.url) == NOWHERE:
        raise LedgerError(
            "there is no ledger at FBCHECK_LEDGER_URL, so nothing is deleted, suppressed or backed up; check the setting"
        )
    storage.write_bytes(paths.LEDGER_ID.path, json.dumps({"ledger_uuid": ledger.uuid, **ledger.changes()}).encode())


def _has_data(storage: Storage) -> bool:
    folders = (each.folder for each in (paths.CHUNKS, paths.VERDICTS, paths.SUBMITTED_CHUNKS))
    return any(storage.names(folder) for folder in folders)
