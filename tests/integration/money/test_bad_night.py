"""The command itself against a vendor that fails in every way, killed five times: a person's reconciling is all it needs."""

from __future__ import annotations

import json
import os
import random
import signal
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from click.testing import Result
from typer.testing import CliRunner

from fbcheck_pipeline.cli.app import app
from fbcheck_pipeline.errors import VendorError
from fbcheck_pipeline.ledger import TRAITS, ChunkState
from fbcheck_pipeline.settings import load_settings
from fbcheck_pipeline.workflow.sent_phones import loaded
from fbcheck_pipeline.workflow.workspace import open_workspace
from tests.fake_vendor import verdict
from tests.forked import ForkedCommand
from tests.integration.cli.fbcheck import Fbcheck, swiss, write_list
from tests.integration.money.bad_vendor import BadVendor

SEEDS = [int(seed) for seed in os.environ.get("SEEDS", "2").split(",")]
KILLS = 5
MOST_RUNS = 40
IMPATIENT = """
from fbcheck_pipeline.workflow.collection import collect, poll
from fbcheck_pipeline.workflow.buying import send
collect.LONGEST_WAIT_S = collect.LONGEST_LATE_WAIT_S = poll.LONGEST_INTERVAL_S = 0.2
send.RetryPolicy.__init__.__defaults__ = (4, 0.01, 0.1, 5.0, None)
"""
"""The same night with shorter waits; how long they are is tested where one fault at a time is."""
NUMBERS = [swiss(100 + n) for n in range(40)]
CELLS = [*NUMBERS[:30], "junk", *NUMBERS[10:20], "", *NUMBERS[30:]]


class Night:
    """One list, the command that works on it, and the person who watches over it."""

    def __init__(self, vendor: BadVendor, folder: Path, seed: int) -> None:
        self.vendor, self._dice = vendor, random.Random(seed)
        self.fbcheck = Fbcheck(folder, vendor.url)
        self.fbcheck.environment |= {"FBCHECK_CHUNK_SIZE": "5", "FBCHECK_POLL_SECONDS": "0.001"}
        self.fbcheck.prelude = IMPATIENT
        self.path = str(write_list(folder / "a.csv", CELLS))
        self.kills = self.decisions = 0

    def until_complete(self) -> dict[str, Any]:
        """Run again and again, killed the first times, deciding about what is unconfirmed; returns the last run's document."""
        for _ in range(MOST_RUNS):
            document = self._run()
            if document is not None and document["lists"][0]["complete"]:
                return document
            if document is not None:
                self._decide()
        raise AssertionError(f"not complete after {MOST_RUNS} runs")

    def _run(self) -> dict[str, Any] | None:
        """One run; None when it was killed."""
        process = self.fbcheck.start("run", self.path, "--json", "--retry", "--timeout", "60")
        if self.kills < KILLS:
            self._kill_after_requests(process, self._dice.randint(1, 3))
        out, err = process.communicate()
        if process.returncode == -signal.SIGKILL:
            self.kills += 1
            return None
        assert process.returncode in (0, 3), err
        document: dict[str, Any] = json.loads(out)
        assert document["lists"][0]["complete"] is (process.returncode == 0)
        return document

    def _kill_after_requests(self, process: ForkedCommand, count: int) -> None:
        """SIGKILL when the vendor has got so many more requests, unless the run ends before."""
        last = len(self.vendor.paths) + count

        def tell_end() -> None:
            process.wait()
            with self.vendor.changed:
                self.vendor.changed.notify_all()

        threading.Thread(target=tell_end, daemon=True).start()
        self.vendor.wait_for(lambda vendor: len(vendor.paths) >= last or process.returncode is not None)
        process.kill()

    def _decide(self) -> None:
        """Say of each unconfirmed chunk what the vendor's own log says of it."""
        chunks = json.loads(self._command("status", "--all", "--json").stdout)["chunks"]
        taken = {each["task_id"] for each in chunks}
        unconfirmed = [each["chunk_key"] for each in chunks if each["state"] == "unconfirmed"]
        for chunk_key in unconfirmed:
            sent = (self.fbcheck.data / "chunks" / f"{chunk_key}.txt").read_text().split()
            accepted = [task.task_id for task in self.vendor.tasks.values() if task.phones == sent and task.task_id not in taken]
            decision = ["--task-id", accepted[-1]] if accepted else ["--resubmit"]
            while isinstance(error := self._command("reconcile", chunk_key, *decision).exception, VendorError):
                assert accepted, "the vendor fails to tell of a task"
            assert error is None
        self.decisions += len(unconfirmed)

    def _command(self, *arguments: str) -> Result:
        """A short command, in this very process: a hundred of them would take minutes to start."""
        return CliRunner().invoke(app, arguments, env=self.fbcheck.environment)


@pytest.mark.long(seconds=40)
@pytest.mark.timeout(600)  # a dozen commands, each started anew
@pytest.mark.parametrize("seed", SEEDS)
def test_a_bad_night_ends_with_every_phone_answered_and_none_billed_twice(seed: int, tmp_path: Path) -> None:
    """A fifth of everything fails, in each of the known ways; the vendor's own log is the judge."""
    with BadVendor(seed) as vendor:
        night = Night(vendor, tmp_path, seed)
        document = night.until_complete()
        assert night.kills == KILLS
        assert night.decisions > 0 and len(+vendor.seen) >= 15, "the night was not bad enough"
        judge_rows(vendor, document)
        judge_bill(vendor, night.fbcheck)


def judge_rows(vendor: BadVendor, document: dict[str, Any]) -> None:
    """Every cell has its row; a phone has the vendor's verdict, or the reason why there is none is true."""
    rows = pq.read_table(document["lists"][0]["results"]).to_pylist()
    assert [row["phone_raw"] for row in rows] == CELLS
    answered = {phone for task in vendor.tasks.values() for phone in vendor.answers(task)}
    for row in rows:
        phone = row["phone_e164"]
        expected = (
            ("rejected", None) if phone is None else ("checked", verdict(phone)) if phone in answered else ("undetermined", None)
        )
        assert (row["check_status"], row["facebook"]) == expected
    counts = document["lists"][0]["counts"]
    assert sum(counts[status] for status in ("checked", "undetermined", "rejected")) == counts["phones"] == len(CELLS)


def judge_bill(vendor: BadVendor, fbcheck: Fbcheck) -> None:
    """Nobody was bought again after a usable answer, nor more often than is recorded."""
    for phone, count in vendor.accepted.items():
        tasks = [task for task in vendor.tasks.values() if phone in task.phones]
        assert len(tasks) == count
        assert not any(phone in vendor.answers(task) for task in tasks[:-1])
    ws = open_workspace(load_settings(data_uri=str(fbcheck.data), api_url=vendor.url, api_key="k"))
    tries: Counter[str] = Counter()
    for row in ws.ledger.chunks():
        assert row.state in ("collected", "replaced")
        for phone in loaded(ws, row.chunk_key).phones:
            tries[f"+{phone}"] += row.resubmissions + TRAITS[ChunkState(row.state)].is_try
    ws.ledger.close()
    assert set(tries) == set(NUMBERS)
    assert {phone: count for phone, count in vendor.accepted.items() if count > tries[phone]} == {}
