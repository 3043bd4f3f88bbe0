"""Parquet at DATA_URI: whole or not at all, as a stream or as a frame."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd
import pyarrow as pa
import pytest

from fbcheck_pipeline.defs import resources as settings_resource
from fbcheck_pipeline.defs.building import partitions
from fbcheck_pipeline.defs.io_manager import io_manager_of
from fbcheck_pipeline.defs.resources import FbcheckResource
from fbcheck_pipeline.files.storage import BatchStream
from fbcheck_pipeline.workflow.workspace import open_workspace

lists = partitions()
SCHEMA = pa.schema([("name", pa.string()), ("kind", pa.dictionary(pa.int8(), pa.string()))])


def batch(names: list[str]) -> pa.RecordBatch:
    kinds = pa.array(["a"] * len(names)).dictionary_encode().cast(SCHEMA.field("kind").type)
    return pa.RecordBatch.from_arrays([pa.array(names), kinds], schema=SCHEMA)


@pytest.fixture
def resources(tmp_path: Path) -> dict[str, Any]:
    return {"fbcheck": FbcheckResource(data_uri=str(tmp_path / "data")), "io_manager": io_manager_of("fbcheck")}


@dg.asset(partitions_def=lists)
def table() -> BatchStream:
    return BatchStream(SCHEMA, iter([batch(["x", "y"]), batch(["z"])]), lambda: {"said": "last"})


def materialize(assets: list[Any], resources: dict[str, Any]) -> dg.ExecuteInProcessResult:
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions("lists", ["k"])
        return dg.materialize(assets, partition_key="k", resources=resources, instance=instance)


def test_a_run_opens_the_ledger_once(resources: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps and files share the settings of the run; opening the ledger takes a small list's time."""
    opened = []
    monkeypatch.setattr(
        settings_resource, "open_workspace", lambda *given, **named: opened.append(open_workspace(*given, **named)) or opened[-1]
    )

    @dg.asset(partitions_def=lists, required_resource_keys={"fbcheck"})
    def looked(context: dg.AssetExecutionContext, table: BatchStream) -> None:
        context.resources.fbcheck.workspace()

    assert materialize([table, looked], resources).success
    assert len(opened) == 1


def test_an_input_gets_what_its_annotation_asks_for(resources: dict[str, Any]) -> None:
    """Batches for the pipeline, a pandas frame for whoever writes an asset of their own."""
    seen: dict[str, Any] = {}

    @dg.asset(partitions_def=lists)
    def as_stream(table: BatchStream) -> None:
        seen["stream"] = [each.num_rows for each in table.batches]

    @dg.asset(partitions_def=lists)
    def as_frame(table: pd.DataFrame) -> None:
        seen["frame"] = table

    result = materialize([table, as_stream, as_frame], resources)
    assert sum(seen["stream"]) == 3
    assert list(seen["frame"]["name"]) == ["x", "y", "z"]
    assert isinstance(seen["frame"]["name"].dtype, pd.ArrowDtype)
    metadata = result.asset_materializations_for_node("table")[0].metadata
    assert metadata["dagster/row_count"].value == 3
    assert [column.name for column in metadata["dagster/column_schema"].value.columns] == ["name", "kind"]


def test_a_stream_that_breaks_leaves_what_stood_there(resources: dict[str, Any], tmp_path: Path) -> None:
    """Half a file is never read, and never replaces a whole one."""
    materialize([table], resources)
    path = tmp_path / "data" / "broken" / "k.parquet"

    @dg.asset(partitions_def=lists)
    def broken() -> BatchStream:
        def batches() -> Iterator[pa.RecordBatch]:
            yield batch(["x"])
            raise ValueError("in the middle")

        return BatchStream(SCHEMA, batches())

    path.parent.mkdir(parents=True)
    path.write_bytes(b"what stood there")
    with pytest.raises(ValueError, match="in the middle"):
        materialize([broken], resources)
    assert path.read_bytes() == b"what stood there"
    assert [each.name for each in path.parent.iterdir()] == ["k.parquet"]
