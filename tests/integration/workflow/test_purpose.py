"""A purpose that is required: without one nothing of a list is recorded, planned or sent."""

from collections.abc import Callable
from pathlib import Path

import pytest

from fbcheck_pipeline.errors import OperatorError
from fbcheck_pipeline.lists import ReadOptions
from fbcheck_pipeline.workflow.arrival.inbox import take_up_lists
from fbcheck_pipeline.workflow.arrival.intake import add_list
from fbcheck_pipeline.workflow.workspace import Workspace
from tests.conftest import drop, phones
from tests.fake_vendor import FakeVendor
from tests.integration.workflow.workflow_driver import WorkflowDriver


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "a.csv"
    file.write_text("phone\n+41780000001\n")
    return file


def test_a_list_without_purpose_is_not_taken_up(open_ws: Callable[..., Workspace], path: Path) -> None:
    """By neither way in; a blank says nothing. With a purpose, its own or the settings', it is."""
    ws = open_ws(require_purpose=True)
    for given in (None, "  "):
        with pytest.raises(OperatorError, match="use `fbcheck run --purpose TEXT`, or set FBCHECK_PURPOSE"):
            add_list(ws, path, ReadOptions(), given)
    drop(path.parent / "data", "b.csv", b"phone\n+41780000002\n")
    (said,) = take_up_lists(ws, budget_s=10).refused
    assert "b.csv is not accepted: FBCHECK_REQUIRE_PURPOSE" in said
    assert ws.ledger.lists() == [] and ws.storage.names("inbox") == ["b.csv"]
    add_list(ws, path, ReadOptions(), "fraud check")
    assert [row.purpose for row in ws.ledger.lists()] == ["fraud check"]
    assert take_up_lists(open_ws(require_purpose=True, purpose="by default"), budget_s=10).refused == ()
    assert {row.purpose for row in ws.ledger.lists()} == {"fraud check", "by default"} and ws.storage.names("inbox") == []


def test_a_list_that_was_taken_up_without_purpose_is_not_planned(open_driver: Callable[..., WorkflowDriver], path: Path) -> None:
    """Nothing of it is sent until somebody says what for; a purpose that was recorded stays."""
    before = open_driver()
    key = add_list(before.ws, path, ReadOptions(), None)
    before.ledger.note_read(key, {"rows": 1})
    strict = open_driver(require_purpose=True)
    with pytest.raises(OperatorError, match=r"a\.csv has no purpose"):
        strict.plan(key, phones(1))
    assert strict.ledger.chunks() == []
    for purpose in ("billing", "another"):
        add_list(strict.ws, path, ReadOptions(), purpose)
    row = strict.ledger.find_list(key)
    assert row is not None and row.purpose == "billing"
    strict.plan(key, phones(1))
    assert len(strict.ledger.chunks()) == 1


def test_what_waits_for_a_list_without_purpose_fills_up_no_other(
    open_driver: Callable[..., WorkflowDriver], vendor: FakeVendor
) -> None:
    """The phones waited for more before a purpose was required."""
    before = open_driver(min_chunk=5)
    before.run("b", phones(2, 905_330_000_000))
    strict = open_driver(min_chunk=5, require_purpose=True)
    strict.ledger.register_list("a", file="a", source="s", sha256="a", options={}, purpose="billing")
    strict.run("a", phones(5))
    assert set(vendor.accepted) == {f"+{each}" for each in phones(5)}
