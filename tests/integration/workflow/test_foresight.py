"""A dry run says what the next run submits, from whatever state, and leaves no trace."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fbcheck_pipeline.errors import VendorRefuses
from fbcheck_pipeline.ledger import ChunkState
from fbcheck_pipeline.settings import load_settings
from fbcheck_pipeline.workflow.buying.allocation import Again
from fbcheck_pipeline.workflow.buying.send import RetryPolicy
from fbcheck_pipeline.workflow.collection.reconcile import abandon, resubmit
from fbcheck_pipeline.workflow.workspace import open_workspace
from tests.conftest import DAY_S, Clock, phones
from tests.fake_vendor import FakeVendor, ResultShape
from tests.integration.workflow.workflow_driver import WorkflowDriver, everything

OpenDriver = Callable[..., WorkflowDriver]
LISTS = {"a": phones(12), "b": phones(12, 905_320_000_006), "c": phones(4, 905_320_000_030), "d": phones(24)}
KEYS = st.lists(st.sampled_from(sorted(LISTS)), min_size=1, max_size=3, unique=True)
ONCE = RetryPolicy(tries=1)
LIMITS = st.sampled_from([None, None, 0, 8, 15])
ANSWERS = st.lists(st.sampled_from(["accept", "accept", 402, 400, 500, "accept_then_cut"]), max_size=4)
EVENT = st.one_of(
    st.tuples(st.just("run"), KEYS, st.sampled_from(list(Again)), LIMITS, ANSWERS),
    st.tuples(st.just("plan"), KEYS, st.sampled_from(list(Again)), LIMITS),
    st.tuples(st.just("send by another"), KEYS),
    st.tuples(st.just("finish"), st.integers(0, 5)),
    st.tuples(st.just("reconcile"), st.booleans()),
    st.tuples(st.just("suppress"), st.integers(0, 30)),
    st.tuples(st.just("wait"), st.sampled_from([1, 4])),
)


def happen(driver: WorkflowDriver, other: WorkflowDriver, vendor: FakeVendor, clock: Clock, event: tuple[Any, ...]) -> None:
    """One event of a history."""
    clock.advance(1)
    match event:
        case ("run", keys, again, limit, answers):
            vendor.script.extend(answers)
            with suppress(VendorRefuses):
                driver.run_all({key: LISTS[key] for key in keys}, ONCE, again=again, max_billable=limit)
            vendor.script.clear()
        case ("plan", keys, again, limit):
            for key in keys:
                driver.plan(key, LISTS[key], again=again, max_billable=limit)
        case ("send by another", keys):
            for key in keys:
                other.send(key, ONCE)
        case ("finish", missing):
            for task in vendor.tasks.values():
                task.shape = ResultShape(format="csv", missing=min(missing, len(task.phones)))
            driver.finish()
        case ("reconcile", again):
            for chunk in driver.ledger.chunks(states=[ChunkState.UNCONFIRMED]):
                with suppress(Exception):
                    (resubmit if again else abandon)(driver.ws, chunk.chunk_key)
        case ("suppress", first):
            driver.ledger.suppress(phones(1, 905_320_000_000 + first))
        case ("wait", days):
            clock.advance(days * DAY_S)


@given(
    history=st.lists(EVENT, max_size=5),
    keys=KEYS,
    again=st.sampled_from(list(Again)),
    limit=LIMITS,
    smallest=st.sampled_from([1, 3, 5]),
    per_list=st.sampled_from([None, 10]),
    per_day=st.sampled_from([None, 20]),
    others=st.sampled_from([None, 6]),
)
@settings(max_examples=60, suppress_health_check=list(HealthCheck), print_blob=True, database=None)
def test_a_dry_run_foretells_the_run_after_any_history(
    history: list[tuple[Any, ...]],
    keys: list[str],
    again: Again,
    limit: int | None,
    smallest: int,
    per_list: int | None,
    per_day: int | None,
    others: int | None,
    vendor: FakeVendor,
    empty_ledger: Path,
) -> None:
    """The vendor accepts exactly as many phones as the dry run said, of each list its own part; nothing was written for it."""
    clock, lists, folder = Clock(), {key: LISTS[key] for key in keys}, Path(tempfile.mkdtemp())
    vendor.accepted.clear()
    vendor.tasks.clear()
    (folder / "data").mkdir()
    shutil.copy(empty_ledger, folder / "data" / "ledger.db")
    given = load_settings(
        data_uri=str(folder / "data"), api_url=vendor.url, api_key="k", chunk_size=6, min_chunk=smallest,
        max_billable=per_list, max_billable_per_day=per_day,
    )  # fmt: skip
    driver = WorkflowDriver(open_workspace(given, clock))
    other = WorkflowDriver(open_workspace(given.model_copy(update={"max_billable": others}), clock))
    try:
        for event in history:
            happen(driver, other, vendor, clock, event)
        before, files = everything(driver.ledger), sorted(folder.rglob("*"))
        told, told_of_each = driver.foresee(lists, again=again, max_billable=limit)
        assert everything(driver.ledger) == before and sorted(folder.rglob("*")) == files
        accepted, known = sum(vendor.accepted.values()), {each.task_id for each in driver.ledger.chunks()}
        driver.run_all(lists, ONCE, again=again, max_billable=limit)
        assert sum(vendor.accepted.values()) - accepted == told
        new = {each.chunk_key for each in driver.ledger.chunks() if each.task_id not in known}
        own = {key: driver.ledger.parts_of(key) for key in lists}
        assert {key: sum(own[key][each].phone_count for each in new if each in own[key]) for key in lists} == told_of_each
    finally:
        driver.ledger.close()
        other.ledger.close()
        shutil.rmtree(folder)


@pytest.mark.parametrize(("limit", "billed"), [(None, 250), (100, 0), (250, 250)])
def test_a_dry_run_counts_what_an_earlier_run_planned(
    limit: int | None, billed: int, open_driver: OpenDriver, vendor: FakeVendor
) -> None:
    """Seen: it said 0, then 250 were billed."""
    driver = open_driver(chunk_size=50)
    vendor.script.append(402)
    with pytest.raises(VendorRefuses):
        driver.run("a", phones(250))
    assert driver.foresee({"a": phones(250)}, max_billable=limit) == (billed, {"a": billed})
    driver.run("a", phones(250), max_billable=limit)
    assert sum(vendor.accepted.values()) == billed


def test_a_shared_chunk_counts_whole_at_the_top_and_in_each_list_its_own_part(
    open_driver: OpenDriver, vendor: FakeVendor
) -> None:
    """MIN_CHUNK pools what waits for other lists, also for one that is not run."""
    driver = open_driver(min_chunk=10)
    driver.run("a", phones(4))
    driver.run("b", phones(4, 905_330_000_000))
    lists = {"c": phones(5, 905_340_000_000), "b": phones(4, 905_330_000_000)}
    assert driver.foresee(lists) == (13, {"c": 5, "b": 4})
    driver.run_all(lists)
    assert [len(post.split()) for post in vendor.posts] == [13]
