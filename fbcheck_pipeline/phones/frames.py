"""The pandera model of every frame, and `validate`, which holds a record batch against one.

Frames are Arrow-backed pandas; only the columns a model names are looked at, uniqueness never (the dedupe guarantees it).
"""

from __future__ import annotations

from typing import Annotated, Any

import pandas as pd
import pandera.pandas as pandera
import pyarrow as pa
from pandera.errors import SchemaError, SchemaErrors
from pandera.typing import Series

from fbcheck_pipeline.errors import FbcheckError
from fbcheck_pipeline.model.reasons import REASONS
from fbcheck_pipeline.words import CHECK_STATUSES, VERDICTS

# The shortest numbers in service have six digits (+43 1…); ITU-T allows fifteen at most.
E164 = r"^\+[1-9][0-9]{5,14}$"
ANSWERED_BY = ["chunk", "other_chunk", "verdict", "earlier_try", "suppressed", "over_budget", "waiting"]

Text = Annotated[pd.ArrowDtype, pa.string()]
Int64 = Annotated[pd.ArrowDtype, pa.int64()]
Int16 = Annotated[pd.ArrowDtype, pa.int16()]
Moment = Annotated[pd.ArrowDtype, pa.timestamp("us", "UTC")]


class FrameInvalid(FbcheckError):
    """A frame breaks its model: a fault of the program, stopped before it can do harm."""


class RawPhones(pandera.DataFrameModel):  # type: ignore[misc]
    """One row per phone cell of a list; the source's own columns besides."""

    source_row: Series[Int64] = pandera.Field(ge=1)
    phone_index: Series[Int16] = pandera.Field(ge=0)
    phone_column: Series[Text]
    phone_raw: Series[Text] = pandera.Field(nullable=True)


class E164Phones(RawPhones):
    """The same phones with an E.164 or a reason, never both, never neither."""

    phone_e164: Series[Text] = pandera.Field(nullable=True, str_matches=E164)
    reject_reason: Series[Text] = pandera.Field(nullable=True, isin=REASONS)
    country: Series[Text] = pandera.Field(nullable=True)
    line_type: Series[Text] = pandera.Field(nullable=True)

    @pandera.dataframe_check(name="either_e164_or_reason")  # type: ignore[untyped-decorator]
    def either_e164_or_reason(cls, frame: pd.DataFrame) -> Any:
        """True where exactly one of the two is there."""
        return frame["phone_e164"].isna() != frame["reject_reason"].isna()


class SubmittedChunks(pandera.DataFrameModel):  # type: ignore[misc]
    """What answers each distinct phone of a list."""

    phone_e164: Series[Text] = pandera.Field(str_matches=E164)
    answered_by: Series[Text] = pandera.Field(isin=ANSWERED_BY)
    chunk_key: Series[Text] = pandera.Field(nullable=True)
    task_id: Series[Text] = pandera.Field(nullable=True)


class Verdicts(pandera.DataFrameModel):  # type: ignore[misc]
    """One row per phone that one task answered."""

    phone_e164: Series[Text] = pandera.Field(str_matches=E164)
    facebook: Series[Text] = pandera.Field(nullable=True, isin=VERDICTS)
    facebook_label: Series[Text] = pandera.Field(nullable=True)
    checked_at: Series[Moment]
    task_id: Series[Text]


class FacebookResults(pandera.DataFrameModel):  # type: ignore[misc]
    """What the join adds to `E164Phones`, whose columns were held against their model when they were written."""

    facebook: Series[Text] = pandera.Field(nullable=True, isin=VERDICTS)
    check_status: Series[Text] = pandera.Field(isin=CHECK_STATUSES)
    checked_at: Series[Moment] = pandera.Field(nullable=True)
    task_id: Series[Text] = pandera.Field(nullable=True)

    @pandera.dataframe_check(name="verdict_exactly_where_checked")  # type: ignore[untyped-decorator]
    def verdict_exactly_where_checked(cls, frame: pd.DataFrame) -> Any:
        """A verdict stands where the status says so, and nowhere else."""
        return frame["facebook"].notna() == frame["check_status"].isin(["checked", "reused"])


def validate(model: type[pandera.DataFrameModel], batch: pa.RecordBatch) -> None:
    """Hold a batch against a model.

    Raises:
        FrameInvalid: it breaks it; the message names the columns and checks with counts, never a cell.
    """
    schema = model.to_schema()
    columns = {name: _plain(batch.column(name)) for name in schema.columns if name in batch.schema.names}
    frame = pa.table(columns).to_pandas(types_mapper=pd.ArrowDtype)
    try:
        schema.validate(frame, lazy=True)
    except (SchemaErrors, SchemaError) as error:
        faults = _faults(error)
        raise FrameInvalid(f"{model.__name__} of {batch.num_rows} rows breaks its model: {faults}; please report it") from None


def _plain(column: pa.Array) -> pa.Array:
    return column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column


def _faults(error: SchemaErrors | SchemaError) -> str:
    if isinstance(error, SchemaError):
        return str(error.reason_code)
    cases = error.failure_cases
    # A check of the whole frame fails once a row, and is listed once a column.
    place = cases["column"].where(cases["schema_context"] == "Column", "frame")
    rows = cases["index"].where(cases["index"].notna(), -1)
    counted = rows.groupby([place, cases["check"]], dropna=False).nunique()
    return ", ".join(f"{column}: {check} ({count})" for (column, check), count in counted.items())
