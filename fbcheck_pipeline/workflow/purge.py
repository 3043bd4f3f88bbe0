"""Deleting personal data past retention, everywhere it lies; only counts are left behind.

The ledger's rows go last, so that a purge that was stopped half way is finished by the next one. Its chunks are marked first:
nobody plans with verdicts that are half gone.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from fbcheck_pipeline.ledger import TRAITS, ChunkState
from fbcheck_pipeline.ledger.book import Row
from fbcheck_pipeline.workflow.collect import result_file_names
from fbcheck_pipeline.workflow.intake import INBOX
from fbcheck_pipeline.workflow.pins import read_pins
from fbcheck_pipeline.workflow.verdicts import drop_index, verdicts_name
from fbcheck_pipeline.workflow.workspace import Workspace

log = logging.getLogger(__name__)

LIST_FILES = (
    "raw_phones/{}.parquet",
    "e164_phones/{}.parquet",
    "submitted_chunks/{}.parquet",
    "facebook_results/{}.parquet",
    "facebook_results/{}.lineage.json",
    "facebook_results/{}.openlineage.json",
    "facebook_results/{}.report.html",
)
DAY_S = 86_400


@dataclass(frozen=True)
class Purged:
    """What was (or in a dry run would be) deleted."""

    list_keys: tuple[str, ...]
    chunks: int
    phones: int
    files: int
    open_lists_skipped: int


def purge(ws: Workspace, *, older_than_days: float, dry_run: bool = False) -> Purged:
    """Delete lists last joined before so many days, with every chunk and verdict that no remaining list needs.

    Args:
        older_than_days: age of the last join; lists that are still open are skipped.
    """
    oldest = ws.ledger.clock() - older_than_days * DAY_S
    old = [row for row in ws.ledger.lists() if row.joined_at is not None and row.joined_at < oldest]
    gone = [row for row in old if row.is_complete]
    chunks = _chunks_nobody_needs(ws, {row.list_key for row in gone}, oldest)
    names = [name for row in gone for name in _files_of_list(row)] + [name for row in chunks for name in _files_of_chunk(row)]
    there = [name for name in names if ws.storage.exists(name)]
    purged = Purged(
        list_keys=tuple(row.list_key for row in gone),
        chunks=len(chunks),
        phones=sum(row.phone_count for row in chunks),
        files=len(there),
        open_lists_skipped=len(old) - len(gone),
    )
    if dry_run:
        return purged
    if chunks:
        ws.ledger.condemn([row.chunk_key for row in chunks])
        drop_index(ws.storage, ws.ledger)
    for name in there:
        ws.storage.delete(name)
    ws.storage.drop_leftovers(before=min(oldest, ws.ledger.clock() - DAY_S))
    ws.ledger.forget([row.list_key for row in gone], [row.chunk_key for row in chunks])
    log.info("purged lists=%d chunks=%d phones=%d files=%d", len(gone), purged.chunks, purged.phones, purged.files)
    return purged


def _chunks_nobody_needs(ws: Workspace, gone: set[str], oldest: float) -> list[Row]:
    """Settled chunks, old enough, that no list which stays depends on or takes a verdict from; and those marked before."""
    needed: set[str] = set()
    for row in ws.ledger.lists():
        if row.list_key not in gone:
            pins = read_pins(ws.storage, row.list_key)
            needed |= {answer.chunk_key for answer in pins.answers if answer.chunk_key} if pins else set()
    for chunk_key, list_keys in ws.ledger.lists_of_chunks().items():
        if set(list_keys) - gone:
            needed.add(chunk_key)

    def may_go(row: Row) -> bool:
        is_old = row.settled_at is not None and row.settled_at < oldest
        return row.chunk_key not in needed and is_old and not TRAITS[ChunkState(row.state)].holds

    return [row for row in ws.ledger.chunks() if row.state == ChunkState.PURGED or may_go(row)]


def _files_of_list(row: Row) -> list[str]:
    return [f"{INBOX}/{row.inbox_name}", *(pattern.format(row.list_key) for pattern in LIST_FILES)]


def _files_of_chunk(row: Row) -> list[str]:
    of_task = [verdicts_name(row.task_id), *result_file_names(row.task_id)] if row.task_id else []
    return [f"chunks/{row.chunk_key}.txt", *of_task]
