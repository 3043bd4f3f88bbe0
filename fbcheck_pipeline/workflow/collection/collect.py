"""Exported results into the verdict store: each is fetched once, kept, read, matched with what was sent, and recorded."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from fbcheck_pipeline.errors import ResultError, ResultExpired, ResultUnreadable, StorageError, TaskNotFound, VendorError
from fbcheck_pipeline.files.scratch import scratch_folder
from fbcheck_pipeline.files.storage import release_unused_memory
from fbcheck_pipeline.ledger import ChunkState
from fbcheck_pipeline.ledger.access import batched
from fbcheck_pipeline.ledger.collecting import DAY_S, HOUR_S
from fbcheck_pipeline.ledger.opening import stamp
from fbcheck_pipeline.ledger.records import Chunk, TaskProgress
from fbcheck_pipeline.ledger.schema import ERASED
from fbcheck_pipeline.ledger.states import MOVES
from fbcheck_pipeline.progress import report_progress
from fbcheck_pipeline.vendor.client import VendorClient
from fbcheck_pipeline.vendor.task_snapshots import TaskSnapshot, TaskStatus
from fbcheck_pipeline.workflow.collection.poll import (
    ask_again,
    count_gone,
    deadline_at,
    fetch_at_once_if_changed,
    longest_interval_s,
    settle_failed,
    settle_overdue,
    tried_note,
)
from fbcheck_pipeline.workflow.collection.taking_in import (
    REPEATS,
    AnotherChunks,
    Fetched,
    collect_as_it_is,
    is_at_end,
    take_in,
    take_in_kept,
)
from fbcheck_pipeline.workflow.erasing.erased_chunks import concerns_erasure, finish_erasures
from fbcheck_pipeline.workflow.index.index_upkeep import update_index
from fbcheck_pipeline.workflow.sent_phones import loaded
from fbcheck_pipeline.workflow.tables.verdict_tables import refresh_at_once
from fbcheck_pipeline.workflow.verdict_files.kept_results import READY, keep, kept, kept_for
from fbcheck_pipeline.workflow.verdict_files.volumes import bind_verdicts
from fbcheck_pipeline.workflow.workspace import Workspace

log = logging.getLogger(__name__)

MOST_DOWNLOADS = 8
TAKEN_AT_ONCE = 250
"""Fetches that are taken in one transaction: on a server that is far away each takes milliseconds, and nobody else writes meanwhile."""
MOST_READERS = 2
"""Results are read beside downloads, but few at once: each reader's memory stays with its thread."""
LONGEST_WAIT_S, LONGEST_LATE_WAIT_S = HOUR_S, DAY_S
"""Between two fetches, before the deadline and after it; where a person gave the task up, as between status calls."""


@dataclass
class Collected:
    """What a round of collecting did, by number of tasks; `problems` are chunk keys with a sentence each, `faults` are the storage's."""

    phones: int = 0
    problems: dict[str, str] = field(default_factory=dict)
    chunk_keys: list[str] = field(default_factory=list)
    faults: list[StorageError] = field(default_factory=list)

    @property
    def tasks(self) -> int:
        """How many results were recorded."""
        return len(self.chunk_keys)


def collect_exported(ws: Workspace, client: VendorClient) -> Collected:
    """Fetch every exported result that is due, side by side, and record its verdicts; an unreadable one comes later again.

    Raises:
        StorageError: a result could not be stored; the others were, and it comes later again.
    """
    collected = Collected()
    fetch_at_once_if_changed(ws)
    if due := ws.ledger.due_for_fetch():
        with ws.ledger.sender() as fetcher:
            _collect_all(ws, client, fetcher, due, collected)
        stamp(ws.storage, ws.ledger)
        settle_overdue(ws)
        release_unused_memory()
        finish_erasures(ws)
        update_index(ws)
        bind_verdicts(ws)
        refresh_at_once(ws)
        release_unused_memory()
    if collected.faults:
        raise collected.faults[0]
    return collected


def _collect_all(ws: Workspace, client: VendorClient, fetcher: str, due: Sequence[Chunk], collected: Collected) -> None:
    with ThreadPoolExecutor(MOST_READERS) as readers, ThreadPoolExecutor(min(MOST_DOWNLOADS, len(due))) as downloads:
        ours = list[Chunk]()
        for some in batched(due, TAKEN_AT_ONCE):
            with ws.ledger.together():
                ours += [chunk for chunk in some if ws.ledger.begin_fetch(chunk, fetcher)]
        done, total = 0, sum(chunk.phone_count for chunk in ours)

        def collect(chunk: Chunk) -> None:
            try:
                _collect(ws, client, readers, chunk, collected)
            except StorageError as error:
                _note_fault(ws, chunk.chunk_key, error)
                collected.faults.append(error)

        for chunk, _ in zip(ours, downloads.map(collect, ours), strict=True):
            done += chunk.phone_count
            report_progress("collecting", done, total)


def _collect(ws: Workspace, client: VendorClient, readers: Executor, chunk: Chunk, collected: Collected) -> None:
    try:
        with scratch_folder() as folder:
            path = folder / "result"
            fetched = _fetch(ws, client, chunk, path)
            missing = readers.submit(_keep_and_take_in, ws, fetched, path).result()
    except VendorError as error:
        missing = readers.submit(_explain, ws, chunk, error).result()
    if missing is not None:
        collected.problems[chunk.chunk_key] = missing
        return
    collected.chunk_keys.append(chunk.chunk_key)
    collected.phones += chunk.phone_count


def _explain(ws: Workspace, chunk: Chunk, error: VendorError) -> str | None:
    """Note in the ledger why a result is not there, and when it is fetched again; returns the reason.

    Where an earlier file was kept that can be read by now, that is used instead.
    """
    log.warning("result not collected chunk_key=%s error=%s", chunk.chunk_key, type(error).__name__)
    kept_says = None if isinstance(error, AnotherChunks) else kept_for(ws, chunk)  # that file is not this chunk's
    if kept_says == READY:
        try:
            with kept(ws, chunk.known_task_id) as path:
                return None if path is None else take_in_kept(ws, chunk, path)
        except VendorError as found:
            error, kept_says = found, None
    why = str(error) if kept_says in (None, str(error)) else f"{error}; an earlier file of it is kept: {kept_says}"
    if not _has_ended(ws, chunk, error, why, kept_says):
        _note_failure(ws, chunk, error, why)
    return why


def _has_ended(ws: Workspace, chunk: Chunk, error: VendorError, why: str, kept_says: str | None) -> bool:
    """True where the chunk leaves its state by a fetch that brought nothing."""
    if isinstance(error, AnotherChunks) and (chunk.state, ChunkState.UNCONFIRMED) in MOVES and not chunk.has_verdicts:
        ws.ledger.disown_task(chunk.chunk_key, from_=chunk.state, task_id=chunk.known_task_id, note=why)
        return True
    if _says_gone(error) and count_gone(ws, chunk, why, kept_says=kept_says):
        return True
    if is_at_end(ws, chunk):
        collect_as_it_is(ws, chunk.chunk_key)
        return True
    may_fail = chunk.vendor_status == TaskStatus.FAILED and not chunk.has_verdicts and (chunk.state, ChunkState.FAILED) in MOVES
    if may_fail and not kept_says and (_is_late(ws, chunk) or _repeats(chunk, error) >= REPEATS):
        progress = TaskProgress(TaskStatus.FAILED.value, chunk.total, chunk.success, chunk.failure)
        settle_failed(ws, chunk, progress, f"the vendor says this task failed, and its result cannot be had: {why}")
        return True
    return False


def _note_fault(ws: Workspace, chunk_key: str, error: StorageError) -> None:
    """Note in the ledger why a result could not be stored, and when it is fetched again: minutes later, so it is said at once.

    What waits as long comes in one round, at multiples of its pause: a disk fails for all, and each round is a run that fails.
    """
    log.warning("result not stored chunk_key=%s error=%s", chunk_key, type(error).__name__)
    chunk = ws.ledger.chunk(chunk_key)
    pause_s = _pause_s(ws, chunk)
    at = (ws.ledger.clock() // pause_s + 1) * pause_s
    note = tried_note(str(error), "fetched", chunk.fetches + 1, at)
    ws.ledger.note_fetch_error(chunk, to=chunk.state, note=note, next_fetch_at=at, repeats=chunk.repeats, is_there=False)


def _pause_s(ws: Workspace, chunk: Chunk) -> float:
    """How long until a result that could not be used this time is fetched again: ever longer."""
    longest_s = LONGEST_LATE_WAIT_S if _is_late(ws, chunk) else LONGEST_WAIT_S
    if chunk.state is ChunkState.ABANDONED:
        longest_s = max(longest_s, longest_interval_s(ws, chunk))
    return min(ws.settings.poll_seconds * 2.0 ** min(chunk.fetches, 30), longest_s)


def _note_failure(ws: Workspace, chunk: Chunk, error: VendorError, why: str) -> None:
    at, repeats = ws.ledger.clock() + _pause_s(ws, chunk), _repeats(chunk, error)
    is_short = chunk.has_verdicts and chunk.state is ChunkState.EXPORTED and repeats >= REPEATS
    ws.ledger.note_fetch_error(
        chunk,
        to=ChunkState.SHORT if is_short else chunk.state,
        note=tried_note(why, "fetched", chunk.fetches + 1, at),
        next_fetch_at=at,
        repeats=repeats,
        is_there=isinstance(error, ResultError) and not _says_gone(error),
    )


def _repeats(chunk: Chunk, error: VendorError) -> int:
    """How often in a row nothing new came of a result that was used, or a failed task's file was said to be gone."""
    if chunk.has_verdicts:
        return chunk.repeats + (chunk.next_fetch_at > 0)
    return chunk.repeats + 1 if _says_gone(error) else 0


def _is_late(ws: Workspace, chunk: Chunk) -> bool:
    return ws.ledger.clock() > deadline_at(ws, chunk)


def _says_gone(error: VendorError) -> bool:
    return isinstance(error, TaskNotFound) or (isinstance(error, ResultExpired) and error.http_status in (403, 404, 410))


def _fetch(ws: Workspace, client: VendorClient, chunk: Chunk, path: Path) -> Fetched:
    """Download a result; the first time from the URL that is known, then from a fresh one with fresh counts."""
    url, told, failure = chunk.result_url, None, None
    while True:
        if not url or chunk.fetches or failure:
            try:
                told = ask_again(ws, client, chunk)
                url = told.result_url
            except VendorError as error:
                failure = error
                if not url:
                    raise
        if not url:
            raise failure or ResultUnreadable(_names_no_result(told))
        try:
            found = client.download(url, path)
            break
        except ResultExpired as error:
            if told or failure:
                raise failure or error from None
            failure = error
    known: Chunk | TaskSnapshot = told or chunk
    return Fetched(chunk, found.sha256, known.total, known.success, known.failure)


def _names_no_result(told: TaskSnapshot | None) -> str:
    if told is None or told.has_result:
        return "the vendor reports the task as exported and names no result; it is asked again"
    return f"the vendor named a result of this task before, and now says that the task is {told.status}; it is asked again"


def _keep_and_take_in(ws: Workspace, fetched: Fetched, path: Path) -> str | None:
    chunk = loaded(ws, fetched.chunk.chunk_key)
    if not concerns_erasure(ws, chunk):
        keep(ws, chunk, path)
        return take_in(ws, fetched, chunk, path)
    try:
        return take_in(ws, fetched, chunk, path)
    except ResultError:
        if chunk.payload_sha256 != ERASED:  # paid for, and not used yet: it goes when the chunk settles
            keep(ws, chunk, path)
        raise
