"""Results that hold less than the vendor's own counts: used at once, asked for again, held, and never bought beside."""

from __future__ import annotations

from collections.abc import Callable

from fbcheck_pipeline.workflow.allocation import Again
from fbcheck_pipeline.workflow.collect import collect_exported
from fbcheck_pipeline.workflow.due import due_work
from fbcheck_pipeline.workflow.verdicts import merge_index
from tests.conftest import DAY_S, Clock, phones
from tests.fake_vendor import FakeVendor, ResultShape, Row
from tests.integration.workflow.workflow_driver import WorkflowDriver

OpenDriver = Callable[..., WorkflowDriver]


def first(count: int) -> ResultShape:
    """A result of the first rows only, while the vendor counts all as done."""

    def rows(whole: list[Row]) -> list[Row]:
        return whole[:count]

    return ResultShape(format="csv", rows=rows)


def until_short(driver: WorkflowDriver, clock: Clock) -> list[float]:
    """Fetch whenever it is due until a chunk is short; returns the seconds between the fetches."""
    gaps = []
    while "short" not in driver.states():
        (due,) = driver.ledger.chunks()
        gaps.append(due.next_fetch_at - clock.now)
        clock.now = due.next_fetch_at
        collect_exported(driver.ws, driver.client)
    return gaps


def test_a_short_result_is_used_at_once_and_asked_for_thrice_then_held(
    open_driver: OpenDriver, vendor: FakeVendor, clock: Clock
) -> None:
    """After 1, 2 and 4 poll intervals; nobody buys what it lacks, whoever asks; another list is answered by what it has."""
    vendor.shape = first(7)
    driver = open_driver(poll_seconds=30)
    driver.run("a", phones(10))
    driver.finish()
    assert driver.states() == ["exported"] and driver.counts("a") == {"checked": 7, "waiting": 3}
    (task_id,) = vendor.tasks
    assert until_short(driver, clock) == [30, 60, 120]
    assert vendor.download_calls[task_id] == 4 and vendor.status_calls[task_id] == 4
    assert driver.counts("a") == {"checked": 7, "undetermined": 3} and driver.is_complete("a")
    assert [key for key, _ in due_work(driver.ledger).joins] == ["a"]
    assert not merge_index(driver.ws.storage, driver.ledger, max_unindexed=0), "it may yet answer more"
    for again in Again:
        driver.run("a", phones(10), again=again)
        driver.run("b", phones(10), again=again)
    assert driver.counts("b") == {"reused": 7, "undetermined": 3}
    assert len(vendor.posts) == 1
    (chunk,) = driver.ledger.chunks()
    assert chunk.note is not None and "names 7 phones, the vendor counts 10" in chunk.note and "fetched 4 times" in chunk.note


def test_a_short_chunk_that_becomes_whole_is_joined_anew(open_driver: OpenDriver, vendor: FakeVendor, clock: Clock) -> None:
    """Days later, by the fetches that go on by themselves; a changed file is asked for again at first."""
    vendor.shape = first(7)
    driver = open_driver(poll_seconds=30)
    driver.run("a", phones(10))
    driver.finish()
    until_short(driver, clock)
    ((key, revision),) = due_work(driver.ledger).joins
    driver.ledger.note_joined(key, revision=revision, counts={}, is_complete=True)
    (task,) = vendor.tasks.values()
    task.shape = first(9)
    clock.advance(3600)
    collect_exported(driver.ws, driver.client)
    assert driver.states() == ["exported"] and driver.counts("a") == {"checked": 9, "waiting": 1}
    until_short(driver, clock)
    assert [key for key, _ in due_work(driver.ledger).joins] == ["a"]
    task.shape = ResultShape()
    clock.advance(3600)
    collect_exported(driver.ws, driver.client)
    assert driver.states() == ["collected"] and driver.counts("a") == {"checked": 10}
    assert len(vendor.posts) == 1


def test_a_short_chunk_is_fetched_hourly_then_daily_and_collected_after_the_deadline(
    open_driver: OpenDriver, vendor: FakeVendor, clock: Clock
) -> None:
    """Only then may the night try the phones again that never came."""
    vendor.shape = first(7)
    driver = open_driver(poll_seconds=30, task_deadline_hours=72)
    driver.run("a", phones(10))
    driver.finish()
    exported_at = clock.now
    until_short(driver, clock)
    gaps = []
    while driver.states() == ["short"]:
        driver.run("a", phones(10), again=Again.NIGHT)
        at, clock.now = clock.now, driver.ledger.chunks()[0].next_fetch_at
        gaps.append(clock.now - at)
        collect_exported(driver.ws, driver.client)
    assert gaps[0] == 3600 and DAY_S in gaps and gaps == [*sorted(gaps[:-1]), gaps[-1]]
    assert clock.now == exported_at + 3 * DAY_S and driver.states() == ["collected"]
    assert len(vendor.posts) == 1 and not driver.is_complete("a")
    clock.advance(DAY_S)
    vendor.shape = ResultShape()
    driver.run("a", phones(10), again=Again.NIGHT)
    driver.finish()
    assert driver.counts("a") == {"checked": 10}
    assert sorted(vendor.accepted.values()) == [1] * 7 + [2] * 3


def test_runs_in_quick_succession_do_not_settle_a_short_result(open_driver: OpenDriver, vendor: FakeVendor, clock: Clock) -> None:
    """Each asks at once, but only what comes again in due time shows that nothing more will come soon."""
    vendor.shape = first(7)
    driver = open_driver(poll_seconds=30)
    driver.run("a", phones(10))
    driver.finish()
    (chunk,) = driver.ledger.chunks()
    for _ in range(5):
        driver.ledger.ask_at_once([chunk.chunk_key])
        collect_exported(driver.ws, driver.client)
    (task_id,) = vendor.tasks
    assert driver.states() == ["exported"] and vendor.download_calls[task_id] == 6
    for _ in range(3):  # a cron job of `--no-wait` runs comes to an end
        clock.advance(3600)
        driver.ledger.ask_at_once([chunk.chunk_key])
        collect_exported(driver.ws, driver.client)
    assert driver.states() == ["short"] and driver.is_complete("a")


def test_a_fetch_that_names_fewer_phones_takes_no_answer_back(open_driver: OpenDriver, vendor: FakeVendor, clock: Clock) -> None:
    """Cut this time, or made anew: what was answered stays answered."""
    vendor.shape = first(7)
    driver = open_driver()
    driver.run("a", phones(10))
    driver.finish()
    (task,) = vendor.tasks.values()
    task.shape = first(2)
    driver.collect()
    assert driver.counts("a") == {"checked": 7, "waiting": 3}
    until_short(driver, clock)
    assert driver.counts("a") == {"checked": 7, "undetermined": 3}


def test_a_result_without_one_sent_phone_is_unreadable_kept_and_never_disowned(
    open_driver: OpenDriver, vendor: FakeVendor, clock: Clock
) -> None:
    """The vendor itself named the task: it is asked again, the file stays, the chunk holds its phones."""
    strangers = tuple(f"+{phone}" for phone in phones(20, 905_440_000_000))
    vendor.shape = ResultShape(missing=10, extra=strangers)
    driver = open_driver(task_deadline_hours=1)
    driver.run("a", phones(10))
    driver.finish()
    (task,) = vendor.tasks.values()
    assert driver.states() == ["exported"] and driver.counts("a") == {"waiting": 10}
    assert driver.ws.storage.exists(f"result_files/{task.task_id}.zip")
    clock.advance(2 * DAY_S)
    driver.collect()
    driver.run("a", phones(10), again=Again.PERSON)
    assert driver.states() == ["overdue"] and driver.is_complete("a") and len(vendor.posts) == 1
    task.shape = ResultShape(missing=9, extra=strangers)  # one of ours is there: strangers are counted, nothing more
    driver.finish()
    (chunk,) = driver.ledger.chunks()
    assert driver.states() == ["collected"] and chunk.result_counts is not None and chunk.result_counts["extra"] == 20
    assert driver.counts("a") == {"checked": 1, "undetermined": 9}


def test_what_is_gone_at_the_vendor_on_three_days_after_the_deadline_is_gone(
    open_driver: OpenDriver, vendor: FakeVendor, clock: Clock
) -> None:
    """Its answered phones keep their answers; the others may be tried again by the next night, and only then."""
    vendor.shape = first(7)
    driver = open_driver(task_deadline_hours=24)
    driver.run("a", phones(10))
    driver.finish()
    until_short(driver, clock)
    vendor.downloads = lambda task_id: 404
    for _ in range(3):
        driver.collect()
    clock.advance(DAY_S)
    for _ in range(2):
        for _ in range(3):
            driver.collect()
        assert driver.states() == ["short"]
        clock.advance(DAY_S)
    driver.run("a", phones(10), again=Again.NIGHT)
    assert len(vendor.posts) == 1
    driver.collect()
    assert driver.states() == ["gone"] and driver.counts("a") == {"checked": 7, "undetermined": 3}
    assert not driver.is_complete("a")
    clock.advance(DAY_S)
    vendor.shape, vendor.downloads = ResultShape(), lambda task_id: "ok"
    driver.run("a", phones(10), again=Again.NIGHT)
    driver.finish()
    assert driver.counts("a") == {"checked": 10} and sorted(vendor.accepted.values()) == [1] * 7 + [2] * 3


def test_a_task_that_the_vendor_forgot_is_gone_after_three_days(
    open_driver: OpenDriver, vendor: FakeVendor, clock: Clock
) -> None:
    """404 for the task itself, past the deadline; before it, 404 may pass."""
    driver = open_driver(task_deadline_hours=24)
    driver.run("a", phones(5))
    vendor.tasks.clear()
    driver.poll()
    assert driver.states() == ["submitted"]
    clock.advance(DAY_S + 1)
    for _ in range(3):
        driver.poll()
        assert driver.states() == ["overdue"]
        driver.poll()
        clock.advance(DAY_S)
        if driver.ledger.chunks()[0].gone_days == 2:
            break
    driver.poll()
    assert driver.states() == ["gone"]


def test_the_result_of_a_failed_task_is_read_before_it_settles(open_driver: OpenDriver, vendor: FakeVendor) -> None:
    """What it answers was paid for and is used; what it lacks may be tried again."""
    driver = open_driver(chunk_size=10)
    driver.run("a", phones(20))
    for task in vendor.tasks.values():
        task.shape = ResultShape(missing=4)
    url = {task.task_id: f"{vendor.url}/results/{task.task_id}.xlsx?X-Signature=1" for task in vendor.tasks.values()}
    with_result = next(iter(vendor.tasks))
    vendor.status_hook = lambda task: (
        {
            "status": "failed",
            "success": 6,
            "failure": 4,
            **({"result_url": url[with_result]} if task.task_id == with_result else {}),
        }
    )
    driver.finish()
    assert sorted(driver.states()) == ["collected", "failed"]
    assert driver.counts("a") == {"checked": 6, "undetermined": 14}


def test_a_failed_task_whose_result_cannot_be_had_fails_after_a_few_fetches(open_driver: OpenDriver, vendor: FakeVendor) -> None:
    """It is not held for ever for a file that a failed task names."""
    driver = open_driver()
    driver.run("a", phones(5))
    vendor.status_hook = lambda task: {"status": "failed", "result_url": f"{vendor.url}/results/nothing.xlsx"}
    driver.finish()
    assert driver.states() == ["exported"]
    for _ in range(3):
        driver.collect()
    assert driver.states() == ["failed"] and driver.counts("a") == {"undetermined": 5}
