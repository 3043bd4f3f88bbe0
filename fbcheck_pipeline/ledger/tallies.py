"""How many phones count as bought, each as often as it was: for a list, on a UTC day."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from fbcheck_pipeline.ledger.records import Purchase
from fbcheck_pipeline.ledger.schema import HAS_RESERVED, chunks, lists, parts
from fbcheck_pipeline.ledger.states import TRAITS, ChunkState

_SENT = [state.value for state, traits in TRAITS.items() if traits.is_try and traits.in_budget]
_IS_PLANNED = chunks.c.state == ChunkState.PLANNED.value
_IS_ITS = lists.c.list_key == sa.bindparam("key")
_LIMIT, _RESERVED = (sa.select(column).where(_IS_ITS) for column in (lists.c.max_billable, lists.c.reserved))


def limit_of(connection: sa.Connection, list_key: str, otherwise: int | None) -> int | None:
    """Most phones that may ever be sent for a list: what the last `run` of it said, otherwise the process's own setting."""
    recorded: int | None = connection.scalar(_LIMIT, {"key": list_key})
    return otherwise if recorded is None else recorded


def sent_for(connection: sa.Connection, list_key: str) -> int:
    """Phones ever sent for a list."""
    return _sum(connection, _SENT_FOR, list_key)


def purchases_of(connection: sa.Connection, list_key: str) -> list[Purchase]:
    """What was sent for a list, chunk by chunk, oldest first; their sum is `sent_for`."""
    return [Purchase.from_row(row) for row in connection.execute(_PURCHASES, {"key": list_key})]


def unsent_of(connection: sa.Connection, list_key: str) -> int:
    """Phones planned for a list and not sent, those reserved by a planning under way included."""
    return _sum(connection, _UNSENT_OF, list_key) + reserved_for(connection, list_key)


def reserved_for(connection: sa.Connection, list_key: str) -> int:
    """Phones of a list that its planning, which is under way, has yet to put into chunks."""
    return _sum(connection, _RESERVED, list_key)


def sent_on(connection: sa.Connection, day: str) -> int:
    """Phones sent on a UTC day for all lists."""
    tries = chunks.c.phone_count * _tries(chunks.c.earlier_that_day)
    return _sum(connection, sa.select(sa.func.sum(tries)).where(chunks.c.budget_day == day))


def unsent(connection: sa.Connection) -> int:
    """Phones planned for all lists and not sent, those reserved by plannings under way included."""
    planned = _sum(connection, sa.select(sa.func.sum(chunks.c.phone_count)).where(_IS_PLANNED))
    return planned + _sum(connection, sa.select(sa.func.sum(lists.c.reserved)).where(HAS_RESERVED))


def _tries(earlier: sa.ColumnElement[int]) -> sa.ColumnElement[int]:
    """How often a chunk's phones were sent. Tries of a replaced chunk are counted on its replacements."""
    is_sent = sa.case((chunks.c.state.in_(_SENT), 1), else_=0)
    return sa.case((chunks.c.state == ChunkState.REPLACED.value, 0), else_=earlier + is_sent)


def _of_list(*counted: sa.ColumnElement[Any]) -> sa.Select[Any]:
    return sa.select(*counted).where(parts.c.chunk_key == chunks.c.chunk_key, parts.c.list_key == sa.bindparam("key"))


def _sum(connection: sa.Connection, query: sa.Select[Any], list_key: str | None = None) -> int:
    return int(connection.scalar(query, {} if list_key is None else {"key": list_key}) or 0)


_TRIES = _tries(chunks.c.resubmissions)
_SENT_FOR = _of_list(sa.func.sum(parts.c.phone_count * _TRIES))
_UNSENT_OF = _of_list(sa.func.sum(parts.c.phone_count)).where(_IS_PLANNED)
_PURCHASES = (
    _of_list(chunks.c.chunk_key, chunks.c.task_id, parts.c.phone_count, _TRIES.label("tries"))
    .where(_TRIES > 0)
    .order_by(chunks.c.planned_at, chunks.c.chunk_key)
)
