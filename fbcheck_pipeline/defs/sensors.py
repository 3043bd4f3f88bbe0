"""Two sensors and two schedules. The ledger is their cursor; each skip gives its reason.

The key of their resource carries the instance's name, so they take it from the context. Dagster also passes it by that name where
a test calls them; hence `**_`.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar, Union

import dagster as dg

from fbcheck_pipeline.defs.instance import Instance, Job
from fbcheck_pipeline.defs.jobs import SUBMIT, TELL
from fbcheck_pipeline.defs.requests import due_requests, first_submission, requests_for, submission
from fbcheck_pipeline.defs.resources import FbcheckResource
from fbcheck_pipeline.defs.times import Times
from fbcheck_pipeline.errors import FbcheckError
from fbcheck_pipeline.ledger.records import PhoneList
from fbcheck_pipeline.ledger.states import states_that
from fbcheck_pipeline.workflow.arrival.inbox import take_up_lists
from fbcheck_pipeline.workflow.buying.allocation import Again
from fbcheck_pipeline.workflow.buying.held import what_to_do
from fbcheck_pipeline.workflow.collection.due import due_work
from fbcheck_pipeline.workflow.collection.poll import poll_due_tasks

TICK_BUDGET_S = 15.0
"""A tick may take 60 s; status calls may use this much of it."""
TAKING_BUDGET_S = 8.0
"""Of a tick, for taking up lists; what is left comes in the next one."""
MOST_REASONS = 50
INBOX_SECONDS = 10
EXPORTED_SECONDS = 30


Ticked = Union[dg.SensorResult, dg.SkipReason]
T = TypeVar("T")


def inbox_sensor(instance: Instance, jobs: Mapping[str, Job]) -> dg.SensorDefinition:
    """Takes up the lists that are dropped into the inbox; it buys."""

    @dg.sensor(
        name=instance.named("inbox_sensor"),
        jobs=[jobs[SUBMIT]],
        minimum_interval_seconds=INBOX_SECONDS,
        default_status=instance.sensor_status(is_buying=True),
        required_resource_keys={instance.fbcheck_key},
        description="Starts a run for each new list in the inbox whose file has not changed for some seconds.",
    )
    def sensor(context: dg.SensorEvaluationContext, **_: object) -> Ticked:
        """Take up lists that are new, or have changed and so have a new key."""

        def look(fbcheck: FbcheckResource) -> Ticked:
            fbcheck.client()  # raises without a key, before any work begins
            return _requests_of_the_inbox(context.instance, instance, fbcheck)

        return ticked(instance.fbcheck(context), look)

    return sensor


def exported_sensor(instance: Instance, jobs: Mapping[str, Job]) -> dg.SensorDefinition:
    """Watches the vendor's tasks; it collects what is paid for."""

    @dg.sensor(
        name=instance.named("exported_sensor"),
        jobs=list(jobs.values()),
        minimum_interval_seconds=EXPORTED_SECONDS,
        default_status=instance.sensor_status(),
        required_resource_keys={instance.fbcheck_key},
        description="Asks the vendor about due tasks; requests runs that collect exported results and join settled lists.",
    )
    def sensor(context: dg.SensorEvaluationContext, **_: object) -> Ticked:
        """Poll the vendor, then request the runs that are due according to the ledger."""
        return ticked(instance.fbcheck(context), lambda fbcheck: _what_is_due(context.instance, instance, fbcheck))

    return sensor


def nightly_enrichment(instance: Instance, times: Times, jobs: Mapping[str, Job]) -> dg.ScheduleDefinition:
    """Plans again what may be bought; it buys."""

    @dg.schedule(
        name=instance.named("nightly_enrichment"),
        job=jobs[SUBMIT],
        cron_schedule=times.cron,
        execution_timezone=times.timezone,
        default_status=instance.schedule_status(is_buying=True),
        required_resource_keys={instance.fbcheck_key},
        description="Every night: plan lists that no run has read yet, phones that wait, and phones that may be tried again.",
    )
    def schedule(context: dg.ScheduleEvaluationContext, **_: object) -> Union[list[dg.RunRequest], dg.SkipReason]:
        """Plan again every list of which something may be bought, except those that wait for a person to confirm how they were read."""
        day = context.scheduled_execution_time.date().isoformat()

        def plan(fbcheck: FbcheckResource) -> Union[list[dg.RunRequest], dg.SkipReason]:
            fbcheck.client()
            ws = fbcheck.workspace()
            take_up_lists(ws, budget_s=TAKING_BUDGET_S)  # the inbox sensor says what is refused, and takes up what is left
            night = [submission(each, f"night:{each.list_key}:{day}", Again.NIGHT) for each in ws.ledger.lists_of_the_night()]
            wanted, put_off = requests_for(context.instance, instance, ws, night, most=None)
            return wanted or dg.SkipReason(
                "; ".join(put_off) or "every list is complete, held or unreadable, or waits for the vendor or a person"
            )

        return ticked(instance.fbcheck(context), plan)

    return schedule


def nightly_tables(instance: Instance, times: Times, jobs: Mapping[str, Job]) -> dg.ScheduleDefinition:
    """Tells of the verdicts that a store has which is too large to tell of each at once."""
    return dg.ScheduleDefinition(
        name=instance.named("nightly_tables"),
        job=jobs[TELL],
        cron_schedule=times.cron,
        execution_timezone=times.timezone,
        default_status=instance.schedule_status(),
        description="Every night: bring the tables of current verdicts and of their changes up to date.",
    )


def ticked(fbcheck: FbcheckResource, look: Callable[[FbcheckResource], T]) -> Union[T, dg.SkipReason]:
    """What a tick finds; an error of ours is a reason to skip, never a failure, and the ledger is closed in the end."""
    try:
        found: Union[T, dg.SkipReason] = look(fbcheck)
    except FbcheckError as error:
        found = dg.SkipReason(str(error))
    finally:
        fbcheck.close()
    if isinstance(found, dg.SkipReason):
        return dg.SkipReason(fbcheck.command_line.said(found.skip_message or ""))
    return found


def _what_is_due(dagster: dg.DagsterInstance, instance: Instance, fbcheck: FbcheckResource) -> Ticked:
    ws = fbcheck.workspace()
    ws.ledger.recover_gone_senders()
    polled = poll_due_tasks(ws, fbcheck.client(), budget_s=TICK_BUDGET_S)
    wanted, put_off = due_requests(dagster, instance, ws, due_work(ws.ledger))
    if wanted:
        return dg.SensorResult(run_requests=wanted)
    refused = f"; the vendor refuses: {polled.refused}" if polled.refused else ""
    unknown = f"; {'; '.join(polled.unknown_statuses)}" if polled.unknown_statuses else ""
    count = len(ws.ledger.chunks(states=states_that("asks_status")))
    open_tasks = f"{count} {'task is' if count == 1 else 'tasks are'} with the vendor"
    reasons = [f"nothing new is due: {open_tasks}, {polled.asked} asked about now{refused}{unknown}"]
    return dg.SkipReason("; ".join([*reasons, *put_off][:MOST_REASONS]))


def _requests_of_the_inbox(
    dagster: dg.DagsterInstance, instance: Instance, fbcheck: FbcheckResource
) -> Union[dg.SensorResult, dg.SkipReason]:
    ws = fbcheck.workspace()
    look = take_up_lists(ws, budget_s=TAKING_BUDGET_S)
    works = [first_submission(each) for each in ws.ledger.new_lists() if each.source not in ws.declared_sources]
    wanted, put_off = requests_for(dagster, instance, ws, works)
    if wanted:
        return dg.SensorResult(run_requests=wanted)
    reasons = [f"{look.files} files in the inbox, none of them new"]
    reasons += [f"{look.moving} still being written"] if look.moving else []
    reasons += [f"{look.later} are taken up later"] if look.later else []
    reasons += [*put_off, *look.refused, *fbcheck.unknown_variables()]
    reasons += open_reasons([*ws.ledger.unreadable_lists(), *ws.ledger.held_lists()])
    return dg.SkipReason("; ".join(reasons[:MOST_REASONS]))


def open_reasons(phone_lists: Iterable[PhoneList]) -> list[str]:
    """A sentence for each list that cannot be read or is held."""
    return [
        f"{each.file} cannot be read: {each.error}"
        if each.error is not None
        else f"{each.file}: {(what_to_do(each) or '').splitlines()[0]}; `fbcheck status` says what to do"
        for each in phone_lists
    ]
