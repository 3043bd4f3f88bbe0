"""Two collectors at once: a result is downloaded by one of them, and by the other only when the first is no more."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from fbcheck_pipeline.ledger.records import Chunk
from fbcheck_pipeline.workflow.collection import collect
from fbcheck_pipeline.workflow.collection.collect import collect_exported
from fbcheck_pipeline.workflow.collection.due import due_work
from tests.conftest import phones
from tests.fake_vendor import FakeVendor, ResultShape
from tests.integration.workflow.workflow_driver import WorkflowDriver

OpenDriver = Callable[..., WorkflowDriver]


def test_a_result_is_downloaded_by_one_of_two_collectors(open_driver: OpenDriver, vendor: FakeVendor) -> None:
    """A sensor and a run: each fetched a file of gigabytes, and both read it, though only one could record it."""
    driver, other = open_driver(chunk_size=5), open_driver()
    driver.run("a", phones(10))
    driver.poll()
    seen = []

    def meanwhile(task_id: str) -> str:
        """While the first downloads: a run asks for all at once, and collects."""
        other.ledger.ask_at_once([each.chunk_key for each in other.ledger.chunks()])
        collected = collect_exported(other.ws, other.client)
        seen.append((collected.tasks, collected.problems, due_work(other.ledger).collect))
        return "ok"

    vendor.downloads = meanwhile
    assert driver.collect().tasks + sum(tasks for tasks, *_ in seen) == 2
    assert set(vendor.download_calls.values()) == {1} and len(vendor.download_calls) == 2
    assert all(not problems for _, problems, _ in seen) and driver.counts("a") == {"checked": 10}


def test_what_two_collectors_found_due_is_taken_by_the_first(open_driver: OpenDriver, vendor: FakeVendor) -> None:
    """Both looked before either began."""
    driver = open_driver()
    driver.run("a", phones(5))
    driver.poll()
    (seen,) = driver.ledger.due_for_fetch()
    with driver.ledger.sender() as one, driver.ledger.sender() as other:
        assert driver.ledger.begin_fetch(seen, one)
        assert not driver.ledger.begin_fetch(seen, other) and driver.ledger.due_for_fetch() == []
    driver.collect()
    assert not driver.ledger.begin_fetch(seen, "late") and driver.states() == ["collected"]


def test_others_may_write_while_a_collector_takes_a_thousand_fetches(
    open_driver: OpenDriver, vendor: FakeVendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Taken in one transaction, they kept every sender from recording what it had sent, for a minute on a server far away."""
    monkeypatch.setattr(collect, "TAKEN_AT_ONCE", 2)
    driver, seen = open_driver(chunk_size=1), list[int]()
    driver.run("a", phones(5))
    driver.poll()
    take = driver.ledger.begin_fetch

    def watched(chunk: Chunk, fetcher: str) -> bool:
        with closing(sqlite3.connect(Path(driver.ws.storage.root, "ledger.db"))) as other:
            seen.extend(other.execute("SELECT count(fetcher) FROM chunks").fetchone())
        return take(chunk, fetcher)

    monkeypatch.setattr(driver.ledger, "begin_fetch", watched)
    assert driver.collect().tasks == 5
    assert seen == [0, 0, 2, 2, 4]


@pytest.mark.parametrize("fault", [500, "html", "short"])
def test_a_fetch_that_brought_nothing_or_too_little_is_free_for_anybody(
    fault: int | str, open_driver: OpenDriver, vendor: FakeVendor
) -> None:
    """Though the collector lives on, and fetches others."""
    if fault == "short":
        vendor.shape = ResultShape(format="csv", rows=lambda rows: rows[:3])
    else:
        vendor.downloads.append(fault)
    driver = open_driver()
    driver.run("a", phones(5))
    driver.finish()
    assert [each.fetcher for each in driver.ledger.chunks()] == [None]


def test_the_fetch_of_a_collector_that_is_no_more_is_taken_over_at_once(
    open_driver: OpenDriver, vendor: FakeVendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No clock says when, but the system, which releases the lock of a process that ended."""
    driver = open_driver()
    driver.run("a", phones(5))
    driver.poll()
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):

        def dies(*_: object) -> None:
            raise KeyboardInterrupt

        patched.setattr(collect, "take_in", dies)
        driver.collect()
    (chunk,) = driver.ledger.chunks()
    assert chunk.fetcher is not None and chunk.fetches == 0
    other = open_driver()
    assert other.collect().tasks == 1 and other.counts("a") == {"checked": 5}


def test_a_collector_that_was_taken_for_gone_records_nothing_over_anothers_result(
    open_driver: OpenDriver, vendor: FakeVendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was held up for so long that another was there first."""
    driver, other = open_driver(), open_driver()
    driver.run("a", phones(5))
    driver.poll()

    def other_is_faster(task_id: str) -> int:
        vendor.downloads = []
        monkeypatch.setattr(other.ledger.database.liveness, "living", lambda names: set())
        assert other.collect().tasks == 1
        return 500

    vendor.downloads = other_is_faster
    driver.collect()
    (chunk,) = driver.ledger.chunks()
    assert (chunk.state, chunk.note, chunk.fetches) == ("collected", None, 1) and driver.counts("a") == {"checked": 5}
