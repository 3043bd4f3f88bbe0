"""How a task is polled and its result collected, and which index over the verdicts is published."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from fbcheck_pipeline.ledger import codec
from fbcheck_pipeline.ledger.access import Row
from fbcheck_pipeline.ledger.chunk_entries import ChunkEntries
from fbcheck_pipeline.ledger.codec import Phones
from fbcheck_pipeline.ledger.schema import chunks, ledger_meta
from fbcheck_pipeline.ledger.states import ChunkState, states_that

FAR_AHEAD_S = 3600.0
"""A poll due later than this was written by a clock that has since been set back."""
MAX_FETCHES = 30
"""How often a result is fetched before it is left to the deadline."""


class Collecting(ChunkEntries):
    """From submitted to collected."""

    def due_for_poll(self) -> list[Row]:
        """Tasks whose next status call is due, oldest first."""
        now = self.clock()
        due = [
            row
            for row in self.chunks(states=states_that("is_polled"))
            if row.next_poll_at <= now or row.next_poll_at > now + FAR_AHEAD_S
        ]
        return sorted(due, key=lambda row: row.next_poll_at)

    def note_poll(self, chunk_key: str, *, state: str, **values: Any) -> None:
        """Record what a status call said, without moving the chunk; a late answer about a chunk that moved since is dropped."""
        with self._write() as connection:
            update = sa.update(chunks).where(chunks.c.chunk_key == chunk_key, chunks.c.state == state)
            connection.execute(update.values(polls=chunks.c.polls + 1, **values))

    def due_for_fetch(self) -> list[Row]:
        """Exported chunks whose result is to be fetched now, oldest first."""
        now = self.clock()
        found = self.chunks(states=[ChunkState.EXPORTED, ChunkState.OVERDUE])
        return [
            row
            for row in found
            if row.vendor_status == "exported"
            and row.fetches < MAX_FETCHES
            and (row.next_fetch_at <= now or row.next_fetch_at > now + FAR_AHEAD_S)
        ]

    def note_fetch_failure(self, chunk_key: str, *, note: str, next_fetch_at: float) -> None:
        """Record that a result could not be had or read this time."""
        self.note_chunk(chunk_key, fetches=chunks.c.fetches + 1, note=note, next_fetch_at=next_fetch_at)

    def note_chunk(self, chunk_key: str, **values: Any) -> None:
        """Record facts about a chunk without moving it."""
        with self._write() as connection:
            connection.execute(sa.update(chunks).where(chunks.c.chunk_key == chunk_key).values(**values))

    def collect(
        self,
        chunk_key: str,
        *,
        from_: ChunkState,
        task_id: str,
        unanswered: Phones,
        result_sha256: str,
        result_counts: Mapping[str, Any],
    ) -> bool:
        """Record that a chunk's verdicts lie in the store as this task's; `unanswered` are its phones without a usable one."""
        with self._write() as connection:
            moved = self._move(
                connection,
                chunk_key,
                from_,
                ChunkState.COLLECTED,
                if_=chunks.c.task_id == task_id,
                settled_at=self.clock(),
                unanswered=codec.pack(unanswered),
                unanswered_count=len(unanswered),
                result_sha256=result_sha256,
                result_counts=dict(result_counts),
                note=None,
            )
            if moved:
                connection.execute(sa.update(ledger_meta).values(collections=ledger_meta.c.collections + 1))
            return moved

    def collections(self) -> int:
        """How many chunks have ever been collected; rises when the verdict store grows."""
        return int(self._one(sa.select(ledger_meta.c.collections)).collections)

    def collected(self) -> list[Row]:
        """Task id, chunk key, number of phones and times of every collected chunk."""
        columns = (chunks.c.task_id, chunks.c.chunk_key, chunks.c.phone_count, chunks.c.exported_at, chunks.c.vendor_exported_at)
        return list(
            self._rows(
                sa.select(*columns)
                .where(chunks.c.state == ChunkState.COLLECTED)
                .order_by(chunks.c.settled_at, chunks.c.chunk_key)
            )
        )

    def verdict_index(self) -> str | None:
        """Name of the published verdict index."""
        name: str | None = self._one(sa.select(ledger_meta.c.verdict_index)).verdict_index
        return name

    def publish_verdict_index(self, name: str | None, *, instead_of: str | None, task_ids: Iterable[str] = ()) -> bool:
        """Publish an index of these tasks; False when another one was published, or one of them was purged, meanwhile."""
        with self._write() as connection:
            collected = connection.scalars(sa.select(chunks.c.task_id).where(chunks.c.state == ChunkState.COLLECTED.value))
            if not set(task_ids) <= set(collected):
                return False
            current = ledger_meta.c.verdict_index
            guard = current.is_(None) if instead_of is None else current == instead_of
            return connection.execute(sa.update(ledger_meta).where(guard).values(verdict_index=name)).rowcount == 1
