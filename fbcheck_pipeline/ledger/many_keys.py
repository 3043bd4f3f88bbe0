"""Any number of keys in one statement: bound as one value, since databases bound how many a statement may have.

SQLite allows 32,766 values or more, PostgreSQL 65,535; a purge after years names more keys than that.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine


class _Keys(sa.TypeDecorator[Sequence[Any]]):
    """Keys of a column as one value: an array, or JSON on SQLite."""

    impl = sa.Text
    cache_ok = True

    def __init__(self, of: TypeEngine[Any]) -> None:
        super().__init__()
        self.of = of

    def load_dialect_impl(self, dialect: sa.Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(sa.Text() if dialect.name == "sqlite" else sa.ARRAY(self.of))

    def process_bind_param(self, value: Sequence[Any] | None, dialect: sa.Dialect) -> Any:
        return json.dumps(value) if dialect.name == "sqlite" else value


class _Among(FunctionElement[bool]):
    """No type: one of Boolean would be compared with 1 on SQLite, which then uses no index."""

    inherit_cache = True


class _Each(FunctionElement[Any]):
    """Rows with one column, `value`."""

    inherit_cache = True


def among(column: sa.Column[Any], keys: Iterable[Any]) -> sa.ColumnElement[bool]:
    """True where a column has one of these keys."""
    return _Among(column, sa.literal(list(keys), _Keys(column.type)))


def among_bound(column: sa.Column[Any], name: str) -> sa.ColumnElement[bool]:
    """True where a column has one of the keys in the parameter of this name: for a statement that is built once."""
    return _Among(column, sa.bindparam(name, type_=_Keys(column.type)))


def new_rows(column: sa.Column[Any], keys: Iterable[Any], **others: sa.ColumnElement[Any]) -> sa.Insert:
    """Insert a row for each of these distinct keys that has none yet.

    Args:
        others: the values of its other columns; one of the primary key is a part of the key.
    """
    each = sa.select(sa.column("value"), *others.values()).select_from(_Each(sa.literal(list(keys), _Keys(column.type))))
    each = each.where(sa.true())  # SQLite needs a WHERE
    insert = sa.insert(column.table).from_select([column.name, *others], each.suffix_with("ON CONFLICT DO NOTHING"))
    # Any other error ends the transaction: SQLite need not keep each page as it was, to undo the statement alone.
    return insert.prefix_with("OR FAIL", dialect="sqlite").execution_options(preserve_rowcount=True)


@compiles(_Among, "sqlite")
def _among_on_sqlite(element: _Among, compiler: SQLCompiler, **more: Any) -> str:
    column, keys = (compiler.process(each, **more) for each in element.clauses)
    return f"({column} IN (SELECT value FROM json_each({keys})))"


@compiles(_Among, "postgresql")
def _among_on_postgres(element: _Among, compiler: SQLCompiler, **more: Any) -> str:
    column, keys = (compiler.process(each, **more) for each in element.clauses)
    return f"({column} = ANY ({keys}))"  # a join would read the table; an array that is a value is hashed


@compiles(_Each, "sqlite")
def _each_on_sqlite(element: _Each, compiler: SQLCompiler, **_more: Any) -> str:
    return f"json_each({compiler.process(element.clauses)})"


@compiles(_Each, "postgresql")
def _each_on_postgres(element: _Each, compiler: SQLCompiler, **_more: Any) -> str:
    return f"unnest({compiler.process(element.clauses)}) AS each_key (value)"
