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


class _Texts(FunctionElement[str]):
    """The texts of a JSON list, as rows."""

    inherit_cache = True


def among(column: sa.Column[str], keys: Iterable[str]) -> sa.ColumnElement[bool]:
    """True where a column has one of these keys; its index is used."""
    return column.bool_op("IN")(_Texts(sa.literal(json.dumps(list(keys)))))


@compiles(_Texts, "sqlite")
def _on_sqlite(element: _Texts, compiler: SQLCompiler, **more: Any) -> str:
    return f"(SELECT value FROM json_each({compiler.process(element.clauses, **more)}))"


@compiles(_Texts, "postgresql")
def _on_postgres(element: _Texts, compiler: SQLCompiler, **more: Any) -> str:
    return f"(SELECT jsonb_array_elements_text(CAST({compiler.process(element.clauses, **more)} AS jsonb)))"
