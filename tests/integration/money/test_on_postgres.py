"""The ledger on PostgreSQL: the same tests as on SQLite, and workers killed there."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fbcheck_pipeline.settings import Settings
from fbcheck_pipeline.workflow.workspace import Workspace, open_workspace
from tests.conftest import Clock, phones
from tests.forked import PATIENCE_S
from tests.integration.money import worker_script
from tests.integration.money.killable_worker import KillableWorker, Vendor
from tests.integration.workflow.workflow_driver import WorkflowDriver
from tests.unit.ledger.both import *  # noqa: F403

pytestmark = pytest.mark.xdist_group("postgres")


@pytest.fixture
def open_ws(make_settings: Callable[..., Settings], clock: Clock, postgres_url: str) -> Iterator[Callable[..., Workspace]]:
    """As in unit tests, on PostgreSQL."""
    opened: list[Workspace] = []

    def make(**given: Any) -> Workspace:
        opened.append(open_workspace(make_settings(ledger_url=postgres_url, **given), clock))
        return opened[-1]

    yield make
    for ws in opened:
        ws.ledger.close()


@pytest.mark.parametrize(
    ("point", "when"),
    [
        ("planning", "after"),
        ("planning transaction", "after"),
        ("start_sending", "after"),
        ("post", "after"),
        ("mark_submitted", "after"),
        ("mark_collected", "before"),
    ],
)
def test_killed_at_a_named_point_on_postgres(
    point: str, when: str, lasting_vendor: Vendor, tmp_path: Path, postgres_url: str
) -> None:
    """The lock that tells of a sender's death is the session's own."""
    worker = KillableWorker(lasting_vendor, tmp_path / "data", ledger_url=postgres_url)
    assert worker.run(worker_script.dying_at, point=point, when=when, number=2)
    assert worker.recover() == ((point, when) in {("start_sending", "after"), ("post", "after")})
    worker.judge()


def test_killed_at_a_random_line_on_postgres(lasting_vendor: Vendor, tmp_path: Path, postgres_url: str) -> None:
    """Again and again on the same lists."""
    dice = random.Random(5)
    worker = KillableWorker(lasting_vendor, tmp_path / "data", ledger_url=postgres_url)
    deaths = sum(worker.run(worker_script.dying_at_line, number=dice.randrange(500, 4000)) for _ in range(4))
    assert worker.recover() <= deaths
    worker.judge()


def test_the_whole_way_on_postgres(open_ws: Callable[..., Workspace]) -> None:
    """Types that only PostgreSQL is strict about: booleans, JSON, doubles, blobs."""
    driver = WorkflowDriver(open_ws(chunk_size=10, max_billable_per_day=100))
    driver.ledger.suppress(phones(2))
    driver.run("a", phones(30))
    driver.finish()
    assert driver.counts("a") == {"checked": 28, "suppressed": 2}
    ((key, revision),) = [(row.list_key, row.revision) for row in driver.ledger.lists_to_join()]
    driver.ledger.note_joined(key, revision=revision, counts={"rows": 1}, is_complete=True)
    row = driver.ledger.find_list("a")
    assert (row.is_complete, row.needs_planning, row.counts) == (True, False, {"rows": 1})


def test_two_open_a_new_ledger_at_once_on_postgres(lasting_vendor: Vendor, tmp_path: Path, postgres_url: str) -> None:
    """One creates it, the other finds it."""
    worker = KillableWorker(lasting_vendor, tmp_path / "data", ledger_url=postgres_url)
    processes = [worker.start() for _ in range(2)]
    for each in processes:
        each.join(PATIENCE_S)
    assert [each.exitcode for each in processes] == [0, 0]
    assert worker.recover() == 0
    worker.judge()
