"""Checks for the operator: of the budget, of tasks that do not end and of the disk; and the schedule that makes them.

A check is an ERROR if a person must act, and a WARN if it may pass by tomorrow without anybody. Only ERROR goes to the webhook.
"""

import shutil
from typing import Any

import dagster as dg

from fbcheck_pipeline.defs.instance import Instance
from fbcheck_pipeline.ledger import ChunkState
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.model.statuses import CheckStatus
from fbcheck_pipeline.model.task_ids import shown_task_id
from fbcheck_pipeline.workflow.workspace import Workspace

NEARLY_USED = 0.9
"""When more than this share of the day's budget is used, the next list may not fit."""
OLD_TASK = 0.5
"""The operator should ask the vendor about a task that is older than this share of the deadline."""
NEARLY_FULL, FULL = 0.1, 0.03
"""A person should free space when less than this share of the disk is free, and must when less than the other is."""
HOUR_S = 3600


def build_operations(instance: Instance) -> dg.Definitions:
    """The operator's checks, their job and their schedule."""
    budget = instance.common_checks(
        paths.SUBMITTED_CHUNKS, {budget_has_room: f"Less than {NEARLY_USED:.0%} of the day's budget is used."}
    )
    vendor_and_disk = instance.common_checks(
        paths.VERDICTS,
        {
            oldest_task_is_young: "No task is past its deadline, and the oldest open task is younger than half of the deadline.",
            disk_has_room: f"At least {NEARLY_FULL:.0%} of the data folder's disk is free; an object store has room.",
        },
    )
    job = instance.job(
        "operator_checks",
        dg.AssetSelection.checks(budget, vendor_and_disk),
        "Checks that do not belong to the run of one list: a task that never ends starts no run.",
    )
    every_morning = dg.ScheduleDefinition(
        name=instance.named("morning_checks"),
        job=job,
        cron_schedule="45 5 * * *",
        execution_timezone="UTC",
        default_status=instance.schedule_status(),
        description="Every morning: check that budget and disk space are left and that no task is stuck.",
    )
    return dg.Definitions(asset_checks=[budget, vendor_and_disk], jobs=[job], schedules=[every_morning])


def budget_has_room(ws: Workspace) -> dg.AssetCheckResult:
    """Phones over budget wait for the next UTC day. A person may want to raise the limit earlier."""
    limit, bought = ws.settings.max_billable_per_day, ws.ledger.bought_today()
    over = {each.list_key: count for each in ws.ledger.open_lists() if (count := each.count(CheckStatus.OVER_BUDGET))}
    metadata: dict[str, Any] = {"bought_today": bought, "phones_over_budget": sum(over.values()), "lists_over_budget": len(over)}
    if limit is not None:
        metadata["max_billable_per_day"] = limit
    if (cost := ws.settings.cost_of(bought)) is not None:
        metadata["cost_today"] = cost
    fits = limit is None or bought < NEARLY_USED * limit
    return dg.AssetCheckResult(passed=fits and not over, severity=dg.AssetCheckSeverity.WARN, metadata=metadata)


def oldest_task_is_young(ws: Workspace) -> dg.AssetCheckResult:
    """WARN while the list still waits; ERROR once the deadline has settled a list without the task's answer."""
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


def disk_has_room(ws: Workspace) -> dg.AssetCheckResult:
    """A full disk stops every step; nothing is lost by it, and nothing is bought that could not be recorded."""
    if not ws.settings.is_local:
        return dg.AssetCheckResult(passed=True, severity=dg.AssetCheckSeverity.WARN)
    disk = shutil.disk_usage(ws.settings.data_uri)
    is_full = disk.free < FULL * disk.total
    return dg.AssetCheckResult(
        passed=disk.free >= NEARLY_FULL * disk.total,
        severity=dg.AssetCheckSeverity.ERROR if is_full else dg.AssetCheckSeverity.WARN,
        description="free space on the disk of FBCHECK_DATA_URI, or purge what is past its retention" if is_full else None,
        metadata={"free_bytes": disk.free, "disk_bytes": disk.total},
    )
