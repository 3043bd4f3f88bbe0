"""What takes lists of a source by itself; both buy.

Its sensor takes a new materialization of what it is made of, and submits new lists; its schedule takes one at its own times.
"""

from collections.abc import Sequence
from typing import Union

import dagster as dg

from fbcheck_pipeline.defs.instance import Instance, Job
from fbcheck_pipeline.defs.requests import WORK_TAG, Work, first_submission, requests_for
from fbcheck_pipeline.defs.resources import FbcheckResource
from fbcheck_pipeline.defs.sensors import Ticked, open_reasons, ticked
from fbcheck_pipeline.defs.taking import take_job_name
from fbcheck_pipeline.defs.times import Times
from fbcheck_pipeline.workflow.arrival.snapshots import SnapshotRules, is_day_full

SECONDS = 10


def source_sensor(
    instance: Instance, rules: SnapshotRules, upstream: Sequence[dg.AssetKey], jobs: Sequence[Job]
) -> dg.SensorDefinition:
    """The sensor `<source>_source_sensor`.

    Args:
        upstream: the assets that it watches.
        jobs: that take its list and submit it.
    """

    @dg.sensor(
        name=instance.named(f"{rules.source}_source_sensor"),
        jobs=list(jobs),
        minimum_interval_seconds=SECONDS,
        default_status=instance.sensor_status(is_buying=True),
        required_resource_keys={instance.fbcheck_key},
        description=f"Takes a list of {rules.source} when what it is made of was materialized, and submits new lists of it.",
    )
    def sensor(context: dg.SensorEvaluationContext, **_: object) -> Ticked:
        def look(fbcheck: FbcheckResource) -> Ticked:
            fbcheck.client()  # raises without a key, before any work begins
            return _due(context.instance, instance, fbcheck, rules, upstream)

        return ticked(instance.fbcheck(context), look)

    return sensor


def source_schedule(instance: Instance, source: str, times: Times, job: Job) -> dg.ScheduleDefinition:
    """The schedule `<source>_source_schedule`; it skips while nothing is bought."""

    @dg.schedule(
        name=instance.named(f"{source}_source_schedule"),
        job=job,
        cron_schedule=times.cron,
        execution_timezone=times.timezone,
        default_status=instance.schedule_status(is_buying=True),
        required_resource_keys={instance.fbcheck_key},
        description=f"Takes a list of {source}.",
    )
    def schedule(context: dg.ScheduleEvaluationContext, **_: object) -> Union[dg.RunRequest, dg.SkipReason]:
        def look(fbcheck: FbcheckResource) -> Union[dg.RunRequest, dg.SkipReason]:
            held = fbcheck.workspace().ledger.why_nothing_is_bought()
            return dg.RunRequest() if held is None else dg.SkipReason(held)

        return ticked(instance.fbcheck(context), look)

    return schedule


def _due(
    dagster: dg.DagsterInstance,
    instance: Instance,
    fbcheck: FbcheckResource,
    rules: SnapshotRules,
    upstream: Sequence[dg.AssetKey],
) -> Ticked:
    ws = fbcheck.workspace()
    if (held := ws.ledger.why_nothing_is_bought()) is not None:
        return dg.SkipReason(held)
    new = [first_submission(each) for each in ws.ledger.new_lists() if each.source == rules.source]
    taking = _taking(dagster, instance, rules, upstream)
    is_full = bool(taking) and is_day_full(ws, rules)
    wanted, put_off = requests_for(dagster, instance, ws, [*new, *([] if is_full else taking)])
    if wanted:
        return dg.SensorResult(run_requests=wanted)
    full = (
        [f"{rules.source} has its {rules.at_most} new list(s) of this UTC day; what is newer is taken tomorrow"]
        if is_full
        else []
    )
    reasons = [
        *full,
        *put_off,
        *open_reasons(each for each in (*ws.ledger.unreadable_lists(), *ws.ledger.held_lists()) if each.source == rules.source),
    ]
    return dg.SkipReason("; ".join(reasons) or f"nothing new of {rules.source}")


def _taking(dagster: dg.DagsterInstance, instance: Instance, rules: SnapshotRules, upstream: Sequence[dg.AssetKey]) -> list[Work]:
    """The work that takes what was materialized last, unless a run of it succeeded or is under way."""
    newest = [found.records[0].storage_id for key in upstream if (found := dagster.fetch_materializations(key, limit=1)).records]
    if not newest:
        return []
    work = Work(f"take:{rules.source}:{max(newest)}", take_job_name(rules.source))
    unsuccessful = (dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED)
    runs = dagster.get_runs(dg.RunsFilter(tags={WORK_TAG: instance.labelled(work.name)}), limit=10)
    return [] if any(run.status not in unsuccessful for run in runs) else [work]
