"""Looking at the ledger's chunks, whatever state they are in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from fbcheck_pipeline.errors import OperatorError
from fbcheck_pipeline.ledger import tallies
from fbcheck_pipeline.ledger.access import Access, batched
from fbcheck_pipeline.ledger.dependants import number_of
from fbcheck_pipeline.ledger.records import Chunk, LoadedChunk, Purchase, Stretch
from fbcheck_pipeline.ledger.schema import LOADED, LOADED_CHUNK, chunks, dependencies, lists, parts, waiting
from fbcheck_pipeline.ledger.states import ChunkState

_KEYS: sa.BindParameter[str] = sa.bindparam("keys", expanding=True)
_NAMED, _REPLACING = (sa.select(chunks).where(column.in_(_KEYS)) for column in (chunks.c.chunk_key, chunks.c.replaces))
_DEPENDS = dependencies.c.chunk_key == chunks.c.chunk_key, dependencies.c.list_number == number_of(sa.bindparam("key"))
_OLDEST_FIRST = chunks.c.planned_at, chunks.c.chunk_key
_IN_STATES = sa.select(chunks).where(chunks.c.state.in_(sa.bindparam("states", expanding=True))).order_by(*_OLDEST_FIRST)
_OF_LIST = sa.select(chunks).where(*_DEPENDS).order_by(*_OLDEST_FIRST)
_KEYS_OF_LIST = sa.select(dependencies.c.chunk_key).where(dependencies.c.list_number == number_of(sa.bindparam("key")))
_SENDABLE = sa.select(chunks.c.chunk_key).where(*_DEPENDS, chunks.c.state == ChunkState.PLANNED).order_by(*_OLDEST_FIRST)


class ChunkEntries(Access):
    """Chunks, by their keys."""

    def chunk(self, chunk_key: str) -> LoadedChunk:
        """One chunk with its phones.

        Raises:
            OperatorError: there is none of this key.
        """
        for chunk in self._records(LoadedChunk, LOADED_CHUNK, key=chunk_key):
            return chunk
        raise OperatorError(f"there is no chunk {chunk_key}; `fbcheck status` lists them")

    def chunks(self, *, states: Iterable[ChunkState] | None = None) -> list[Chunk]:
        """All chunks, or those in some states, oldest first."""
        if states is None:
            return self._records(Chunk, sa.select(chunks).order_by(*_OLDEST_FIRST))
        return self._records(Chunk, _IN_STATES, states=list(states))

    def chunks_named(self, chunk_keys: Iterable[str]) -> list[Chunk]:
        """The chunks of these keys, as far as there are any."""
        return self._found(_NAMED, chunk_keys)

    def chunks_with_parts(self, chunk_keys: Iterable[str]) -> list[Chunk]:
        """The chunks of these keys, and all that took their places, oldest first."""
        found, layer = dict[str, Chunk](), self.chunks_named(chunk_keys)
        while new := {each.chunk_key: each for each in layer if each.chunk_key not in found}:
            found |= new
            layer = self._found(_REPLACING, new)
        return sorted(found.values(), key=lambda each: (each.planned_at, each.chunk_key))

    def chunk_of_task(self, task_id: str) -> Chunk | None:
        """The chunk that has this task, if any."""
        return next(iter(self._records(Chunk, sa.select(chunks).where(chunks.c.task_id == task_id))), None)

    def task_ids(self) -> list[str]:
        """The tasks of all chunks."""
        return [row.task_id for row in self._rows(sa.select(chunks.c.task_id).where(chunks.c.task_id.is_not(None)))]

    def chunks_of(self, list_key: str) -> list[Chunk]:
        """The chunks a list depends on, oldest first."""
        return self._records(Chunk, _OF_LIST, key=list_key)

    def keys_of(self, list_key: str) -> frozenset[str]:
        """Keys of the chunks a list depends on."""
        return frozenset(row.chunk_key for row in self._rows(_KEYS_OF_LIST, key=list_key))

    def answering_chunks(self, chunk_keys: Iterable[str]) -> list[LoadedChunk]:
        """Those of these chunks that have verdicts, with their phones, oldest first."""
        has_verdicts = (chunks.c.result_sha256.is_not(None), chunks.c.state != ChunkState.PURGED)
        queries = (LOADED.where(chunks.c.chunk_key.in_(some), *has_verdicts) for some in batched(chunk_keys))
        found = [chunk for query in queries for chunk in self._records(LoadedChunk, query)]
        return sorted(found, key=lambda each: (each.planned_at, each.chunk_key))

    def parts_of(self, list_key: str) -> dict[str, Stretch]:
        """Chunk key -> the stretch of its phones that was bought for this list."""
        found = self._rows(sa.select(parts).where(parts.c.list_key == list_key))
        return {row.chunk_key: Stretch(row.start, row.phone_count) for row in found}

    def lists_of_chunks(self, chunk_keys: Iterable[str]) -> dict[str, list[str]]:
        """Chunk key -> keys of the lists that depend on it, for these chunks."""
        found: dict[str, list[str]] = {}
        for some in batched(chunk_keys):
            query = sa.select(dependencies.c.chunk_key, lists.c.list_key).join(
                lists, lists.c.number == dependencies.c.list_number
            )
            query = query.where(dependencies.c.chunk_key.in_(some)).order_by(lists.c.list_key)
            for row in self._rows(query):
                found.setdefault(row.chunk_key, []).append(row.list_key)
        return found

    def chunks_bought_for(self, list_key: str) -> list[Chunk]:
        """The chunks in which phones are, or were, bought for a list, oldest first."""
        query = sa.select(chunks).join(parts, parts.c.chunk_key == chunks.c.chunk_key).where(parts.c.list_key == list_key)
        return self._records(Chunk, query.order_by(chunks.c.planned_at, chunks.c.chunk_key))

    def purchases_of(self, list_key: str) -> list[Purchase]:
        """What was sent for a list, chunk by chunk, oldest first."""
        with self.database.reading() as connection:
            return tallies.purchases_of(connection, list_key)

    def waiting_counts(self) -> dict[str, int]:
        """List key -> number of its phones that are too few for a chunk."""
        return {row.list_key: row.phone_count for row in self._rows(sa.select(waiting.c.list_key, waiting.c.phone_count))}

    def sendable(self, list_key: str) -> list[str]:
        """Keys of planned chunks this list depends on, whoever planned them, oldest first."""
        return [row.chunk_key for row in self._rows(_SENDABLE, key=list_key)]

    def _found(self, query: sa.Select[Any], keys: Iterable[str]) -> list[Chunk]:
        return [chunk for some in batched(keys) for chunk in self._records(Chunk, query, keys=some)]
