"""What people and logs see of a task's id."""

from __future__ import annotations

import pytest

from fbcheck_pipeline.model.task_ids import shown_task_id


@pytest.mark.parametrize(
    ("task_id", "shown"),
    [
        ("cs9viu7i61pk00000001", "cs9viu7i61pk00000001"),
        ("41780000001", "41•••01"),
        ("+41780000001", "+41•••01"),
        ("abc, 41780000001", "abc, 41•••01"),
        ("/v1/41780000001", "/v1/41•••01"),
        ("123456", "123456"),
        (None, ""),
    ],
)
def test_an_id_that_reads_as_a_phone_shows_its_ends_only(task_id: str | None, shown: str) -> None:
    """It may be a phone that the vendor echoed; what a person must copy stands in `status --json`."""
    assert shown_task_id(task_id) == shown
