"""What others do between a planning's looking and its recording: nothing is bought twice, and nobody waits long for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa

from fbcheck_pipeline.errors import OperatorError
from fbcheck_pipeline.ledger import ChunkState, Ledger
from fbcheck_pipeline.ledger.planning import MOST_CHANGED, Planning
from fbcheck_pipeline.workflow.buying import plan_draft
from fbcheck_pipeline.workflow.buying.plan import MOST_RENEWALS
from fbcheck_pipeline.workflow.buying.plan_draft import PlanDraft
from fbcheck_pipeline.workflow.erasing.purge import purge
from tests.bench.history import fill, phones_of
from tests.conftest import Clock, phones
from tests.fake_vendor import FakeVendor
from tests.integration.workflow.workflow_driver import WorkflowDriver

OpenDriver = Callable[..., WorkflowDriver]
Act = Callable[[WorkflowDriver], object]
BLOBS = ("chunk_phones.phones", "waiting.phones")


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture
def before_recording(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Lets something happen before some of the next transactions that record a plan."""
    original, acts = Ledger.planning, list[Callable[[], object] | None]()

    def planning(ledger: Ledger) -> AbstractContextManager[Planning]:
        if acts and (act := acts.pop(0)) is not None:
            waiting, acts[:] = acts[:], []  # what happens may plan itself
            act()
            acts[:] = waiting
        return original(ledger)

    monkeypatch.setattr(Ledger, "planning", planning)
    yield lambda *given: acts.extend(given)
    assert not acts, "all of it happened"


@pytest.fixture
def renewals(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """As many entries as drafts were made anew outside the transaction."""
    original, made = PlanDraft.renew, list[int]()

    def renew(draft: PlanDraft) -> None:
        made.append(1)
        original(draft)

    monkeypatch.setattr(PlanDraft, "renew", renew)
    return made


def collect(driver: WorkflowDriver) -> None:
    driver.finish()


def opt_out(driver: WorkflowDriver) -> None:
    driver.ledger.suppress(phones(2))
    driver.send("old")


def forbid(driver: WorkflowDriver) -> None:
    driver.ledger.note_limit("old", 5)
    driver.send("old")


def fail(driver: WorkflowDriver) -> None:
    key = driver.chunk_key("unconfirmed")
    driver.ledger.mark_abandoned(key, from_=ChunkState.UNCONFIRMED, note="")


CHANGES: dict[str, tuple[dict[str, Any], Act, Act, dict[str, int]]] = {
    "other phones are bought": ({}, lambda _: None, lambda d: d.run("c", phones(9, 905_330_000_000)), {"checked": 30}),
    "some of its phones are bought": ({}, lambda _: None, lambda d: d.run("c", phones(9)), {"checked": 21, "reused": 9}),
    "all of its phones are bought": ({}, lambda _: None, lambda d: d.run("c", phones(30)), {"reused": 30}),
    "its phones are answered": ({}, lambda d: d.run("old", phones(10)), collect, {"checked": 20, "reused": 10}),
    "they are answered, and too old": (
        {"verdict_days": 0},
        lambda d: d.run("old", phones(10)),
        collect,
        {"checked": 30},
    ),
    "what held them is replaced": (
        {},
        lambda d: d.plan("old", phones(10)),
        opt_out,
        {"checked": 20, "reused": 8, "suppressed": 2},
    ),
    "what held them is withdrawn": ({}, lambda d: d.plan("old", phones(10)), forbid, {"checked": 30}),
    "verdicts are purged": (
        {},
        lambda d: (d.run("old", phones(10)), d.finish()),
        lambda d: purge(d.ws, older_than_days=0, list_key="old"),
        {"checked": 30},
    ),
    "what waited is bought": (
        {"min_chunk": 6},
        lambda d: d.run("old", phones(5, 905_330_000_000)),
        lambda d: d.run("c", phones(8, 905_330_000_000)),
        {"checked": 30},
    ),
    "something begins to wait": ({"min_chunk": 6}, lambda _: None, lambda d: d.run("c", phones(5)), {"checked": 30}),
}


@pytest.mark.parametrize("times", [1, MOST_RENEWALS + 1])
@pytest.mark.parametrize("change", CHANGES)
def test_what_changes_in_the_midst_of_a_planning_is_seen(
    change: str, times: int, open_driver: OpenDriver, vendor: FakeVendor, before_recording: Callable[..., None], clock: Clock
) -> None:
    """Whatever another process does meanwhile, a phone is bought once; also where the last look is inside the transaction."""
    given, before, meanwhile, counts = CHANGES[change]
    driver, other = open_driver(chunk_size=10, **given), open_driver(chunk_size=10, **given)
    before(other)
    clock.advance(1)
    wanted = phones(30 + 6 * (times - 1))
    faster = [lambda start=start: other.run(f"f{start}", wanted[start : start + 6]) for start in range(30, len(wanted), 6)]
    before_recording(*faster, lambda: meanwhile(other))
    pins = driver.plan("b", wanted)
    assert len(pins.phones) == len(wanted) and not (pins.index < 0).any()
    driver.run("b", wanted)
    for key in ("old", "c"):
        if driver.ledger.find_list(key) is not None and driver.ledger.phone_list(key).needs_planning:
            other.submit(key, phones(5))
    driver.finish()
    driver.finish()
    by_others = len(wanted) - 30
    more = {"checked" if given.get("verdict_days") == 0 else "reused": by_others} if by_others else {}
    assert driver.counts("b") == Counter(counts) + Counter(more)
    most = 2 if given.get("verdict_days") == 0 or "purged" in change else 1
    assert vendor.most_per_phone <= most
    assert driver.ledger.phone_list("b").reserved == 0


def test_what_does_not_concern_a_list_costs_it_no_second_look(
    open_driver: OpenDriver, vendor: FakeVendor, before_recording: Callable[..., None], renewals: list[int]
) -> None:
    """Else two that plan at once would renew each other's drafts for ever."""
    driver, other = open_driver(), open_driver()
    before_recording(lambda: other.run("c", phones(10, 905_330_000_000)))
    driver.run("b", phones(10))
    assert not renewals and len(vendor.accepted) == 20


def test_a_list_that_is_purged_in_the_midst_of_its_planning_is_named_and_not_bought(
    open_driver: Callable[..., WorkflowDriver], before_recording: Callable[..., None], vendor: FakeVendor
) -> None:
    """The table of what it depends on has no room for a list that is not there, and said so in the database's words."""
    driver = open_driver()
    driver.register("a")
    before_recording(lambda: purge(driver.ws, older_than_days=None, list_key="a"))
    with pytest.raises(OperatorError, match="there is no list a"):
        driver.submit("a", phones(10))
    assert driver.states() == [] and not vendor.posts


def test_more_changes_than_are_read_inside_are_read_outside(
    open_driver: OpenDriver, vendor: FakeVendor, before_recording: Callable[..., None], renewals: list[int]
) -> None:
    """Reading them would keep every other writer waiting."""
    driver, other = open_driver(), open_driver(chunk_size=1)
    before_recording(lambda: other.run("c", phones(MOST_CHANGED + 1)))
    driver.run("b", phones(MOST_CHANGED + 11))
    assert renewals == [1] and vendor.most_per_phone == 1 and len(vendor.accepted) == MOST_CHANGED + 11


def test_a_budget_that_others_used_meanwhile_is_not_exceeded(
    open_driver: OpenDriver, vendor: FakeVendor, before_recording: Callable[..., None]
) -> None:
    """Both found room for themselves when they looked."""
    driver, other = open_driver(max_billable_per_day=15), open_driver(max_billable_per_day=15)
    before_recording(lambda: other.run("c", phones(10, 905_330_000_000)))
    driver.run("b", phones(10))
    assert len(vendor.accepted) == 10 and driver.counts("b") == {"over_budget": 10}


@pytest.fixture
def in_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan_draft, "MOST_AT_ONCE", 2)


def test_a_long_list_is_recorded_in_steps_within_its_budget(
    open_driver: OpenDriver, vendor: FakeVendor, before_recording: Callable[..., None], in_steps: None
) -> None:
    """Between two steps others see the whole of it as bought, and may buy what is theirs."""
    driver = open_driver(chunk_size=5, max_billable_per_day=40)
    other = open_driver(chunk_size=5, max_billable_per_day=40)
    seen = list[tuple[int, int, bool]]()

    def meanwhile() -> None:
        chunk_count = len(other.ledger.chunks_of("b"))
        seen.append((chunk_count, other.ledger.bought_today(), other.ledger.phone_list("b").needs_planning))
        other.plan(f"c{chunk_count}", phones(8, 905_330_000_000 + 100 * chunk_count))

    before_recording(None, meanwhile, meanwhile)
    driver.run("b", phones(23))
    assert seen == [(2, 23, True), (4, 31, True)]
    row = driver.ledger.phone_list("b")
    assert not row.needs_planning and row.reserved == 0
    assert vendor.most_per_phone == 1 and len(vendor.accepted) == 23
    assert driver.ledger.bought_today() == 39 and len(driver.ledger.chunks_of("b")) == 5


def test_phones_that_others_buy_between_two_steps_are_not_bought_again(
    open_driver: OpenDriver, vendor: FakeVendor, before_recording: Callable[..., None], in_steps: None
) -> None:
    """What was cut before is cut anew; what was recorded before stands."""
    driver, other = open_driver(chunk_size=5), open_driver(chunk_size=5)
    before_recording(None, lambda: other.run("c", phones(15, 905_320_000_007)), None, lambda: other.submit("b", phones(23)))
    driver.run("b", phones(23))
    other.run("c", phones(15, 905_320_000_007))
    driver.finish()
    assert vendor.most_per_phone == 1 and len(vendor.accepted) == 23
    assert driver.is_complete("b") and driver.is_complete("c")


@pytest.mark.parametrize("step", [1, 2])
def test_a_list_whose_planning_was_killed_between_two_steps_is_planned_again(
    step: int, open_driver: OpenDriver, vendor: FakeVendor, before_recording: Callable[..., None], in_steps: None
) -> None:
    """Nothing is lost or doubled, and what was reserved counts until then."""
    driver = open_driver(chunk_size=5, max_billable_per_day=25)

    def kill() -> None:
        raise Killed

    before_recording(*[None] * step, kill)
    with pytest.raises(Killed):
        driver.run("b", phones(23))
    again = open_driver(chunk_size=5, max_billable_per_day=25)
    assert again.ledger.bought_today() == 23 and not vendor.accepted
    assert [each.list_key for each in again.ledger.lists_to_send()] == ["b"]
    again.run("c", phones(10, 905_330_000_000))
    assert again.counts("c") == {"over_budget": 10}
    again.run("b", phones(23))
    again.finish()
    assert vendor.accepted == Counter({f"+{phone}": 1 for phone in phones(23).tolist()})
    assert again.is_complete("b") and again.ledger.bought_today() == 23


def test_a_limit_between_two_steps_takes_all_of_a_list_back(
    open_driver: OpenDriver, vendor: FakeVendor, before_recording: Callable[..., None], in_steps: None
) -> None:
    """A list is not sent in part."""
    driver, other = open_driver(chunk_size=5), open_driver(chunk_size=5)

    def forbid_all() -> None:
        other.ledger.note_limit("b", 12)
        other.send("b")

    before_recording(None, forbid_all)
    driver.run("b", phones(23))
    assert not vendor.accepted and driver.counts("b") == {"over_budget": 23} and driver.ledger.bought_today() == 0


@contextmanager
def work_inside(driver: WorkflowDriver) -> Iterator[Counter[str]]:
    """What the transactions of plannings cost: statements, blobs of phones that were asked for, steps of the database's machine."""
    counted: Counter[str] = Counter()

    def count(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        counted["statements"] += 1
        counted["blobs"] += statement.startswith("SELECT") and any(each in statement for each in BLOBS)

    original = Ledger.planning

    @contextmanager
    def planning(ledger: Ledger) -> Iterator[Planning]:
        with original(ledger) as tx:
            connection = tx._connection
            raw = connection.connection.driver_connection

            def tick() -> int:
                counted["ticks"] += 1
                return 0

            sa.event.listen(connection, "before_cursor_execute", count)
            raw.set_progress_handler(tick, 10)
            try:
                yield tx
            finally:
                raw.set_progress_handler(None, 0)
                sa.event.remove(connection, "before_cursor_execute", count)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Ledger, "planning", planning)
        yield counted


def test_the_transaction_does_the_same_after_a_long_history_as_after_a_short_one(
    open_ws: Callable[..., Any], tmp_path: Any, clock: Clock
) -> None:
    """Every other writer waits for it: for what is new, never for what is finished."""
    costs = []
    for finished in (20, 400):
        driver = WorkflowDriver(open_ws(data_uri=str(tmp_path / str(finished)), max_billable=10**6, max_billable_per_day=10**6))
        fill(driver.ws, finished)
        wanted = np.sort(np.concatenate([phones(100, 905_600_000_000), phones_of(3), phones_of(7)]))
        with work_inside(driver) as cost:
            driver.plan("b", wanted)
        costs.append(cost)
        assert cost["blobs"] == 0
        assert driver.ledger.chunks_bought_for("b")[0].phone_count >= 100
    short, long = costs
    assert short["statements"] == long["statements"]
    assert long["ticks"] <= 1.3 * short["ticks"]
