"""A vendor that outlives its clients, and workers that may be killed; the vendor's own count is the judge."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from fbcheck_pipeline.ledger import ChunkState
from fbcheck_pipeline.ledger.database import connect
from fbcheck_pipeline.ledger.schema import senders
from fbcheck_pipeline.settings import Settings, load_settings
from fbcheck_pipeline.vendor.client import VendorClient
from fbcheck_pipeline.workflow.collection.reconcile import attach_task, resubmit
from fbcheck_pipeline.workflow.workspace import open_workspace
from tests.forked import FORK, PATIENCE_S
from tests.integration.money import worker_script
from tests.integration.workflow.workflow_driver import WorkflowDriver
from tests.prepared import nothing_synced

ROOT = Path(__file__).parents[3]


class Vendor:
    """The fake vendor as a process."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.accepted_file = folder / "accepted"
        command = [sys.executable, "-m", "tests.fake_vendor", "--accepted-file", str(self.accepted_file), *arguments]
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()
        self._tasks: dict[str, list[int]] = {}

    def close(self) -> None:
        self._process.kill()
        self._process.wait()

    def accepted(self) -> Counter[int]:
        """How often each phone was accepted, since the vendor was born."""
        return Counter(self._lines())

    def tasks(self, client: VendorClient) -> dict[str, list[int]]:
        """Task id -> its phones, in the order of acceptance, as the vendor's account shows them to a person."""
        lines, known = self._lines(), sum(map(len, self._tasks.values()))
        while known < len(lines):
            task_id = f"cs9viu7i61pk{len(self._tasks) + 1:08d}"
            self._tasks[task_id] = lines[known : known + (client.task(task_id).total or 0)]
            known += len(self._tasks[task_id])
        return self._tasks

    def _lines(self) -> list[int]:
        return [int(line) for line in self.accepted_file.read_text().split()]


class KillableWorker:
    """One workspace and the worker processes on it."""

    def __init__(self, vendor: Vendor, folder: Path, **given: Any) -> None:
        self.vendor = vendor
        self._before = vendor.accepted() if vendor.accepted_file.exists() else Counter()
        fixed = {"data_uri": str(folder), "api_url": vendor.url, "api_key": "k", "poll_seconds": 0.01}
        self.settings: Settings = load_settings(**{**fixed, "chunk_size": worker_script.CHUNK_SIZE, **given})

    def start(self, stop: Callable[[], None] = worker_script.nowhere, keys: Sequence[str] = ("a", "b"), **stop_args: Any) -> Any:
        """A worker process at work."""
        process = FORK.Process(target=_live, args=(self.settings, stop, stop_args, list(keys)))
        process.start()
        return process

    def run(self, stop: Callable[..., Any] | None = None, keys: Sequence[str] = ("a", "b"), **stop_args: Any) -> bool:
        """Let one worker process live to its end; True when it was killed."""
        process = self.start(stop or worker_script.nowhere, keys, **stop_args)
        process.join(PATIENCE_S)
        assert process.exitcode in (0, -signal.SIGKILL), f"the worker ended with {process.exitcode}"
        if process.exitcode:
            self.silence()
        return bool(process.exitcode)

    def silence(self) -> None:
        """What minutes without a beat do on PostgreSQL; beside SQLite the system tells at once."""
        database = connect(self.settings.ledger_address)
        if database.version() is not None:
            with database.writing() as connection:
                connection.execute(sa.delete(senders))
        database.engine.dispose()

    def accepted(self) -> Counter[int]:
        """How often each phone was accepted from this workspace."""
        return self.vendor.accepted() - self._before

    def recover(self) -> int:
        """The next run, and a person's decision on each unconfirmed chunk; returns how many there were."""
        assert not self.run()
        ws = open_workspace(self.settings)
        driver = WorkflowDriver(ws)
        unconfirmed = ws.ledger.chunks(states=[ChunkState.UNCONFIRMED])
        for row in unconfirmed:
            chunk, taken = ws.ledger.chunk(row.chunk_key), {each.task_id for each in ws.ledger.chunks()}
            phones = chunk.phones.tolist()
            tasks = [task_id for task_id, each in self.vendor.tasks(driver.client).items() if each == phones]
            if self.accepted()[phones[0]]:
                attach_task(ws, driver.client, row.chunk_key, [each for each in tasks if each not in taken][-1])
            else:
                resubmit(ws, row.chunk_key)
        ws.ledger.close()
        if unconfirmed:
            assert not self.run()
        return len(unconfirmed)

    def judge(self) -> None:
        """Every phone was accepted once, and every phone of both lists has its verdict."""
        accepted = self.accepted()
        wanted = {int(phone) for phones in worker_script.LISTS.values() for phone in phones}
        assert {phone: count for phone, count in accepted.items() if count != 1} == {}
        assert set(accepted) == wanted
        ws = open_workspace(self.settings)
        driver = WorkflowDriver(ws)
        counts = [driver.counts(key) for key in worker_script.LISTS]
        assert sum(each.pop("checked", 0) for each in counts) == len(wanted), (counts, sorted(driver.states()))
        assert sum(each.pop("reused", 0) for each in counts) == sum(map(len, worker_script.LISTS.values())) - len(wanted)
        assert counts == [{}, {}]
        assert all(driver.is_complete(key) for key in worker_script.LISTS)
        ws.ledger.close()


def _live(settings: Settings, stop: Callable[..., Any], stop_args: dict[str, Any], keys: list[str]) -> None:
    with nothing_synced():
        worker_script.live(settings, stop(**stop_args) if stop_args else stop, keys)
