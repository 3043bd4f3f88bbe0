"""The pandera model of every frame, built from our columns, and `validate`, which holds a record batch against one.

Frames are Arrow-backed pandas; only our own columns are looked at, uniqueness never (the dedupe guarantees it). Only what writes
frames imports this: pandera and pandas take their time.
"""

from __future__ import annotations

import gc
from functools import cache

import pandas as pd
import pandera.pandas as pandera
import pyarrow as pa
from pandera.errors import SchemaError, SchemaErrors

from fbcheck_pipeline.errors import FbcheckError
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.model.columns import NOT_NULL, Column, columns_of, schema_of
from fbcheck_pipeline.model.paths import DataFile
from fbcheck_pipeline.model.statuses import ANSWERED_STATUSES

# The shortest numbers in service have six digits (+43 1…); ITU-T allows fifteen at most.
E164 = r"^\+[1-9][0-9]{5,14}$"
_CHECKS = {
    Column.SOURCE_ROW: pandera.Check.ge(1),
    Column.PHONE_INDEX: pandera.Check.ge(0),
    Column.PHONE_E164: pandera.Check.str_matches(E164),
}


class FrameInvalid(FbcheckError):
    """A frame breaks its model: a fault of the program, stopped before it can do harm."""


def either_e164_or_reason(frame: pd.DataFrame) -> pd.Series[bool]:
    """True where a phone has exactly one of the two."""
    return frame[Column.PHONE_E164].isna() != frame[Column.REJECT_REASON].isna()


def verdict_exactly_where_checked(frame: pd.DataFrame) -> pd.Series[bool]:
    """True where a verdict stands exactly when the status says so."""
    return frame[Column.FACEBOOK].notna() == frame[Column.CHECK_STATUS].isin(ANSWERED_STATUSES)


_OF_FRAME = {paths.E164_PHONES: either_e164_or_reason, paths.FACEBOOK_RESULTS: verdict_exactly_where_checked}


@cache
def model_of(file: DataFile) -> pandera.DataFrameSchema:
    """The model of a file's frames; of a result only what the join adds, for the rest was validated when it was written."""
    columns = [each for each in columns_of(file) if file is not paths.FACEBOOK_RESULTS or paths.E164_PHONES not in each.types]
    arrow = schema_of(file)
    checks = [pandera.Check(_OF_FRAME[file], name=_OF_FRAME[file].__name__)] if file in _OF_FRAME else []
    return pandera.DataFrameSchema({str(each): _column(each, arrow.field(each).type, file) for each in columns}, checks=checks)


def _column(column: Column, type_: pa.DataType, file: DataFile) -> pandera.Column:
    checks = [pandera.Check.isin([str(word) for word in column.words])] if column.words else []
    checks += [_CHECKS[column]] if column in _CHECKS else []
    is_nullable = not column.types[file].endswith(NOT_NULL)
    return pandera.Column(pd.ArrowDtype(type_), checks, nullable=is_nullable)


def validate(file: DataFile, batch: pa.RecordBatch) -> pa.RecordBatch:
    """Hold a batch of a file against its model, and return it.

    Raises:
        FrameInvalid: it breaks it; the message names the columns and checks with counts, never a cell.
    """
    model = model_of(file)
    columns = {name: batch.column(name) for name in model.columns if name in batch.schema.names}
    plain = {name: each.dictionary_decode() if pa.types.is_dictionary(each.type) else each for name, each in columns.items()}
    frame = pa.table(plain).to_pandas(types_mapper=pd.ArrowDtype)
    try:
        model.validate(frame, lazy=True, inplace=True)
    except (SchemaErrors, SchemaError) as error:
        faults = _faults(error)
        raise FrameInvalid(f"{file.folder} of {batch.num_rows} rows breaks its model: {faults}; please report it") from None
    del frame
    gc.collect(1)  # accessors tie a frame to itself: batches would stay in memory until the collector comes by
    return batch


def _faults(error: SchemaErrors | SchemaError) -> str:
    if isinstance(error, SchemaError):
        return str(error.reason_code)
    cases = error.failure_cases
    # A check of the whole frame fails once a row, and is listed once a column.
    place = cases["column"].where(cases["schema_context"] == "Column", "frame")
    rows = cases["index"].where(cases["index"].notna(), -1)
    counted = rows.groupby([place, cases["check"]], dropna=False).nunique()
    return ", ".join(f"{column}: {check} ({count})" for (column, check), count in counted.items())
