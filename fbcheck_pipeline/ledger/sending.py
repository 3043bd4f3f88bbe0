"""How a chunk is sent: each step is one guarded move, recorded before and after the POST."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from fbcheck_pipeline.errors import OperatorError
from fbcheck_pipeline.ledger.chunk_entries import ChunkEntries
from fbcheck_pipeline.ledger.moves import move, sent_by
from fbcheck_pipeline.ledger.planning import Planning, bought_on, insert_chunk
from fbcheck_pipeline.ledger.records import Chunk, LoadedChunk, Part
from fbcheck_pipeline.ledger.schema import FACTS, LOADED, chunks, dependencies, ledger_meta, lists, parts
from fbcheck_pipeline.ledger.states import ChunkState

UNANSWERED = {"unanswered": chunks.c.phones, "unanswered_count": chunks.c.phone_count}
"""None of a chunk's phones got an answer."""


class Sending(ChunkEntries):
    """From planned to submitted, and every other outcome of a submission."""

    def sender(self) -> AbstractContextManager[str]:
        """A sender's name, alive for as long as the context (or the process) lasts."""
        return self.database.sender()

    def recover_gone_senders(self) -> list[str]:
        """Make `sending` chunks whose sender is gone unconfirmed; returns their keys."""
        sending = self.chunks(states=[ChunkState.SENDING])
        gone = {name for name in {each.sender for each in sending} if name is not None and self.database.is_gone(name)}
        note = "its sender was stopped before the answer was recorded"
        return [
            each.chunk_key
            for each in sending
            if each.sender in gone and self.mark_unconfirmed(each.chunk_key, sender=each.sender, note=note)
        ]

    def start_sending(self, chunk_key: str, *, sender: str, max_per_day: int | None) -> bool:
        """Record that the next thing to happen is this chunk's POST, reserving it in today's budget.

        Returns:
            False when another sender has it, or when today's budget has no room for it.
        """
        today, now = self.today(), self.clock()
        with self._write() as connection:
            chunk = Chunk.from_row(connection.execute(sa.select(*FACTS).where(chunks.c.chunk_key == chunk_key)).one())
            is_reserved = chunk.budget_day == today
            earlier = chunk.earlier_that_day if is_reserved else 0
            if max_per_day is not None and (earlier or not is_reserved):
                more = 0 if is_reserved else chunk.phone_count
                if Planning(connection, now).bought_on(today) + more > max_per_day:
                    return False
            reserved = {"sender": sender, "budget_day": today, "earlier_that_day": earlier}
            moved = move(connection, chunk_key, ChunkState.PLANNED, ChunkState.SENDING, reserved, now=now)
            connection.execute(sa.update(ledger_meta).values(sendings=ledger_meta.c.sendings + int(moved)))
            return moved

    def bought_today(self) -> int:
        """Phones that count in today's budget."""
        return self._number(bought_on(self.today()))

    def sendings(self) -> int:
        """How many POSTs were ever begun; an older copy of the ledger has a smaller count."""
        return self._number(sa.select(ledger_meta.c.sendings))

    def return_to_planned(self, chunk_key: str, *, sender: str, note: str, next_send_at: float) -> bool:
        """A free outcome: the chunk is sent later. False when another worker moved it first."""
        values = {"note": note, "next_send_at": next_send_at}
        return self._move(chunk_key, ChunkState.SENDING, ChunkState.PLANNED, values, sent_by(sender))

    def mark_unconfirmed(self, chunk_key: str, *, sender: str | None, note: str) -> bool:
        """The answer to a POST was lost: perhaps billed, a person must look. False when another worker moved it first."""
        return self._move(chunk_key, ChunkState.SENDING, ChunkState.UNCONFIRMED, {"note": note}, sent_by(sender))

    def mark_refused(self, chunk_key: str, *, sender: str, note: str) -> bool:
        """The vendor does not want the chunk; nothing was billed. False when another worker moved it first."""
        return self._move(chunk_key, ChunkState.SENDING, ChunkState.REFUSED, {"note": note, **UNANSWERED}, sent_by(sender))

    def mark_submitted(
        self, chunk_key: str, *, sender: str, task_id: str, total: int | None, is_synthetic: bool, next_poll_at: float
    ) -> bool:
        """Record the task of an accepted chunk, even if another process has already declared this sender gone.

        Returns:
            False when the chunk is not this sender's, or a person settled it.

        Raises:
            OperatorError: another chunk has this task already.
        """
        task = {"task_id": task_id, "total": total, "is_synthetic": is_synthetic, "next_poll_at": next_poll_at}
        return self._record_task(chunk_key, (ChunkState.SENDING, ChunkState.UNCONFIRMED), task, sent_by(sender))

    def attach_task(self, chunk_key: str, *, task_id: str, total: int | None, is_synthetic: bool) -> bool:
        """Record the task that an operator attached. Its result is checked more strictly until the operator attaches it once more.

        Returns:
            False when the chunk is no longer unconfirmed.

        Raises:
            OperatorError: another chunk has this task already.
        """
        doubted = sa.func.nullif(task_id, chunks.c.attached_task_id)
        task = {"task_id": task_id, "total": total, "is_synthetic": is_synthetic, "next_poll_at": 0, "attached_task_id": doubted}
        return self._record_task(chunk_key, (ChunkState.UNCONFIRMED,), task, [])

    def _record_task(
        self, chunk_key: str, states: Sequence[ChunkState], task: Mapping[str, object], guard: list[sa.ColumnElement[bool]]
    ) -> bool:
        now = self.clock()
        values = {**task, "submitted_at": now, "settled_at": None, "note": None}
        try:
            with self._write() as connection:
                return any(
                    move(connection, chunk_key, state, ChunkState.SUBMITTED, values, now=now, guard=guard) for state in states
                )
        except sa.exc.IntegrityError:
            raise OperatorError(
                f"task {task['task_id']} already belongs to another chunk; `fbcheck status` shows which"
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
        """Put new planned chunks, one per group (a mask over the chunk's phones), in a chunk's place; returns their keys.

        Its lists are planned anew when phones stand in no group. Nothing happens, and nothing is returned, when the chunk is
        no longer in `from_`, or no longer `sender`'s.
        """
        now = self.clock()
        with self._write() as connection:
            row = connection.execute(sa.select(*LOADED).where(chunks.c.chunk_key == chunk_key)).one()
            chunk = LoadedChunk.from_row(row)
            if not move(connection, chunk_key, from_, ChunkState.REPLACED, {}, now=now, guard=sent_by(sender)):
                return []
            Planning(connection, now).finish()
            of_chunk = sa.select(parts).where(parts.c.chunk_key == chunk_key).order_by(parts.c.start)
            owners, phones = connection.execute(of_chunk).all(), chunk.phones
            dependants = list(connection.scalars(sa.select(dependencies.c.list_key).where(dependencies.c.chunk_key == chunk_key)))
            keys = []
            for group in groups:
                stretches = []
                for each in owners:
                    own = slice(each.start, each.start + each.phone_count)
                    stretches.append(Part(each.list_key, phones[own][group[own]]))
                keys.append(
                    insert_chunk(
                        connection,
                        [each for each in stretches if len(each.phones)],
                        dependants,
                        now=now,
                        day=chunk.budget_day,
                        replaces=chunk_key,
                        halvings=halvings,
                        resubmissions=chunk.resubmissions,
                        earlier_that_day=chunk.earlier_that_day,
                    )
                )
            if sum(int(group.sum()) for group in groups) < chunk.phone_count:
                connection.execute(sa.update(lists).where(lists.c.list_key.in_(dependants)).values(needs_planning=True))
            return keys

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
