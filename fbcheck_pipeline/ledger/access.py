"""What every part of the ledger needs: the database, the clock, and how rows become records."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from itertools import islice
from typing import Any, TypeVar

import sqlalchemy as sa

from fbcheck_pipeline.ledger import codec
from fbcheck_pipeline.ledger.database import Database
from fbcheck_pipeline.ledger.moves import move
from fbcheck_pipeline.ledger.receipts import Receipts
from fbcheck_pipeline.ledger.records import Record
from fbcheck_pipeline.ledger.schema import ledger_meta, metadata
from fbcheck_pipeline.ledger.states import ChunkState

R = TypeVar("R", bound=Record)
K = TypeVar("K")
MOST_KEYS = 1000
"""Of one statement: databases bound how many values it may name."""


def batched(keys: Iterable[K], at_once: int = MOST_KEYS) -> Iterator[list[K]]:
    """The keys in portions that one statement may name, or whatever else in portions of so many; none is asked for before its portion."""
    rest = iter(keys)
    while some := list(islice(rest, at_once)):
        yield some


class Access:
    """One open ledger; safe to share between threads."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        """Args: database: migrated; clock: UTC seconds, replaced in tests."""
        self.database = database
        self.clock = clock
        meta = self._rows(sa.select(ledger_meta))[0]
        self.uuid: str = meta.uuid
        self.created_at: float = meta.created_at
        self.hash_key: bytes = meta.hash_key
        self.vendor_origin: str = meta.vendor_origin
        self.instance: str = meta.instance
        self.is_restoring: bool = meta.is_restoring
        self.receipts = Receipts(self.uuid)

    def close(self) -> None:
        """Give the connections back."""
        self.database.engine.dispose()

    def keyed_hash(self, sha256: str) -> str:
        """What the ledger, and whatever shows it, keeps of a file's SHA-256; see `codec`."""
        return codec.keyed_hash(sha256, self.hash_key)

    def wipe_deleted(self) -> None:
        """Leave nothing of what was deleted in the database's own files, as far as those who read it meanwhile allow."""
        self.database.wipe_deleted(sorted(metadata.tables))

    def today(self) -> str:
        """The UTC day, e.g. `2026-11-24`."""
        return datetime.fromtimestamp(self.clock(), UTC).date().isoformat()

    def together(self) -> AbstractContextManager[None]:
        """What this thread records in the context stands as a whole when that ends, or not at all.

        Raises:
            LedgerError: the ledger cannot be written.
        """
        return self.database.together()

    def _write(self) -> AbstractContextManager[sa.Connection]:
        return self.database.writing()

    def _rows(self, query: sa.Select[Any], **parameters: object) -> Sequence[sa.Row[Any]]:
        with self.database.reading() as connection:
            return connection.execute(query, parameters).all()

    def _records(self, record: type[R], query: sa.Select[Any], **parameters: object) -> list[R]:
        """To recognise a query that is built anew takes SQLAlchemy as long as to execute it: what is asked often is built once."""
        return record.from_rows(self._rows(query, **parameters))

    def _number(self, query: sa.Select[tuple[int]]) -> int:
        return int(self._rows(query)[0][0] or 0)

    def _move(
        self,
        chunk_key: str,
        from_: ChunkState,
        to: ChunkState,
        values: Mapping[str, object],
        guard: Sequence[sa.ColumnElement[bool]] = (),
    ) -> bool:
        with self._write() as connection:
            return move(connection, chunk_key, from_, to, values, now=self.clock(), guard=guard)
