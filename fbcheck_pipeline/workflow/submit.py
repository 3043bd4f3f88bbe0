"""The use case that buys: a list is planned, what is new is sent, what answers each phone is pinned, the counts are noted."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from fbcheck_pipeline.errors import LedgerError
from fbcheck_pipeline.vendor import VendorClient
from fbcheck_pipeline.workflow.allocation import Again
from fbcheck_pipeline.workflow.answers import Tally, resolve
from fbcheck_pipeline.workflow.pins import Pins, write_pins
from fbcheck_pipeline.workflow.plan import phones_of, plan_list, wants_planning
from fbcheck_pipeline.workflow.send import RetryPolicy, Sent, send_planned_chunks
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
    e164_phones: Iterable[pa.RecordBatch],
    *,
    again: Again = Again.NOBODY,
    max_billable: int | None = None,
    policy: RetryPolicy | None = None,
) -> Submission:
    """Plan a list, send what it depends on, pin what answers each of its phones, note the counts.

    Killed at any point, it may be called again: planning sees what was sent, and nothing is sent twice.

    Args:
        e164_phones: batches with the column `phone_e164`, null where rejected.
        again: who asks for phones to be sent again that got no usable answer.
        max_billable: the most phones that may ever be submitted for this list, to be recorded; None leaves what is recorded.

    Raises:
        OperatorError: a purpose is required and the list has none.
        VendorRefuses: key, balance or address; what is unsent stays planned.
        StorageError: the pins cannot be written.
    """
    phones, occurrences, rejected = phones_of(e164_phones)
    if max_billable is not None:
        ws.ledger.note_limit(list_key, max_billable)
    sent = Sent()
    pins = plan_list(ws, list_key, phones, again=again)
    try:
        send_planned_chunks(ws, client, list_key, sent, policy=policy)
        while not sent.postponed and wants_planning(ws, list_key):
            pins = plan_list(ws, list_key, phones, again=again)
            send_planned_chunks(ws, client, list_key, sent, policy=policy)
    except BaseException:
        with suppress(LedgerError):  # what failed first is what must be said
            _note_counts(ws, list_key, pins, occurrences, rejected)
        raise
    counts = _note_counts(ws, list_key, pins, occurrences, rejected)
    write_pins(ws, list_key, pins)
    return Submission(sent, counts, len(phones))


def _note_counts(ws: Workspace, list_key: str, pins: Pins, occurrences: npt.NDArray[np.int32], rejected: int) -> dict[str, int]:
    tally = Tally(resolve(ws, list_key, pins))
    tally.add_repeated(occurrences, rejected)
    counts = tally.counts(ws.ledger.phone_list(list_key).source_rows)
    ws.ledger.note_counts(list_key, counts)
    return counts
