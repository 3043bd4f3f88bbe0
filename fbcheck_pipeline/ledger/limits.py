"""Limits on what is bought: how much counts for a list and on a day, what is forbidden, and how unsent phones are taken back."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from fbcheck_pipeline.ledger.dependants import depends_on
from fbcheck_pipeline.ledger.moves import move
from fbcheck_pipeline.ledger.planning import keep_waiting, replace_chunk
from fbcheck_pipeline.ledger.records import LoadedChunk
from fbcheck_pipeline.ledger.schema import LOADED, chunks, lists, parts
from fbcheck_pipeline.ledger.states import ChunkState
from fbcheck_pipeline.ledger.tallies import limit_of, sent_for, sent_on, unsent_of

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
else:
    from fbcheck_pipeline.ledger import arrays as np

_LISTS_OF = sa.select(parts.c.list_key).where(parts.c.chunk_key == sa.bindparam("key")).order_by(parts.c.start)
UNANSWERED = {
    "unanswered_count": sa.case((chunks.c.result_sha256.is_(None), chunks.c.phone_count), else_=chunks.c.unanswered_count)
}
"""No more of a chunk's phones get an answer."""


@dataclass(frozen=True)
class Limits:
    """What a process's settings allow; None for no limit.

    Attributes:
        per_list: phones ever sent for one list; a limit recorded with the list binds instead.
        per_day: phones sent on one UTC day.
        smallest_chunk: fewer phones are not sent.
    """

    per_list: int | None = None
    per_day: int | None = None
    smallest_chunk: int = 1


def forbidden_lists(connection: sa.Connection, chunk_key: str, limits: Limits, day: str) -> list[str]:
    """Lists with phones in a planned chunk whose unsent phones no limit leaves room for, by what was sent, not by what others reserved."""
    room_today = np.inf if limits.per_day is None else limits.per_day - sent_on(connection, day)
    forbidden = []
    for list_key in connection.scalars(_LISTS_OF, {"key": chunk_key}).all():
        unsent, limit = unsent_of(connection, list_key), limit_of(connection, list_key, limits.per_list)
        if unsent > room_today or (limit is not None and sent_for(connection, list_key) + unsent > limit):
            forbidden.append(list_key)
        else:
            room_today -= unsent
    return forbidden


def withdraw(connection: sa.Connection, list_keys: Collection[str], *, smallest_chunk: int, now: float) -> None:
    """Take every unsent phone of these lists back together; other lists that depend on one of the chunks are planned again.

    What is left of a chunk takes its place where that is enough for one.
    """
    of_lists = sa.select(parts.c.chunk_key).where(parts.c.list_key.in_(list_keys))
    planned = LOADED.where(chunks.c.state == ChunkState.PLANNED, chunks.c.chunk_key.in_(of_lists))
    unsent = {list_key: unsent_of(connection, list_key) for list_key in list_keys}
    for row in connection.execute(planned.order_by(chunks.c.chunk_key)).all():
        _withdraw_from(connection, LoadedChunk.from_row(row), list_keys, smallest_chunk, now)
    for list_key in list_keys:
        keep_waiting(connection, list_key, None)
        over = {"forbidden_phones": unsent[list_key], "needs_planning": False, "reserved": 0, "revision": lists.c.revision + 1}
        connection.execute(sa.update(lists).where(lists.c.list_key == list_key).values(over))


def _withdraw_from(
    connection: sa.Connection, chunk: LoadedChunk, list_keys: Collection[str], smallest_chunk: int, now: float
) -> None:
    key, leaves = chunk.chunk_key, np.zeros(chunk.phone_count, bool)
    for each in connection.execute(sa.select(parts).where(parts.c.chunk_key == key)):
        leaves[each.start : each.start + each.phone_count] = each.list_key in list_keys
    others = sa.update(lists).where(depends_on(key), lists.c.list_key.not_in(list_keys))
    connection.execute(others.values(needs_planning=True))
    withdraw_phones(connection, chunk, leaves, smallest_chunk=smallest_chunk, now=now)


def withdraw_phones(
    connection: sa.Connection, chunk: LoadedChunk, leaves: npt.NDArray[np.bool_], *, smallest_chunk: int, now: float
) -> None:
    """Take phones (a mask) out of a planned chunk, all of them where too few would be left; their earlier tries stay counted."""
    key = chunk.chunk_key
    if np.count_nonzero(~leaves) >= smallest_chunk:
        groups = [leaves, ~leaves]
        key = replace_chunk(connection, chunk, groups, from_=ChunkState.PLANNED, halvings=chunk.halvings, now=now)[0]
    tried: dict[str, Any] = UNANSWERED if chunk.resubmissions else {}  # MAX_TRIES counts the tries before
    move(connection, key, ChunkState.PLANNED, ChunkState.WITHDRAWN, tried, now=now)
