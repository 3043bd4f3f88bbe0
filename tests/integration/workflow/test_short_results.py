"""Results that hold less than the vendor's own counts: used at once, asked for again, held, and never bought beside."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import pytest

from fbcheck_pipeline.cli.status import status_document
from fbcheck_pipeline.workflow.buying.allocation import Again
from fbcheck_pipeline.workflow.collection.collect import collect_exported
from fbcheck_pipeline.workflow.collection.due import due_work
from fbcheck_pipeline.workflow.collection.reconcile import abandon
from fbcheck_pipeline.workflow.index.index_upkeep import update_index
from fbcheck_pipeline.workflow.index.whereabouts import Whereabouts, whereabouts
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


def test_status_names_a_short_task_whose_list_is_finished(open_driver: OpenDriver, vendor: FakeVendor, clock: Clock) -> None:
    """What it lacks may still come, and nobody buys it meanwhile: as with an overdue one, a person should see why."""
    vendor.shape = first(7)
    driver = open_driver()
    driver.run("a", phones(10))
    driver.finish()
    until_short(driver, clock)
    revision = driver.ledger.phone_list("a").revision
    driver.ledger.note_joined("a", revision=revision, counts={"phones": 10}, is_complete=True)
    document = status_document(driver.ws)
    assert document["lists"] == []
    (chunk,) = document["chunks"]
    assert chunk["state"] == "short" and "the result names 7 phones, the vendor counts 10" in chunk["note"]


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
    assert update_index(driver.ws, max_loose=0)  # until it answers more
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


def until_settled(driver: WorkflowDriver, clock: Clock, most: int = 20) -> list[float]:
    """Fetch whenever it is due until nothing is fetched any more; returns the seconds between the fetches."""
    gaps = []
    while driver.states()[0] in ("exported", "short", "overdue") and len(gaps) < most:
        (due,) = driver.ledger.chunks()
        gaps.append(due.next_fetch_at - clock.now)
        clock.now = due.next_fetch_at
        collect_exported(driver.ws, driver.client)
    return gaps


@pytest.mark.parametrize("failure", [0, None], ids=["none failed", "not told"])
def test_a_result_by_counts_that_do_not_add_up_is_asked_for_thrice_before_it_settles(
    failure: int | None, open_driver: OpenDriver, vendor: FakeVendor, clock: Clock
) -> None:
    """Counts and file of an hour before the end agreed with each other: the rest was bought again, and came the next minute."""
    vendor.shape = first(6)
    vendor.status_hook = lambda task: {"total": 10, "success": 6, "failure": failure}
    driver = open_driver(poll_seconds=30)
    driver.run("a", phones(10))
    driver.finish()
    assert driver.states() == ["exported"] and driver.counts("a") == {"checked": 6, "waiting": 4}
    assert "counts only 6 phones as done" in str(driver.ledger.chunks()[0].note)
    vendor.status_hook = lambda task: None
    next(iter(vendor.tasks.values())).shape = ResultShape()
    assert until_settled(driver, clock) == [30]
    assert driver.states() == ["collected"] and driver.counts("a") == {"checked": 10} and len(vendor.posts) == 1


@pytest.mark.parametrize("later", ["ok", 404, 503])
def test_an_honest_result_whose_vendor_tells_no_failures_settles_after_minutes(
    later: str | int, open_driver: OpenDriver, vendor: FakeVendor, clock: Clock
) -> None:
    """Seven poll intervals; also where the file can be had only once, its list ends then, and the night buys nothing yet."""
    vendor.shape = first(6)
    vendor.status_hook = lambda task: {"total": 10, "success": 6, "failure": 0}
    driver = open_driver(poll_seconds=30)
    driver.run("a", phones(10))
    driver.finish()
    vendor.downloads = lambda task_id: later
    until_settled(driver, clock, most=3)
    assert driver.states() == ["collected" if later == "ok" else "short"]
    assert driver.counts("a") == {"checked": 6, "undetermined": 4} and len(vendor.posts) == 1
    until_settled(driver, clock, most=99)
    assert driver.states() == [{"ok": "collected", 404: "gone", 503: "collected"}[later]]
    assert driver.counts("a") == {"checked": 6, "undetermined": 4}


def test_a_result_that_names_every_phone_settles_at_once_whatever_the_counts(open_driver: OpenDriver, vendor: FakeVendor) -> None:
    """There is nothing to wait for."""
    vendor.status_hook = lambda task: {"total": 10, "success": 1, "failure": 0}
    driver = open_driver()
    driver.run("a", phones(10))
    driver.finish()
    assert driver.states() == ["collected"]


def test_a_short_result_with_new_bytes_at_each_download_settles(
    open_driver: OpenDriver, vendor: FakeVendor, clock: Clock
) -> None:
    """A workbook carries the time at which it was made: the repetitions began anew each time, and the list never ended."""
    made = count()

    def packed(rows: list[Row]) -> bytes:
        table = "".join(f"{number},{label}\n" for number, label in [("number", "facebook"), *rows[:7]])
        return (table + "\n" * next(made)).encode()

    vendor.shape = ResultShape(pack=packed)
    driver = open_driver(poll_seconds=30)
    driver.run("a", phones(10))
    driver.finish()
    assert until_short(driver, clock) == [30, 60, 120]
    ((key, revision),) = due_work(driver.ledger).joins
    driver.ledger.note_joined(key, revision=revision, counts={}, is_complete=True)
    clock.advance(3600)
    collect_exported(driver.ws, driver.client)
    assert driver.states() == ["short"] and not due_work(driver.ledger).joins, "nothing new is joined"
    until_settled(driver, clock, most=99)
    assert driver.states() == ["collected"] and driver.counts("a") == {"checked": 7, "undetermined": 3}


def test_a_short_result_whose_labels_change_each_time_ends_days_after_the_deadline(
    open_driver: OpenDriver, vendor: FakeVendor, clock: Clock
) -> None:
    """It always brings something new, and yet its other phones are not held for ever."""
    made = count()
    vendor.shape = ResultShape(
        format="csv", rows=lambda rows: [(number, ("yes", "no")[next(made) % 2]) for number, _ in rows[:7]]
    )
    driver = open_driver(poll_seconds=600, task_deadline_hours=24)
    driver.run("a", phones(10))
    driver.finish()
    gaps = until_settled(driver, clock, most=400)
    assert driver.states() == ["collected"] and 4 * DAY_S <= sum(gaps) <= 5 * DAY_S
    assert driver.counts("a") == {"checked": 7, "undetermined": 3} and len(vendor.posts) == 1


@pytest.mark.parametrize("fault", [503, "html", 400])
def test_a_short_chunk_whose_file_then_fails_ends_days_after_the_deadline(
    fault: str | int, open_driver: OpenDriver, vendor: FakeVendor, clock: Clock
) -> None:
    """It was short for ever: no night might try its phones, and nobody could give them up. What it answered stays."""
    vendor.shape = first(7)
    driver = open_driver(poll_seconds=30, task_deadline_hours=24)
    driver.run("a", phones(10))
    driver.finish()
    until_short(driver, clock)
    vendor.downloads = lambda task_id: fault
    since = clock.now
    while driver.states() == ["short"] and clock.now < since + 9 * DAY_S:
        driver.run("a", phones(10), again=Again.NIGHT)
        clock.now = driver.ledger.chunks()[0].next_fetch_at
        collect_exported(driver.ws, driver.client)
    assert driver.states() == ["collected"] and 4 * DAY_S <= clock.now - since + 210 <= 5 * DAY_S + 210
    assert driver.counts("a") == {"checked": 7, "undetermined": 3} and len(vendor.posts) == 1


def test_a_file_that_fails_after_a_short_one_holds_no_list_up(open_driver: OpenDriver, vendor: FakeVendor, clock: Clock) -> None:
    """The list waited for three days for a file that could be had only once."""
    vendor.shape = first(7)
    driver = open_driver(poll_seconds=30)
    driver.run("a", phones(10))
    driver.finish()
    vendor.downloads = lambda task_id: 503
    until_short(driver, clock)
    assert driver.counts("a") == {"checked": 7, "undetermined": 3} and driver.is_complete("a")
    vendor.downloads = lambda task_id: "ok"
    next(iter(vendor.tasks.values())).shape = ResultShape()
    driver.collect()
    assert driver.counts("a") == {"checked": 10} and len(vendor.posts) == 1


def test_what_a_short_chunk_lacks_can_be_given_up(open_driver: OpenDriver, vendor: FakeVendor, clock: Clock) -> None:
    """Its answers stay, the rest is sent again only by `--retry`, and a late answer is still used."""
    vendor.shape = first(7)
    driver = open_driver()
    driver.run("a", phones(10))
    driver.finish()
    until_short(driver, clock)
    abandon(driver.ws, driver.chunk_key("short"))
    driver.run("a", phones(10), again=Again.NIGHT)
    assert driver.counts("a") == {"checked": 7, "undetermined": 3} and len(vendor.posts) == 1
    next(iter(vendor.tasks.values())).shape = first(9)
    driver.collect()
    assert driver.states() == ["abandoned"] and driver.counts("a") == {"checked": 9, "undetermined": 1}
    vendor.shape = ResultShape()
    driver.run("a", phones(10), again=Again.PERSON)
    driver.finish()
    assert driver.counts("a") == {"checked": 10}
    assert sorted(vendor.accepted.values()) == [1] * 9 + [2]


def test_what_a_short_result_answered_is_told_as_answered_whatever_becomes_of_the_rest(
    open_driver: OpenDriver, vendor: FakeVendor, clock: Clock
) -> None:
    """The closing sentence of a run that a person stops. Seen: 7 of 10 were answered, and it said that all 10 are with the vendor."""
    vendor.shape = first(7)
    driver = open_driver()
    driver.run("a", phones(10))
    driver.finish()
    assert whereabouts(driver.ws, ["a"]) == Whereabouts(answered=7, with_vendor=3)
    until_short(driver, clock)
    assert whereabouts(driver.ws, ["a"]) == Whereabouts(answered=7, with_vendor=3)
    abandon(driver.ws, driver.chunk_key("short"))
    assert whereabouts(driver.ws, ["a"]) == Whereabouts(answered=7)
