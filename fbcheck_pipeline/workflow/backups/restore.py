"""Restoring a backup into an empty place, with the opt-outs and erasures that came after it.

The order lets a restore that was killed at any point be ended by the same call, and by nothing else:

1. `ledger-id.json` says whose the data will be: without their ledger nothing opens them;
2. the files are copied;
3. one transaction brings the ledger, with the newest opt-outs, and holds all buying. It says that it is being restored, too;
4. who was erased since the backup is erased again; then the ledger may be opened.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import sqlalchemy as sa

from fbcheck_pipeline.errors import FbcheckError, LedgerError, OperatorError, StorageError
from fbcheck_pipeline.files.scratch import scratch_folder
from fbcheck_pipeline.files.storage import Storage
from fbcheck_pipeline.ledger import Ledger, codec
from fbcheck_pipeline.ledger.codec import Phones
from fbcheck_pipeline.ledger.copying import copy_rows, ledger_file
from fbcheck_pipeline.ledger.database import Database, connect
from fbcheck_pipeline.ledger.faults import faults_named
from fbcheck_pipeline.ledger.opening import check_owner, migrate, stamp
from fbcheck_pipeline.ledger.schema import backups, erased_phones, ledger_meta, suppressions
from fbcheck_pipeline.ledger.versions import HEAD
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.model.columns import Column
from fbcheck_pipeline.progress import report_progress
from fbcheck_pipeline.settings import Settings
from fbcheck_pipeline.workflow.arrival.intake import default_options
from fbcheck_pipeline.workflow.backups.back_up import THREADS, versions
from fbcheck_pipeline.workflow.backups.target import BackupTarget, Manifest
from fbcheck_pipeline.workflow.erasing.erase import Erased, Rejoin, erase
from fbcheck_pipeline.workflow.erasing.person import person_of, waiting_to_be_read
from fbcheck_pipeline.workflow.erasing.suppress import read_phones
from fbcheck_pipeline.workflow.sent_phones import with_phones
from fbcheck_pipeline.workflow.workspace import Workspace

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RestoredStore:
    """What was brought back.

    Attributes:
        made_at: the moment it is of; UTC seconds.
        opt_outs_since: imports of opt-outs, and erasures, that came after it and hold now.
        erased: phones that were erased after it, and were erased again.
        unread: files that nobody has read yet and that hold such a number: they stay.
    """

    ledger_uuid: str
    made_at: float
    files: int
    opt_outs_since: int
    erased: int
    unread: Sequence[str]


def restore(
    settings: Settings,
    place: str,
    rejoin: Rejoin,
    clock: Callable[[], float] = time.time,
    *,
    instance: str = "",
    declared_sources: Mapping[str, Sequence[str]] | None = None,
) -> RestoredStore:
    """Bring a backup back, into the place and the ledger of these settings, and hold all buying.

    Args:
        rejoin: joins a list anew from which somebody is erased.

    Raises:
        OperatorError: there is no backup, or something lies where it is to be restored.
        StorageError: the backup is damaged, or the place cannot be written.
        LedgerError: the backup is of another vendor, another instance or a newer version.
    """
    source, storage, database = BackupTarget(place), Storage(settings.data_uri), connect(settings.ledger_address)
    manifest = _whole_manifest(source)
    try:
        with scratch_folder() as folder, _ledger_of(source, manifest, folder) as backup:
            check_owner(Ledger(backup), settings, instance)
            _see_that_nothing_is_lost(storage, database, manifest)
            marked = {"ledger_uuid": manifest.ledger_uuid, "restoring": True}
            storage.write_bytes(paths.LEDGER_ID.path, json.dumps(marked).encode())
            _copy_files(source, storage, manifest)
            database.make_place()
            migrate(database)
            newer = _fill(database, backup, source, folder, clock())
        ws = Workspace(settings, storage, Ledger(database, clock), declared_sources or {})
        phones = _phones_to_erase(ws)
        erased = erase(ws, person_of(phones), rejoin) if len(phones) else Erased()
        stamp(storage, ws.ledger)
        ws.ledger.end_restoring()
    finally:
        database.engine.dispose()
    log.info("restored files=%d", len(manifest.files))
    return RestoredStore(manifest.ledger_uuid, manifest.made_at, len(manifest.files), newer, len(phones), erased.unread)


def _whole_manifest(source: BackupTarget) -> Manifest:
    manifest = source.manifest()
    if manifest is None:
        raise OperatorError(f"{source.address} has no backup; name the place that `fbcheck backup` was given")
    if lost := len(manifest.contents() - source.contents()):
        raise StorageError(f"the backup at {source.address} lacks {lost} of its files; use another one")
    folders = {each.folder for each in paths.FILES}
    if not all(name.partition("/")[0] in folders and ".." not in name.split("/") for name in manifest.files):
        raise StorageError(f"the backup at {source.address} names files that are none of a store; use another one")
    return manifest


@contextmanager
def _ledger_of(source: BackupTarget, manifest: Manifest, folder: Path) -> Iterator[Database]:
    path = folder / paths.LEDGER.path
    with path.open("wb") as sink:
        source.copy_out(manifest.ledger, sink)
    with ledger_file(path) as database:
        yield database


def _see_that_nothing_is_lost(storage: Storage, database: Database, manifest: Manifest) -> None:
    """Refuse a place that is not empty, unless a restore of the same store was begun there; what is not the backup's goes then."""
    found = _ledger_that_is_there(database)
    if found is not None and found != (manifest.ledger_uuid, True):
        raise OperatorError(
            "there is a ledger at FBCHECK_LEDGER_URL already; restore needs an empty one, and an empty FBCHECK_DATA_URI"
        )
    there, whose = [name for name, _ in versions(storage)], dict[str, object]()
    if storage.exists(paths.LEDGER_ID.path):
        whose = json.loads(storage.read_bytes(paths.LEDGER_ID.path))
    is_begun = whose.get("ledger_uuid") == manifest.ledger_uuid and (found is not None or "restoring" in whose)
    if (there or whose) and not is_begun:
        raise OperatorError(f"{storage.data_uri} is not empty; restore needs an empty FBCHECK_DATA_URI and an empty ledger")
    for name in set(there) - manifest.files.keys():
        if not name.startswith(f"{paths.INBOX.folder}/"):
            storage.delete(name)


def _ledger_that_is_there(database: Database) -> tuple[str, bool] | None:
    """Whose a ledger is, and whether it is being restored; None where there is none."""
    with faults_named("read"):
        version = database.version() if database.exists() else None
        if version is None:
            return None
        if version != HEAD:
            return "", False
        with database.reading() as connection:
            row = connection.execute(sa.select(ledger_meta.c.uuid, ledger_meta.c.is_restoring)).one_or_none()
    return None if row is None else (row.uuid, row.is_restoring)


def _copy_files(source: BackupTarget, storage: Storage, manifest: Manifest) -> None:
    def copy(name: str) -> None:
        with storage.writing(name) as sink:
            source.copy_out(manifest.files[name].sha256, sink)

    with ThreadPoolExecutor(THREADS) as pool:
        for done, _ in enumerate(pool.map(copy, sorted(manifest.files)), 1):
            report_progress("copying", done, len(manifest.files))


def _fill(database: Database, backup: Database, source: BackupTarget, folder: Path, now: float) -> int:
    """Bring the ledger, in one transaction; returns how many imports of opt-outs came after the backup."""
    path = folder / "told.db"
    has_told = source.copy_told(path)
    with database.writing() as target:
        with backup.reading() as rows:
            copy_rows(rows, target)
        newer = 0
        if has_told:
            with ledger_file(path) as told, told.reading() as rows:
                newer = _take_in_told(rows, target)
        held = {"restored_at": now, "unknown_from": None, "is_restoring": True, "generation": ledger_meta.c.generation + 1}
        target.execute(sa.update(ledger_meta).values({**held, "created_at": now}))
        target.execute(sa.update(backups).values(writer=None))
    return newer


def _take_in_told(told: sa.Connection, target: sa.Connection) -> int:
    """Let opt-outs and erasures be those of the later moment; returns how many imports later it is."""
    counts = sa.select(ledger_meta.c.uuid, ledger_meta.c.suppressions, ledger_meta.c.erasures)
    then, now = told.execute(counts).one(), target.execute(counts).one()
    if then.uuid != now.uuid:
        raise LedgerError("the opt-outs beside the backup are another store's; take them away, or use another backup")
    if then.suppressions > now.suppressions:
        copy_rows(told, target, (suppressions, erased_phones))
        target.execute(sa.update(ledger_meta).values(suppressions=then.suppressions, erasures=then.erasures))
    return max(0, int(then.suppressions - now.suppressions))


def _phones_to_erase(ws: Workspace) -> Phones:
    """Phones that the store holds again, though they were erased, or were being erased when the backup was made."""
    digests = np.array(ws.ledger.digests_to_erase(), np.int64)
    found = [np.empty(0, np.int64)]
    for phones in _phones_that_are_there(ws) if len(digests) else ():
        found.append(phones[np.isin(codec.digests(phones.tolist(), ws.ledger.hash_key), digests)])
    return np.unique(np.concatenate(found))


def _phones_that_are_there(ws: Workspace) -> Iterator[Phones]:
    for chunk in ws.ledger.loaded_chunks():
        with suppress(StorageError):  # lost before: nothing of it is held
            yield with_phones(ws, chunk).phones
    with ws.ledger.looking() as tx:
        yield from tx.waiting().values()
    for each in ws.ledger.lists():
        if ws.storage.exists(name := paths.E164_PHONES.of(each.list_key)):
            for batch in ws.storage.read_parquet(name, [Column.PHONE_E164]).batches:
                yield codec.from_e164(batch.column(0))
    for name in waiting_to_be_read(ws):
        with suppress(FbcheckError, FileNotFoundError), ws.storage.local_copy(name) as path:
            yield read_phones(ws, path, default_options(ws.settings)).phones
