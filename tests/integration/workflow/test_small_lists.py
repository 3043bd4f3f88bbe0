"""What a small list costs, in files that are opened, statements that are asked and transactions that write: of many such lists a day is made."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from fbcheck_pipeline.files.storage import Storage
from fbcheck_pipeline.results.joined_list import rejoin
from fbcheck_pipeline.workflow.index.index_upkeep import update_index
from fbcheck_pipeline.workflow.verdict_files.volumes import bind_verdicts
from tests.fake_vendor import FakeVendor
from tests.integration.erasing.store import take_in
from tests.integration.workflow.workflow_driver import AT_ONCE, WorkflowDriver

TASKS, PHONES = 30, 3


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[list[str], list[str]]]:
    """Folders of the Parquet files that are opened meanwhile, and the statements that are asked, those that begin to write included."""
    opened, asked, open_file = list[str](), list[str](), Storage._open_parquet

    def opening(self: Storage, name: str, *more: object) -> object:
        opened.append(name.partition("/")[0])
        return open_file(self, name, *more)

    def asking(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    monkeypatch.setattr(Storage, "_open_parquet", opening)
    sa.event.listen(sa.Engine, "before_cursor_execute", asking)
    yield opened, asked
    sa.event.remove(sa.Engine, "before_cursor_execute", asking)


def test_a_list_that_many_tasks_answer_opens_few_files(
    open_driver: Callable[..., WorkflowDriver], vendor: FakeVendor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planning and counting it opens no verdict; a join opens their volume once, and no table of all verdicts."""
    driver, every = open_driver(), list[int]()
    for task in range(TASKS):
        phones = range(905_320_000_000 + 10 * task, 905_320_000_000 + 10 * task + PHONES)
        every += phones
        path = tmp_path / f"{task}.csv"
        path.write_text("phone\n" + "".join(f"+{each}\n" for each in phones))
        take_in(driver, path, policy=AT_ONCE)
        driver.finish()
    update_index(driver.ws, max_loose=0)
    bind_verdicts(driver.ws, max_files=0)
    path = tmp_path / "all.csv"
    path.write_text("phone\n" + "".join(f"+{each}\n" for each in every))
    with counted(monkeypatch) as (opened, asked):
        key = take_in(driver, path, policy=AT_ONCE)
    assert set(opened) == {"raw_phones", "e164_phones"} and len(asked) <= 47, (opened, len(asked))
    assert asked.count("BEGIN IMMEDIATE") <= 4, "it is registered, read, planned and pinned with its counts"
    assert driver.ledger.phone_list(key).count("reused") == len(every) and len(vendor.posts) == TASKS
    with counted(monkeypatch) as (opened, asked):
        rejoin(driver.ws, key)
    assert sorted(opened) == ["e164_phones", "submitted_chunks", "verdicts"] and len(asked) <= 20, (opened, len(asked))
    assert asked.count("BEGIN IMMEDIATE") <= 3, "its result and the latest of its source appear, and its join is noted"
    assert driver.counts(key) == {"reused": len(every)}


def test_a_list_that_becomes_its_sources_newest_does_not_open_the_one_before(
    open_driver: Callable[..., WorkflowDriver], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whose result lies among the latest matters only where the newest list has none that may go there."""
    driver = open_driver()
    for day in (1, 2):
        path = tmp_path / f"crm_2026-01-0{day}.csv"
        path.write_text(f"phone\n+90532000000{day}\n")
        key = take_in(driver, path, policy=AT_ONCE)
        driver.finish()
        with counted(monkeypatch) as (opened, _asked):
            rejoin(driver.ws, key)
    assert [*driver.ws.storage.names("facebook_latest")] == ["crm.parquet"]
    assert "facebook_latest" not in opened, opened
