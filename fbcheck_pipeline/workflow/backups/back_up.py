"""Backing up: ledger and data as of one moment, while runs go on.

Files are copied first, as often as it takes until few are new. Then, while nobody writes to the ledger, the last ones are copied and
the moment of the ledger's snapshot is fixed; its rows are copied when all go on. That is enough for one consistent cut: whatever the
ledger says lies in files was written to them before it said so, and whatever is deleted it had let go before.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain

from fbcheck_pipeline import __version__
from fbcheck_pipeline.files.scratch import scratch_folder
from fbcheck_pipeline.files.storage import Storage
from fbcheck_pipeline.ledger import Ledger
from fbcheck_pipeline.ledger.copying import copy_rows, ledger_file, see_that_all_is_known
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.progress import report_progress
from fbcheck_pipeline.workflow.backups.target import BackupTarget, Changed, Kept, Manifest
from fbcheck_pipeline.workflow.backups.telling import tell_backups
from fbcheck_pipeline.workflow.workspace import Workspace

log = logging.getLogger(__name__)

MOST_PASSES = 5
FEW = 50
"""So many files are copied while others wait."""
THREADS = 8


@dataclass(frozen=True)
class BackedUp:
    """What was done; `copied` counts the files that the target did not have yet."""

    target: str
    ledger_uuid: str
    made_at: float
    files: int
    copied: int


def back_up(ws: Workspace, place: str) -> BackedUp:
    """Make a backup, in the place of the one before. Killed at any point, the one before stands.

    Args:
        place: a folder or an object store's URL.

    Raises:
        OperatorError: another store's backup or other files lie there, or another backup is being made there.
        StorageError: it cannot be written.
        LedgerError: a newer program migrated the ledger.
    """
    see_that_all_is_known(ws.ledger.database)
    target = BackupTarget(place)
    target.claim(ws.ledger.uuid)
    with ws.ledger.backing_up(target.address) as writer:
        before = target.manifest()
        copies = _Copies(ws.storage, target, {} if before is None else before.files)
        for _ in range(MOST_PASSES):
            if copies.catch_up() <= FEW:
                break
        manifest, told = _cut(ws, target, copies)
        with ws.ledger.publishing_backup(target.address, writer, made_at=manifest.made_at, told=told):
            target.publish(manifest)
        target.drop_others(manifest.contents())
        target.drop_told(before=told + 1)
    tell_backups(ws)
    log.info("backed up files=%d copied=%d", len(manifest.files), copies.copied)
    return BackedUp(target.address, ws.ledger.uuid, manifest.made_at, len(manifest.files), copies.copied)


def _cut(ws: Workspace, target: BackupTarget, copies: _Copies) -> tuple[Manifest, int]:
    """The manifest of one moment, and the last import of opt-outs that the ledger has there."""
    made_at, files = 0.0, dict[str, Kept]()

    def while_still() -> None:
        nonlocal made_at
        made_at = ws.ledger.clock()
        copies.catch_up()
        files.update(copies.kept)
        files.update(copies.receipts(ws.ledger))

    with scratch_folder() as folder:
        path = folder / paths.LEDGER.path
        with ledger_file(path) as database:
            with ws.ledger.database.snapshot(while_still) as source, database.writing() as copy:
                copy_rows(source, copy)
            told = Ledger(database).changes()["suppressions"]
        ledger = target.keep(path, copies.there)
    return Manifest(ws.ledger.uuid, made_at, __version__, ledger, files), told


class _Copies:
    """The files as far as they are copied.

    Attributes:
        kept: by name.
        there: the contents that the target has.
        copied: how many files it did not have.
    """

    def __init__(self, storage: Storage, target: BackupTarget, before: Mapping[str, Kept]) -> None:
        self._storage, self._target, self._before = storage, target, before
        self.kept, self.there, self.copied = dict[str, Kept](), target.contents(), 0

    def catch_up(self) -> int:
        """Make the copies what the files are now; returns how many had to be copied."""
        now = dict(versions(self._storage))
        self.kept = {name: each for name, each in self.kept.items() if now.get(name) == each.version}
        for name in now.keys() - self.kept.keys():
            known = self._before.get(name)
            if known is not None and known.version == now[name] and known.sha256 in self.there:
                self.kept[name] = known
        new = sorted(now.keys() - self.kept.keys())
        with ThreadPoolExecutor(THREADS) as pool:
            for done, (name, sha256) in enumerate(zip(new, pool.map(self._copy, new), strict=True), 1):
                if sha256 is not None:
                    self.kept[name] = Kept(sha256, now[name])
                report_progress("copying", done, len(new))
        self.copied += len(new)
        return len(new)

    def receipts(self, ledger: Ledger) -> dict[str, Kept]:
        """The receipts of this machine, and copies of others', as they are now."""
        kept = {}
        with scratch_folder() as folder:
            for number, receipt in enumerate(ledger.receipts.kept(with_copies=True)):
                path = folder / str(number)
                path.write_bytes(receipt.to_bytes())
                kept[receipt.name] = Kept(self._target.keep(path, self.there), "")
        return kept

    def _copy(self, name: str) -> str | None:
        """The SHA-256 of a file's content, which the target has now; None for one that is gone, or is being written."""
        try:
            with self._storage.local_copy(name) as path:
                return self._target.keep(path, self.there)
        except (FileNotFoundError, Changed):
            return None


def versions(storage: Storage) -> list[tuple[str, str]]:
    """The name and version of every file that is copied."""

    def of_folder(folder: str) -> list[tuple[str, str]]:
        return [(f"{folder}/{each.name}", each.version) for each in storage.files(folder, is_deep=True)]

    folders = sorted({each.folder for each in paths.COPIED if "/" in each.path})
    with ThreadPoolExecutor(THREADS) as pool:  # an object store takes its time for each thousand files
        found = list(chain.from_iterable(pool.map(of_folder, folders)))
    single = [storage.file(each.path) for each in paths.COPIED if "/" not in each.path]
    return found + [(each.name, each.version) for each in single if each is not None]
