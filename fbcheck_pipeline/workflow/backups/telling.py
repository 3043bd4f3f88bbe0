"""Opt-outs and erasures reach the backups that were made before them: a restored store must know of them."""

from __future__ import annotations

import logging
from pathlib import Path

from fbcheck_pipeline.errors import StorageError
from fbcheck_pipeline.files.scratch import scratch_folder
from fbcheck_pipeline.ledger import Ledger
from fbcheck_pipeline.ledger.copying import copy_rows, ledger_file
from fbcheck_pipeline.ledger.schema import erased_phones, ledger_meta, suppressions
from fbcheck_pipeline.workflow.backups.target import BackupTarget
from fbcheck_pipeline.workflow.workspace import Workspace

log = logging.getLogger(__name__)

TOLD = (ledger_meta, suppressions, erased_phones)


def tell_backups(ws: Workspace) -> None:
    """Tell every backup that lacks some of the opt-outs and erasures; one that cannot be reached is said, and told by a later command."""
    untold = ws.ledger.untold_backups()
    if not untold:
        return
    with scratch_folder() as folder:
        path = folder / "told.db"
        with ledger_file(path) as database:
            with ws.ledger.database.snapshot(lambda: None) as source, database.writing() as copy:
                copy_rows(source, copy, TOLD)
            number = Ledger(database).changes()["suppressions"]
        for each in untold:
            try:
                _tell(ws, BackupTarget(each), path, number)
            except Exception as error:  # an object store's client has errors of its own
                log.warning(
                    "the backup at %s lacks the newest opt-outs and erasures (%s); the next command that suppresses, erases, purges or runs "
                    "tries again, `fbcheck backup --forget` ends that",
                    each,
                    error if isinstance(error, StorageError) else type(error).__name__,
                )


def _tell(ws: Workspace, target: BackupTarget, path: Path, number: int) -> None:
    if not target.is_of(ws.ledger.uuid):
        raise StorageError("it is not there any more")
    target.tell(path, number)
    ws.ledger.note_told(target.address, number)
