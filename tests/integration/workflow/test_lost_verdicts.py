"""A verdict file that is lost or damaged on the disk: made anew where its result was kept, else held and named; others go on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from fbcheck_pipeline.errors import StorageError
from fbcheck_pipeline.workflow.buying.allocation import Again
from fbcheck_pipeline.workflow.index.index_upkeep import update_index
from fbcheck_pipeline.workflow.index.phone_history import history_of
from fbcheck_pipeline.workflow.verdict_files.lost_verdicts import verdicts_of
from tests.conftest import DAY_S, Clock, phones
from tests.fake_vendor import FakeVendor, ResultShape
from tests.integration.workflow.workflow_driver import WorkflowDriver

OpenDriver = Callable[..., WorkflowDriver]


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-40])


def flip(path: Path) -> None:
    """The footer is well, what it tells of is not."""
    content = bytearray(path.read_bytes())
    content[4:60] = bytes(56)
    path.write_bytes(content)


LOSSES: dict[str, Callable[[Path], None]] = {
    "lost": Path.unlink,
    "cut": cut,
    "empty": lambda path: path.write_bytes(b""),
    "flipped": flip,
}


def lose(tmp_path: Path, how: Callable[[Path], None], *folders: str) -> Path:
    """What the disk does to the one file of each folder; returns where the last lay."""
    for folder in folders:
        (path,) = (tmp_path / "data" / folder).iterdir()
        how(path)
    return path


@pytest.mark.parametrize("how", LOSSES)
def test_a_lost_verdict_file_is_made_anew_from_the_kept_result(
    how: str, open_driver: OpenDriver, vendor: FakeVendor, tmp_path: Path
) -> None:
    """One truncated file stopped the planning of every list."""
    driver = open_driver()
    driver.run("a", phones(10))
    driver.finish()
    before = (tmp_path / "data" / "verdicts" / f"{next(iter(vendor.tasks))}.parquet").read_bytes()
    path = lose(tmp_path, LOSSES[how], "verdicts")
    driver.run("b", phones(15))
    driver.finish()
    assert driver.counts("b") == {"reused": 10, "checked": 5} and vendor.most_per_phone == 1
    assert driver.counts("a") == {"checked": 10} and path.read_bytes() == before


@pytest.mark.parametrize("how", LOSSES)
def test_what_cannot_be_made_anew_is_held_and_named_and_other_lists_go_on(
    how: str, open_driver: OpenDriver, vendor: FakeVendor, clock: Clock, tmp_path: Path
) -> None:
    """Its phones are bought again by nobody; a list that needs none of it has its results, and a backup mends the others."""
    driver = open_driver()
    driver.run("a", phones(10))
    driver.finish()
    backup = (tmp_path / "data" / "verdicts" / f"{next(iter(vendor.tasks))}.parquet").read_bytes()
    path = lose(tmp_path, LOSSES[how], "result_files", "verdicts")
    for again in Again:
        driver.run("b", phones(15), again=again)
        assert driver.ledger.phone_list("b").count("reused") == 10, "what is counted needs no verdict"
        driver.run("c", phones(5, 905_330_000_000), again=again)
        driver.finish()
        clock.advance(2 * DAY_S)
    assert driver.counts("c") == {"checked": 5} and vendor.most_per_phone == 1
    for key in ("a", "b"):
        with pytest.raises(StorageError, match=rf"{path} are lost or damaged.*backup") as caught:
            driver.counts(key)
        assert "9053" not in str(caught.value)
    path.write_bytes(backup)
    assert driver.counts("b") == {"reused": 10, "checked": 5} and driver.counts("a") == {"checked": 10}


def test_a_kept_result_that_says_less_does_not_stand_in(open_driver: OpenDriver, vendor: FakeVendor, tmp_path: Path) -> None:
    """The answers of two fetches were united: one of them alone would turn answers into none."""
    vendor.shape = ResultShape(format="csv", rows=lambda rows: rows[:7])
    driver = open_driver()
    driver.run("a", phones(10))
    driver.finish()
    next(iter(vendor.tasks.values())).shape = ResultShape(format="csv", rows=lambda rows: rows[3:])
    driver.collect()
    assert driver.states() == ["collected"] and driver.counts("a") == {"checked": 10}
    lose(tmp_path, Path.unlink, "verdicts")
    with pytest.raises(StorageError):
        driver.counts("a")
    driver.run("b", phones(10))
    assert len(vendor.posts) == 1


def test_a_short_result_whose_verdicts_were_lost_is_fetched_again(
    open_driver: OpenDriver, vendor: FakeVendor, tmp_path: Path
) -> None:
    """What the vendor still has mends it, and what was answered before is not taken for unanswered."""
    vendor.shape = ResultShape(format="csv", rows=lambda rows: rows[:7])
    driver = open_driver()
    driver.run("a", phones(10))
    driver.finish()
    lose(tmp_path, Path.unlink, "result_files", "verdicts")
    next(iter(vendor.tasks.values())).shape = ResultShape(format="csv", rows=lambda rows: rows[2:8])
    driver.collect()
    (chunk,) = driver.ledger.chunks()
    assert chunk.unanswered_count == 2 and chunk.state == "exported"
    next(iter(vendor.tasks.values())).shape = ResultShape()
    driver.collect()
    assert driver.counts("a") == {"checked": 10} and len(vendor.posts) == 1


@pytest.mark.parametrize("how", LOSSES)
def test_a_damaged_index_is_not_used(how: str, open_driver: OpenDriver, vendor: FakeVendor, tmp_path: Path) -> None:
    """The ledger knows as much, and it is made anew from there, whatever became of the verdict files."""
    driver = open_driver()
    for place in range(3):
        driver.run(f"list{place}", phones(5, 905_320_000_000 + 5 * place))
        driver.finish()
    assert update_index(driver.ws, max_loose=0)
    lose(tmp_path, LOSSES[how], "verdict_index")
    next((tmp_path / "data" / "verdicts").iterdir()).unlink()
    driver.run("b", phones(16))
    driver.finish()
    assert vendor.most_per_phone == 1 and driver.counts("b") == {"reused": 15, "checked": 1}
    next((tmp_path / "data" / "verdicts").iterdir()).unlink()
    assert update_index(driver.ws, max_loose=0)
    assert np.count_nonzero(history_of(driver.ws, phones(16)).verdict >= 0) == 16


def test_a_purge_leaves_nothing_that_is_made_anew(open_driver: OpenDriver, vendor: FakeVendor, tmp_path: Path) -> None:
    """A join that began before must not bring the phones back."""
    driver = open_driver()
    driver.run("a", phones(10))
    driver.finish()
    (chunk,) = driver.ledger.chunks()
    lose(tmp_path, Path.unlink, "verdicts")
    with driver.ledger.database.writing() as connection:
        connection.exec_driver_sql("UPDATE chunks SET state = 'purged'")
    with pytest.raises(StorageError):
        verdicts_of(driver.ws, chunk)
    assert not list((tmp_path / "data" / "verdicts").iterdir())
