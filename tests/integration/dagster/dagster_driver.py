"""Dagster for tests: the definitions on an instance of a test's own, in process; and real processes, told to end and looked after."""

import hashlib
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from fbcheck_pipeline.definitions import defs
from fbcheck_pipeline.defs.building import STANDALONE, build_definitions
from fbcheck_pipeline.defs.instance import Instance
from fbcheck_pipeline.defs.requests import due_requests
from fbcheck_pipeline.defs.resources import SECRETS, FbcheckResource
from fbcheck_pipeline.defs.times import Nightly
from fbcheck_pipeline.lists import key_of
from fbcheck_pipeline.vendor.client import VendorClient
from fbcheck_pipeline.workflow.arrival.inbox import take_up_lists
from fbcheck_pipeline.workflow.collection.due import due_work
from fbcheck_pipeline.workflow.collection.poll import poll_due_tasks
from fbcheck_pipeline.workflow.workspace import Workspace, open_workspace
from tests.conftest import drop


def swiss(count: int, start: int = 1) -> list[str]:
    """Generated Swiss mobile numbers."""
    return [f"+4178{n:07d}" for n in range(start, start + count)]


inbox_sensor, exported_sensor = (defs.resolve_sensor_def(name) for name in ("inbox_sensor", "exported_sensor"))
failed_run_webhook, failed_check_webhook = (
    defs.resolve_sensor_def(name) for name in ("failed_run_webhook", "failed_check_webhook")
)
nightly_enrichment = defs.resolve_schedule_def("nightly_enrichment")
STANDING_ALONE = Instance()
_variables = itertools.count()


def resource(**fbcheck: Any) -> FbcheckResource:
    """Settings in the clear, but for the secrets, which lie in variables of their own; without any, all come from the environment."""
    for secret in {*SECRETS} & fbcheck.keys():
        variable = f"SECRET_OF_A_TEST_{next(_variables)}"
        os.environ[variable] = fbcheck[secret]
        fbcheck[secret] = dg.EnvVar(variable)
    return FbcheckResource(**fbcheck) if fbcheck else FbcheckResource.from_env()


def standing_alone(fbcheck: FbcheckResource) -> dg.Definitions:
    """The standalone definitions with settings of their own."""
    return build_definitions(settings=fbcheck, inbox=True, nightly=Nightly(), module=STANDALONE)


class DagsterDriver:
    """Takes lists through the jobs as the sensors would.

    Args:
        fbcheck: settings; without any, they come from the environment.
    """

    def __init__(self, instance: dg.DagsterInstance, **fbcheck: Any) -> None:
        self.instance, self.fbcheck = instance, resource(**fbcheck)
        self.definitions = standing_alone(self.fbcheck)
        self.ours = STANDING_ALONE
        self.ws: Workspace = open_workspace(self.fbcheck.settings())

    def drop(self, name: str, numbers: Iterable[str]) -> str:
        """Put a list into the inbox, as if it had stood there for a minute, and take it up; returns its list key."""
        content = ("phone\n" + "".join(f"{each}\n" for each in numbers)).encode()
        drop(Path(self.ws.storage.root), name, content)
        assert take_up_lists(self.ws, budget_s=60).refused == ()
        key = key_of(name, hashlib.sha256(content).hexdigest())
        self.instance.add_dynamic_partitions(self.ours.partition_set, [key])
        return key

    def run(self, job: str, key: str | None = None, **given: Any) -> dg.ExecuteInProcessResult:
        """Execute a job, or a selection of it, by its plain name."""
        definition = self.definitions.resolve_job_def(self.ours.named(job))
        return definition.execute_in_process(instance=self.instance, partition_key=key, raise_on_error=False, **given)

    def finish_collecting(self) -> None:
        """Ask the vendor about every task now, and collect what it has exported."""
        with VendorClient(self.ws.settings) as client:
            self.ws.ledger.clock, clock = (lambda: clock() + 600), self.ws.ledger.clock  # every poll is due
            poll_due_tasks(self.ws, client, budget_s=10)
            self.ws.ledger.clock = clock
        assert self.run("collect_verdicts").success

    def finish(self) -> None:
        """Collect and join until nothing is due; the vendor must be quick."""
        self.finish_collecting()
        while requests := due_requests(self.instance, self.ours, self.ws, due_work(self.ws.ledger)).wanted:
            for request in requests:
                selection = list(request.asset_selection) if request.asset_selection else None
                assert request.job_name is not None
                plain = request.job_name.removeprefix(self.ours.named(""))
                assert self.run(plain, request.partition_key, asset_selection=selection).success

    def complete(self, name: str, numbers: Iterable[str]) -> str:
        """A list from the inbox to its results."""
        key = self.drop(name, numbers)
        assert self.run("submit_list", key).success
        self.finish()
        return key


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(
    arguments: list[str], log: Path, *, stop: int = signal.SIGINT, **environment: str
) -> Iterator[subprocess.Popen[bytes]]:
    """A long-lived process of ours in a session of its own; told to end, then looked after."""
    with log.open("wb") as sink:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=log.parent, env={**os.environ, **environment}, stdout=sink, stderr=sink, start_new_session=True,
        )  # fmt: skip
        try:
            yield process
        finally:
            process.send_signal(stop)
            try:
                process.wait(timeout=60)
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)


def wait_until(happened: Callable[[], object], log: Path, timeout_s: float, what: str) -> None:
    """Wait for an effect seen from outside; on failure the log's end says why."""
    until = time.monotonic() + timeout_s
    while not happened():
        if time.monotonic() > until:
            pytest.fail(f"waited in vain for {what}\n" + log.read_text(errors="replace")[-6000:])
        time.sleep(0.3)


def ask(url: str, query: str, **variables: Any) -> Any:
    """One GraphQL question to the webserver."""
    body = json.dumps({"query": query, "variables": variables}).encode()
    request = urllib.request.Request(f"{url}/graphql", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        found = json.load(answer)
    assert "errors" not in found, found["errors"]
    return found["data"]
