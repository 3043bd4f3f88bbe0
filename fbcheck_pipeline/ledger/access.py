"""What all entries of the ledger need: the engine, the clock, how rows are read, and the one guarded move of a chunk."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from fbcheck_pipeline.errors import LedgerError
from fbcheck_pipeline.ledger.planning import exclusive
from fbcheck_pipeline.ledger.schema import chunks, dependencies, ledger_meta, lists
from fbcheck_pipeline.ledger.states import MOVES, ChunkState

Row = sa.Row[Any]
FACTS = [column for column in chunks.c if column.name not in ("phones", "unanswered")]
"""Of a chunk, all but its phones, which weigh a thousand times as much."""


class Access:
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

    def _write(self) -> AbstractContextManager[sa.Connection]:
        return exclusive(self.engine)

    def _rows(self, query: sa.Select[Any]) -> Sequence[Row]:
        with self.engine.connect().execution_options(reads_only=True) as connection:
            return connection.execute(query).all()

    def _one(self, query: sa.Select[Any]) -> Row:
        return self._rows(query)[0]

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
