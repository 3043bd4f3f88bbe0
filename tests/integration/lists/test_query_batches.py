"""Queries of a warehouse come in pieces and with their types, from each database that the docs name."""

import datetime as dt
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa

from fbcheck_pipeline.files.query_batches import ROWS_FETCHED, query_batches

SINCE = dt.datetime(2026, 1, 2, 3, 4, 5)


@pytest.fixture(params=["sqlite:///{}/w.db", "duckdb:///{}/w.duckdb", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    given: str = request.param
    return str(request.getfixturevalue("postgres_url")) if given == "postgresql" else given.format(tmp_path)


def execute(url: str, statement: str) -> Any:
    engine = sa.create_engine(url)
    try:
        with engine.begin() as connection:
            result = connection.execute(sa.text(statement))
            return result.scalar() if result.returns_rows else None
    finally:
        engine.dispose()


def test_rows_come_in_pieces_with_their_types(url: str) -> None:
    """Whole numbers beyond a double's, and times; a colon and a per cent sign are no parameters."""
    execute(url, "CREATE TABLE people (id BIGINT, since TIMESTAMP, phone TEXT)")
    execute(url, "INSERT INTO people VALUES (9007199254740993, '2026-01-02 03:04:05', '+41780000001')")
    execute(url, "INSERT INTO people SELECT id, since, phone FROM people, (SELECT 1 AS one UNION ALL SELECT 2) AS twice")
    (batch,) = query_batches(url, "SELECT id, since, phone, '12:30 %' AS note FROM people")
    assert batch.num_rows == 3 and batch.column("id").to_pylist() == [9007199254740993] * 3
    assert batch.column("note")[0].as_py() == "12:30 %"
    if not url.startswith("sqlite"):  # which has no type of times
        assert pa.types.is_timestamp(batch.column("since").type) and batch.column("since")[0].as_py() == SINCE


def test_the_server_makes_only_the_rows_that_are_fetched(postgres_url: str) -> None:
    """A driver's ordinary cursor takes the whole table into memory before the first row is given."""
    execute(postgres_url, "CREATE SEQUENCE made")
    batches = query_batches(postgres_url, f"SELECT n, nextval('made') FROM generate_series(1, {9 * ROWS_FETCHED}) AS n")
    assert next(batches).num_rows == ROWS_FETCHED
    assert execute(postgres_url, "SELECT last_value FROM made") <= 2 * ROWS_FETCHED
    assert [each.num_rows for each in batches] == [ROWS_FETCHED] * 8
