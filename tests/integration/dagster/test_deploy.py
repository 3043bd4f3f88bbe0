"""The files of deploy/ are held against Dagster's own schema, each other and the settings; what cannot be run here says so itself."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml

from fbcheck_pipeline.definitions import defs
from fbcheck_pipeline.settings import Settings

DEPLOY = Path(__file__).parents[3] / "deploy"


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
    shutil.copy(DEPLOY / "dagster.yaml", tmp_path)
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
    for part in ("run_queue", "run_retries", "sensors", "schedules", "retention", "telemetry", "nux"):
        assert one[part] == many[part], part
    daemon = snake(values["dagsterDaemon"])
    for part in ("run_retries", "run_monitoring", "sensors", "schedules"):
        assert daemon[part] == many[part], part
    assert snake({name: each for name, each in values["retention"].items() if name != "enabled"}) == many["retention"]
    coordinator = daemon["run_coordinator"]["config"]["queued_run_coordinator"]
    assert coordinator.items() <= (many["concurrency"]["runs"] | many["run_queue"]).items()
    assert values["telemetry"] == many["telemetry"]


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
    assert "USER" in names[: names.index("CMD")] and dict(steps)["USER"] not in ("root", "0")
    for name, rest in steps:
        if name == "COPY":
            *sources, _ = [word for word in rest.split() if not word.startswith("--")]
            assert all((DEPLOY.parent / source).exists() for source in sources), rest
    assert "API_KEY" not in text


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
