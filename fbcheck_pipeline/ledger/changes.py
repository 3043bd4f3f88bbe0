"""The number that each change of what planning reads gets."""

from __future__ import annotations

import sqlalchemy as sa

from fbcheck_pipeline.ledger.schema import ledger_meta

NEXT_CHANGE = sa.select(ledger_meta.c.changes + 1).scalar_subquery()
"""What `chunks.change` becomes by an insert or update that matters to planning; `count_change` follows in the same transaction."""
_COUNT = sa.update(ledger_meta).values(changes=ledger_meta.c.changes + sa.bindparam("more"))


def count_change(connection: sa.Connection, count: int = 1) -> None:
    """Record that chunks got the next number, or so many: who read the ledger up to an earlier one finds them by it."""
    connection.execute(_COUNT, {"more": count})
