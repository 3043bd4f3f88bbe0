"""How a task is polled and its result collected."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import sqlalchemy as sa

from fbcheck_pipeline.ledger import codec
from fbcheck_pipeline.ledger.changes import NEXT_CHANGE, count_change
from fbcheck_pipeline.ledger.chunk_entries import ChunkEntries
from fbcheck_pipeline.ledger.codec import Phones
from fbcheck_pipeline.ledger.limits import UNANSWERED
from fbcheck_pipeline.ledger.many_keys import among
from fbcheck_pipeline.ledger.moves import move, outdate_joins
from fbcheck_pipeline.ledger.records import Chunk, TaskProgress
from fbcheck_pipeline.ledger.schema import ERASED, chunk_phones, chunks, ledger_meta
from fbcheck_pipeline.ledger.scrubbing import erase_what_is_asked, without_erased
from fbcheck_pipeline.ledger.states import ChunkState, states_that

HOUR_S, DAY_S, MONTH_S = 3600.0, 86_400.0, 30 * 86_400.0
"""No poll of a task in time is due later than an hour ahead, no other poll and no fetch later than a day, or a month where a person gave
the task up; one that is was written by a clock since set back."""
DAYS_UNTIL_GONE = 3
"""On so many UTC days, with no other answer between them, the vendor says that it has a result no more before this is believed."""
_KEEP_UNANSWERED = sa.update(chunk_phones).where(chunk_phones.c.chunk_key == sa.bindparam("key"))
_COUNT_COLLECTION = sa.update(ledger_meta).values(collections=ledger_meta.c.collections + 1)
_NOT_GONE: dict[str, object] = {"gone_days": 0, "gone_day": None}


class Collecting(ChunkEntries):
    """From submitted to collected."""

    def due_for_poll(self) -> list[Chunk]:
        """Tasks whose next status call is due, oldest first."""
        asked = (each for each in self.chunks(states=states_that("asks_status")) if each.task_id is not None)
        due = (each for each in asked if self._is_due(each, each.next_poll_at))
        return sorted(due, key=lambda each: each.next_poll_at)

    def due_for_fetch(self) -> list[Chunk]:
        """Chunks whose result is to be fetched now, and which no living collector fetches already, oldest first."""
        asked = self.chunks(states=states_that("asks_file"))
        due = [each for each in asked if each.has_result and self._is_due(each, each.next_fetch_at)]
        living = self.database.liveness.living({each.fetcher for each in due if each.fetcher is not None})
        return [each for each in due if each.fetcher not in living]

    def ask_at_once(self, chunk_keys: Iterable[str]) -> None:
        """Make these chunks' next status call and next fetch due; a fetch before its time is known by `next_fetch_at` 0."""
        update = sa.update(chunks).where(among(chunks.c.chunk_key, chunk_keys))
        early = sa.case((chunks.c.next_fetch_at > self.clock(), 0), else_=chunks.c.next_fetch_at)
        with self._write() as connection:
            connection.execute(update.values(next_poll_at=0, next_fetch_at=early))

    def fetch_at_once_with(self, means: str) -> None:
        """Make the next fetch of every result due that was not yet tried with these settings and this version.

        Args:
            means: a short name for them, without blanks.
        """
        untried = [chunks.c.state.in_(states_that("asks_file")), ~chunks.c.tried_with.contains(means)]
        if self._rows(sa.select(chunks.c.chunk_key).where(*untried).limit(1)):
            with self._write() as connection:
                update = sa.update(chunks).where(*untried)
                connection.execute(update.values(next_fetch_at=0, tried_with=chunks.c.tried_with + f"{means} "))

    def note_progress(self, chunk: Chunk, progress: TaskProgress, *, next_poll_at: float) -> None:
        """Record what a status call said of a task that is not exported."""
        self._note_poll(chunk, {**_columns(progress), **_NOT_GONE, "note": None, "next_poll_at": next_poll_at})

    def note_still_exported(
        self, chunk: Chunk, progress: TaskProgress, *, vendor_exported_at: str | None, next_poll_at: float, result_url: str | None
    ) -> None:
        """Record that the vendor has a result of a chunk that does not move by it; the reason noted before stays."""
        exported = {
            "exported_at": sa.func.coalesce(chunks.c.exported_at, self.clock()),
            "vendor_exported_at": sa.func.coalesce(chunks.c.vendor_exported_at, vendor_exported_at),
            "result_url": result_url,
        }
        self._note_poll(chunk, {**_columns(progress), **exported, "next_poll_at": next_poll_at})

    def note_poll_error(self, chunk: Chunk, *, note: str, next_poll_at: float) -> None:
        """Record that a status call said nothing usable."""
        self._note_poll(chunk, {"note": note, "next_poll_at": next_poll_at})

    def begin_fetch(self, chunk: Chunk, fetcher: str) -> bool:
        """Take the fetch of a chunk's result; False when another collector took it, or brought it, first.

        Args:
            fetcher: the name under which this collector holds a lock: when the collector ends, however it does, others may fetch.
        """
        same = (*_as_seen(chunk), chunks.c.fetcher.is_not_distinct_from(chunk.fetcher))
        with self._write() as connection:
            return connection.execute(sa.update(chunks).where(*same).values(fetcher=fetcher)).rowcount == 1

    def note_fetch_error(
        self, chunk: Chunk, *, to: ChunkState, note: str, next_fetch_at: float, repeats: int, is_there: bool
    ) -> bool:
        """Record that a result could not be had or read this time. False when another worker recorded a fetch first.

        Args:
            to: its state from now on; where it is another one, the chunk moves.
            is_there: the vendor has its file, or says nothing of the kind that it has none.
        """
        values = {"note": note, "next_fetch_at": next_fetch_at, "repeats": repeats, **(_NOT_GONE if is_there else {})}
        values |= {"fetches": chunk.fetches + 1, "fetcher": None}
        with self._write() as connection:
            if to is not chunk.state:
                return move(connection, chunk.chunk_key, chunk.state, to, values, now=self.clock(), guard=_as_seen(chunk))
            return connection.execute(sa.update(chunks).where(*_as_seen(chunk)).values(values)).rowcount == 1

    def note_gone(self, chunk: Chunk, *, note: str) -> bool:
        """Record that the vendor says it has a chunk's result no more; True when it has said so on enough UTC days: it is gone."""
        last, today, now = chunk.gone_day or "", self.today(), self.clock()
        days = chunk.gone_days + (today > last)  # a clock that was set back makes no more days of one
        with self._write() as connection:
            counted = sa.update(chunks).where(*_as_asked(chunk), chunks.c.gone_days == chunk.gone_days)
            is_counted = connection.execute(counted.values(gone_days=days, gone_day=max(last, today))).rowcount == 1
            if not is_counted or days < DAYS_UNTIL_GONE:
                return False
            return move(connection, chunk.chunk_key, chunk.state, ChunkState.GONE, {"note": note, **UNANSWERED}, now=now)

    def begin_recording(self, chunk: Chunk) -> bool:
        """Count a fetch that brought a result; False when another worker recorded one meanwhile, and this one is stale."""
        update = sa.update(chunks).where(*_as_seen(chunk))
        with self._write() as connection:
            return connection.execute(update.values({"fetches": chunk.fetches + 1, **_NOT_GONE})).rowcount == 1

    def note_short(
        self,
        chunk: Chunk,
        *,
        to: ChunkState,
        unanswered: Phones,
        result_sha256: str,
        result_counts: Mapping[str, int],
        is_new: bool,
        repeats: int,
        note: str,
        next_fetch_at: float,
    ) -> bool:
        """Record that a chunk's verdicts lie in the store, fewer than the vendor reports; planning and joins see them.

        Args:
            to: its state from now on; where it is another one, the chunk moves.
            unanswered: its phones (sorted, distinct) without a usable verdict.
            is_new: the store has other verdicts than before.

        Returns:
            False when another worker moved the chunk first.
        """
        values = {
            **_result(unanswered, result_sha256, result_counts),
            "repeats": repeats,
            "note": note,
            "next_fetch_at": next_fetch_at,
        }
        with self._write() as connection:
            if to is not chunk.state:
                moved = move(connection, chunk.chunk_key, chunk.state, to, values, now=self.clock(), erases=False)
            else:
                update = sa.update(chunks).where(chunks.c.chunk_key == chunk.chunk_key, chunks.c.state == chunk.state)
                moved = connection.execute(update.values({"change": NEXT_CHANGE, **values})).rowcount == 1
                if moved:
                    count_change(connection)
                if moved and (is_new or len(unanswered) != chunk.unanswered_count):
                    outdate_joins(connection, chunk.chunk_key)
            _keep_unanswered(connection, chunk.chunk_key, unanswered, moved)
            return moved

    def mark_exported(
        self,
        chunk: Chunk,
        *,
        progress: TaskProgress,
        vendor_exported_at: str | None,
        result_url: str | None,
        note: str | None = None,
    ) -> bool:
        """The vendor has a result ready. False when another worker moved the chunk first, or its task is another one by now.

        Args:
            vendor_exported_at: when, as the vendor wrote it.
            note: what is odd about it.
        """
        exported = {"exported_at": self.clock(), "vendor_exported_at": vendor_exported_at, "result_url": result_url}
        values = {**_columns(progress), **exported, **_NOT_GONE, "note": note}
        return self._move(chunk.chunk_key, chunk.state, ChunkState.EXPORTED, values, _as_asked(chunk))

    def mark_failed(self, chunk: Chunk, *, progress: TaskProgress, note: str) -> bool:
        """The vendor says that the task failed. False when another worker moved the chunk first, or its task is another one by now."""
        values = {**_columns(progress), "note": note, **UNANSWERED}
        return self._move(chunk.chunk_key, chunk.state, ChunkState.FAILED, values, _as_asked(chunk))

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
        values = {**_result(unanswered, result_sha256, result_counts), "note": None}
        guard = [chunks.c.task_id == task_id]
        with self._write() as connection:
            moved = move(connection, chunk_key, from_, ChunkState.COLLECTED, values, now=self.clock(), guard=guard, erases=False)
            _keep_unanswered(connection, chunk_key, unanswered, moved)
            return moved

    def disown_task(self, chunk_key: str, *, from_: ChunkState, task_id: str, note: str) -> bool:
        """The task that was recorded is not this chunk's: what became of the chunk is unknown again, and the task is free."""
        facts = ("task_id", "vendor_status", "total", "success", "failure", "result_url", "exported_at", "vendor_exported_at")
        cleared = {**dict.fromkeys(facts), "polls": 0, "fetches": 0, "next_fetch_at": 0, "fetcher": None, "note": note}
        guard = [chunks.c.task_id == task_id, chunks.c.result_sha256.is_(None)]  # verdicts are proof
        return self._move(chunk_key, from_, ChunkState.UNCONFIRMED, cleared, guard)

    def _is_due(self, chunk: Chunk, at: float) -> bool:
        now, most_s = self.clock(), {ChunkState.SUBMITTED: HOUR_S, ChunkState.ABANDONED: MONTH_S}.get(chunk.state, DAY_S)
        return at <= now or at > now + most_s

    def _note_poll(self, chunk: Chunk, values: Mapping[str, object]) -> None:
        """A late answer about a chunk that moved since, or about another task than it has by now, is dropped."""
        update = sa.update(chunks).where(*_as_asked(chunk))
        with self._write() as connection:
            connection.execute(update.values({"polls": chunks.c.polls + 1, **values}))


def _result(unanswered: Phones, result_sha256: str, result_counts: Mapping[str, int]) -> dict[str, object]:
    sha256 = sa.case((chunks.c.payload_sha256 == ERASED, ERASED), else_=result_sha256)
    result = {"result_sha256": sha256, "result_counts": dict(result_counts)}
    return {**result, "unanswered_count": len(unanswered), "fetcher": None}


def _as_asked(chunk: Chunk) -> tuple[sa.ColumnElement[bool], ...]:
    """The guard that nobody moved a chunk, or gave it another task, since its task was asked about."""
    return tuple(chunks.c[name] == getattr(chunk, name) for name in ("chunk_key", "state", "task_id"))


def _as_seen(chunk: Chunk) -> tuple[sa.ColumnElement[bool], ...]:
    """The guard that, besides, nobody recorded a fetch of a chunk since it was looked at."""
    return (*_as_asked(chunk), chunks.c.fetches == chunk.fetches)


def _keep_unanswered(connection: sa.Connection, chunk_key: str, unanswered: Phones, moved: bool) -> None:
    """Keep which phones a result left without a usable verdict, and count the collection, unless another worker was first."""
    if moved:
        unanswered = without_erased(connection, chunk_key, unanswered)
        connection.execute(_KEEP_UNANSWERED, {"key": chunk_key, "unanswered": codec.pack(unanswered)})
        connection.execute(_COUNT_COLLECTION)
        erase_what_is_asked(connection, chunk_key)


def _columns(progress: TaskProgress) -> dict[str, object]:
    counts = {"total": progress.total, "success": progress.success, "failure": progress.failure}
    return {"vendor_status": progress.vendor_status, **counts}
