"""The ledger's entries of chunks: looking at them, whatever state they are in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from fbcheck_pipeline.errors import OperatorError
from fbcheck_pipeline.ledger.access import FACTS, Access, Row
from fbcheck_pipeline.ledger.planning import unanswered_tries
from fbcheck_pipeline.ledger.schema import chunks, dependencies, parts, waiting
from fbcheck_pipeline.ledger.states import ChunkState


class ChunkEntries(Access):
    """Chunks, by their keys."""

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
        query = sa.select(*FACTS).order_by(chunks.c.planned_at, chunks.c.chunk_key)
        return list(self._rows(query if states is None else query.where(chunks.c.state.in_(list(states)))))

    def chunk_keys(self) -> set[str]:
        """Every key ever given out."""
        return {row.chunk_key for row in self._rows(sa.select(chunks.c.chunk_key))}

    def chunks_of(self, list_key: str, *, with_phones: bool = False) -> list[Row]:
        """The chunks a list depends on, oldest first."""
        return list(self._rows(_chunks_of(list_key, chunks.c if with_phones else FACTS)))

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


def _chunks_of(list_key: str, columns: Iterable[sa.ColumnElement[Any]]) -> sa.Select[Any]:
    """The chunks a list depends on, oldest first."""
    query = sa.select(*columns).join(dependencies, dependencies.c.chunk_key == chunks.c.chunk_key)
    return query.where(dependencies.c.list_key == list_key).order_by(chunks.c.planned_at, chunks.c.chunk_key)
