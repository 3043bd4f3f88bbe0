"""Processes of their own without the seconds of importing: forked from a server that has imported the product.

They are real processes: a pid, signals, an exit code, and nothing shared with the test. Cold starts, with their imports,
are in tests/unit/cli/test_entry.py, tests/integration/docs and tests/integration/dagster.
"""

from __future__ import annotations

import atexit
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from multiprocessing.connection import wait
from pathlib import Path

from tests.prepared import nothing_synced

PATIENCE_S = 300.0
"""How long a process may take on a machine under load; only one that hangs takes it."""
COMMAND = "fbcheck_pipeline.cli.running"
FORK = multiprocessing.get_context("forkserver")
# fmt: off
PRELOADED = [
    "tests.conftest",  # which clears the environment: before a command has its own
    COMMAND, "fbcheck_pipeline.cli.preparing", "fbcheck_pipeline.results.export", "fbcheck_pipeline.cli.doctor",
    "fbcheck_pipeline.lists.delimited", "fbcheck_pipeline.model.frames", "fbcheck_pipeline.results.joined_list",
    "tests.integration.money.worker_script",
    # What they import at work.
    "dagster._core.executor.in_process", "dagster._core.execution.execute_in_process", "dagster._core.instance.factory",
    "dagster._core.instance.runs.run_domain", "dagster._core.storage.sqlite_storage", "dagster._core.storage.migration.utils",
    "dagster._core.storage.local_compute_log_manager", "dagster._core.storage.root", "dagster._core.workspace.context",
    "alembic.command", "encodings.cp437", "fastexcel", "hypothesis.extra.pandas", "jinja2.runtime", "mako.template",
    "pandera.accessors.pandas_accessor", "pandera.backends.pandas.builtin_checks", "pandera.backends.pandas.register",
    "pyarrow.dataset", "rich.console", "sqlalchemy.dialects.postgresql.psycopg",
    "sqlalchemy.dialects.sqlite.aiosqlite", "upath.implementations.local",
    "tests.frozen",  # last
]
# fmt: on
"""A process has one such server: whoever else uses it preloads the same."""
FORK.set_forkserver_preload(PRELOADED)


class ForkedCommand:
    """One `fbcheck` command at work; used as a `subprocess.Popen` with text pipes.

    Args:
        arguments: what follows `fbcheck`.
        prelude: Python that runs before the command.
    """

    def __init__(self, arguments: list[str], cwd: Path, environment: Mapping[str, str], prelude: str = "") -> None:
        self._said = tempfile.TemporaryDirectory(prefix="fbcheck-said-")
        given = (self._said.name, arguments, cwd, dict(environment), prelude)
        self._process = FORK.Process(target=_command, args=given)
        self._process.start()
        self._reading = threading.Lock()  # the server says only once how a process ended

    @property
    def returncode(self) -> int | None:
        """None while it runs; negative when a signal ended it."""
        with self._reading:
            return self._process.exitcode

    def wait(self, timeout: float | None = None) -> None:
        """Wait for its end.

        Raises:
            subprocess.TimeoutExpired: it still runs.
        """
        if not wait([self._process.sentinel], timeout):
            raise subprocess.TimeoutExpired("fbcheck", timeout or 0)

    def communicate(self, timeout: float = PATIENCE_S) -> tuple[str, str]:
        """Wait for its end; what it wrote to stdout and stderr."""
        self.wait(timeout)
        return Path(self._said.name, "out").read_text(), Path(self._said.name, "err").read_text()

    def wait_to_say(self, words: str) -> None:
        """Wait until these words stand on its stderr."""
        deadline, said = time.monotonic() + PATIENCE_S, Path(self._said.name, "err")
        while not said.exists() or words not in said.read_text():
            assert self.returncode is None and time.monotonic() < deadline, f"it never said {words!r}"
            time.sleep(0.02)

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.returncode is None and self._process.pid is not None:
            os.kill(self._process.pid, number)

    def kill(self) -> None:
        """SIGKILL."""
        self.send_signal(signal.SIGKILL)


def _command(said: str, arguments: list[str], cwd: Path, environment: dict[str, str], prelude: str) -> None:
    """What `python -c "<prelude>; from fbcheck_pipeline.cli import main; main()"` does."""
    assert COMMAND in sys.modules, "the server has not imported the product"
    from fbcheck_pipeline.cli import main

    for name, descriptor in (("out", 1), ("err", 2)):
        os.dup2(os.open(f"{said}/{name}", os.O_WRONLY | os.O_CREAT), descriptor)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    os.chdir(cwd)
    sys.argv = ["-c", *arguments]
    try:
        with nothing_synced():
            exec(prelude, {})
            main()
    finally:
        atexit._run_exitfuncs()  # multiprocessing leaves them out
