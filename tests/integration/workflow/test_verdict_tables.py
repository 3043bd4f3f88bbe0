"""`current_verdicts` and `verdict_changes` say what the kept verdicts say, whatever came in which order, whoever was killed or late."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from fbcheck_pipeline.model import paths
from fbcheck_pipeline.model.columns import schema_of
from fbcheck_pipeline.settings import Settings
from fbcheck_pipeline.workflow.merge_policy import MergePolicy
from fbcheck_pipeline.workflow.tables import verdict_log, verdict_tables
from fbcheck_pipeline.workflow.tables.verdict_tables import refresh_at_once, refresh_verdict_tables, remake_verdict_tables
from fbcheck_pipeline.workflow.verdict_files.verdicts import write_verdicts
from fbcheck_pipeline.workflow.verdict_files.volumes import bind_verdicts
from fbcheck_pipeline.workflow.workspace import Workspace, open_workspace
from tests.conftest import Clock, phones
from tests.forked import FORK, PATIENCE_S
from tests.integration.money.worker_script import die_after
from tests.unit.workflow.past_chunks import Past, PastChunks

SOME = phones(9)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MERGING = MergePolicy(ratio=2, largest=1000)
TABLES = (paths.CURRENT_VERDICTS, paths.VERDICT_CHANGES)
number = itertools.count()


@dataclass
class Task:
    """What a task said: its verdicts by phone, and when it was exported, in seconds since 1970."""

    chunk: Past
    at_s: int
    said: dict[int, str | None] = field(default_factory=dict)


class Truth:
    """Every kept verdict, and what the tables must say of them, computed phone by phone."""

    def __init__(self, ws: Workspace, clock: Clock) -> None:
        self._ws, self._past = ws, PastChunks(ws, clock)
        self.tasks: list[Task] = []

    def say(self, said: dict[int, str | None], at_s: int, *, is_whole: bool = True, task: Task | None = None) -> Task:
        """A task answers, or an open one answers once more, more or otherwise."""
        if task is None:
            task = Task(self._past.exported(np.array(sorted(said), np.int64)), at_s)
            self.tasks.append(task)
        task.said |= {
            phone: word for phone, word in said.items() if phone in task.chunk.phones and (word or not task.said.get(phone))
        }
        mine = np.array(sorted(task.said), np.int64)
        words = [task.said[phone] for phone in mine.tolist()]
        columns = {"phone": mine, "facebook": pa.array(words, pa.string()), "label": pa.array(words, pa.string())}
        write_verdicts(self._ws.storage, f"task-{task.chunk.key}", pa.table(columns), task.at_s * 1_000_000)
        self._past.collect(task.chunk, mine[[word is not None for word in words]], is_whole=is_whole)
        return task

    def purge(self, task: Task) -> None:
        """What a purge does."""
        self.tasks.remove(task)
        self._past.purge(task.chunk)
        self._ws.storage.delete(paths.VERDICTS.of(f"task-{task.chunk.key}"))
        remake_verdict_tables(self._ws)

    def open_tasks(self) -> list[Task]:
        return [each for each in self.tasks if not each.chunk.is_settled]

    def current(self) -> list[dict[str, Any]]:
        return [row for row, _ in self._phones()]

    def changes(self) -> list[dict[str, Any]]:
        return [change for _, changes in self._phones() for change in changes]

    def _phones(self) -> list[tuple[dict[str, Any], list[dict[str, Any]]]]:
        told = defaultdict[int, list[tuple[int, str, str]]](list)
        for task in self.tasks:
            for phone, word in task.said.items():
                if word is not None:
                    told[phone].append((task.at_s, f"task-{task.chunk.key}", word))
        return [_said_of(phone, sorted(told[phone])) for phone in sorted(told)]


def _said_of(phone: int, told: Sequence[tuple[int, str, str]]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    e164 = f"+{phone}"
    changes = [
        {"phone_e164": e164, "changed_at": moment(at), "from": before, "to": word, "task_id": task}
        for (_, _, before), (at, task, word) in itertools.pairwise(told)
        if before != word
    ]
    at, task, word = told[-1]
    row = {
        "phone_e164": e164,
        "country": "TR",
        "line_type": "mobile",
        "facebook": word,
        "checked_at": moment(at),
        "first_checked_at": moment(told[0][0]),
        "previous_facebook": changes[-1]["from"] if changes else None,
        "changed_at": changes[-1]["changed_at"] if changes else None,
        "checks": len(told),
        "task_id": task,
    }
    return row, changes


def moment(at_s: int) -> datetime:
    return EPOCH + timedelta(seconds=at_s)


def rows_of(ws: Workspace, table: paths.DataFile) -> list[dict[str, Any]]:
    """The table as an analyst reads it, who uses the folder while it is one file, and else the views."""
    read = pq.read_table(Path(ws.storage.root) / table.folder)
    assert read.schema.equals(schema_of(table))
    if len(ws.storage.names(table.folder)) > 1:
        with duckdb.connect() as connection:
            connection.execute(f"SET file_search_path = '{ws.storage.root}'; SET timezone = 'UTC'")
            connection.execute((Path(ws.storage.root) / "views.sql").read_text())
            read = connection.sql(f"FROM {table.folder}").to_arrow_table()
    return sorted(read.drop(["revision"]).to_pylist(), key=lambda row: (row["phone_e164"], row["changed_at"], row.get("checks")))


def assert_true(ws: Workspace, truth: Truth) -> None:
    assert rows_of(ws, paths.CURRENT_VERDICTS) == truth.current()
    assert sorted(rows_of(ws, paths.VERDICT_CHANGES), key=str) == sorted(truth.changes(), key=str)


def spoil(ws: Workspace, how: str, table: paths.DataFile, *names: str) -> None:
    """Files, all where none is named, are lost, cut, of another ledger, or have company."""
    for name in names or ws.storage.names(table.folder):
        path = Path(ws.storage.root) / table.folder / name
        if how == "lost":
            path.unlink()
        elif how == "cut":
            path.write_bytes(path.read_bytes()[:-20])
        elif how == "foreign":
            pq.write_table(
                schema_of(table).empty_table().replace_schema_metadata({b"fbcheck_table": b'{"ledger": "another"}'}), path
            )
        else:
            path.with_name(f"copy of {name}").write_bytes(path.read_bytes())


words = st.sampled_from(["yes", "yes", "no", "ban", None])
said = st.dictionaries(st.sampled_from(SOME.tolist()), words, min_size=1, max_size=6)
ACTIONS = (
    "whole",
    "whole",
    "whole",
    "part",
    "more",
    "end",
    "purge",
    "bind",
    "refresh",
    "at once",
    "lost",
    "cut",
    "foreign",
    "copied",
)
actions = st.lists(st.tuples(st.sampled_from(ACTIONS), said, st.integers(1, 6), st.integers(0, 9)), min_size=5, max_size=16)


def act(ws: Workspace, truth: Truth, action: str, said: dict[int, str | None], at_s: int, which: int) -> None:
    """One thing that happens."""
    is_open = truth.open_tasks()
    if action in ("whole", "part"):
        truth.say(said, at_s, is_whole=action == "whole")
    elif action in ("more", "end") and is_open:
        truth.say(said, at_s, is_whole=action == "end", task=is_open[which % len(is_open)])
    elif action == "purge" and (settled := [each for each in truth.tasks if each.chunk.is_settled]):
        truth.purge(settled[which % len(settled)])
    elif action == "bind":
        bind_verdicts(ws, max_files=0, policy=MERGING)
    elif action == "refresh":
        refresh_verdict_tables(ws)
    elif action == "at once":
        refresh_at_once(ws)
    elif action in ("lost", "cut", "foreign", "copied"):
        spoil(ws, action, TABLES[which % 2])


@pytest.mark.parametrize(("in_memory", "most_whole"), [(1 << 20, 1 << 20), (7, 1 << 20), (1 << 20, 4)])
@settings(max_examples=8, phases=[Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(actions)
def test_the_tables_say_what_the_kept_verdicts_say(
    in_memory: int,
    most_whole: int,
    open_ws: Callable[..., Workspace],
    tmp_path: Path,
    empty_ledger: Path,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    happened: list[tuple[str, dict[int, str | None], int, int]],
) -> None:
    """Late, corrected, purged, in whatever order and batches, files lost between; sorted in memory or by way of files, in one file or parts."""
    monkeypatch.setattr(verdict_tables, "PAIRS_IN_MEMORY", in_memory)
    monkeypatch.setattr(verdict_log, "VERDICTS_AT_ONCE", max(4, in_memory // 2))
    monkeypatch.setattr(verdict_tables, "MOST_WHOLE", most_whole)
    monkeypatch.setattr(verdict_tables, "MERGING", MERGING)
    folder = tmp_path / f"data{next(number)}"
    folder.mkdir()
    shutil.copy(empty_ledger, folder / "ledger.db")
    ws = open_ws(data_uri=str(folder))
    truth = Truth(ws, clock)
    for step, (action, words, at_s, which) in enumerate(happened):
        act(ws, truth, action, words, at_s if at_s < 2 else 10 * step + at_s, which)  # some come late, some at one moment
        if most_whole < 10:
            refresh_verdict_tables(ws)
    refresh_verdict_tables(ws)
    assert_true(ws, truth)
    assert refresh_verdict_tables(ws) == {}
    ws.ledger.close()


@pytest.fixture
def told(ws: Workspace, clock: Clock) -> Truth:
    """Two nights of which the tables tell, and a third of which they do not."""
    truth = Truth(ws, clock)
    truth.say({SOME[0]: "yes", SOME[1]: "no", SOME[2]: None}, 10)
    truth.say({SOME[0]: "no", SOME[3]: "ban"}, 20)
    refresh_verdict_tables(ws)
    assert_true(ws, truth)
    truth.say({SOME[0]: "yes", SOME[2]: "yes"}, 30)
    return truth


POINTS = {
    "all is read": (verdict_tables.VerdictLog, "timelines", 1),
    "the changes are written": (os, "fsync", 1),
    "the changes stand": (os, "replace", 1),
    "the current ones are written": (os, "fsync", 2),
    "the current ones stand": (os, "replace", 2),
}


@pytest.mark.parametrize("point", POINTS)
def test_a_killed_writer_leaves_the_last_tables_and_the_next_ends_the_work(
    point: str, ws: Workspace, clock: Clock, told: Truth
) -> None:
    """At no moment does a reader see half a file, or a row twice."""
    before = [rows_of(ws, each) for each in TABLES]
    process = FORK.Process(target=_refresh_and_die, args=(ws.settings, clock.now, point))
    process.start()
    process.join(PATIENCE_S)
    assert process.exitcode == -signal.SIGKILL
    after = [told.current(), told.changes()]
    seen = [rows_of(ws, each) for each in TABLES]
    assert all(now in (then, whole) for now, then, whole in zip(seen, before, after, strict=True))
    assert (seen == after) == (point == list(POINTS)[-1])
    refresh_verdict_tables(ws)
    assert_true(ws, told)


def _refresh_and_die(settings: Settings, now: float, point: str) -> None:
    ws = open_workspace(settings, lambda: now)
    die_after(*POINTS[point])
    refresh_verdict_tables(ws)


def meanwhile(monkeypatch: pytest.MonkeyPatch, done: Callable[[], object]) -> None:
    """Have another process do something once the verdicts have been read and before anything is published."""
    original = verdict_tables.VerdictLog.timelines

    def then(log: verdict_tables.VerdictLog) -> Any:
        monkeypatch.undo()
        done()
        return original(log)

    monkeypatch.setattr(verdict_tables.VerdictLog, "timelines", then)


def test_who_is_second_of_two_writers_replaces_nothing_newer(ws: Workspace, told: Truth, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has read what was there before; its tables would lack a night until the next one."""

    def another_night() -> None:
        told.say({SOME[5]: "yes"}, 40)
        refresh_verdict_tables(ws)

    meanwhile(monkeypatch, another_night)
    refresh_verdict_tables(ws)
    assert_true(ws, told)


def test_who_read_a_person_before_the_purge_does_not_publish_it_after(
    ws: Workspace, told: Truth, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither where the tables stood, nor where there were none yet."""
    for purged in told.tasks[:2]:
        meanwhile(monkeypatch, lambda purged=purged: told.purge(purged))
        refresh_verdict_tables(ws)
        assert_true(ws, told)
        for table in TABLES:
            spoil(ws, "lost", table)


def test_a_purge_reaches_tables_that_wait_for_the_night(ws: Workspace, told: Truth) -> None:
    """However many verdicts there are."""
    told.purge(told.tasks[0])
    assert_true(ws, told)


def test_many_verdicts_wait_for_the_night(ws: Workspace, told: Truth, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that is no longer small costs a list that is collected nothing."""
    monkeypatch.setattr(verdict_tables, "AT_ONCE", 5)
    before = [rows_of(ws, each) for each in TABLES]
    refresh_at_once(ws)
    assert [rows_of(ws, each) for each in TABLES] == before
    monkeypatch.setattr(verdict_tables, "AT_ONCE", 6)
    refresh_at_once(ws)
    assert_true(ws, told)


def test_verdicts_that_cannot_be_read_are_left_out_and_looked_for_again(
    ws: Workspace, told: Truth, caplog: pytest.LogCaptureFixture
) -> None:
    """A file that comes back from the backup changes nothing in the ledger."""
    lost = told.tasks[1]
    path = Path(ws.storage.root) / paths.VERDICTS.of(f"task-{lost.chunk.key}")
    content = path.read_bytes()
    path.unlink()
    refresh_verdict_tables(ws)
    assert [row["phone_e164"] for row in rows_of(ws, paths.CURRENT_VERDICTS)] == [f"+{SOME[each]}" for each in (0, 1, 2)]
    assert "left out" in caplog.text
    path.write_bytes(content)
    refresh_verdict_tables(ws)
    assert_true(ws, told)


def test_in_a_large_store_a_night_writes_what_is_new(ws: Workspace, told: Truth, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rows of the phones that it asked about, whatever is known of others; once in a while a few parts become one."""
    monkeypatch.setattr(verdict_tables, "MOST_WHOLE", 4)
    monkeypatch.setattr(verdict_tables, "MERGING", MergePolicy(ratio=4, largest=1000))
    refresh_verdict_tables(ws)
    first = [ws.storage.file(each.of("all")) for each in TABLES]
    most_written = 0
    for night in range(16):
        told.say({SOME[night % 4]: ("yes", "no")[night % 3 % 2], 905_330_000_000 + night: "yes"}, 100 + night)
        written = refresh_verdict_tables(ws)
        most_written = max(most_written, len(written))
        assert written and not any(name.endswith("/all.parquet") for name in written)
        assert min(rows for name, rows in written.items() if name.startswith("current")) <= 2
        if len(written) > 2 or night % 4 == 0:  # parts became one, or it is time
            assert_true(ws, told)
    assert [ws.storage.file(each.of("all")) for each in TABLES] == first
    assert most_written > 2 and all(len(ws.storage.names(each.folder)) <= 8 for each in TABLES)


def test_in_a_large_store_a_late_or_corrected_verdict_costs_its_phones(
    ws: Workspace, told: Truth, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A part overrules those before it: also where a change of a phone is no more, or another task's."""
    monkeypatch.setattr(verdict_tables, "MOST_WHOLE", 4)
    opened = told.say({SOME[4]: "no", SOME[5]: "no"}, 40, is_whole=False)
    told.say({SOME[4]: "yes", SOME[5]: "yes"}, 60)
    refresh_verdict_tables(ws)
    first = [ws.storage.file(each.of("all")) for each in TABLES]
    for late in (
        lambda: told.say({SOME[0]: "ban"}, 15),  # another one's change is from another verdict
        lambda: told.say({SOME[4]: "yes"}, 50),  # is now the one that changed it
        lambda: told.say({SOME[5]: "yes"}, 40, is_whole=False, task=opened),  # nothing has changed
        lambda: told.say({SOME[5]: "no"}, 40, task=opened),  # it has
    ):
        late()
        assert max(refresh_verdict_tables(ws).values()) <= 3
        assert_true(ws, told)
    assert [ws.storage.file(each.of("all")) for each in TABLES] == first


@pytest.mark.parametrize("how", ["lost", "cut", "foreign", "copied"])
def test_a_spoilt_part_is_told_anew(how: str, ws: Workspace, told: Truth, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of several; those behind it, too, since their phones may stand in it."""
    monkeypatch.setattr(verdict_tables, "MOST_WHOLE", 4)
    for night in range(4):
        refresh_verdict_tables(ws)
        told.say({SOME[night]: "no", SOME[8 - night]: "yes"}, 200 + night)
    refresh_verdict_tables(ws)
    *names, first = ws.storage.names("current_verdicts")
    assert len(names) == 5
    for name in (*reversed(names), first):
        spoil(ws, how, paths.CURRENT_VERDICTS, name)
        refresh_verdict_tables(ws)
        assert_true(ws, told)
        assert f"copy of {name}" not in ws.storage.names("current_verdicts")
