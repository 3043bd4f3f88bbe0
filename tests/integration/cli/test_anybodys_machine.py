"""Unit tests hold on a machine that is set up unlike the one on which they are written."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
# fmt: off
SOME = ["tests/unit/cli/test_output.py", "tests/unit/files/test_untrusted.py", "tests/unit/lists/test_encoding.py"]
OF_SOMEBODY = {
    "NO_COLOR": "1", "FORCE_COLOR": "1", "TERM": "dumb", "COLUMNS": "40", "LC_ALL": "C", "TZ": "America/St_Johns",
    "PYTHONWARNINGS": "error::DeprecationWarning", "DAGSTER_HOME": "/nowhere", "FBCHECK_API_KEY": "sandbox", "FBCHECK_CHUNK_SIZE": "x",
}
# fmt: on


def test_somebody_else_s_settings_reach_no_test(tmp_path: Path) -> None:
    """Colours, a narrow terminal, another language and time, strict warnings, no home, files for nobody else, an odd folder."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("HOME", "LANG", "LC_", "PYTEST_"))}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--basetemp", tmp_path / "été à deux", *SOME],
        cwd=ROOT, env=environment | OF_SOMEBODY, umask=0o077, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
