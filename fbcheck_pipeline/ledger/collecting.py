"""How a task is polled and its result collected, and which index over the verdicts is published."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import sqlalchemy as sa

from fbcheck_pipeline.ledger import codec
from fbcheck_pipeline.ledger.chunk_entries import ChunkEntries
from fbcheck_pipeline.ledger.codec import Phones
from fbcheck_pipeline.ledger.limits import UNANSWERED
from fbcheck_pipeline.ledger.moves import move
from fbcheck_pipeline.ledger.records import Chunk, CollectedTask, TaskProgress
from fbcheck_pipeline.ledger.schema import chunks, ledger_meta
from fbcheck_pipeline.ledger.states import ChunkState, states_that

FAR_AHEAD_S = 3600.0
"""A poll due later than this was written by a clock that has since been set back."""
MAX_FETCHES = 30
"""How often a result is fetched before it is left to the deadline."""


class Collecting(ChunkEntries):
    """From submitted to collected."""

    def due_for_poll(self) -> list[Chunk]:
        """Tasks whose next status call is due, oldest first."""
        asked = self.chunks(states=states_that("asks_status"))
        due = (each for each in asked if each.task_id is not None and self._is_due(each.next_poll_at))
        return sorted(due, key=lambda each: each.next_poll_at)

    def due_for_fetch(self) -> list[Chunk]:
        """Exported chunks whose result is to be fetched now, oldest first."""
        exported = self.chunks(states=states_that("asks_file"))
        return [
            each
            for each in exported
            if each.vendor_status == "exported" and each.fetches < MAX_FETCHES and self._is_due(each.next_fetch_at)
        ]

    def note_progress(self, chunk: Chunk, progress: TaskProgress, *, next_poll_at: float) -> None:
        """Record what a status call said of a task that is not exported."""
        self._note_poll(chunk, {**_columns(progress), "note": None, "next_poll_at": next_poll_at})

    def note_still_exported(
        self, chunk: Chunk, progress: TaskProgress, *, vendor_exported_at: str | None, next_poll_at: float, result_url: str | None
    ) -> None:
        """Record that the vendor has the result of a chunk that does not move by it; the reason noted before stays."""
        exported = {
            "exported_at": sa.func.coalesce(chunks.c.exported_at, self.clock()),
            "vendor_exported_at": sa.func.coalesce(chunks.c.vendor_exported_at, vendor_exported_at),
            "result_url": result_url,
        }
        self._note_poll(chunk, {**_columns(progress), **exported, "next_poll_at": next_poll_at})

    def note_poll_error(self, chunk: Chunk, *, note: str, next_poll_at: float) -> None:
        """Record that a status call said nothing usable."""
        self._note_poll(chunk, {"note": note, "next_poll_at": next_poll_at})

    def note_result_url(self, chunk: Chunk, result_url: str | None) -> None:
        """Record a fresh address of a result."""
        self._note_poll(chunk, {"result_url": result_url})

    def note_fetch_error(self, chunk_key: str, *, note: str, next_fetch_at: float) -> None:
        """Record that a result could not be had or read this time."""
        update = sa.update(chunks).where(chunks.c.chunk_key == chunk_key)
        with self._write() as connection:
            connection.execute(update.values(fetches=chunks.c.fetches + 1, note=note, next_fetch_at=next_fetch_at))

    def mark_exported(
        self, chunk_key: str, *, from_: ChunkState, progress: TaskProgress, vendor_exported_at: str | None, result_url: str | None
    ) -> bool:
        """The vendor has the result ready. False when another worker moved the chunk first.

        Args:
            vendor_exported_at: when, as the vendor wrote it.
        """
        exported = {"exported_at": self.clock(), "vendor_exported_at": vendor_exported_at, "result_url": result_url}
        return self._move(chunk_key, from_, ChunkState.EXPORTED, {**_columns(progress), **exported, "note": None})

    def mark_failed(self, chunk_key: str, *, from_: ChunkState, progress: TaskProgress, note: str) -> bool:
        """The vendor says that the task failed. False when another worker moved the chunk first."""
        return self._move(chunk_key, from_, ChunkState.FAILED, {**_columns(progress), "note": note, **UNANSWERED})

    def mark_overdue(self, chunk_key: str, *, from_: ChunkState) -> bool:
        """The deadline has passed: lists wait no longer, the task is still asked. False when another worker moved it first."""
        return self._move(chunk_key, from_, ChunkState.OVERDUE, {})

    def mark_collected(
        self,
        chunk_key: str,
        *,
        from_: ChunkState,
        task_id: str,
        unanswered: Phones,
        result_sha256: str,
        result_counts: Mapping[str, int],
    ) -> bool:
        """Record that a chunk's verdicts lie in the store as this task's.

        Args:
            unanswered: its phones (sorted, distinct) without a usable verdict.

        Returns:
            False when another worker moved the chunk first, or its task is another one by now.
        """
        values = {
            "unanswered": codec.pack(unanswered),
            "unanswered_count": len(unanswered),
            "result_sha256": result_sha256,
            "result_counts": dict(result_counts),
            "note": None,
        }
        guard = [chunks.c.task_id == task_id]
        with self._write() as connection:
            moved = move(connection, chunk_key, from_, ChunkState.COLLECTED, values, now=self.clock(), guard=guard)
            if moved:
                connection.execute(sa.update(ledger_meta).values(collections=ledger_meta.c.collections + 1))
            return moved

    def disown_task(self, chunk_key: str, *, from_: ChunkState, task_id: str, note: str) -> bool:
        """The task that was recorded is not this chunk's: what became of the chunk is unknown again, and the task is free."""
        facts = ("task_id", "vendor_status", "total", "success", "failure", "result_url", "exported_at", "vendor_exported_at")
        cleared = {**dict.fromkeys(facts), "polls": 0, "fetches": 0, "next_fetch_at": 0, "note": note}
        return self._move(chunk_key, from_, ChunkState.UNCONFIRMED, cleared, [chunks.c.task_id == task_id])

    def collected_tasks(self) -> list[CollectedTask]:
        """Every collected task, in the order of collection."""
        columns = (chunks.c[name] for name in CollectedTask.__dataclass_fields__)
        query = sa.select(*columns).where(chunks.c.state == ChunkState.COLLECTED)
        return self._records(CollectedTask, query.order_by(chunks.c.settled_at, chunks.c.chunk_key))

    def verdict_index(self) -> str | None:
        """Name of the published verdict index."""
        name: str | None = self._rows(sa.select(ledger_meta.c.verdict_index))[0].verdict_index
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

    def _is_due(self, at: float) -> bool:
        now = self.clock()
        return at <= now or at > now + FAR_AHEAD_S

    def _note_poll(self, chunk: Chunk, values: Mapping[str, object]) -> None:
        """A late answer about a chunk that moved since is dropped."""
        update = sa.update(chunks).where(chunks.c.chunk_key == chunk.chunk_key, chunks.c.state == chunk.state)
        with self._write() as connection:
            connection.execute(update.values({"polls": chunks.c.polls + 1, **values}))


def _columns(progress: TaskProgress) -> dict[str, object]:
    counts = {"total": progress.total, "success": progress.success, "failure": progress.failure}
    return {"vendor_status": progress.vendor_status, **counts}
