"""The models catch what must never be written, and say so without a cell."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fbcheck_pipeline.errors import FbcheckError
from fbcheck_pipeline.model.frames import is_e164, validate
from fbcheck_pipeline.model.paths import E164_PHONES, FACEBOOK_RESULTS, RAW_PHONES, SUBMITTED_CHUNKS, VERDICTS, DataFile
from fbcheck_pipeline.phones import Normaliser
from tests.unit.phones.test_normaliser import raw_phones

PHONE = "+905321234567"
CHUNKS = {
    "phone_e164": pa.array([PHONE] * 3),
    "answered_by": pa.array(["chunk", "waiting", "suppressed"]),
    "chunk_key": pa.array(["c", None, None], pa.string()),
    "task_id": pa.array([None] * 3, pa.string()),
}
VERDICT_ROW = {
    "phone_e164": pa.array([PHONE]),
    "facebook": pa.array(["yes"]),
    "facebook_label": pa.array(["YES"]),
    "checked_at": pa.array([datetime(2026, 11, 24, tzinfo=UTC)], pa.timestamp("us", "UTC")),
    "task_id": pa.array(["t"]),
}


RESULT_ROWS = {
    "facebook": pa.array(["yes", None], pa.string()),
    "check_status": pa.array(["checked", "waiting"]),
    "checked_at": pa.array([datetime(2026, 11, 24, tzinfo=UTC), None], pa.timestamp("us", "UTC")),
    "task_id": pa.array(["t", None], pa.string()),
}


def encoded(columns: dict[str, pa.Array], *names: str) -> pa.RecordBatch:
    """Some columns as Arrow dictionaries, as what is read and joined comes."""
    return pa.record_batch({name: each.dictionary_encode() if name in names else each for name, each in columns.items()})


def test_what_the_normaliser_makes_is_valid() -> None:
    """Both frames, with source columns of any name beside them."""
    raw = raw_phones(["0532 123 45 67", None, "yok", "+431110"])
    validate(RAW_PHONES, raw)
    validate(E164_PHONES, Normaliser("TR").normalise(raw))
    validate(SUBMITTED_CHUNKS, pa.record_batch(CHUNKS))
    validate(VERDICTS, pa.record_batch(VERDICT_ROW))
    validate(FACEBOOK_RESULTS, pa.record_batch(RESULT_ROWS))
    validate(FACEBOOK_RESULTS, encoded(RESULT_ROWS, "facebook", "check_status", "task_id"))


@pytest.mark.parametrize(
    ("model", "column", "value"),
    [
        (SUBMITTED_CHUNKS, "answered_by", pa.array(["chunk", "nobody", "chunk"])),
        (SUBMITTED_CHUNKS, "answered_by", pa.array(["chunk", None, "chunk"])),
        (SUBMITTED_CHUNKS, "chunk_key", pa.array([1, 2, 3])),
        (FACEBOOK_RESULTS, "facebook", pa.array(["yes", "no"])),
        (FACEBOOK_RESULTS, "facebook", pa.array([None, None], pa.string())),
        (FACEBOOK_RESULTS, "check_status", pa.array(["checked", "reused"])),
    ],
)
def test_a_broken_dictionary_is_stopped(model: DataFile, column: str, value: pa.Array) -> None:
    """Its words are looked at once, a null in each row, and what two columns say together."""
    good = {**(CHUNKS if model is SUBMITTED_CHUNKS else RESULT_ROWS), column: value}
    with pytest.raises(FbcheckError, match=f"{column}|verdict_exactly_where_checked"):
        validate(model, encoded(good, column))


@given(st.lists(st.from_regex(r"[+0-9]{0,18}|\+[0-9]{1,17}[ ٣a]?", fullmatch=True), min_size=1))
def test_a_phone_is_what_the_expression_says(texts: list[str]) -> None:
    """A plus, six to fifteen digits, the first no 0."""
    are_so = is_e164(pd.Series(texts, dtype=pd.ArrowDtype(pa.string())))
    assert are_so.tolist() == [re.fullmatch(r"\+[1-9][0-9]{5,14}", each) is not None for each in texts]


@pytest.mark.parametrize(
    ("model", "column", "value"),
    [
        (SUBMITTED_CHUNKS, "phone_e164", pa.array([PHONE, "0532 123 45 67", PHONE])),
        (SUBMITTED_CHUNKS, "phone_e164", pa.array([PHONE, None, PHONE])),
        (SUBMITTED_CHUNKS, "phone_e164", pa.array([PHONE, "+0532123456", PHONE])),
        (SUBMITTED_CHUNKS, "phone_e164", pa.array([PHONE, "+1234567890123456", PHONE])),
        (SUBMITTED_CHUNKS, "answered_by", pa.array(["chunk", "nobody", "chunk"])),
        (SUBMITTED_CHUNKS, "chunk_key", pa.array([1, 2, 3])),
        (VERDICTS, "facebook", pa.array(["perhaps"])),
        (VERDICTS, "checked_at", pa.array([None], pa.timestamp("us", "UTC"))),
    ],
)
def test_a_broken_frame_is_stopped_without_a_cell_in_the_message(model: DataFile, column: str, value: pa.Array) -> None:
    """pandera's own messages quote the failing cells; ours count them."""
    good = CHUNKS if model is SUBMITTED_CHUNKS else VERDICT_ROW
    with pytest.raises(FbcheckError) as caught:
        validate(model, pa.record_batch({**good, column: value}))
    assert column in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    assert "532" not in str(caught.value)
    assert "1234567890" not in str(caught.value)


@pytest.mark.parametrize(("e164", "reason"), [(PHONE, "empty"), (None, None)])
def test_a_phone_has_either_an_e164_or_a_reason(e164: str | None, reason: str | None) -> None:
    """A row with neither would be lost, a row with both bought in error."""
    out = Normaliser("TR").normalise(raw_phones(["05321234567"]))
    broken = {**dict(zip(out.schema.names, out.columns, strict=True)), "phone_e164": pa.array([e164], pa.string())}
    broken["reject_reason"] = pa.array([reason], pa.string())
    with pytest.raises(FbcheckError, match="either_e164_or_reason"):
        validate(E164_PHONES, pa.record_batch(broken))


def test_a_missing_column_is_named() -> None:
    """Whoever reads the message must find it."""
    with pytest.raises(FbcheckError):
        validate(SUBMITTED_CHUNKS, pa.record_batch({name: value for name, value in CHUNKS.items() if name != "task_id"}))


def test_no_batch_outlives_its_validation() -> None:
    """pandas ties a frame that was looked at to itself: the batches of a list would pile up until the collector comes by."""
    validate(SUBMITTED_CHUNKS, pa.record_batch(CHUNKS))
    before = pa.total_allocated_bytes()
    for _ in range(3):
        validate(SUBMITTED_CHUNKS, pa.record_batch(CHUNKS).take(pa.array([0, 1, 2] * 1000)))
    assert pa.total_allocated_bytes() == before
