"""What becomes of a list whose file, partition or content is taken away, and of one that is joined again: each outcome is defined."""

from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow.parquet as pq
import pytest

from tests.fake_vendor import FakeVendor
from tests.integration.dagster.dagster_driver import DagsterDriver, exported_sensor, inbox_sensor, swiss


def tick(sensor: Any, driver: DagsterDriver, cursor: str | None = None) -> Any:
    with dg.build_sensor_context(instance=driver.instance, cursor=cursor, resources={"fbcheck": driver.fbcheck}) as context:
        return sensor(context)


def taken(tmp_path: Path, key: str) -> Path:
    """Where the list lies once it was taken up."""
    return tmp_path / "data" / "taken" / key / "night.csv"


def test_a_file_taken_away_after_it_was_read_is_not_missed(driver: DagsterDriver, vendor: FakeVendor, tmp_path: Path) -> None:
    """What was read lies in raw_phones; the list goes on to its results."""
    key = driver.drop("night.csv", swiss(5))
    driver.run("submit_list", key)
    taken(tmp_path, key).unlink()
    driver.finish()
    assert driver.ws.ledger.find_list(key).is_complete and len(vendor.accepted) == 5
    assert driver.run("submit_list", key, asset_selection=[dg.AssetKey("submitted_chunks")]).success


def test_a_file_taken_away_before_it_was_read_is_said_and_taken_up_when_it_is_back(driver: DagsterDriver, tmp_path: Path) -> None:
    """Nothing is sent for it, nothing else waits for it."""
    key = driver.drop("night.csv", swiss(5))
    taken(tmp_path, key).unlink()
    assert not driver.run("submit_list", key).success
    said = tick(inbox_sensor, driver)
    assert isinstance(said, dg.SkipReason) and "is no longer at" in (said.skip_message or "")
    assert driver.drop("night.csv", swiss(5)) == key and taken(tmp_path, key).exists()
    (request,) = tick(inbox_sensor, driver).run_requests
    assert request.partition_key == key


def test_other_content_under_the_same_name_is_another_list(driver: DagsterDriver, vendor: FakeVendor, tmp_path: Path) -> None:
    """The first keeps its results; of the second only what is new is bought."""
    first = driver.complete("night.csv", swiss(5))
    second = driver.complete("night.csv", swiss(7))
    assert first != second and len(driver.ws.ledger.lists()) == 2
    for key, rows in ((first, 5), (second, 7)):
        assert pq.read_metadata(tmp_path / "data" / "facebook_results" / f"{key}.parquet").num_rows == rows
    assert len(vendor.accepted) == 7 and vendor.most_per_phone == 1


def test_a_list_dropped_under_a_name_that_was_just_taken_is_a_list_of_its_own(driver: DagsterDriver, vendor: FakeVendor) -> None:
    """The first has left the inbox: neither hides the other."""
    first = driver.drop("night.csv", swiss(5))
    second = driver.complete("night.csv", swiss(7))
    assert driver.run("submit_list", first).success
    driver.finish()
    assert all(driver.ws.ledger.find_list(key).is_complete for key in (first, second))
    assert len(vendor.accepted) == 7 and vendor.most_per_phone == 1


def test_a_deleted_partition_comes_back_while_its_list_has_work_to_do(driver: DagsterDriver, vendor: FakeVendor) -> None:
    """Dagster's partitions are a view of the ledger's lists; one missing must not stop the others."""
    vendor.hold = True
    keys = [driver.drop("one.csv", swiss(3)), driver.drop("two.csv", swiss(3, start=100))]
    for key in keys:
        driver.run("submit_list", key)
    vendor.finish_all()
    driver.instance.delete_dynamic_partition("lists", keys[0])
    driver.finish_collecting()
    result = tick(exported_sensor, driver)
    assert {request.partition_key for request in result.run_requests} == set(keys)
    added = {key for request in result.dynamic_partitions_requests or [] for key in request.partition_keys}
    assert keys[0] in added | set(driver.instance.get_dynamic_partitions("lists"))


@pytest.mark.timeout(120)
def test_a_backfill_joins_chosen_lists_again_and_buys_nothing(driver: DagsterDriver, vendor: FakeVendor, tmp_path: Path) -> None:
    """Free, and idempotent: the same rows stand there afterwards."""
    keys = [driver.complete(f"{name}.csv", swiss(4, start)) for name, start in (("one", 1), ("two", 100), ("three", 200))]
    paths = [tmp_path / "data" / "facebook_results" / f"{key}.parquet" for key in keys]
    before = [pq.read_table(path) for path in paths]
    written = [path.stat().st_mtime_ns for path in paths]
    for key in keys[:2]:
        tags = {"dagster/backfill": "chosen"}
        assert driver.run("join_list", key, tags=tags).success
    runs = driver.instance.get_runs(dg.RunsFilter(tags={"dagster/backfill": "chosen"}))
    assert {run.status for run in runs} == {dg.DagsterRunStatus.SUCCESS} and len(runs) == 2
    assert [pq.read_table(path).equals(table) for path, table in zip(paths, before, strict=True)] == [True] * 3
    assert [path.stat().st_mtime_ns != at for path, at in zip(paths, written, strict=True)] == [True, True, False]
    assert len(vendor.posts) == 3 and vendor.most_per_phone == 1


@pytest.mark.parametrize("gone", ["submitted_chunks", "e164_phones", "raw_phones"])
def test_a_missing_file_of_a_list_that_is_due_for_its_join_is_made_again_first(
    driver: DagsterDriver, vendor: FakeVendor, tmp_path: Path, gone: str
) -> None:
    """A run killed between planning and writing its pins leaves a list like that; joining it would fail until nobody tries any more."""
    key = driver.drop("night.csv", swiss(5))
    driver.run("submit_list", key)
    driver.finish_collecting()
    (tmp_path / "data" / gone / f"{key}.parquet").unlink()
    driver.finish()
    results = pq.read_table(tmp_path / "data" / "facebook_results" / f"{key}.parquet").to_pylist()
    assert {row["check_status"] for row in results} <= {"checked", "reused"} and vendor.most_per_phone == 1
