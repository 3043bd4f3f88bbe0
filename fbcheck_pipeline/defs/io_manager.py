"""Parquet files at DATA_URI: written atomically, and loaded as a stream of batches or as a frame, by the input's type."""

from dataclasses import replace
from typing import Any

import dagster as dg
import pandas as pd
import pyarrow as pa

from fbcheck_pipeline.defs.instance import LATEST, NO_LIST
from fbcheck_pipeline.defs.metadata import describe_output
from fbcheck_pipeline.defs.resources import FbcheckResource
from fbcheck_pipeline.errors import OperatorError
from fbcheck_pipeline.files.storage import BatchStream, release_unused_memory
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.workflow.tables.verdict_tables import read_current_verdicts
from fbcheck_pipeline.workflow.workspace import Workspace


class ParquetIOManager(dg.IOManager):
    """One file per asset and partition: `<asset>/<list_key>.parquet`, whatever the prefix of the asset's key; and the tables without
    partitions.

    An input may name the columns it needs: `AssetIn(metadata={"columns": [...]})`; and, of a `BatchStream`, under `dictionaries` those
    that come as Arrow dictionaries.
    """

    def __init__(self, fbcheck: FbcheckResource) -> None:
        self._fbcheck = fbcheck

    def handle_output(self, context: dg.OutputContext, obj: BatchStream) -> None:
        """Write the stream whole or not at all, then add metadata about the file.

        Raises:
            StorageError: the place cannot be written.
            FbcheckError: the stream itself failed.
        """
        with self._fbcheck.whole_remedies():
            storage, name = self._fbcheck.workspace().storage, _of_list(context)
            rows = storage.write_parquet(name, obj)
            release_unused_memory()
            context.add_output_metadata(describe_output(obj.schema, rows, storage.uri(name), obj.on_written()))

    def load_input(self, context: dg.InputContext) -> Any:
        """What the input is annotated as: `pandas.DataFrame` (Arrow-backed), `pyarrow.Table` or `RecordBatchReader`, a frame of Polars;
        otherwise a `BatchStream`.
        """
        with self._fbcheck.whole_remedies():
            ws = self._fbcheck.workspace()
            as_of = ws.ledger.generation()  # before the file is opened
            return loaded_as(context.dagster_type.typing_type, replace(_read(ws, context), as_of=as_of))


def io_manager_of(fbcheck_key: str) -> dg.IOManagerDefinition:
    """The manager that works with the settings of this resource key, as the steps do: a run opens the ledger once."""

    @dg.io_manager(required_resource_keys={fbcheck_key})
    def io_manager(context: dg.InitResourceContext) -> ParquetIOManager:
        return ParquetIOManager(getattr(context.resources, fbcheck_key))

    return io_manager


def loaded_as(wanted: Any, stream: BatchStream) -> Any:
    """A stream as the type that somebody annotated."""
    if wanted is pd.DataFrame:
        return stream.read_all().to_pandas(types_mapper=pd.ArrowDtype)
    if wanted is pa.Table:
        return stream.read_all()
    if wanted is pa.RecordBatchReader:
        return pa.RecordBatchReader.from_batches(stream.schema, stream.batches)
    if getattr(wanted, "__module__", "").partition(".")[0] == "polars":
        import polars

        frame = polars.DataFrame(stream.read_all())
        return frame.lazy() if wanted is polars.LazyFrame else frame
    return stream


def _read(ws: Workspace, context: dg.InputContext) -> BatchStream:
    asset, wishes = context.asset_key.path[-1], context.definition_metadata or {}
    columns = wishes.get("columns")
    if asset == paths.CURRENT_VERDICTS.folder:
        return read_current_verdicts(ws, columns)
    is_latest = asset.endswith(LATEST) and not context.has_asset_partitions
    name = paths.FACEBOOK_LATEST.of(asset.removesuffix(LATEST)) if is_latest else _of_list(context)
    return ws.storage.read_parquet(name, columns, dictionaries=wishes.get("dictionaries", ()))


def _of_list(context: Any) -> str:
    if not (context.has_asset_partitions and context.has_partition_key):
        raise OperatorError(NO_LIST)
    return f"{context.asset_key.path[-1]}/{context.asset_partition_key}.parquet"
