"""The vendor's times have nanoseconds and offsets; ours are microseconds since 1970 UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fbcheck_pipeline.model.timestamps import timestamp_us
from fbcheck_pipeline.vendor.task_snapshots import TaskStatus

OFFSETS = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1), timezones=OFFSETS)


@given(MOMENTS, st.text("0123456789", max_size=6))
@settings(max_examples=100)
def test_a_time_is_read_to_the_microsecond_whatever_follows_it(moment: datetime, finer: str) -> None:
    """Nanoseconds are cut off, never rounded up into the next second; times before 1970 too."""
    text = moment.isoformat(timespec="microseconds")
    text = text[:26] + finer + text[26:]
    assert timestamp_us(text) == (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("text", "microseconds"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01t00:00:01z", 1_000_000),
        ("1970-01-01 01:00:00+01:00", 0),
        ("1969-12-31T19:00:00-0500", 0),
        ("2016-12-31T23:59:60Z", 1_483_228_799_000_000),
        *((text, None) for text in (None, "", "now", "2024-10-19", "2024-10-19T18:24:56", "2024-13-01T00:00:00Z")),
        *((text, None) for text in ("2024-02-30T00:00:00Z", "2024-01-01T00:00:00+99:00", "٢٠٢٤-01-01T00:00:00Z")),
    ],
)
def test_a_time_that_is_none_is_unknown(text: str | None, microseconds: int | None) -> None:
    """A leap second is the last of its minute; without an offset nobody knows which moment is meant."""
    assert timestamp_us(text) == microseconds


def test_only_exported_and_failed_end_a_task() -> None:
    """`completed` is processed, not exported: it has no result yet."""
    assert {status for status in TaskStatus if status.is_terminal()} == {TaskStatus.EXPORTED, TaskStatus.FAILED}
