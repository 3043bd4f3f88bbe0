"""`fbcheck dev`: Dagster's pages with the sandbox vendor and the sample lists in the inbox of a data folder of its own."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from fbcheck_pipeline.cli.dagster_home import prepare_dagster_home
from fbcheck_pipeline.cli.demo import fresh_folder, sample_lists, sandbox_environment
from fbcheck_pipeline.cli.output import Reporter
from fbcheck_pipeline.errors import OperatorError, PortTaken, StorageError
from fbcheck_pipeline.model import paths

DELAY_S = 10.0
"""Long enough to see tasks with the vendor on the pages."""
NO_ADVICE = ("-W", "ignore:Function `dev_command` is superseded")
"""Dagster's hint at `dg dev`, a tool for its developers that the product does not bring."""


def run_dev(port: int, reporter: Reporter) -> int:
    """Serve until interrupted; returns the exit code of `dagster dev`.

    Raises:
        OperatorError: the port is taken, and Dagster itself would wait for it silently; or there is no webserver.
        StorageError: the data's folder cannot be made.
    """
    from fbcheck_pipeline.sandbox import Sandbox

    if find_spec("dagster_webserver") is None:
        raise OperatorError("Dagster's pages need its webserver: pip install 'fbcheck-pipeline[standalone]'")

    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            raise PortTaken(port)
    folder = fresh_folder("dev")
    home, inbox = folder / paths.DAGSTER.folder, folder / paths.INBOX.folder
    try:
        inbox.mkdir(parents=True, mode=0o700)
    except OSError as error:
        raise StorageError(f"{inbox} cannot be created ({error.strerror}); check FBCHECK_DATA_URI") from None
    prepare_dagster_home(home)
    with Sandbox(delay_s=DELAY_S) as sandbox:
        environment = sandbox_environment(folder, sandbox.url, region="TR") | {"DAGSTER_HOME": str(home)}
        for path in sample_lists():
            shutil.copy(path, inbox)
        reporter.say(f"sandbox vendor at {sandbox.url}, data in {folder}")
        reporter.say(f"Dagster starts at http://127.0.0.1:{port} within seconds; put lists into {inbox}; Ctrl-C ends everything")
        command = ["dagster", "dev", "-m", "fbcheck_pipeline.definitions", "-h", "127.0.0.1", "-p", str(port)]
        command += ["--log-level", "error", "--code-server-log-level", "warning"]
        return _until_interrupted([sys.executable, *NO_ADVICE, "-m", *command], folder, environment)


def _until_interrupted(command: list[str], folder: Path, environment: dict[str, str]) -> int:
    """Run a child process until it ends or is interrupted; afterwards no descendant is left.

    They are killed: a trial's runs have nothing to save, and Dagster's processes would each print where they were interrupted.
    """
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.default_int_handler)
    # In its own session: otherwise a terminal's Ctrl-C would reach all of them.
    with subprocess.Popen(command, cwd=folder, env=environment, start_new_session=True) as child:
        try:
            return child.wait()
        except KeyboardInterrupt:
            return 0
        finally:
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
