"""A real `dagster dev`: webserver, daemon and code servers as processes of their own, with two code locations at once."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pyarrow.parquet as pq
import pytest

from fbcheck_pipeline.defs.requests import WORK_TAG
from fbcheck_pipeline.lists import list_key
from tests.fake_vendor import Behaviour, FakeVendor, verdict
from tests.forked import ForkedCommand
from tests.integration.dagster.dagster_driver import ask, free_port, serving, swiss, wait_until
from tests.integration.dagster.test_operations import Hook
from tests.integration.dagster.test_pages import browsing, keep
from tests.prepared import empty_dagster_home
from tests.unit.docs.pages import ROOT

CRM = ROOT / "examples" / "crm"
HERE = "tests.integration.dagster.daemon"
RED, BLUE, CRMS = "red", "blue", "facebook"
LOCATIONS = {RED: f"{HERE}.two", BLUE: f"{HERE}.two", CRMS: f"{HERE}.crm_example"}
NUMBERS = swiss(40)
LOST = swiss(1, start=5_000_000)
RUNS = "{ runsOrError { ... on Runs { results { status } } } }"
START = "mutation($sensor: SensorSelector!) { startSensor(sensorSelector: $sensor) { __typename } }"
LAUNCH = "mutation($run: ExecutionParams!) { launchPipelineExecution(executionParams: $run) { __typename } }"


class Place:
    """An instance: its folder, and the vendor and the webhook that are its alone."""

    def __init__(self, name: str, folder: Path, vendor: FakeVendor, hook: Hook) -> None:
        self.name, self.data, self.vendor, self.hook = name, folder / name, vendor, hook
        (self.data / "inbox").mkdir(parents=True)

    def variables(self) -> dict[str, str]:
        """What its definitions read."""
        if self.name == CRMS:
            return {"FACEBOOK_KEY": "key-of-facebook", "FACEBOOK_URL": self.vendor.url, "FACEBOOK_DATA": str(self.data)}
        settings = {
            "api_key": f"key-of-{self.name}",
            "api_url": self.vendor.url,
            "data_uri": str(self.data),
            "webhook_url": self.hook.url,
        }
        return {f"{self.name}_{setting}".upper(): value for setting, value in settings.items()}

    def drop(self, name: str, numbers: list[str]) -> str:
        """Put a list into its inbox; returns the list key."""
        path = self.data / "inbox" / name
        path.write_text("id,phone\n" + "".join(f"{at},{number}\n" for at, number in enumerate([*numbers, "junk"])))
        return list_key(path)

    def results(self) -> list[str]:
        """The keys of its lists that have a result."""
        return sorted(each.stem for each in (self.data / "facebook_results").glob("*.parquet"))


@pytest.fixture
def places(tmp_path: Path) -> Iterator[dict[str, Place]]:
    with ExitStack() as stack:
        made = {}
        for name in LOCATIONS:
            hook = Hook()
            stack.callback(hook.close)
            made[name] = Place(name, tmp_path, stack.enter_context(FakeVendor()), hook)
        yield made


def cut_the_lost(_: int, payload: bytes) -> Behaviour:
    """The answer of a submission that holds the number is lost."""
    return "accept_then_cut" if LOST[0].encode() in payload else "accept"


@pytest.mark.long(seconds=110)
@pytest.mark.timeout(900)
def test_several_instances_take_their_lists_through_at_once_and_share_nothing(
    places: dict[str, Place], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two in one location, and the example's in another; files and a table become results without another touch."""
    home, port, log = tmp_path / "dagster_home", free_port(), tmp_path / "dagster.log"
    shutil.copytree(empty_dagster_home(), home)
    variables = {"DAGSTER_HOME": str(home), "CRM_DATA": str(tmp_path), "PYTHONPATH": f"{ROOT}{os.pathsep}{CRM}"}
    for each in places.values():
        variables |= each.variables()
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.syspath_prepend(str(CRM))
    from crm.make_contacts import make_contacts

    make_contacts()
    places[RED].vendor.script = cut_the_lost
    keys = {name: [places[name].drop("same.csv", NUMBERS)] for name in (RED, BLUE)}
    keys[RED] = sorted([*keys[RED], places[RED].drop("lost.csv", LOST)])
    modules = [part for module in dict.fromkeys(LOCATIONS.values()) for part in ("-m", module)]
    with serving(["-m", "dagster", "dev", *modules, "-h", "127.0.0.1", "-p", str(port)], log):
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda: is_up(url), log, 120, "the pages")
        at = {"repositoryName": "__repository__", "repositoryLocationName": LOCATIONS[CRMS]}
        ask(url, START, sensor={**at, "sensorName": "default_automation_condition_sensor"})
        contacts = {**at, "pipelineName": "__ASSET_JOB", "assetSelection": [{"path": ["contacts"]}]}
        launched = ask(url, LAUNCH, run={"selector": contacts, "mode": "default", "runConfigData": {}})
        assert launched["launchPipelineExecution"]["__typename"] == "LaunchRunSuccess"
        for name, expected in keys.items():
            wait_until(lambda name=name, expected=expected: places[name].results() == expected, log, 300, f"results of {name}")
        wait_until(lambda: reachable(tmp_path), log, 300, "their table downstream")
        wait_until(lambda: places[RED].hook.said, log, 300, "the webhook")
        wait_until(lambda: all(run["status"] in ("SUCCESS", "FAILURE") for run in runs(url)), log, 120, "every run to end")
        if "SCREENSHOTS" in os.environ:
            take_a_picture(url, tmp_path)
    keys[CRMS] = places[CRMS].results()
    see_what_was_bought(places)
    see_what_dagster_keeps(home, keys)
    see_each_by_the_command_line(keys, tmp_path)
    assert not any("key-of-" in each.read_text(errors="replace") for each in (log, *home.rglob("*.out"), *home.rglob("*.err")))


def is_up(url: str) -> bool:
    try:
        return (
            len(
                ask(url, "{ repositoriesOrError { ... on RepositoryConnection { nodes { name } } } }")["repositoriesOrError"][
                    "nodes"
                ]
            )
            == 2
        )
    except OSError:
        return False


def runs(url: str) -> list[dict[str, str]]:
    return list(ask(url, RUNS)["runsOrError"]["results"])


def reachable(folder: Path) -> bool:
    """Whether the example's eager asset has been made."""
    try:
        with duckdb.connect(str(folder / "crm.duckdb"), read_only=True) as crm:
            return bool(crm.sql("SELECT count(has_account) FROM reachable").fetchall() == [(10,)])
    except duckdb.Error:
        return False


def take_a_picture(url: str, tmp_path: Path) -> None:
    """Of the way from the example's contacts to its people, for the documentation."""
    with browsing() as page:
        page.goto(f"{url}/assets/reachable?view=lineage&lineageScope=upstream&lineageDepth=12")
        page.get_by_text("Skip", exact=True).click()
        page.get_by_text("contacts_latest", exact=True).first.wait_for()
        keep(page, "crm.png", tmp_path)


def see_what_was_bought(places: dict[str, Place]) -> None:
    """Each vendor got the phones of its instance, each once; only the instance whose answer was lost is told so."""
    assert {name: sum(each.vendor.accepted.values()) for name, each in places.items()} == {RED: 41, BLUE: 40, CRMS: 11}
    assert {each.vendor.most_per_phone for each in places.values()} == {1}
    for name in (RED, BLUE):
        (key,) = [each for each in places[name].results() if each.startswith("same")]
        rows = pq.read_table(places[name].data / "facebook_results" / f"{key}.parquet").to_pylist()
        assert [row["facebook"] for row in rows] == [*map(verdict, NUMBERS), None]
    assert {name for name, each in places.items() if each.hook.said} == {RED}
    assert all(each.startswith("red/fbcheck red_") and "unconfirmed" in each for each in places[RED].hook.said)


def see_what_dagster_keeps(home: Path, keys: dict[str, list[str]]) -> None:
    """Partitions, runs and their tags carry the name of their instance; nothing failed."""
    with dg.DagsterInstance.from_config(str(home)) as dagster:
        for name, expected in keys.items():
            assert sorted(dagster.get_dynamic_partitions(f"{name}_lists")) == expected
        found = dagster.get_runs()
        assert {run.status for run in found} == {dg.DagsterRunStatus.SUCCESS}
        asked = [run for run in found if WORK_TAG in run.tags]
        for run in asked:
            name, origin = run.job_name.partition("_")[0], run.remote_job_origin
            assert origin is not None and origin.location_name == LOCATIONS[name]
            assert run.tags["dagster/sensor_name"].startswith(f"{name}_")
            assert all(run.tags[tag].startswith(f"{name}/") for tag in (WORK_TAG, "dagster/run_key"))
        names = {run.job_name for run in asked}
        assert {f"{each}_{job}" for each in LOCATIONS for job in ("submit_list", "collect_verdicts", "join_list")} < names
        assert "facebook_take_contacts_list" in names


def see_each_by_the_command_line(keys: dict[str, list[str]], folder: Path) -> None:
    """It asks the ledger of the instance that is named."""
    commands: dict[str, Any] = {}
    for name in keys:
        commands[name] = ForkedCommand(
            ["--module", LOCATIONS[name], "--instance", name, "status", "--all", "--json"], folder, dict(os.environ)
        )
    for name, command in commands.items():
        out, said = command.communicate()
        document = json.loads(out)
        assert sorted(each["list_key"] for each in document["lists"]) == keys[name], said
