"""Columns that are copied as another file has them encoded: whoever reads the copy finds there what the source has."""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fbcheck_pipeline.errors import StorageError
from fbcheck_pipeline.files import parquet_copy
from fbcheck_pipeline.files.parquet_copy import Copied
from fbcheck_pipeline.files.storage import BatchStream, Storage, View
from fbcheck_pipeline.files.thrift_compact import read_struct, write_struct

ROWS, FILE, COPY, BESIDE = 1000, "source.parquet", "copy/copy.parquet", "beside/copy.parquet"
SOURCE = pa.table(
    {
        "id": pa.array(range(ROWS)),
        "name": pa.array([None if row % 7 == 0 else f"n{row * row}" for row in range(ROWS)]),
        "kind": pa.array(["a", "b", None, "a"] * (ROWS // 4)),
        "none": pa.array([None] * ROWS, pa.string()),
        "share": pa.array([row / 7 for row in range(ROWS)]),
        "is_new": pa.array([row % 3 == 0 for row in range(ROWS)]),
        "tags": pa.array([[], ["x"], None, ["y", None]] * (ROWS // 4)),
        "place": pa.array([{"at": row, "in": {"town": str(row)}} for row in range(ROWS)]),
        "seen": pa.array([datetime(2026, 11, 29, 7, 30, tzinfo=UTC)] * ROWS, pa.timestamp("us", "UTC")),
    }
)
NAMES = {each: each for each in ("tags", "name", "kind", "none", "share", "is_new", "seen")} | {"place": "where", "kind": "type"}
WAYS: dict[str, dict[str, Any]] = {
    "one group": {},
    "many groups": {"row_group_size": 60},
    "no dictionaries, small pages": {"row_group_size": 300, "use_dictionary": False, "data_page_size": 64},
    "second version of pages, no statistics": {"row_group_size": 300, "data_page_version": "2.0", "write_statistics": False},
    "indices of pages": {"row_group_size": 300, "write_page_index": True, "compression": "snappy"},
}


def copy(root: Path, pieces: list[int]) -> None:
    """Copy columns of the source and number its rows, which come in pieces of so many; beside it fewer columns, and a text."""
    storage, begins = Storage(str(root)), [sum(pieces[:place]) for place in range(len(pieces))]
    file = storage.read_parquet(FILE).file
    assert file is not None
    fields = {there: file.schema.field(there).with_name(here) for there, here in NAMES.items()}
    batches = (
        pa.record_batch({"number": pa.array(range(begin, begin + rows), pa.int64())})
        for begin, rows in zip(begins, pieces, strict=True)
    )
    beside = View(
        pa.schema([fields["name"], fields["place"], pa.field("text", pa.string())]),
        lambda batch: pa.record_batch({"text": batch["number"].cast(pa.string())}),
        Copied(file, {each: NAMES[each] for each in ("name", "place")}),
    )
    schema = pa.schema([*fields.values(), pa.field("number", pa.int64())], {"ours": "yes"})
    stream = BatchStream(schema, batches, lambda: {"told": "last"}, copied=Copied(file, NAMES), beside={BESIDE: beside})
    assert storage.write_parquet(COPY, stream) == sum(pieces)


@pytest.mark.parametrize("way", WAYS)
def test_every_engine_reads_what_was_copied(tmp_path: Path, way: str) -> None:
    """Of any kind, under another name, in another order, and nested; the rows of a group come in pieces."""
    pq.write_table(SOURCE, tmp_path / FILE, **WAYS[way])
    copy(tmp_path, [20, 0, *[20] * (ROWS // 20 - 1)])
    expected = SOURCE.select(list(NAMES)).rename_columns(list(NAMES.values())).append_column("number", SOURCE["id"])
    path, beside = tmp_path / COPY, tmp_path / BESIDE
    assert pq.read_table(path).equals(expected)
    assert pl.read_parquet(path).to_arrow().to_pylist() == expected.to_pylist()
    assert duckdb.read_parquet(str(path)).to_arrow_table().to_pylist() == expected.to_pylist()
    assert pq.read_table(beside).to_pylist() == [
        {"name": name, "where": place, "text": str(row)}
        for row, (name, place) in enumerate(zip(SOURCE["name"].to_pylist(), SOURCE["place"].to_pylist(), strict=True))
    ]


def chunk(path: Path, group: int, name: str) -> tuple[bytes, Any]:
    """A column of a row group as it is encoded, and what the footer tells of it."""
    row_group = pq.ParquetFile(path).metadata.row_group(group)
    columns = (row_group.column(place) for place in range(row_group.num_columns))
    found = next(each for each in columns if each.path_in_schema == name)
    begin = found.dictionary_page_offset or found.data_page_offset
    return path.read_bytes()[begin : begin + found.total_compressed_size], found.statistics


@pytest.mark.parametrize("group", [0, 4, 9])
def test_a_copy_is_what_stands_in_the_source(tmp_path: Path, group: int) -> None:
    """Nothing is encoded again, and engines skip groups of a copy by their statistics as they do those of its source."""
    pq.write_table(SOURCE, tmp_path / FILE, row_group_size=100)
    copy(tmp_path, [100] * 10)
    for there, here in (("name", "name"), ("kind", "type"), ("share", "share"), ("place.in.town", "where.in.town")):
        data, statistics = chunk(tmp_path / FILE, group, there)
        copied, known = chunk(tmp_path / COPY, group, here)
        assert copied == data and known == statistics and known.has_min_max
    metadata = pq.ParquetFile(tmp_path / COPY).metadata
    assert (metadata.metadata[b"told"], metadata.metadata[b"ours"]) == (b"last", b"yes")
    assert metadata.row_group(group).total_byte_size > chunk(tmp_path / COPY, group, "share")[1].num_values * 8


@pytest.mark.parametrize("pieces", [[100] * 9, [100] * 11, [150, 50], [60, 60], []])
def test_rows_that_are_not_those_of_the_source_are_no_file(tmp_path: Path, pieces: list[int]) -> None:
    """Another row's phone would stand beside a verdict."""
    pq.write_table(SOURCE, tmp_path / FILE, row_group_size=100)
    with pytest.raises(ValueError, match="row"):
        copy(tmp_path, pieces)
    assert not (tmp_path / COPY).exists() and not (tmp_path / BESIDE).exists()


def test_a_column_costs_as_much_beside_many_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its pieces are not looked for among those of all columns: a list of two thousand took ten times as long as encoding them anew."""
    looked = list[object]()
    path_of = parquet_copy._path
    monkeypatch.setattr(parquet_copy, "_path", lambda chunk: looked.append(chunk) or path_of(chunk))
    counts = list[int]()
    for columns in (10, 100):
        names = {f"c{column}": f"c{column}" for column in range(columns)}
        pq.write_table(pa.table({name: [1] for name in names}), tmp_path / FILE)
        source = Storage(str(tmp_path)).read_parquet(FILE).file
        assert source is not None
        schema, batches = pa.schema([*source.schema, ("number", pa.int64())]), iter([pa.record_batch({"number": [1]})])
        looked.clear()
        Storage(str(tmp_path)).write_parquet(COPY, BatchStream(schema, batches, copied=Copied(source, names)))
        counts.append(len(looked))
    assert counts[1] < 11 * counts[0]


def test_a_source_that_is_cut_meanwhile_is_named(tmp_path: Path) -> None:
    """Not the copy, for which there is room, and which would lack the end of a column."""
    pq.write_table(SOURCE, tmp_path / FILE, row_group_size=100)
    batches = iter([pa.record_batch({"number": pa.array(range(100))})] * 10)
    source = Storage(str(tmp_path)).read_parquet(FILE).file
    assert source is not None and source.footer
    os.truncate(tmp_path / FILE, 5000)
    schema = pa.schema([source.schema.field("name"), ("number", pa.int64())])
    with pytest.raises(StorageError, match=f"{FILE} is no readable Parquet file"):
        Storage(str(tmp_path)).write_parquet(COPY, BatchStream(schema, batches, copied=Copied(source, {"name": "name"})))
    assert not (tmp_path / COPY).exists()


def written_here(root: Path) -> tuple[bytes, pq.FileMetaData]:
    """The source as the pipeline writes it, and its footer."""
    Storage(str(root)).write_parquet(FILE, BatchStream(SOURCE.schema, iter(SOURCE.to_batches(max_chunksize=500))))
    return (root / FILE).read_bytes(), pq.ParquetFile(root / FILE).metadata


@pytest.mark.parametrize("group", [0, 1])
def test_damage_is_neither_copied_nor_read(tmp_path: Path, group: int) -> None:
    """A bit that a disk turned would be another name or number, in every second case without an error of Arrow's; here in each page."""
    whole, metadata = written_here(tmp_path)
    begins = [metadata.row_group(group).column(place).data_page_offset for place in range(metadata.num_columns)]
    ends = [
        (each.dictionary_page_offset or each.data_page_offset) + each.total_compressed_size
        for each in map(metadata.row_group(group).column, range(metadata.num_columns))
    ]
    paths = {metadata.schema.column(place).path.split(".")[0]: place for place in range(metadata.num_columns)}
    for at in [ends[place] - 1 for name, place in paths.items() if name in NAMES] + [begins[paths["kind"]] - 1]:
        (tmp_path / FILE).write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(StorageError, match=f"{FILE} is no readable Parquet file"):
            copy(tmp_path, [500, 500])
        assert not (tmp_path / COPY).exists()
        with pytest.raises(StorageError, match=f"{FILE} is no readable Parquet file"):
            Storage(str(tmp_path)).read_parquet(FILE).read_all()


def test_a_page_of_less_than_nothing_is_damage() -> None:
    """Without a checksum it would lead back to itself, for ever."""
    header = {1: (5, 0), 2: (5, 10), 3: (5, -7)}
    assert len(write_struct(header)) == 7
    with pytest.raises(ValueError, match="cut or damaged"):
        parquet_copy._check_pages(write_struct(header), 20)


def test_a_damaged_footer_is_named(tmp_path: Path) -> None:
    """Also where Arrow overlooks it, or has an error of its own kind for it."""
    whole, metadata = written_here(tmp_path)
    told = list[str]()
    for at in range(len(whole) - 8 - metadata.serialized_size, len(whole) - 8, 29):
        (tmp_path / FILE).write_bytes(whole[:at] + bytes([whole[at] ^ 16]) + whole[at + 1 :])
        with suppress(StorageError):
            file = Storage(str(tmp_path)).read_parquet(FILE).file
            assert file is not None
            try:
                assert file.footer
            except StorageError as error:
                told.append(str(error))
    assert told and all(FILE in each for each in told)


def test_a_source_without_rows_has_a_copy_without_rows(tmp_path: Path) -> None:
    """Readers of all lists of a folder find all columns."""
    pq.write_table(SOURCE[:0], tmp_path / FILE)
    copy(tmp_path, [])
    assert pq.read_table(tmp_path / COPY).schema.names == [*NAMES.values(), "number"]


@pytest.mark.parametrize("way", WAYS)
def test_a_footer_that_was_read_is_written_as_it_was(tmp_path: Path, way: str) -> None:
    """What is not understood of it must stay."""
    pq.write_table(SOURCE, tmp_path / FILE, **WAYS[way])
    data = (tmp_path / FILE).read_bytes()
    footer = data[-8 - int.from_bytes(data[-8:-4], "little") : -8]
    assert write_struct(read_struct(footer)[0]) == footer


def test_numbers_of_any_size_come_back() -> None:
    """Statistics have sixty-four bits, and lists more than fourteen items."""
    numbers = [0, -1, 1, 63, -64, 64, 2**31, -(2**63), 2**63 - 1, *range(20)]
    struct = {1: (6, -5), 5: (1, None), 7: (9, (6, numbers)), 8: (9, (1, [b"\1", b"\2"])), 23: (7, b"12345678"), 24: (2, None)}
    assert read_struct(write_struct(struct))[0] == struct


NO_FOOTERS = {
    "nothing": b"",
    "cut": b"\x15",
    "a map": b"\x1b\x00",
    "far apart": b"\x05\x02\x00",
    "endless": b"\x19\xf1" + b"\xff" * 6 + b"\x0f",
}


@pytest.mark.parametrize("data", NO_FOOTERS.values(), ids=NO_FOOTERS)
def test_what_is_no_footer_is_an_error(data: bytes) -> None:
    """It is not taken for one that tells less."""
    with pytest.raises((IndexError, ValueError)):
        read_struct(data)
