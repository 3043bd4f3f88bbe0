"""The content of a table, told apart by what is in it alone."""

from decimal import Decimal

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from fbcheck_pipeline.files.content_hash import ContentHash
from fbcheck_pipeline.files.table_batches import batches_of

TABLE = pa.table({"id": [1, 2, None], "phone": ["a", "", None], "at": pa.array([0, 1, None], pa.timestamp("us"))})


def content(table: object) -> str:
    found = ContentHash()
    for batch in batches_of(table):
        found.add(batch)
    return found.hexdigest({})


@pytest.mark.parametrize(
    "same",
    [
        TABLE.take([2, 0, 1]),
        TABLE.select(["at", "phone", "id"]),
        TABLE.cast(pa.schema({"id": pa.int8(), "phone": pa.string(), "at": pa.timestamp("ns")})),
        TABLE.set_column(0, "id", pa.array([1.0, 2.0, None])),
        TABLE.set_column(0, "id", pa.array([Decimal("1.00"), Decimal("2.00"), None])),
        [TABLE.slice(2), TABLE.slice(0, 2)],
        TABLE.to_pandas(),
        TABLE.to_pandas(types_mapper=pd.ArrowDtype),
    ],
)
def test_order_width_and_library_do_not_matter(same: object) -> None:
    """The list would be another one, and so would its key."""
    assert content(same) == content(TABLE)


@pytest.mark.parametrize(
    "other",
    [
        TABLE.slice(1),
        TABLE.rename_columns(["id", "mobile", "at"]),
        pa.concat_tables([TABLE, TABLE.slice(0, 1)]),
        TABLE.set_column(1, "phone", pa.array(["a", None, ""])),
        TABLE.set_column(0, "id", pa.array([2, 1, None])),
    ],
)
def test_each_value_matters(other: object) -> None:
    """Also in which row it stands, how often, and whether it is empty or missing."""
    assert content(other) != content(TABLE)


def test_whatever_kind_of_table_arrives_is_taken() -> None:
    """Frames lazy and eager, batches, mixed cells; what is no table says so."""
    frame = pl.DataFrame({"phone": ["a", "b"]})
    kinds = [frame, frame.lazy(), frame.to_arrow(), frame.to_arrow().to_batches(), frame.to_pandas()]
    hashes = set()
    for each in kinds:
        found = ContentHash()
        for batch in batches_of(each):
            found.add(pa.RecordBatch.from_arrays([column.cast(pa.string()) for column in batch.columns], batch.schema.names))
        hashes.add(found.hexdigest({}))
    assert len(hashes) == 1
    (mixed,) = batches_of(pd.DataFrame({"phone": [41791, "079", None]}))
    assert mixed.column(0).to_pylist() == ["41791", "079", None]
    for wrong in ("text", {"a": [1]}, 5, ["text"]):
        with pytest.raises(TypeError):
            list(batches_of(wrong))
