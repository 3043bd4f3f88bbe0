"""Parquet: typed columns as text, a batch at a time."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fbcheck_pipeline.errors import ListError
from fbcheck_pipeline.lists import open_list
from tests.unit.lists.reading import column, read


@pytest.mark.parametrize(
    ("values", "text"),
    [
        (pa.array([5321112233, None]), ["5321112233", None]),
        (pa.array([5321112233.0, None]), ["5321112233", None]),
        (pa.array([0.1, float("nan")]), ["0.1", None]),
        (pa.array([905321234567.0, 12.0], pa.float32()), ["9.053213E+11", "12"]),
        (pa.array([1.234567890123456e15, 1e20]), ["1234567890123456", "1e+20"]),
        (pa.array(["a", "b"]).dictionary_encode(), ["a", "b"]),
        (pa.array(["a", None], pa.large_string()), ["a", None]),
        (pa.array([Decimal("5321112233"), None]), ["5321112233", None]),
        (pa.array([date(2026, 1, 2), None]), ["2026-01-02", None]),
        (
            pa.array([datetime(2026, 1, 2, 3, 4, 5), datetime(2026, 1, 2, 3, 4, 5, 120_000)]),
            ["2026-01-02 03:04:05", "2026-01-02 03:04:05.12"],
        ),
        (pa.array([datetime(2026, 1, 2, tzinfo=UTC), None]), ["2026-01-02 00:00:00Z", None]),
        (pa.array([True, None]), ["true", None]),
        (pa.array([["x", "y"], None]), ['["x", "y"]', None]),
        (pa.array([{"a": 1}, None]), ['{"a": 1}', None]),
        (pa.nulls(2), [None, None]),
    ],
    ids=str,
)
def test_a_typed_cell_becomes_the_text_that_a_person_would_write(tmp_path: Path, values: Any, text: list[str | None]) -> None:
    """And a missing one stays missing."""
    pq.write_table(pa.table({"tel": ["0532 111 22 33", "0532 111 22 34"], "v": values}), tmp_path / "a.parquet")
    _, table = read(tmp_path / "a.parquet")
    assert column(table, "v") == text


def test_bytes_that_are_no_text_are_replaced_and_counted(tmp_path: Path) -> None:
    """The row is kept."""
    pq.write_table(pa.table({"tel": ["0532 111 22 33"] * 2, "v": [b"ok", b"\xff"]}), tmp_path / "a.parquet")
    reader, table = read(tmp_path / "a.parquet")
    assert column(table, "v") == ["ok", "\ufffd"] and reader.counts["bad_bytes"] == 1


def test_text_that_is_no_text_is_replaced_and_counted_too(tmp_path: Path) -> None:
    """Some writers never look at what they call a string."""
    lie = pa.array([b"ok", b"\xff"]).view(pa.string())
    pq.write_table(pa.table({"tel": ["0532 111 22 33"] * 2, "v": lie}), tmp_path / "a.parquet")
    reader, table = read(tmp_path / "a.parquet")
    assert column(table, "v") == ["ok", "\ufffd"] and reader.counts["bad_bytes"] == 1


def test_the_header_is_the_files_own(tmp_path: Path) -> None:
    """Whatever its names; and numbers that became floats are whole again."""
    pq.write_table(pa.table({"0": [5321112233.0, 5551112234.0], "country": ["TR", "TR"]}), tmp_path / "a.parquet")
    reader, table = read(tmp_path / "a.parquet")
    assert (reader.source.phone_columns, reader.source.region_column, reader.source.format) == (
        ("0",),
        "country_source",
        "parquet",
    )
    assert column(table, "phone_raw") == ["5321112233", "5551112234"]


def test_batches_stay_small_whatever_the_row_groups(tmp_path: Path) -> None:
    """Some 50 k rows each, numbered through."""
    pq.write_table(pa.table({"tel": pa.array(range(5_320_000_000, 5_320_150_000))}), tmp_path / "a.parquet")
    batches = list(open_list(tmp_path / "a.parquet").batches())
    assert [batch.num_rows for batch in batches] == [50_000, 50_000, 50_000]
    assert batches[2].column("source_row")[-1].as_py() == 150_000


@pytest.mark.parametrize("cut", [4, 100])
def test_a_damaged_file_is_refused(tmp_path: Path, cut: int) -> None:
    """An unfinished upload begins like a whole one."""
    pq.write_table(pa.table({"tel": ["0532 111 22 33"]}), tmp_path / "a.parquet")
    with pytest.raises(ListError, match=r"a\.parquet: the Parquet file is damaged, unfinished or encrypted"):
        read(tmp_path / "a.parquet", (tmp_path / "a.parquet").read_bytes()[:-cut])
