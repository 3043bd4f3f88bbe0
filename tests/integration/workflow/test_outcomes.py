"""What each answer to a submission does: to the chunk, to the chunks after it, and to the bill."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from fbcheck_pipeline.errors import LedgerError, VendorRefuses
from fbcheck_pipeline.ledger import Ledger
from fbcheck_pipeline.workflow.buying.allocation import Again
from fbcheck_pipeline.workflow.buying.send import RetryPolicy
from fbcheck_pipeline.workflow.index.phone_history import history_of
from tests.conftest import DAY_S, Clock, phones
from tests.fake_vendor import HTML, FakeVendor
from tests.integration.workflow.workflow_driver import WorkflowDriver
from tests.unit.vendor.wire import Wire, hangs, http, says_then_closes

OpenDriver = Callable[..., WorkflowDriver]
BAD_GATEWAY = ("accept_status", 502, {"Content-Type": "text/html"}, HTML)
UNAVAILABLE = ("accept_status", 503, {"Content-Type": "application/json"}, b"{}")


@pytest.mark.parametrize("answer", ["accept_then_cut", "no_task_id", BAD_GATEWAY, UNAVAILABLE, "cut_before_accepting"], ids=str)
def test_a_lost_answer_is_never_sent_twice(answer: Any, open_driver: OpenDriver, vendor: FakeVendor) -> None:
    """A second POST would be billed twice: the chunk waits for a person, the others go on, the list finishes around it."""
    vendor.script.append(answer)
    driver = open_driver(chunk_size=10)
    assert driver.run("a", phones(30)).unconfirmed == 1
    driver.finish()
    driver.run("a", phones(30), again=Again.PERSON)
    driver.run("b", phones(30), again=Again.NIGHT)
    assert driver.counts("a") == {"checked": 20, "unconfirmed": 10}
    assert not driver.is_complete("a")
    assert len(vendor.posts) == 3
    assert [row.list_key for row in driver.ledger.lists_to_join()] == ["a", "b"]


@pytest.mark.parametrize("protocol", ["simple", "v1"])
def test_a_vendor_that_falls_silent_is_sent_nothing_more(protocol: str, open_driver: OpenDriver) -> None:
    """Nobody knows whether the chunk before was billed; each one after it would be as uncertain. One that is silent from the start is sent none."""
    from fbcheck_pipeline.vendor.client import VendorClient
    from fbcheck_pipeline.vendor.connections import Timeouts

    with Wire(says_then_closes(http(404, b'{"error": "task_not_found", "balance": 1}')), hangs) as server:
        driver = open_driver(protocol=protocol, chunk_size=100, api_url=server.url)
        driver.client = VendorClient(driver.ws.settings, timeouts=Timeouts(read_s=0.2, status_s=0.2))
        for key, many in (("a", phones(300)), ("b", phones(100, 905_330_000_000))):
            assert driver.run(key, many, RetryPolicy(tries=1)).postponed
    asked = [b" ".join(each.split(b" ")[:2]).rsplit(b"/")[-1] for each in server.requests]
    free = b"balance" if protocol == "v1" else b"doctor-probe"
    assert asked == [free, b"tasks", free, free]
    assert sorted(driver.states()) == ["planned", "planned", "planned", "unconfirmed"]
    assert len([each for each in driver.ledger.chunks() if each.note]) == 3, "it is said of one of each list why it waits"


def test_the_balance_is_asked_once_for_all_chunks(open_driver: OpenDriver, vendor: FakeVendor) -> None:
    """What was sent since is taken from it: lists that follow need not ask."""
    driver = open_driver(protocol="v1", chunk_size=100, price_per_10k=100)
    first = driver.run("a", phones(300))
    assert (first.chunks, first.balance) == (3, 9.5)
    with pytest.raises(VendorRefuses, match=r"balance is 9\.50, about 10\.00 is needed"):
        driver.submit("b", phones(1000, 905_330_000_000), balance=first.balance)
    assert [each for each in vendor.paths if "balance" in each] == ["/v1/balance"] and len(vendor.posts) == 3


@pytest.mark.parametrize("free", [500, ("status", 429, {"Retry-After": "0"}, b"{}")], ids=str)
def test_a_free_failure_is_tried_again_and_bounded(free: Any, open_driver: OpenDriver, vendor: FakeVendor) -> None:
    """Documented as free; but not for ever: what fails three times waits, planned, for the next run."""
    vendor.script.extend([free, free])
    driver = open_driver(chunk_size=10)
    assert driver.run("a", phones(10)).chunks == 1
    vendor.script.extend([free] * 3)
    outcome = driver.run("b", phones(30, 905_330_000_000))
    assert outcome.postponed
    assert len(vendor.posts) == 3 + 3
    assert sorted(driver.states()) == ["planned", "planned", "planned", "submitted"]
    assert driver.send("b").chunks == 3
    assert vendor.most_per_phone == 1


def test_an_unreachable_vendor_leaves_everything_planned(open_driver: OpenDriver) -> None:
    """Phones wait; nothing is lost, nothing counts as a try."""
    driver = open_driver(api_url="http://127.0.0.1:9")
    assert driver.run("a", phones(10)).postponed
    assert driver.states() == ["planned"]
    assert driver.counts("a") == {"waiting": 10}
    assert history_of(driver.ws, phones(10)).tries == []


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_retry_after_is_waited_for_in_both_forms(form: str, open_driver: OpenDriver, vendor: FakeVendor) -> None:
    """The vendor says when it is willing again; the backoff alone would ask after a millisecond."""
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    vendor.script.append(("status", 429, {"Retry-After": "1" if form == "seconds" else date}, b"{}"))
    driver, began = open_driver(), time.monotonic()
    driver.plan("a", phones(5))
    assert driver.send("a", RetryPolicy(tries=2, first_wait_s=0.001, max_wait_s=0.2)).chunks == 1
    assert time.monotonic() - began >= 0.2  # as told, within bounds


def test_retrying_is_bounded_in_time(open_driver: OpenDriver, vendor: FakeVendor) -> None:
    """`--timeout` ends everything, retries included."""
    vendor.script.extend([("status", 429, {"Retry-After": "30"}, b"{}")] * 9)
    driver, began = open_driver(chunk_size=5), time.monotonic()
    driver.plan("a", phones(20))
    assert driver.send("a", RetryPolicy(tries=9, total_s=0.3)).postponed
    assert time.monotonic() - began < 3
    assert driver.states() == ["planned"] * 4


@pytest.mark.parametrize("code", [401, 402, 403, 404])
def test_a_refusal_of_the_account_stops_before_the_next_chunk(code: int, open_driver: OpenDriver, vendor: FakeVendor) -> None:
    """It would refuse every chunk; nothing is lost, and everything is sent once the setting is fixed."""
    vendor.script.extend(["accept", code])
    driver = open_driver(chunk_size=10)
    driver.plan("a", phones(30))
    with pytest.raises(VendorRefuses) as caught:
        driver.send("a")
    assert caught.value.exit_code == 4
    assert len(vendor.posts) == 2
    assert driver.send("a").chunks == 2
    assert vendor.most_per_phone == 1


@pytest.mark.parametrize("code", [400, 413, 422])
def test_a_chunk_that_is_not_wanted_is_halved_then_refused(code: int, open_driver: OpenDriver, vendor: FakeVendor) -> None:
    """Halving is free and finds what the vendor can take; three times, then the rest is refused and the others go on."""
    bad = b"+%d\n" % phones(1)[0]
    vendor.script = lambda index, payload: code if bad in payload else "accept"
    driver = open_driver(chunk_size=80)
    driver.run("a", phones(160))
    driver.finish()
    assert driver.counts("a") == {"checked": 150, "refused": 10}
    assert len(vendor.posts) == 2 + 3 * 2
    assert vendor.most_per_phone == 1
    assert not driver.is_complete("a")


def test_a_refused_chunk_is_tried_again_at_night_only(open_driver: OpenDriver, vendor: FakeVendor, clock: Clock) -> None:
    """MAX_TRIES in all, on later days; a plain second run never."""
    vendor.script = lambda index, payload: 400
    driver = open_driver(chunk_size=1)
    driver.run("a", phones(1))
    driver.run("a", phones(1))
    driver.run("a", phones(1), again=Again.NIGHT)
    assert len(vendor.posts) == 1
    clock.advance(DAY_S)
    driver.run("a", phones(1), again=Again.NIGHT)
    clock.advance(DAY_S)
    driver.run("a", phones(1), again=Again.NIGHT)
    assert len(vendor.posts) == 2
    assert driver.counts("a") == {"refused": 1}
    assert driver.is_complete("a")


def test_the_task_id_is_recorded_though_the_ledger_fails_at_first(
    open_driver: OpenDriver, vendor: FakeVendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Money was paid: this commit is retried until it succeeds."""
    record, failures = Ledger.mark_submitted, [LedgerError("locked"), LedgerError("locked")]

    def failing(self: Ledger, *args: Any, **given: Any) -> bool:
        if failures:
            raise failures.pop()
        return record(self, *args, **given)

    monkeypatch.setattr(Ledger, "mark_submitted", failing)
    monkeypatch.setattr("tenacity.nap.time.sleep", lambda seconds: None)
    driver = open_driver()
    assert driver.run("a", phones(5)).chunks == 1
    assert driver.states() == ["submitted"]


def test_a_task_id_given_twice_holds_the_second_chunk(open_driver: OpenDriver, vendor: FakeVendor) -> None:
    """Accepted, perhaps billed, and its task not told: a person must look; the others go on."""
    same = ("accept_status", 200, {"Content-Type": "application/json"}, b'{"task_id": "twice", "status": "pending"}')
    vendor.script.extend([same, same])
    driver = open_driver(chunk_size=5)
    outcome = driver.run("a", phones(15))
    assert (outcome.chunks, outcome.unconfirmed) == (2, 1)
    assert sorted(driver.states()) == ["submitted", "submitted", "unconfirmed"]


def test_what_is_sent_is_what_is_kept(open_driver: OpenDriver, vendor: FakeVendor) -> None:
    """`chunks/<key>.txt` is exactly what was sent."""
    driver = open_driver(chunk_size=7)
    driver.run("a", phones(20))
    kept = {driver.ws.storage.read_bytes(f"chunks/{row.chunk_key}.txt") for row in driver.ledger.chunks()}
    assert kept == set(vendor.posts)
