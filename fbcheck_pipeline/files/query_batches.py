"""The rows of a query as record batches, from any database that SQLAlchemy reaches: a cursor on the server, never the whole table in memory."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import sqlalchemy as sa

from fbcheck_pipeline.files.table_batches import column_of

ROWS_FETCHED = 10_000


def query_batches(url: str, query: str) -> Iterator[pa.RecordBatch]:
    """Run a query, which has no parameters.

    Raises:
        SQLAlchemyError: the database cannot be reached, or refuses the query.
    """
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    try:
        with engine.connect().execution_options(stream_results=True, max_row_buffer=ROWS_FETCHED) as connection:
            result = connection.execute(sa.text(query.replace(":", r"\:")))
            names = list(result.keys())
            for rows in result.partitions(ROWS_FETCHED):
                columns = [column_of(list(values)) for values in zip(*rows, strict=True)]
                yield pa.RecordBatch.from_arrays(columns, names)
    finally:
        engine.dispose()
