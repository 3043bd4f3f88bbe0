"""The exclusive transaction that plans chunks: it reads what is in flight and what the budget allows, and inserts chunks.

Only statements stand here; which phones to buy is decided in the workflow.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from fbcheck_pipeline.errors import LedgerError
from fbcheck_pipeline.ledger import codec, tallies
from fbcheck_pipeline.ledger.codec import Phones
from fbcheck_pipeline.ledger.moves import NEXT_CHANGE, count_change, move
from fbcheck_pipeline.ledger.records import LoadedChunk, Part
from fbcheck_pipeline.ledger.schema import LOADED, chunks, dependencies, ledger_meta, lists, parts, waiting
from fbcheck_pipeline.ledger.states import ChunkState, states_that

ORPHANED_AFTER_S = 600.0
"""A chunk that its planner did not send by then is sent by whoever looks."""


class Planning:
    """What may be asked and done inside the exclusive transaction."""

    def __init__(self, connection: sa.Connection, now: float) -> None:
        self._connection = connection
        self.now = now
        self.day = datetime.fromtimestamp(now, UTC).date().isoformat()

    def version(self) -> tuple[int, int]:
        """Changes when a chunk changed or another planning committed; earlier look-ups are then stale."""
        row = self._connection.execute(sa.select(ledger_meta.c.changes, ledger_meta.c.plannings)).one()
        return row.changes, row.plannings

    def holding(self) -> list[LoadedChunk]:
        """Chunks whose phones nobody else may send."""
        return self._loaded(sa.select(*LOADED).where(chunks.c.state.in_(states_that("holds"))))

    def waiting(self) -> dict[str, Phones]:
        """List key -> its phones that wait for more."""
        return {row.list_key: codec.unpack(row.phones, row.phone_count) for row in self._connection.execute(sa.select(waiting))}

    def bought_for(self, list_key: str) -> int:
        """Phones reserved or sent for a list, each as often as it was."""
        return tallies.sent_for(self._connection, list_key) + tallies.unsent_of(self._connection, list_key)

    def bought_today(self) -> int:
        """Phones sent on this UTC day, each as often as it was, and all that are planned: these may be sent today."""
        return tallies.sent_on(self._connection, self.day) + tallies.unsent(self._connection)

    def limit_of(self, list_key: str, otherwise: int | None) -> int | None:
        """Most phones that may ever be sent for a list: what the last `run` of it said, otherwise the process's own setting."""
        return tallies.limit_of(self._connection, list_key, otherwise)

    def is_over_budget(self, list_key: str) -> bool:
        """True while a limit forbids the list's unsent phones, and neither a `run` of it nor the night asked again."""
        return bool(self._connection.scalar(sa.select(lists.c.is_over_budget).where(lists.c.list_key == list_key)))

    def add_chunk(self, stretches: Sequence[Part]) -> str:
        """Insert one planned chunk; returns its key."""
        return insert_chunk(self._connection, stretches, [each.list_key for each in stretches], now=self.now, day=self.day)

    def depend(self, list_key: str, chunk_keys: Sequence[str]) -> None:
        """Make a list wait for chunks."""
        known = set(self._connection.scalars(sa.select(dependencies.c.chunk_key).where(dependencies.c.list_key == list_key)))
        new = [{"list_key": list_key, "chunk_key": key} for key in sorted(set(chunk_keys) - known)]
        if new:
            self._connection.execute(sa.insert(dependencies), new)

    def keep_waiting(self, list_key: str, phones: Phones) -> None:
        """Set the phones of a list that are too few for a chunk (none: nothing waits)."""
        self._connection.execute(sa.delete(waiting).where(waiting.c.list_key == list_key))
        if len(phones):
            self._connection.execute(
                sa.insert(waiting).values(list_key=list_key, phones=codec.pack(phones), phone_count=len(phones))
            )

    def mark_planned(self, list_key: str, *, is_over_budget: bool = False) -> None:
        """Record that a list was planned just now, so that it will be joined anew once its pins stand."""
        planned = {"planned_at": self.now, "needs_planning": False, "is_over_budget": is_over_budget, "held": None}
        self._touch(list_key, {**planned, "is_pinned": False, "is_complete": False})

    def request_planning(self, list_key: str) -> None:
        """Record that a list must be planned again: another planning took its waiting phones."""
        self._touch(list_key, {"needs_planning": True})

    def finish(self) -> None:
        """Make this planning visible to those who looked things up before it."""
        note_planning(self._connection)

    def _touch(self, list_key: str, values: Mapping[str, object]) -> None:
        update = sa.update(lists).where(lists.c.list_key == list_key)
        self._connection.execute(update.values({"revision": lists.c.revision + 1, **values}))

    def _loaded(self, query: sa.Select[Any]) -> list[LoadedChunk]:
        return [LoadedChunk.from_row(row) for row in self._connection.execute(query)]


def insert_chunk(
    connection: sa.Connection,
    stretches: Sequence[Part],
    dependants: Sequence[str],
    *,
    now: float,
    day: str,
    replaces: str | None = None,
    halvings: int = 0,
    resubmissions: int = 0,
    earlier_that_day: int = 0,
) -> str:
    """Insert a planned chunk with its parts and the lists that wait for it; returns its random key."""
    if not stretches:
        raise LedgerError("a chunk without phones cannot be planned; this is a fault of the program, please report it")
    key = secrets.token_hex(8)
    phones = np.concatenate([each.phones for each in stretches])
    payload_sha256 = hashlib.sha256(codec.to_payload(phones)).hexdigest()
    connection.execute(
        sa.insert(chunks).values(
            chunk_key=key,
            state=ChunkState.PLANNED.value,
            change=NEXT_CHANGE,
            phones=codec.pack(phones),
            phone_count=len(phones),
            payload_sha256=payload_sha256,
            planned_at=now,
            next_send_at=now + ORPHANED_AFTER_S,
            budget_day=day,
            replaces=replaces,
            halvings=halvings,
            resubmissions=resubmissions,
            earlier_that_day=earlier_that_day,
        )
    )
    count_change(connection)
    start = 0
    for each in stretches:
        connection.execute(
            sa.insert(parts).values(chunk_key=key, list_key=each.list_key, start=start, phone_count=len(each.phones))
        )
        start += len(each.phones)
    connection.execute(
        sa.insert(dependencies), [{"list_key": list_key, "chunk_key": key} for list_key in sorted(set(dependants))]
    )
    return key


def replace_chunk(
    connection: sa.Connection,
    chunk: LoadedChunk,
    groups: Sequence[npt.NDArray[np.bool_]],
    *,
    from_: ChunkState,
    halvings: int,
    now: float,
    guard: Sequence[sa.ColumnElement[bool]] = (),
) -> list[str]:
    """Put new planned chunks, one per group (a mask over the chunk's phones), in a chunk's place; returns their keys.

    Its lists are planned anew when phones stand in no group. Nothing happens, and nothing is returned, when another worker moved
    the chunk first, or the guard does not hold.
    """
    if not move(connection, chunk.chunk_key, from_, ChunkState.REPLACED, {}, now=now, guard=guard):
        return []
    note_planning(connection)
    of_chunk = sa.select(parts).where(parts.c.chunk_key == chunk.chunk_key).order_by(parts.c.start)
    owners, phones = connection.execute(of_chunk).all(), chunk.phones
    of_chunk = sa.select(dependencies.c.list_key).where(dependencies.c.chunk_key == chunk.chunk_key)
    dependants = list(connection.scalars(of_chunk))
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
                replaces=chunk.chunk_key,
                halvings=halvings,
                resubmissions=chunk.resubmissions,
                earlier_that_day=chunk.earlier_that_day,
            )
        )
    if sum(int(group.sum()) for group in groups) < chunk.phone_count:
        request_planning_of_dependants(connection, chunk.chunk_key)
    return keys


def note_planning(connection: sa.Connection) -> None:
    """Record that what a planning goes by has changed: look-ups that were done before are stale."""
    connection.execute(sa.update(ledger_meta).values(plannings=ledger_meta.c.plannings + 1))


def loaded_chunk(connection: sa.Connection, chunk_key: str) -> LoadedChunk:
    """One chunk that is there, with its phones, as this transaction sees it."""
    return LoadedChunk.from_row(connection.execute(sa.select(*LOADED).where(chunks.c.chunk_key == chunk_key)).one())


def request_planning_of_dependants(connection: sa.Connection, chunk_key: str) -> None:
    """Record that every list that depends on a chunk must be planned again; look-ups that were done before are stale."""
    dependants = sa.select(dependencies.c.list_key).where(dependencies.c.chunk_key == chunk_key)
    connection.execute(sa.update(lists).where(lists.c.list_key.in_(dependants)).values(needs_planning=True))
    note_planning(connection)
