"""Which lists depend on a chunk. The table names a list by its number: a plan inserts thousands of rows, and numbers are short."""

from __future__ import annotations

import sqlalchemy as sa

from fbcheck_pipeline.ledger.schema import dependencies, lists


def number_of(list_key: str | sa.ColumnElement[str]) -> sa.ScalarSelect[int]:
    """The number of a list."""
    return sa.select(lists.c.number).where(lists.c.list_key == list_key).scalar_subquery()


def depends_on(chunk_key: str | sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    """The condition that a list depends on a chunk."""
    return lists.c.number.in_(sa.select(dependencies.c.list_number).where(dependencies.c.chunk_key == chunk_key))
