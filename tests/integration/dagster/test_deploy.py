"""The files of deploy/ are held against Dagster's own schema, each other and the settings; what cannot be run here says so itself."""

import functools
import operator
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import dagster as dg
import jsonschema
import pytest
import yaml

from fbcheck_pipeline.cli.dagster_home import prepare_dagster_home
from fbcheck_pipeline.definitions import defs
from fbcheck_pipeline.settings import Settings

DEPLOY = Path(__file__).parents[3] / "deploy"


def _of(**keys: Any) -> dict[str, Any]:
    """An object with these keys and no other."""
    return {"type": "object", "properties": keys, "additionalProperties": False}


TEXT, WHOLE, TRUTH = {"type": "string"}, {"type": "integer"}, {"type": "boolean"}
TEXTS: dict[str, Any] = {"type": "array", "items": TEXT}
ANYTHING: dict[str, Any] = {"type": "object"}
_TICKS = _of(purgeAfterDays=_of(skipped=WHOLE, started=WHOLE, success=WHOLE, failure=WHOLE))
_WORKERS = _of(useThreads=TRUTH, numWorkers=WHOLE, numSubmitWorkers=WHOLE)
_QUEUE = _of(
    maxConcurrentRuns=WHOLE,
    dequeueIntervalSeconds=WHOLE,
    dequeueUseThreads=TRUTH,
    dequeueNumWorkers=WHOLE,
    tagConcurrencyLimits={"type": "array", "items": _of(key=TEXT, value=TEXT, limit=WHOLE)},
)
_DEPLOYMENT = _of(
    name=TEXT,
    image=_of(repository=TEXT, tag=TEXT, pullPolicy={"enum": ["Always", "IfNotPresent", "Never"]}),
    port=WHOLE,
    codeServerArgs=TEXTS,
    includeConfigInLaunchedRuns=_of(enabled=TRUTH),
    env={"type": "object", "additionalProperties": TEXT},
    envSecrets={"type": "array", "items": _of(name=TEXT)},
    securityContext=_of(runAsNonRoot=TRUTH, allowPrivilegeEscalation=TRUTH),
    resources=_of(requests=ANYTHING, limits=ANYTHING),
)
_DAEMON = _of(
    runCoordinator=_of(enabled=TRUTH, type={"const": "QueuedRunCoordinator"}, config=_of(queuedRunCoordinator=_QUEUE)),
    runMonitoring=_of(
        enabled=TRUTH, maxRuntimeSeconds=WHOLE, startTimeoutSeconds=WHOLE, cancelTimeoutSeconds=WHOLE, pollIntervalSeconds=WHOLE
    ),
    runRetries=_of(enabled=TRUTH, maxRetries=WHOLE, retryOnAssetOrOpFailure=TRUTH),
    sensors=_WORKERS,
    schedules=_WORKERS,
)
CHART = _of(
    **{"dagster-user-deployments": _of(enabled=TRUTH, deployments={"type": "array", "items": _DEPLOYMENT})},
    postgresql=_of(enabled=TRUTH, postgresqlScheme=TEXT, postgresqlHost=TEXT, postgresqlUsername=TEXT, postgresqlDatabase=TEXT),
    generatePostgresqlPasswordSecret=TRUTH,
    **{"global": _of(postgresqlSecretName=TEXT)},
    runLauncher=_of(type={"enum": ["K8sRunLauncher", "CeleryK8sRunLauncher", "CustomRunLauncher"]}),
    dagsterDaemon=_DAEMON,
    retention=_of(enabled=TRUTH, sensor=_TICKS, schedule=_TICKS),
    pythonLogs=_of(managedPythonLoggers=TEXTS, pythonLogLevel={"enum": ["DEBUG", "INFO", "WARNING", "ERROR"]}),
    telemetry=_of(enabled=TRUTH),
    additionalInstanceConfig=ANYTHING,
)
"""Of the keys that we use, after the chart's own schema, which a package index does not have; a new key is looked up there first.

Compared by hand on 2026-11-28 with `helm/dagster` in Dagster's repository as of January 2026 (pull request 33194, so chart 1.12): each key
that we set is one of the schema's, and those of `dagsterDaemon`, `retention`, `pythonLogs`, `postgresql` and `telemetry` are read by the
template that writes `dagster.yaml`. The chart 1.13.27 itself could not be had.
"""


def load(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((DEPLOY / name).read_text())
    return loaded


def snake(value: Any) -> Any:
    """Helm's camelCase names as Dagster's own."""
    if isinstance(value, dict):
        return {re.sub(r"[A-Z]", lambda found: f"_{found[0].lower()}", name): snake(each) for name, each in value.items()}
    return [snake(each) for each in value] if isinstance(value, list) else value


def test_dagster_opens_an_instance_with_the_file_for_one_machine(tmp_path: Path) -> None:
    """`from_config` validates every field; the settings that unattended running rests on are then asked of the instance."""
    prepare_dagster_home(tmp_path)
    assert (DEPLOY.parent / ".dagster" / "dagster.yaml").samefile(DEPLOY / "dagster.yaml"), "what the README names DAGSTER_HOME"
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        assert instance.run_monitoring_enabled and instance.run_monitoring_max_runtime_seconds == 7200
        assert instance.run_retries_enabled and not instance.run_retries_retry_on_asset_or_op_failure
        assert not instance.telemetry_enabled
        limits = instance.get_concurrency_config().run_queue_config.tag_concurrency_limits
    assert defs.resolve_job_def("submit_list").tags.items() >= {limits[0]["key"]: limits[0]["value"]}.items()


def test_dagster_opens_an_instance_with_the_file_for_many_machines(
    tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a real PostgreSQL: the tables are made, a partition is kept."""
    monkeypatch.setenv("DAGSTER_POSTGRES_URL", postgres_url.replace("+psycopg", "+psycopg2"))
    shutil.copy(DEPLOY / "many" / "dagster.yaml", tmp_path)
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        instance.add_dynamic_partitions("lists", ["a-list"])
        assert instance.get_dynamic_partitions("lists") == ["a-list"]
        assert "Postgres" in type(instance.event_log_storage).__name__


def test_both_files_and_the_helm_values_run_alike() -> None:
    """Three files, one policy: only places and numbers of machines differ."""
    one, many, values = load("dagster.yaml"), load("many/dagster.yaml"), load("many/values.yaml")
    for part in ("run_queue", "run_retries", "sensors", "schedules", "retention", "python_logs", "telemetry", "nux"):
        assert one[part] == many[part], part
    daemon = snake(values["dagsterDaemon"])
    for part in ("run_retries", "run_monitoring", "sensors", "schedules"):
        assert daemon[part] == many[part], part
    assert snake({name: each for name, each in values["retention"].items() if name != "enabled"}) == many["retention"]
    coordinator = daemon["run_coordinator"]["config"]["queued_run_coordinator"]
    assert coordinator.items() <= (many["concurrency"]["runs"] | many["run_queue"]).items()
    assert values["telemetry"] == many["telemetry"] and snake(values["pythonLogs"]) == many["python_logs"]
    assert values["additionalInstanceConfig"] == {"nux": many["nux"]}


def test_the_helm_values_have_the_shape_of_the_chart() -> None:
    """The chart refuses what its schema does not know, and ignores elsewhere what it does not read; nobody would tell us here."""
    jsonschema.validate(load("many/values.yaml"), CHART)
    for place in (["retention"], ["pythonLogs"], ["dagsterDaemon", "runCoordinator", "config", "queuedRunCoordinator"]):
        values = load("many/values.yaml")
        functools.reduce(operator.getitem, place, values)["misspelt"] = 1
        with pytest.raises(jsonschema.ValidationError, match="misspelt"):
            jsonschema.validate(values, CHART)


def test_every_setting_that_deploy_names_exists() -> None:
    """A misspelt variable would silently be a default."""
    named = {name for path in DEPLOY.rglob("*") if path.is_file() for name in re.findall(r"FBCHECK_[A-Z0-9_]+", path.read_text())}
    assert named <= {f"FBCHECK_{name.upper()}" for name in Settings.model_fields}
    (deployment,) = load("many/values.yaml")["dagster-user-deployments"]["deployments"]
    assert deployment["codeServerArgs"] == ["-m", "fbcheck_pipeline.definitions"]


def test_the_image_runs_as_an_ordinary_user_and_copies_what_is_there() -> None:
    """No container engine here: the instructions are read."""
    text = (DEPLOY / "Dockerfile").read_text().replace("\\\n", " ")
    steps = [line.split(maxsplit=1) for line in text.splitlines() if line and not line.startswith("#")]
    names = [name for name, _ in steps]
    assert "USER" in names[: names.index("CMD")] and int(dict(steps)["USER"]) > 0, "Kubernetes tells a number from root's alone"
    assert f"--uid {dict(steps)['USER']} fbcheck" in text
    for name, rest in steps:
        if name == "COPY":
            *sources, _ = [word for word in rest.split() if not word.startswith("--")]
            assert all((DEPLOY.parent / source).exists() for source in sources), rest
    assert "API_KEY" not in text
    install = next(rest for name, rest in steps if name == "RUN" and "pip install" in rest)
    assert install.endswith('".[standalone,postgres,s3]" ${ALSO}') and "--group" not in install, "test tools are the group dev"
    assert not re.search(r"(COPY|ADD) (\.|tests)", text), "what is copied is named: no tests, no .git, no .env"


def test_systemd_accepts_the_unit(tmp_path: Path) -> None:
    """systemd's own check; the program it names is not installed here, so another stands in."""
    tool = shutil.which("systemd-analyze")
    if tool is None:
        pytest.skip("systemd-analyze is not on this machine")
    unit = re.sub(r"ExecStart=\S+", "ExecStart=/bin/true", (DEPLOY / "fbcheck.service").read_text())
    (tmp_path / "fbcheck.service").write_text(unit)
    found = subprocess.run(
        [tool, "verify", "--recursive-errors=no", str(tmp_path / "fbcheck.service")],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert "fbcheck.service" not in found.stderr, found.stderr
