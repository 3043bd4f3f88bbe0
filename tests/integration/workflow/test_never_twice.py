"""A phone is bought once: across lists, across nights, whatever is lost on the way."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from fbcheck_pipeline.ledger.planning import ORPHANED_AFTER_S
from fbcheck_pipeline.model.paths import SUBMITTED_CHUNKS
from fbcheck_pipeline.model.statuses import AnsweredBy
from fbcheck_pipeline.workflow.buying.allocation import Again
from fbcheck_pipeline.workflow.buying.pins import read_pins
from fbcheck_pipeline.workflow.buying.plan import plan_list
from fbcheck_pipeline.workflow.collection.due import due_work
from fbcheck_pipeline.workflow.index.index_upkeep import update_index
from fbcheck_pipeline.workflow.index.phone_history import history_of
from tests.conftest import DAY_S, Clock, phones
from tests.fake_vendor import FakeVendor, ResultShape
from tests.integration.workflow.workflow_driver import WorkflowDriver

OpenDriver = Callable[..., WorkflowDriver]


def test_a_verdict_is_reused_until_it_is_too_old(open_driver: OpenDriver, vendor: FakeVendor, clock: Clock) -> None:
    """VERDICT_DAYS; whoever paid for it."""
    driver = open_driver()
    driver.run("a", phones(10))
    driver.finish()
    clock.advance(29 * DAY_S)
    driver.run("b", phones(12))
    driver.finish()
    assert driver.counts("b") == {"checked": 2, "reused": 10}
    clock.advance(2 * DAY_S)
    driver.run("c", phones(12))
    driver.finish()
    assert driver.counts("c") == {"checked": 10, "reused": 2}
    assert sorted(vendor.accepted.values()) == [1, 1, *[2] * 10]


def test_phones_in_flight_elsewhere_are_waited_for(open_driver: OpenDriver, vendor: FakeVendor) -> None:
    """Another list's open chunk answers them; also when this list is planned again meanwhile."""
    vendor.hold = True
    driver = open_driver(chunk_size=10)
    driver.run("a", phones(20))
    driver.run("b", phones(20, 905_320_000_010))
    driver.run("b", phones(20, 905_320_000_010))
    assert driver.counts("b") == {"waiting": 20}
    assert driver.ledger.lists_to_join() == []
    vendor.finish_all()
    driver.finish()
    assert driver.counts("b") == {"checked": 10, "reused": 10}
    assert vendor.most_per_phone == 1


def test_a_chunk_planned_by_another_list_is_sent_by_whoever_needs_it(open_driver: OpenDriver, vendor: FakeVendor) -> None:
    """Its planner may have been killed."""
    driver = open_driver()
    driver.plan("a", phones(10))
    assert driver.run("b", phones(10)).chunks == 1
    driver.finish()
    assert (driver.counts("a"), driver.counts("b")) == ({"checked": 10}, {"reused": 10})


def test_a_finished_list_run_again_stays_as_it_is(open_driver: OpenDriver, vendor: FakeVendor, clock: Clock) -> None:
    """`checked` stays `checked`, however old."""
    driver = open_driver()
    driver.run("a", phones(10))
    driver.finish()
    clock.advance(400 * DAY_S)
    for again in Again:
        driver.run("a", phones(10), again=again)
    assert driver.counts("a") == {"checked": 10}
    assert len(vendor.posts) == 1


@pytest.mark.parametrize("verdict_days", [0, 30])
def test_pins_that_were_never_written_cost_nothing(
    verdict_days: int, open_driver: OpenDriver, vendor: FakeVendor, clock: Clock
) -> None:
    """Killed between planning and pins, collected since: the ledger knows what was bought for whom, whatever its age."""
    driver = open_driver(verdict_days=verdict_days, chunk_size=10)
    driver.run("a", phones(20))
    driver.run("b", phones(20, 905_320_000_010))
    driver.ws.storage.delete(SUBMITTED_CHUNKS.of("a"))
    driver.ws.storage.delete(SUBMITTED_CHUNKS.of("b"))
    driver.finish()
    clock.advance(40 * DAY_S)
    driver.run("a", phones(20))
    driver.run("b", phones(20, 905_320_000_010))
    assert driver.counts("a") == {"checked": 20}
    assert driver.counts("b") == {"checked": 10, "reused": 10}
    assert vendor.most_per_phone == 1


def test_pins_older_than_the_plan_do_not_hide_the_newer_answer(open_driver: OpenDriver, vendor: FakeVendor, clock: Clock) -> None:
    """Killed after the night's planning: the pins on disk still name the try that gave nothing."""
    vendor.shape = ResultShape(labels=dict.fromkeys(("yes", "no", "ban"), "perhaps"))
    driver = open_driver()
    pins = driver.plan("a", phones(10))
    driver.send("a")
    driver.finish()
    vendor.shape = ResultShape()
    clock.advance(DAY_S)
    driver.run("a", phones(10), again=Again.NIGHT)
    driver.ws.storage.write_parquet(SUBMITTED_CHUNKS.of("a"), pins.stream())  # as if the newer had never been written
    driver.finish()
    driver.run("a", phones(10))
    assert driver.counts("a") == {"checked": 10}


def test_a_list_whose_pins_were_not_written_is_planned_again_and_not_complete_meanwhile(
    open_driver: OpenDriver, vendor: FakeVendor, clock: Clock
) -> None:
    """A `--retry` was killed after its POST: the old pins on disk hide what was paid for, until a plain run or a sensor plans."""
    vendor.shape = ResultShape(labels=dict.fromkeys(("yes", "no", "ban"), "perhaps"))
    driver = open_driver(max_tries=1)
    driver.run("a", phones(10))
    driver.finish()
    ((key, revision),) = due_work(driver.ledger).joins
    driver.ledger.note_joined(key, revision=revision, counts={}, is_complete=driver.is_complete("a"))
    assert driver.ledger.phone_list("a").is_complete
    vendor.shape = ResultShape()
    plan_list(driver.ws, "a", phones(10), again=Again.PERSON)
    driver.send("a")  # killed here
    driver.finish()
    assert not driver.ledger.phone_list("a").is_complete
    assert not due_work(driver.ledger), "its planner may still write them"
    clock.advance(ORPHANED_AFTER_S)
    work = due_work(driver.ledger)
    assert not work.joins and [each for each, _ in work.sends] == ["a"]
    driver.submit("a", phones(10))
    work = due_work(driver.ledger)
    assert not work.sends and [each for each, _ in work.joins] == ["a"]
    assert driver.counts("a") == {"checked": 10} and len(vendor.posts) == 2


def test_a_collection_in_the_midst_of_planning_is_noticed(
    open_driver: OpenDriver, vendor: FakeVendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looked up before it, no verdict; asked after it, not in flight: without a second look it would be bought again."""
    import fbcheck_pipeline.workflow.index.phone_lookup as phone_lookup

    driver = open_driver()
    driver.run("a", phones(10))
    driver.poll()
    looked: list[int] = []

    def read_then_collect(*args: object) -> object:
        found = history_of(*args)  # type: ignore[arg-type]
        looked.append(1)
        if len(looked) == 1:
            driver.collect()
        return found

    monkeypatch.setattr(phone_lookup, "history_of", read_then_collect)
    driver.run("b", phones(10))
    assert len(looked) == 2
    assert driver.counts("b") == {"reused": 10}
    assert vendor.most_per_phone == 1


def test_looking_up_is_the_same_with_and_without_the_index(open_driver: OpenDriver, vendor: FakeVendor) -> None:
    """The index is rebuildable and never the only copy; a lost one costs time, not money."""
    driver = open_driver(chunk_size=10)
    driver.run("a", phones(50))
    driver.finish()
    asked = phones(70, 905_319_999_990)

    def answered() -> dict[int, str]:
        found = history_of(driver.ws, asked)
        return {place: found.tasks.task_id[number] for place, number in zip(found.known.tolist(), found.verdict, strict=True)}

    loose = answered()
    assert len(loose) == 50
    assert update_index(driver.ws, max_loose=0)
    (first,) = driver.ledger.index_state().tiers
    assert answered() == loose
    assert not update_index(driver.ws, max_loose=0)
    driver.run("b", phones(10, 905_320_000_045))
    driver.finish()
    assert update_index(driver.ws, max_loose=0)
    assert driver.ledger.index_state().tiers[0] == first, "what is published is never written anew for a little more"
    indexed = answered()
    assert sum(each is not None for each in indexed) == 55
    driver.ws.storage.delete(first.name)
    assert answered() == indexed
    assert update_index(driver.ws, max_loose=0)
    assert answered() == indexed
    assert len(driver.ws.storage.names("verdicts")) == 6


def test_pins_are_read_back_as_they_were_planned(open_driver: OpenDriver, vendor: FakeVendor) -> None:
    """The join reads these and nothing else of the plan."""
    driver = open_driver(chunk_size=7, max_billable=1000)
    driver.run("a", phones(20))
    driver.finish()
    driver.ledger.suppress(phones(3, 905_320_000_030))
    pins = driver.plan("b", phones(50))
    read = read_pins(driver.ws.storage, "b")
    assert read is not None
    assert np.array_equal(read.phones, pins.phones)
    assert [read.pins[number] for number in read.index] == [pins.pins[number] for number in pins.index]
    assert {each.answered_by for each in read.pins} == {AnsweredBy.CHUNK, AnsweredBy.VERDICT, AnsweredBy.SUPPRESSED}


def test_a_list_without_phones_is_planned_joined_and_complete(open_driver: OpenDriver, vendor: FakeVendor) -> None:
    """All its cells were rejected; that is no error."""
    driver = open_driver()
    assert driver.run("a", phones(0)).chunks == 0
    assert driver.counts("a") == {}
    assert driver.is_complete("a")
    assert vendor.posts == []


def test_a_clock_that_was_set_back_and_mended_buys_nothing_twice(
    open_driver: OpenDriver, vendor: FakeVendor, clock: Clock
) -> None:
    """Ours says three years, the vendor's says today: the verdict is as young as the younger of both."""
    driver = open_driver()
    vendor.clock = Clock()
    clock.advance(-1000 * DAY_S)
    driver.run("a", phones(20))
    driver.finish()
    clock.advance(1000 * DAY_S)
    driver.run("b", phones(20))
    assert driver.counts("b") == {"reused": 20} and len(vendor.posts) == 1


def test_a_vendors_clock_that_is_years_behind_buys_nothing_twice(open_driver: OpenDriver, vendor: FakeVendor) -> None:
    """Nor one that is years ahead: what lies in the future is young."""
    driver = open_driver()
    for key, when in (("a", "2001-01-01T00:00:00Z"), ("b", "2093-01-01T00:00:00Z")):
        told = {"updated_at": when}
        vendor.status_hook = lambda task, told=told: told  # type: ignore[misc]
        start = 905_320_000_000 if key == "a" else 905_330_000_000
        driver.run(key, phones(20, start))
        driver.finish()
        driver.run(f"{key} again", phones(20, start))
        assert driver.counts(f"{key} again") == {"reused": 20}
    assert vendor.most_per_phone == 1


def test_a_chunk_that_a_list_once_depended_on_is_no_answer(open_driver: OpenDriver, vendor: FakeVendor, clock: Clock) -> None:
    """Only pins and what was bought for the list are: a second run, before the results come, must not turn back to old verdicts."""
    driver = open_driver(verdict_days=1, chunk_size=10)
    driver.run("a", phones(10))
    driver.run("b", phones(10))  # waits for a's chunk
    driver.finish()
    driver.ledger.suppress(phones(3))
    clock.advance(2 * DAY_S)
    driver.run("c", phones(10))
    driver.run("c", phones(10))
    driver.finish()
    assert driver.counts("c") == {"checked": 7, "suppressed": 3}
    driver.run("c", phones(10))
    assert driver.counts("c") == {"checked": 7, "suppressed": 3}
    assert (driver.counts("a"), driver.counts("b")) == ({"checked": 10}, {"reused": 10})
