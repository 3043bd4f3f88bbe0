"""The ledger's entries: lists, and the moves of chunks along `states.MOVES`. Planning has a module of its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from fbcheck_pipeline.errors import LedgerError, OperatorError
from fbcheck_pipeline.ledger import codec, liveness
from fbcheck_pipeline.ledger.codec import Phones
from fbcheck_pipeline.ledger.planning import Part, Planning, bought_on, exclusive, insert_chunk, unanswered_tries
from fbcheck_pipeline.ledger.schema import chunks, dependencies, ledger_meta, lists, parts, suppressions, waiting
from fbcheck_pipeline.ledger.states import MOVES, TRAITS, ChunkState, states_that

Row = sa.Row[Any]
FAR_AHEAD_S = 3600.0
"""A poll due later than this was written by a clock that has since been set back."""
MAX_FETCHES = 30
"""How often a result is fetched before it is left to the deadline."""
_FACTS = [column for column in chunks.c if column.name not in ("phones", "unanswered")]
"""Of a chunk, all but its phones, which weigh a thousand times as much."""


class Ledger:
    """One open ledger; safe to share between threads."""

    def __init__(self, engine: sa.Engine, clock: Callable[[], float] = time.time) -> None:
        """Args: engine: of a migrated database; clock: UTC seconds, replaced in tests."""
        self.engine = engine
        self.clock = clock
        meta = self._one(sa.select(ledger_meta))
        self.uuid: str = meta.uuid
        self.hash_key: bytes = meta.hash_key
        self.vendor_origin: str = meta.vendor_origin

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()

    def today(self) -> str:
        """The UTC day, e.g. `2026-11-24`."""
        return datetime.fromtimestamp(self.clock(), UTC).date().isoformat()

    # --- lists

    def register_list(
        self, list_key: str, *, file: str, inbox_name: str, sha256: str, options: Mapping[str, Any], purpose: str | None
    ) -> None:
        """Record how a list is to be read, before its file is seen by anybody.

        A list that was never read may still be registered otherwise; one that was keeps its options, and its purpose if it
        has one.

        Raises:
            OperatorError: it was read with other options.
        """
        entry = dict(file=file, inbox_name=inbox_name, sha256=sha256, options=dict(options), purpose=purpose, error=None)
        with self._write() as connection:
            known = connection.execute(sa.select(lists).where(lists.c.list_key == list_key)).one_or_none()
            if known is None:
                connection.execute(sa.insert(lists).values(list_key=list_key, added_at=self.clock(), **entry))
            elif known.source is None:
                connection.execute(sa.update(lists).where(lists.c.list_key == list_key).values(**entry))
            else:
                refuse_other_options(known, options)
                if known.purpose is None and purpose is not None:
                    connection.execute(sa.update(lists).where(lists.c.list_key == list_key).values(purpose=purpose))

    def list_row(self, list_key: str) -> Row | None:
        """One list, or None when it is unknown."""
        return next(iter(self._rows(sa.select(lists).where(lists.c.list_key == list_key))), None)

    def lists(self) -> list[Row]:
        """All lists, oldest first."""
        return list(self._rows(sa.select(lists).order_by(lists.c.added_at, lists.c.list_key)))

    def note_read(self, list_key: str, source: Mapping[str, Any]) -> None:
        """Record what the reader found; from now on the options are fixed."""
        self._update_list(list_key, source=dict(source), error=None)

    def note_unreadable(self, list_key: str, error: str) -> None:
        """Record why a list cannot be read, so that nobody tries it again unchanged."""
        self._update_list(list_key, error=error)

    def note_counts(self, list_key: str, counts: Mapping[str, int]) -> None:
        """Record what is known of a list's phones before it is joined."""
        self._update_list(list_key, counts=dict(counts))

    def note_pinned(self, list_key: str) -> None:
        """Record that a list's pins stand: a join that read the pins before these is stale."""
        self._update_list(list_key, revision=lists.c.revision + 1)

    def note_joined(self, list_key: str, *, revision: int, counts: Mapping[str, int], is_complete: bool) -> None:
        """Record a join of the list as of `revision`."""
        self._update_list(
            list_key, joined_revision=revision, joined_at=self.clock(), counts=dict(counts), is_complete=is_complete
        )

    def unneeded_chunks(self, list_keys: Sequence[str], *, settled_before: float) -> list[Row]:
        """Chunks settled before then (UTC seconds) that no list but these depends on, and those condemned before."""
        is_condemned = chunks.c.state == ChunkState.PURGED.value
        return list(self._rows(sa.select(*_FACTS).where(is_condemned | _unneeded(list_keys, settled_before))))

    def condemn(self, list_keys: Sequence[str], *, settled_before: float) -> list[Row]:
        """Mark unneeded chunks, whose files are about to be deleted: from now on no planning reads their verdicts or tries.

        Returns:
            The marked ones, also those marked before.
        """
        gone = {"state": ChunkState.PURGED.value, "unanswered": None, "unanswered_count": 0}
        with self._write() as connection:  # a planning either stands, and what it depends on is needed, or has yet to look
            connection.execute(sa.update(chunks).where(_unneeded(list_keys, settled_before)).values(**gone))
            Planning(connection, self.clock()).finish()
        return self.chunks(states=[ChunkState.PURGED])

    def forget(self, list_keys: Sequence[str], chunk_keys: Sequence[str]) -> None:
        """Delete lists and chunks with all that belongs to them; their files must be gone before."""
        with exclusive(self.engine) as connection:
            for table in (dependencies, waiting, parts, lists):
                connection.execute(sa.delete(table).where(table.c.list_key.in_(list_keys)))
            for table in (dependencies, parts, chunks):
                connection.execute(sa.delete(table).where(table.c.chunk_key.in_(chunk_keys)))
        if self.engine.dialect.name == "sqlite":
            with closing(self.engine.raw_connection()) as raw:  # outside of any transaction
                raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")

    # --- chunks: reading

    def chunk(self, chunk_key: str) -> Row:
        """One chunk.

        Raises:
            OperatorError: there is none of this key.
        """
        for row in self._rows(sa.select(chunks).where(chunks.c.chunk_key == chunk_key)):
            return row
        raise OperatorError(f"there is no chunk {chunk_key}; `fbcheck status` lists them")

    def chunks(self, *, states: Iterable[str] | None = None) -> list[Row]:
        """All chunks, or those in some states, oldest first; without their phones."""
        query = sa.select(*_FACTS).order_by(chunks.c.planned_at, chunks.c.chunk_key)
        return list(self._rows(query if states is None else query.where(chunks.c.state.in_(list(states)))))

    def chunk_keys(self) -> set[str]:
        """Every key ever given out."""
        return {row.chunk_key for row in self._rows(sa.select(chunks.c.chunk_key))}

    def chunks_of(self, list_key: str, *, with_phones: bool = False) -> list[Row]:
        """The chunks a list depends on, oldest first."""
        return list(self._rows(_chunks_of(list_key, chunks.c if with_phones else _FACTS)))

    def unanswered(self) -> list[Row]:
        """Settled tries that left phones without a usable answer, with these phones, oldest first."""
        return list(self._rows(unanswered_tries()))

    def parts_of(self, list_key: str) -> dict[str, tuple[int, int]]:
        """Chunk key -> (start, count) of the phones that were bought for this list."""
        return {
            row.chunk_key: (row.start, row.phone_count)
            for row in self._rows(sa.select(parts).where(parts.c.list_key == list_key))
        }

    def lists_of_chunks(self) -> dict[str, list[str]]:
        """Chunk key -> keys of the lists that depend on it."""
        found: dict[str, list[str]] = {}
        for row in self._rows(sa.select(dependencies).order_by(dependencies.c.list_key)):
            found.setdefault(row.chunk_key, []).append(row.list_key)
        return found

    def waiting_counts(self) -> dict[str, int]:
        """List key -> number of its phones that are too few for a chunk."""
        return {row.list_key: row.phone_count for row in self._rows(sa.select(waiting.c.list_key, waiting.c.phone_count))}

    def sendable(self, list_key: str) -> list[str]:
        """Keys of planned chunks this list depends on, whoever planned them, oldest first."""
        query = _chunks_of(list_key, [chunks.c.chunk_key]).where(chunks.c.state == ChunkState.PLANNED)
        return [row.chunk_key for row in self._rows(query)]

    # --- chunks: sending

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
            row = connection.execute(sa.select(*_FACTS).where(chunks.c.chunk_key == chunk_key)).one()
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

    # --- chunks: polling and collecting

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

    # --- what is due

    def lists_to_join(self) -> list[Row]:
        """Planned lists whose chunks are all settled and that changed since they were last joined."""
        open_chunks = (
            sa.select(chunks.c.chunk_key)
            .join(dependencies, dependencies.c.chunk_key == chunks.c.chunk_key)
            .where(dependencies.c.list_key == lists.c.list_key, chunks.c.state.not_in(states_that("settles")))
        )
        changed = sa.and_(lists.c.planned_at.is_not(None), lists.c.revision != lists.c.joined_revision)
        return list(self._rows(sa.select(lists).where(changed, ~open_chunks.exists()).order_by(lists.c.added_at)))

    def lists_to_send(self) -> list[Row]:
        """Lists with planned chunks whose time to be sent has come, or whose waiting phones another planning took."""
        due = (
            sa.select(chunks.c.chunk_key)
            .join(dependencies, dependencies.c.chunk_key == chunks.c.chunk_key)
            .where(
                dependencies.c.list_key == lists.c.list_key,
                chunks.c.state == ChunkState.PLANNED,
                chunks.c.next_send_at <= self.clock(),
            )
        )
        wants = sa.and_(lists.c.planned_at.is_not(None), sa.or_(lists.c.needs_planning, due.exists()))
        return list(self._rows(sa.select(lists).where(wants).order_by(lists.c.added_at)))

    # --- suppressions

    def suppress(self, phones: Phones) -> int:
        """Add phones that must never be submitted; returns how many were new."""
        digests = set(codec.digests(phones.tolist(), self.hash_key).tolist())
        with self._write() as connection:
            new = digests.difference(connection.scalars(sa.select(suppressions.c.digest)))
            if new:
                now = self.clock()
                connection.execute(sa.insert(suppressions), [{"digest": digest, "added_at": now} for digest in sorted(new)])
        return len(new)

    def suppressed_digests(self) -> set[int]:
        """Keyed hashes of all suppressed phones."""
        return {row.digest for row in self._rows(sa.select(suppressions.c.digest))}

    def suppressed_among(self, phones: Phones) -> npt.NDArray[np.bool_]:
        """Which of these phones are suppressed."""
        known = self.suppressed_digests()
        if not known:
            return np.zeros(len(phones), bool)
        return np.isin(codec.digests(phones.tolist(), self.hash_key), np.fromiter(known, np.int64))

    # --- planning

    @contextmanager
    def planning(self) -> Iterator[Planning]:
        """The transaction in which chunks are added; nothing in the ledger moves meanwhile."""
        with self._write() as connection:
            yield Planning(connection, self.clock())

    # --- inside

    def _write(self) -> AbstractContextManager[sa.Connection]:
        return exclusive(self.engine)

    def _rows(self, query: sa.Select[Any]) -> Sequence[Row]:
        with self.engine.connect().execution_options(reads_only=True) as connection:
            return connection.execute(query).all()

    def _one(self, query: sa.Select[Any]) -> Row:
        return self._rows(query)[0]

    def _update_list(self, list_key: str, **values: Any) -> None:
        with self._write() as connection:
            connection.execute(sa.update(lists).where(lists.c.list_key == list_key).values(**values))

    def _move(
        self,
        connection: sa.Connection,
        chunk_key: str,
        from_: ChunkState,
        to: ChunkState,
        *,
        sender: str | None = None,
        new_sender: str | None = None,
        if_: sa.ColumnElement[bool] | None = None,
        **values: Any,
    ) -> bool:
        if (from_, to) not in MOVES:
            raise LedgerError(f"a chunk does not go from {from_} to {to}; this is a fault of the program, please report it")
        guard = [chunks.c.chunk_key == chunk_key, chunks.c.state == from_]
        if sender is not None:
            guard.append(chunks.c.sender == sender)
        if if_ is not None:
            guard.append(if_)
        if new_sender is not None:
            values["sender"] = new_sender
        moved = connection.execute(sa.update(chunks).where(*guard).values(state=to.value, **values)).rowcount == 1
        if moved:
            dependants = sa.select(dependencies.c.list_key).where(dependencies.c.chunk_key == chunk_key)
            connection.execute(sa.update(lists).where(lists.c.list_key.in_(dependants)).values(revision=lists.c.revision + 1))
        return moved


def refuse_other_options(known: Row, options: Mapping[str, Any]) -> None:
    """A list that was read is read the same way for ever.

    Raises:
        OperatorError: it was read with other options.
    """
    if known.source is not None and any(known.options.get(name) != value for name, value in options.items()):
        raise OperatorError(
            f"list {known.list_key} was already read with other options ({_shown(known.options)}); "
            f"run it with those, or read it anew after `fbcheck purge --list {known.list_key}`: verdicts that are paid for stay"
        )


def _shown(options: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in options.items()) or "the defaults"


def _unneeded(list_keys: Sequence[str], settled_before: float) -> sa.ColumnElement[bool]:
    needed = sa.select(dependencies.c.chunk_key).where(dependencies.c.list_key.not_in(list_keys))
    return sa.and_(
        chunks.c.state.not_in(states_that("holds")),
        chunks.c.settled_at < settled_before,
        chunks.c.chunk_key.not_in(needed),
    )


def _chunks_of(list_key: str, columns: Iterable[sa.ColumnElement[Any]]) -> sa.Select[Any]:
    """The chunks a list depends on, oldest first."""
    query = sa.select(*columns).join(dependencies, dependencies.c.chunk_key == chunks.c.chunk_key)
    return query.where(dependencies.c.list_key == list_key).order_by(chunks.c.planned_at, chunks.c.chunk_key)
