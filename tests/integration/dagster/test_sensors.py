"""The sensors and the schedule: what they request follows from the ledger's state, and each skip says why."""

import io
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from fbcheck_pipeline.defs import requests
from fbcheck_pipeline.defs.requests import DAY_S, IN_HAND, MOST_ATTEMPTS, due_requests
from fbcheck_pipeline.defs.resources import FbcheckResource
from fbcheck_pipeline.files.storage import Storage
from fbcheck_pipeline.ledger.schema import ledger_meta
from fbcheck_pipeline.results.joined_list import rejoin
from fbcheck_pipeline.settings import Settings
from fbcheck_pipeline.workflow.backups.back_up import back_up
from fbcheck_pipeline.workflow.backups.restore import restore
from fbcheck_pipeline.workflow.collection.due import due_work
from fbcheck_pipeline.workflow.tables import verdict_tables
from fbcheck_pipeline.workflow.workspace import Workspace
from tests.bench.history import PHONES, UNANSWERED, fill
from tests.conftest import Clock, drop
from tests.fake_vendor import FakeVendor
from tests.integration.dagster.dagster_driver import (
    STANDING_ALONE,
    DagsterDriver,
    exported_sensor,
    inbox_sensor,
    nightly_enrichment,
    standing_alone,
    swiss,
)

NIGHT = datetime(2026, 11, 25, 2, 15, tzinfo=UTC)


@pytest.fixture
def resource(make_settings: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch) -> Any:
    """Whose settings are variables, as they are when a tick begins."""
    settings = make_settings()
    given = {"DATA_URI": settings.data_uri, "API_URL": settings.api_url, "API_KEY": "secret-key", "POLL_SECONDS": "0.01"}
    for name, value in {**given, "REGION": "CH"}.items():
        monkeypatch.setenv(f"FBCHECK_{name}", value)
    return FbcheckResource.from_env()


def tick(sensor: Any, instance: dg.DagsterInstance, resource: Any, cursor: str | None = None) -> Any:
    with dg.build_sensor_context(instance=instance, cursor=cursor, resources={"fbcheck": resource}) as context:
        return sensor(context)


def run(job: str, instance: dg.DagsterInstance, resource: Any, request: dg.RunRequest) -> None:
    """What the daemon does with a request."""
    if request.partition_key:
        instance.add_dynamic_partitions("lists", [request.partition_key])
    definitions = standing_alone(resource)
    selection = list(request.asset_selection) if request.asset_selection else None
    result = definitions.resolve_job_def(job).execute_in_process(
        instance=instance,
        partition_key=request.partition_key,
        run_config=request.run_config,
        asset_selection=selection,
        tags=request.tags,
    )
    assert result.success


def test_a_list_is_taken_up_collected_and_joined_by_the_sensors_alone(
    instance: dg.DagsterInstance, resource: Any, vendor: FakeVendor, tmp_path: Path
) -> None:
    """Three ticks, three jobs; the ledger is what the sensors remember."""
    drop(tmp_path / "data", "a.csv", "phone\n0781234567\n0781234568\n")
    taken = tick(inbox_sensor, instance, resource)
    (request,) = taken.run_requests
    run("submit_list", instance, resource, request)
    assert isinstance(tick(inbox_sensor, instance, resource, taken.cursor), dg.SkipReason)
    (collecting,) = next(
        ticked.run_requests
        for ticked in iter(lambda: tick(exported_sensor, instance, resource), None)
        if isinstance(ticked, dg.SensorResult)
    )
    run("collect_verdicts", instance, resource, collecting)
    (joining,) = tick(exported_sensor, instance, resource).run_requests
    run("join_list", instance, resource, joining)
    assert "nothing new is due" in tick(exported_sensor, instance, resource).skip_message
    assert (tmp_path / "data" / "facebook_results" / f"{request.partition_key}.parquet").exists()
    assert vendor.most_per_phone == 1


def test_a_file_that_is_still_being_written_waits(instance: dg.DagsterInstance, resource: Any, tmp_path: Path) -> None:
    """Half a list read is rows lost."""
    path = drop(tmp_path / "data", "a.csv", "phone\n0781234567\n", age_s=0)
    assert "still being written" in tick(inbox_sensor, instance, resource).skip_message
    os.utime(path, (time.time() - 60, time.time() - 60))
    assert tick(inbox_sensor, instance, resource).run_requests


def test_without_a_key_the_sensor_says_what_is_missing(
    instance: dg.DagsterInstance, resource: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It skips; it never fails and never begins work it cannot end."""
    drop(tmp_path / "data", "a.csv", "phone\n0781234567\n")
    monkeypatch.delenv("FBCHECK_API_KEY")
    skipped = tick(inbox_sensor, instance, resource)
    assert "FBCHECK_API_KEY" in skipped.skip_message
    assert not (tmp_path / "data" / "ledger.db").exists()


def test_a_list_without_the_required_purpose_is_not_taken_up_until_there_is_one(
    instance: dg.DagsterInstance, resource: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The skip says what is missing; neither the sensor nor the night begins anything; a setting that comes later is enough."""
    drop(tmp_path / "data", "a.csv", "phone\n0781234567\n")
    monkeypatch.setenv("FBCHECK_REQUIRE_PURPOSE", "true")
    monkeypatch.setenv("FBCHECK_PUPOSE", "billing")
    skipped = tick(inbox_sensor, instance, resource).skip_message
    assert "a.csv is not accepted" in skipped and "FBCHECK_PUPOSE is no setting" in skipped
    night = {"instance": instance, "resources": {"fbcheck": resource}, "scheduled_execution_time": NIGHT}
    with dg.build_schedule_context(**night) as context:
        assert isinstance(nightly_enrichment(context), dg.SkipReason)
    monkeypatch.setenv("FBCHECK_PURPOSE", "billing")
    assert len(tick(inbox_sensor, instance, resource).run_requests) == 1


def test_an_unreadable_list_is_named_and_blocks_no_other(
    instance: dg.DagsterInstance, resource: Any, vendor: FakeVendor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bad one goes back and is tried once; one whose damage shows late is tried once, and once more when it is dropped again."""
    drop(tmp_path / "data", "bad.csv", "name\nanna\nbea\n")
    drop(tmp_path / "data", "good.csv", "phone\n0781234567\n")
    sink = io.BytesIO()
    pq.write_table(pa.table({"phone": [f"+4178{n:07d}" for n in range(3000)]}), sink, row_group_size=1000, compression="zstd")
    damaged = bytearray(sink.getvalue())
    damaged[len(damaged) // 2 : len(damaged) // 2 + 500] = bytes(500)
    drop(tmp_path / "data", "late.parquet", bytes(damaged))
    good, late = sorted(tick(inbox_sensor, instance, resource).run_requests, key=lambda each: str(each.partition_key))
    assert [path.name for path in (tmp_path / "data" / "inbox").rglob("*") if path.is_file()] == ["bad.csv"]
    with pytest.raises(Exception, match=r"late\.parquet"):
        run("submit_list", instance, resource, late)
    assert instance.get_dynamic_partitions("lists") == [good.partition_key]
    run("submit_list", instance, resource, good)
    for _ in range(2):
        skipped = tick(inbox_sensor, instance, resource).skip_message
        assert "bad.csv cannot be read: no column reads" in skipped and "late.parquet cannot be read" in skipped
    drop(tmp_path / "data", "late.parquet", bytes(damaged))
    monkeypatch.setattr(requests, "FIRST_PAUSE_S", 0.0)
    (again,) = tick(inbox_sensor, instance, resource).run_requests
    assert again.partition_key == late.partition_key


def test_what_fails_for_good_is_tried_ever_more_rarely_five_times_a_day_and_again_the_next(
    instance: dg.DagsterInstance, resource: Any, vendor: FakeVendor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key that was used is never launched again, so the attempt rises after a failure; the skip says what waits, and until when."""
    drop(tmp_path / "data", "a.csv", "phone\njunk\n0781234567\n")
    (request,) = tick(inbox_sensor, instance, resource).run_requests
    assert tick(inbox_sensor, instance, resource).run_requests[0].run_key == request.run_key
    midnight = (time.time() // DAY_S + 1) * DAY_S
    launched: dict[float, str] = {}
    for at in (0, 59, 60, 299, 300, 1259, 1260, 5099, 5100, DAY_S - 1, DAY_S, DAY_S + 60):
        monkeypatch.setattr(requests.time, "time", lambda now=midnight + at: now)
        found = tick(inbox_sensor, instance, resource)
        if isinstance(found, dg.SkipReason):
            until = "tomorrow" if len(launched) == MOST_ATTEMPTS else "at "
            assert f"submit:{request.partition_key} has failed" in found.skip_message and f"again {until}" in found.skip_message
            continue
        (again,) = found.run_requests
        launched[at] = again.run_key or ""
        fail(instance, again, midnight + at)
    assert [*launched] == [0, 60, 300, 1260, 5100, DAY_S, DAY_S + 60]
    assert [each.rpartition(":")[0] for each in launched.values()] == [
        f"submit:{request.partition_key}:{attempt}" for attempt in range(len(launched))
    ]


def fail(instance: dg.DagsterInstance, request: dg.RunRequest, at: float) -> None:
    """A run of this request that ended so, at that time."""
    run = dg.DagsterRun("submit_list", status=dg.DagsterRunStatus.STARTED, tags={**request.tags})
    instance.add_run(run)
    event = dg.DagsterEvent(dg.DagsterEventType.RUN_FAILURE.value, "submit_list")
    instance.run_storage.handle_run_event(run.run_id, event, datetime.fromtimestamp(at, UTC))


def test_a_join_that_cannot_write_is_put_off_and_named(
    instance: dg.DagsterInstance, open_driver: Callable[..., DagsterDriver], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One failed run, then none until its time has come; what was in the way is gone by then. While one is under way no file is asked for."""
    driver = open_driver()
    key = driver.drop("a.csv", swiss(3))
    assert driver.run("submit_list", key).success
    driver.finish_collecting()
    (tmp_path / "data" / "facebook_results").touch()
    (request,) = tick(exported_sensor, instance, driver.fbcheck).run_requests
    created = instance.add_run(dg.DagsterRun("join_list", tags={**request.tags}))  # by a daemon that was killed then
    assert [each.run_key for each in tick(exported_sensor, instance, driver.fbcheck).run_requests] == [request.run_key]
    instance.delete_run(created.run_id)
    under_way = instance.add_run(dg.DagsterRun("join_list", status=dg.DagsterRunStatus.STARTED, tags={**request.tags}))
    asked, exists = list[str](), Storage.exists
    with monkeypatch.context() as patched:
        patched.setattr(Storage, "exists", lambda storage, name: asked.append(name) or exists(storage, name))
        assert IN_HAND in tick(exported_sensor, instance, driver.fbcheck).skip_message
    assert not [name for name in asked if key in name]
    instance.delete_run(under_way.run_id)
    assert not driver.run("join_list", key, tags=request.tags).success
    skipped = tick(exported_sensor, instance, driver.fbcheck).skip_message
    assert f"join:{key}:" in skipped and "has failed and is tried again at " in skipped
    (tmp_path / "data" / "facebook_results").unlink()
    now = time.time() + requests.FIRST_PAUSE_S + 1
    monkeypatch.setattr(requests.time, "time", lambda: now)
    (again,) = tick(exported_sensor, instance, driver.fbcheck).run_requests
    assert again.run_key != request.run_key and driver.run("join_list", key, tags=again.tags).success


def test_the_night_tries_unanswered_phones_again(
    instance: dg.DagsterInstance, resource: Any, ws: Workspace, tmp_path: Path
) -> None:
    """Every list that is not complete is planned once more, with the night's rights."""
    drop(tmp_path / "data", "a.csv", "phone\n0781234567\n")
    with dg.build_schedule_context(instance=instance, resources={"fbcheck": resource}, scheduled_execution_time=NIGHT) as context:
        (request,) = nightly_enrichment(context)
    assert request.run_config["ops"]["submitted_chunks"]["config"]["again"] == "night"
    assert instance.has_dynamic_partition("lists", request.partition_key)


def test_the_night_tells_of_the_verdicts_of_a_large_store(
    instance: dg.DagsterInstance, resource: Any, ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each collection leaves that to it; a day without new verdicts writes nothing."""
    monkeypatch.setattr(verdict_tables, "AT_ONCE", 0)
    fill(ws, 2)
    count = 2 * (PHONES - UNANSWERED)
    verdict_tables.refresh_at_once(ws)
    assert not ws.storage.exists("current_verdicts/all.parquet")
    schedule = standing_alone(resource).resolve_schedule_def("nightly_tables")
    run(schedule.job_name, instance, resource, dg.RunRequest())
    assert ws.storage.row_count("current_verdicts/all.parquet") == count
    run(schedule.job_name, instance, resource, dg.RunRequest())
    events = instance.fetch_materializations(dg.AssetKey("current_verdicts"), limit=2).records
    written = [each.asset_materialization.metadata["fbcheck/rows_written"].value for each in events if each.asset_materialization]
    assert written == [{}, {"verdict_changes/all.parquet": 0, "current_verdicts/all.parquet": count}]


def test_nothing_due_requests_nothing(instance: dg.DagsterInstance, ws: Workspace) -> None:
    """An empty ledger is a quiet one."""
    assert due_requests(instance, STANDING_ALONE, ws, due_work(ws.ledger)) == ([], [])


def test_the_night_plans_the_oldest_list_first(instance: dg.DagsterInstance, resource: Any, ws: Workspace, clock: Clock) -> None:
    """What is over budget longest gets the new day's budget first."""
    for key in ("c", "a", "b"):
        ws.ledger.register_list(key, file=key, source="s", sha256=key, options={}, purpose=None)
        with ws.ledger.planning() as tx:
            tx.mark_planned(key, forbidden_phones=1)
        clock.advance(1)
    with dg.build_schedule_context(instance=instance, resources={"fbcheck": resource}, scheduled_execution_time=NIGHT) as context:
        assert [request.partition_key for request in nightly_enrichment(context)] == ["c", "a", "b"]


def test_nothing_is_submitted_after_a_restore_and_each_tick_says_why(
    instance: dg.DagsterInstance, resource: Any, ws: Workspace, tmp_path: Path
) -> None:
    """New lists are taken up, and wait for a person's word as those of the night do."""
    with ws.ledger.database.writing() as connection:
        connection.execute(sa.update(ledger_meta).values(restored_at=ws.ledger.clock()))
    drop(tmp_path / "data", "a.csv", "phone\n0781234567\n")
    with dg.build_schedule_context(instance, scheduled_execution_time=NIGHT, resources={"fbcheck": resource}) as context:
        skipped = [tick(inbox_sensor, instance, resource), nightly_enrichment(context)]
    assert all("restore --resume DAY" in each.skip_message for each in skipped)
    assert len(ws.ledger.new_lists()) == 1
    ws.ledger.resume(ws.ledger.clock() + DAY_S)
    assert len(tick(inbox_sensor, instance, resource).run_requests) == 1


def test_what_was_done_after_the_backup_is_done_again_in_the_restored_store(
    instance: dg.DagsterInstance,
    resource: Any,
    make_settings: Callable[..., Settings],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """Dagster remembers the runs that collected and joined; what they wrote is lost."""

    def collect_and_join() -> None:
        for job in ("collect_verdicts", "join_list"):
            ticks = (tick(exported_sensor, instance, resource) for _ in range(100))
            run(job, instance, resource, next(each for each in ticks if isinstance(each, dg.SensorResult)).run_requests[0])

    drop(tmp_path / "data", "a.csv", "phone\n0781234567\n0781234568\n")
    run("submit_list", instance, resource, tick(inbox_sensor, instance, resource).run_requests[0])
    back_up(resource.workspace(), str(tmp_path / "backup"))
    resource.close()
    collect_and_join()
    settings = make_settings(data_uri=str(tmp_path / "restored"))
    restore(settings, str(tmp_path / "backup"), rejoin)
    monkeypatch.setenv("FBCHECK_DATA_URI", settings.data_uri)
    resource = FbcheckResource.from_env()
    collect_and_join()
    assert len(list((tmp_path / "restored" / "facebook_results").glob("*.parquet"))) == 1
