"""The one guarded move of a chunk. The row count of one UPDATE says who won."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from fbcheck_pipeline.errors import LedgerError
from fbcheck_pipeline.ledger.changes import NEXT_CHANGE, count_change
from fbcheck_pipeline.ledger.dependants import depends_on
from fbcheck_pipeline.ledger.schema import chunks, lists
from fbcheck_pipeline.ledger.scrubbing import erase_what_is_asked
from fbcheck_pipeline.ledger.states import MOVES, TRAITS, ChunkState

_MOVE = sa.update(chunks).where(chunks.c.chunk_key == sa.bindparam("moved_key"), chunks.c.state == sa.bindparam("moved_from"))
_OUTDATE = sa.update(lists).where(depends_on(sa.bindparam("chunk"))).values(revision=lists.c.revision + 1)


def move(
    connection: sa.Connection,
    chunk_key: str,
    from_: ChunkState,
    to: ChunkState,
    values: Mapping[str, object],
    *,
    now: float,
    guard: Sequence[sa.ColumnElement[bool]] = (),
    erases: bool = True,
) -> bool:
    """Move one chunk along its life, setting columns with it; its lists get a new revision.

    The move is a change to planning unless the chunk holds all its phones before and after. Phones that are being erased leave the
    chunk with the move after which they are needed no more.

    Args:
        values: other columns and what they become.
        now: UTC seconds; when the chunk settles, if `to` settles it.
        guard: what else must hold of the chunk.
        erases: False where the caller does that, once it has written which phones stayed unanswered.

    Returns:
        False when another worker moved it first, or the guard does not hold.

    Raises:
        LedgerError: there is no such move.
    """
    if (from_, to) not in MOVES:
        raise LedgerError(f"a chunk does not go from {from_} to {to}; this is a fault of the program, please report it")
    settled = {"settled_at": now} if TRAITS[to].settles else {}
    is_change = not (TRAITS[from_].holds == TRAITS[to].holds == "all")
    change = {"change": NEXT_CHANGE} if is_change else {}
    given = {"state": to.value, **change, **settled, **values, "moved_key": chunk_key, "moved_from": from_}
    # Plain values as parameters: SQLAlchemy then knows the statement again, and need not look at each of them.
    reckoned = {name: value for name, value in given.items() if isinstance(value, sa.ClauseElement)}
    update = _MOVE.where(*guard)
    update = update.values(reckoned) if reckoned else update
    moved = connection.execute(update, {name: given[name] for name in given if name not in reckoned}).rowcount == 1
    if moved:
        outdate_joins(connection, chunk_key)
        if is_change:
            count_change(connection)
        if erases:
            erase_what_is_asked(connection, chunk_key)
    return moved


def outdate_joins(connection: sa.Connection, chunk_key: str) -> None:
    """Give the lists that depend on a chunk a new revision: what they were joined with has changed."""
    connection.execute(_OUTDATE, {"chunk": chunk_key})


def sent_by(sender: str | None) -> list[sa.ColumnElement[bool]]:
    """The guard that a chunk is this sender's; none where anybody may move it."""
    return [] if sender is None else [chunks.c.sender == sender]
