"""Files that the ledger publishes: volumes are put in their place; replaced files, and what killed processes left, are deleted."""

from __future__ import annotations

from fbcheck_pipeline.model import paths
from fbcheck_pipeline.workflow.workspace import Workspace


def finish_files(ws: Workspace) -> None:
    """End what those who published files may have been killed at: a volume is in its place before what it replaces goes."""
    doomed = ws.ledger.doomed()  # first: for what is doomed later, a volume may be published that is not seen here
    waiting = ws.storage.files(paths.NEW_VOLUMES.folder)
    keys = {each.key for each in ws.ledger.volumes()} if waiting else set[str]()
    for each in waiting:
        key = each.name.removesuffix(paths.NEW_VOLUMES.suffix)
        if key in keys:
            ws.storage.move(paths.NEW_VOLUMES.of(key), paths.VOLUMES.of(key), version=each.version)
    for name in doomed:
        ws.storage.delete(name)
    if doomed:
        ws.ledger.note_deleted(doomed)
