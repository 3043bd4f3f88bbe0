"""The source's own columns of a result as text, whatever types they have: for people, and for formats that have no types."""

from __future__ import annotations

from collections import Counter

import pyarrow as pa

from fbcheck_pipeline.files.arrow_text import to_text
from fbcheck_pipeline.model.columns import RESULT_COLUMNS


def with_source_text(schema: pa.Schema) -> pa.Schema:
    """The schema of what `source_as_text` returns."""
    types = [each.type if each.name in RESULT_COLUMNS else pa.string() for each in schema]
    return pa.schema(zip(schema.names, types, strict=True))


def source_as_text(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch with the source's columns as a person would write them; our own keep their types."""
    named = zip(batch.schema.names, batch.columns, strict=True)
    columns = [column if name in RESULT_COLUMNS else to_text(column, Counter()) for name, column in named]
    return pa.RecordBatch.from_arrays(columns, schema=with_source_text(batch.schema))
