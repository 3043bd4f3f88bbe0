"""How a chunk is sent: each step is one guarded move, recorded before and after the POST."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from fbcheck_pipeline.errors import OperatorError
from fbcheck_pipeline.ledger import codec, liveness
from fbcheck_pipeline.ledger.access import FACTS
from fbcheck_pipeline.ledger.chunk_entries import ChunkEntries
from fbcheck_pipeline.ledger.planning import Part, Planning, bought_on, insert_chunk
from fbcheck_pipeline.ledger.schema import chunks, dependencies, ledger_meta, lists, parts
from fbcheck_pipeline.ledger.states import TRAITS, ChunkState


class Sending(ChunkEntries):
    """From planned to submitted, and every other outcome of a submission."""

    @contextmanager
    def sender(self) -> Iterator[str]:
        """A sender's name, alive for as long as the context (or the process) lasts."""
        with liveness.alive(self.engine) as name:
            yield name

    def recover_gone_senders(self) -> list[str]:
        """Make `sending` chunks whose sender is gone unconfirmed; returns their keys."""
        sending = self.chunks(states=[ChunkState.SENDING])
        gone = {sender for sender in {row.sender for row in sending} if liveness.is_gone(self.engine, sender)}
        note = "its sender was stopped before the answer was recorded"
        return [
            row.chunk_key
            for row in sending
            if row.sender in gone
            and self.advance(row.chunk_key, from_=ChunkState.SENDING, to=ChunkState.UNCONFIRMED, sender=row.sender, note=note)
        ]

    def start_sending(self, chunk_key: str, *, sender: str, max_per_day: int | None) -> bool:
        """Record that the next thing to happen is this chunk's POST, reserving it in today's budget.

        Returns:
            False when another sender has it, or when today's budget has no room for it.
        """
        today = self.today()
        with self._write() as connection:
            row = connection.execute(sa.select(*FACTS).where(chunks.c.chunk_key == chunk_key)).one()
            is_reserved = row.budget_day == today
            earlier = row.earlier_that_day if is_reserved else 0
            if max_per_day is not None and (earlier or not is_reserved):
                more = 0 if is_reserved else row.phone_count
                if Planning(connection, self.clock()).bought_on(today) + more > max_per_day:
                    return False
            moved = self._move(
                connection,
                chunk_key,
                ChunkState.PLANNED,
                ChunkState.SENDING,
                new_sender=sender,
                budget_day=today,
                earlier_that_day=earlier,
            )
            connection.execute(sa.update(ledger_meta).values(sendings=ledger_meta.c.sendings + int(moved)))
            return moved

    def bought_today(self) -> int:
        """Phones that count in today's budget."""
        return int(self._one(bought_on(self.today()))[0] or 0)

    def sendings(self) -> int:
        """How many POSTs were ever about to be made; an older copy of the ledger knows of fewer."""
        return int(self._one(sa.select(ledger_meta.c.sendings)).sendings)

    def record_task(self, chunk_key: str, *, sender: str | None, task_id: str, **facts: Any) -> bool:
        """Record the task of an accepted chunk; also when somebody meanwhile took this sender for gone.

        Args:
            sender: the one who sent it; None for an operator's word, which is doubted until it is said again.
            facts: other columns of the chunk.

        Raises:
            OperatorError: another chunk has this task already.
        """
        entry: dict[str, Any] = dict(task_id=task_id, submitted_at=self.clock(), settled_at=None, note=None, **facts)
        if sender is None:
            entry["attached_task_id"] = sa.func.nullif(task_id, chunks.c.attached_task_id)
        states = (ChunkState.UNCONFIRMED,) if sender is None else (ChunkState.SENDING, ChunkState.UNCONFIRMED)
        try:
            with self._write() as connection:
                return any(
                    self._move(connection, chunk_key, state, ChunkState.SUBMITTED, sender=sender, **entry) for state in states
                )
        except sa.exc.IntegrityError:
            raise OperatorError(f"task {task_id} already belongs to another chunk; `fbcheck status` shows which") from None

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
            row = connection.execute(sa.select(chunks).where(chunks.c.chunk_key == chunk_key)).one()
            if not self._move(connection, chunk_key, from_, ChunkState.REPLACED, sender=sender, settled_at=now):
                return []
            Planning(connection, now).finish()
            phones = codec.unpack(row.phones, row.phone_count)
            owners = connection.execute(sa.select(parts).where(parts.c.chunk_key == chunk_key).order_by(parts.c.start)).all()
            dependants = [
                each.list_key for each in connection.execute(sa.select(dependencies).where(dependencies.c.chunk_key == chunk_key))
            ]
            keys = []
            for group in groups:
                stretches = [
                    Part(
                        each.list_key,
                        phones[each.start : each.start + each.phone_count][group[each.start : each.start + each.phone_count]],
                    )
                    for each in owners
                ]
                keys.append(
                    insert_chunk(
                        connection,
                        [each for each in stretches if len(each.phones)],
                        dependants,
                        now=now,
                        day=row.budget_day,
                        replaces=chunk_key,
                        halvings=halvings,
                        resubmissions=row.resubmissions,
                        earlier_that_day=row.earlier_that_day,
                    )
                )
            if sum(int(group.sum()) for group in groups) < row.phone_count:
                connection.execute(sa.update(lists).where(lists.c.list_key.in_(dependants)).values(needs_planning=True))
            return keys

    def advance(self, chunk_key: str, *, from_: ChunkState, to: ChunkState, sender: str | None = None, **values: Any) -> bool:
        """Move one chunk along its life, setting `values` with it.

        Returns:
            False when another worker moved it first.

        Raises:
            LedgerError: there is no such move.
        """
        if TRAITS[to].settles:
            values.setdefault("settled_at", self.clock())
        with self._write() as connection:
            return self._move(connection, chunk_key, from_, to, sender=sender, **values)

    def disown_task(self, chunk_key: str, *, from_: ChunkState, task_id: str, note: str) -> bool:
        """The task that was recorded is not this chunk's: what became of the chunk is unknown again, and the task is free."""
        facts = ("task_id", "vendor_status", "total", "success", "failure", "result_url", "exported_at", "vendor_exported_at")
        cleared: dict[str, Any] = {**dict.fromkeys(facts), "polls": 0, "fetches": 0, "next_fetch_at": 0}
        if_ = chunks.c.task_id == task_id
        return self.advance(chunk_key, from_=from_, to=ChunkState.UNCONFIRMED, if_=if_, note=note, **cleared)

    def resubmit(self, chunk_key: str) -> bool:
        """An operator's word that an unconfirmed chunk may be sent once more; the earlier try stays counted."""
        return self.advance(
            chunk_key,
            from_=ChunkState.UNCONFIRMED,
            to=ChunkState.PLANNED,
            sender=None,
            settled_at=None,
            resubmissions=chunks.c.resubmissions + 1,
            earlier_that_day=chunks.c.earlier_that_day + 1,
            next_send_at=0,
            note=None,
        )

    def settle_unanswered(
        self, chunk_key: str, *, from_: ChunkState, to: ChunkState, note: str | None, sender: str | None = None
    ) -> bool:
        """Settle a chunk none of whose phones got an answer (failed, refused, abandoned)."""
        unanswered = {"unanswered": chunks.c.phones, "unanswered_count": chunks.c.phone_count}
        return self.advance(chunk_key, from_=from_, to=to, sender=sender, note=note, **unanswered)
