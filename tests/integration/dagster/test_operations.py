"""What an operator is told: checks with a severity chosen for who must act, and a webhook that says it in one line."""

import json
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any

import dagster as dg
import pytest
from dagster._core.definitions.data_version import CachingStaleStatusResolver, StaleStatus
from dagster._core.loader import LoadingContextForTest

from fbcheck_pipeline.defs import requests
from fbcheck_pipeline.defs.instance import LEDGER_TAG
from fbcheck_pipeline.defs.operations import disk_has_room
from fbcheck_pipeline.defs.requests import WORK_TAG, requests_for, submission
from fbcheck_pipeline.ledger import ChunkState
from fbcheck_pipeline.phones.reading_version import READ_BY, reading_version
from tests.fake_vendor import FakeVendor
from tests.integration.dagster.dagster_driver import (
    STANDING_ALONE,
    DagsterDriver,
    failed_check_webhook,
    failed_run_webhook,
    standing_alone,
    swiss,
)
from tests.integration.workflow.workflow_driver import set_columns

HOUR_S = 3600.0


class Hook:
    """A webhook that keeps what it is told."""

    def __init__(self, status: int = 200) -> None:
        self.said: list[str] = []
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                """Silence."""

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                hook.said.append(json.loads(body)["text"])
                self.send_response(status)
                self.send_header("Location", f"{hook.url}/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/services/secret-part"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def hook() -> Iterator[Hook]:
    found = Hook()
    yield found
    found.close()


def tell(sensor: Any, driver: DagsterDriver, result: dg.ExecuteInProcessResult) -> Any:
    """Let a webhook sensor see a finished run."""
    kind = dg.DagsterEventType.RUN_SUCCESS if result.success else dg.DagsterEventType.RUN_FAILURE
    (event,) = [entry.dagster_event for entry in driver.instance.all_logs(result.run_id, of_type=kind)]
    run = driver.instance.get_run_by_id(result.run_id)
    with dg.build_run_status_sensor_context(
        sensor_name=sensor.name,
        dagster_event=event,
        dagster_instance=driver.instance,
        dagster_run=run,
        resources={driver.ours.fbcheck_key: driver.fbcheck},
    ) as context:
        return sensor(context if result.success else context.for_run_failure())


def looked(driver: DagsterDriver, cursor: str | None) -> str | None:
    """A tick of the sensor of successful runs; its cursor for the next one."""
    resources = {driver.ours.fbcheck_key: driver.fbcheck}
    with dg.build_sensor_context(driver.instance, cursor=cursor, resources=resources) as context:
        return failed_check_webhook.evaluate_tick(context).cursor


def check(driver: DagsterDriver, name: str) -> dg.AssetCheckEvaluation:
    """The last evaluation of an operator's check, made now."""
    result = driver.run("operator_checks")
    (found,) = [each for each in result.get_asset_check_evaluations() if each.check_name == name]
    return found


def test_a_failed_run_is_posted_with_its_remedy_and_without_secrets(
    open_driver: Callable[..., DagsterDriver], hook: Hook, vendor: FakeVendor
) -> None:
    """The sentence of our own error is what a person needs; a number or the key they must not get."""
    vendor.script = lambda index, payload: 401
    driver = open_driver(webhook_url=hook.url)
    key = driver.drop("night.csv", swiss(3))
    assert tell(failed_run_webhook, driver, driver.run("submit_list", key)).skip_message == "posted"
    (text,) = hook.said
    assert "submit_list" in text and key in text and "401" in text
    assert "secret" not in text and "+41" not in text


def test_an_unexpected_error_is_named_and_not_quoted(
    open_driver: Callable[..., DagsterDriver], hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message of a foreign exception may hold a phone."""

    def broken(*_: object, **__: object) -> None:
        raise ValueError("cannot parse +41780000001")

    monkeypatch.setattr("fbcheck_pipeline.workflow.buying.submit.plan_or_hold", broken)
    driver = open_driver(webhook_url=hook.url)
    tell(failed_run_webhook, driver, driver.run("submit_list", driver.drop("night.csv", swiss(3))))
    (text,) = hook.said
    assert "ValueError" in text and "+41" not in text


def test_a_run_that_dagster_tries_again_is_not_posted(
    open_driver: Callable[..., DagsterDriver], hook: Hook, vendor: FakeVendor
) -> None:
    """A crash that Dagster retries notifies nobody."""
    vendor.script = lambda index, payload: 401
    driver = open_driver(webhook_url=hook.url)
    result = driver.run("submit_list", driver.drop("night.csv", swiss(3)), tags={"dagster/will_retry": "true"})
    assert isinstance(tell(failed_run_webhook, driver, result), dg.SkipReason)
    assert hook.said == []


def test_a_check_that_asks_for_a_person_is_posted_though_its_run_succeeds(
    open_driver: Callable[..., DagsterDriver], hook: Hook, vendor: FakeVendor
) -> None:
    """A lost answer fails no run."""
    vendor.script = lambda index, payload: "accept_then_cut"
    driver = open_driver(webhook_url=hook.url)
    result = driver.run("submit_list", driver.drop("night.csv", swiss(3)))
    assert result.success
    tell(failed_check_webhook, driver, result)
    (text,) = hook.said
    assert "nothing_is_unconfirmed" in text and "fbcheck reconcile" in text


def test_a_run_that_is_posted_and_one_that_is_not_are_told_once_though_both_end_between_two_looks(
    open_driver: Callable[..., DagsterDriver], hook: Hook, vendor: FakeVendor
) -> None:
    """Dagster lets no tick answer both ways: it failed, kept its place, and posted the first run again at each tick."""
    driver = open_driver(webhook_url=hook.url)
    cursor = looked(driver, None)
    vendor.script = lambda index, payload: "accept_then_cut" if index == 0 else "accept"
    for first, name in ((0, "night.csv"), (100, "next.csv"), (200, "last.csv")):
        assert driver.run("submit_list", driver.drop(name, swiss(3, start=first))).success
    for _ in range(4):
        cursor = looked(driver, cursor)
    (text,) = hook.said
    assert "nothing_is_unconfirmed" in text


@pytest.mark.parametrize("status", [200, 307, 500])
def test_the_webhook_is_off_when_unset_and_its_own_faults_hold_nothing_up(
    open_driver: Callable[..., DagsterDriver], vendor: FakeVendor, status: int
) -> None:
    """No redirect is followed: the text goes where the operator sent it."""
    vendor.script = lambda index, payload: 401
    hook = Hook(status)
    result = open_driver().run("submit_list", open_driver().drop("night.csv", swiss(3)))
    assert "not set" in tell(failed_run_webhook, open_driver(), result).skip_message
    told = tell(failed_run_webhook, open_driver(webhook_url=hook.url), result)
    hook.close()
    assert len(hook.said) == 1 and (told.skip_message == "posted") == (status == 200)
    assert "could not be reached" in tell(failed_run_webhook, open_driver(webhook_url=hook.url), result).skip_message


def test_the_webhooks_address_is_a_secret(open_driver: Callable[..., DagsterDriver], hook: Hook) -> None:
    """A Slack webhook's path is all it takes to write there."""
    settings = open_driver(webhook_url=hook.url).ws.settings
    assert "secret-part" not in repr(settings) and "webhook_url" not in settings.without_secrets()


def test_the_budget_warns_before_it_is_used_up(open_driver: Callable[..., DagsterDriver]) -> None:
    """Phones over budget wait for tomorrow by themselves: a WARN."""
    driver = open_driver(max_billable_per_day=10, price_per_10k=5.0)
    driver.complete("first.csv", swiss(8))
    assert check(driver, "budget_has_room").passed
    driver.run("submit_list", driver.drop("second.csv", swiss(8, start=100)))
    found = check(driver, "budget_has_room")
    assert not found.passed and found.severity == dg.AssetCheckSeverity.WARN
    assert {name: each.value for name, each in found.metadata.items()} == {
        "bought_today": 8, "max_billable_per_day": 10, "cost_today": 0.004, "phones_over_budget": 8, "lists_over_budget": 1,
    }  # fmt: skip


def test_a_task_that_does_not_end_is_a_warning_and_past_its_deadline_an_error(driver: DagsterDriver, vendor: FakeVendor) -> None:
    """It starts no run, so only a check made by the clock can tell."""
    vendor.hold = True
    driver.run("submit_list", driver.drop("night.csv", swiss(3)))
    assert check(driver, "oldest_task_is_young").passed
    (row,) = driver.ws.ledger.chunks()
    set_columns(driver.ws.ledger, row.chunk_key, submitted_at=row.submitted_at - 40 * HOUR_S)
    found = check(driver, "oldest_task_is_young")
    assert (found.passed, found.severity) == (False, dg.AssetCheckSeverity.WARN)
    driver.ws.ledger.mark_overdue(row.chunk_key, from_=ChunkState.SUBMITTED)
    found = check(driver, "oldest_task_is_young")
    assert (found.passed, found.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert row.task_id in (found.description or "")


def test_a_disk_that_fills_is_a_warning_and_a_full_one_an_error(driver: DagsterDriver, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told before every step fails; an object store has no disk of ours."""
    for free, passed, severity in ((20, True, "WARN"), (9, False, "WARN"), (2, False, "ERROR")):
        monkeypatch.setattr(shutil, "disk_usage", lambda _, free=free: SimpleNamespace(total=100, used=100 - free, free=free))
        found = disk_has_room(driver.ws)
        assert (found.passed, found.severity.value) == (passed, severity)
    in_a_store = driver.ws.settings.model_copy(update={"data_uri": "s3://bucket/data"})
    assert disk_has_room(replace(driver.ws, settings=in_a_store)).passed
    assert check(driver, "disk_has_room").severity == dg.AssetCheckSeverity.ERROR


def test_old_verdicts_are_noticed_when_a_list_is_joined_again(
    driver: DagsterDriver, open_driver: Callable[..., DagsterDriver]
) -> None:
    """The results of then still stand there; that they are old should be seen."""
    key = driver.complete("night.csv", swiss(3))
    result = open_driver(verdict_days=0.0).run("join_list", key)
    found = {each.check_name: each for each in result.get_asset_check_evaluations()}["verdicts_are_fresh"]
    assert result.success and not found.passed and found.severity == dg.AssetCheckSeverity.WARN


def test_dagster_shows_what_another_version_of_phonenumbers_makes_stale(
    driver: DagsterDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is read anew by itself; somebody may want to, and what follows is stale then."""
    key = driver.complete("a.csv", swiss(3))
    for version, state in (("", StaleStatus.FRESH), ("99.0", StaleStatus.STALE)):
        if version:
            newer = {**reading_version(), READ_BY["phonenumbers"]: version}
            monkeypatch.setattr("fbcheck_pipeline.defs.assets.reading_version", lambda newer=newer: newer)
        graph = standing_alone(driver.fbcheck).get_repository_def().asset_graph
        resolver = CachingStaleStatusResolver(driver.instance, graph, LoadingContextForTest(driver.instance))
        shown = [resolver.get_status(dg.AssetKey(name), key) for name in ("raw_phones", "e164_phones")]
        assert shown == [StaleStatus.FRESH, state]


def test_a_crash_that_dagster_has_tried_again_is_not_asked_for_a_second_time(
    driver: DagsterDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`run_retries` and the sensor would otherwise both start the list anew; one that it only means to try again, it may forget."""
    key = driver.drop("night.csv", swiss(3))
    row, work = driver.ws.ledger.find_list(key), f"submit:{key}"
    ours = {WORK_TAG: work, LEDGER_TAG: driver.ws.ledger.uuid}

    def attempt() -> str:
        (request,) = requests_for(driver.instance, STANDING_ALONE, driver.ws, [submission(row, work)]).wanted
        return str(request.run_key)

    def fail(**tags: str) -> None:
        run = dg.DagsterRun("submit_list", status=dg.DagsterRunStatus.FAILURE, tags={**ours, **tags})
        driver.instance.add_run(run)

    monkeypatch.setattr(requests, "FIRST_PAUSE_S", 0.0)
    first = attempt()
    fail(**{"dagster/will_retry": "true", "dagster/auto_retry_run_id": "another"})
    assert attempt() == first
    fail(**{"dagster/will_retry": "true"})
    assert attempt() != first


def test_every_asset_says_what_it_is(driver: DagsterDriver) -> None:
    """Somebody who opens the pages at night reads it there."""
    for spec in driver.definitions.resolve_all_asset_specs():
        assert spec.kinds and spec.group_name == "fbcheck" and spec.code_version and not spec.owners, spec.key
        assert spec.description and len(spec.description) > 30, spec.key
    repository = driver.definitions.get_repository_def()
    for each in [*repository.sensor_defs, *repository.schedule_defs]:
        assert each.default_status.value == "RUNNING", each.name
    assert all(each.description for each in repository.sensor_defs)
    assert all(job.description for job in repository.get_all_jobs() if not job.name.startswith("__"))
    assert all(spec.description for checks in driver.definitions.asset_checks or [] for spec in checks.check_specs)
    names = {spec.name for checks in driver.definitions.asset_checks or [] for spec in checks.check_specs}
    assert "oldest_task_is_young" in names
