"""Tests hold on a machine that is set up unlike the one on which they are written."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
# fmt: off
SOME = [
    "tests/unit/cli", "tests/unit/test_settings.py", "tests/unit/files/test_untrusted.py", "tests/unit/lists/test_encoding.py",
    "tests/integration/defs", "tests/integration/cli/test_accept.py",
]
"""What prints, reads settings, writes files, reads words beyond ASCII, asks Dagster, and starts commands and a server."""
OF_SOMEBODY = {
    "NO_COLOR": "1", "FORCE_COLOR": "1", "TERM": "dumb", "COLUMNS": "40", "LINES": "5", "LANG": "C", "LC_ALL": "C",
    "TZ": "Pacific/Chatham", "PYTHONWARNINGS": "error::DeprecationWarning", "DAGSTER_HOME": "/nowhere",
    "FBCHECK_API_KEY": "sandbox", "FBCHECK_REGION": "DE", "FBCHECK_CHUNK_SIZE": "x",
}
# fmt: on


def test_somebody_else_s_settings_reach_no_test(tmp_path: Path) -> None:
    """Colours, a narrow terminal, another language and time, strict warnings, a home with settings, files for nobody else, an odd folder."""
    home = tmp_path / "their home"
    home.mkdir()
    (home / ".env").write_text("FBCHECK_REGION=DE\nFBCHECK_CHUNK_SIZE=x\n")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "PYTEST_"))}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--basetemp", tmp_path / "été à deux", *SOME],
        cwd=ROOT, env=environment | OF_SOMEBODY | {"HOME": str(home)}, umask=0o077, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
