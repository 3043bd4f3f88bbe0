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
from sqlalchemy.types import TypeEngine


class _Keys(sa.TypeDecorator[list[str]]):
    """Keys as one value: an array, or JSON on SQLite."""

    impl = sa.Text
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(sa.Text() if dialect.name == "sqlite" else sa.ARRAY(sa.Text))

    def process_bind_param(self, value: list[str] | None, dialect: sa.Dialect) -> Any:
        return json.dumps(value) if dialect.name == "sqlite" else value


class _Among(FunctionElement[bool]):
    """No type: one of Boolean would be compared with 1 on SQLite, which then uses no index."""

    inherit_cache = True


def among(column: sa.Column[str], keys: Iterable[str]) -> sa.ColumnElement[bool]:
    """True where a column has one of these keys."""
    return _Among(column, sa.literal(list(keys), _Keys))


@compiles(_Among, "sqlite")
def _on_sqlite(element: _Among, compiler: SQLCompiler, **more: Any) -> str:
    column, keys = (compiler.process(each, **more) for each in element.clauses)
    return f"({column} IN (SELECT value FROM json_each({keys})))"


@compiles(_Among, "postgresql")
def _on_postgres(element: _Among, compiler: SQLCompiler, **more: Any) -> str:
    column, keys = (compiler.process(each, **more) for each in element.clauses)
    return f"({column} = ANY ({keys}))"  # a join would read the table; an array that is a value is hashed
