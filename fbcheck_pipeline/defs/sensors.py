"""Two sensors and a schedule. The ledger is their cursor; each skip gives its reason."""

from typing import Union

import dagster as dg

from fbcheck_pipeline.defs.jobs import JOBS, submit_list
from fbcheck_pipeline.defs.requests import due_requests, requests_for, submission
from fbcheck_pipeline.defs.resources import FbcheckResource
from fbcheck_pipeline.errors import FbcheckError
from fbcheck_pipeline.ledger.records import PhoneList
from fbcheck_pipeline.ledger.states import states_that
from fbcheck_pipeline.settings import unknown_variables
from fbcheck_pipeline.workflow.allocation import Again
from fbcheck_pipeline.workflow.doubt import what_to_do
from fbcheck_pipeline.workflow.due import due_work
from fbcheck_pipeline.workflow.inbox import take_up_lists
from fbcheck_pipeline.workflow.poll import poll_due_tasks
from fbcheck_pipeline.workflow.workspace import Workspace

TICK_BUDGET_S = 15.0
"""A tick may take 60 s; status calls may use this much of it."""
TAKING_BUDGET_S = 8.0
"""Of a tick, for taking up lists; what is left comes in the next one."""
MOST_REASONS = 50
INBOX_SECONDS = 10
EXPORTED_SECONDS = 30


@dg.sensor(
    jobs=[submit_list],
    minimum_interval_seconds=INBOX_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Starts a run for each new list in the inbox whose file has not changed for some seconds.",
)
def inbox_sensor(context: dg.SensorEvaluationContext, fbcheck: FbcheckResource) -> Union[dg.SensorResult, dg.SkipReason]:
    """Take up lists that are new, or have changed and so have a new key."""
    try:
        fbcheck.client()  # raises without a key, before any work begins
        return _requests_of_the_inbox(context.instance, fbcheck.workspace())
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
        if requests := due_requests(context.instance, ws, due_work(ws.ledger)):
            return dg.SensorResult(run_requests=requests)
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
        take_up_lists(ws, budget_s=TAKING_BUDGET_S)  # the inbox sensor says what is refused, and takes up what is left
        works = [submission(each, f"night:{each.list_key}:{day}", Again.NIGHT) for each in ws.ledger.lists_of_the_night()]
        return requests_for(context.instance, ws, works, most=None) or dg.SkipReason("every list is complete, held or unreadable")
    except FbcheckError as error:
        return dg.SkipReason(str(error))
    finally:
        fbcheck.close()


def _requests_of_the_inbox(instance: dg.DagsterInstance, ws: Workspace) -> Union[dg.SensorResult, dg.SkipReason]:
    look = take_up_lists(ws, budget_s=TAKING_BUDGET_S)
    works = [submission(each, _first_work(each)) for each in ws.ledger.new_lists()]
    if requests := requests_for(instance, ws, works):
        return dg.SensorResult(run_requests=requests)
    reasons = [f"{look.files} files in the inbox, none of them new"]
    reasons += [f"{look.moving} still being written"] if look.moving else []
    reasons += [f"{look.later} are taken up later"] if look.later else []
    reasons += [*look.refused, *unknown_variables()]
    reasons += [f"{each.file} cannot be read: {each.error}" for each in ws.ledger.unreadable_lists()]
    reasons += [
        f"{each.file}: {(what_to_do(each) or '').splitlines()[0]}; `fbcheck status` says what to do"
        for each in ws.ledger.held_lists()
    ]
    return dg.SkipReason("; ".join(reasons[:MOST_REASONS]))


def _first_work(phone_list: PhoneList) -> str:
    """The work of reading a list; once more where it was held and is to be read otherwise."""
    return f"submit:{phone_list.list_key}" + (f":anew{phone_list.revision}" if phone_list.revision else "")


SENSORS = [inbox_sensor, exported_sensor]
SCHEDULES = [nightly_enrichment]
