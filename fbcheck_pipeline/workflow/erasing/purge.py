"""Deleting personal data past retention, everywhere it lies; only counts are left behind.

The ledger's rows go last, so that a purge that was stopped half way is finished by the next one. Its chunks are marked first,
so that no planning uses verdicts that are being deleted.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from fbcheck_pipeline.errors import OperatorError
from fbcheck_pipeline.files.scratch import drop_abandoned_scratch
from fbcheck_pipeline.ledger.opening import stamp
from fbcheck_pipeline.ledger.records import Chunk, PhoneList
from fbcheck_pipeline.ledger.states import states_that
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.workflow.backups.telling import tell_backups
from fbcheck_pipeline.workflow.erasing.erased_lists import emptied_lists
from fbcheck_pipeline.workflow.index.index_upkeep import remove_from_index
from fbcheck_pipeline.workflow.tables.latest_lists import refresh_latest
from fbcheck_pipeline.workflow.tables.verdict_tables import remake_verdict_tables
from fbcheck_pipeline.workflow.verdict_files.volumes import remove_from_volumes
from fbcheck_pipeline.workflow.workspace import Workspace

log = logging.getLogger(__name__)

DAY_S = 86_400


@dataclass(frozen=True)
class Purged:
    """What was (or in a dry run would be) deleted.

    Attributes:
        skipped: keys of old lists of which something is still with the vendor.
        moved: places of deleted files that came through the inbox, which is to say that nobody need have another copy.
    """

    list_keys: tuple[str, ...]
    chunks: int
    phones: int
    files: int
    skipped: tuple[str, ...]
    moved: tuple[str, ...]


def purge(ws: Workspace, *, older_than_days: float | None, list_key: str | None = None, dry_run: bool = False) -> Purged:
    """Delete lists last joined before so many days, with every chunk and verdict as old that no remaining list needs.

    Lists that have no phone left since people were erased from them go, too, however old.

    Args:
        older_than_days: None to keep every verdict: they are paid for.
        list_key: delete this list instead, however old; what is planned for it and not yet sent is never sent.

    Raises:
        OperatorError: there is no such list, or something of it is with the vendor.
    """
    oldest = -math.inf if older_than_days is None else ws.ledger.clock() - older_than_days * DAY_S
    if list_key is None:
        old = list({each.list_key: each for each in (*ws.ledger.lists_joined_before(oldest), *emptied_lists(ws))}.values())
        skipped = {each.list_key for each in old} & _lists_of(ws, ws.ledger.chunks(states=states_that("holds")))
        gone = [each for each in old if each.list_key not in skipped]
    else:
        gone, skipped = [_purgeable_list(ws, list_key)], set()
        if not dry_run:
            _plan_nothing(ws, list_key)
    find = ws.ledger.unneeded_chunks if dry_run else ws.ledger.mark_purged
    list_keys = [each.list_key for each in gone]
    chunks = find(list_keys, settled_before=oldest)
    of_lists = [name for each in gone for name in paths.files_of_list(each.list_key, each.file)]
    names = of_lists + [name for each in chunks for name in paths.files_of_chunk(each.chunk_key, each.task_id)]
    names += _orphaned_results(ws) if list_key is None else []
    there = [name for name in names if ws.storage.exists(name)]
    purged = Purged(
        list_keys=tuple(list_keys),
        chunks=len(chunks),
        phones=sum(each.phone_count for each in chunks),
        files=len(there),
        skipped=tuple(sorted(skipped)),
        moved=tuple(
            ws.storage.uri(name)
            for each in gone
            if each.was_moved and (name := paths.taken_file(each.list_key, each.file)) in there
        ),
    )
    if dry_run:
        return purged
    if chunks:
        remove_from_index(ws, [each.chunk_key for each in chunks])
        remove_from_volumes(ws)
    for name in there:
        ws.storage.delete(name)
    for source in {each.source for each in gone}:
        refresh_latest(ws, source, without=list_keys)
    if chunks:
        remake_verdict_tables(ws)
    ws.ledger.receipts.drop_of_chunks({each.chunk_key for each in chunks})
    ws.storage.drop_leftovers()
    drop_abandoned_scratch()
    ws.ledger.delete(list_keys, [each.chunk_key for each in chunks])
    for name in of_lists:  # what a join brought back that began since, before the ledger forgot its list
        ws.storage.delete(name)
    stamp(ws.storage, ws.ledger)
    tell_backups(ws)
    log.info("purged lists=%d chunks=%d phones=%d files=%d", len(gone), purged.chunks, purged.phones, purged.files)
    return purged


def _orphaned_results(ws: Workspace) -> list[str]:
    """Result files of tasks that no chunk has, since an operator had attached them to the wrong one; a purge of one list asks for none."""
    kept = {name: kind.folder for kind in paths.RESULT_FILES for name in ws.storage.names(kind.folder)}
    ours = {kind.of(task_id) for kind in paths.RESULT_FILES for task_id in ws.ledger.task_ids()}
    return sorted({f"{folder}/{name}" for name, folder in kept.items()} - ours)


def _lists_of(ws: Workspace, chunks: Iterable[Chunk]) -> set[str]:
    """Keys of the lists that depend on one of these chunks."""
    return {key for keys in ws.ledger.lists_of_chunks(each.chunk_key for each in chunks).values() for key in keys}


def _purgeable_list(ws: Workspace, list_key: str) -> PhoneList:
    found = ws.ledger.phone_list(list_key)
    tried = [each for each in ws.ledger.chunks(states=states_that("holds")) if each.tries]  # also what is sent once more
    if list_key in _lists_of(ws, tried):
        raise OperatorError(
            f"phones of list {list_key} are with the vendor, or may be and are to be sent once more; "
            "finish it with `fbcheck run`, then purge it"
        )
    return found


def _plan_nothing(ws: Workspace, list_key: str) -> None:
    """Take a list's phones out of the chunks that are not sent yet."""
    parts = ws.ledger.parts_of(list_key)
    for key in parts.keys() & set(ws.ledger.sendable(list_key)):
        chunk, own = ws.ledger.chunk(key), parts[key]
        place = np.arange(chunk.phone_count)
        mine = (own.start <= place) & (place < own.start + own.phone_count)
        ws.ledger.remove_phones(key, mine, smallest_chunk=ws.settings.smallest_chunk)
    with ws.ledger.planning() as tx:  # nor may what waits fill up another list's chunk
        tx.keep_waiting(list_key, np.empty(0, np.int64))
