"""What the vendor says it has no more: believed only after days, never while its file, or a kept one, may still answer."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fbcheck_pipeline.cli.status import status_document
from fbcheck_pipeline.workflow.buying.allocation import Again
from fbcheck_pipeline.workflow.collection.reconcile import abandon
from tests.conftest import DAY_S, Clock, phones
from tests.fake_vendor import FakeVendor, ResultShape, Row
from tests.integration.workflow.workflow_driver import WorkflowDriver

OpenDriver = Callable[..., WorkflowDriver]


@pytest.mark.parametrize("answer", [503, 400, "html"])
def test_a_file_that_is_there_but_cannot_be_had_is_not_gone(
    answer: int | str, open_driver: OpenDriver, vendor: FakeVendor, clock: Clock
) -> None:
    """Days of 404 for the task added up, though the vendor said "exported" between them, and its storage was only down."""
    vendor.downloads = lambda task_id: 503
    driver = open_driver(task_deadline_hours=24)
    driver.run("a", phones(10))
    driver.finish()
    clock.advance(2 * DAY_S)
    vendor.downloads = lambda task_id: answer
    for day in range(8):
        vendor.status_hook = lambda task, day=day: None if day % 3 == 2 else 404  # type: ignore[misc]
        if day % 3 == 2:
            driver.collect()
        driver.poll()
        driver.run("a", phones(10), again=Again.NIGHT)
        clock.advance(DAY_S)
    assert driver.states() == ["overdue"] and len(vendor.posts) == 1
    vendor.downloads = lambda task_id: 404
    for _ in range(2):
        driver.collect()
        clock.advance(DAY_S)
    driver.collect()
    assert driver.states() == ["gone"], "403, 404 and 410 for fresh URLs say so, too"


def test_a_clock_that_is_set_back_and_mended_makes_no_days(open_driver: OpenDriver, vendor: FakeVendor, clock: Clock) -> None:
    """Today, yesterday and today again were three days on which the vendor had said so."""
    vendor.downloads = lambda task_id: 404
    driver = open_driver(task_deadline_hours=24)
    driver.run("a", phones(10))
    driver.poll()
    clock.advance(5 * DAY_S)
    for days in (0, -1, 1, -2, 2):
        clock.advance(days * DAY_S)
        driver.collect()
    assert driver.states() == ["overdue"]


def unknown_headings(rows: list[Row]) -> bytes:
    return "".join(f"{number};{label}\n" for number, label in [("msisdn", "has_account"), *rows]).encode()


@pytest.mark.parametrize("is_forgotten", [False, True], ids=["file", "task"])
def test_a_kept_result_that_cannot_be_read_yet_is_never_gone_and_read_by_a_later_version(
    is_forgotten: bool, open_driver: OpenDriver, vendor: FakeVendor, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The vendor named its columns anew and deleted the file after a week: the answers lay here, and the night bought them again."""
    vendor.shape = ResultShape(pack=unknown_headings)
    driver = open_driver(task_deadline_hours=24)
    driver.run("a", phones(10))
    driver.finish()
    vendor.downloads = lambda task_id: 404
    if is_forgotten:
        vendor.tasks.clear()
    for _ in range(6):
        clock.advance(DAY_S)
        driver.finish()
        driver.run("a", phones(10), again=Again.NIGHT)
    assert driver.states() == ["overdue"] and len(vendor.posts) == 1
    note = str(driver.ledger.chunks()[0].note)
    assert "404" in note and "fetched 7 times" in note and "9053" not in note
    if not is_forgotten:
        assert "file of it is kept: the result is text without a header" in note
    monkeypatch.setattr("fbcheck_pipeline.vendor.result_containers.NUMBER_COLUMN", "msisdn")
    monkeypatch.setattr("fbcheck_pipeline.vendor.result_containers.LABEL_COLUMNS", ("has_account",))
    driver.finish()
    assert driver.states() == ["collected"] and driver.counts("a") == {"checked": 10} and len(vendor.posts) == 1


def test_a_failed_task_with_a_kept_result_that_cannot_be_read_yet_holds_its_phones(
    open_driver: OpenDriver, vendor: FakeVendor, clock: Clock
) -> None:
    """After the deadline it was failed, and the night bought what lay here."""
    vendor.shape = ResultShape(pack=unknown_headings)
    vendor.status_hook = lambda task: {
        "status": "failed",
        "result_url": f"{vendor.url}/results/{task.task_id}.xlsx?X-Signature=1",
    }
    driver = open_driver(task_deadline_hours=24)
    driver.run("a", phones(10))
    driver.finish()
    vendor.downloads = lambda task_id: 503
    for _ in range(4):
        clock.advance(DAY_S)
        driver.finish()
        driver.run("a", phones(10), again=Again.NIGHT)
    vendor.status_hook = lambda task: {"status": "failed", "result_url": None, "message": "no such file"}
    driver.poll()
    driver.run("a", phones(10), again=Again.NIGHT)
    assert driver.states() == ["overdue"] and len(vendor.posts) == 1
    assert "no such file; a file of it is kept: the result is text" in str(driver.ledger.chunks()[0].note)
    abandon(driver.ws, driver.chunk_key("overdue"))
    driver.run("a", phones(10), again=Again.NIGHT)
    assert driver.counts("a") == {"undetermined": 10} and len(vendor.posts) == 1


def test_a_status_that_cannot_be_had_says_how_often_it_was_asked_for_and_when_again(
    open_driver: OpenDriver, vendor: FakeVendor
) -> None:
    """Whoever looks knows that somebody asks, and need not."""
    vendor.status_hook = lambda task: 500
    driver = open_driver(poll_seconds=60)
    driver.run("a", phones(5))
    for times in ("once", "2 times"):
        driver.poll()
        (chunk,) = status_document(driver.ws)["chunks"]
        assert "HTTP 500" in chunk["note"] and f"asked {times}, next at 2026-11-24 12:0" in chunk["note"]
    vendor.status_hook = lambda task: "processing"
    driver.poll()
    assert driver.ledger.chunks()[0].note is None
