"""Parquet files at DATA_URI: written atomically, and loaded as a stream of batches or a pandas frame, by the input's type."""

from dataclasses import replace
from typing import Any, Union

import dagster as dg
import pandas as pd

from fbcheck_pipeline.defs.instance import NO_LIST
from fbcheck_pipeline.defs.metadata import describe_output
from fbcheck_pipeline.defs.resources import FbcheckResource
from fbcheck_pipeline.errors import OperatorError
from fbcheck_pipeline.files.storage import BatchStream, release_unused_memory


class ParquetIOManager(dg.ConfigurableIOManager):
    """One file per asset and partition: `<asset>/<list_key>.parquet`, whatever the prefix of the asset's key.

    An input may name the columns it needs: `AssetIn(metadata={"columns": [...]})`.
    """

    fbcheck: dg.ResourceDependency[FbcheckResource]

    def handle_output(self, context: dg.OutputContext, obj: BatchStream) -> None:
        """Write the stream whole or not at all, then add metadata about the file.

        Raises:
            StorageError: the place cannot be written.
            FbcheckError: the stream itself failed.
        """
        with self.fbcheck.whole_remedies():
            storage, name = self.fbcheck.workspace().storage, _name(context)
            rows = storage.write_parquet(name, obj)
            release_unused_memory()
            context.add_output_metadata(describe_output(obj.schema, rows, storage.uri(name), obj.on_written()))

    def load_input(self, context: dg.InputContext) -> Union[BatchStream, pd.DataFrame]:
        """A `pandas.DataFrame` (Arrow-backed) if the input is annotated so, otherwise a `BatchStream`."""
        columns = (context.definition_metadata or {}).get("columns")
        with self.fbcheck.whole_remedies():
            ws = self.fbcheck.workspace()
            as_of = ws.ledger.generation()  # before the file is opened
            stream = replace(ws.storage.read_parquet(_name(context), columns), as_of=as_of)
        if context.dagster_type.typing_type is pd.DataFrame:
            frame: pd.DataFrame = stream.read_all().to_pandas(types_mapper=pd.ArrowDtype)
            return frame
        return stream


def _name(context: Any) -> str:
    if not (context.has_asset_partitions and context.has_partition_key):
        raise OperatorError(NO_LIST)
    return f"{context.asset_key.path[-1]}/{context.asset_partition_key}.parquet"
