"""Asking the vendor how its tasks do: due ones only, oldest first, side by side, within a time budget."""

from __future__ import annotations

import hashlib
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from fbcheck_pipeline import __version__
from fbcheck_pipeline.errors import RateLimited, StorageError, TaskNotFound, UnknownStatus, VendorError, VendorRefuses
from fbcheck_pipeline.ledger import ChunkState
from fbcheck_pipeline.ledger.access import batched
from fbcheck_pipeline.ledger.collecting import DAY_S, DAYS_UNTIL_GONE, MONTH_S
from fbcheck_pipeline.ledger.records import Chunk, TaskProgress
from fbcheck_pipeline.ledger.states import MOVES
from fbcheck_pipeline.model.task_ids import shown_task_id
from fbcheck_pipeline.vendor.task_snapshots import TaskSnapshot, TaskStatus
from fbcheck_pipeline.workflow.erasing.erased_chunks import finish_erasures
from fbcheck_pipeline.workflow.verdict_files.kept_results import kept_for
from fbcheck_pipeline.workflow.workspace import Workspace

if TYPE_CHECKING:
    from fbcheck_pipeline.vendor.client import VendorClient

log = logging.getLogger(__name__)

MOST_AT_ONCE = 16
LONGEST_INTERVAL_S, LONGEST_LATE_INTERVAL_S, LONGEST_ABANDONED_INTERVAL_S = 600.0, DAY_S, MONTH_S
"""Between two status calls of a task: before its deadline, long after it, and where a person gave it up, which no list waits for."""
LATE_SHARE = 0.1
"""After the deadline this share of what has passed since is waited: a late answer is heard when it is at most so much later."""
GROWTH = 1.6
"""Without progress to go by, each interval is this much longer than the last."""
SHARE_OF_REST = 0.7
"""With progress, this share of the estimated rest is waited."""


@dataclass
class Polled:
    """What a round of status calls found, by number of tasks."""

    asked: int = 0
    exported: int = 0
    failed: int = 0
    errors: int = 0
    unknown_statuses: tuple[str, ...] = ()
    refused: VendorRefuses | None = None


def first_poll_at(ws: Workspace) -> float:
    """When a task is first asked about."""
    return ws.ledger.clock() + ws.settings.poll_seconds


def poll_due_tasks(ws: Workspace, client: VendorClient, *, budget_s: float) -> Polled:
    """Ask about every due task and write what is learned to the ledger; no answer loses a task.

    Args:
        budget_s: no status call is started after so many seconds.
    """
    ws.ledger.recover_gone_senders()
    settle_overdue(ws)
    fetch_at_once_if_changed(ws)
    until = time.monotonic() + budget_s
    polled = Polled()

    def ask(chunk: Chunk) -> _Answer | None:
        return _ask(ws, client, chunk, polled) if time.monotonic() < until and polled.refused is None else None

    due = ws.ledger.due_for_poll()
    if due:
        with ThreadPoolExecutor(min(MOST_AT_ONCE, len(due))) as pool:
            answers = zip(due, pool.map(ask, due), strict=True)
            for some in batched(answers, MOST_AT_ONCE):  # recorded while the next are asked for
                with ws.ledger.together():
                    for chunk, answer in some:
                        if answer is not None:
                            _learn(ws, chunk, answer, polled)
    finish_erasures(ws)
    return polled


def fetch_at_once_if_changed(ws: Workspace) -> None:
    """Make each result due once that was not yet tried with these RESULT_HOSTS and this version of the program."""
    hosts = sorted(ws.settings.allowed_result_hosts or ["any"])
    ws.ledger.fetch_at_once_with(hashlib.sha256(" ".join([__version__, *hosts]).encode()).hexdigest()[:12])


def settle_overdue(ws: Workspace) -> None:
    """Mark tasks past the deadline as overdue: their lists no longer wait, but polling and fetching continue."""
    oldest = ws.ledger.clock() - ws.settings.task_deadline_hours * 3600
    for chunk in ws.ledger.chunks(states=[ChunkState.SUBMITTED, ChunkState.EXPORTED]):
        is_old = chunk.submitted_at is not None and chunk.submitted_at < oldest
        if is_old and (chunk.state is ChunkState.SUBMITTED or chunk.fetches):
            ws.ledger.mark_overdue(chunk.chunk_key, from_=chunk.state)


def status_of(client: VendorClient, chunk: Chunk) -> TaskSnapshot:
    """One status call, made as the chunk was sent.

    Raises:
        VendorError: see `VendorClient.task`.
    """
    return client.task(chunk.known_task_id, sent_with=chunk.protocol, user_id=chunk.user_id)


def ask_again(ws: Workspace, client: VendorClient, chunk: Chunk) -> TaskSnapshot:
    """One status call for a fresh result URL and fresh counts, noted in the ledger."""
    snapshot = status_of(client, chunk)
    if snapshot.has_result:
        _note_result(ws, chunk, snapshot, next_poll_at=chunk.next_poll_at)
    return snapshot


def deadline_at(ws: Workspace, chunk: Chunk) -> float:
    """Until when more is expected of a chunk: TASK_DEADLINE_HOURS after its export, or after its submission."""
    since = chunk.exported_at if chunk.exported_at is not None else chunk.submitted_at or chunk.planned_at
    return since + ws.settings.task_deadline_hours * 3600


def count_gone(ws: Workspace, chunk: Chunk, why: str, *, kept_says: str | None) -> bool:
    """Count that the vendor says it has no such task, or no such file; True when it has said so often enough and late enough.

    Args:
        kept_says: why the result that was kept holds the phones: it is not gone, then.
    """
    may_go = not kept_says and (chunk.state, ChunkState.GONE) in MOVES and ws.ledger.clock() > deadline_at(ws, chunk)
    note = f"{why}; the vendor has said so on {DAYS_UNTIL_GONE} days: the result is gone, and the next night may try its phones again"
    return may_go and ws.ledger.note_gone(chunk, note=note)


def settle_failed(ws: Workspace, chunk: Chunk, progress: TaskProgress, why: str) -> bool:
    """The chunk failed; if an operator attached its task, only verdicts show that it is the chunk's, else the attachment is undone."""
    if chunk.was_attached and not chunk.has_verdicts:
        note = (
            f"{why}; whether task {shown_task_id(chunk.task_id)} is this chunk's cannot be known, so it is not attached any more"
        )
        return ws.ledger.disown_task(chunk.chunk_key, from_=chunk.state, task_id=chunk.known_task_id, note=note)
    return ws.ledger.mark_failed(chunk, progress=progress, note=why)


def tried_note(why: str, tried: str, times: int, next_at: float) -> str:
    """For a person: why something is not there yet, how often it was tried, and when it is tried next.

    Args:
        tried: "asked" or "fetched".
    """
    when = datetime.fromtimestamp(next_at, UTC).strftime("%Y-%m-%d %H:%M UTC")
    often = "once" if times == 1 else f"{times} times"
    return f"{why}; {tried} {often}, next at {when}, or at once by `fbcheck run` of its list"


def longest_interval_s(ws: Workspace, chunk: Chunk) -> float:
    """The most seconds until the next status call: after the deadline ever more, so that tasks that never end cost little."""
    late_s = ws.ledger.clock() - deadline_at(ws, chunk)
    longest_s = LONGEST_ABANDONED_INTERVAL_S if chunk.state is ChunkState.ABANDONED else LONGEST_LATE_INTERVAL_S
    return min(max(LONGEST_INTERVAL_S, LATE_SHARE * late_s), longest_s)


def _interval_s(ws: Workspace, chunk: Chunk, snapshot: TaskSnapshot | None, now: float) -> float:
    """Seconds until the next status call, from what the task's progress foretells."""
    base_s = ws.settings.poll_seconds
    growing: float = base_s * GROWTH ** min(chunk.polls, 30)
    processed = (snapshot.success or 0) + (snapshot.failure or 0) if snapshot else 0
    if snapshot and snapshot.total and 0 < processed <= snapshot.total and snapshot.status is TaskStatus.PROCESSING:
        elapsed_s = max(now - (chunk.submitted_at or now), 0.0)
        growing = SHARE_OF_REST * elapsed_s * (snapshot.total - processed) / processed
    return min(max(growing, base_s), longest_interval_s(ws, chunk))


@dataclass(frozen=True)
class _Answer:
    """What a status call brought, and when it was made; where no result is to come, also what `kept_for` says."""

    asked_at: float
    said: TaskSnapshot | VendorError | StorageError
    kept_says: str | None = None


def _ask(ws: Workspace, client: VendorClient, chunk: Chunk, polled: Polled) -> _Answer:
    """All that takes time or may fail comes here, before the ledger is held for many answers."""
    now = ws.ledger.clock()
    polled.asked += 1
    said: TaskSnapshot | VendorError
    try:
        said = status_of(client, chunk)
        brings_nothing = said.status is TaskStatus.FAILED and not said.has_result
    except VendorError as error:
        said, brings_nothing = error, isinstance(error, TaskNotFound)
        if isinstance(error, VendorRefuses):
            polled.refused = error
    try:
        return _Answer(now, said, kept_for(ws, chunk) if brings_nothing else None)
    except StorageError as error:
        return _Answer(now, error)


def _learn(ws: Workspace, chunk: Chunk, answer: _Answer, polled: Polled) -> None:
    match answer.said:
        case VendorRefuses() as refusal:
            _note_error(ws, chunk, str(refusal), next_poll_at=answer.asked_at + max(60.0, ws.settings.poll_seconds))
        case TaskSnapshot() as snapshot:
            _learn_of_task(ws, chunk, snapshot, answer, polled)
        case error:
            _learn_of_fault(ws, chunk, error, answer, polled)


def _learn_of_fault(ws: Workspace, chunk: Chunk, error: VendorError | StorageError, answer: _Answer, polled: Polled) -> None:
    polled.errors += 1
    if isinstance(error, UnknownStatus):
        polled.unknown_statuses += (str(error),)
    told_s = error.retry_after_s if isinstance(error, RateLimited) else None
    wait_s = (
        _interval_s(ws, chunk, None, answer.asked_at)
        if told_s is None
        else min(max(told_s, ws.settings.poll_seconds), LONGEST_INTERVAL_S)
    )
    level = logging.DEBUG if isinstance(error, TaskNotFound) else logging.WARNING
    log.log(level, "status call failed chunk_key=%s error=%s", chunk.chunk_key, type(error).__name__)
    if isinstance(error, TaskNotFound) and count_gone(ws, chunk, str(error), kept_says=answer.kept_says):
        return
    _note_error(ws, chunk, str(error), next_poll_at=answer.asked_at + wait_s)


def _learn_of_task(ws: Workspace, chunk: Chunk, snapshot: TaskSnapshot, answer: _Answer, polled: Polled) -> None:
    ledger, progress, now = ws.ledger, progress_of(snapshot), answer.asked_at
    failed = f"the vendor says this task failed: {snapshot.message or 'no reason given'}"
    if snapshot.has_result:
        was_there = chunk.state is ChunkState.OVERDUE and chunk.has_result
        if was_there or chunk.state is ChunkState.ABANDONED:  # only URL and counts may be fresh
            _note_result(ws, chunk, snapshot, next_poll_at=now + longest_interval_s(ws, chunk))
            return
        polled.exported += ledger.mark_exported(
            chunk,
            progress=progress,
            vendor_exported_at=snapshot.updated_at,
            result_url=snapshot.result_url,
            note=failed if snapshot.status is TaskStatus.FAILED else None,
        )
    elif answer.kept_says:
        why = f"{failed}; a file of it is kept: {answer.kept_says}"
        ledger.note_poll_error(chunk, note=why, next_poll_at=now + longest_interval_s(ws, chunk))
    elif snapshot.status is TaskStatus.FAILED and chunk.state is not ChunkState.ABANDONED:
        polled.failed += settle_failed(ws, chunk, progress, failed)
    else:
        wait_s = _interval_s(ws, chunk, snapshot, now)
        ledger.note_progress(chunk, progress, next_poll_at=now + wait_s)


def _note_error(ws: Workspace, chunk: Chunk, why: str, *, next_poll_at: float) -> None:
    note = tried_note(why, "asked", chunk.polls + 1, next_poll_at)
    ws.ledger.note_poll_error(chunk, note=note, next_poll_at=next_poll_at)


def progress_of(snapshot: TaskSnapshot) -> TaskProgress:
    """What the ledger records of a status answer."""
    return TaskProgress(snapshot.status.value, snapshot.total, snapshot.success, snapshot.failure)


def _note_result(ws: Workspace, chunk: Chunk, snapshot: TaskSnapshot, *, next_poll_at: float) -> None:
    ws.ledger.note_still_exported(
        chunk,
        progress_of(snapshot),
        vendor_exported_at=snapshot.updated_at,
        next_poll_at=next_poll_at,
        result_url=snapshot.result_url,
    )
