"""Whatever kind of table arrives, as record batches: pandas, Polars, pyarrow, all that speaks Arrow's stream interface, or many of these."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pandas as pd
import pyarrow as pa

from fbcheck_pipeline.files.storage import BatchStream
from fbcheck_pipeline.files.united_batches import ROWS_AT_ONCE


def batches_of(table: object) -> Iterator[pa.RecordBatch]:
    """The rows of a table, without a pandas index.

    Raises:
        TypeError: it is no table.
    """
    if isinstance(table, pa.RecordBatch):
        yield table
    elif isinstance(table, pd.DataFrame):
        for start in range(0, max(len(table), 1), ROWS_AT_ONCE):
            yield _of_frame(table.iloc[start : start + ROWS_AT_ONCE])
    elif isinstance(table, BatchStream):
        yield from table.batches
    elif hasattr(table, "collect_batches"):  # a lazy frame of Polars
        yield from batches_of(table.collect_batches())
    elif hasattr(table, "__arrow_c_stream__"):
        yield from pa.RecordBatchReader.from_stream(table)
    elif isinstance(table, Iterable) and not isinstance(table, str | bytes | Mapping):
        for part in table:
            if isinstance(part, Iterable) and not hasattr(part, "__arrow_c_stream__") and not isinstance(part, pd.DataFrame):
                raise TypeError(_kind(part))
            yield from batches_of(part)
    else:
        raise TypeError(_kind(table))


def column_of(values: Any) -> pa.Array[Any]:
    """Values of one column; those of several kinds are written as texts."""
    try:
        found = pa.array(values, from_pandas=True)
        if not isinstance(found.type, pa.BaseExtensionType):
            return found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError):
        pass
    return pa.array([None if pd.api.types.is_scalar(each) and pd.isna(each) else str(each) for each in values], pa.string())


def _of_frame(frame: pd.DataFrame) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays(
        [column_of(frame.iloc[:, at]) for at in range(frame.shape[1])], list(map(str, frame.columns))
    )


def _kind(value: object) -> str:
    return f"{type(value).__module__}.{type(value).__qualname__}"
