"""When a verdict was given: by the vendor's clock, as far as that can be."""

from __future__ import annotations

import pytest

from fbcheck_pipeline.workflow.verdict_files.verdicts import exported_at_us
from fbcheck_pipeline.workflow.workspace import Workspace
from tests.conftest import NOON, Clock, phones
from tests.integration.workflow.workflow_driver import set_columns
from tests.unit.workflow.past_chunks import PastChunks


@pytest.mark.parametrize(
    ("told", "expected"),
    [("2026-11-24T11:59:30Z", NOON - 30), ("2031-01-01T00:00:00Z", NOON + 1), ("soon", NOON + 1), (None, NOON + 1)],
)
def test_a_vendors_time_in_the_future_counts_as_its_arrival(
    told: str | None, expected: float, ws: Workspace, clock: Clock
) -> None:
    """Such a verdict would stay the newest for years, whatever comes after it."""
    chunk = PastChunks(ws, clock).exported(phones(1))
    set_columns(ws.ledger, chunk.key, vendor_exported_at=told)
    assert exported_at_us(ws.ledger.chunk(chunk.key)) == expected * 1_000_000
