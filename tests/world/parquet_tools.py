"""Parquet as tools write it, and columns of every type that they know."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from tests.world.people import Person
from tests.world.text_tools import arrow_of, frame_of

Writer = Callable[[Sequence[Person], Path], None]

_MOMENT = datetime(2026, 11, 1, 12, 30, tzinfo=UTC)
ARROW_TYPES: dict[str, tuple[pa.DataType, Any]] = {
    **{f"int{bits}": (pa.type_for_alias(f"int{bits}"), 7) for bits in (8, 16, 32, 64)},
    **{f"uint{bits}": (pa.type_for_alias(f"uint{bits}"), 7) for bits in (8, 16, 32, 64)},
    **{f"float{bits}": (pa.type_for_alias(f"float{bits}"), 1.5) for bits in (16, 32, 64)},
    "bool": (pa.bool_(), True),
    "null": (pa.null(), None),
    "large text": (pa.large_string(), "x"),
    "text view": (pa.string_view(), "x"),
    "binary": (pa.binary(), b"\0x"),
    "large binary": (pa.large_binary(), b"\xff"),
    "fixed binary": (pa.binary(4), b"\0\1\2\3"),
    "dictionary": (pa.dictionary(pa.int8(), pa.string()), "x"),
    "dictionary of numbers": (pa.dictionary(pa.int32(), pa.int64()), 7),
    "decimal": (pa.decimal128(12, 2), Decimal("1.50")),
    "wide decimal": (pa.decimal256(60, 3), Decimal("1.500")),
    "date": (pa.date32(), date(2026, 11, 1)),
    "date64": (pa.date64(), date(2026, 11, 1)),
    "time": (pa.time32("ms"), time(9, 30)),
    "time64": (pa.time64("us"), time(9, 30)),
    "nanoseconds of a day": (pa.time64("ns"), time(9, 30)),
    **{f"moment in {unit}": (pa.timestamp(unit), _MOMENT.replace(tzinfo=None)) for unit in ("s", "ms", "us", "ns")},
    "moment of a zone": (pa.timestamp("us", "Europe/Istanbul"), _MOMENT),
    "moment of an offset": (pa.timestamp("us", "+03:00"), _MOMENT),
    "moment of no zone": (pa.timestamp("us", "Mars/Olympus"), 0),
    "far moment": (pa.timestamp("us"), 2**62),
    "duration": (pa.duration("us"), timedelta(hours=30)),
    "list": (pa.list_(pa.string()), ["a", "b"]),
    "large list": (pa.large_list(pa.int64()), [1, 2]),
    "fixed list": (pa.list_(pa.int8(), 2), [1, 2]),
    "empty list": (pa.list_(pa.string()), []),
    "list of lists": (pa.list_(pa.list_(pa.int8())), [[1], []]),
    "record": (pa.struct({"a": pa.int8(), "b": pa.list_(pa.string())}), {"a": 1, "b": ["x"]}),
    "record of days": (pa.struct({"a": pa.timestamp("us")}), {"a": 2**62}),
    "map": (pa.map_(pa.string(), pa.int64()), [("a", 1)]),
    "uuid": (pa.uuid(), uuid.UUID(int=5).bytes),
    "json": (pa.json_(), '{"a": 1}'),
}

_DUCKDB_TYPES = """
    1::TINYINT AS t1, 1::UHUGEINT AS t2, 1::HUGEINT AS t3, 1.5::DECIMAL(30, 4) AS t4, DATE '2026-11-01' AS t5, TIME '09:30' AS t6,
    TIMESTAMP '2026-11-01 12:30' AS t7, TIMESTAMPTZ '2026-11-01 12:30+03' AS t8, INTERVAL 3 MONTH AS t9, uuid() AS t10,
    'a'::ENUM('a', 'b') AS t11, [1, 2] AS t12, {'a': 1, 'b': [2]} AS t13, MAP {'a': 1} AS t14, '\\x00'::BLOB AS t15,
    '{"a": 1}'::JSON AS t16, '0101'::BIT AS t17, TIMESTAMP_NS '2026-11-01 12:30' AS t18, 'infinity'::DATE AS t19,
    DATE '5000-01-01' AS t20, array_value(1, 2) AS t21, 'nan'::DOUBLE AS t22, '09:30:00+03'::TIMETZ AS t23
"""


def by_arrow(people: Sequence[Person], path: Path, **options: Any) -> None:
    """`pq.write_table`."""
    pq.write_table(arrow_of(people), path, **options)


def with_every_arrow_type(people: Sequence[Person], path: Path) -> None:
    """Each type as a column of its own, every third value missing."""
    table = arrow_of(people)
    for name, (kind, value) in ARROW_TYPES.items():
        values = [value if row % 3 else None for row in range(len(people))]
        storage = kind.storage_type if isinstance(kind, pa.BaseExtensionType) else kind
        column = pa.array(values, storage)
        table = table.append_column(name, pa.ExtensionArray.from_storage(kind, column) if storage is not kind else column)
    pq.write_table(table, path)


def by_pandas(people: Sequence[Person], path: Path, index: bool | None = None, indexed_by: str = "") -> None:
    """`to_parquet`; its index may be a column."""
    frame = frame_of(people)
    frame = frame.set_index(indexed_by) if indexed_by else frame
    frame.assign(name=frame["name"].astype("category")).to_parquet(path, index=index)


def by_polars(people: Sequence[Person], path: Path, **options: Any) -> None:
    """`write_parquet`, with Polars' own types."""
    table = pl.from_arrow(arrow_of(people))
    assert isinstance(table, pl.DataFrame)
    table.with_columns(
        pl.col("name").cast(pl.Categorical).alias("category"),
        pl.col("country").cast(pl.Enum(sorted({each.country for each in people}))).alias("enum"),
        pl.lit(timedelta(hours=30)).alias("duration"),
        pl.lit(_MOMENT).alias("moment"),
        pl.lit(time(9, 30)).alias("time"),
        pl.lit(Decimal("1.50")).alias("decimal"),
        pl.lit(b"\0").alias("binary"),
        pl.concat_list("name", "name").alias("list"),
        pl.struct("id", "name").alias("record"),
        pl.lit(None).alias("nothing"),
    ).write_parquet(path, **options)


def by_duckdb(people: Sequence[Person], path: Path, options: str = "", more: str = "1 AS one") -> None:
    """`COPY … TO`."""
    people_table = arrow_of(people)
    with duckdb.connect() as connection:
        connection.register("people", people_table)
        connection.execute(f"COPY (SELECT *, {more} FROM people) TO '{path}' (FORMAT parquet{options})")


PARQUET_TOOLS: dict[str, Writer] = {
    "arrow": by_arrow,
    "arrow, every type": with_every_arrow_type,
    **{f"arrow, {each}": partial(by_arrow, compression=each) for each in ("none", "gzip", "brotli", "zstd", "lz4")},
    **{f"arrow, version {each}": partial(by_arrow, version=each) for each in ("1.0", "2.4", "2.6")},
    "arrow, small pages": partial(by_arrow, data_page_version="2.0", data_page_size=64, row_group_size=7, use_dictionary=False),
    "arrow, deltas": partial(
        by_arrow, use_dictionary=False, column_encoding={"id": "DELTA_BINARY_PACKED", "name": "DELTA_BYTE_ARRAY"}
    ),
    "pandas": by_pandas,
    "pandas without index": partial(by_pandas, index=False),
    "pandas, indexed by id": partial(by_pandas, indexed_by="id"),
    "polars": by_polars,
    "polars, small groups": partial(by_polars, row_group_size=5, compression="snappy", statistics=False),
    "duckdb": by_duckdb,
    "duckdb, every type": partial(by_duckdb, more=_DUCKDB_TYPES),
    "duckdb, zstd": partial(by_duckdb, options=", COMPRESSION zstd, ROW_GROUP_SIZE 2048"),
    "duckdb, brotli": partial(by_duckdb, options=", COMPRESSION brotli, PARQUET_VERSION v2"),
}
