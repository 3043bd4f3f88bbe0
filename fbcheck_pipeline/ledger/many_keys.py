"""A condition on any number of keys: bound as one value, since databases bound how many a statement may have.

SQLite allows 32,766 values or more, PostgreSQL 65,535; a purge after years names more keys than that.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class _Among(FunctionElement[bool]):
    """No type: one of Boolean would be compared with 1 on SQLite, which then uses no index."""

    inherit_cache = True


def among(column: sa.Column[str], keys: Iterable[str]) -> sa.ColumnElement[bool]:
    """True where a column has one of these keys."""
    return _Among(column, sa.literal(json.dumps(list(keys))))


@compiles(_Among, "sqlite")
def _on_sqlite(element: _Among, compiler: SQLCompiler, **more: Any) -> str:
    column, keys = (compiler.process(each, **more) for each in element.clauses)
    return f"({column} IN (SELECT value FROM json_each({keys})))"


@compiles(_Among, "postgresql")
def _on_postgres(element: _Among, compiler: SQLCompiler, **more: Any) -> str:
    column, keys = (compiler.process(each, **more) for each in element.clauses)
    return f"({column} = ANY (ARRAY(SELECT jsonb_array_elements_text(CAST({keys} AS jsonb)))))"  # a join would read the table
