"""What an operator's alarms are made of: the page of figures, and the alarms of the docs on it."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.remote_origin import (
    InProcessCodeLocationOrigin,
    RemoteInstigatorOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.scheduler.instigation import InstigatorState, InstigatorStatus, TickData, TickStatus
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._daemon.types import DaemonHeartbeat
from dagster._utils.error import SerializableErrorInfo
from prometheus_client.parser import text_string_to_metric_families

from fbcheck_pipeline.cli.metrics import metrics_page
from tests.fake_vendor import FakeVendor
from tests.integration.dagster.dagster_driver import DagsterDriver, swiss

BROKEN = SerializableErrorInfo("broken", [], None)
HOW_TO = Path(__file__).parents[3] / "docs" / "how-to" / "monitoring.md"


def figures(page: str) -> dict[str, float]:
    """Each sample by its name and what tells it apart, e.g. `open_chunks submitted`."""
    found = {}
    for family in text_string_to_metric_families(page):
        assert family.type == "gauge" and family.documentation and family.name.startswith("fbcheck_")
        for sample in family.samples:
            assert sample.labels.pop("instance") == ""
            found[" ".join([sample.name.removeprefix("fbcheck_"), *sample.labels.values()])] = sample.value
    return found


@pytest.fixture
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command finds the instance of these tests."""
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))


def fail_a_tick(instance: dg.DagsterInstance, name: str, at: float) -> None:
    """As the daemon records it."""
    target = LoadableTargetOrigin(module_name="fbcheck_pipeline.definitions")
    origin = RemoteInstigatorOrigin(RemoteRepositoryOrigin(InProcessCodeLocationOrigin(target), "__repository__"), name)
    state = InstigatorState(origin, InstigatorType.SENSOR, InstigatorStatus.DECLARED_IN_CODE)
    if instance.get_instigator_state(state.instigator_origin_id, state.selector_id) is None:
        instance.add_instigator_state(state)
    instance.create_tick(
        TickData(
            state.instigator_origin_id,
            name,
            InstigatorType.SENSOR,
            TickStatus.FAILURE,
            at,
            selector_id=state.selector_id,
            error=BROKEN,
        )
    )


def test_the_page_tells_of_work_money_vendor_and_dagster(
    open_driver: Callable[..., DagsterDriver], vendor: FakeVendor, at_home: None
) -> None:
    """A list that is done, one with the vendor, one whose answer was lost; a daemon, a failed tick, a failed run."""
    driver = open_driver(max_billable_per_day=100)
    driver.complete("done.csv", swiss(5))
    vendor.hold = True
    driver.run("submit_list", driver.drop("held.csv", swiss(3, start=100)))
    vendor.script.append("accept_then_cut")
    driver.run("submit_list", driver.drop("lost.csv", swiss(2, start=200)))
    vendor.script.append(401)
    assert not driver.run("submit_list", driver.drop("refused.csv", swiss(4, start=300))).success
    now = driver.ws.ledger.clock()
    driver.instance.add_daemon_heartbeat(DaemonHeartbeat(now - 5, "SENSOR", "d"))
    for name, at in (("inbox_sensor", now - 60), ("inbox_sensor", now - 3 * 86_400), ("theirs", now)):
        fail_a_tick(driver.instance, name, at)
    with_balance = driver.ws.settings.model_copy(update={"protocol": "v1"})
    page = metrics_page(replace(driver.ws, settings=with_balance))
    found = figures(page)
    expected = {
        "open_lists open": 3, "open_lists held": 0, "open_chunks submitted": 1, "open_phones submitted": 3,
        "open_chunks unconfirmed": 1, "open_phones unconfirmed": 2, "open_chunks planned": 1, "open_chunks overdue": 0,
        "settled_chunks collected": 1, "settled_phones collected": 5, "settled_chunks failed": 0, "waiting_phones": 0,
        "unreadable_files": 0, "bought_today_phones": 14, "daily_limit_phones": 100, "task_deadline_seconds": 72 * 3600,
        "vendor_up": 1, "vendor_balance_usd": 12.5, "dagster_up": 1, "dagster_failed_runs": 1,
        "dagster_heartbeat_timestamp_seconds SENSOR": pytest.approx(now - 5),
        "dagster_failed_ticks inbox_sensor": 1, "dagster_failed_ticks nightly_enrichment": 0,
    }  # fmt: skip
    assert {name: found.get(name) for name in expected} == expected
    assert "dagster_failed_ticks theirs" not in found
    (row,) = [each for each in driver.ws.ledger.chunks() if each.state == "submitted"]
    assert found["oldest_task_timestamp_seconds"] == row.submitted_at <= found["last_list_timestamp_seconds"]
    assert min(found[f"disk_free_bytes {place}"] for place in ("data", "dagster")) > 0 < found["ledger_bytes"]
    assert not re.search(r"\d{9}|secret-key", re.sub(r"\S+$", "", page, flags=re.M))


def test_a_vendor_that_is_away_and_a_dagster_that_cannot_be_read_are_figures_too(
    open_driver: Callable[..., DagsterDriver], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The alarms about the rest must not be lost with them."""
    driver = open_driver(api_url="http://127.0.0.1:9")
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "dagster.yaml").write_text("storage: {none: such}\n")
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    found = figures(metrics_page(driver.ws))
    assert (found["vendor_up"], found["dagster_up"], found["open_lists open"]) == (0, 0, 0)


def test_the_alarms_of_the_docs_are_rules_on_figures_that_exist(driver: DagsterDriver, at_home: None) -> None:
    """An alarm on a misspelt figure never rings."""
    page = metrics_page(driver.ws)
    names = {family.name for family in text_string_to_metric_families(page)}
    text = HOW_TO.read_text()
    (block,) = re.findall(r"```yaml\n(.*?)```", text, re.S)
    rules: list[dict[str, Any]] = [rule for group in yaml.safe_load(block)["groups"] for rule in group["rules"]]
    assert all({"alert", "expr", "annotations"} <= rule.keys() for rule in rules)
    assert {name for rule in rules for name in re.findall(r"fbcheck_\w+", rule["expr"])} <= names
    assert set(re.findall(r"\| `(fbcheck_\w+)", text)) == names
