"""A purge that is killed half way blocks nobody and is finished by the next one."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from fbcheck_pipeline.files.storage import Storage
from fbcheck_pipeline.ledger import Ledger
from fbcheck_pipeline.settings import Settings
from fbcheck_pipeline.workflow.erasing.purge import purge
from fbcheck_pipeline.workflow.index.index_upkeep import update_index
from fbcheck_pipeline.workflow.workspace import Workspace, open_workspace
from tests.conftest import DAY_S, Clock, phones
from tests.fake_vendor import FakeVendor
from tests.forked import FORK, PATIENCE_S
from tests.integration.money.worker_script import die, die_after
from tests.integration.workflow.workflow_driver import WorkflowDriver

POINTS: dict[str, tuple[object, str]] = {
    "marking": (Ledger, "mark_purged"),
    "index": (Ledger, "withdraw_tier"),
    "file": (Storage, "delete"),
    "rows": (Ledger, "delete"),
}
OLD = phones(20)


@pytest.fixture
def old_list(open_ws: Callable[..., Workspace], clock: Clock) -> Workspace:
    """A list of two chunks, joined, with an index of its verdicts, forty days ago."""
    ws = open_ws(chunk_size=10)
    driver = WorkflowDriver(ws)
    driver.run("old", OLD)
    driver.finish()
    for name in ("taken/old/old", "raw_phones/old.parquet", "facebook_results/old.parquet"):
        ws.storage.write_bytes(name, b"personal data")
    ((key, revision),) = [(row.list_key, row.revision) for row in ws.ledger.lists_to_join()]
    ws.ledger.note_joined(key, revision=revision, counts={}, is_complete=True)
    assert update_index(ws, max_loose=0)
    clock.advance(40 * DAY_S)
    return ws


@pytest.mark.parametrize(
    ("point", "number"), [("marking", 1), ("index", 1), *(("file", number) for number in range(1, 11)), ("rows", 1)]
)
def test_a_purge_killed_half_way(point: str, number: int, old_list: Workspace, clock: Clock, vendor: FakeVendor) -> None:
    """Its phones are planned as new ones meanwhile, and the next purge leaves nothing behind."""
    process = FORK.Process(target=_purge_and_die, args=(old_list.settings, clock.now, point, number))
    process.start()
    process.join(PATIENCE_S)
    assert process.exitcode == -signal.SIGKILL
    driver = WorkflowDriver(old_list)
    posts = len(vendor.posts)
    driver.run("new", phones(30, 905_320_000_010))
    driver.finish()
    assert driver.counts("new") == {"checked": 30}
    assert len(vendor.posts) == posts + 3
    purge(old_list, older_than_days=30)
    assert [row.list_key for row in old_list.ledger.lists()] == ["new"]
    assert {row.state for row in old_list.ledger.chunks()} == {"collected"}
    left = {path.relative_to(old_list.storage.root).parts for path in Path(old_list.storage.root).rglob("*/*") if path.is_file()}
    tasks = {row.task_id for row in old_list.ledger.chunks()}
    chunks = {row.chunk_key for row in old_list.ledger.chunks()}
    tables = {"current_verdicts", "verdict_changes"}
    assert {folder for folder, _ in left} == {"chunks", "verdicts", "result_files", "submitted_chunks", *tables}
    assert {Path(name).stem for folder, name in left if folder not in tables} == tasks | chunks | {"new"}
    current = pq.read_table(Path(old_list.storage.root) / "current_verdicts")["phone_e164"].to_pylist()
    assert current == [f"+{each}" for each in phones(30, 905_320_000_010)]


def _purge_and_die(settings: Settings, now: float, point: str, number: int) -> None:
    owner, name = POINTS[point]
    if point == "rows":
        setattr(owner, name, die)
    else:
        die_after(owner, name, number)
    purge(open_workspace(settings, lambda: now), older_than_days=30)
