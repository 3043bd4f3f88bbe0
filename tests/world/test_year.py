"""A year of nights: nothing is bought twice, no answer and no row is lost, who opted out is left alone, and the store stays in its bounds."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path

import dagster as dg
import pytest
import sqlalchemy as sa

from fbcheck_pipeline.phones import reading_version
from fbcheck_pipeline.results.joined_list import rejoin
from fbcheck_pipeline.settings import load_settings
from fbcheck_pipeline.workflow.backups.back_up import back_up
from fbcheck_pipeline.workflow.backups.restore import restore
from fbcheck_pipeline.workflow.backups.resume import resume
from fbcheck_pipeline.workflow.collection.poll import poll_due_tasks
from fbcheck_pipeline.workflow.erasing.purge import purge
from tests.conftest import DAY_S, Clock
from tests.integration.erasing.store import where_is
from tests.newer_program import OLDER_GO_ON, newer_program
from tests.prepared import folder_in_memory, nothing_synced
from tests.world.chance import chance_of
from tests.world.year import Year
from tests.world.year_dagster import dagster_instance, dagster_of
from tests.world.year_vendor import HOUR_S, MoodyVendor

DAYS, LISTS_A_DAY = 365, 4
RETENTION_DAYS = 90
RESTORED, UPGRADED, SET_BACK = 50, 220, 100
BOUND_S = 60.0
"""Processor seconds of a tick or a command; Dagster gives a tick as much by the wall."""
IDLE_STATEMENTS = 30
RUNS_KEPT = 100
"""Of Dagster's, when a day of its own has ended, beside the runs of open lists, which stay: the newest of each asset, and collections."""
ROOM_BYTES = 1 << 30
FILES_A_LIST, FILES_BESIDE, BYTES_A_LIST = 14, 300, 200_000


@contextmanager
def bounded(what: str) -> Iterator[None]:
    began = time.process_time()
    yield
    assert time.process_time() - began < BOUND_S, f"{what} took {time.process_time() - began:.0f} s"


def idle_statements(year: Year) -> int:
    """What a tick asks the ledger while nothing is due."""
    poll_due_tasks(year.ws, year.driver.client, budget_s=60)
    said: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        said.append(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        poll_due_tasks(year.ws, year.driver.client, budget_s=60)
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)
    return len(said)


def move_house(year: Year, folder: Path) -> None:
    """A backup, an opt-out and an erasure after it, and the store is lost and restored elsewhere; nothing was submitted in between."""
    back_up(year.ws, str(folder / "backup"))
    year.opt_out(2)
    year.erase(1)
    year.close()
    shutil.rmtree(year.settings.data_uri)
    year.settings = year.settings.model_copy(update={"data_uri": str(folder / "restored")})
    year.vendor.ledger = folder / "restored" / "ledger.db"
    restored = restore(year.settings, str(folder / "backup"), rejoin, year.clock)
    assert (restored.opt_outs_since, restored.erased) == (2, 1), "two imports, one person"
    year.open()
    assert resume(year.ws, year.clock() + DAY_S) == []
    year.ws.ledger.forget_backup(str(folder / "backup"))
    shutil.rmtree(folder / "backup")


def a_day(year: Year, day: int, dagster: dg.DagsterInstance) -> None:
    """Lists in the morning and at noon, results by noon and in the evening, the night's plan, and a person's look the morning after."""
    files = year.write_lists(day, LISTS_A_DAY)
    ours, theirs, is_doomed = files[::2], files[1::2], day % 5 == 1
    with ExitStack() as stack:
        hand = stack.enter_context(dagster_of(year, dagster)) if day % 36 == 20 else None
        is_shared = hand is not None and not is_doomed
        with year.doomed(theirs) if is_doomed else year.beside(theirs) if is_shared else nullcontext():
            (hand or year).take_in(ours)
        if day == SET_BACK:
            year.clock.advance(-2 * HOUR_S)
        for come in ([] if is_shared else theirs, []):
            year.clock.advance(3 * HOUR_S)
            with bounded("a tick"):
                (hand or year).collect(come)
        year.clock.now = year.clock.now // DAY_S * DAY_S + DAY_S + 2 * HOUR_S
        with bounded("a night"):
            (hand or year).night()
        if hand:
            assert hand.purge_runs() <= RUNS_KEPT
    year.morning()
    year.collect()
    year.join_the_rest()
    assert year.slowest_s < BOUND_S, f"a machine was at it for {year.slowest_s:.0f} s"
    year.clock.now = year.clock.now // DAY_S * DAY_S + 8 * HOUR_S


def look_after(year: Year, day: int, folder: Path) -> None:
    """What comes by the calendar."""
    if day % 7 == 6:
        year.restart()
        year.opt_out(2)
    if day % 90 == 45:
        with bounded("an erasure"):
            year.erase(1)
    if day % 30 == 29:
        with bounded("a purge"):
            purge(year.ws, older_than_days=RETENTION_DAYS)
        assert idle_statements(year) <= IDLE_STATEMENTS
        files, lists = year.files_on_disk(), year.ws.ledger.list_count()
        assert len(files) <= FILES_A_LIST * lists + FILES_BESIDE, (len(files), lists)
        assert sum(each.stat().st_size for each in files) <= BYTES_A_LIST * (lists + 50)
    if day == RESTORED:
        move_house(year, folder)


@pytest.mark.long(seconds=600)
@pytest.mark.timeout(7200)  # for machines under load; idle it takes minutes
def test_a_year(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Faults, kills, restarts, a restore, an upgrade, purges, opt-outs and erasures, each at its day; `WORLD_TIMES=10` makes all lists large."""
    clock = Clock()
    with ExitStack() as stack:
        folder = stack.enter_context(folder_in_memory(ROOM_BYTES, tmp_path))
        vendor = MoodyVendor(chance_of("vendor"), clock, folder / "data" / "ledger.db", verdict_days=30)
        stack.enter_context(nothing_synced())
        stack.enter_context(vendor.books)
        dagster = stack.enter_context(dagster_instance(folder / "dagster"))
        given = {"data_uri": str(folder / "data"), "api_url": vendor.books.url, "api_key": "k"}
        year = Year(load_settings(**given, poll_seconds=60, region="TR", chunk_size=40), vendor, chance_of("year"), folder)
        days: list[list[Path]] = []
        for day in range(DAYS):
            if day == UPGRADED:
                newer = (OLDER_GO_ON, folder)
                stack.enter_context(newer_program(*newer))
                monkeypatch.setattr(reading_version, "version", lambda package: "99.0.0")
                reading_version.reading_version.cache_clear()
                stack.callback(reading_version.reading_version.cache_clear)
                year.upgrade(newer)
            before = set(year.lists)
            a_day(year, day, dagster)
            look_after(year, day, folder)
            days.append([each for each in year.lists if each not in before])
            assert vendor.complaints == [], f"day {day}"
            assert [wrong for path in days[day] for wrong in year.look_at(path, is_early=True)] == [], f"day {day}"
            if day >= 10:
                assert [wrong for path in days[day - 10] for wrong in year.look_at(path)] == [], f"day {day}"
        assert year.kills > DAYS // 25 and year.is_forgotten()
        assert where_is(year.ws, *year.erased) == []
        year.close()
    print(f"{len(year.lists)} lists, {len(vendor.books.tasks)} tasks, {len(vendor.books.posts)} POSTs, {year.kills} kills")
