"""Whose memory pool Arrow uses is the process's own choice: a library that is imported does not change it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

READING = "import pyarrow, fbcheck_pipeline.files.storage, fbcheck_pipeline.lists.reader, fbcheck_pipeline.vendor"
COMMAND = "import atexit, sys; sys.argv = ['fbcheck', '--version']; atexit.register(lambda: {say})\nfrom fbcheck_pipeline.cli import main\nmain()"
SAY = "print(__import__('pyarrow').default_memory_pool().backend_name)"


@pytest.mark.parametrize(
    ("code", "pool", "expected"),
    [
        (f"{READING}; {SAY}", "mimalloc", "mimalloc"),
        (f"{READING}; {SAY}", "system", "system"),
        (COMMAND.format(say=SAY), None, "system"),
        (COMMAND.format(say=SAY), "mimalloc", "mimalloc"),
    ],
)
def test_imports_leave_the_pool_alone_and_the_command_asks_for_the_systems(code: str, pool: str | None, expected: str) -> None:
    """Unless whoever starts the command has chosen one."""
    environment = {name: value for name, value in os.environ.items() if name != "ARROW_DEFAULT_MEMORY_POOL"}
    environment |= {"ARROW_DEFAULT_MEMORY_POOL": pool} if pool else {}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.split()[-1:] == [expected], done.stderr
