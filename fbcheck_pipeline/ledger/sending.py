"""How a chunk is sent: each step is one guarded move, recorded before and after the POST."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

import sqlalchemy as sa

from fbcheck_pipeline.errors import LedgerError, OperatorError
from fbcheck_pipeline.ledger.calling_off import CALLED_OFF, call_off
from fbcheck_pipeline.ledger.chunk_entries import ChunkEntries
from fbcheck_pipeline.ledger.limits import UNANSWERED, Limits, forbidden_lists, withdraw, withdraw_phones
from fbcheck_pipeline.ledger.moves import move, sent_by
from fbcheck_pipeline.ledger.planning import Planning, loaded_chunk, replace_chunk, request_planning_of_dependants
from fbcheck_pipeline.ledger.receipts import Receipt
from fbcheck_pipeline.ledger.records import Chunk
from fbcheck_pipeline.ledger.restored import HELD, is_held, unknown_time
from fbcheck_pipeline.ledger.schema import chunks, ledger_meta
from fbcheck_pipeline.ledger.states import ChunkState
from fbcheck_pipeline.model.task_ids import shown_task_id

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
else:
    from fbcheck_pipeline.ledger import arrays as np

log = logging.getLogger(__name__)

_CHUNK = sa.select(chunks).where(chunks.c.chunk_key == sa.bindparam("key"))
_SUPPRESSIONS = sa.select(ledger_meta.c.suppressions)
_COUNT_SENDING = sa.update(ledger_meta).values(sendings=ledger_meta.c.sendings + 1)
_COUNTED = sa.select(*(ledger_meta.c[name] for name in ("sendings", "suppressions", "collections", "purges", "erasures")))
_IS_SENDER = sa.select(chunks.c.chunk_key).where(
    chunks.c.chunk_key == sa.bindparam("key"), chunks.c.state == ChunkState.SENDING, chunks.c.sender == sa.bindparam("sender")
)
NOT_RESUBMITTED = {
    each: sa.case((chunks.c[each] > 0, chunks.c[each] - 1), else_=0) for each in ("resubmissions", "earlier_that_day")
}
"""The resubmission of a chunk is called off: a try that was never made does not count."""
IS_RESUBMITTED = chunks.c.resubmissions > 0
_IF_CALLED_OFF: dict[ChunkState, list[sa.ColumnElement[bool]]] = {state: [IS_RESUBMITTED] for state in CALLED_OFF}


class Sending(ChunkEntries):
    """From planned to submitted, and every other outcome of a submission."""

    def sender(self) -> AbstractContextManager[str]:
        """The name of a sender, or of a collector, alive for as long as the context (or the process) lasts."""
        return self.database.liveness.sender()

    def recover_gone_senders(self) -> list[str]:
        """Take in what receipts hold, and make `sending` chunks whose sender is gone unconfirmed; returns the keys of these."""
        self.take_in_receipts()
        sending = self.chunks(states=[ChunkState.SENDING])
        senders = {each.sender for each in sending if each.sender is not None}
        gone = senders - self.database.liveness.living(senders)
        note = "its sender was stopped before the answer was recorded"
        return [
            each.chunk_key
            for each in sending
            if each.sender in gone and self.mark_unconfirmed(each.chunk_key, sender=each.sender, note=note)
        ]

    def silent_senders(self, some: Iterable[Chunk]) -> dict[str, float]:
        """Who sends or fetches these chunks and gives no sign of life -> the seconds after which each is taken for gone."""
        at_work = (each.sender if each.state is ChunkState.SENDING else each.fetcher for each in some)
        return self.database.liveness.silent(name for name in at_work if name is not None)

    def take_in_receipts(self, *, with_copies: bool = False) -> None:
        """Record the answers that came when the ledger could not take them.

        Args:
            with_copies: look below DATA_URI, too.

        Raises:
            LedgerError: a chunk that was sent is unknown here, so this ledger is older than the POST, and was not restored since.
                The receipt stays.
        """
        for receipt in self.receipts.kept(with_copies=with_copies):
            found = self._records(Chunk, _CHUNK, key=receipt.chunk_key)
            if not found:
                if self._is_of_unknown_time(receipt):
                    log.warning("the receipt of chunk %s is kept: it was sent after the backup", receipt.chunk_key)
                    continue
                raise LedgerError(
                    f"the ledger is older than a receipt: it does not know chunk {receipt.chunk_key}, which was sent "
                    f"({self.receipts.place_of(receipt)}); restore the newest backup. With this one, it would be paid for again"
                )
            if self._is_settled(found[0], receipt):
                self.receipts.drop(receipt)

    def _is_of_unknown_time(self, receipt: Receipt) -> bool:
        with self.database.reading() as connection:
            restored_at = unknown_time(connection).restored_at
        return restored_at is not None and receipt.begun_at < restored_at

    def _is_settled(self, chunk: Chunk, receipt: Receipt) -> bool:
        """Record what a receipt holds; True when it is needed no more."""
        key, sender = chunk.chunk_key, receipt.sender
        if receipt.answer is None:  # under way, or lost with its sender
            awaits = (ChunkState.SENDING, ChunkState.UNCONFIRMED, ChunkState.PLANNED)
            return chunk.sender != sender or chunk.state not in awaits
        told = f"the answer came and was taken in later: {receipt.answer[:200]}"
        if receipt.is_free:
            self.return_to_planned(key, sender=sender, note=told, next_send_at=0)
            return True
        if receipt.task_id is None:
            self.mark_unconfirmed(key, sender=sender, note=told, possible_task_id=receipt.possible_task_id)
            return True
        try:
            self.mark_submitted(
                key,
                sender=sender,
                task_id=receipt.task_id,
                total=receipt.total,
                is_synthetic=receipt.is_synthetic,
                next_poll_at=0,
            )
        except OperatorError as error:
            self.mark_unconfirmed(key, sender=sender, note=told, possible_task_id=receipt.task_id)
            log.warning("the receipt of chunk %s is kept: %s", key, error)
            return False
        return True

    def start_sending(
        self,
        chunk_key: str,
        *,
        sender: str,
        limits: Limits,
        opt_outs: int | None = None,
        protocol: str | None = None,
        user_id: str | None = None,
    ) -> bool:
        """Record that the next thing to happen is this chunk's POST, on today's account.

        Where a limit leaves no room for the unsent phones of one of its lists, these are withdrawn instead.

        Args:
            opt_outs: how many imports of opt-outs there were when its phones were last looked up among them.
            protocol, user_id: how it is sent; the vendor is asked the same way.

        Returns:
            False when the chunk was moved, here or by another worker, or an import of opt-outs came since: it must not be sent.

        Raises:
            OperatorError: the ledger was restored, and nobody said since when submissions are unknown.
        """
        today, now = self.today(), self.clock()
        with self._write() as connection:
            chunk = Chunk.from_row(connection.execute(_CHUNK, {"key": chunk_key}).one())
            if chunk.state is not ChunkState.PLANNED:
                return False
            if is_held(connection):
                raise OperatorError(HELD)
            if opt_outs not in (None, connection.scalar(_SUPPRESSIONS)):
                return False
            if forbidden := forbidden_lists(connection, chunk_key, limits, today):
                withdraw(connection, forbidden, smallest_chunk=limits.smallest_chunk, now=now)
                return False
            earlier = chunk.earlier_that_day if chunk.budget_day == today else 0
            reserved = {"sender": sender, "budget_day": today, "earlier_that_day": earlier}
            reserved |= {"protocol": protocol, "user_id": user_id, "last_sent_at": now}
            reserved |= {"first_sent_at": now if chunk.first_sent_at is None else chunk.first_sent_at}
            moved = move(connection, chunk_key, ChunkState.PLANNED, ChunkState.SENDING, reserved, now=now)
            if moved:
                connection.execute(_COUNT_SENDING)
            return moved

    def is_sender(self, chunk_key: str, sender: str) -> bool:
        """False where a sender was taken for gone since it began: by now a person may have had the chunk sent again."""
        return bool(self._rows(_IS_SENDER, key=chunk_key, sender=sender))

    def bought_today(self) -> int:
        """Phones that count in today's budget."""
        with self.database.reading() as connection:
            return Planning(connection, self.clock()).bought_today()

    def changes(self) -> dict[str, int]:
        """How often what matters has changed, by kind; an older copy of the ledger has smaller counts."""
        return dict(self._rows(_COUNTED)[0]._mapping)

    def return_to_planned(self, chunk_key: str, *, sender: str, note: str, next_send_at: float) -> bool:
        """A free outcome: the chunk is sent later, also where its sender was taken for gone. False when another worker moved it first."""
        values = {"note": note, "next_send_at": next_send_at, "settled_at": None}
        with self._write() as connection:
            return any(
                move(connection, chunk_key, state, ChunkState.PLANNED, values, now=self.clock(), guard=sent_by(sender))
                for state in (ChunkState.SENDING, ChunkState.UNCONFIRMED)
            )

    def postpone(self, chunk_key: str, *, note: str, next_send_at: float) -> None:
        """Record why a planned chunk was not sent now."""
        values = {"note": note, "next_send_at": next_send_at}
        with self._write() as connection:
            planned = sa.update(chunks).where(chunks.c.chunk_key == chunk_key, chunks.c.state == ChunkState.PLANNED)
            connection.execute(planned.values(values))

    def mark_unconfirmed(self, chunk_key: str, *, sender: str | None, note: str, possible_task_id: str | None = None) -> bool:
        """The answer to a POST was lost: perhaps billed, a person must look. False when another worker moved it first.

        Args:
            possible_task_id: what may be its task; kept with the chunk whatever became of it.
        """
        with self._write() as connection:
            if possible_task_id is not None:
                _keep_possible_task(connection, chunk_key, possible_task_id)
            values, guard = {"note": note}, sent_by(sender)
            return move(connection, chunk_key, ChunkState.SENDING, ChunkState.UNCONFIRMED, values, now=self.clock(), guard=guard)

    def mark_refused(self, chunk_key: str, *, sender: str, note: str) -> bool:
        """The vendor does not want the chunk; nothing was billed. False when another worker moved it first."""
        return self._move(chunk_key, ChunkState.SENDING, ChunkState.REFUSED, {"note": note, **UNANSWERED}, sent_by(sender))

    def mark_submitted(
        self, chunk_key: str, *, sender: str, task_id: str, total: int | None, is_synthetic: bool, next_poll_at: float
    ) -> bool:
        """Record the task of an accepted chunk, even if another process has already declared this sender gone.

        If a person had it resubmitted since, whatever of that is not sent yet is called off: the try that was never made does not count.

        Returns:
            False when the chunk is not this sender's, or a person settled it: the task is kept with it as a possible one.

        Raises:
            OperatorError: another chunk has this task already.
        """
        task = {"task_id": task_id, "total": total, "is_synthetic": is_synthetic, "next_poll_at": next_poll_at}
        task |= {"attached_task_id": None}
        ours = sent_by(sender)
        guards = dict.fromkeys((ChunkState.SENDING, ChunkState.UNCONFIRMED), ours)
        guards[ChunkState.PLANNED] = [sa.or_(*ours, IS_RESUBMITTED)]
        if self._record_task(chunk_key, _IF_CALLED_OFF | guards, task):
            return True
        with self._write() as connection:
            _keep_possible_task(connection, chunk_key, task_id)
        return False

    def attach_task(
        self,
        chunk_key: str,
        *,
        task_id: str,
        total: int | None,
        is_synthetic: bool,
        protocol: str | None,
        user_id: str | None,
    ) -> bool:
        """Record the task that an operator attached; its result must show that it is this chunk's.

        Whatever is not sent yet of a resubmission, or of phones that were tried again after the chunk was abandoned, is called off.

        Args:
            protocol, user_id: how the vendor was asked when it knew the task.

        Returns:
            False when the chunk is no longer unconfirmed, nor about to be sent once more, nor abandoned without a task.

        Raises:
            OperatorError: another chunk has this task already.
        """
        task = {"task_id": task_id, "total": total, "is_synthetic": is_synthetic, "next_poll_at": 0, "attached_task_id": task_id}
        task |= {"protocol": protocol, "user_id": user_id}
        has_none = [chunks.c.task_id.is_(None)]
        return self._record_task(chunk_key, {**_IF_CALLED_OFF, ChunkState.UNCONFIRMED: [], ChunkState.ABANDONED: has_none}, task)

    def _record_task(
        self, chunk_key: str, guards: Mapping[ChunkState, Sequence[sa.ColumnElement[bool]]], task: Mapping[str, object]
    ) -> bool:
        """Args: guards: from which states, and what else must hold there."""
        now = self.clock()
        values = {**task, "submitted_at": now, "settled_at": None, "note": None, "unanswered_count": 0}
        try:
            with self._write() as connection:
                chunk = loaded_chunk(connection, chunk_key)
                if chunk.task_id == task["task_id"]:
                    return True
                if chunk.state not in guards:
                    return False
                values |= NOT_RESUBMITTED if chunk.state in CALLED_OFF else {}
                guard = guards[chunk.state]
                moved = move(connection, chunk_key, chunk.state, ChunkState.SUBMITTED, values, now=now, guard=guard)
                if moved and chunk.state in (*CALLED_OFF, ChunkState.ABANDONED):
                    call_off(connection, chunk, now=now)
                return moved
        except sa.exc.IntegrityError:
            raise OperatorError(
                f"task {shown_task_id(str(task['task_id']))} already belongs to another chunk; `fbcheck status` shows which"
            ) from None

    def replace_chunk(
        self,
        chunk_key: str,
        *,
        from_: ChunkState,
        groups: Sequence[npt.NDArray[np.bool_]],
        halvings: int,
        sender: str | None = None,
    ) -> list[str]:
        """Put new planned chunks in a chunk's place, see `planning.replace_chunk`; none when it is no longer `sender`'s."""
        now = self.clock()
        with self._write() as connection:
            chunk, guard = loaded_chunk(connection, chunk_key), sent_by(sender)
            return replace_chunk(connection, chunk, groups, from_=from_, halvings=halvings, now=now, guard=guard)

    def remove_phones(self, chunk_key: str, chosen: npt.NDArray[np.bool_], *, smallest_chunk: int) -> None:
        """Leave phones (a mask) out of a planned chunk; those that stay are planned anew where they are too few for one.

        What was sent before is withdrawn, not forgotten: its earlier tries count.
        """
        now = self.clock()
        with self._write() as connection:
            chunk = loaded_chunk(connection, chunk_key)
            if chunk.state is not ChunkState.PLANNED:
                return
            if chunk.resubmissions:
                withdraw_phones(connection, chunk, chosen, smallest_chunk=smallest_chunk, now=now)
                request_planning_of_dependants(connection, chunk_key)
                return
            groups = [~chosen] if np.count_nonzero(~chosen) >= smallest_chunk else []
            replace_chunk(connection, chunk, groups, from_=ChunkState.PLANNED, halvings=chunk.halvings, now=now)

    def resubmit(self, chunk_key: str) -> bool:
        """An operator's word that an unconfirmed chunk may be sent once more; the earlier try stays counted."""
        values = {
            "settled_at": None,
            "resubmissions": chunks.c.resubmissions + 1,
            "earlier_that_day": chunks.c.earlier_that_day + 1,
            "next_send_at": 0,
            "note": None,
        }
        return self._move(chunk_key, ChunkState.UNCONFIRMED, ChunkState.PLANNED, values)

    def mark_abandoned(self, chunk_key: str, *, from_: ChunkState, note: str) -> bool:
        """An operator gives an unconfirmed or overdue chunk up. False when another worker moved it first."""
        return self._move(chunk_key, from_, ChunkState.ABANDONED, {"note": note, **UNANSWERED})


def _keep_possible_task(connection: sa.Connection, chunk_key: str, task_id: str) -> None:
    """Keep what may be a chunk's task, beside what was kept of earlier tries."""
    known = chunks.c.possible_task_id
    both = sa.case((known.is_(None), task_id), (known.contains(task_id, autoescape=True), known), else_=known + ", " + task_id)
    connection.execute(sa.update(chunks).where(chunks.c.chunk_key == chunk_key).values(possible_task_id=both))
