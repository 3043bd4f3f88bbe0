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
import sqlalchemy as sa

from fbcheck_pipeline.errors import LedgerError
from fbcheck_pipeline.ledger import codec
from fbcheck_pipeline.ledger.codec import Phones
from fbcheck_pipeline.ledger.records import LoadedChunk, Part
from fbcheck_pipeline.ledger.schema import LOADED, chunks, dependencies, ledger_meta, lists, parts, waiting
from fbcheck_pipeline.ledger.states import ChunkState, states_that

ORPHANED_AFTER_S = 600.0
"""A chunk that its planner did not send by then is sent by whoever looks."""


def unanswered_tries() -> sa.Select[Any]:
    """Settled tries that left phones without a usable answer, oldest first."""
    query = sa.select(*LOADED).where(chunks.c.unanswered_count > 0, chunks.c.state.not_in(states_that("holds")))
    return query.order_by(chunks.c.settled_at, chunks.c.chunk_key)


def bought_on(day: str) -> sa.Select[Any]:
    """Phones reserved or sent on a UTC day, each as often as it was; null for none."""
    return sa.select(sa.func.sum(chunks.c.phone_count * _tries(chunks.c.earlier_that_day))).where(chunks.c.budget_day == day)


def _tries(earlier: sa.ColumnElement[int]) -> sa.ColumnElement[int]:
    """How often a chunk's phones count as bought. Tries of a replaced chunk are counted on its replacements."""
    in_budget = sa.case((chunks.c.state.in_(states_that("in_budget")), 1), else_=0)
    return sa.case((chunks.c.state == ChunkState.REPLACED.value, 0), else_=earlier + in_budget)


class Planning:
    """What may be asked and done inside the exclusive transaction."""

    def __init__(self, connection: sa.Connection, now: float) -> None:
        self._connection = connection
        self.now = now
        self.day = datetime.fromtimestamp(now, UTC).date().isoformat()

    def version(self) -> tuple[int, int]:
        """Changes when a verdict was collected or another planning committed; earlier look-ups are then stale."""
        row = self._connection.execute(sa.select(ledger_meta.c.collections, ledger_meta.c.plannings)).one()
        return row.collections, row.plannings

    def holding(self) -> list[LoadedChunk]:
        """Chunks whose phones nobody else may send."""
        return self._loaded(sa.select(*LOADED).where(chunks.c.state.in_(states_that("holds"))))

    def unanswered_tries(self) -> list[LoadedChunk]:
        """Settled tries that left phones without a usable answer, oldest first."""
        return self._loaded(unanswered_tries())

    def waiting(self) -> dict[str, Phones]:
        """List key -> its phones that wait for more."""
        return {row.list_key: codec.unpack(row.phones, row.phone_count) for row in self._connection.execute(sa.select(waiting))}

    def bought_for(self, list_key: str) -> int:
        """Phones reserved or sent for a list, each as often as it was."""
        bought = sa.select(sa.func.sum(parts.c.phone_count * _tries(chunks.c.resubmissions)))
        bought = bought.where(parts.c.chunk_key == chunks.c.chunk_key, parts.c.list_key == list_key)
        return int(self._connection.scalar(bought) or 0)

    def bought_on(self, day: str) -> int:
        """Phones reserved or sent on a UTC day, each as often as it was."""
        return int(self._connection.scalar(bought_on(day)) or 0)

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

    def mark_planned(self, list_key: str) -> None:
        """Record that a list was planned just now, so that it will be joined anew."""
        self._touch(list_key, {"planned_at": self.now, "needs_planning": False})

    def request_planning(self, list_key: str) -> None:
        """Record that a list must be planned again: another planning took its waiting phones."""
        self._touch(list_key, {"needs_planning": True})

    def finish(self) -> None:
        """Make this planning visible to those who looked things up before it."""
        self._connection.execute(sa.update(ledger_meta).values(plannings=ledger_meta.c.plannings + 1))

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
