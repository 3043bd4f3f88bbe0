"""The exclusive transaction that plans chunks: it reads what is in flight and what the budget allows, and inserts chunks.

Only statements stand here; which phones to buy is decided in the workflow.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

import sqlalchemy as sa

from fbcheck_pipeline.errors import LedgerError
from fbcheck_pipeline.ledger import codec, tallies
from fbcheck_pipeline.ledger.changes import count_change
from fbcheck_pipeline.ledger.codec import Phones
from fbcheck_pipeline.ledger.dependants import depends_on, number_of
from fbcheck_pipeline.ledger.many_keys import new_rows
from fbcheck_pipeline.ledger.moves import move
from fbcheck_pipeline.ledger.records import LoadedChunk, Part
from fbcheck_pipeline.ledger.restored import why_unknown
from fbcheck_pipeline.ledger.schema import (
    IS_OVER_BUDGET,
    LOADED,
    LOADED_CHUNK,
    chunk_phones,
    chunks,
    dependencies,
    ledger_meta,
    lists,
    parts,
    waiting,
)
from fbcheck_pipeline.ledger.states import ChunkState

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
else:
    from fbcheck_pipeline.ledger import arrays as np

ORPHANED_AFTER_S = 600.0
"""A chunk that its planner did not send by then is sent by whoever looks."""


MOST_CHANGED = 64
"""So many chunks that changed are read inside the transaction."""
_VERSION = sa.select(ledger_meta.c.changes, ledger_meta.c.generation, ledger_meta.c.waiting_revision)
_WAITING = sa.select(waiting)
_IS_OVER_BUDGET = sa.select(IS_OVER_BUDGET).where(lists.c.list_key == sa.bindparam("key"))
_TOUCH = sa.update(lists).where(lists.c.list_key == sa.bindparam("key")).values(revision=lists.c.revision + 1)
_INSERT_DEPENDENCY = (
    sa.insert(dependencies)
    .values(list_number=number_of(sa.bindparam("list_key", type_=sa.Text)), chunk_key=sa.bindparam("chunk_key"))
    .inline()  # without a question for what was inserted
)


@dataclass(frozen=True, slots=True)
class Version:
    """What planning goes by is the same while these are.

    Attributes:
        changes: the greatest change number of any chunk.
        generation: rises before anything personal is deleted.
        waiting: rises when other phones wait.
    """

    changes: int
    generation: int
    waiting: int


@dataclass(frozen=True, slots=True)
class NewChunk:
    """A chunk that is ready to be inserted: its phones are packed and hashed, the hash is keyed when it is inserted."""

    chunk_key: str
    parts: Sequence[Part]
    phone_count: int
    packed_phones: bytes
    payload_sha256: str

    @classmethod
    def of(cls, stretches: Sequence[Part], now: float) -> Self:
        """A chunk with a new key; `now` in UTC seconds."""
        if not stretches:
            raise LedgerError("a chunk without phones cannot be planned; this is a fault of the program, please report it")
        phones = np.concatenate([each.phones for each in stretches])
        payload_sha256 = hashlib.sha256(codec.to_payload(phones)).hexdigest()
        return cls(new_chunk_key(now), stretches, len(phones), codec.pack(phones), payload_sha256)


def new_chunk_key(now: float) -> str:
    """A key that no chunk has: a number that rises every 1,024 seconds, then 40 random bits.

    Keys of one night lie side by side in the indexes of the ledger: 1,500 random ones lie on a thousand pages, all to be read and written.
    """
    return f"{int(now) >> 10:06x}{secrets.token_hex(5)}"


class Planning:
    """What may be asked and done inside the exclusive transaction."""

    def __init__(self, connection: sa.Connection, now: float) -> None:
        self._connection = connection
        self.now = now
        self.day = datetime.fromtimestamp(now, UTC).date().isoformat()

    def version(self) -> Version:
        """Where what planning goes by stands; look-ups that were made at another one are stale."""
        return Version(*self._connection.execute(_VERSION).one())

    def changed_since(self, change: int) -> list[LoadedChunk] | None:
        """Chunks that changed after a number and were not purged; None where these are more than MOST_CHANGED."""
        changed = (chunks.c.change > change, chunks.c.state != ChunkState.PURGED)
        keys = self._connection.scalars(sa.select(chunks.c.chunk_key).where(*changed).limit(MOST_CHANGED + 1)).all()
        if len(keys) > MOST_CHANGED:
            return None
        loaded = LOADED.where(chunks.c.chunk_key.in_(keys)).order_by(chunks.c.change)
        return [LoadedChunk.from_row(row) for row in self._connection.execute(loaded)]

    def waiting(self) -> dict[str, Phones]:
        """List key -> its phones that wait for more."""
        return {row.list_key: codec.unpack(row.phones, row.phone_count) for row in self._connection.execute(_WAITING)}

    def bought_for(self, list_key: str) -> int:
        """Phones reserved or sent for a list, each as often as it was."""
        return tallies.sent_for(self._connection, list_key) + tallies.unsent_of(self._connection, list_key)

    def reserved_for(self, list_key: str) -> int:
        """Those of the phones bought for a list that stand in no chunk yet."""
        return tallies.reserved_for(self._connection, list_key)

    def bought_today(self) -> int:
        """Phones sent on this UTC day, each as often as it was, and all that are planned: these may be sent today."""
        return tallies.sent_on(self._connection, self.day) + tallies.unsent(self._connection)

    def limit_of(self, list_key: str, otherwise: int | None) -> int | None:
        """Most phones that may ever be sent for a list: what the last `run` of it said, otherwise the process's own setting."""
        return tallies.limit_of(self._connection, list_key, otherwise)

    def is_over_budget(self, list_key: str) -> bool:
        """True while a limit forbids the list's unsent phones, and neither a `run` of it nor the night asked again."""
        return bool(self._connection.scalar(_IS_OVER_BUDGET, {"key": list_key}))

    def why_unknown(self, list_key: str, verdict_days: float) -> str | None:
        """Why phones of a list may have been submitted in a time that a restored ledger does not know; None where they were not."""
        return why_unknown(self._connection, list_key, now=self.now, verdict_days=verdict_days)

    def add_chunks(self, new: Sequence[NewChunk]) -> None:
        """Insert planned chunks; the lists whose phones they carry wait for them."""
        insert_chunks(self._connection, new, [], now=self.now, day=self.day)

    def depend(self, list_key: str, chunk_keys: Sequence[str]) -> None:
        """Make a list wait for chunks."""
        if chunk_keys:
            distinct = sorted(dict.fromkeys(chunk_keys))  # which mostly are in order already
            self._connection.execute(new_rows(dependencies.c.chunk_key, distinct, list_number=number_of(list_key)))

    def keep_waiting(self, list_key: str, phones: Phones) -> None:
        """Set the phones of a list that are too few for a chunk (none: nothing waits)."""
        keep_waiting(self._connection, list_key, phones if len(phones) else None)

    def mark_planned(self, list_key: str, *, forbidden_phones: int = 0, reserved: int = 0, held: str | None = None) -> None:
        """Record that a list was planned just now, so that it will be joined anew once its pins stand.

        Args:
            forbidden_phones: distinct phones of it that a limit forbids.
            held: why nothing more of it is bought until a person confirms it.
            reserved: phones that this planning has yet to put into chunks. Should it be killed before, the list is planned again.
        """
        planned = {"planned_at": self.now, "needs_planning": reserved > 0, "forbidden_phones": forbidden_phones, "held": held}
        self._touch(list_key, {**planned, "reserved": reserved, "is_pinned": False, "is_complete": False})

    def request_planning(self, list_key: str) -> None:
        """Record that a list must be planned again: another planning took its waiting phones."""
        self._touch(list_key, {"needs_planning": True})

    def _touch(self, list_key: str, values: Mapping[str, object]) -> None:
        self._connection.execute(_TOUCH, {"key": list_key, **values})


def keep_waiting(connection: sa.Connection, list_key: str, phones: Phones | None) -> None:
    """Set the phones of a list that wait for more, None where none do."""
    changed = connection.execute(sa.delete(waiting).where(waiting.c.list_key == list_key)).rowcount
    if phones is not None:
        values = {"list_key": list_key, "phones": codec.pack(phones), "phone_count": len(phones)}
        changed += connection.execute(sa.insert(waiting).values(values)).rowcount
    if changed:
        connection.execute(sa.update(ledger_meta).values(waiting_revision=ledger_meta.c.waiting_revision + 1))


def insert_chunks(
    connection: sa.Connection,
    new: Sequence[NewChunk],
    dependants: Iterable[str],
    *,
    now: float,
    day: str,
    replaces: LoadedChunk | None = None,
    halvings: int = 0,
) -> None:
    """Insert planned chunks with their parts, and the lists that wait for them.

    Args:
        dependants: lists that wait for each of them, besides those whose phones it carries.
        replaces: in whose place they are; its tries count as theirs.
    """
    if not new:
        return
    change, hash_key = connection.execute(sa.select(ledger_meta.c.changes, ledger_meta.c.hash_key)).one()
    same: dict[str, object] = {"state": ChunkState.PLANNED.value, "halvings": halvings, "budget_day": day}
    same |= {"planned_at": now, "next_send_at": now + ORPHANED_AFTER_S}
    if replaces is not None:
        same |= {"replaces": replaces.chunk_key, "resubmissions": replaces.resubmissions}
        same |= {"earlier_that_day": replaces.earlier_that_day}
    facts = [
        {
            "chunk_key": each.chunk_key,
            "phone_count": each.phone_count,
            "payload_sha256": codec.keyed_hash(each.payload_sha256, hash_key),
        }
        for each in new
    ]
    connection.execute(sa.insert(chunks), [{**each, **same, "change": change + place} for place, each in enumerate(facts, 1)])
    connection.execute(sa.insert(chunk_phones), [{"chunk_key": each.chunk_key, "phones": each.packed_phones} for each in new])
    connection.execute(sa.insert(parts), [part for each in new for part in _parts_of(each)])
    needed = [(key, each.chunk_key) for each in new for key in sorted({*dependants, *(part.list_key for part in each.parts)})]
    connection.execute(_INSERT_DEPENDENCY, [{"list_key": list_key, "chunk_key": key} for list_key, key in needed])
    count_change(connection, len(new))


def _parts_of(new: NewChunk) -> list[dict[str, object]]:
    counts = [len(each.phones) for each in new.parts]
    starts = np.cumsum([0, *counts]).tolist()
    return [
        {"chunk_key": new.chunk_key, "list_key": part.list_key, "start": start, "phone_count": count}
        for part, start, count in zip(new.parts, starts, counts, strict=False)
    ]


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
    of_chunk = sa.select(parts).where(parts.c.chunk_key == chunk.chunk_key).order_by(parts.c.start)
    owners, phones = connection.execute(of_chunk).all(), chunk.phones
    dependants = list(connection.scalars(sa.select(lists.c.list_key).where(depends_on(chunk.chunk_key))))
    new = []
    for group in groups:
        stretches = []
        for each in owners:
            own = slice(each.start, each.start + each.phone_count)
            stretches.append(Part(each.list_key, phones[own][group[own]]))
        new.append(NewChunk.of([each for each in stretches if len(each.phones)], now))
    insert_chunks(connection, new, dependants, now=now, day=chunk.budget_day, replaces=chunk, halvings=halvings)
    if sum(int(group.sum()) for group in groups) < chunk.phone_count:
        request_planning_of_dependants(connection, chunk.chunk_key)
    return [each.chunk_key for each in new]


def loaded_chunk(connection: sa.Connection, chunk_key: str) -> LoadedChunk:
    """One chunk that is there, with its phones, as this transaction sees it."""
    return LoadedChunk.from_row(connection.execute(LOADED_CHUNK, {"key": chunk_key}).one())


def request_planning_of_dependants(connection: sa.Connection, chunk_key: str) -> None:
    """Record that every list that depends on a chunk must be planned again."""
    connection.execute(sa.update(lists).where(depends_on(chunk_key)).values(needs_planning=True))
