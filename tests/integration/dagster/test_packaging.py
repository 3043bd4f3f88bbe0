"""The package as others meet it: a wheel, Dagster's own validators, one module named everywhere."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

PROJECT = Path(__file__).parents[3]
BIN = Path(sys.executable).parent


def run(*command: str, cwd: Path, **environment: str) -> str:
    finished = subprocess.run(
        command, cwd=cwd, env={**os.environ, **environment}, capture_output=True, text=True, timeout=150, check=False
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout + finished.stderr


def test_dagster_cloud_yaml_is_valid_and_names_the_same_module() -> None:
    """`dagster-cloud` reads the one, `dg plus deploy` the other."""
    from dagster_cloud_cli.commands.ci.checks import check_dagster_cloud_yaml

    assert check_dagster_cloud_yaml(PROJECT / "dagster_cloud.yaml").errors == []
    (location,) = yaml.safe_load((PROJECT / "dagster_cloud.yaml").read_text())["locations"]
    tool = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]
    assert location["code_source"]["module_name"] == tool["dagster"]["module_name"] == "fbcheck_pipeline.definitions"
    assert tool["dg"]["project"]["root_module"] == "fbcheck_pipeline"


@pytest.mark.parametrize(
    "command", [("dg", "check", "defs"), ("dg", "list", "defs"), ("dagster", "definitions", "validate")], ids=" ".join
)
def test_dagsters_own_tools_accept_the_definitions(command: tuple[str, ...], tmp_path: Path) -> None:
    """The flat layout, seen from the project's root."""
    said = run(str(BIN / command[0]), *command[1:], cwd=PROJECT, DAGSTER_HOME=str(tmp_path), PATH=f"{BIN}:{os.environ['PATH']}")
    if command[:2] == ("dg", "list"):
        assert all(name in said for name in ("raw_phones", "exported_sensor", "nightly_enrichment"))


def test_an_installed_wheel_loads_and_brings_its_samples(wheel_site: Path, tmp_path: Path) -> None:
    """What works only in a checkout does not work."""
    code = (
        "import fbcheck_pipeline; from fbcheck_pipeline.definitions import defs; from fbcheck_pipeline.cli.demo import sample_lists;"
        "from fbcheck_pipeline.results.pages import template; template('report.html.j2');"
        "from pathlib import Path; from fbcheck_pipeline.cli.dagster_home import prepare_dagster_home; prepare_dagster_home(Path('home'));"
        "print(fbcheck_pipeline.__file__, len(sample_lists()), len(list(defs.assets)))"
    )
    said = run(sys.executable, "-c", code, cwd=tmp_path, PYTHONPATH=str(wheel_site))
    file, samples, assets = said.split()[-3:]
    assert file.startswith(str(wheel_site)) and int(samples) >= 4 and int(assets) >= 7


def test_the_lock_files_name_no_index_and_agree() -> None:
    """Whoever installs brings the index; what `make demo` installed is all that runs, and stays when `make test` adds the rest."""
    everything, what_runs = ((PROJECT / name).read_text() for name in ("requirements.lock", "requirements.run.lock"))
    assert "index-url" not in everything and "://" not in everything.replace("git+", "")
    pinned = {line.split(";")[0].strip(" \\") for line in everything.splitlines() if "==" in line}
    locked = {line.split(";")[0].strip(" \\") for line in what_runs.splitlines() if "==" in line}
    declared = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["dependencies"]
    assert locked <= pinned
    assert {re.split(r"[\[><=]", each)[0] for each in declared} <= {each.split("==")[0].split("[")[0] for each in locked}
