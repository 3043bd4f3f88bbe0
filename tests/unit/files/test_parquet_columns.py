"""How columns are written: every value comes back, and what can be told in few bytes takes few."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fbcheck_pipeline.files.storage import BatchStream, Storage

INTEGERS = [pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64()]


def written(root: Path, values: pa.Array) -> pq.ParquetFile:
    batch = pa.record_batch([values], names=["a.b"])
    Storage(str(root)).write_parquet("list.parquet", BatchStream(batch.schema, iter([batch, batch])))
    return pq.ParquetFile(root / "list.parquet")


@pytest.mark.parametrize("type_", INTEGERS, ids=str)
def test_every_integer_comes_back(tmp_path: Path, type_: pa.DataType) -> None:
    """Differences of the largest and the least do not fit their own type."""
    bits = type_.bit_width
    least, largest = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if pa.types.is_signed_integer(type_) else (0, 2**bits - 1)
    values = pa.array([least, largest, None, 7, least, largest - 1, None], type_)
    assert written(tmp_path, values).read()["a.b"].to_pylist() == values.to_pylist() * 2


def test_a_column_that_counts_takes_next_to_nothing(tmp_path: Path) -> None:
    """The source's row numbers, and most keys of tables, do: eight bytes a row of three tables of a list."""
    file = written(tmp_path, pa.array(range(50_000)))
    assert file.metadata.row_group(0).column(0).total_compressed_size < 2000
    assert file.read()["a.b"].to_pylist() == [*range(50_000)] * 2
