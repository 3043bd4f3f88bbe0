"""The webhook: posts failed runs and failed checks of ours, whoever launched them, and never what failed of others."""

from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass
from typing import Any

import dagster as dg
import requests

from fbcheck_pipeline.defs.instance import NO_LIST, Instance
from fbcheck_pipeline.errors import FbcheckError

WEBHOOK_TIMEOUT_S = (3, 5)
NO_PARTITION = "Cannot access partition_key for a non-partitioned run"
"""Dagster's words for a run without a list, where it fails the step before ours begins: an asset upstream was materialized."""
INTERVAL_S = 10
"""A tick ends at the first run that it skips, and each run is: one that it did not skip would be noted in that run's log, also in those of
others, and a tick that then comes to one that it skips fails, and posts the same again, for ever."""


@dataclass(frozen=True)
class Steps:
    """What is ours of a run.

    Attributes:
        names: of the steps of all our assets and checks.
        assets: the keys of our assets.
    """

    names: Set[str]
    assets: Set[dg.AssetKey]


def build_webhooks(instance: Instance, steps: Steps) -> list[dg.SensorDefinition]:
    """The sensors that post to FBCHECK_WEBHOOK_URL."""

    def failed_run(context: dg.RunStatusSensorContext, **_: object) -> dg.SkipReason:
        """Post a failed run, unless Dagster retries it."""
        if context.dagster_run.tags.get("dagster/will_retry") == "true":
            return dg.SkipReason("Dagster retries this run automatically")
        failures = context.for_run_failure().get_step_failure_events()
        failed = [event.step_failure_data.error for event in failures if event.step_key in steps.names]
        if not failed and (failures or not _has_steps_of_ours(context, steps)):
            return dg.SkipReason("no step of ours failed")
        why = "; ".join(sorted({_reason(error) for error in failed if error})) or "its process ended without an error message"
        return _post(instance, context, f"failed: {why}")

    def failed_check(context: dg.RunStatusSensorContext, **_: object) -> dg.SkipReason:
        """Post the failed checks of severity ERROR of a successful run."""
        found = [each for each in _failed_checks(context) if each.asset_key in steps.assets]
        said = [f"{each.check_name}: {each.description or 'see the check'}" for each in found]
        if not said:
            return dg.SkipReason("no check failed with severity ERROR")
        return _post(instance, context, "; ".join(said))

    return [
        _webhook(
            instance,
            "failed_run_webhook",
            dg.DagsterRunStatus.FAILURE,
            failed_run,
            "Posts a failed run to FBCHECK_WEBHOOK_URL; off when unset.",
        ),
        _webhook(
            instance,
            "failed_check_webhook",
            dg.DagsterRunStatus.SUCCESS,
            failed_check,
            "Posts checks that failed with severity ERROR to FBCHECK_WEBHOOK_URL; off when unset.",
        ),
    ]


def _webhook(
    instance: Instance,
    plain: str,
    status: dg.DagsterRunStatus,
    tell: Callable[..., dg.SkipReason],
    description: str,
) -> dg.SensorDefinition:
    """A sensor over the runs of this code location; the decorators take no resource keys."""
    return dg.RunStatusSensorDefinition(
        name=instance.named(plain),
        run_status=status,
        run_status_sensor_fn=tell,
        minimum_interval_seconds=INTERVAL_S,
        default_status=instance.sensor_status(),
        required_resource_keys={instance.fbcheck_key},
        description=description,
    )


def _has_steps_of_ours(context: dg.RunStatusSensorContext, steps: Steps) -> bool:
    """Whether the run has a step of ours, by its plan; a run that was never planned, by what it was asked for."""
    run = context.dagster_run
    if run.execution_plan_snapshot_id is not None:
        plan = context.instance.get_execution_plan_snapshot(run.execution_plan_snapshot_id)
        return not steps.names.isdisjoint(plan.step_keys_to_execute)
    return not steps.assets.isdisjoint(run.asset_selection or ())


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
        if NO_PARTITION in str(error.message):
            return NO_LIST
        name, error = str(error.cls_name), error.cause
    return f"unexpected {name}, see the run's page"


def _subclasses(root: type[FbcheckError]) -> Iterator[type[FbcheckError]]:
    yield root
    for each in root.__subclasses__():
        yield from _subclasses(each)


def _post(instance: Instance, context: dg.RunStatusSensorContext, said: str) -> dg.SkipReason:
    """Send one POST, without redirects. Its failure stops nothing."""
    fbcheck = instance.fbcheck(context)
    try:
        settings = fbcheck.settings()
    except FbcheckError as error:
        return dg.SkipReason(fbcheck.command_line.said(str(error)))
    if settings.webhook_url is None:
        return dg.SkipReason(fbcheck.command_line.said("FBCHECK_WEBHOOK_URL is not set"))
    run = context.dagster_run
    place = run.tags.get("dagster/partition", "")
    text = f"{instance.labelled('fbcheck')} {run.job_name}{f' of {place}' if place else ''} (run {run.run_id[:8]}) {said}"
    try:
        answer = requests.post(
            settings.webhook_url.get_secret_value(), json={"text": text}, timeout=WEBHOOK_TIMEOUT_S, allow_redirects=False
        )
    except requests.RequestException as error:
        return dg.SkipReason(f"the webhook could not be reached ({type(error).__name__})")
    return dg.SkipReason("posted" if answer.ok and not answer.is_redirect else f"the webhook answered {answer.status_code}")
