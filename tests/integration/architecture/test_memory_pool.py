"""Whose memory pool Arrow uses, and how many threads numpy starts, is the process's own choice: a library that is imported does not change it."""

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


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="threads are counted in /proc")
@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="numpy starts none on one core")
@pytest.mark.parametrize(("chosen", "threads"), [({}, 1), ({"OPENBLAS_NUM_THREADS": "2"}, 2)])
def test_the_command_starts_no_threads_for_linear_algebra(chosen: dict[str, str], threads: int) -> None:
    """Each spins for a while on a core of its own whenever a command begins."""
    environment = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"} | chosen
    say = "(__import__('numpy'), print(len(__import__('os').listdir('/proc/self/task'))))"
    done = subprocess.run(
        [sys.executable, "-c", COMMAND.format(say=say)], env=environment, capture_output=True, text=True, check=False
    )
    assert done.stdout.split()[-1:] == [str(threads)], done.stderr
