"""The use case that buys: a list is planned or held, what is new is sent, what answers each phone is pinned, the counts are noted."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace

from fbcheck_pipeline.errors import LedgerError, StorageError
from fbcheck_pipeline.files.storage import release_unused_memory
from fbcheck_pipeline.ledger import codec
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.vendor.client import VendorClient
from fbcheck_pipeline.workflow.answers import tally_of
from fbcheck_pipeline.workflow.buying.allocation import Again
from fbcheck_pipeline.workflow.buying.doubt import plan_or_hold
from fbcheck_pipeline.workflow.buying.pins import Pins, write_pins
from fbcheck_pipeline.workflow.buying.plan import wants_planning
from fbcheck_pipeline.workflow.buying.send import RetryPolicy, Sent, send_planned_chunks
from fbcheck_pipeline.workflow.content import ListContent, stored_content
from fbcheck_pipeline.workflow.workspace import Workspace


@dataclass(frozen=True)
class Submission:
    """What became of a list: `counts` has `rows`, `phones` and one entry per check_status; `pinned` counts distinct phones."""

    sent: Sent
    counts: dict[str, int]
    pinned: int


def submit_list(
    ws: Workspace,
    client: VendorClient,
    list_key: str,
    content: ListContent,
    *,
    again: Again = Again.NOBODY,
    is_confirmed: bool = False,
    max_billable: int | None = None,
    policy: RetryPolicy | None = None,
    as_of: int | None = None,
    balance: float | None = None,
) -> Submission:
    """Plan a list, send what it depends on, pin what answers each of its phones, note the counts.

    Killed at any point, it may be called again: planning sees what was sent, and nothing is sent twice.

    Args:
        content: of the list as it was normalised.
        again: who asks for phones to be sent again that got no usable answer.
        is_confirmed: a person knows how the list was read, see `plan_or_hold`.
        as_of: the ledger's generation before the list was read; None for now.
        balance: what the vendor has left for us in USD; None where it is to be asked.
        max_billable: the most phones that may ever be submitted for this list, to be recorded; None leaves what is recorded.

    Raises:
        OperatorError: a purpose is required and the list has none.
        VendorRefuses: key, balance or address; what is unsent stays planned.
        StorageError: the pins cannot be written; what is new was sent.
    """
    as_of = ws.ledger.generation() if as_of is None else as_of
    if max_billable is not None:
        ws.ledger.note_limit(list_key, max_billable)
    sent = Sent(is_heard=balance is not None, balance=balance)
    pins = plan_or_hold(ws, list_key, content, again=again, is_confirmed=is_confirmed)
    release_unused_memory()
    try:
        send_planned_chunks(ws, client, list_key, sent, policy=policy)
        while not sent.postponed and wants_planning(ws, list_key):
            pins = plan_or_hold(ws, list_key, content, again=again, is_confirmed=is_confirmed)
            send_planned_chunks(ws, client, list_key, sent, policy=policy)
    except BaseException:
        with suppress(LedgerError, StorageError):  # what failed first is what must be said
            ws.ledger.note_counts(list_key, _counts(ws, list_key, pins, content))
        raise
    generation = ws.ledger.generation()
    if generation != as_of:
        pins, content = _as_it_is_now(ws, list_key, pins, content)
    counts = _counts(ws, list_key, pins, content)
    release_unused_memory()
    write_pins(ws, list_key, pins, generation, counts)
    return Submission(sent, counts, len(content.phones))


def _as_it_is_now(ws: Workspace, list_key: str, pins: Pins, content: ListContent) -> tuple[Pins, ListContent]:
    """Without the phones that were erased from the list since it was read."""
    if not ws.storage.exists(paths.E164_PHONES.of(list_key)):
        return pins, content
    now = stored_content(ws.storage, list_key)
    is_there = codec.positions(pins.phones, now.phones) >= 0
    return replace(pins, phones=pins.phones[is_there], index=pins.index[is_there]), now


def _counts(ws: Workspace, list_key: str, pins: Pins, content: ListContent) -> dict[str, int]:
    tally = tally_of(ws, list_key, pins)
    tally.add_repeated(content.repeats, content.rejected_rows)
    return tally.counts(ws.ledger.phone_list(list_key).source_rows)
