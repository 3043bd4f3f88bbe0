"""What an operator's alarms ask of Dagster: does the daemon live, do ticks and runs of ours fail?"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import dagster as dg
from dagster._core.scheduler.instigation import TickStatus  # no public name

from fbcheck_pipeline.defs.embedded import Embedded
from fbcheck_pipeline.defs.instance import INSTANCE_TAG

MOST = 1000
"""Of what is counted: more of them alarm nobody the more."""


@dataclass(frozen=True)
class DagsterVitals:
    """What was found.

    Attributes:
        heartbeats: when each kind of daemon was last seen alive, UTC seconds; empty where none ever ran.
        failed_ticks: by the name of the sensor or schedule, zeros included. A failed tick is no failed run, so no webhook tells of it.
        failed_runs: of our jobs.
    """

    heartbeats: Mapping[str, float]
    failed_ticks: Mapping[str, int]
    failed_runs: int


def dagster_vitals(dagster: dg.DagsterInstance, ours: Embedded, since: float) -> DagsterVitals:
    """Look at the daemon now, and at what failed since then (UTC seconds)."""
    heartbeats = {each.daemon_type: each.timestamp for each in dagster.get_daemon_heartbeats().values()}
    return DagsterVitals(heartbeats, _failed_ticks(dagster, ours, since), _failed_runs(dagster, ours, since))


def _failed_ticks(dagster: dg.DagsterInstance, ours: Embedded, since: float) -> dict[str, int]:
    names = {each.name for each in (*(ours.definitions.sensors or ()), *(ours.definitions.schedules or ()))}
    prefix = ours.instance.named("")
    counts = {name: 0 for name in sorted(names) if name.startswith(prefix)}
    for each in dagster.all_instigator_state():
        if each.instigator_name in counts:
            ticks = dagster.get_ticks(
                each.instigator_origin_id, each.selector_id, after=since, limit=MOST, statuses=[TickStatus.FAILURE]
            )
            counts[each.instigator_name] += len(ticks)
    return counts


def _failed_runs(dagster: dg.DagsterInstance, ours: Embedded, since: float) -> int:
    """Found by status and time, for which Dagster has an index; each run of ours has the tag, so that finds too many."""
    failed = dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE], updated_after=datetime.fromtimestamp(since, UTC))
    records = dagster.get_run_records(failed, limit=MOST)
    return sum(each.dagster_run.tags.get(INSTANCE_TAG) == (ours.instance.name or "") for each in records)
