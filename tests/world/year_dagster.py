"""Days of the year that Dagster has: ticks of the sensors and the schedule, and the runs that they ask for, in this process.

Dagster keeps the events of all runs in one file: a file for each, which takes it a fifth of a second, is in `test_unattended.py`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from fbcheck_pipeline.cli.target import embedded
from fbcheck_pipeline.defs import assets, requests, resources
from fbcheck_pipeline.defs.jobs import TELL
from fbcheck_pipeline.defs.kept_files import files_kept_open
from fbcheck_pipeline.defs.old_runs import delete_run, old_runs
from fbcheck_pipeline.defs.requests import PARTITION_TAG
from fbcheck_pipeline.workflow.workspace import open_workspace
from tests.conftest import drop
from tests.integration.dagster.dagster_driver import DagsterDriver, exported_sensor, inbox_sensor, nightly_enrichment
from tests.integration.workflow.workflow_driver import AT_ONCE
from tests.world.year import Year

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
"""As commands run it; the storage has the events."""


class DagsterDay:
    """What a daemon does; a run that fails is asked for again at once."""

    def __init__(self, year: Year, instance: dg.DagsterInstance) -> None:
        given = {name: getattr(year.settings, name) for name in ("data_uri", "api_url", "poll_seconds", "chunk_size", "region")}
        self._driver = DagsterDriver(instance, **given, api_key="k")
        self._driver.ws.ledger.close()
        self._year, self._instance = year, instance

    def take_in(self, files: Sequence[Path]) -> None:
        """Lists dropped into the inbox are read and submitted."""
        for path in files:
            drop(Path(self._year.ws.storage.root), path.name, path.read_bytes())
        self._tick(inbox_sensor)

    def collect(self, files: Sequence[Path] = ()) -> None:
        """Lists come, and ticks until nothing more is due."""
        self.take_in(files)
        for _ in range(4):
            if not self._tick(exported_sensor):
                return

    def night(self) -> None:
        """The nightly plan, what comes of it, and the nightly tables."""
        now = datetime.fromtimestamp(self._year.clock.now, UTC)
        resources = {"fbcheck": self._driver.fbcheck}
        with dg.build_schedule_context(instance=self._instance, scheduled_execution_time=now, resources=resources) as context:
            self._run(nightly_enrichment(context))
        self.collect()
        assert self._driver.run(TELL, run_config=QUIET).success

    def purge_runs(self) -> int:
        """What `fbcheck purge --dagster` deletes, by Dagster's own clock, which nobody moves; returns how many runs are left that are of no open list."""
        for batch in old_runs(self._instance, embedded(), self._year.ws, time.time()):
            for run_id in batch:
                delete_run(self._instance, run_id)
        open_lists = {each.list_key for each in self._year.ws.ledger.open_lists()}
        return sum(each.tags.get(PARTITION_TAG) not in open_lists for each in self._instance.get_runs())

    def _tick(self, sensor: Any) -> int:
        with dg.build_sensor_context(instance=self._instance, resources={"fbcheck": self._driver.fbcheck}) as context:
            found = sensor(context)
        return 0 if isinstance(found, dg.SkipReason) else self._run(found.run_requests)

    def _run(self, requests: Any) -> int:
        if isinstance(requests, dg.SkipReason):
            return 0
        for each in requests:
            selection = list(each.asset_selection) if each.asset_selection else None
            given = {"run_config": {**each.run_config, **QUIET}, "tags": each.tags}
            self._driver.run(each.job_name, each.partition_key, asset_selection=selection, **given)
        return len(requests)


@contextmanager
def dagster_instance(home: Path) -> Iterator[dg.DagsterInstance]:
    """An instance on the disk."""
    (home / "events").mkdir(parents=True)
    storage = {
        "module": "dagster._core.storage.event_log",
        "class": "ConsolidatedSqliteEventLogStorage",
        "config": {"base_dir": str(home / "events")},
    }
    silent = {"module": "dagster._core.storage.noop_compute_log_manager", "class": "NoOpComputeLogManager"}  # as in deploy/
    overrides = {"event_log_storage": storage, "compute_logs": silent, "telemetry": {"enabled": False}}
    with dg.DagsterInstance.local_temp(str(home), overrides=overrides) as instance:
        yield instance


@contextmanager
def dagster_of(year: Year, instance: dg.DagsterInstance) -> Iterator[DagsterDay]:
    """Dagster on the store as it is now; its steps see the year's clock, and do not wait between tries."""
    with pytest.MonkeyPatch.context() as patched, files_kept_open():
        patched.setattr(resources, "open_workspace", partial(open_workspace, clock=year.clock))
        patched.setattr(assets, "RetryPolicy", lambda **_: AT_ONCE)
        patched.setattr(requests, "FIRST_PAUSE_S", 0.0)
        yield DagsterDay(year, instance)
