"""The id of a try comes after a person had it resubmitted: whatever of that is not sent yet is called off, whatever became of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fbcheck_pipeline.cli.status import status_document
from fbcheck_pipeline.errors import OperatorError
from fbcheck_pipeline.files.storage import Storage
from fbcheck_pipeline.ledger import ChunkState, Ledger
from fbcheck_pipeline.ledger.opening import stamp
from fbcheck_pipeline.ledger.states import states_that
from fbcheck_pipeline.workflow.buying import send
from fbcheck_pipeline.workflow.buying.allocation import Again
from fbcheck_pipeline.workflow.collection.reconcile import abandon, attach_task, resubmit
from tests.conftest import DAY_S, Clock, phones
from tests.fake_vendor import FakeVendor
from tests.integration.workflow.workflow_driver import WorkflowDriver

OpenDriver = Callable[..., WorkflowDriver]


def resubmitted(driver: WorkflowDriver, vendor: FakeVendor, count: int = 10, **given: int) -> str:
    """A chunk whose answer was lost, to be sent once more; the vendor has it as its first task."""
    vendor.script.append("accept_then_cut")
    driver.run("a", phones(count), **given)
    chunk = driver.chunk_key("unconfirmed")
    resubmit(driver.ws, chunk)
    return chunk


def late_id(driver: WorkflowDriver, vendor: FakeVendor, chunk_key: str, task: int = 0) -> bool:
    """What the first sender, taken for gone, does when its answer comes after all."""
    sender, task_id = driver.ledger.chunk(chunk_key).sender, list(vendor.tasks)[task]
    assert sender is not None
    return driver.ledger.mark_submitted(chunk_key, sender=sender, task_id=task_id, total=None, is_synthetic=False, next_poll_at=0)


def settle(driver: WorkflowDriver, count: int = 10) -> None:
    """Sensors do what is due."""
    for _ in range(3):
        for each in driver.ledger.lists_to_send():
            driver.submit(each.list_key, phones(count))
        driver.finish()


def test_a_late_id_calls_off_what_an_opt_out_left_of_a_resubmission(open_driver: OpenDriver, vendor: FakeVendor) -> None:
    """Eight of ten stay planned under other keys, twice replaced: none of them is sent, and each of the ten counts once."""
    driver = open_driver()
    chunk = resubmitted(driver, vendor)
    for number in range(2):
        driver.ledger.suppress(phones(1, 905_320_000_000 + number))
        driver.ledger.remove_phones(
            driver.chunk_key("planned"),
            driver.ledger.suppressed_among(driver.ledger.chunk(driver.chunk_key("planned")).phones),
            smallest_chunk=1,
        )
    assert late_id(driver, vendor, chunk)
    settle(driver)
    assert (len(vendor.posts), vendor.most_per_phone, driver.ledger.bought_today()) == (1, 1, 10)
    assert driver.counts("a") == {"checked": 8, "suppressed": 2}


@pytest.mark.parametrize("is_replanned", [False, True])
def test_a_late_id_calls_off_what_a_limit_took_back(
    is_replanned: bool, open_driver: OpenDriver, vendor: FakeVendor, clock: Clock
) -> None:
    """Withdrawn whole, and the phones perhaps planned again in a chunk of another key, beside some of another list."""
    driver = open_driver(max_billable_per_day=15)
    chunk = resubmitted(driver, vendor)
    assert driver.send("a").chunks == 0 and driver.states() == ["withdrawn"]
    if is_replanned:
        clock.advance(DAY_S)
        driver.plan("a", phones(10), again=Again.NIGHT)
        assert driver.states() == ["withdrawn", "planned"]
    assert late_id(driver, vendor, chunk)
    if not is_replanned:
        clock.advance(DAY_S)
    driver.submit("a", phones(10), again=Again.NIGHT)
    settle(driver)
    assert vendor.accepted.total() == 10 and driver.counts("a") == {"checked": 10}
    with driver.ledger.planning() as tx:
        assert tx.bought_for("a") == 10


def test_phones_of_other_lists_in_a_chunk_that_is_called_off_are_sent_in_another(
    open_driver: OpenDriver, vendor: FakeVendor, clock: Clock
) -> None:
    """Their lists are planned again at once."""
    driver = open_driver(max_billable_per_day=16)
    chunk = resubmitted(driver, vendor)
    driver.send("a")
    clock.advance(DAY_S)
    driver.plan("b", phones(16))
    assert late_id(driver, vendor, chunk)
    for each in driver.ledger.lists_to_send():
        driver.submit(each.list_key, phones(16 if each.list_key == "b" else 10))
    driver.finish()
    assert vendor.accepted.total() == 16 and vendor.most_per_phone == 1
    assert driver.counts("b") == {"checked": 6, "reused": 10}


def test_a_late_id_calls_off_the_half_that_is_not_sent(open_driver: OpenDriver, vendor: FakeVendor) -> None:
    """The other half was paid for already: both tries count, and each of the two answers is used."""
    driver = open_driver()
    chunk = resubmitted(driver, vendor)
    vendor.script.extend([400, "accept", 402])
    with pytest.raises(Exception, match="402"):
        driver.send("a")
    vendor.script.clear()
    assert sorted(driver.states()) == ["planned", "replaced", "submitted"]
    assert late_id(driver, vendor, chunk)
    assert driver.ledger.bought_today() == 15
    settle(driver)
    assert vendor.accepted.total() == 15 == driver.ledger.bought_today()
    assert driver.counts("a") == {"checked": 10} and driver.is_complete("a")


def test_the_late_ids_of_two_tries_each_call_off_what_came_after_them(open_driver: OpenDriver, vendor: FakeVendor) -> None:
    """The resubmission lost a phone, was sent, lost its answer, was resubmitted and lost another: the bill counts both tries."""
    driver = open_driver()
    first = resubmitted(driver, vendor)
    driver.ledger.suppress(phones(1))
    vendor.script.append("accept_then_cut")
    driver.send("a")
    second = driver.chunk_key("unconfirmed")
    resubmit(driver.ws, second)
    driver.ledger.suppress(phones(1, 905_320_000_001))
    driver.ledger.remove_phones(second, driver.ledger.suppressed_among(driver.ledger.chunk(second).phones), smallest_chunk=1)
    assert driver.ledger.bought_today() == 19 + 8
    for number, chunk in enumerate((first, second)):
        assert late_id(driver, vendor, chunk, number)
        assert driver.ledger.bought_today() == 19 == vendor.accepted.total()
    settle(driver)
    assert vendor.accepted.total() == 19 and driver.counts("a") == {"checked": 8, "suppressed": 2}
    assert driver.ledger.chunks(states=[ChunkState.PLANNED, *states_that("holds")]) == []


def test_a_person_finds_the_task_of_a_resubmission_that_was_replaced(open_driver: OpenDriver, vendor: FakeVendor) -> None:
    """The chunk that was sent takes it, and nothing in its place is sent."""
    driver = open_driver(chunk_size=10)
    chunk = resubmitted(driver, vendor)
    driver.ledger.suppress(phones(2))
    driver.ledger.remove_phones(chunk, driver.ledger.suppressed_among(phones(10)), smallest_chunk=1)
    attach_task(driver.ws, driver.client, chunk, next(iter(vendor.tasks)))
    settle(driver)
    assert vendor.accepted.total() == 10 and driver.counts("a") == {"checked": 8, "suppressed": 2}


@pytest.mark.parametrize("is_retried", [False, True])
def test_the_task_of_an_abandoned_chunk_is_taken_once_it_is_found(
    is_retried: bool, open_driver: OpenDriver, vendor: FakeVendor
) -> None:
    """It was paid for. Seen: `status` named the task, and no command took it. What is not sent yet of a retry is called off."""
    vendor.script.append("accept_then_cut")
    driver = open_driver()
    driver.run("a", phones(10))
    chunk, (task_id,) = driver.chunk_key("unconfirmed"), vendor.tasks
    abandon(driver.ws, chunk)
    if is_retried:
        driver.plan("a", phones(10), again=Again.PERSON)
    assert not late_id(driver, vendor, chunk)
    (shown,) = [each for each in status_document(driver.ws, is_all=True)["chunks"] if each["chunk_key"] == chunk]
    assert task_id in shown["action"] and f"fbcheck reconcile {chunk} --task-id ID" in shown["action"]
    attach_task(driver.ws, driver.client, chunk, task_id)
    settle(driver)
    driver.run("a", phones(10))
    assert driver.counts("a") == {"checked": 10} and driver.is_complete("a")
    assert (len(vendor.posts), vendor.most_per_phone) == (1, 1)


def test_a_wrong_task_of_an_abandoned_chunk_does_no_harm(open_driver: OpenDriver, vendor: FakeVendor) -> None:
    """The chunk is unconfirmed then, and the right one still fits; a chunk that was given up with its task takes no other."""
    vendor.script.extend(["accept_then_cut", "accept_then_cut"])
    driver = open_driver()
    driver.run("a", phones(10))
    driver.run("b", phones(10, 905_330_000_000))
    (ours,), (right, wrong) = [each.chunk_key for each in driver.ledger.chunks_of("a")], vendor.tasks
    abandon(driver.ws, ours)
    attach_task(driver.ws, driver.client, ours, wrong)
    driver.finish()
    assert driver.ledger.chunk(ours).state is ChunkState.UNCONFIRMED
    attach_task(driver.ws, driver.client, ours, right)
    driver.finish()
    assert driver.counts("a") == {"checked": 10} and driver.counts("b") == {"unconfirmed": 10}
    with pytest.raises(OperatorError, match="there is nothing to decide"):
        attach_task(driver.ws, driver.client, ours, wrong)


def test_a_sender_that_paused_before_its_post_sends_nothing_that_was_sent_again(
    open_driver: OpenDriver, vendor: FakeVendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine that sleeps is taken for gone; a person finds no task of it at the vendor, and has the chunk resubmitted."""
    driver, other = open_driver(), open_driver()

    def pause(storage: Storage, ledger: Ledger) -> None:
        monkeypatch.setattr(send, "stamp", stamp)
        chunk = other.ledger.chunk(other.chunk_key("sending"))
        other.ledger.mark_unconfirmed(chunk.chunk_key, sender=chunk.sender, note="taken for gone")
        resubmit(other.ws, chunk.chunk_key)
        assert other.send("a").chunks == 1

    monkeypatch.setattr(send, "stamp", pause)
    driver.run("a", phones(5))
    assert (len(vendor.posts), vendor.most_per_phone, driver.states()) == (1, 1, ["submitted"])
