"""In the Dagster projects of others: nothing of theirs changes by a merge, and ours works under their executor, by their IO manager's side."""

import json
import os
import shutil
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow.parquet as pq
import pytest
from dagster._core.definitions.reconstruct import ReconstructableRepository

import fbcheck_pipeline as fb
from fbcheck_pipeline.defs.building import BRANCH_VARIABLE
from fbcheck_pipeline.defs.requests import due_requests
from fbcheck_pipeline.defs.webhooks import NO_PARTITION
from fbcheck_pipeline.errors import LedgerError, SettingsError
from fbcheck_pipeline.workflow.collection.due import DueWork
from tests.conftest import drop
from tests.fake_vendor import FakeVendor
from tests.forked import ForkedCommand
from tests.integration.dagster import their_project
from tests.integration.dagster.dagster_driver import standing_alone, swiss
from tests.integration.dagster.test_operations import Hook, tell
from tests.integration.dagster.their_project import OURS, EmbeddedDriver, environment, keys
from tests.prepared import empty_dagster_home


@pytest.fixture
def hook() -> Iterator[Hook]:
    found = Hook()
    yield found
    found.close()


@pytest.fixture
def variables(tmp_path: Path, vendor: FakeVendor, hook: Hook, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the settings of the instance name."""
    for name, value in environment(tmp_path, vendor.url, hook.url).items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def driver(instance: dg.DagsterInstance, variables: None) -> Iterator[EmbeddedDriver]:
    made = EmbeddedDriver(instance, their_project.merged(), "facebook", "enrichment")
    yield made
    made.fbcheck.close()


def failures(result: Any) -> dict[str, str]:
    """Why each step failed that did."""
    found = {}
    for event in result.all_events:
        if event.is_step_failure:
            error = event.step_failure_data.error
            found[event.step_key] = (error.cause or error).message
    return found


def test_a_merge_loads_without_a_warning_and_changes_nothing_of_theirs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where no variable of ours is set: their IO managers, executors, jobs, checks and sensors are what they were."""
    projects = [their_project.plain(), their_project.own()]
    with warnings.catch_warnings():
        warnings.simplefilter("error", dg.PreviewWarning)
        merges = [dg.Definitions.merge(project, their_project.facebook()) for project in projects]
    monkeypatch.setenv("THEIR_PLACE", str(tmp_path / "theirs"))
    for alone, merged in zip(projects, merges, strict=True):
        before, after = alone.get_repository_def(), merged.get_repository_def()
        assert merged.executor is alone.executor and not merged.loggers
        assert (alone.resources or {}).items() <= (merged.resources or {}).items()
        assert {name for name in merged.resources or {} if name not in (alone.resources or {})} == {
            "facebook_fbcheck", "facebook_fbcheck_io_manager",
        }  # fmt: skip
        for name in ("__ASSET_JOB", *(job.name for job in before.get_all_jobs())):
            assert after.get_job(name).executor_def is before.get_job(name).executor_def, name
        assert {each.name for each in before.sensor_defs} <= {each.name for each in after.sensor_defs}
        with dg.DagsterInstance.ephemeral() as empty:
            theirs = [each.key for each in alone.resolve_all_asset_specs()]
            assert (
                merged.resolve_implicit_global_asset_job_def().execute_in_process(instance=empty, asset_selection=theirs).success
            )
    assert (tmp_path / "theirs.letters").read_text().startswith("theirs: letters to theirs: contacts")


@pytest.mark.long(seconds=40)
def test_both_work_under_their_multiprocess_executor(driver: EmbeddedDriver, vendor: FakeVendor, tmp_path: Path) -> None:
    """Each step in a process of its own, as "Materialize" on the pages and a job over all but ours launch them."""
    key = driver.drop("night.csv", swiss(5))
    location = ReconstructableRepository.for_module(their_project.__name__, "merged")
    with dg.execute_job(
        location.get_reconstructable_job("__ASSET_JOB").get_subset(
            asset_selection={*keys(*OURS), dg.AssetKey("contacts")}, asset_check_selection=set()
        ),
        instance=driver.instance,
        tags={"dagster/partition": key},
    ) as ran:
        assert ran.success, failures(ran)
    assert len(vendor.accepted) == 5 and driver.ws.ledger.phone_list(key).counts["waiting"] == 5
    with dg.execute_job(location.get_reconstructable_job("all_of_theirs"), instance=driver.instance) as healed:
        assert healed.success, failures(healed)
    assert {step.split("__")[0] for step in (event.step_key for event in healed.all_events if event.step_key)} == {
        "contacts",
        "letters",
    }
    processes = {(tmp_path / f"theirs.{name}").read_text().rpartition(" ")[2] for name in ("contacts", "letters")}
    assert len(processes) == 2 and str(os.getpid()) not in processes
    driver.finish()
    assert driver.ws.ledger.phone_list(key).is_complete and vendor.most_per_phone == 1


def test_a_run_without_a_list_ends_in_one_sentence_and_buys_nothing(
    driver: EmbeddedDriver, vendor: FakeVendor, hook: Hook
) -> None:
    """A job over everything takes ours in; Dagster has no hook against it. What failed of ours is posted, and nothing else."""
    key = driver.drop("night.csv", swiss(5))
    everything = driver.definitions.resolve_job_def("everything")
    result = everything.execute_in_process(instance=driver.instance, raise_on_error=False)
    said = failures(result)
    assert not result.success and set(said) == {"enrichment__raw_phones"}
    assert "this run has no list, so nothing of it is read, sent or bought" in said["enrichment__raw_phones"]
    assert {"contacts", "letters"} <= {event.step_key for event in result.all_events if event.is_step_success}

    def buy() -> dg.ExecuteInProcessResult:
        job = driver.definitions.resolve_implicit_global_asset_job_def()
        return job.execute_in_process(instance=driver.instance, asset_selection=keys("submitted_chunks"), raise_on_error=False)

    alone = buy()
    assert "this run has no list" in failures(alone)["enrichment__submitted_chunks"]
    assert vendor.posts == []
    failed_run = driver.definitions.resolve_sensor_def("facebook_failed_run_webhook")
    assert tell(failed_run, driver, alone).skip_message == "posted" and "this run has no list" in hook.said[0]
    assert driver.run("submit_list", key, asset_selection=keys("raw_phones", "e164_phones")).success
    late = buy()  # Dagster looks for the partition upstream, before a step of ours begins
    assert NO_PARTITION in failures(late)["enrichment__submitted_chunks"] and vendor.posts == []
    assert tell(failed_run, driver, late).skip_message == "posted" and "this run has no list" in hook.said[1]


def test_what_fails_of_theirs_is_not_told(driver: EmbeddedDriver, hook: Hook, vendor: FakeVendor, tmp_path: Path) -> None:
    """Of a mixed run our steps alone; of theirs neither a name nor a message."""

    @dg.asset
    def broken() -> None:
        raise ValueError("their secret")

    mixed = dg.Definitions.merge(dg.Definitions(assets=[broken]), their_project.facebook())
    failed_run = mixed.resolve_sensor_def("facebook_failed_run_webhook")
    job = mixed.resolve_implicit_global_asset_job_def()
    theirs = job.execute_in_process(instance=driver.instance, asset_selection=[dg.AssetKey("broken")], raise_on_error=False)
    assert isinstance(tell(failed_run, driver, theirs), dg.SkipReason) and hook.said == []
    vendor.script = lambda index, payload: 401
    both = job.execute_in_process(
        instance=driver.instance,
        asset_selection=[*keys(*OURS), dg.AssetKey("broken")],
        partition_key=driver.drop("night.csv", swiss(3)),
        raise_on_error=False,
    )
    assert tell(failed_run, driver, both).skip_message == "posted"
    (text,) = hook.said
    assert (
        "401" in text
        and "setting api_key" not in text
        and "FBCHECK_" not in text
        and "their secret" not in text
        and "ValueError" not in text
    )


def test_steps_on_other_machines_than_the_data_are_refused(
    instance: dg.DagsterInstance, vendor: FakeVendor, variables: None
) -> None:
    """Each machine would begin an empty ledger of its own, and buy again."""
    driver = EmbeddedDriver(instance, their_project.far(), "far")
    key = driver.drop("night.csv", swiss(3))
    job = ReconstructableRepository.for_module(their_project.__name__, "far").get_reconstructable_job("far_submit_list")
    with dg.execute_job(job, instance=instance, tags={"dagster/partition": key}) as ran:
        assert "k8s runs steps on other machines, which do not see a local data_uri" in failures(ran)["far__raw_phones"]
    assert vendor.posts == []
    driver.fbcheck.close()


def test_a_lost_answer_names_the_command_that_reaches_the_instance(driver: EmbeddedDriver, vendor: FakeVendor) -> None:
    """Without the module and the name it would ask a ledger that is not there."""
    vendor.script = lambda index, payload: "accept_then_cut"
    result = driver.run("submit_list", driver.drop("night.csv", swiss(3)))
    found = {each.check_name: each for each in result.get_asset_check_evaluations()}["nothing_is_unconfirmed"]
    (chunk,) = driver.ws.ledger.chunks()
    command = f"fbcheck --module {their_project.__name__} --instance facebook reconcile {chunk.chunk_key} --task-id ID"
    assert command in (found.description or "")


def test_an_unset_variable_stops_our_steps_alone(driver: EmbeddedDriver, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run of both would otherwise end before its first step; our sensors skip and say which variable it is."""
    monkeypatch.delenv("THEIR_KEY")
    key = driver.drop("night.csv", swiss(3))
    result = driver.definitions.resolve_implicit_global_asset_job_def().execute_in_process(
        instance=driver.instance,
        asset_selection=[*keys("raw_phones"), dg.AssetKey("contacts")],
        partition_key=key,
        raise_on_error=False,
    )
    assert "api_key: the environment variable THEIR_KEY is not set" in failures(result)["enrichment__raw_phones"]
    assert any(event.is_step_success and event.step_key == "contacts" for event in result.all_events)
    sensor = driver.definitions.resolve_sensor_def("facebook_exported_sensor")
    with dg.build_sensor_context(instance=driver.instance, resources={"facebook_fbcheck": driver.fbcheck}) as context:
        skipped = sensor(context)
    assert skipped.skip_message == "api_key: the environment variable THEIR_KEY is not set"


def test_two_instances_in_one_location_go_their_ways_and_share_nothing(driver: EmbeddedDriver, vendor: FakeVendor) -> None:
    """Names, keys, tags, run keys and partitions carry the instance's name; a ledger refuses the instance whose it is not."""
    other = fb.build_definitions(name="other", settings=their_project.settings("OTHER_PLACE"), inbox=True)
    both = dg.Definitions.merge(driver.definitions, other)
    drivers = [EmbeddedDriver(driver.instance, both, "facebook", "enrichment"), EmbeddedDriver(driver.instance, both, "other")]
    requests = []
    for each in drivers:
        drop(Path(each.ws.storage.root), "same.csv", "phone\n" + "\n".join(swiss(3)))
        sensor = both.resolve_sensor_def(each.ours.named("inbox_sensor"))
        with dg.build_sensor_context(instance=driver.instance, resources={each.ours.fbcheck_key: each.fbcheck}) as context:
            (request,) = sensor(context).run_requests
        requests.append(request)
        ran = both.resolve_job_def(request.job_name).execute_in_process(
            instance=driver.instance, partition_key=request.partition_key, run_config=request.run_config, tags=request.tags
        )
        assert ran.success
        each.finish()
        assert [(row.list_key, row.is_complete) for row in each.ws.ledger.lists()] == [(request.partition_key, True)]
        assert driver.instance.get_dynamic_partitions(each.ours.partition_set) == [request.partition_key]
    assert [each.run_key.partition("/")[0] for each in requests] == ["facebook", "other"]
    assert sum(vendor.accepted.values()) == 6 and not driver.instance.get_dynamic_partitions("lists")
    rows = pq.read_table(Path(driver.ws.storage.root) / "facebook_results" / f"{requests[0].partition_key}.parquet").to_pylist()
    assert {row["check_status"] for row in rows} == {"checked"}, "files lie where they always lie, whatever the keys' prefix"
    thief = fb.build_definitions(name="thief", settings=their_project.settings("OTHER_PLACE"))
    with pytest.raises(LedgerError, match="this ledger belongs to the instance other, and the instance thief asks for it"):
        (thief.resources or {})["thief_fbcheck"].workspace()
    see_the_pages(driver)
    for each in drivers:
        each.fbcheck.close()


def see_the_pages(driver: EmbeddedDriver) -> None:
    """One group, owners and tags as given, each column described, lineage along the prefix."""
    (event,) = driver.instance.fetch_materializations(*keys("facebook_results"), limit=1).records
    assert event.asset_materialization is not None
    metadata = event.asset_materialization.metadata
    deps = metadata["dagster/column_lineage"].value.deps_by_column["facebook"]
    assert {each.asset_key for each in deps} == {*keys("e164_phones", "verdicts")}
    assert all(column.description for column in metadata["dagster/column_schema"].value.columns)
    for spec in driver.definitions.resolve_all_asset_specs():
        if spec.key.path[0] == "enrichment":
            assert (spec.group_name, list(spec.owners), spec.tags["domain"]) == ("marketing", ["team:crm"], "crm")
    assert driver.definitions.resolve_job_def("facebook_submit_list").tags["cost"] == "crm"


@pytest.mark.parametrize(
    ("automation", "is_branch", "collecting", "buying"),
    [("running", "0", True, True), ("running", "1", True, False), ("always", "1", True, True), ("stopped", "0", False, False)],
)
def test_what_buys_stands_still_in_a_branch_deployment(
    automation: Any, is_branch: str, collecting: bool, buying: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pull request would buy again what production bought; what is paid for is collected everywhere."""
    monkeypatch.setenv(BRANCH_VARIABLE, is_branch)
    built = fb.build_definitions(name="a", automation=automation, inbox=True, nightly=fb.Nightly("0 5 * * *", "Europe/Istanbul"))
    repository = built.get_repository_def()
    running = {each.name: each.default_status.value == "RUNNING" for each in (*repository.sensor_defs, *repository.schedule_defs)}
    assert [running[f"a_{name}"] for name in ("exported_sensor", "failed_run_webhook", "morning_checks")] == [collecting] * 3
    assert [running[f"a_{name}"] for name in ("inbox_sensor", "nightly_enrichment")] == [buying] * 2


def test_a_branch_deployment_sends_nothing_that_is_planned(driver: EmbeddedDriver) -> None:
    """Its sensor collects; a chunk that was never sent stays where it is, and is sent where everything runs."""
    due = DueWork(collect=(("chunk", 0),), joins=(), sends=((driver.drop("night.csv", swiss(3)), 1),))
    everywhere = due_requests(driver.instance, driver.ours, driver.ws, due).wanted
    in_a_branch = due_requests(driver.instance, replace(driver.ours, is_buying=False), driver.ws, due).wanted
    assert [each.job_name for each in everywhere] == ["facebook_collect_verdicts", "facebook_submit_list"]
    assert in_a_branch == everywhere[:1]


def test_no_secret_is_in_the_repositorys_snapshot(variables: None, hook: Hook) -> None:
    """Dagster stores it, and sends it to its pages."""
    from dagster._core.remote_representation.external_data import RepositorySnap
    from dagster_shared.serdes import serialize_value

    snapshot = serialize_value(RepositorySnap.from_def(their_project.merged().get_repository_def()))
    assert "THEIR_KEY" in snapshot and "facebook_submit_list" in snapshot
    assert "their-secret-key" not in snapshot and hook.url not in snapshot


def test_what_is_wrong_is_said_where_it_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """One sentence each, when the definitions load."""
    for wrong, said in (
        ({"name": "my instance"}, "name='my instance' cannot be used"),
        ({"automation": "sometimes"}, "automation='sometimes' is unknown"),
        ({"nightly": fb.Nightly(cron="2 a.m.")}, "^nightly_cron='2 a.m.' is no cron line: minute, hour"),
        ({"nightly": fb.Nightly(timezone="Stambul")}, "^nightly_timezone='Stambul' is no time zone"),
    ):
        with pytest.raises(SettingsError, match=said):
            fb.build_definitions(**wrong)
    twice = [fb.build_definitions(name="a"), fb.build_definitions(name="a")]
    with pytest.raises(Exception, match=r"a_fbcheck|raw_phones"):
        dg.Definitions.merge(*twice).get_repository_def()
    monkeypatch.setenv("ONE_LEDGER", "postgresql+psycopg://me:word@host/db")
    monkeypatch.setenv("SAME_LEDGER", "postgresql+psycopg://you:word@host/db")
    for one, other in (
        ({"data_uri": "x"}, {"data_uri": "./x/"}),
        ({"ledger_url": dg.EnvVar("ONE_LEDGER")}, {"data_uri": "y", "ledger_url": dg.EnvVar("SAME_LEDGER")}),
    ):
        two = [fb.build_definitions(name, settings=fb.FbcheckResource(**given)) for name, given in (("a", one), ("b", other))]
        with pytest.raises(dg.DagsterInvalidDefinitionError) as caught:
            dg.Definitions.merge(*two).get_repository_def().get_all_jobs()
        assert "a/submitted_chunks and b/submitted_chunks share a data root or a ledger" in str(caught.value.__cause__)


def test_the_night_is_when_the_settings_say(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its variables alone are read when the definitions load: another that is wrong stops steps, not the pages."""
    for name, value in (("NIGHTLY_CRON", "5 1 * * *"), ("NIGHTLY_TIMEZONE", "Europe/Istanbul"), ("REGION", "UK")):
        monkeypatch.setenv(f"FBCHECK_{name}", value)
    night = standing_alone(fb.FbcheckResource.from_env()).resolve_schedule_def("nightly_enrichment")
    assert (night.cron_schedule, night.execution_timezone) == ("5 1 * * *", "Europe/Istanbul")
    given = fb.build_definitions(
        "a", settings=fb.FbcheckResource(nightly_cron="7 1 * * *"), nightly=fb.Nightly(timezone="Asia/Baku")
    )
    night = given.resolve_schedule_def("a_nightly_enrichment")
    assert (night.cron_schedule, night.execution_timezone) == ("7 1 * * *", "Asia/Baku")
    monkeypatch.setenv("FBCHECK_NIGHTLY_CRON", "5 25 * * *")
    with pytest.raises(SettingsError, match=r"^FBCHECK_NIGHTLY_CRON='5 25 \* \* \*' is no cron line"):
        standing_alone(fb.FbcheckResource.from_env())


def test_the_command_line_reaches_each_instance(
    tmp_path: Path, vendor: FakeVendor, monkeypatch: pytest.MonkeyPatch, variables: None
) -> None:
    """Settings, prefix, partitions and jobs are those of the definitions; remedies name the whole command."""
    (tmp_path / "project.py").write_text(
        "import dagster as dg, fbcheck_pipeline as fb\nfrom tests.integration.dagster import their_project\n\n"
        "@dg.definitions\ndef defs():\n"
        '    other = fb.build_definitions("other", settings=their_project.settings("OTHER_PLACE"))\n'
        '    facebook = fb.build_definitions("facebook", key_prefix=["a", "b"], settings=their_project.settings("THEIR_PLACE"))\n'
        "    return dg.Definitions.merge(their_project.own(), other, facebook)\n"
    )
    (tmp_path / "night.csv").write_text("phone\n" + "\n".join(swiss(3)))
    shutil.copytree(empty_dagster_home(), tmp_path / "dagster")
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))
    (tmp_path / ".env").write_text(f"THEIR_KEY={os.environ['THEIR_KEY']}\n")
    monkeypatch.delenv("THEIR_KEY")

    def fbcheck(*arguments: str) -> tuple[int, dict[str, Any], str]:
        process = ForkedCommand(["--module", "project", *arguments], tmp_path, dict(os.environ))
        out, said = process.communicate()
        return process.returncode or 0, json.loads(out) if out.startswith("{") else {}, said

    code, document, said = fbcheck("--instance", "facebook", "run", "night.csv", "--json")
    assert code == 0, said
    (ran,) = document["lists"]
    assert ran["results"].startswith(str(tmp_path / "theirs")) and document["billed_phones"] == 3
    with dg.DagsterInstance.from_config(str(tmp_path / "dagster")) as dagster:
        assert dagster.get_dynamic_partitions("facebook_lists") == [ran["list_key"]]
        assert {run.job_name for run in dagster.get_runs()} == {
            "facebook_submit_list", "facebook_collect_verdicts", "facebook_join_list",
        }  # fmt: skip
        assert dg.AssetKey(["a", "b", "facebook_results"]) in dagster.all_asset_keys()
    vendor.script = lambda index, payload: "accept_then_cut"
    (tmp_path / "lost.csv").write_text("phone\n" + "\n".join(swiss(3, start=100)))
    fbcheck("--instance", "facebook", "run", "lost.csv", "--no-wait", "--quiet")
    _, document, _ = fbcheck("--instance", "facebook", "status", "--json")
    (chunk,) = document["chunks"]
    assert f"fbcheck --module project --instance facebook reconcile {chunk['chunk_key']}" in chunk["action"]
    code, document, said = fbcheck("--instance", "fcebook", "status", "--json")
    assert code == 2 and "there: facebook, other" in said and document["lists"] == []
