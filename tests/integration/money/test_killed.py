"""A process killed between any two statements: the next run resumes; the vendor's own count says that nothing was sent twice."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from tests.forked import FORK
from tests.integration.money import worker_script
from tests.integration.money.killable_worker import KillableWorker, Vendor

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
