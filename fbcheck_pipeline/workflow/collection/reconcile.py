"""An operator's decision on a chunk that does not come to an end by itself."""

from __future__ import annotations

from contextlib import suppress

from fbcheck_pipeline.errors import OperatorError, TaskNotFound, VendorError
from fbcheck_pipeline.ledger import ChunkState
from fbcheck_pipeline.ledger.calling_off import CALLED_OFF
from fbcheck_pipeline.ledger.records import Chunk, LoadedChunk
from fbcheck_pipeline.model.task_ids import shown_task_id
from fbcheck_pipeline.model.timestamps import timestamp_us
from fbcheck_pipeline.vendor.client import VendorClient
from fbcheck_pipeline.vendor.protocols import PROTOCOLS
from fbcheck_pipeline.vendor.task_snapshots import TaskSnapshot
from fbcheck_pipeline.workflow.collection.taking_in import accept_kept
from fbcheck_pipeline.workflow.tables.verdict_tables import refresh_at_once
from fbcheck_pipeline.workflow.workspace import Workspace

HOUR_S, DAY_S = 3600.0, 86_400.0


def attach_task(ws: Workspace, client: VendorClient, chunk_key: str, task_id: str) -> None:
    """The vendor accepted the chunk as this task: it is polled from now on, and its result must show that it is the chunk's.

    Whatever is not sent yet of a resubmission, or of phones that were tried again after the chunk was abandoned, is called off.

    Raises:
        OperatorError: the chunk is not unconfirmed, nor decided to be sent once more, nor abandoned without a task; the task is
            another chunk's, size or time.
        VendorError: the vendor does not know the task.
    """
    known = ws.ledger.chunk(chunk_key)
    called_off = CALLED_OFF if known.resubmissions else ()
    given_up = (ChunkState.ABANDONED,) if known.task_id is None else ()
    chunk = _chunk(ws, chunk_key, ChunkState.UNCONFIRMED, *given_up, *called_off)
    snapshot, protocol, user_id = _ask(ws, client, chunk, task_id)
    total = chunk.phone_count
    if snapshot.total and snapshot.total != total:
        raise OperatorError(
            f"task {shown_task_id(task_id)} has {snapshot.total} phones, the chunk {total}; look for the task that fits"
        )
    if not _may_be_of(chunk, snapshot, ws.ledger.clock()):
        raise OperatorError(
            f"task {shown_task_id(task_id)} was created at {snapshot.created_at}, not within a day after chunk {chunk_key} was sent; "
            "look for the task that fits"
        )
    moved = ws.ledger.attach_task(
        chunk_key,
        task_id=snapshot.task_id,
        total=snapshot.total,
        is_synthetic=snapshot.is_synthetic,
        protocol=protocol,
        user_id=user_id,
    )
    _see_that_it_moved(chunk_key, moved)


def resubmit(ws: Workspace, chunk_key: str) -> None:
    """The vendor never got the chunk: it is sent once more; should that be wrong, it is billed twice.

    Raises:
        OperatorError: the chunk is not unconfirmed, or MAX_BILLABLE has no room: the earlier try counts as well.
    """
    _chunk(ws, chunk_key, ChunkState.UNCONFIRMED)
    _see_that_budgets_allow(ws, chunk_key)
    _see_that_it_moved(chunk_key, ws.ledger.resubmit(chunk_key))


def abandon(ws: Workspace, chunk_key: str) -> None:
    """Nobody will know: the chunk's phones are undetermined, and sent again only by `run --retry`.

    Also for an overdue task whose result never comes, or cannot be read, and for what a short one lacks.
    """
    from_ = _chunk(ws, chunk_key, ChunkState.UNCONFIRMED, ChunkState.OVERDUE, ChunkState.SHORT).state
    _see_that_it_moved(chunk_key, ws.ledger.mark_abandoned(chunk_key, from_=from_, note="abandoned by an operator"))


def accept(ws: Workspace, chunk_key: str) -> None:
    """The result that was kept is used as it is: phones whose labels have no meaning are undetermined.

    Raises:
        OperatorError: the chunk has no result.
        ResultError: its result cannot be read.
    """
    accept_kept(ws, _chunk(ws, chunk_key, ChunkState.EXPORTED, ChunkState.SHORT, ChunkState.OVERDUE, ChunkState.ABANDONED))
    _see_that_it_moved(chunk_key, ws.ledger.chunk(chunk_key).state is ChunkState.COLLECTED)
    refresh_at_once(ws)


def _ask(ws: Workspace, client: VendorClient, chunk: Chunk, task_id: str) -> tuple[TaskSnapshot, str | None, str | None]:
    """The task, and the protocol and user that the vendor knows it by: the chunk's, else the settings', else the other protocol.

    An earlier try may have been sent otherwise than the last.
    """
    settings = ws.settings
    try:
        return client.task(task_id, sent_with=chunk.protocol, user_id=chunk.user_id), chunk.protocol, chunk.user_id
    except TaskNotFound:
        for protocol in dict.fromkeys((settings.protocol, *PROTOCOLS)):
            with suppress(VendorError):
                return client.task(task_id, sent_with=protocol, user_id=settings.user_id), protocol, settings.user_id
        raise


def _may_be_of(chunk: Chunk, snapshot: TaskSnapshot, now: float) -> bool:
    """False where the vendor's clock says that the task was created before the chunk was sent, or a day later."""
    created_us = timestamp_us(snapshot.created_at)
    if created_us is None or chunk.first_sent_at is None:
        return True
    skew_s = 0.0 if snapshot.answered_at is None else abs(snapshot.answered_at - now)
    slack_s = max(skew_s, HOUR_S)
    last = chunk.first_sent_at if chunk.last_sent_at is None else chunk.last_sent_at
    return chunk.first_sent_at - slack_s <= created_us / 1e6 <= last + DAY_S + slack_s


def _see_that_budgets_allow(ws: Workspace, chunk_key: str) -> None:
    for list_key in ws.ledger.lists_of_chunks([chunk_key])[chunk_key]:
        stretch = ws.ledger.parts_of(list_key).get(chunk_key)
        if stretch is None:
            continue
        with ws.ledger.planning() as tx:
            bought, limit = tx.bought_for(list_key), tx.limit_of(list_key, ws.settings.max_billable)
        if limit is not None and bought + stretch.phone_count > limit:
            raise OperatorError(
                f"list {list_key} counts {bought} phones as bought; buying these {stretch.phone_count} again would be above its "
                f"limit of {limit}; raise it with `fbcheck run --max-billable`, or give the phones up with --abandon"
            )


def _chunk(ws: Workspace, chunk_key: str, *states: ChunkState) -> LoadedChunk:
    ws.ledger.recover_gone_senders()
    chunk = ws.ledger.chunk(chunk_key)
    if chunk.state is ChunkState.SENDING:
        raise OperatorError(
            f"chunk {chunk_key} is being sent; where its process was stopped, that is known within minutes: ask again then"
        )
    if chunk.state not in states:
        raise OperatorError(f"chunk {chunk_key} is {chunk.state}, not {' or '.join(states)}; there is nothing to decide")
    return chunk


def _see_that_it_moved(chunk_key: str, moved: bool) -> None:
    if not moved:
        raise OperatorError(f"chunk {chunk_key} changed state in the meantime; look at `fbcheck status`")
