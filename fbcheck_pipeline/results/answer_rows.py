"""The answers: our columns of each list's result, with the list and its source, in one schema for all lists."""

from __future__ import annotations

from datetime import UTC, datetime

import pyarrow as pa

from fbcheck_pipeline.files.storage import View
from fbcheck_pipeline.ledger.records import PhoneList
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.model.columns import RESULT_COLUMNS, Column, schema_of


def answers_view(phone_list: PhoneList) -> View:
    """A list's result as its answers."""
    schema = schema_of(paths.FACEBOOK_ANSWERS)
    of_list = {
        Column.LIST_KEY: phone_list.list_key,
        Column.SOURCE: phone_list.source,
        Column.ADDED_AT: datetime.fromtimestamp(phone_list.added_at, UTC),
    }
    values = [pa.scalar(value, schema.field(name).type) for name, value in of_list.items()]

    def answers(result: pa.RecordBatch) -> pa.RecordBatch:
        ours = [result.column(name) for name in RESULT_COLUMNS]
        return pa.RecordBatch.from_arrays([*ours, *(pa.repeat(value, result.num_rows) for value in values)], schema=schema)

    return View(schema, answers)
