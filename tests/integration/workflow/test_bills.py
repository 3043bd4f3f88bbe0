"""Money in the outputs is what the vendor charged, whatever happened to the chunks of a list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fbcheck_pipeline.model import paths
from fbcheck_pipeline.model.columns import schema_of
from fbcheck_pipeline.results.counting import Breakdown, charged_for
from fbcheck_pipeline.results.lineage import build_lineage
from fbcheck_pipeline.workflow.answers import Tally, resolve
from fbcheck_pipeline.workflow.buying.allocation import Again
from fbcheck_pipeline.workflow.buying.pins import read_pins
from fbcheck_pipeline.workflow.collection.reconcile import resubmit
from tests.conftest import DAY_S, Clock, phones
from tests.fake_vendor import FakeVendor, ResultShape
from tests.integration.workflow.workflow_driver import WorkflowDriver


def lineage_of(driver: WorkflowDriver, key: str) -> dict[str, Any]:
    """As a join of the list would write it now."""
    pins = read_pins(driver.ws.storage, key)
    assert pins is not None
    resolved = resolve(driver.ws, key, pins)
    driver.ledger.note_read(key, {"rows": len(pins.phones)})
    found = driver.ledger.phone_list(key)
    return build_lineage(driver.ws, found, schema_of(paths.FACEBOOK_RESULTS), resolved, Tally(resolved), Breakdown(), "run", {})


def test_every_number_of_money_is_what_the_vendor_charged(
    open_driver: Callable[..., WorkflowDriver], vendor: FakeVendor, clock: Clock, subtests: pytest.Subtests
) -> None:
    """A lost answer, its resubmission, a halved chunk, a chunk that two lists share, and a second night for those without an answer."""
    driver = open_driver(min_chunk=5, chunk_size=20)
    lists = {"a": phones(26), "b": phones(30, 905_320_000_020), "c": phones(4, 905_390_000_000), "d": phones(8, 905_391_000_000)}
    with subtests.test("lost"):
        vendor.script.extend(["accept_then_cut", "accept"])
        driver.run("a", lists["a"])
        said = charged_for(driver.ws, "a")
        assert (said["billed"], said["perhaps_billed"], vendor.accepted.total()) == (13, 13, 26)
    vendor.shape = ResultShape(missing=3)
    resubmit(driver.ws, driver.chunk_key("unconfirmed"))
    driver.run("a", lists["a"])
    vendor.script.append(("status", 413, {}, b'{"error": "too large"}'))
    for key in ("b", "c", "d"):
        driver.run(key, lists[key])
    driver.finish()
    vendor.shape = ResultShape()
    clock.advance(DAY_S)
    for key, found in lists.items():
        driver.run(key, found, again=Again.NIGHT)
    driver.finish()
    lineages = {key: lineage_of(driver, key) for key in lists}
    with subtests.test("in all"):
        assert any(each.halvings for each in driver.ledger.chunks()) and vendor.most_per_phone > 1
        billed = {key: each["billing"]["billed"] for key, each in lineages.items()}
        assert sum(billed.values()) == vendor.accepted.total() and not any(
            x["billing"]["perhaps_billed"] for x in lineages.values()
        )
        assert {key: charged_for(driver.ws, key)["billed"] for key in lists} == billed
    for key, document in lineages.items():
        with subtests.test("tasks", key=key):
            assert sum(each["bought"] * each["tries"] for each in document["tasks"]) == billed[key]
            counts = driver.counts(key)
            without = sum(counts.get(each, 0) for each in ("undetermined", "waiting"))
            assert sum(document["distinct"].values()) == len(lists[key]) and document["distinct"]["none"] == without
            times = document["verdict_times"]
            assert times["oldest"] <= times["median"] <= times["newest"] and document["previous"] is None
            assert sum(each["answers"] for each in document["tasks"]) == counts["checked"] + counts.get("reused", 0)


def test_another_lists_task_is_named_as_theirs(open_driver: Callable[..., WorkflowDriver], vendor: FakeVendor) -> None:
    """Its oddities are the other list's to warn of; the answer that it gave is named."""
    vendor.status_hook = lambda task: {"success": 9}
    driver = open_driver()
    driver.run("a", phones(10))
    driver.finish()
    driver.run("b", phones(3))
    own, other = lineage_of(driver, "a"), lineage_of(driver, "b")
    assert [each["bought"] for each in own["discrepancies"]] == [True] and own["verdict_counts"]["tasks"] == 1
    assert [each["bought"] for each in other["discrepancies"]] == [False] and other["verdict_counts"]["tasks"] == 0
    (task,) = other["tasks"]
    assert (task["bought"], task["answers"], task["task_id"]) == (0, 3, own["tasks"][0]["task_id"])
