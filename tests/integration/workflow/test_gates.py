"""What must be true before money moves: budgets, smallest chunk, suppressions, balance."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from fbcheck_pipeline.errors import UnreadableAnswer, VendorRefuses, VendorUnavailable
from fbcheck_pipeline.ledger import Ledger
from fbcheck_pipeline.ledger.codec import Phones
from fbcheck_pipeline.lists import ReadOptions
from fbcheck_pipeline.settings import Settings
from fbcheck_pipeline.vendor.client import VendorClient
from fbcheck_pipeline.vendor.task_snapshots import Balance
from fbcheck_pipeline.workflow.arrival.intake import add_list
from fbcheck_pipeline.workflow.buying.allocation import Again
from fbcheck_pipeline.workflow.buying.plan import plan_list
from fbcheck_pipeline.workflow.buying.plan_draft import balanced_sizes
from fbcheck_pipeline.workflow.collection.reconcile import resubmit
from fbcheck_pipeline.workflow.workspace import open_workspace
from tests.conftest import DAY_S, Clock, phones
from tests.fake_vendor import FakeVendor
from tests.integration.workflow.workflow_driver import WorkflowDriver

OpenDriver = Callable[..., WorkflowDriver]


@given(st.integers(0, 5000), st.integers(1, 400), st.integers(1, 400))
@settings(max_examples=300)
def test_chunks_are_balanced_within_their_bounds(count: int, one: int, other: int) -> None:
    """None too large, none too small, alike within one; no more waits than must."""
    fewest, most = sorted((one, other))
    sizes = balanced_sizes(count, most=most, fewest=fewest)
    assert all(fewest <= size <= most for size in sizes)
    assert not sizes or max(sizes) - min(sizes) <= 1
    left = count - sum(sizes)
    assert left >= 0
    if left:  # no number of chunks carries more
        assert all(number * fewest > count or number * most <= sum(sizes) for number in range(count // fewest + 2))


def test_a_list_above_its_budget_is_not_submitted_in_part(open_driver: OpenDriver, vendor: FakeVendor) -> None:
    """MAX_BILLABLE counts what the list ever bought; what fits later is bought then."""
    driver = open_driver(max_billable=15, chunk_size=10)
    driver.run("a", phones(16))
    assert vendor.posts == []
    assert driver.counts("a") == {"over_budget": 16}
    assert not driver.is_complete("a")
    driver.run("a", phones(16), max_billable=16)
    driver.finish()
    assert driver.counts("a") == {"checked": 16}


def test_reused_phones_do_not_count_in_the_budget(open_driver: OpenDriver, vendor: FakeVendor) -> None:
    """They are not bought."""
    driver = open_driver(max_billable=10)
    driver.run("a", phones(10))
    driver.finish()
    driver.run("b", phones(20))
    driver.finish()
    assert driver.counts("b") == {"checked": 10, "reused": 10}


def test_the_day_has_one_budget_for_all_lists(open_driver: OpenDriver, vendor: FakeVendor, clock: Clock) -> None:
    """Planning reserves; the next day there is budget again."""
    driver = open_driver(max_billable_per_day=25)
    for number, key in enumerate("abc"):
        driver.run(key, phones(10, 905_320_000_000 + 10 * number))
    assert driver.counts("c") == {"over_budget": 10}
    assert sum(vendor.accepted.values()) == 20
    clock.advance(DAY_S)
    driver.run("c", phones(10, 905_320_000_020), again=Again.NIGHT)
    driver.finish()
    assert driver.counts("c") == {"checked": 10}


def test_a_list_larger_than_the_days_limit_says_that_it_never_fits(
    open_driver: OpenDriver, vendor: FakeVendor, caplog: pytest.LogCaptureFixture
) -> None:
    """No night would ever buy it; a list that waits for room only says nothing."""
    driver = open_driver(max_billable_per_day=25)
    driver.run("a", phones(20))
    driver.run("b", phones(10, 905_330_000_000))
    assert "never fit" not in caplog.text
    driver.run("c", phones(26, 905_340_000_000))
    assert "list c: its 26 new phones never fit into FBCHECK_MAX_BILLABLE_PER_DAY=25" in caplog.text
    assert vendor.accepted.total() == 20 and driver.counts("c") == {"over_budget": 26}


def test_what_is_unsent_at_midnight_is_reserved_for_the_new_day(open_driver: OpenDriver, clock: Clock) -> None:
    """Yesterday's reservation must not let today spend twice, and who came later does not take its place."""
    driver = open_driver(max_billable_per_day=15)
    driver.plan("a", phones(10))
    clock.advance(DAY_S)
    driver.run("b", phones(10, 905_330_000_000))
    assert driver.counts("b") == {"over_budget": 10}
    assert driver.send("a").chunks == 1


def test_a_limit_is_recorded_before_anybody_can_see_the_file(
    open_driver: OpenDriver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a sensor could take the list up without it; a later run replaces it, one with neither option nor setting lifts it."""
    path = tmp_path / "a.csv"
    path.write_text("phone\n+41780000001\n")
    driver, seen = open_driver(), []
    appear = os.replace
    monkeypatch.setattr(
        os, "replace", lambda *places: seen.append([each.max_billable for each in driver.ledger.lists()]) or appear(*places)
    )
    for ws, limit in ((driver.ws, 5), (open_driver(max_billable=7).ws, None), (driver.ws, None)):
        key = add_list(ws, path, ReadOptions(), None, limit)
        assert ws.storage.delete(f"taken/{key}/a.csv")
    assert seen == [[5], [7], [None]]


def test_a_limit_binds_what_an_earlier_run_planned(open_driver: OpenDriver, vendor: FakeVendor) -> None:
    """Seen: stopped after one chunk, then `--max-billable 100`: billed 250."""
    driver = open_driver(chunk_size=50)
    vendor.script.extend(["accept", 402])
    with pytest.raises(VendorRefuses):
        driver.run("a", phones(250))
    driver.run("a", phones(250), max_billable=100)
    assert sum(vendor.accepted.values()) == 50
    assert driver.counts("a") == {"waiting": 50, "over_budget": 200}
    driver.finish()
    assert not driver.is_complete("a")
    driver.run("a", phones(250), max_billable=250)
    driver.finish()
    assert driver.counts("a") == {"checked": 250} and vendor.most_per_phone == 1


def test_a_limit_of_nothing_sends_nothing_after_a_402(open_driver: OpenDriver, vendor: FakeVendor) -> None:
    """Seen: `--max-billable 0` billed 3."""
    driver = open_driver()
    vendor.script.append(402)
    with pytest.raises(VendorRefuses):
        driver.run("a", phones(3))
    driver.run("a", phones(3), max_billable=0)
    assert vendor.accepted == {} and driver.counts("a") == {"over_budget": 3}


def test_the_limit_that_a_run_recorded_binds_every_other_process(open_driver: OpenDriver, vendor: FakeVendor) -> None:
    """Whoever sends; where none is recorded, its own setting does, and a run with neither lifts it."""
    open_driver().plan("a", phones(10), max_billable=5)  # its unsent phones are over budget already
    daemon = open_driver(max_billable=1000)
    daemon.submit("a", phones(10), again=Again.NIGHT)
    assert vendor.accepted == {}
    open_driver().plan("a", phones(10))
    assert open_driver(max_billable=5).send("a").chunks == 0
    assert daemon.counts("a") == {"over_budget": 10}
    open_driver().run("a", phones(10))
    assert sum(vendor.accepted.values()) == 10


def test_a_forbidden_list_is_planned_again_by_a_run_of_it_or_by_night(open_driver: OpenDriver, vendor: FakeVendor) -> None:
    """Never by a sensor: a run without a limit and a daemon with one would undo each other's work for ever."""
    run, daemon = open_driver(), open_driver(max_billable=5)
    for _ in range(2):
        run.plan("a", phones(10))
        daemon.send("a")
        assert daemon.ledger.lists_to_send() == []
    run.submit("a", phones(10))
    assert vendor.accepted == {} and run.counts("a") == {"over_budget": 10}
    run.submit("a", phones(10), again=Again.NIGHT)
    assert sum(vendor.accepted.values()) == 10


def test_two_processes_with_unequal_limits_and_a_pool_settle(open_driver: OpenDriver, vendor: FakeVendor) -> None:
    """At most two plannings a list, then nothing is due; what neither forbids is bought once."""
    sizes = {"a": 60, "e": 90, "b": 60, "c": 60, "d": 60}
    lists = {key: phones(size, 905_320_000_000 + 1000 * number) for number, (key, size) in enumerate(sizes.items())}
    wide, narrow = open_driver(protocol="v1"), open_driver(protocol="v1", max_billable=80)
    plannings = dict.fromkeys(lists, 0)
    for key, list_phones in lists.items():
        wide.plan(key, list_phones)
    for turn in range(20):
        process = (narrow, wide)[turn % 2]
        for key in lists:
            process.send(key)
        due = process.ledger.lists_to_send()
        for each in due:
            plannings[each.list_key] += 1
            process.submit(each.list_key, lists[each.list_key])
        if not due and turn:
            break
    assert max(plannings.values()) <= 2 and process.ledger.lists_to_send() == []
    assert vendor.most_per_phone == 1
    assert {key: process.counts(key) for key in "abcd"} == {key: {"waiting": 60} for key in "abcd"}
    assert process.counts("e") == {"over_budget": 90}
    assert sum(vendor.accepted.values()) == 240


def test_an_unconfirmed_chunk_counts_and_a_refused_one_does_not(open_driver: OpenDriver, vendor: FakeVendor) -> None:
    """Perhaps billed is billed, as far as the budget goes."""
    vendor.script.extend(["accept_then_cut", 400])
    driver = open_driver(max_billable_per_day=10, chunk_size=5, min_chunk=5)
    driver.run("a", phones(10))
    assert sorted(driver.states()) == ["refused", "unconfirmed"]
    driver.run("b", phones(5, 905_330_000_000))
    driver.run("c", phones(5, 905_340_000_000))
    assert driver.counts("b") == {"waiting": 5}
    assert driver.counts("c") == {"over_budget": 5}


def test_too_few_phones_wait_for_the_next_list(open_driver: OpenDriver, vendor: FakeVendor) -> None:
    """v1 takes no fewer than 100; each list pays for its own phones and is planned anew."""
    driver = open_driver(protocol="v1")
    driver.run("a", phones(60))
    driver.run("b", phones(30, 905_330_000_000))
    assert vendor.posts == []
    assert driver.counts("a") == {"waiting": 60}
    assert driver.ledger.waiting_counts() == {"a": 60, "b": 30}
    driver.run("c", phones(25, 905_340_000_000))
    assert [len(post.split()) for post in vendor.posts] == [115]
    assert driver.ledger.waiting_counts() == {}
    assert {row.list_key for row in driver.ledger.lists_to_send()} == {"a", "b"}
    for key, list_phones in (("a", phones(60)), ("b", phones(30, 905_330_000_000))):
        driver.run(key, list_phones)
    driver.finish()
    assert [driver.counts(key) for key in "abc"] == [{"checked": 60}, {"checked": 30}, {"checked": 25}]
    assert driver.ledger.lists_to_send() == []
    assert len(vendor.posts) == 1


def test_lists_that_wait_side_by_side_come_to_rest(open_driver: OpenDriver, clock: Clock, vendor: FakeVendor) -> None:
    """Phones with a verdict too old wait too; each planning must not set off the other's for ever."""
    driver = open_driver(protocol="v1")
    driver.run("x", phones(110))
    driver.finish()
    clock.advance(40 * DAY_S)
    for _ in range(2):
        for number, key in enumerate("ab"):
            driver.run(key, phones(10, 905_320_000_000 + 20 * number))
    assert driver.ledger.waiting_counts() == {"a": 10, "b": 10}
    assert driver.ledger.lists_to_send() == []


def test_a_list_over_budget_does_not_pool_others(open_driver: OpenDriver, vendor: FakeVendor) -> None:
    """And a waiting list's own budget holds when others pool it."""
    driver = open_driver(protocol="v1", max_billable=70)
    driver.run("a", phones(60))
    driver.run("b", phones(80, 905_330_000_000))
    assert vendor.posts == []
    driver.run("c", phones(50, 905_340_000_000))
    assert [len(post.split()) for post in vendor.posts] == [110]
    assert driver.counts("b") == {"over_budget": 80}


def test_suppressed_phones_are_never_submitted(open_driver: OpenDriver, vendor: FakeVendor) -> None:
    """Before planning, and between planning and sending; the others of the chunk go on."""
    driver = open_driver()
    driver.ledger.suppress(phones(3))
    driver.plan("a", phones(20))
    driver.ledger.suppress(phones(5))
    driver.send("a")
    driver.finish()
    assert driver.counts("a") == {"checked": 15, "suppressed": 5}
    assert driver.is_complete("a")
    assert not {f"+{each}" for each in phones(5)} & set(vendor.accepted)
    driver.run("a", phones(20))
    assert driver.counts("a") == {"checked": 15, "suppressed": 5}


def test_phones_that_opt_out_between_the_look_up_and_the_submission_are_not_sent(
    open_driver: OpenDriver, vendor: FakeVendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process imports them in the milliseconds between; its command says that they are never submitted from then on."""
    driver, other, look_up = open_driver(), open_driver(), Ledger.suppressed_among
    driver.plan("a", phones(10))

    def overtaken(ledger: Ledger, asked: Phones) -> Any:
        found = look_up(ledger, asked)
        other.ledger.suppress(phones(2))
        return found

    with monkeypatch.context() as patched:
        patched.setattr(Ledger, "suppressed_among", overtaken)
        driver.send("a")
    assert set(vendor.accepted) == {f"+{phone}" for phone in phones(8, 905_320_000_002)}


def test_a_chunk_of_suppressed_phones_only_is_not_sent(open_driver: OpenDriver, vendor: FakeVendor) -> None:
    """There is nothing left of it."""
    driver = open_driver()
    driver.plan("a", phones(5))
    driver.ledger.suppress(phones(5))
    driver.send("a")
    assert vendor.posts == []
    assert driver.counts("a") == {"suppressed": 5}


def test_a_chunk_that_suppression_makes_too_small_waits(open_driver: OpenDriver, vendor: FakeVendor) -> None:
    """Sent, it would be refused for its size and use up a try; the rest waits for the next list."""
    driver = open_driver(protocol="v1")
    driver.plan("a", phones(100))
    driver.ledger.suppress(phones(1))
    driver.send("a")
    assert vendor.posts == []
    assert driver.counts("a") == {"suppressed": 1, "waiting": 99}
    assert not driver.is_complete("a")
    assert [row.list_key for row in driver.ledger.lists_to_send()] == ["a"]
    driver.run("a", phones(100))
    assert driver.ledger.waiting_counts() == {"a": 99}
    driver.run("b", phones(101))
    driver.run("a", phones(100))
    driver.finish()
    assert driver.counts("a") == {"suppressed": 1, "reused": 99}
    assert driver.counts("b") == {"suppressed": 1, "checked": 100}
    assert vendor.most_per_phone == 1


def test_tries_before_an_opt_out_still_count_in_the_limit(open_driver: OpenDriver, vendor: FakeVendor) -> None:
    """Five were perhaps billed; one opts out of the resubmission, four are too few for it and would be bought in another chunk."""
    vendor.script.append("accept_then_cut")
    driver = open_driver(min_chunk=5)
    driver.run("a", phones(5), max_billable=10)
    resubmit(driver.ws, driver.chunk_key("unconfirmed"))
    driver.ledger.suppress(phones(1))
    driver.submit("a", phones(5))
    with driver.ledger.planning() as tx:
        assert (tx.bought_for("a"), tx.bought_today()) == (5, 5)
    driver.run("a", phones(5), max_billable=5)
    driver.run("b", phones(1, 905_990_000_000))
    assert vendor.accepted.total() == 5 and vendor.most_per_phone == 1
    driver.run("a", phones(5), max_billable=9)
    driver.run("b", phones(1, 905_990_000_000))
    driver.run("a", phones(5), max_billable=9)
    driver.finish()
    assert driver.counts("a") == {"checked": 4, "suppressed": 1}
    assert vendor.accepted.total() == 10 == driver.ledger.bought_today()


def test_phones_that_opt_out_of_a_resubmission_leave_their_tries(open_driver: OpenDriver, vendor: FakeVendor) -> None:
    """Ten were accepted, one is sent once more: eleven count."""
    vendor.script.append("accept_then_cut")
    driver = open_driver()
    driver.run("a", phones(10))
    resubmit(driver.ws, driver.chunk_key("unconfirmed"))
    driver.ledger.suppress(phones(9))
    driver.run("a", phones(10))
    with driver.ledger.planning() as tx:
        assert tx.bought_for("a") == tx.bought_today() == vendor.accepted.total() == 11
    driver.finish()
    assert driver.counts("a") == {"checked": 1, "suppressed": 9} and driver.is_complete("a")


def test_a_withdrawn_resubmission_does_not_pass_max_tries(open_driver: OpenDriver, vendor: FakeVendor, clock: Clock) -> None:
    """The day's limit took it back: its first try was the last that is allowed, and nobody but a person buys the phones."""
    vendor.script.append("accept_then_cut")
    driver = open_driver(max_tries=1, max_billable_per_day=5)
    driver.run("a", phones(5))
    resubmit(driver.ws, driver.chunk_key("unconfirmed"))
    driver.submit("a", phones(5))
    assert driver.states() == ["withdrawn"]
    clock.advance(DAY_S)
    driver.run("b", phones(5))
    driver.run("a", phones(5), again=Again.NIGHT)
    assert vendor.accepted.total() == 5
    for key in "ab":
        assert driver.counts(key) == {"undetermined": 5} and driver.is_complete(key)
    driver.run("b", phones(5), again=Again.PERSON)
    driver.finish()
    assert driver.counts("b") == {"checked": 5}


def test_waiting_phones_that_are_suppressed_do_not_fill_up_others(open_driver: OpenDriver, vendor: FakeVendor) -> None:
    """A chunk of 100 with 60 of them suppressed is a chunk of 40."""
    driver = open_driver(protocol="v1")
    driver.run("a", phones(60))
    driver.ledger.suppress(phones(60))
    driver.run("b", phones(40, 905_330_000_000))
    assert vendor.posts == []
    assert driver.ledger.waiting_counts() == {"b": 40}
    driver.run("a", phones(60))
    assert driver.counts("a") == {"suppressed": 60}


@pytest.mark.parametrize(
    ("balance", "price", "is_refused"), [(0.0, None, True), (0.01, 100, True), (12.5, 100, False), (12.5, None, False)]
)
def test_too_little_balance_refuses_before_the_first_post(
    balance: float,
    price: float | None,
    is_refused: bool,
    open_driver: OpenDriver,
    vendor: FakeVendor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """v1 tells the balance: half a list would be sent and paid for, the rest refused."""
    monkeypatch.setattr(VendorClient, "balance", lambda self: Balance(balance))
    driver = open_driver(protocol="v1", price_per_10k=price, chunk_size=100)
    driver.plan("a", phones(300))
    if is_refused:
        with pytest.raises(VendorRefuses) as caught:
            driver.send("a")
        assert caught.value.exit_code == 4
        assert vendor.posts == []
        assert driver.counts("a") == {"waiting": 300}
    else:
        assert driver.send("a").chunks == 3


def test_the_balance_need_not_pay_for_what_a_limit_takes_back(
    open_driver: OpenDriver, vendor: FakeVendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only what will be sent counts: 100 of the 250 planned phones, or nothing."""
    balance = Balance(1.0)
    monkeypatch.setattr(VendorClient, "balance", lambda self: balance)
    wide = open_driver(protocol="v1", chunk_size=150)
    wide.plan("a", phones(150))
    wide.plan("b", phones(250))
    narrow = open_driver(protocol="v1", chunk_size=150, price_per_10k=100, max_billable=140)
    assert narrow.send("b").chunks == 1 and vendor.accepted.total() == 100
    balance = Balance(0.0)
    wide.plan("c", phones(150, 905_330_000_000))
    assert narrow.send("c").chunks == 0 and narrow.counts("c") == {"over_budget": 150}


@pytest.mark.parametrize(("error", "sent"), [(VendorUnavailable("down"), 0), (UnreadableAnswer("what?"), 1)], ids=["down", "odd"])
def test_a_balance_that_cannot_be_had(
    error: Exception, sent: int, open_driver: OpenDriver, vendor: FakeVendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unreachable: phones wait. Unreadable: the vendor itself will say 402."""

    def fail(_: VendorClient) -> None:
        raise error

    monkeypatch.setattr(VendorClient, "balance", fail)
    driver = open_driver(protocol="v1")
    outcome = driver.run("a", phones(100))
    assert (outcome.chunks, bool(outcome.postponed)) == (sent, not sent)


@given(
    sizes=st.lists(st.integers(1, 14), min_size=2, max_size=6),
    limit=st.integers(0, 12),
    largest=st.sampled_from([10, 15, 30]),
    turns=st.lists(st.booleans(), min_size=40, max_size=40),
)
# a waits, b takes a's phones, and a's own run by the process with a limit finds them in a chunk that it may not send
@example(sizes=[6, 11, 10, 9, 14, 10], limit=9, largest=30, turns=[bool(int(each)) for each in "010111001100".ljust(40, "0")])
@settings(
    max_examples=int(os.environ.get("EXAMPLES", "25")),
    suppress_health_check=list(HealthCheck),
    database=None,
    phases=set(Phase) - {Phase.shrink},  # each example is slow, and what failed is small enough
)
def test_unequal_limits_never_set_off_each_other_for_ever(
    sizes: list[int],
    limit: int,
    largest: int,
    turns: list[bool],
    vendor: FakeVendor,
    make_settings: Callable[..., Settings],
    empty_ledger: Path,
) -> None:
    """Whatever is planned by either of two processes comes to rest within two planning runs a list, whoever has the next turn."""
    lists = {chr(97 + number): phones(size, 905_320_000_000 + 100 * number) for number, size in enumerate(sizes)}
    vendor.accepted.clear()
    clock = Clock()
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(empty_ledger, f"{folder}/ledger.db")
        processes = [
            WorkflowDriver(
                open_workspace(make_settings(data_uri=folder, chunk_size=largest, min_chunk=10, max_billable=most), clock)
            )
            for most in (limit, None)
        ]
        chosen = iter(turns)
        for key, list_phones in lists.items():
            processes[next(chosen)].ledger.register_list(key, file=key, source="s", sha256=key, options={}, purpose=None)
            plan_list(processes[next(chosen)].ws, key, list_phones, again=Again.NOBODY)
        plannings = dict.fromkeys(lists, 0)
        for turn in chosen:
            clock.advance(700)
            for each in processes[turn].ledger.lists_to_send():
                plannings[each.list_key] += 1
                processes[turn].submit(each.list_key, lists[each.list_key])
        assert max(plannings.values()) <= 2 and processes[0].ledger.lists_to_send() == []
        assert vendor.most_per_phone <= 1
        for each in processes:
            each.ledger.close()
