"""Sending planned chunks: one at a time, recorded before and after, so that no crash can lead to a second bill.

ledger says `sending` (committed)  ->  one POST  ->  ledger says what came of it
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import tenacity

from fbcheck_pipeline.errors import (
    LedgerError,
    NewerLedger,
    OperatorError,
    RateLimited,
    StorageError,
    SubmissionRefused,
    SubmissionUnconfirmed,
    TaskNotFound,
    UnreadableAnswer,
    VendorRefuses,
    VendorUnavailable,
)
from fbcheck_pipeline.ledger import ChunkState, codec
from fbcheck_pipeline.ledger.limits import Limits
from fbcheck_pipeline.ledger.opening import stamp
from fbcheck_pipeline.ledger.planning import ORPHANED_AFTER_S
from fbcheck_pipeline.ledger.receipts import Receipt
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.model.task_ids import shown_task_id
from fbcheck_pipeline.progress import report_progress
from fbcheck_pipeline.workflow.buying.uninterrupted import uninterrupted
from fbcheck_pipeline.workflow.collection.poll import first_poll_at
from fbcheck_pipeline.workflow.workspace import Workspace, rehearsing

if TYPE_CHECKING:
    from fbcheck_pipeline.vendor.client import VendorClient

log = logging.getLogger(__name__)

MAX_HALVINGS = 3
MOST_RECORDINGS = 6
LONGEST_RECORDING_S = 120.0
"""So often and so long the ledger is asked to take an answer."""

T = TypeVar("T")


@dataclass(frozen=True)
class RetryPolicy:
    """How often and how long free failures are retried at once. No attempt starts after `total_s`.

    A chunk is tried again within `patience_s` only, unless the vendor itself names the wait.
    """

    tries: int = 4
    first_wait_s: float = 1.0
    max_wait_s: float = 60.0
    patience_s: float = 5.0
    total_s: float | None = None


@dataclass
class Sent:
    """What a round of sending did, by number of chunks.

    Attributes:
        postponed: why sending stopped early, if it did.
        is_heard: the vendor has answered, and no answer was lost since.
        balance: what it then had left for us in USD, less what was sent since; None where it is not known.
    """

    chunks: int = 0
    unconfirmed: int = 0
    refused: int = 0
    postponed: str | None = None
    is_heard: bool = False
    balance: float | None = None


def send_planned_chunks(
    ws: Workspace,
    client: VendorClient,
    list_key: str,
    sent: Sent,
    *,
    policy: RetryPolicy | None = None,
) -> None:
    """Send every planned chunk that a list depends on, whoever planned it.

    Args:
        sent: takes what happens.

    Raises:
        VendorRefuses: key, balance or address; nothing more is sent and what is unsent stays planned.
    """
    ws.ledger.recover_gone_senders()
    policy = policy or RetryPolicy()
    until = None if policy.total_s is None else time.monotonic() + policy.total_s
    total = _planned_phones(ws, list_key)
    done = 0
    if total:
        report_progress("submitting", 0, total)
        _see_that_balance_suffices(ws, list_key, sent.balance)
    for chunk_key in chunks_to_send(ws, list_key):
        if until is not None and time.monotonic() >= until:
            sent.postponed = "the time-out was reached; the next run sends the remaining chunks"
            break
        try:
            done += _send_patiently(ws, client, list_key, chunk_key, sent, policy, until)
        except VendorUnavailable as error:
            sent.postponed = str(error)
            break
        report_progress("submitting", done, max(total, done))


def chunks_to_send(ws: Workspace, list_key: str) -> Iterator[str]:
    """Keys of planned chunks that a list depends on, each once; also of those that take the place of one before them."""
    tried = set[str]()
    while keys := [key for key in ws.ledger.sendable(list_key) if key not in tried]:
        tried.update(keys)
        yield from keys


def begin_sending(ws: Workspace, chunk_key: str, sender: str, keep: Callable[[bytes], None]) -> bytes | None:
    """Make a planned chunk `sending`; returns its payload. None where it is planned no more, or may not be sent as it is.

    Args:
        keep: called with the payload before anything is recorded.
    """
    chunk, opt_outs = ws.ledger.chunk(chunk_key), ws.ledger.changes()["suppressions"]
    if chunk.state is not ChunkState.PLANNED:
        return None
    suppressed = ws.ledger.suppressed_among(chunk.phones)
    if suppressed.any():
        ws.ledger.remove_phones(chunk_key, suppressed, smallest_chunk=ws.settings.smallest_chunk)
        return None
    payload, settings = codec.to_payload(chunk.phones), ws.settings
    keep(payload)
    limits = Limits(settings.max_billable, settings.max_billable_per_day, settings.smallest_chunk)
    how = {"protocol": settings.protocol, "user_id": settings.user_id}
    began = ws.ledger.start_sending(chunk_key, sender=sender, limits=limits, opt_outs=opt_outs, **how)
    if not began and ws.ledger.changes()["suppressions"] != opt_outs:
        return begin_sending(ws, chunk_key, sender, keep)
    return payload if began else None


def rehearse_sending(ws: Workspace, list_key: str) -> dict[str, int]:
    """The chunks that sending a list would submit: key -> phones; `ws` is of `rehearsing`."""
    chunks = {}
    for chunk_key in chunks_to_send(ws, list_key):
        if begin_sending(ws, chunk_key, "rehearsal", keep=lambda _: None) is not None:
            chunks[chunk_key] = ws.ledger.chunk(chunk_key).phone_count
    return chunks


def _hear(ws: Workspace, client: VendorClient, list_key: str, chunk_key: str, sent: Sent) -> None:
    """See that the vendor answers before it is sent a chunk: one whose answer is lost waits for a person.

    Raises:
        VendorUnavailable: it does not; the chunk is sent later.
        VendorRefuses: it says that its balance does not suffice for the list.
    """
    balance = None
    try:
        balance = client.hear()
    except (TaskNotFound, UnreadableAnswer) as error:
        log.warning("balance not known error=%s", type(error).__name__)
    except VendorUnavailable as error:
        ws.ledger.postpone(chunk_key, note=str(error), next_send_at=ws.ledger.clock() + ORPHANED_AFTER_S)
        raise
    sent.is_heard, sent.balance = True, None if balance is None else balance.amount
    _see_that_balance_suffices(ws, list_key, sent.balance)


def _planned_phones(ws: Workspace, list_key: str) -> int:
    return sum(each.phone_count for each in ws.ledger.chunks_of(list_key) if each.state is ChunkState.PLANNED)


def _see_that_balance_suffices(ws: Workspace, list_key: str, balance: float | None) -> None:
    """Refuse to go on when the balance is too low for what will be sent of a list; None suffices."""
    if balance is None or _suffices(balance, ws.settings.cost_of(_planned_phones(ws, list_key))):
        return
    with rehearsing(ws) as rehearsed:  # limits and opt-outs may forbid some
        phone_count = sum(rehearse_sending(rehearsed, list_key).values())
    cost = ws.settings.cost_of(phone_count)
    if phone_count and not _suffices(balance, cost):
        needed = f", about {cost:.2f} is needed" if cost is not None else ""
        raise VendorRefuses(f"the vendor's balance is {balance:.2f}{needed}; top it up, then run again", http_status=402)


def _suffices(amount: float, cost: float | None) -> bool:
    return amount > 0 and (cost is None or amount >= cost)


def _send_patiently(
    ws: Workspace, client: VendorClient, list_key: str, chunk_key: str, sent: Sent, policy: RetryPolicy, until: float | None
) -> int:
    """Send one chunk, again after free failures; returns the phones sent."""
    ends: list[tenacity.stop.stop_base] = [tenacity.stop_after_attempt(policy.tries)]
    if until is not None:
        ends.append(tenacity.stop_before_delay(max(0.0, until - time.monotonic())))
    out_of_patience = tenacity.stop_before_delay(policy.patience_s)

    def send() -> int:
        if not sent.is_heard:
            _hear(ws, client, list_key, chunk_key, sent)
        return _send_once(ws, client, chunk_key, sent)

    def is_over(state: tenacity.RetryCallState) -> bool:
        told = isinstance(state.outcome.exception() if state.outcome else None, RateLimited)
        return any(end(state) for end in ends) or (not told and out_of_patience(state))

    def wait(state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        told = error.retry_after_s if isinstance(error, RateLimited) else None
        jittered = tenacity.wait_random_exponential(multiplier=policy.first_wait_s, max=policy.max_wait_s)(state)
        return jittered if told is None else min(told, policy.max_wait_s)

    trying = tenacity.Retrying(retry=tenacity.retry_if_exception_type(VendorUnavailable), stop=is_over, wait=wait, reraise=True)
    return trying(send)


@uninterrupted()
def _send_once(ws: Workspace, client: VendorClient, chunk_key: str, sent: Sent) -> int:
    """One POST, under a sender's name of its own: a receipt that an earlier one left behind cannot be taken for it."""
    with ws.ledger.sender() as sender:
        return _send_as(ws, client, chunk_key, sender, sent)


def _send_as(ws: Workspace, client: VendorClient, chunk_key: str, sender: str, sent: Sent) -> int:
    ledger = ws.ledger
    payload = begin_sending(ws, chunk_key, sender, keep=partial(ws.storage.write_bytes, paths.CHUNKS.of(chunk_key)))
    if payload is None:
        return 0
    receipt = Receipt(ledger.uuid, chunk_key, sender, ledger.vendor_origin, ledger.clock())
    try:
        stamp(ws.storage, ledger)
        ledger.receipts.write(receipt)
        if not ledger.is_sender(chunk_key, sender):
            raise VendorUnavailable("this machine paused, and its sender was taken for gone; nothing was sent")
        snapshot = client.submit_chunk(payload)
    except (LedgerError, StorageError, VendorUnavailable, VendorRefuses) as error:
        note, later = str(error), ledger.clock() + ORPHANED_AFTER_S
        free = replace(receipt, answer=note, is_free=True)
        _record(ws, free, lambda: ledger.return_to_planned(chunk_key, sender=sender, note=note, next_send_at=later))
        raise
    except SubmissionRefused as error:
        note = str(error)
        _record(ws, replace(receipt, answer=note, is_free=True), lambda: _halve_or_refuse(ws, chunk_key, sender, note))
        sent.refused += 1
        return 0
    except SubmissionUnconfirmed as error:
        doubtful = replace(receipt, answer=error.answer, possible_task_id=error.possible_task_id)
        return _hold(ws, doubtful, str(error), sent)
    task: dict[str, Any] = {"task_id": snapshot.task_id, "total": snapshot.total, "is_synthetic": snapshot.is_synthetic}
    accepted = replace(receipt, answer=snapshot.answer, **task)
    try:
        is_ours = _record(
            ws, accepted, lambda: ledger.mark_submitted(chunk_key, sender=sender, next_poll_at=first_poll_at(ws), **task)
        )
    except OperatorError as error:  # the vendor gave the same task id twice: both records are kept
        _hold(ws, replace(accepted, task_id=None, possible_task_id=snapshot.task_id), str(error), sent)
        ledger.receipts.write(accepted)
        return 0
    if not is_ours:
        log.error(
            "a person settled chunk %s before its answer came; the vendor accepted it as task %s",
            chunk_key,
            shown_task_id(snapshot.task_id),
        )
    phone_count = payload.count(b"\n")
    log.info("chunk submitted chunk_key=%s phones=%d", chunk_key, phone_count)
    sent.chunks += 1
    if sent.balance is not None:
        sent.balance -= ws.settings.cost_of(phone_count) or 0
    return phone_count


def _hold(ws: Workspace, receipt: Receipt, why: str, sent: Sent) -> int:
    """Perhaps billed: a person must look."""
    key, possible = receipt.chunk_key, receipt.possible_task_id
    _record(ws, receipt, lambda: ws.ledger.mark_unconfirmed(key, sender=receipt.sender, note=why, possible_task_id=possible))
    log.warning("submission unconfirmed chunk_key=%s", key)
    sent.unconfirmed, sent.is_heard = sent.unconfirmed + 1, False
    return 0


def _record(ws: Workspace, receipt: Receipt, write: Callable[[], T]) -> T:
    """Write an answer to the ledger, patiently: it may be the only proof of what was paid for. The receipt is dropped once that is done.

    Raises:
        LedgerError: the ledger did not take it in time; the receipt keeps it, and the next opening takes it in.
    """
    receipts = ws.ledger.receipts
    with suppress(StorageError):  # then the ledger alone must take it
        receipts.write(receipt)

    def tell(state: tenacity.RetryCallState) -> None:
        if state.attempt_number == 1:
            _tell(receipt, receipts.place_of(receipt))
            receipts.copy(receipt)

    bounds = tenacity.stop_after_attempt(MOST_RECORDINGS) | tenacity.stop_after_delay(LONGEST_RECORDING_S)

    def stop(state: tenacity.RetryCallState) -> bool:
        is_hopeless = state.outcome is not None and isinstance(state.outcome.exception(), NewerLedger)
        return is_hopeless or bounds(state)

    wait = tenacity.wait_random_exponential(max=30)
    retry = tenacity.retry_if_exception_type(LedgerError)
    try:
        done = tenacity.Retrying(retry=retry, stop=stop, wait=wait, after=tell, reraise=True)(write)
    except LedgerError as error:
        raise LedgerError(
            f"{error}; what the vendor answered to chunk {receipt.chunk_key} is kept in {receipts.place_of(receipt)}, "
            "and the next command that can write the ledger takes it in"
        ) from error
    receipts.drop(receipt)
    return done


def _tell(receipt: Receipt, place: str) -> None:
    """One plain line on standard error at once, whatever becomes of ledger, receipt and log."""
    named = shown_task_id(receipt.task_id or receipt.possible_task_id)
    what = f"task {named}" if named else "nothing that names a task"
    with suppress(OSError, ValueError):
        sys.stderr.write(
            f"fbcheck: the ledger cannot take the vendor's answer to chunk {receipt.chunk_key}: {what}; kept in {place}\n"
        )
        sys.stderr.flush()


def _halve_or_refuse(ws: Workspace, chunk_key: str, sender: str, note: str) -> None:
    """Halving a refused chunk is free and finds the half the vendor can take; three times, then it stays refused."""
    chunk = ws.ledger.chunk(chunk_key)
    half = chunk.phone_count // 2
    if chunk.halvings < MAX_HALVINGS and half >= ws.settings.smallest_chunk:
        is_first = np.arange(chunk.phone_count) < half
        halves, more = [is_first, ~is_first], chunk.halvings + 1
        moved = bool(ws.ledger.replace_chunk(chunk_key, from_=ChunkState.SENDING, groups=halves, halvings=more, sender=sender))
    else:
        moved = ws.ledger.mark_refused(chunk_key, sender=sender, note=note)
    if not moved:  # taken for gone meanwhile: it cost nothing all the same, and may be sent and refused again
        ws.ledger.return_to_planned(chunk_key, sender=sender, note=note, next_send_at=ws.ledger.clock() + ORPHANED_AFTER_S)
