"""A list nearly all of which is rejected was probably read wrongly: it is held, and nothing of it is bought before a person knows."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from fbcheck_pipeline.errors import OperatorError
from fbcheck_pipeline.ledger import codec
from fbcheck_pipeline.lists import ReadOptions
from fbcheck_pipeline.workflow.arrival.intake import add_list
from fbcheck_pipeline.workflow.buying.foresight import rehearse_list
from fbcheck_pipeline.workflow.buying.held import what_to_do
from fbcheck_pipeline.workflow.buying.pins import read_pins
from fbcheck_pipeline.workflow.buying.submit import submit_list
from fbcheck_pipeline.workflow.collection.due import due_work
from fbcheck_pipeline.workflow.content import content_of
from fbcheck_pipeline.workflow.workspace import rehearsing
from tests.conftest import phones
from tests.fake_vendor import FakeVendor
from tests.integration.workflow.workflow_driver import AT_ONCE, WorkflowDriver, batch_of

JUNK = batch_of(phones(5), rejected=95)


def submit(driver: WorkflowDriver, key: str = "junk", **given: Any) -> dict[str, int]:
    """Submit a list of five phones and 95 cells that are too short, as anybody would who runs it."""
    driver.register(key)
    return submit_list(driver.ws, driver.client, key, content_of([JUNK]), policy=AT_ONCE, **given).counts


def test_a_held_list_buys_nothing_whoever_runs_it(open_driver: Callable[..., WorkflowDriver], vendor: FakeVendor) -> None:
    """Nor does a run of another list that carries the same phones' neighbours: nothing of it is planned, so nothing can be sent."""
    driver = open_driver()
    for _ in range(3):
        counts = submit(driver)
        assert (counts["rejected"], counts["waiting"], counts["phones"]) == (95, 5, 100)
    driver.run("good", phones(3, 905_330_000_000))
    assert len(vendor.accepted) == 3 and len(driver.ledger.chunks()) == 1
    told = what_to_do(driver.ledger.phone_list("junk")) or ""
    assert "95 of 100 cells that are not empty" in told and "95 too short" in told and "`fbcheck run junk --yes`" in told


def test_a_held_list_is_joined_once_and_then_left_alone(open_driver: Callable[..., WorkflowDriver], vendor: FakeVendor) -> None:
    """Its result shows why it waits; no sensor sends it or plans it for ever."""
    driver = open_driver()
    submit(driver)
    due = due_work(driver.ledger)
    assert [key for key, _ in due.joins] == ["junk"] and not due.sends
    assert driver.counts("junk") == {"waiting": 5}
    held = driver.ledger.phone_list("junk")
    driver.ledger.note_joined("junk", revision=held.revision, counts={}, is_complete=True)
    assert not due_work(driver.ledger) and not driver.ledger.phone_list("junk").is_complete


def test_a_persons_word_counts_for_everybody_after(open_driver: Callable[..., WorkflowDriver], vendor: FakeVendor) -> None:
    """A sensor or a night that comes later buys what is left, and asks nobody again."""
    driver = open_driver(max_tries=2)
    submit(driver)
    submit(driver, is_confirmed=True)
    assert set(vendor.accepted) == {f"+{each}" for each in phones(5)}
    confirmed = driver.ledger.phone_list("junk")
    assert confirmed.held is None and confirmed.confirmed_at is not None
    assert submit(driver)["waiting"] == 5 and len(vendor.posts) == 1  # with the vendor by now
    driver.finish()
    assert driver.counts("junk") == {"checked": 5}


def test_a_word_given_by_a_process_that_was_killed_is_kept(
    open_driver: Callable[..., WorkflowDriver], vendor: FakeVendor
) -> None:
    """It was recorded before anything was planned: the sensors go on with the list."""
    driver = open_driver()
    submit(driver)
    driver.ledger.confirm("junk")
    assert [key for key, _ in due_work(driver.ledger).sends] == ["junk"] and not due_work(driver.ledger).joins
    submit(driver)
    assert len(vendor.accepted) == 5


def test_a_list_of_another_region_is_held_though_a_third_of_it_reads(
    open_driver: Callable[..., WorkflowDriver], vendor: FakeVendor
) -> None:
    """Twelve American numbers are also numbers in Istanbul: their strangers are not billed, and the region to try is named."""
    driver = open_driver()
    cells = [f"({area}) 555-01{number:02d}" for area in (212, 415, 650) for number in range(12)]
    batch = batch_of(codec.from_e164(pa.array(f"+90{cell[1:4]}{cell[6:9]}{cell[10:]}" for cell in cells[:12])), rejected=24)
    batch = batch.append_column("phone_raw", pa.array(cells))
    driver.ledger.register_list("us", file="us", source="s", sha256="us", options={"region": "TR"}, purpose=None)
    assert submit_list(driver.ws, driver.client, "us", content_of([batch]), policy=AT_ONCE).counts["waiting"] == 12
    told = what_to_do(driver.ledger.phone_list("us")) or ""
    assert (
        "24 of 36 cells that are not empty hold no usable number in TR" in told and "`--region US`" in told and not vendor.posts
    )
    submit_list(driver.ws, driver.client, "us", content_of([batch]), policy=AT_ONCE, is_confirmed=True)
    assert len(vendor.accepted) == 12


def test_a_list_that_was_planned_before_is_not_held(open_driver: Callable[..., WorkflowDriver], vendor: FakeVendor) -> None:
    """Its pins answer phones that were paid for: they must stay as they are."""
    driver = open_driver()
    driver.run("junk", phones(5))
    driver.finish()
    submit(driver)
    assert driver.ledger.phone_list("junk").held is None and driver.counts("junk") == {"checked": 5}


@pytest.mark.parametrize("is_confirmed", [False, True])
def test_a_dry_run_foretells_what_is_held(open_driver: Callable[..., WorkflowDriver], is_confirmed: bool) -> None:
    """It bills nothing without a person's word, five phones with it, and records neither."""
    driver = open_driver()
    driver.register("junk")
    with rehearsing(driver.ws) as ws:
        chunks = rehearse_list(ws, "junk", content_of([JUNK]), is_confirmed=is_confirmed).chunks
        assert (ws.ledger.phone_list("junk").held is None) is is_confirmed
    assert sum(chunks.values()) == (5 if is_confirmed else 0)
    untouched = driver.ledger.phone_list("junk")
    assert untouched.held is None and untouched.confirmed_at is None


def test_only_a_held_list_is_read_anew_with_other_options(
    open_driver: Callable[..., WorkflowDriver], vendor: FakeVendor, tmp_path: Path
) -> None:
    """What was read and not doubted keeps its reading; what a person confirmed does, too. The purpose stays."""
    driver, path = open_driver(), tmp_path / "a.csv"
    path.write_text("phone\n12345\n")
    key = add_list(driver.ws, path, ReadOptions(), "billing")
    driver.ledger.note_read(key, {"rows": 100})
    with pytest.raises(OperatorError, match="already read with other options"):
        add_list(driver.ws, path, ReadOptions(region="TR"), None)
    submit(driver, key)
    for name in ("facebook_results/{}.parquet", "lineage/{}.lineage.json"):
        driver.ws.storage.write_bytes(name.format(key), b"of the first reading")
    assert add_list(driver.ws, path, ReadOptions(), None) == key
    assert driver.ledger.phone_list(key).held, "the same options change nothing"
    assert add_list(driver.ws, path, ReadOptions(region="TR"), None) == key
    anew = driver.ledger.phone_list(key)
    assert (anew.options, anew.purpose, anew.reading, anew.held, anew.planned_at) == (
        {"region": "TR"},
        "billing",
        None,
        None,
        None,
    )
    assert not driver.ws.storage.exists(f"facebook_results/{key}.parquet") and read_pins(driver.ws.storage, key) is not None
    driver.ledger.note_read(key, {"rows": 100})
    submit(driver, key, is_confirmed=True)
    with pytest.raises(OperatorError, match="already read with other options"):
        add_list(driver.ws, path, ReadOptions(region="CH"), None)


def test_a_better_reading_lifts_the_hold(open_driver: Callable[..., WorkflowDriver], vendor: FakeVendor) -> None:
    """Read anew, the list is planned like any other, and its earlier pins answer nothing."""
    driver = open_driver()
    submit(driver)
    driver.submit("junk", phones(50))
    assert driver.ledger.phone_list("junk").held is None and len(vendor.accepted) == 50
    assert codec.to_e164(phones(1)).to_pylist()[0] in vendor.accepted
