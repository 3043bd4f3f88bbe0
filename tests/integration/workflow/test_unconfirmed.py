"""An unconfirmed chunk: held, shown, finished around, and decided by a person; completed without a new bill."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fbcheck_pipeline.errors import OperatorError, VendorError
from fbcheck_pipeline.ledger import ChunkState, Ledger
from fbcheck_pipeline.results.counting import billing
from fbcheck_pipeline.vendor.client import VendorClient
from fbcheck_pipeline.workflow.answers import resolve
from fbcheck_pipeline.workflow.buying.allocation import Again
from fbcheck_pipeline.workflow.buying.pins import read_pins
from fbcheck_pipeline.workflow.collection.reconcile import abandon, attach_task, resubmit
from fbcheck_pipeline.workflow.erasing.purge import purge
from tests.conftest import DAY_S, Clock, phones
from tests.fake_vendor import FakeVendor, ResultShape
from tests.integration.workflow.workflow_driver import WorkflowDriver

OpenDriver = Callable[..., WorkflowDriver]


class Killed(BaseException):
    """Ends a process at the statement where it is raised, as far as the ledger can tell."""


@pytest.fixture
def held(open_driver: OpenDriver, vendor: FakeVendor) -> WorkflowDriver:
    """Thirty phones in three chunks, the first accepted and its answer lost."""
    vendor.script.append("accept_then_cut")
    driver = open_driver(chunk_size=10)
    driver.run("a", phones(30))
    driver.finish()
    return driver


def test_a_list_finishes_around_it_and_is_completed_later_without_a_new_bill(held: WorkflowDriver, vendor: FakeVendor) -> None:
    """The person finds the task at the vendor: its verdicts were paid for already."""
    assert held.counts("a") == {"checked": 20, "unconfirmed": 10}
    lost = next(task for task in vendor.tasks.values() if task.task_id not in {row.task_id for row in held.ledger.chunks()})
    attach_task(held.ws, held.client, held.chunk_key("unconfirmed"), lost.task_id)
    held.finish()
    assert held.counts("a") == {"checked": 30}
    assert held.is_complete("a")
    assert len(vendor.posts) == 3


def test_a_sent_again_chunk_counts_both_tries(held: WorkflowDriver, vendor: FakeVendor) -> None:
    """The person was wrong, the vendor had it: what was accepted is still no more than what is recorded."""
    chunk = held.chunk_key("unconfirmed")
    resubmit(held.ws, chunk)
    assert held.send("a").chunks == 1
    held.finish()
    assert held.counts("a") == {"checked": 30}
    row = held.ledger.chunk(chunk)
    assert vendor.most_per_phone == 2 == 1 + row.resubmissions


def test_a_try_before_counts_in_the_day_of_its_own(open_driver: OpenDriver, vendor: FakeVendor, clock: Clock) -> None:
    """Both tries of one day are in its budget: the second is taken back until the next night, where it is the only one."""
    vendor.script.append("accept_then_cut")
    driver = open_driver(max_billable_per_day=15)
    driver.run("a", phones(10))
    resubmit(driver.ws, driver.chunk_key("unconfirmed"))
    assert driver.ledger.bought_today() == 20
    assert driver.send("a").chunks == 0 and driver.ledger.bought_today() == 10
    assert driver.counts("a") == {"over_budget": 10}
    clock.advance(DAY_S)
    assert driver.run("a", phones(10), again=Again.NIGHT).chunks == 1 and driver.ledger.bought_today() == 10
    driver.run("b", phones(6, 905_320_000_100))
    assert driver.counts("b") == {"over_budget": 6}


def test_a_list_above_its_budget_is_not_sent_again(open_driver: OpenDriver, vendor: FakeVendor) -> None:
    """MAX_BILLABLE is of phones submitted, and the first try was perhaps one; what the list buys next counts both too."""
    vendor.script.append("accept_then_cut")
    driver = open_driver(max_billable=15)
    driver.run("a", phones(10))
    chunk = driver.chunk_key("unconfirmed")
    with pytest.raises(OperatorError, match="above its limit of 15"):
        resubmit(driver.ws, chunk)
    wider = open_driver(max_billable=25)
    with pytest.raises(OperatorError, match="above its limit of 15"):
        resubmit(wider.ws, chunk)
    wider.begin("a")  # only a `run` of the list gives it another limit
    resubmit(wider.ws, chunk)
    wider.run("a", phones(16))
    assert vendor.most_per_phone == 2 and len(vendor.accepted) == 10
    assert wider.counts("a") == {"waiting": 10, "over_budget": 6}


def test_the_parts_of_a_replaced_chunk_remember_its_tries(open_driver: OpenDriver, vendor: FakeVendor) -> None:
    """Else MAX_TRIES and the budgets would forget what was perhaps billed."""
    vendor.script.append("accept_then_cut")
    driver = open_driver()
    driver.run("a", phones(10))
    resubmit(driver.ws, driver.chunk_key("unconfirmed"))
    driver.ledger.suppress(phones(2))
    driver.send("a")
    (part,) = driver.ledger.chunks(states=[ChunkState.SUBMITTED])
    assert (part.phone_count, part.resubmissions, driver.ledger.bought_today()) == (8, 1, 18)
    assert vendor.accepted.total() == 18  # the first try of those that left, too
    assert vendor.most_per_phone == 2


def test_an_abandoned_chunk_is_sent_again_only_by_a_person(held: WorkflowDriver, vendor: FakeVendor, clock: Clock) -> None:
    """The night must not buy what was perhaps bought; `--retry` may, within MAX_TRIES."""
    abandon(held.ws, held.chunk_key("unconfirmed"))
    assert held.counts("a") == {"checked": 20, "undetermined": 10}
    assert held.is_complete("a")
    clock.advance(2 * DAY_S)
    for again in (Again.NOBODY, Again.NIGHT):
        held.run("a", phones(30), again=again)
    assert len(vendor.posts) == 3
    held.run("a", phones(30), again=Again.PERSON)
    held.finish()
    assert held.counts("a") == {"checked": 30}


def test_a_killed_senders_chunk_becomes_unconfirmed_and_the_rest_is_sent(
    open_driver: OpenDriver, vendor: FakeVendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next run does it by itself; nothing is sent twice."""
    submit = VendorClient.submit_chunk

    def killed(self: VendorClient, payload: bytes) -> None:
        submit(self, payload)
        raise Killed

    driver = open_driver(chunk_size=10)
    driver.plan("a", phones(30))
    monkeypatch.setattr(VendorClient, "submit_chunk", killed)
    with pytest.raises(Killed):
        driver.send("a")
    monkeypatch.undo()
    assert sorted(driver.states()) == ["planned", "planned", "sending"]
    driver.run("a", phones(30))
    assert sorted(driver.states()) == ["submitted", "submitted", "unconfirmed"]
    assert vendor.most_per_phone == 1


def test_a_late_id_calls_a_resubmission_off(open_driver: OpenDriver, vendor: FakeVendor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Taken for gone, it brings its id home before the second try left: nothing is sent twice, and no second try is counted."""
    record = Ledger.mark_submitted

    def after_a_decision(ledger: Ledger, chunk_key: str, **given: Any) -> bool:
        assert ledger.mark_unconfirmed(chunk_key, sender=given["sender"], note="taken for gone")
        resubmit(driver.ws, chunk_key)
        return record(ledger, chunk_key, **given)

    driver = open_driver(max_billable_per_day=10)
    monkeypatch.setattr(Ledger, "mark_submitted", after_a_decision)
    monkeypatch.setattr(Ledger, "take_in_receipts", lambda ledger: None)  # the person sits at another machine
    driver.run("a", phones(5))
    monkeypatch.undo()
    chunk = driver.ledger.chunk(driver.chunk_key("submitted"))
    assert (chunk.resubmissions, chunk.earlier_that_day, driver.ledger.bought_today()) == (0, 0, 5)
    driver.send("a")
    driver.finish()
    assert (len(vendor.posts), vendor.most_per_phone) == (1, 1) and driver.counts("a") == {"checked": 5}


@pytest.mark.parametrize("count", [1, 10])
def test_a_refusal_that_comes_after_its_sender_was_taken_for_gone_is_free(
    count: int, open_driver: OpenDriver, vendor: FakeVendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its answer says that nothing was billed: nobody need look, and no try is counted, whether the chunk can be halved or not."""
    driver = open_driver()

    def refuse_late(index: int, payload: bytes) -> int | str:
        if index:
            return "accept"
        (chunk,) = driver.ledger.chunks(states=[ChunkState.SENDING])
        assert driver.ledger.mark_unconfirmed(chunk.chunk_key, sender=chunk.sender, note="taken for gone")
        return 400

    vendor.script = refuse_late
    monkeypatch.setattr(Ledger, "take_in_receipts", lambda ledger: None)  # who took it for gone sits at another machine
    driver.run("a", phones(count))
    assert driver.states() == ["planned"] and driver.ledger.bought_today() == count
    driver.run("a", phones(count))
    driver.finish()
    assert driver.counts("a") == {"checked": count} and vendor.most_per_phone == 1


def test_a_person_who_finds_the_task_calls_a_resubmission_off(held: WorkflowDriver, vendor: FakeVendor) -> None:
    """Said by mistake, and nothing was sent since: the task is attached, and the try that was never made does not count."""
    chunk = held.chunk_key("unconfirmed")
    lost = next(task for task in vendor.tasks.values() if task.task_id not in {row.task_id for row in held.ledger.chunks()})
    resubmit(held.ws, chunk)
    attach_task(held.ws, held.client, chunk, lost.task_id)
    assert held.ledger.chunk(chunk).tries == 1 and held.ledger.bought_today() == 30
    held.run("a", phones(30))
    held.finish()
    assert held.counts("a") == {"checked": 30} and vendor.most_per_phone == 1


def test_a_chunk_that_was_never_sent_takes_no_task(open_driver: OpenDriver, vendor: FakeVendor) -> None:
    """Only what was sent before can have a task."""
    driver = open_driver()
    driver.plan("a", phones(5))
    task = vendor.accept("simple", [f"+{each}" for each in phones(5)], "").task_id
    with pytest.raises(OperatorError, match="is planned, not unconfirmed"):
        attach_task(driver.ws, driver.client, driver.chunk_key("planned"), task)


def test_the_task_of_a_first_try_is_found_after_the_protocol_was_changed(open_driver: OpenDriver, vendor: FakeVendor) -> None:
    """Both tries were cut; each task is known only by the protocol that sent it, and is polled by that."""
    vendor.script += ["accept_then_cut"] * 2
    before = open_driver(user_id="somebody")
    before.run("a", phones(100))
    chunk = before.chunk_key("unconfirmed")
    resubmit(before.ws, chunk)
    after = open_driver(protocol="v1")
    after.submit("a", phones(100))
    first, _ = vendor.tasks
    attach_task(after.ws, after.client, chunk, first)
    assert after.ledger.chunk(chunk).protocol == "simple"
    after.finish()
    assert after.counts("a") == {"checked": 100} and len(vendor.posts) == 2


def test_a_bill_counts_the_tries_before_a_resubmission(held: WorkflowDriver, vendor: FakeVendor) -> None:
    """The vendor charged both, and the budgets count both."""
    chunk = held.chunk_key("unconfirmed")
    assert (bill(held)["billed"], bill(held)["perhaps_billed"]) == (20, 10)
    resubmit(held.ws, chunk)
    assert bill(held)["perhaps_billed"] == 10, "planned again, its first try is still perhaps billed"
    held.send("a")
    held.finish()
    assert bill(held)["billed"] == sum(vendor.accepted.values()) == 40 and bill(held)["perhaps_billed"] == 0


def bill(driver: WorkflowDriver) -> dict[str, Any]:
    """As the lineage and the summary show it."""
    pins = read_pins(driver.ws.storage, "a")
    assert pins is not None
    return billing(driver.ws, driver.ledger.purchases_of("a"), resolve(driver.ws, "a", pins), 0)


def test_an_overdue_chunk_whose_result_stays_unreadable_may_be_given_up(
    open_driver: OpenDriver, vendor: FakeVendor, clock: Clock
) -> None:
    """It would hold its phones for ever; once given up, only a person sends them again."""
    vendor.downloads = lambda task_id: "html"
    driver = open_driver(task_deadline_hours=1)
    driver.run("a", phones(5))
    driver.finish()
    with pytest.raises(OperatorError, match="nothing to decide"):
        abandon(driver.ws, driver.chunk_key("exported"))
    clock.advance(4000)
    driver.collect()
    chunk = driver.chunk_key("overdue")
    with pytest.raises(OperatorError, match="not unconfirmed"):
        resubmit(driver.ws, chunk)
    abandon(driver.ws, chunk)
    assert driver.counts("a") == {"undetermined": 5}
    assert driver.is_complete("a")
    clock.advance(2 * DAY_S)
    for again in (Again.NOBODY, Again.NIGHT):
        driver.run("a", phones(5), again=again)
    driver.finish()
    assert (len(vendor.posts), driver.states()) == (1, ["abandoned"])
    driver.run("a", phones(5), again=Again.PERSON)
    vendor.downloads = lambda task_id: "ok"
    driver.finish()
    assert len(vendor.posts) == 2 and driver.counts("a") == {"checked": 5}


def test_a_late_answer_of_an_abandoned_chunk_is_used(open_driver: OpenDriver, vendor: FakeVendor, clock: Clock) -> None:
    """It was paid for: nobody waits for it any more, and when it comes nothing is bought again."""
    vendor.downloads = lambda task_id: "html"
    driver = open_driver(task_deadline_hours=1)
    driver.run("a", phones(5))
    driver.finish()
    clock.advance(4000)
    driver.collect()
    abandon(driver.ws, driver.chunk_key("overdue"))
    vendor.downloads = lambda task_id: "ok"
    driver.finish()
    driver.run("a", phones(5), again=Again.PERSON)
    assert (len(vendor.posts), driver.states()) == (1, ["collected"]) and driver.counts("a") == {"checked": 5}


def test_two_tasks_taken_for_each_other_are_noticed_and_put_right(open_driver: OpenDriver, vendor: FakeVendor) -> None:
    """Their results hold not one phone of their chunks; both chunks are as unconfirmed as before, and both tasks free.

    What was paid for stays on disk until a purge.
    """
    vendor.script.extend(["accept_then_cut"] * 2)
    driver = open_driver(chunk_size=10)
    driver.run("a", phones(20))
    lost = {task.phones[0]: task.task_id for task in vendor.tasks.values()}
    right = {row.chunk_key: lost[f"+{driver.ledger.chunk(row.chunk_key).phones[0]}"] for row in driver.ledger.chunks_of("a")}
    for chunk, task_id in zip(right, reversed(right.values()), strict=True):
        attach_task(driver.ws, driver.client, chunk, task_id)
    driver.poll()
    assert len(driver.collect().problems) == 2
    assert driver.counts("a") == {"unconfirmed": 20}
    for chunk, task_id in zip(right, reversed(right.values()), strict=True):
        row = driver.ledger.chunk(chunk)
        assert (row.task_id, row.total) == (None, None) and task_id in row.note
    assert sorted(driver.ws.storage.names("result_files")) == [f"{task_id}.zip" for task_id in sorted(right.values())]
    for chunk, task_id in right.items():
        attach_task(driver.ws, driver.client, chunk, task_id)
    driver.finish()
    assert driver.counts("a") == {"checked": 20}
    assert vendor.most_per_phone == 1


@pytest.mark.parametrize("count", [1, 3])
def test_a_wrong_task_is_noticed_however_small(count: int, open_driver: OpenDriver, vendor: FakeVendor) -> None:
    """One foreign verdict is enough: accepted, it would settle the chunk, and the night would buy its phones again.

    However often it is said; and a purge finds the file, though no chunk has its task.
    """
    vendor.script.append("accept_then_cut")
    driver = open_driver()
    driver.run("a", phones(count))
    chunk = driver.chunk_key("unconfirmed")
    (lost,) = vendor.tasks.values()
    another_programs = vendor.accept(lost.protocol, [f"+{phone}" for phone in phones(count, 905_320_000_100)], lost.user_id)
    for _ in range(2):
        attach_task(driver.ws, driver.client, chunk, another_programs.task_id)
        driver.finish()
        assert driver.chunk_key("unconfirmed") == chunk and driver.counts("a") == {"unconfirmed": count}
        assert (driver.ledger.chunk(chunk).note or "").endswith("look for the task that fits"), "the file is not this chunk's"
    assert len(driver.ws.storage.names("result_files")) == 1
    purge(driver.ws, older_than_days=None)
    assert driver.ws.storage.names("result_files") == []
    attach_task(driver.ws, driver.client, chunk, lost.task_id)
    driver.finish()
    assert driver.counts("a") == {"checked": count} and vendor.most_per_phone == 1


def test_a_task_with_some_of_the_phones_is_not_the_chunks(open_driver: OpenDriver, vendor: FakeVendor) -> None:
    """Nine of ten were sent, the tenth was not: a list that overlaps. Nothing of it settles, and the right task still fits."""
    vendor.script.append("accept_then_cut")
    driver = open_driver()
    driver.run("a", phones(10))
    chunk = driver.chunk_key("unconfirmed")
    (lost,) = vendor.tasks.values()
    overlapping = vendor.accept(lost.protocol, [f"+{phone}" for phone in phones(10) + 1], lost.user_id)
    attach_task(driver.ws, driver.client, chunk, overlapping.task_id)
    driver.finish()
    assert driver.counts("a") == {"unconfirmed": 10} and "another chunk's task" in (driver.ledger.chunk(chunk).note or "")
    assert driver.ws.storage.names("verdicts") == []
    attach_task(driver.ws, driver.client, chunk, lost.task_id)
    driver.finish()
    assert driver.counts("a") == {"checked": 10} and len(vendor.posts) == 1


def test_a_total_that_is_told_after_attaching_shows_a_wrong_task(open_driver: OpenDriver, vendor: FakeVendor) -> None:
    """A larger task's result, of which only the chunk's phones came yet, looks like the chunk's; the vendor's total does not."""
    vendor.script.append("accept_then_cut")
    driver = open_driver()
    driver.run("a", phones(10))
    chunk = driver.chunk_key("unconfirmed")
    (lost,) = vendor.tasks.values()
    larger = vendor.accept(lost.protocol, [f"+{phone}" for phone in phones(20)], lost.user_id)
    larger.shape = ResultShape(rows=lambda rows: rows[:10])
    larger.statuses.append({"total": None})
    attach_task(driver.ws, driver.client, chunk, larger.task_id)
    driver.finish()
    row = driver.ledger.chunk(chunk)
    assert row.state is ChunkState.UNCONFIRMED and "has 20 phones, the chunk 10" in (row.note or "")
    assert driver.ws.storage.names("verdicts") == []
    attach_task(driver.ws, driver.client, chunk, lost.task_id)
    driver.finish()
    assert driver.counts("a") == {"checked": 10} and len(vendor.posts) == 1


def test_a_failed_task_that_was_attached_settles_nothing(held: WorkflowDriver, vendor: FakeVendor, clock: Clock) -> None:
    """It answers nothing, so nothing shows whose it is: the night must not buy for it."""
    chunk = held.chunk_key("unconfirmed")
    lost = next(task for task in vendor.tasks.values() if task.task_id not in {row.task_id for row in held.ledger.chunks()})
    vendor.status_hook = lambda task: "failed" if task is lost else None
    attach_task(held.ws, held.client, chunk, lost.task_id)
    held.finish()
    assert held.counts("a") == {"checked": 20, "unconfirmed": 10} and "failed" in (held.ledger.chunk(chunk).note or "")
    clock.advance(DAY_S)
    held.run("a", phones(30), again=Again.NIGHT)
    assert len(vendor.posts) == 3


def test_verdicts_prove_an_attached_task_whatever_its_status_says_later(
    open_driver: OpenDriver, vendor: FakeVendor, clock: Clock
) -> None:
    """Its attachment was undone while its verdicts stayed: seven answers were lost, and no list at all could be planned."""
    vendor.script.append("accept_then_cut")
    vendor.shape = ResultShape(format="csv", rows=lambda rows: rows[:7])
    driver = open_driver(task_deadline_hours=24)
    driver.run("a", phones(10))
    (lost,) = vendor.tasks
    attach_task(driver.ws, driver.client, driver.chunk_key("unconfirmed"), lost)
    driver.finish()
    clock.advance(2 * DAY_S)
    driver.poll()
    assert driver.states() == ["overdue"]
    vendor.status_hook = lambda task: {"status": "failed", "result_url": None}
    driver.poll()
    vendor.status_hook, vendor.shape = lambda task: None, ResultShape()
    assert driver.states() == ["failed"] and driver.counts("a") == {"checked": 7, "undetermined": 3}
    driver.run("b", phones(5, 905_550_000_000))
    driver.finish()
    assert driver.counts("b") == {"checked": 5}
    clock.advance(DAY_S)
    driver.run("a", phones(10), again=Again.NIGHT)
    driver.finish()
    assert driver.counts("a") == {"checked": 10} and sorted(vendor.accepted.values()) == [1] * 12 + [2] * 3


def test_a_task_of_another_time_is_not_attached(held: WorkflowDriver, vendor: FakeVendor) -> None:
    """Created before the POST, or days after it, by the vendor's clock, whose error is seen from its Date."""
    chunk = held.chunk_key("unconfirmed")
    lost = next(task for task in vendor.tasks.values() if task.task_id not in {row.task_id for row in held.ledger.chunks()})
    for created_at in ("2024-10-19T18:24:56.450567423Z", "2031-10-19T18:24:56.450567423Z"):
        vendor.status_hook = lambda task, told=created_at: {"created_at": told}  # type: ignore[misc]
        with pytest.raises(OperatorError, match="not within a day after"):
            attach_task(held.ws, held.client, chunk, lost.task_id)
    assert held.ledger.chunk(chunk).state == "unconfirmed"


@pytest.mark.parametrize("decide", [resubmit, abandon], ids=["resubmit", "abandon"])
def test_only_an_unconfirmed_chunk_is_decided_on(decide: Callable[..., None], open_driver: OpenDriver) -> None:
    """Abandoning or repeating a living task would throw money away."""
    driver = open_driver()
    driver.run("a", phones(5))
    with pytest.raises(OperatorError, match="not unconfirmed"):
        decide(driver.ws, driver.chunk_key("submitted"))
    with pytest.raises(OperatorError, match="there is no chunk"):
        decide(driver.ws, "0000")


def test_a_wrong_task_is_not_attached(held: WorkflowDriver, vendor: FakeVendor) -> None:
    """Unknown, of another size, or another chunk's: the chunk stays unconfirmed."""
    chunk = held.chunk_key("unconfirmed")
    taken = next(row.task_id for row in held.ledger.chunks() if row.task_id)
    other_size = vendor.accept("simple", [f"+{each}" for each in phones(7, 905_440_000_000)], "").task_id
    for task_id, error in [("nosuchtask", VendorError), (other_size, OperatorError), (taken, OperatorError)]:
        with pytest.raises(error):
            attach_task(held.ws, held.client, chunk, task_id)
    assert held.ledger.chunk(chunk).state == "unconfirmed"
