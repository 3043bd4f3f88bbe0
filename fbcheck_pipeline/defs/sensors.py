"""Two sensors and a schedule. The ledger is their cursor; each skip gives its reason."""

from contextlib import suppress
from typing import Union

import dagster as dg

from fbcheck_pipeline.defs.jobs import JOBS, submit_list
from fbcheck_pipeline.defs.partitions import PARTITIONS, lists
from fbcheck_pipeline.defs.requests import due_requests, submit_request
from fbcheck_pipeline.defs.resources import FbcheckResource
from fbcheck_pipeline.errors import FbcheckError, OperatorError
from fbcheck_pipeline.ledger.records import PhoneList
from fbcheck_pipeline.ledger.states import states_that
from fbcheck_pipeline.settings import unknown_variables
from fbcheck_pipeline.workflow.allocation import Again
from fbcheck_pipeline.workflow.doubt import what_to_do
from fbcheck_pipeline.workflow.due import due_work
from fbcheck_pipeline.workflow.intake import inbox_files, register_inbox_file, stands_still
from fbcheck_pipeline.workflow.poll import poll_due_tasks
from fbcheck_pipeline.workflow.workspace import Workspace

TICK_BUDGET_S = 15.0
"""A tick may take 60 s; status calls may use this much of it."""
INBOX_SECONDS = 10
EXPORTED_SECONDS = 30


@dg.sensor(
    jobs=[submit_list],
    minimum_interval_seconds=INBOX_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Starts a run for each new list in the inbox whose file has not changed for some seconds.",
)
def inbox_sensor(context: dg.SensorEvaluationContext, fbcheck: FbcheckResource) -> Union[dg.SensorResult, dg.SkipReason]:
    """Register lists that are new, or have changed and so have a new key."""
    try:
        fbcheck.client()  # raises without a key, before any work begins
        return _take_up(context, fbcheck.workspace())
    except FbcheckError as error:
        return dg.SkipReason(str(error))
    finally:
        fbcheck.close()


@dg.sensor(
    jobs=JOBS,
    minimum_interval_seconds=EXPORTED_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Asks the vendor about due tasks; requests runs that collect exported results and join settled lists.",
)
def exported_sensor(context: dg.SensorEvaluationContext, fbcheck: FbcheckResource) -> Union[dg.SensorResult, dg.SkipReason]:
    """Poll the vendor, then request the runs that are due according to the ledger."""
    try:
        ws = fbcheck.workspace()
        ws.ledger.recover_gone_senders()
        polled = poll_due_tasks(ws, fbcheck.client(), budget_s=TICK_BUDGET_S)
        requests = due_requests(context.instance, ws, due_work(ws.ledger))
        if requests:
            # Restore partitions that somebody deleted: a missing one would fail the whole tick, for all lists.
            add = lists.build_add_request([request.partition_key for request in requests if request.partition_key])
            return dg.SensorResult(run_requests=requests, dynamic_partitions_requests=[add])
        refused = f"; the vendor refuses: {polled.refused}" if polled.refused else ""
        unknown = f"; {'; '.join(polled.unknown_statuses)}" if polled.unknown_statuses else ""
        open_tasks = len(ws.ledger.chunks(states=states_that("asks_status")))
        return dg.SkipReason(
            f"nothing is due: {open_tasks} tasks are with the vendor, {polled.asked} were asked about now{refused}{unknown}"
        )
    except FbcheckError as error:
        return dg.SkipReason(str(error))
    finally:
        fbcheck.close()


@dg.schedule(
    job=submit_list,
    cron_schedule="15 2 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every night: plan lists that no run has read yet, phones that wait, and phones that may be tried again.",
)
def nightly_enrichment(
    context: dg.ScheduleEvaluationContext, fbcheck: FbcheckResource
) -> Union[list[dg.RunRequest], dg.SkipReason]:
    """Plan every incomplete list again, except those that wait for a person to confirm how they were read."""
    day = context.scheduled_execution_time.date().isoformat()
    try:
        fbcheck.client()
        ws = fbcheck.workspace()
        for each in inbox_files(ws):
            if stands_still(each):
                with suppress(OperatorError):  # the inbox sensor says why
                    register_inbox_file(ws, each.name)
        context.instance.add_dynamic_partitions(PARTITIONS, [each.list_key for each in ws.ledger.lists()])
        open_lists = [each for each in ws.ledger.lists() if not (each.is_complete or each.error or each.held)]
        requests = [
            submit_request(context.instance, ws, each, work=f"night:{each.list_key}:{day}", again=Again.NIGHT)
            for each in open_lists
        ]
        return [each for each in requests if each is not None] or dg.SkipReason("every list is complete, held or unreadable")
    except FbcheckError as error:
        return dg.SkipReason(str(error))
    finally:
        fbcheck.close()


def _take_up(context: dg.SensorEvaluationContext, ws: Workspace) -> Union[dg.SensorResult, dg.SkipReason]:
    files = inbox_files(ws)
    moving = [each for each in files if not stands_still(each)]
    seen = _read_cursor(context.cursor)
    marks = {each.name: f"{each.size_bytes}:{each.modified}" for each in files if each not in moving}
    refused: dict[str, str] = {}
    for name, mark in list(marks.items()):
        if seen.get(name) == mark:
            continue
        try:
            _give_another_chance(ws, register_inbox_file(ws, name))
        except OperatorError as error:
            refused[name] = str(error)
            del marks[name]  # so it is tried again, although the file may not change
    new = [each for each in ws.ledger.lists() if each.planned_at is None and each.error is None]
    unreadable = [each for each in ws.ledger.lists() if each.error is not None]
    held = [each for each in ws.ledger.lists() if each.held is not None]
    wanted = [submit_request(context.instance, ws, each, work=_first_work(each)) for each in new]
    requests = [each for each in wanted if each is not None]
    add = lists.build_add_request([each.list_key for each in new])
    cursor = "\n".join(f"{name}\t{mark}" for name, mark in sorted(marks.items()))
    if requests:
        return dg.SensorResult(run_requests=requests, dynamic_partitions_requests=[add], cursor=cursor)
    context.update_cursor(cursor)
    reasons = [f"{len(files)} files in the inbox, none of them new"]
    reasons += [f"{len(moving)} still being written"] if moving else []
    reasons += [f"{name} is not accepted: {why}" for name, why in refused.items()]
    reasons += unknown_variables()
    reasons += [f"{each.file} cannot be read: {each.error}" for each in unreadable]
    reasons += [f"{each.file}: {what_to_do(each)}" for each in held]
    return dg.SkipReason("; ".join(reasons))


def _first_work(phone_list: PhoneList) -> str:
    """The work of reading a list; once more where it was held and is to be read otherwise."""
    return f"submit:{phone_list.list_key}" + (f":anew{phone_list.revision}" if phone_list.revision else "")


def _give_another_chance(ws: Workspace, list_key: str) -> None:
    """Register an unreadable list again when its file is put into the inbox again."""
    known = ws.ledger.find_list(list_key)
    if known is not None and known.error is not None and known.source is None:
        ws.ledger.register_list(
            list_key,
            file=known.file,
            inbox_name=known.inbox_name,
            sha256=known.sha256,
            options=known.options,
            purpose=known.purpose,
            max_billable=known.max_billable,
        )


def _read_cursor(cursor: Union[str, None]) -> dict[str, str]:
    return dict(line.split("\t", 1) for line in (cursor or "").split("\n") if "\t" in line)


SENSORS = [inbox_sensor, exported_sensor]
SCHEDULES = [nightly_enrichment]
