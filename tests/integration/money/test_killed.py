"""A process killed between any two statements: the next run resumes; the vendor's own count says that nothing was sent twice."""

from __future__ import annotations

import os
import random
import signal
from pathlib import Path

import psutil
import pytest

from fbcheck_pipeline.ledger import ChunkState
from fbcheck_pipeline.workflow.workspace import open_workspace
from tests.forked import FORK, PATIENCE_S
from tests.integration.money import worker_script
from tests.integration.money.killable_worker import KillableWorker, Vendor
from tests.integration.money.test_pooler_and_failover import wait_until

ROUNDS = int(os.environ.get("ROUNDS", "10"))


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("point", worker_script.POINTS)
def test_killed_at_a_named_point(point: str, when: str, lasting_vendor: Vendor, tmp_path: Path) -> None:
    """At most the one chunk in `sending` is unconfirmed; a person's word completes both lists without a second bill."""
    worker = KillableWorker(lasting_vendor, tmp_path / "data")
    number = 1 if point.startswith(("index", "volume")) else 2
    assert worker.run(worker_script.dying_at, point=point, when=when, number=number), "it was to be killed there"
    may_be_lost = (point, when) in {
        ("stamp", "before"),
        ("stamp", "after"),
        ("start_sending", "after"),
        ("post", "before"),
        ("post", "after"),
        ("mark_submitted", "before"),
        ("rename", "before"),
        ("rename", "after"),
    }
    assert worker.recover() <= may_be_lost
    worker.judge()


@pytest.mark.parametrize("number", [1, 3])
def test_killed_with_the_post_on_its_way(number: int, lasting_vendor: Vendor, tmp_path: Path) -> None:
    """The vendor accepts what nobody hears of: exactly one chunk is unconfirmed."""
    worker = KillableWorker(lasting_vendor, tmp_path / "data")
    assert worker.run(worker_script.dying_with_the_body_sent, number=number)
    assert worker.recover() == 1
    worker.judge()


@pytest.mark.parametrize("store", ["SQLite", pytest.param("PostgreSQL", marks=pytest.mark.xdist_group("postgres"))])
def test_a_sender_paused_before_its_post_for_longer_than_anybody_waits_goes_on_and_sends_once(
    store: str, lasting_vendor: Vendor, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """A lock is held while it sleeps, so others wait; without a beat it is gone, and its chunk a person's, whatever it does when it wakes."""
    given = {"ledger_url": request.getfixturevalue("postgres_url")} if store == "PostgreSQL" else {}
    worker = KillableWorker(lasting_vendor, tmp_path / "data", **given)
    paused = worker.start(worker_script.dying_at, point="post", when="before", number=2, halt=worker_script.pause)
    wait_until(lambda: psutil.Process(paused.pid).status() == psutil.STATUS_STOPPED)
    ws = open_workspace(worker.settings)
    (chunk,) = ws.ledger.chunks(states=[ChunkState.SENDING])
    worker.silence()
    other = worker.start()
    if given:
        other.join(PATIENCE_S)
    assert ws.ledger.recover_gone_senders() == []
    assert ws.ledger.chunk(chunk.chunk_key).state is (ChunkState.UNCONFIRMED if given else ChunkState.SENDING)
    os.kill(paused.pid, signal.SIGCONT)
    for each in (paused, other):
        each.join(PATIENCE_S)
        assert each.exitcode == 0
    ws.ledger.close()
    assert worker.recover() == 0
    worker.judge()


def test_killed_at_random_lines_again_and_again(lasting_vendor: Vendor, tmp_path: Path) -> None:
    """Between any two statements, up to three times in a row on the same lists."""
    told = FORK.Value("q", 0)
    worker = KillableWorker(lasting_vendor, tmp_path / "count")
    assert not worker.run(worker_script.counting_lines, told=told)
    assert told.value > 2000
    dice = random.Random(ROUNDS)
    for number in range(ROUNDS):
        worker, deaths, unconfirmed = KillableWorker(lasting_vendor, tmp_path / str(number)), 0, 0
        for _ in range(dice.randint(1, 3)):
            deaths += worker.run(worker_script.dying_at_line, number=dice.randrange(1, told.value))
        unconfirmed = worker.recover()
        assert unconfirmed <= deaths
        worker.judge()
