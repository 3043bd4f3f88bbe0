"""The answers: our columns of each list's result, with the list and its source, in one schema for all lists."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pyarrow as pa

from fbcheck_pipeline.files.storage import BatchStream
from fbcheck_pipeline.ledger.records import PhoneList
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.model.columns import RESULT_COLUMNS, Column, schema_of
from fbcheck_pipeline.workflow.publishing import guarded
from fbcheck_pipeline.workflow.workspace import Workspace


def write_answers(ws: Workspace, phone_list: PhoneList, as_of: int) -> None:
    """Write the answers of a list whose result stands.

    Args:
        as_of: the ledger's generation, as the result's.

    Raises:
        StorageError: it cannot be written, or something personal was deleted meanwhile.
    """
    schema, key = schema_of(paths.FACEBOOK_ANSWERS), phone_list.list_key
    result = ws.storage.read_parquet(paths.FACEBOOK_RESULTS.of(key), [*RESULT_COLUMNS])
    of_list = {
        Column.LIST_KEY: key,
        Column.SOURCE: phone_list.source,
        Column.ADDED_AT: datetime.fromtimestamp(phone_list.added_at, UTC),
    }
    values = [pa.scalar(value, schema.field(name).type) for name, value in of_list.items()]

    def batches() -> Iterator[pa.RecordBatch]:
        for batch in result.batches:
            yield pa.RecordBatch.from_arrays(
                [*batch.columns, *(pa.repeat(value, batch.num_rows) for value in values)], schema=schema
            )

    stream = BatchStream(schema, batches())
    ws.storage.write_parquet(paths.FACEBOOK_ANSWERS.of(key), guarded(ws, key, stream, as_of))
