"""What each statement of the ledger would read: asked of the database itself, in the very state and with the very values it is run with.

Every statement is run once more beforehand, and undone, under the eyes of the database: SQLite counts its machine's steps and names the
tables it scans, PostgreSQL counts the rows it touches. Beside a history of some hundred finished lists a statement that reads it stands
out, whatever index it names: one on `state` that finds all that is collected is no better than none.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import psycopg
import sqlalchemy as sa

from fbcheck_pipeline.ledger.schema import metadata

GROWING = frozenset({"lists", "chunks", "chunk_phones", "parts", "dependencies", "suppressions"})
"""Tables that grow with every list or opt-out. The others have a row for what is open, for each tier, or one."""
_PARTIAL = {
    index.name
    for table in metadata.tables.values()
    for index in table.indexes
    if index.dialect_options["sqlite"]["where"] is not None
}


@dataclass(frozen=True)
class Cost:
    """One statement.

    Attributes:
        scans: growing tables, or indexes of all their rows, that are read from one end to the other.
        work: steps of SQLite's machine, or rows that PostgreSQL touched.
    """

    statement: str
    scans: tuple[str, ...]
    work: int


@contextmanager
def costs_of(url: sa.URL) -> Iterator[list[Cost]]:
    """The cost of each statement on this database that names a growing table, in their order, except that of plain inserts."""
    found: list[Cost] = []
    look = _look_sqlite if url.get_backend_name() == "sqlite" else _look_postgres

    def before(connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, executemany: bool) -> None:
        is_plain = statement.startswith("INSERT") and "SELECT" not in statement
        is_ours = connection.engine.url == url and not (is_plain or statement.startswith(("CREATE", "PRAGMA", "VACUUM")))
        if is_ours and any(name in statement for name in GROWING):
            raw = connection.connection.dbapi_connection
            found.append(look(raw, statement, parameters[0] if executemany else parameters))

    sa.event.listen(sa.Engine, "before_cursor_execute", before)
    try:
        yield found
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", before)


def _look_sqlite(raw: Any, statement: str, parameters: Any) -> Cost:
    plan = [row[3].split() for row in raw.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)]
    scans = [" ".join(words) for words in plan if words[0] == "SCAN" and words[1] in GROWING and words[-1] not in _PARTIAL]
    steps = 0

    def count() -> None:
        nonlocal steps
        steps += 1

    raw.set_progress_handler(count, 1)
    try:
        _undone(raw, lambda: raw.execute(statement, parameters).fetchall())
    finally:
        raw.set_progress_handler(None, 0)
    return Cost(statement, tuple(scans), steps)


def _look_postgres(raw: Any, statement: str, parameters: Any) -> Cost:
    plan: list[Any] = []
    _undone(raw, lambda: plan.extend(raw.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters).fetchone()[0]))
    nodes = list(_nodes(plan[0]["Plan"])) if plan else []
    scans = [f"{each['Node Type']} {each['Relation Name']}" for each in nodes if each["Node Type"] == "Seq Scan"]
    return Cost(statement, tuple(each for each in scans if each.split()[-1] in GROWING), round(sum(map(_touched, nodes))))


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for each in plan.get("Plans", ()):
        yield from _nodes(each)


def _touched(node: dict[str, Any]) -> float:
    is_of_ours = node.get("Relation Name") in GROWING or "Index Name" in node
    removed = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    return float((node["Actual Rows"] + removed) * node["Actual Loops"]) if is_of_ours else 0.0


def _undone(raw: Any, run: Callable[[], object]) -> None:
    raw.execute("SAVEPOINT looking")
    try:
        with suppress(sqlite3.IntegrityError, psycopg.IntegrityError):  # the statement itself will say so
            run()
    finally:
        raw.execute("ROLLBACK TO SAVEPOINT looking")
