"""Parquet: columns keep their types, phones are read as text, a batch at a time and within bounds."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fbcheck_pipeline.errors import ListError
from fbcheck_pipeline.files import parquet_tables
from fbcheck_pipeline.files.thrift_compact import read_struct, write_struct
from fbcheck_pipeline.lists import open_list
from fbcheck_pipeline.lists import parquet as parquet_lists
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
        (pa.array([["0532 1", "y"], None]), ["0532 1; y", None]),
        (pa.array([[5321112233, 5321112234], []], pa.large_list(pa.int64())), ["5321112233; 5321112234", None]),
        (pa.array([["a", None], ["b", " "]], pa.list_(pa.string(), 2)), ["a", "b"]),
        (pa.array([{"a": 1}, None]), ['{"a": 1}', None]),
        (pa.nulls(2), [None, None]),
    ],
    ids=str,
)
def test_a_typed_cell_is_read_as_the_text_that_a_person_would_write(tmp_path: Path, values: Any, text: list[str | None]) -> None:
    """All numbers of a list are numbers of the cell, and a missing one stays missing."""
    pq.write_table(pa.table({"tel": values}), tmp_path / "a.parquet")
    _, table = read(tmp_path / "a.parquet", column="tel")
    assert column(table, "phone_raw") == text


@pytest.mark.parametrize(
    "values",
    [
        pa.array([1, None], pa.uint8()),
        pa.array([1.5, None]),
        pa.array([1.5, None], pa.float16()),
        pa.array([True, None]),
        pa.array([date(2026, 1, 2), None]),
        pa.array([time(3, 4), None]),
        pa.array([datetime(2026, 1, 2, 3, 4, 5), None]),
        pa.array([2**62, None], pa.timestamp("us")),
        pa.array([datetime(2026, 1, 2, tzinfo=UTC), None], pa.timestamp("us", "Europe/Istanbul")),
        pa.array([5, None], pa.duration("s")),
        pa.array([Decimal("5321.20"), None]),
        pa.array([["x", "y"], None]),
        pa.array([[1.5], None], pa.large_list(pa.float64())),
    ],
    ids=lambda values: str(values.type),
)
def test_a_typed_column_keeps_its_type(tmp_path: Path, values: Any) -> None:
    """As interface.md says of typed sources; also where Python has no value for what it holds."""
    pq.write_table(pa.table({"tel": ["0532 111 22 33", "0532 111 22 34"], "v": values}), tmp_path / "a.parquet")
    reader, table = read(tmp_path / "a.parquet")
    assert table.column("v").combine_chunks().equals(values) and reader.source.phone_columns == ("tel",)


@pytest.mark.parametrize(
    ("values", "text"),
    [
        (pa.array(["a", None], pa.large_string()), ["a", None]),
        (pa.array(["a", None], pa.string_view()), ["a", None]),
        (pa.array(["a", "b"]).dictionary_encode(), ["a", "b"]),
        (pa.array([{"a": 1}, None]), ['{"a": 1}', None]),
        (pa.array([[("k", 1)], None], pa.map_(pa.string(), pa.int64())), ['[["k", 1]]', None]),
        (pa.array([[{"a": "x"}], None]), ['[{"a": "x"}]', None]),
        (pa.array([Decimal("1.50"), None], pa.decimal256(60, 2)), ["1.50", None]),
        (pa.nulls(2), [None, None]),
    ],
    ids=lambda values: str(getattr(values, "type", "")),
)
def test_other_kinds_become_text(tmp_path: Path, values: Any, text: list[str | None]) -> None:
    """Text in whatever form is text; records are JSON."""
    pq.write_table(pa.table({"tel": ["0532 111 22 33", "0532 111 22 34"], "v": values}), tmp_path / "a.parquet")
    _, table = read(tmp_path / "a.parquet")
    assert column(table, "v") == text


def test_moments_with_an_offset_are_those_of_utc(tmp_path: Path) -> None:
    """Polars cannot open a file that has others, nor a folder with one such file in it."""
    values = pa.array([0, None], pa.timestamp("us", "+03:30"))
    pq.write_table(pa.table({"tel": ["0532 111 22 33", "0532 111 22 34"], "v": values}), tmp_path / "a.parquet")
    _, table = read(tmp_path / "a.parquet")
    assert table.column("v").combine_chunks().equals(values.cast(pa.timestamp("us", "UTC")))


ODD = {
    "uuid": pa.ExtensionArray.from_storage(pa.uuid(), pa.array([b"0123456789abcdef"] * 2, pa.binary(16))),
    "days within a list": pa.array([[2**62]] * 2, pa.list_(pa.timestamp("us"))),
    "days within a record": pa.array([{"at": 2**62}] * 2, pa.struct([("at", pa.timestamp("us"))])),
    "a zone that does not exist": pa.array([0, 1], pa.timestamp("us", "Mars/Olympus")),
    "a zone that is no name": pa.array([0, 1], pa.timestamp("us", "../../x")),
}


@pytest.mark.parametrize("kind", ODD)
def test_an_odd_column_costs_itself_alone(tmp_path: Path, kind: str) -> None:
    """It is left out by name; the whole file was called damaged."""
    columns = {"odd.one": ODD[kind], "tel": ["0532 111 22 33", "0532 111 22 34"], "v": [1, 2]}
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")
    reader, table = read(tmp_path / "a.parquet")
    assert table.schema.names[:2] == ["tel", "v"] and column(table, "phone_raw") == columns["tel"]
    assert "'odd.one'" in reader.source.reasons[0]


def test_names_with_digits_stay(tmp_path: Path) -> None:
    """They are the file's own."""
    names = ["tel", "sales_20261101", "satis 2025-2026", "0"]
    pq.write_table(pa.table([["0532 111 22 33"], [1], [2], [3]], names=names), tmp_path / "a.parquet")
    assert read(tmp_path / "a.parquet")[1].schema.names[:4] == names


BOMBS = {
    "one text in every row": pa.array(["x" * 20_000] * 1000),
    "lists of one text": pa.array([["x" * 20_000]] * 1000),
    "records of one text": pa.array([{"a": "x" * 20_000}] * 1000),
    "one number in every row": pa.array([[7] * 2000] * 1000),
    "bytes of one length": pa.array([b"x" * 20_000] * 1000, pa.binary(20_000)),
}


@pytest.mark.parametrize("kind", BOMBS)
@pytest.mark.parametrize("has_dictionary", [True, False])
def test_a_small_file_of_large_contents_is_refused_before_they_are_decoded(
    tmp_path: Path, kind: str, has_dictionary: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four KB once became four GB: a text that is stored once stands in every row."""
    for bound in ("HONEST_BYTES", "PACKED_BYTES", "BATCH_BYTES"):
        monkeypatch.setattr(parquet_tables, bound, 4 << 20)
    content = pa.table({"tel": ["0532 111 22 33"] * 1000, "v": BOMBS[kind]})
    pq.write_table(content, tmp_path / "a.parquet", use_dictionary=has_dictionary, compression="zstd")
    before = pa.total_allocated_bytes()
    with pytest.raises(ListError, match=r"a\.parquet: the file is not read: its .* unpack to .* MB"):
        read(tmp_path / "a.parquet")
    assert pa.total_allocated_bytes() - before < 1 << 20


def test_a_row_may_hold_nearly_all_of_a_column_of_lists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """60 million numbers of one row stood in 3 KB: each became a Python object, 3 GB; as many in many rows are read some at a time."""
    monkeypatch.setattr(parquet_tables, "BATCH_BYTES", 1 << 20)
    monkeypatch.setattr(parquet_tables, "TEXT_BYTES", 1 << 20)

    def sizes(lengths: list[int]) -> list[int]:
        content = {"tel": ["0532 111 22 33"] * len(lengths), "v": [["x" * 100] * length for length in lengths]}
        pq.write_table(pa.table(content), tmp_path / "a.parquet", compression="zstd")
        return [batch.num_rows for batch in open_list(tmp_path / "a.parquet").batches()]

    uneven = sizes([3000] * 20 + [0] * 1000)
    assert sum(uneven) == 1020 and len(uneven) > 5
    with pytest.raises(ListError, match="a list in it unpacks to 4 MB"):
        sizes([0] * 10 + [50_000] + [0] * 1000)
    monkeypatch.setattr(parquet_tables, "HONEST_BYTES", 1 << 20)
    with pytest.raises(ListError, match="unpack to 3 MB"):
        sizes([50_000])


@pytest.mark.parametrize("names", [["tel", "v", "v"], ["tel", "v.a", "v"]])
def test_columns_of_one_path_are_all_measured(tmp_path: Path, names: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the first was: 210 KB took 11 GB, and a list whose first was of numbers was called damaged."""
    monkeypatch.setattr(parquet_tables, "HONEST_BYTES", 4 << 20)
    monkeypatch.setattr(parquet_tables, "BATCH_BYTES", 1 << 20)
    first: pa.Array[Any]
    for first in (pa.array([7] * 1000), pa.array(["a"] * 1000)):
        for length in (2000, 20_000):
            texts = pa.array(["x" * length] * 1000)
            last = pa.StructArray.from_arrays([texts], ["a"]) if "v.a" in names else texts
            content = pa.Table.from_arrays([pa.array(["0532 111 22 33"] * 1000), first, last], names)
            pq.write_table(content, tmp_path / "a.parquet", compression="zstd")
            if length == 20_000:
                with pytest.raises(ListError, match="its texts unpack to"):
                    read(tmp_path / "a.parquet")
            else:
                assert sum(batch.num_rows for batch in open_list(tmp_path / "a.parquet").batches()) == 1000


def test_columns_that_are_small_are_measured_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten columns of a hundred MB each stood in 3 KB, and were read whole."""
    monkeypatch.setattr(parquet_tables, "HONEST_BYTES", 4 << 20)
    monkeypatch.setattr(parquet_tables, "BATCH_BYTES", 1 << 20)

    def columns(length: int) -> dict[str, Any]:
        return {"tel": ["0532 111 22 33"] * 100, **{f"c{number}": ["x" * length] * 100 for number in range(10)}}

    pq.write_table(pa.table(columns(6000)), tmp_path / "a.parquet", compression="zstd")
    with pytest.raises(ListError, match="its texts unpack to"):
        read(tmp_path / "a.parquet")
    pq.write_table(pa.table(columns(3000)), tmp_path / "a.parquet", compression="zstd")
    batches = list(open_list(tmp_path / "a.parquet").batches())
    assert sum(batch.num_rows for batch in batches) == 100 and max(batch.num_rows for batch in batches) < 40


def test_what_the_footer_says_of_a_column_s_size_is_not_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """19 KB said to be one KB unpacked took 1.4 GB."""
    monkeypatch.setattr(parquet_tables, "PACKED_BYTES", 1 << 20)
    content = pa.table({"tel": ["0532 111 22 33"] * 3, "v": ["x" * (2 << 20)] * 3})
    pq.write_table(content, tmp_path / "a.parquet", compression="zstd", use_dictionary=False)
    data = (tmp_path / "a.parquet").read_bytes()
    length = int.from_bytes(data[-8:-4], "little")
    footer = read_struct(data[-8 - length : -8])[0]
    ((group,), bytes_of_chunk) = footer[4][1][1], 6
    for chunk in group[1][1][1]:
        facts = chunk[3][1]
        facts[bytes_of_chunk] = facts[bytes_of_chunk][0], 1000
    lie = write_struct(footer)
    (tmp_path / "a.parquet").write_bytes(data[: -8 - length] + lie + len(lie).to_bytes(4, "little") + b"PAR1")
    with pytest.raises(ListError, match="unpack to 6 MB"):
        read(tmp_path / "a.parquet")


def test_the_names_within_a_record_are_measured_with_each_value(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It becomes JSON: 330 KB of a name of 100 KB took 4.7 GB, and ended in MemoryError."""
    monkeypatch.setattr(parquet_tables, "HONEST_BYTES", 4 << 20)
    monkeypatch.setattr(parquet_tables, "BATCH_BYTES", 1 << 20)

    def record(name: str, rows: int) -> None:
        records = pa.StructArray.from_arrays([pa.nulls(rows, pa.int8())], [name])
        pq.write_table(pa.table({"tel": ["0532 111 22 33"] * rows, "v": records}), tmp_path / "a.parquet", compression="zstd")

    record("x" * 10_000, 300)
    batches = list(open_list(tmp_path / "a.parquet").batches())
    assert sum(batch.num_rows for batch in batches) == 300 and max(batch.num_rows for batch in batches) < 120
    record("x" * 10_000, 3000)
    with pytest.raises(ListError, match="unpack to 28 MB"):
        read(tmp_path / "a.parquet")


def test_more_columns_than_any_table_has_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader takes some KB for each."""
    monkeypatch.setattr(parquet_tables, "MAX_COLUMNS", 2)
    pq.write_table(pa.table({"tel": ["0532 111 22 33"], "a": [1], "b": [2]}), tmp_path / "a.parquet")
    with pytest.raises(ListError, match="it has 3 columns"):
        read(tmp_path / "a.parquet")


@pytest.mark.parametrize("length", [10, 5000])
def test_pages_with_long_statistics_are_measured(tmp_path: Path, length: int) -> None:
    """Their headers are as long as the texts."""
    texts = [f"{row:05}".ljust(length, "x") for row in range(200)]
    content = pa.table({"tel": ["0532 111 22 33"] * 200, "v": texts})
    pq.write_table(content, tmp_path / "a.parquet", data_page_size=1000, write_batch_size=5, use_dictionary=False)
    assert read(tmp_path / "a.parquet")[1].num_rows == 200


@pytest.mark.parametrize("has_dictionary", [True, False])
def test_one_endless_text_is_refused(tmp_path: Path, has_dictionary: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """900 MB of one letter stood in 27 KB, and took 7 GB to read."""
    monkeypatch.setattr(parquet_tables, "TEXT_BYTES", 1 << 20)
    monkeypatch.setattr(parquet_tables, "BATCH_BYTES", 1 << 20)
    content = pa.table(
        {"tel": ["0532 111 22 33"] * 3, "v": ["x" * (5 << 20), "", ""] if has_dictionary else ["x" * (5 << 20)] * 3}
    )
    pq.write_table(content, tmp_path / "a.parquet", use_dictionary=has_dictionary, compression="zstd")
    with pytest.raises(ListError, match="a text in it unpacks to 5 MB"):
        read(tmp_path / "a.parquet")


def test_of_long_texts_fewer_rows_are_looked_at_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They become Python objects."""
    monkeypatch.setattr(parquet_tables, "BATCH_BYTES", 1 << 20)
    monkeypatch.setattr(parquet_lists, "MOST_HEAD_BYTES", 1 << 20)
    notes = [f"{row} " + "x" * 10_000 for row in range(900)]
    pq.write_table(pa.table({"tel": ["0532 111 22 33"] * 900, "note": notes}), tmp_path / "a.parquet")
    assert len(parquet_lists.open_parquet_table(tmp_path / "a.parquet").head) < 300


def test_batches_of_long_texts_have_fewer_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An honest list may have a few long notes; its batches stay within bounds all the same."""
    monkeypatch.setattr(parquet_tables, "BATCH_BYTES", 1 << 20)
    notes = [f"{row} " + "x" * 10_000 for row in range(500)]
    pq.write_table(pa.table({"tel": ["0532 111 22 33"] * 500, "note": notes}), tmp_path / "a.parquet")
    batches = list(open_list(tmp_path / "a.parquet").batches())
    assert sum(batch.num_rows for batch in batches) == 500 and max(batch.num_rows for batch in batches) < 120


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
