"""The answers: our columns of each list's result, with the list and its source, in one schema for all lists."""

from __future__ import annotations

from datetime import UTC, datetime

import pyarrow as pa

from fbcheck_pipeline.files.arrow_text import one_text
from fbcheck_pipeline.files.parquet_copy import Copied
from fbcheck_pipeline.files.storage import View
from fbcheck_pipeline.ledger.records import PhoneList
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.model.columns import RESULT_COLUMNS, Column, schema_of


def answers_view(phone_list: PhoneList, copied: Copied | None = None) -> View:
    """A list's result as its answers.

    Args:
        copied: the columns of the result that are copied from a file.
    """
    schema = schema_of(paths.FACEBOOK_ANSWERS)
    added_at = pa.scalar(datetime.fromtimestamp(phone_list.added_at, UTC), schema.field(Column.ADDED_AT).type)

    def answers(result: pa.RecordBatch) -> pa.RecordBatch:
        columns = {
            **{name: result.column(name) for name in RESULT_COLUMNS if name in result.schema.names},
            Column.LIST_KEY: one_text(phone_list.list_key, result.num_rows),
            Column.SOURCE: one_text(phone_list.source, result.num_rows),
            Column.ADDED_AT: pa.repeat(added_at, result.num_rows),
        }
        names = [name for name in schema.names if name in columns]
        return pa.RecordBatch.from_arrays([columns[name] for name in names], names)

    ours = copied and Copied(copied.source, {there: here for there, here in copied.names.items() if here in RESULT_COLUMNS})
    return View(schema, answers, ours)
