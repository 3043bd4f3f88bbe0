"""Deleting beside work that goes on, and deleting one list by name."""

from collections.abc import Callable
from typing import Any

import pytest

from fbcheck_pipeline.errors import OperatorError
from fbcheck_pipeline.ledger import Ledger
from fbcheck_pipeline.model.paths import SUBMITTED_CHUNKS
from fbcheck_pipeline.workflow.buying.allocation import Again
from fbcheck_pipeline.workflow.collection.reconcile import resubmit
from fbcheck_pipeline.workflow.erasing.purge import purge
from fbcheck_pipeline.workflow.index.index_upkeep import update_index
from fbcheck_pipeline.workflow.index.phone_history import history_of
from tests.conftest import DAY_S, Clock, phones
from tests.fake_vendor import FakeVendor, ResultShape
from tests.integration.workflow.workflow_driver import WorkflowDriver

OpenDriver = Callable[..., WorkflowDriver]


@pytest.fixture
def old(open_driver: OpenDriver, clock: Clock) -> WorkflowDriver:
    """A list `a` of ten phones in two chunks, complete and joined, ten days ago."""
    driver = open_driver(chunk_size=5)
    driver.run("a", phones(10))
    driver.finish()
    join(driver)
    clock.advance(10 * DAY_S)
    return driver


def join(driver: WorkflowDriver) -> None:
    """What the join would record of each list."""
    for row in driver.ledger.lists_to_join():
        is_complete = driver.is_complete(row.list_key)
        driver.ledger.note_joined(row.list_key, revision=row.revision, counts={}, is_complete=is_complete)


def test_what_a_list_reuses_is_kept_from_the_moment_it_is_planned(old: WorkflowDriver, vendor: FakeVendor) -> None:
    """Killed before it wrote its pins, nothing but the ledger tells of the verdicts it was promised."""
    old.plan("b", phones(7))
    old.ws.storage.delete(SUBMITTED_CHUNKS.of("b"))
    purged = purge(old.ws, older_than_days=1)
    assert (purged.list_keys, purged.chunks) == (("a",), 0)
    old.run("b", phones(7))
    assert old.counts("b") == {"reused": 7} and vendor.most_per_phone == 1


def test_a_planning_in_the_midst_of_a_purge_is_noticed(
    old: WorkflowDriver, vendor: FakeVendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It looked verdicts up and the purge marks them before it is done: it must look again, and buys what is gone."""

    def look_then_purge(*given: object) -> object:
        found = history_of(*given)  # type: ignore[arg-type]
        monkeypatch.undo()
        purge(old.ws, older_than_days=1)
        return found

    monkeypatch.setattr("fbcheck_pipeline.workflow.index.phone_lookup.history_of", look_then_purge)
    old.run("b", phones(7))
    old.finish()
    assert old.counts("b") == {"checked": 7} and old.is_complete("b")


def test_an_index_made_in_the_midst_of_a_purge_is_not_published(old: WorkflowDriver, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would keep the purged phones for ever."""
    publish = Ledger.publish_tier

    def purge_then_publish(ledger: Ledger, *given: object, **more: object) -> bool:
        monkeypatch.undo()
        purge(old.ws, older_than_days=1)
        return publish(ledger, *given, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(Ledger, "publish_tier", purge_then_publish)
    assert not update_index(old.ws, max_loose=0)
    assert old.ws.storage.names("verdict_index") == [] and (history_of(old.ws, phones(10)).verdict < 0).all()


def test_a_list_by_name_goes_and_its_verdicts_stay(old: WorkflowDriver, vendor: FakeVendor) -> None:
    """They are paid for: the same file, read another way, buys none of them again."""
    assert purge(old.ws, older_than_days=None, list_key="a", dry_run=True).list_keys == ("a",)
    assert old.ledger.find_list("a") is not None
    purged = purge(old.ws, older_than_days=None, list_key="a")
    assert (purged.list_keys, purged.chunks) == (("a",), 0) and old.ledger.find_list("a") is None
    old.run("a", phones(10))
    assert old.counts("a") == {"reused": 10} and vendor.most_per_phone == 1
    purged = purge(old.ws, older_than_days=1, list_key="a")
    assert purged.chunks == 2 and old.ws.storage.names("verdicts") == []


def test_what_is_planned_for_a_purged_list_is_never_sent(open_driver: OpenDriver, vendor: FakeVendor) -> None:
    """A list that was read with a wrong region holds other people's numbers; a list that shares its chunk continues."""
    driver = open_driver(chunk_size=10, min_chunk=5)
    driver.plan("other", phones(4))
    driver.plan("wrong", phones(8, 905_320_000_100))
    assert driver.states() == ["planned", "planned"]
    purge(driver.ws, older_than_days=None, list_key="wrong")
    driver.run("other", phones(4))
    assert not vendor.posts and driver.counts("other") == {"waiting": 4}
    driver.run("third", phones(3, 905_320_000_200))
    driver.run("other", phones(4))
    driver.finish()
    assert driver.counts("other") == {"checked": 4} and set(vendor.accepted) == {
        f"+{phone}" for phone in [*phones(4), *phones(3, 905_320_000_200)]
    }


def test_a_list_with_phones_at_the_vendor_stays(open_driver: OpenDriver, clock: Clock) -> None:
    """By name it is refused, by age it is named among those skipped; an unknown key is a mistake."""
    driver = open_driver()
    driver.run("a", phones(3))
    for key, why in (("a", "with the vendor"), ("b", "there is no list b")):
        with pytest.raises(OperatorError, match=why):
            purge(driver.ws, older_than_days=None, list_key=key)
    driver.ledger.note_joined("a", revision=0, counts={}, is_complete=False)
    clock.advance(10 * DAY_S)
    purged = purge(driver.ws, older_than_days=1)
    assert (purged.list_keys, purged.skipped) == ((), ("a",))


def test_a_list_whose_phones_are_to_be_sent_once_more_stays(open_driver: OpenDriver, vendor: FakeVendor) -> None:
    """Purged, the try that was perhaps billed would be forgotten, and another list would buy the phones by itself."""
    vendor.script.append("accept_then_cut")
    driver = open_driver()
    driver.run("a", phones(5))
    resubmit(driver.ws, driver.chunk_key("unconfirmed"))
    with pytest.raises(OperatorError, match="with the vendor"):
        purge(driver.ws, older_than_days=0, list_key="a")
    driver.run("b", phones(5))
    driver.finish()
    assert driver.counts("b") == {"reused": 5}
    assert vendor.accepted.total() == 10 == driver.ledger.bought_today()


def test_a_list_that_waits_for_nobody_is_purged_though_phones_are_undetermined(
    open_driver: OpenDriver, vendor: FakeVendor, clock: Clock
) -> None:
    """Where no night tries again it would stay open, and stay for ever."""
    driver = open_driver()
    vendor.shape = ResultShape(missing=1)
    driver.run("a", phones(3), again=Again.NOBODY)
    driver.finish()
    join(driver)
    row = driver.ledger.find_list("a")
    assert row is not None and not row.is_complete
    clock.advance(10 * DAY_S)
    assert purge(driver.ws, older_than_days=1).list_keys == ("a",)


def test_what_waits_for_a_purged_list_fills_up_no_other(
    open_driver: OpenDriver, vendor: FakeVendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another list is planned while the files are being deleted."""
    driver = open_driver(min_chunk=5)
    driver.run("wrong", phones(3, 905_320_000_100))
    mark = Ledger.mark_purged

    def plan_first(ledger: Ledger, *given: Any, **named: Any) -> Any:
        driver.run("c", phones(5))
        return mark(ledger, *given, **named)

    monkeypatch.setattr(Ledger, "mark_purged", plan_first)
    purge(driver.ws, older_than_days=None, list_key="wrong")
    assert set(vendor.accepted) == {f"+{each}" for each in phones(5)}
