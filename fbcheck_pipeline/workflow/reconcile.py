"""An operator's decision on a chunk that does not come to an end by itself."""

from __future__ import annotations

from fbcheck_pipeline.errors import OperatorError
from fbcheck_pipeline.ledger import ChunkState
from fbcheck_pipeline.ledger.access import Row
from fbcheck_pipeline.vendor import VendorClient
from fbcheck_pipeline.workflow.workspace import Workspace


def attach_task(ws: Workspace, client: VendorClient, chunk_key: str, task_id: str) -> None:
    """The vendor accepted the chunk as this task: it is polled from now on.

    Raises:
        OperatorError: the chunk is not unconfirmed, or the task belongs to another chunk.
        VendorError: the vendor does not know the task.
    """
    total = _chunk(ws, chunk_key, ChunkState.UNCONFIRMED).phone_count
    snapshot = client.task(task_id)
    if snapshot.total and snapshot.total != total:
        raise OperatorError(f"task {task_id} has {snapshot.total} phones, the chunk {total}; look for the task that fits")
    _settled(
        chunk_key,
        ws.ledger.record_task(
            chunk_key,
            sender=None,
            task_id=snapshot.task_id,
            total=snapshot.total,
            is_synthetic=snapshot.is_synthetic,
            next_poll_at=0,
        ),
    )


def resubmit(ws: Workspace, chunk_key: str) -> None:
    """The vendor never got the chunk: it is sent once more; should that be wrong, it is billed twice.

    Raises:
        OperatorError: the chunk is not unconfirmed, or MAX_BILLABLE has no room: the earlier try counts as well.
    """
    _chunk(ws, chunk_key, ChunkState.UNCONFIRMED)
    _see_that_budgets_allow(ws, chunk_key)
    _settled(chunk_key, ws.ledger.resubmit(chunk_key))


def abandon(ws: Workspace, chunk_key: str) -> None:
    """Nobody will know: the chunk's phones are undetermined, and sent again only by `run --retry`.

    Also for an overdue task whose result never comes, or cannot be read.
    """
    from_ = ChunkState(_chunk(ws, chunk_key, ChunkState.UNCONFIRMED, ChunkState.OVERDUE).state)
    note = "abandoned by an operator"
    _settled(chunk_key, ws.ledger.settle_unanswered(chunk_key, from_=from_, to=ChunkState.ABANDONED, note=note))


def _see_that_budgets_allow(ws: Workspace, chunk_key: str) -> None:
    if (limit := ws.settings.max_billable) is None:
        return
    for list_key in ws.ledger.lists_of_chunks()[chunk_key]:
        _, again = ws.ledger.parts_of(list_key).get(chunk_key, (0, 0))
        if not again:
            continue
        with ws.ledger.planning() as tx:
            bought = tx.bought_for(list_key)
        if bought + again > limit:
            raise OperatorError(
                f"list {list_key} counts {bought} phones as bought, these {again} again would be above FBCHECK_MAX_BILLABLE={limit}; "
                "raise it, or give the phones up with --abandon"
            )


def _chunk(ws: Workspace, chunk_key: str, *states: ChunkState) -> Row:
    ws.ledger.recover_gone_senders()
    row = ws.ledger.chunk(chunk_key)
    if row.state not in states:
        raise OperatorError(f"chunk {chunk_key} is {row.state}, not {' or '.join(states)}; there is nothing to decide")
    return row


def _settled(chunk_key: str, moved: bool) -> None:
    if not moved:
        raise OperatorError(f"chunk {chunk_key} was moved by somebody else meanwhile; look at `fbcheck status`")
