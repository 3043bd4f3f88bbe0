"""Asking the vendor how its tasks do: due ones only, oldest first, side by side, within a time budget."""

from __future__ import annotations

import logging
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

from fbcheck_pipeline.errors import RateLimited, TaskNotFound, UnknownStatus, VendorError, VendorRefuses
from fbcheck_pipeline.ledger import ChunkState
from fbcheck_pipeline.ledger.access import Row
from fbcheck_pipeline.vendor import TaskSnapshot, TaskStatus, VendorClient
from fbcheck_pipeline.workflow.workspace import Workspace

log = logging.getLogger(__name__)

MOST_AT_ONCE = 16
LONGEST_INTERVAL_S = 600.0
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
    until = time.monotonic() + budget_s
    polled = Polled()

    def ask(row: Row) -> None:
        if time.monotonic() < until and polled.refused is None:
            _ask(ws, client, row, polled)

    due = ws.ledger.due_for_poll()
    if due:
        with ThreadPoolExecutor(min(MOST_AT_ONCE, len(due))) as pool:
            list(pool.map(ask, due))
    return polled


def settle_overdue(ws: Workspace) -> None:
    """Tasks past the deadline settle their lists; they are polled and fetched all the same."""
    oldest = ws.ledger.clock() - ws.settings.task_deadline_hours * 3600
    for row in ws.ledger.chunks(states=[ChunkState.SUBMITTED, ChunkState.EXPORTED]):
        if row.submitted_at < oldest and (row.state == ChunkState.SUBMITTED or row.fetches):
            ws.ledger.advance(row.chunk_key, from_=ChunkState(row.state), to=ChunkState.OVERDUE)


def ask_again(ws: Workspace, client: VendorClient, row: Row) -> TaskSnapshot:
    """One status call for a fresh result URL, noted in the ledger."""
    snapshot = client.task(row.task_id)
    ws.ledger.note_poll(row.chunk_key, state=row.state, result_url=snapshot.result_url)
    return snapshot


def interval_s(row: Row, snapshot: TaskSnapshot | None, now: float, base_s: float) -> float:
    """Seconds until the next status call, from what the task's progress foretells."""
    growing: float = base_s * GROWTH ** min(row.polls, 20)
    processed = (snapshot.success or 0) + (snapshot.failure or 0) if snapshot else 0
    if snapshot and snapshot.total and 0 < processed <= snapshot.total and snapshot.status is TaskStatus.PROCESSING:
        elapsed = max(now - row.submitted_at, 0.0)
        growing = SHARE_OF_REST * elapsed * (snapshot.total - processed) / processed
    return min(max(growing, base_s), LONGEST_INTERVAL_S)


def _ask(ws: Workspace, client: VendorClient, row: Row, polled: Polled) -> None:
    now = ws.ledger.clock()
    note = partial(ws.ledger.note_poll, row.chunk_key, state=row.state)
    polled.asked += 1
    try:
        snapshot = client.task(row.task_id)
    except VendorRefuses as error:
        polled.refused = error
        note(note=str(error), next_poll_at=now + max(60.0, ws.settings.poll_seconds))
        return
    except VendorError as error:
        polled.errors += 1
        if isinstance(error, UnknownStatus):
            polled.unknown_statuses += (str(error),)
        told = error.retry_after_s if isinstance(error, RateLimited) else None
        wait_s = (
            interval_s(row, None, now, ws.settings.poll_seconds)
            if told is None
            else min(max(told, ws.settings.poll_seconds), LONGEST_INTERVAL_S)
        )
        level = logging.DEBUG if isinstance(error, TaskNotFound) else logging.WARNING
        log.log(level, "status call failed chunk_key=%s error=%s", row.chunk_key, type(error).__name__)
        note(note=str(error), next_poll_at=now + wait_s)
        return
    _learn(ws, row, snapshot, now, polled)


def _learn(ws: Workspace, row: Row, snapshot: TaskSnapshot, now: float, polled: Polled) -> None:
    ledger, state = ws.ledger, ChunkState(row.state)
    note = partial(ledger.note_poll, row.chunk_key, state=row.state)
    facts: dict[str, Any] = {
        "vendor_status": snapshot.status.value,
        "total": snapshot.total,
        "success": snapshot.success,
        "failure": snapshot.failure,
    }
    if snapshot.status is TaskStatus.EXPORTED:
        if state is ChunkState.OVERDUE and row.vendor_status == TaskStatus.EXPORTED:
            # its result could not be read in time; only the URL may be fresh
            note(result_url=snapshot.result_url, next_poll_at=now + LONGEST_INTERVAL_S, **facts)
            return
        moved = ledger.advance(
            row.chunk_key,
            from_=state,
            to=ChunkState.EXPORTED,
            exported_at=now,
            vendor_exported_at=snapshot.updated_at,
            result_url=snapshot.result_url,
            note=None,
            **facts,
        )
        polled.exported += moved
    elif snapshot.status is TaskStatus.FAILED:
        note(**facts)
        why = f"the vendor says this task failed: {snapshot.message or 'no reason given'}"
        polled.failed += ledger.settle_unanswered(row.chunk_key, from_=state, to=ChunkState.FAILED, note=why)
    else:
        wait_s = interval_s(row, snapshot, now, ws.settings.poll_seconds)
        note(note=None, next_poll_at=now + wait_s, **facts)
