"""The second chance: who may ask for it, when, and how often."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fbcheck_pipeline.workflow.buying.allocation import Again
from fbcheck_pipeline.workflow.collection.reconcile import abandon
from tests.conftest import DAY_S, Clock, phones
from tests.fake_vendor import FakeVendor, ResultShape
from tests.integration.workflow.workflow_driver import WorkflowDriver

OpenDriver = Callable[..., WorkflowDriver]


@pytest.fixture
def unanswered(open_driver: OpenDriver, vendor: FakeVendor) -> WorkflowDriver:
    """Ten phones of which four got no answer."""
    vendor.shape = ResultShape(missing=4)
    driver = open_driver()
    driver.run("a", phones(10))
    driver.finish()
    assert driver.counts("a") == {"checked": 6, "undetermined": 4}
    return driver


@pytest.mark.parametrize(
    ("again", "days", "is_sent"),
    [
        (Again.NOBODY, 0, False),
        (Again.NOBODY, 9, False),
        (Again.NIGHT, 0, False),
        (Again.NIGHT, 1, True),
        (Again.PERSON, 0, True),
    ],
)
def test_who_may_ask_and_when(
    again: Again, days: int, is_sent: bool, unanswered: WorkflowDriver, vendor: FakeVendor, clock: Clock
) -> None:
    """By itself only on a later UTC day; a person at once; a plain run never. And only the phones without an answer."""
    clock.advance(days * DAY_S)
    vendor.shape = ResultShape()
    unanswered.run("a", phones(10), again=again)
    unanswered.finish()
    assert unanswered.counts("a") == ({"checked": 10} if is_sent else {"checked": 6, "undetermined": 4})
    assert sum(vendor.accepted.values()) == (14 if is_sent else 10)


def test_at_most_max_tries_by_themselves(
    unanswered: WorkflowDriver, vendor: FakeVendor, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """Then the list is complete, since nothing of it changes by itself; a person may always try once more, and is told."""
    assert not unanswered.is_complete("a")
    vendor.shape = ResultShape(labels=dict.fromkeys(("yes", "no", "ban"), "perhaps"))
    for _ in range(3):
        clock.advance(DAY_S)
        for again in (Again.NOBODY, Again.NIGHT):
            unanswered.run("a", phones(10), again=again)
            unanswered.finish()
    assert vendor.most_per_phone == 2
    assert unanswered.counts("a") == {"checked": 6, "undetermined": 4}
    assert unanswered.is_complete("a") and "once more" not in caplog.text
    for tries in (3, 4):
        unanswered.run("a", phones(10), again=Again.PERSON)
        unanswered.finish()
        assert vendor.most_per_phone == tries
    assert caplog.text.count("--retry tries 4 phones once more, though FBCHECK_MAX_TRIES=2 is reached") == 2


@pytest.mark.parametrize(("verdict_days", "days"), [(30, 31), (0, 1.1)])
def test_tries_of_long_ago_do_not_count_for_a_new_list(
    verdict_days: float, days: float, open_driver: OpenDriver, vendor: FakeVendor, clock: Clock
) -> None:
    """Older than VERDICT_DAYS, and than a day; a list that was there before counts them for ever."""
    vendor.shape = ResultShape(missing=4)
    driver = open_driver(verdict_days=verdict_days, max_tries=1)
    driver.run("a", phones(10))
    driver.finish()
    vendor.shape = ResultShape()
    if verdict_days:
        driver.run("young", phones(10))
        assert driver.counts("young") == {"reused": 6, "undetermined": 4}
    clock.advance(days * DAY_S)
    for again in (Again.NOBODY, Again.NIGHT):
        driver.run("a", phones(10), again=again)
    assert len(vendor.posts) == 1 and driver.counts("a") == {"checked": 6, "undetermined": 4}
    driver.run("b", phones(10))
    driver.finish()
    assert driver.counts("b") == {"checked": 10}


def test_a_try_that_a_list_is_pinned_to_binds_it_though_verdict_days_is_lowered(
    open_driver: OpenDriver, vendor: FakeVendor, clock: Clock
) -> None:
    """Ten days old when the list came: a setting must not free what was bound, for a new list alone it decides."""
    vendor.shape = ResultShape(missing=4)
    driver = open_driver(max_tries=1)
    driver.run("a", phones(10))
    driver.finish()
    clock.advance(10 * DAY_S)
    driver.run("b", phones(10))
    lower = open_driver(max_tries=1, verdict_days=5)
    for again in (Again.NOBODY, Again.NIGHT):
        lower.run("b", phones(10), again=again)
        assert len(vendor.posts) == 1 and lower.counts("b") == {"reused": 6, "undetermined": 4} and lower.is_complete("b")
    lower.run("c", phones(10))
    assert vendor.accepted.total() == 20


@pytest.mark.parametrize("is_failed", [True, False])
def test_an_odd_night_of_the_vendors_does_not_count_for_a_new_list(
    is_failed: bool, open_driver: OpenDriver, vendor: FakeVendor, clock: Clock
) -> None:
    """A task in which no phone at all got an answer says nothing of its phones."""
    driver = open_driver(max_tries=1)
    if is_failed:
        vendor.statuses = ("failed",)
    else:
        vendor.shape = ResultShape(labels=dict.fromkeys(("yes", "no", "ban"), "perhaps"))
    driver.run("a", phones(5))
    driver.finish()
    assert driver.counts("a") == {"undetermined": 5}
    vendor.statuses, vendor.shape = (), ResultShape()
    clock.advance(DAY_S)
    driver.run("a", phones(5), again=Again.NIGHT)
    assert len(vendor.posts) == 1
    driver.run("b", phones(5))
    driver.finish()
    assert driver.counts("b") == {"checked": 5}


def test_what_was_abandoned_is_sent_again_only_by_a_person_however_long_ago(
    open_driver: OpenDriver, vendor: FakeVendor, clock: Clock
) -> None:
    """It may have been accepted and may still be answered."""
    vendor.script.append("accept_then_cut")
    driver = open_driver()
    driver.run("a", phones(5))
    abandon(driver.ws, driver.chunk_key("unconfirmed"))
    clock.advance(40 * DAY_S)
    driver.run("b", phones(5))
    assert len(vendor.posts) == 1 and driver.counts("b") == {"undetermined": 5}


def test_another_list_does_not_try_again_in_its_place(unanswered: WorkflowDriver, vendor: FakeVendor) -> None:
    """The rule is about phones, not lists."""
    unanswered.run("b", phones(10))
    assert unanswered.counts("b") == {"reused": 6, "undetermined": 4}
    assert len(vendor.posts) == 1


def test_another_lists_later_answer_is_taken_over(unanswered: WorkflowDriver, vendor: FakeVendor, clock: Clock) -> None:
    """At night, without a new bill."""
    clock.advance(DAY_S)
    vendor.shape = ResultShape()
    unanswered.run("b", phones(10), again=Again.NIGHT)
    unanswered.finish()
    unanswered.run("a", phones(10), again=Again.NIGHT)
    assert unanswered.counts("a") == {"checked": 6, "reused": 4}
    assert vendor.most_per_phone == 2


def test_a_verdict_too_old_is_bought_anew_though_earlier_tries_gave_nothing(
    unanswered: WorkflowDriver, vendor: FakeVendor, clock: Clock
) -> None:
    """Tries before a verdict are history: MAX_TRIES is about phones without one."""
    clock.advance(DAY_S)
    vendor.shape = ResultShape()
    unanswered.run("a", phones(10), again=Again.NIGHT)
    unanswered.finish()
    clock.advance(31 * DAY_S)
    unanswered.run("b", phones(10))
    unanswered.finish()
    assert unanswered.counts("b") == {"checked": 10}


def test_a_failed_task_is_tried_again_at_night(open_driver: OpenDriver, vendor: FakeVendor, clock: Clock) -> None:
    """Its phones are undetermined until then; the vendor's words are kept."""
    vendor.statuses = ("failed",)
    driver = open_driver()
    driver.run("a", phones(5))
    driver.finish()
    assert driver.counts("a") == {"undetermined": 5}
    assert "could not be processed" in driver.ledger.chunk(driver.chunk_key("failed")).note
    vendor.statuses = ()
    clock.advance(DAY_S)
    driver.run("a", phones(5), again=Again.NIGHT)
    driver.finish()
    assert driver.counts("a") == {"checked": 5}


def test_a_clock_set_back_buys_nothing(unanswered: WorkflowDriver, vendor: FakeVendor, clock: Clock) -> None:
    """Yesterday is no later day, and a verdict from the future is young."""
    clock.advance(-3 * DAY_S)
    for again in (Again.NOBODY, Again.NIGHT):
        unanswered.run("a", phones(10), again=again)
        unanswered.run("b", phones(10), again=again)
    assert len(vendor.posts) == 1
    assert unanswered.counts("b") == {"reused": 6, "undetermined": 4}


@pytest.mark.parametrize("back_s", [DAY_S / 12, 40 * DAY_S])
@pytest.mark.parametrize("which", ["its own", "another's", "half of its own"])
def test_a_try_counts_though_the_clock_was_set_back_before_it_settled(
    which: str, back_s: float, open_driver: OpenDriver, vendor: FakeVendor, clock: Clock
) -> None:
    """It seemed older than the list that waited for it, and each run sent the phones of a failed task once more."""
    driver, vendor.hold = open_driver(), True
    vendor.script.extend([400] if which == "half of its own" else [])
    key = "b" if which == "another's" else "a"
    for each in ("a", key):
        driver.run(each, phones(10))
    clock.advance(-back_s)
    for task in vendor.tasks.values():
        task.statuses.append("failed")
    driver.poll()
    accepted = vendor.accepted.total()
    for again in (Again.NOBODY, Again.NIGHT, Again.NOBODY):
        driver.run(key, phones(10), again=again)
    assert driver.counts(key) == {"undetermined": 10} and vendor.accepted.total() == accepted == 10


def test_the_night_leaves_alone_what_only_the_vendor_or_a_person_can_change(
    open_driver: OpenDriver, vendor: FakeVendor, clock: Clock
) -> None:
    """Planned again it would be what it is, and cost a run and a join a night; once something settles without an answer, it is of the night."""
    driver = open_driver()
    vendor.hold, vendor.shape = True, ResultShape(missing=1)
    driver.run("with the vendor", phones(10))
    vendor.script.append("accept_then_cut")
    driver.run("lost answer", phones(10, 905_320_000_100))
    clock.advance(DAY_S)
    driver.finish()
    assert driver.ledger.lists_of_the_night() == [] and len(driver.ledger.open_lists()) == 2
    vendor.finish_all()
    driver.finish()
    assert [each.list_key for each in driver.ledger.lists_of_the_night()] == ["with the vendor"]


def test_opt_outs_taken_back_are_bought_for_lists_that_are_not_complete(open_driver: OpenDriver, vendor: FakeVendor) -> None:
    """Also where they only wait for the vendor: once it has answered, a list is complete, and does not change."""
    driver, key, opted_out = open_driver(), "with the vendor", phones(2)
    driver.ledger.suppress(opted_out)
    driver.run("complete", opted_out)
    driver.ledger.note_joined(
        "complete", revision=driver.ledger.phone_list("complete").revision, counts={"suppressed": 2}, is_complete=True
    )
    vendor.hold = True
    driver.run(key, phones(10))
    assert driver.ledger.lists_to_send() == driver.ledger.lists_of_the_night() == []
    driver.ledger.unsuppress(opted_out)
    due = driver.ledger.lists_to_send(), driver.ledger.lists_of_the_night()
    assert [[each.list_key for each in some] for some in due] == [[key], [key]]
    driver.submit(key, phones(10))
    assert len(vendor.accepted) == vendor.accepted.total() == 10


def test_the_night_plans_whatever_may_be_bought(open_driver: OpenDriver, vendor: FakeVendor) -> None:
    """New, waiting, unsent, taken back, forbidden, and forbidden until a run lifted the limit and ended."""
    driver = open_driver(min_chunk=5)
    driver.register("new")
    vendor.script.extend([500] * 3)
    driver.run("unsent", phones(10, 905_320_000_100))
    driver.run("forbidden", phones(10, 905_320_000_200), max_billable=0)
    driver.run("lifted", phones(10, 905_320_000_300), max_billable=0)
    driver.ledger.note_limit("lifted", None)
    driver.plan("withdrawn", phones(10, 905_320_000_400))
    driver.ledger.note_limit("withdrawn", 0)
    driver.send("withdrawn")
    driver.ledger.note_limit("withdrawn", None)
    driver.run("waiting", phones(3))
    assert {each.list_key for each in driver.ledger.lists_of_the_night()} == {each.list_key for each in driver.ledger.lists()}
