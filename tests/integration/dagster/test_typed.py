"""A user's own `mypy --strict` knows our public names: what is right passes, and each wrong name, field and value is found at its line."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.dagster.test_component import SUBCLASS

RIGHT = (
    SUBCLASS
    + """
facebook: dg.Definitions = fb.build_definitions(
    name="facebook",
    settings=fb.FbcheckResource(api_key=dg.EnvVar("KEY"), region="TR", chunk_size=dg.EnvVar("SIZE"), poll_seconds=1),
    sources=[fb.AssetSource("contacts", phone_columns=["mobile"])],
    nightly=fb.Nightly(cron="0 5 * * *"),
)
theirs: dg.AssetSelection = dg.AssetSelection.all() - fb.selection("facebook")
lists: dg.DynamicPartitionsDefinition = fb.partitions("facebook")
"""
)
WRONG = {
    'fb.FbcheckResource(regin="TR")': 'Unexpected keyword argument "regin"',
    'fb.FbcheckResource(api_key="in the clear")': 'Argument "api_key"',
    'fb.build_definitions(nmae="facebook")': 'Unexpected keyword argument "nmae"',
    'fb.build_definitions(automation="sometimes")': 'Argument "automation"',
    'fb.AssetSource("contacts", phone_colums=["mobile"])': 'Unexpected keyword argument "phone_colums"',
    "fb.FbcheckComponent(nightly=3)": 'Argument "nightly"',
    "fb.wrong": 'Module has no attribute "wrong"',
}


def test_a_users_strict_mypy_finds_what_is_wrong_and_nothing_else(tmp_path: Path, wheel_site: Path, cache: pytest.Cache) -> None:
    """Without `py.typed` in the wheel all would be Any. What mypy knows of Dagster since last time, it does not find out again."""
    assert (wheel_site / "fbcheck_pipeline" / "py.typed").exists()
    (tmp_path / "user.py").write_text(RIGHT + "\n".join(WRONG) + "\n")
    first = len(RIGHT.splitlines()) + 1
    options = ["--strict", "--no-pretty", "--hide-error-context", "--config-file=", f"--cache-dir={cache.mkdir('mypy')}"]
    command = [sys.executable, "-m", "mypy", *options, "user.py"]
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    errors = [line for line in said.stdout.splitlines() if ": error: " in line]
    assert len(errors) == len(WRONG), said.stdout + said.stderr
    for line, (error, meant) in enumerate(zip(errors, WRONG.values(), strict=True), first):
        assert error.startswith(f"user.py:{line}: error: {meant}"), error
