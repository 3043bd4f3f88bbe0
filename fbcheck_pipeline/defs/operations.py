"""Notifications for the operator: checks of the budget, of tasks that do not end and of old verdicts, and a webhook.

A check is an ERROR if a person must act, and a WARN if it may pass by tomorrow without anybody. Only ERROR goes to the webhook.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Optional, Union

import dagster as dg
import pyarrow.compute as pc
import requests

from fbcheck_pipeline.defs.assets import facebook_results, submitted_chunks, verdicts
from fbcheck_pipeline.defs.partitions import list_check
from fbcheck_pipeline.defs.resources import FbcheckResource
from fbcheck_pipeline.errors import FbcheckError
from fbcheck_pipeline.ledger import ChunkState
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.model.columns import Column
from fbcheck_pipeline.model.statuses import CheckStatus
from fbcheck_pipeline.model.task_ids import shown_task_id
from fbcheck_pipeline.settings import Settings

NEARLY_USED = 0.9
"""When more than this share of the day's budget is used, the next list may not fit."""
OLD_TASK = 0.5
"""The operator should ask the vendor about a task that is older than this share of the deadline."""
WEBHOOK_TIMEOUT_S = (3, 5)
HOUR_S, DAY_S = 3600, 86_400


@dg.asset_check(asset=submitted_chunks, description=f"Less than {NEARLY_USED:.0%} of the day's budget is used.")
def budget_has_room(fbcheck: FbcheckResource) -> dg.AssetCheckResult:
    """Phones over budget wait for the next UTC day. A person may want to raise the limit earlier."""
    ws = fbcheck.workspace()
    limit, bought = ws.settings.max_billable_per_day, ws.ledger.bought_today()
    over = {each.list_key: count for each in ws.ledger.open_lists() if (count := each.count(CheckStatus.OVER_BUDGET))}
    metadata: dict[str, Any] = {"bought_today": bought, "phones_over_budget": sum(over.values()), "lists_over_budget": len(over)}
    if limit is not None:
        metadata["max_billable_per_day"] = limit
    if (cost := ws.settings.cost_of(bought)) is not None:
        metadata["cost_today"] = cost
    fits = limit is None or bought < NEARLY_USED * limit
    return dg.AssetCheckResult(passed=fits and not over, severity=dg.AssetCheckSeverity.WARN, metadata=metadata)


@dg.asset_check(
    asset=verdicts, description="No task is past its deadline, and the oldest open task is younger than half of the deadline."
)
def oldest_task_is_young(fbcheck: FbcheckResource) -> dg.AssetCheckResult:
    """WARN while the list still waits; ERROR once the deadline has settled a list without the task's answer."""
    ws = fbcheck.workspace()
    unsettled = ws.ledger.chunks(states=[ChunkState.SUBMITTED, ChunkState.EXPORTED, ChunkState.OVERDUE])
    overdue = [shown_task_id(chunk.known_task_id) for chunk in unsettled if chunk.state is ChunkState.OVERDUE]
    age_s = max((ws.ledger.clock() - (chunk.submitted_at or ws.ledger.clock()) for chunk in unsettled), default=0.0)
    is_young = age_s <= OLD_TASK * ws.settings.task_deadline_hours * HOUR_S
    return dg.AssetCheckResult(
        passed=is_young and not overdue,
        severity=dg.AssetCheckSeverity.ERROR if overdue else dg.AssetCheckSeverity.WARN,
        description=f"ask the vendor about task {', '.join(overdue[:10])}" if overdue else None,
        metadata={"open_tasks": len(unsettled), "overdue_tasks": len(overdue), "oldest_age_hours": round(age_s / HOUR_S, 2)},
    )


@list_check(facebook_results, "No verdict of the list is older than FBCHECK_VERDICT_DAYS.")
def verdicts_are_fresh(context: dg.AssetCheckExecutionContext, fbcheck: FbcheckResource) -> dg.AssetCheckResult:
    """A join that is repeated months later still shows the old verdicts; only a new list buys fresh ones."""
    ws = fbcheck.workspace()
    batches = ws.storage.read_parquet(paths.FACEBOOK_RESULTS.of(context.partition_key), [Column.CHECKED_AT]).batches
    oldest = min((found for batch in batches if (found := pc.min(batch.column(Column.CHECKED_AT)).as_py())), default=None)
    if oldest is None:
        return dg.AssetCheckResult(passed=True, severity=dg.AssetCheckSeverity.WARN)
    age_days = (datetime.fromtimestamp(ws.ledger.clock(), UTC) - oldest).total_seconds() / DAY_S
    return dg.AssetCheckResult(
        passed=age_days <= ws.settings.verdict_days,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"oldest_verdict": dg.MetadataValue.timestamp(oldest), "oldest_verdict_days": round(age_days, 2)},
    )


operator_checks = dg.define_asset_job(
    "operator_checks",
    selection=dg.AssetSelection.checks(budget_has_room, oldest_task_is_young),
    description="Checks that do not belong to the run of one list: a task that never ends starts no run.",
)
morning_checks = dg.ScheduleDefinition(
    name="morning_checks",
    job=operator_checks,
    cron_schedule="45 5 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every morning: check that budget is left and that no task is stuck.",
)


@dg.run_failure_sensor(
    default_status=dg.DefaultSensorStatus.RUNNING, description="Posts a failed run to FBCHECK_WEBHOOK_URL; off when unset."
)
def failed_run_webhook(context: dg.RunFailureSensorContext, fbcheck: FbcheckResource) -> Optional[dg.SkipReason]:
    """Post a failed run, unless Dagster retries it."""
    if context.dagster_run.tags.get("dagster/will_retry") == "true":
        return dg.SkipReason("Dagster retries this run automatically")
    failed = [event.step_failure_data.error for event in context.get_step_failure_events()]
    why = "; ".join(sorted({_reason(error) for error in failed if error})) or "its process ended without an error message"
    return _post(context, fbcheck.settings(), f"failed: {why}")


@dg.run_status_sensor(
    run_status=dg.DagsterRunStatus.SUCCESS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Posts checks that failed with severity ERROR to FBCHECK_WEBHOOK_URL; off when unset.",
)
def failed_check_webhook(context: dg.RunStatusSensorContext, fbcheck: FbcheckResource) -> Optional[dg.SkipReason]:
    """Post the failed checks of severity ERROR of a successful run."""
    said = [f"{each.check_name}: {each.description or 'see the check'}" for each in _failed_checks(context)]
    if not said:
        return dg.SkipReason("no check failed with severity ERROR")
    return _post(context, fbcheck.settings(), "; ".join(said))


def _failed_checks(context: dg.RunStatusSensorContext) -> Iterator[dg.AssetCheckEvaluation]:
    events = context.instance.all_logs(context.dagster_run.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION)
    for entry in events:
        found = entry.dagster_event.event_specific_data if entry.dagster_event else None
        if isinstance(found, dg.AssetCheckEvaluation) and not found.passed and found.severity == dg.AssetCheckSeverity.ERROR:
            yield found


def _reason(error: Any) -> str:
    """The message of our own errors, which holds neither phone nor key; of any other error only the class name."""
    ours, name = {each.__name__ for each in _subclasses(FbcheckError)}, str(error.cls_name)
    while error is not None:
        if error.cls_name in ours:
            return str(error.message).partition(": ")[2].strip()
        name, error = str(error.cls_name), error.cause
    return f"unexpected {name}, see the run's page"


def _subclasses(root: type[FbcheckError]) -> Iterator[type[FbcheckError]]:
    yield root
    for each in root.__subclasses__():
        yield from _subclasses(each)


def _post(
    context: Union[dg.RunStatusSensorContext, dg.RunFailureSensorContext], settings: Settings, said: str
) -> Optional[dg.SkipReason]:
    """Send one POST, without redirects. Its failure stops nothing."""
    if settings.webhook_url is None:
        return dg.SkipReason("FBCHECK_WEBHOOK_URL is not set")
    run = context.dagster_run
    place = run.tags.get("dagster/partition", "")
    text = f"fbcheck {run.job_name}{f' of {place}' if place else ''} (run {run.run_id[:8]}) {said}"
    try:
        answer = requests.post(
            settings.webhook_url.get_secret_value(), json={"text": text}, timeout=WEBHOOK_TIMEOUT_S, allow_redirects=False
        )
    except requests.RequestException as error:
        return dg.SkipReason(f"the webhook could not be reached ({type(error).__name__})")
    return None if answer.ok and not answer.is_redirect else dg.SkipReason(f"the webhook answered {answer.status_code}")


OPERATOR_CHECKS = [budget_has_room, oldest_task_is_young, verdicts_are_fresh]
OPERATOR_SENSORS = [failed_run_webhook, failed_check_webhook]
