"""Batches of many types under one schema."""

from pathlib import Path

import polars as pl
import pyarrow as pa

from fbcheck_pipeline.files.table_batches import batches_of
from fbcheck_pipeline.files.united_batches import UnitedBatches


def test_categories_and_views_of_polars_become_plain_texts_at_any_depth(tmp_path: Path) -> None:
    """Arrow can neither cast a dictionary of views nor take rows of one; a user's frame has them without knowing."""
    rows = [
        {"category": "a", "enum": "x", "inner": {"name": "n"}, "tags": ["t", None], "texts": ["u"]},
        {"category": None, "enum": None, "inner": None, "tags": [], "texts": None},
    ]
    types = {"category": pl.Categorical, "enum": pl.Enum(["x"]), "tags": pl.List(pl.Categorical)}
    united = UnitedBatches(tmp_path)
    for batch in batches_of(pl.DataFrame(rows, schema_overrides=types)):
        united.add(batch)
    (kept,) = united.batches()
    assert kept.to_pylist() == rows
    assert kept.schema.types == [
        pa.string(), pa.string(), pa.struct([("name", pa.string())]), pa.large_list(pa.string()), pa.large_list(pa.string()),
    ]  # fmt: skip
    assert kept.take([1, 1]).to_pylist() == [rows[1]] * 2
