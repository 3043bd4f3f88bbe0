"""Asking the vendor: no answer loses a task, few calls are made, and a task that never ends settles."""

from __future__ import annotations

import gzip
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from fbcheck_pipeline.errors import LedgerError, StorageError
from fbcheck_pipeline.ledger import ChunkState
from fbcheck_pipeline.model.paths import RESULT_TEXTS
from fbcheck_pipeline.vendor.task_snapshots import TaskSnapshot, TaskStatus
from fbcheck_pipeline.workflow.buying.allocation import Again
from fbcheck_pipeline.workflow.collection.collect import collect_exported
from fbcheck_pipeline.workflow.collection.due import due_work
from fbcheck_pipeline.workflow.collection.poll import LONGEST_INTERVAL_S, poll_due_tasks, settle_overdue
from fbcheck_pipeline.workflow.collection.reconcile import abandon
from tests.conftest import DAY_S, Clock, phones
from tests.fake_vendor import FakeVendor, ResultShape
from tests.integration.workflow.workflow_driver import WorkflowDriver, set_columns

OpenDriver = Callable[..., WorkflowDriver]
NOT_FOUND = ("status", 404, {}, b'{"error": "task_not_found"}')
LIMITED = ("status", 429, {"Retry-After": "7"}, b"{}")


@pytest.mark.parametrize(
    "answers",
    [
        [500, 502],
        ["garbage", "cut"],
        [NOT_FOUND, NOT_FOUND, "pending"],
        ["processing", "pending", "completed", "processing"],
        ["frobnicating", {"status": None}, {"task_id": "another"}],
        [("status", 200, {"Content-Type": "text/html"}, b"<html>")],
        [LIMITED],
        [{"status": "processing", "total": -1, "success": "many", "failure": 1e99}],
    ],
    ids=str,
)
def test_no_answer_loses_a_task(answers: list[Any], open_driver: OpenDriver, vendor: FakeVendor) -> None:
    """It stays open and is asked again; at last it is exported and collected."""
    vendor.statuses = tuple(answers)
    driver = open_driver()
    driver.run("a", phones(5))
    for _ in answers:
        driver.poll()
        assert driver.states() == ["submitted"]
    driver.finish()
    assert driver.counts("a") == {"checked": 5}


def test_an_unknown_status_is_reported_by_name(open_driver: OpenDriver, vendor: FakeVendor) -> None:
    """A person must know what to look for."""
    vendor.statuses = ("frobnicating",)
    driver = open_driver()
    driver.run("a", phones(5))
    (said,) = driver.poll().unknown_statuses
    assert "frobnicating" in said


def test_only_due_tasks_are_asked_oldest_first(open_driver: OpenDriver, vendor: FakeVendor, clock: Clock) -> None:
    """Each call costs the vendor's patience."""
    vendor.hold = True
    driver = open_driver(chunk_size=1, poll_seconds=30)
    driver.run("a", phones(3))
    assert poll_due_tasks(driver.ws, driver.client, budget_s=5).asked == 0
    rows = driver.ledger.chunks()
    for row, at in zip(rows, (-5, -9, +50), strict=True):
        set_columns(driver.ledger, row.chunk_key, next_poll_at=clock() + at)
    assert [row.task_id for row in driver.ledger.due_for_poll()] == [rows[1].task_id, rows[0].task_id]
    assert poll_due_tasks(driver.ws, driver.client, budget_s=5).asked == 2


def test_no_call_is_begun_after_the_budget(open_driver: OpenDriver, vendor: FakeVendor, clock: Clock) -> None:
    """A sensor's tick must end; who was not asked stays due."""
    vendor.hold = True
    vendor.status_delay_s = 0.4
    driver = open_driver(chunk_size=1)
    driver.run("a", phones(40))
    clock.advance(10)
    asked = poll_due_tasks(driver.ws, driver.client, budget_s=0.5).asked
    assert 16 <= asked <= 32
    assert len(driver.ledger.due_for_poll()) == 40 - asked


def test_a_task_of_28_minutes_costs_at_most_12_calls(open_driver: OpenDriver, clock: Clock) -> None:
    """The vendor's own sample; and its export is seen within two minutes."""
    driver = open_driver(poll_seconds=30)
    seconds, total = 28.5 * 60, 20_000

    class Slow:
        calls = 0

        def task(self, task_id: str, **_: Any) -> TaskSnapshot:
            self.calls += 1
            done = int(total * min(1.0, max(0.0, (clock() - began - 60) / (seconds - 60))))
            status = TaskStatus.PENDING if clock() - began < 60 else TaskStatus.PROCESSING
            if done >= total:
                return TaskSnapshot(task_id, TaskStatus.EXPORTED, total, total, 0, result_url="http://127.0.0.1/x")
            return TaskSnapshot(task_id, status, total if done else 0, done, 0)

    slow, began = Slow(), clock()
    driver.run("a", phones(5))
    while driver.states() == ["submitted"]:
        clock.now = driver.ledger.chunks()[0].next_poll_at
        poll_due_tasks(driver.ws, slow, budget_s=5)  # type: ignore[arg-type]
    assert slow.calls <= 12
    assert clock() - began - seconds <= 120


def test_a_task_without_progress_is_asked_ever_more_rarely(open_driver: OpenDriver, vendor: FakeVendor, clock: Clock) -> None:
    """Up to ten minutes."""
    vendor.hold = True
    driver = open_driver(poll_seconds=30)
    driver.run("a", phones(5))
    at = []
    for _ in range(12):
        clock.now = driver.ledger.chunks()[0].next_poll_at
        poll_due_tasks(driver.ws, driver.client, budget_s=5)
        at.append(clock.now)
    gaps = [later - earlier for earlier, later in pairwise(at)]
    assert gaps == sorted(gaps)
    assert gaps[-1] == LONGEST_INTERVAL_S


def test_an_overdue_task_is_asked_ever_more_rarely(open_driver: OpenDriver, vendor: FakeVendor, clock: Clock) -> None:
    """Up to once a day; an answer is heard when the task is a tenth later than it is at most."""
    vendor.hold = True
    driver = open_driver(task_deadline_hours=1)
    driver.run("a", phones(5))
    deadline, gaps = clock.now + 3600, list[float]()
    for _ in range(90):
        asked_at, clock.now = clock.now, driver.ledger.chunks()[0].next_poll_at
        gaps.append(clock.now - asked_at)
        assert gaps[-1] <= max(LONGEST_INTERVAL_S, 0.1 * (asked_at - deadline)) + 1e-6
        assert poll_due_tasks(driver.ws, driver.client, budget_s=5).asked == 1
    assert driver.states() == ["overdue"]
    assert gaps[-2:] == [DAY_S, DAY_S]
    vendor.finish_all()
    clock.advance(-3600)  # it had run ahead when the next call was put a day off
    assert poll_due_tasks(driver.ws, driver.client, budget_s=5).exported == 1


def test_a_result_that_a_person_gave_up_is_asked_for_and_fetched_ever_more_rarely(
    open_driver: OpenDriver, vendor: FakeVendor, clock: Clock
) -> None:
    """After a year some forty times, not daily for ever; what comes then is used."""
    vendor.shape = ResultShape(format="bytes", content=b"the result is being prepared\n")
    driver, began = open_driver(task_deadline_hours=1, chunk_size=5), clock()
    driver.run("a", phones(5))
    driver.finish()
    clock.advance(2 * 3600)
    settle_overdue(driver.ws)
    abandon(driver.ws, driver.chunk_key("overdue"))
    for _ in range(365):
        clock.advance(DAY_S)
        poll_due_tasks(driver.ws, driver.client, budget_s=5)
        collect_exported(driver.ws, driver.client)
    (task,) = vendor.tasks.values()
    assert vendor.download_calls[task.task_id] <= 60 and vendor.status_calls[task.task_id] <= 120
    task.shape = ResultShape()
    clock.advance(0.1 * (clock() - began) + DAY_S)
    collect_exported(driver.ws, driver.client)
    assert driver.counts("a") == {"checked": 5}


def test_a_task_that_never_ends_settles_and_may_yet_be_exported(
    open_driver: OpenDriver, vendor: FakeVendor, clock: Clock
) -> None:
    """Its list finishes; nobody buys its phones again; should it end after all, the list is joined anew."""
    vendor.hold = True
    driver = open_driver(task_deadline_hours=1.5, chunk_size=5)
    driver.run("a", phones(10))
    first, second = vendor.tasks
    vendor.finish(first)
    driver.finish()
    clock.advance(5500)
    driver.finish()
    assert sorted(driver.states()) == ["collected", "overdue"]
    assert driver.counts("a") == {"checked": 5, "undetermined": 5}
    assert driver.is_complete("a")
    ((key, revision),) = due_work(driver.ledger).joins
    driver.ledger.note_joined(key, revision=revision, counts={}, is_complete=True)
    assert not due_work(driver.ledger).joins
    clock.advance(3 * DAY_S)
    for again in Again:
        driver.run("a", phones(10), again=again)
    vendor.finish(second)
    driver.finish()
    assert driver.counts("a") == {"checked": 10}
    assert [key for key, _ in due_work(driver.ledger).joins] == ["a"]
    assert vendor.most_per_phone == 1


def test_an_unreadable_result_is_fetched_again_then_left_to_the_deadline(
    open_driver: OpenDriver, vendor: FakeVendor, clock: Clock
) -> None:
    """Its phones wait, then are undetermined; the file is kept for a person; when it can be read, it is."""
    vendor.downloads = lambda task_id: "html"
    driver = open_driver(task_deadline_hours=1)
    driver.run("a", phones(5))
    driver.finish()
    assert driver.counts("a") == {"waiting": 5}
    task_id = driver.ledger.chunks()[0].task_id
    assert driver.ws.storage.exists(f"result_files/{task_id}.gz")
    assert not due_work(driver.ledger).joins
    clock.advance(4000)
    driver.collect()
    assert driver.states() == ["overdue"]
    assert driver.counts("a") == {"undetermined": 5}
    vendor.downloads = lambda task_id: "ok"
    driver.finish()
    assert driver.counts("a") == {"checked": 5}


@pytest.mark.parametrize("fault", ["expire", 500, "cut", "wrong_length"])
def test_a_result_that_cannot_be_had_at_first_is_had_later(fault: Any, open_driver: OpenDriver, vendor: FakeVendor) -> None:
    """An expired URL is asked for anew at once, the rest comes with the next round; never half a file."""
    vendor.downloads.append(fault)
    driver = open_driver()
    driver.run("a", phones(5))
    driver.finish()
    if fault != "expire":
        assert driver.counts("a") == {"waiting": 5}
        driver.collect()
    assert driver.counts("a") == {"checked": 5}


def test_a_result_that_cannot_be_had_is_fetched_ever_more_rarely_and_never_given_up(
    open_driver: OpenDriver, vendor: FakeVendor, clock: Clock
) -> None:
    """Half a minute, doubling to an hour, after the deadline to a day; mended, it is had though a hundred fetches failed."""
    vendor.downloads = lambda task_id: 500
    driver = open_driver(poll_seconds=30)
    driver.run("a", phones(5))
    driver.poll()
    (task_id,) = vendor.tasks
    at = [clock.now]
    for _ in range(100):
        collect_exported(driver.ws, driver.client)
        (chunk,) = driver.ledger.chunks()
        clock.now = chunk.next_fetch_at
        at.append(clock.now)
    gaps = [later - earlier for earlier, later in pairwise(at)]
    assert gaps[:4] == [30, 60, 120, 240]
    assert gaps == sorted(gaps) and 3600 in gaps and gaps[-1] == DAY_S
    assert vendor.download_calls[task_id] == 100 and chunk.state == "overdue"
    assert chunk.note is not None and "HTTP 500" in chunk.note and "fetched 100 times, next at" in chunk.note
    vendor.downloads = lambda task_id: "ok"
    driver.collect()
    assert driver.counts("a") == {"checked": 5} and vendor.most_per_phone == 1


def test_an_outage_does_not_settle_a_failed_task_that_has_a_result(
    open_driver: OpenDriver, vendor: FakeVendor, clock: Clock
) -> None:
    """Four answers of 503 within minutes, and the night bought what lay there ready."""
    vendor.status_hook = lambda task: {
        "status": "failed",
        "result_url": f"{vendor.url}/results/{task.task_id}.xlsx?X-Signature=1",
    }
    driver = open_driver()
    driver.run("a", phones(20))
    for answers in [503] * 6, [404] * 2, [503], [404] * 2, [503]:
        vendor.downloads = lambda task_id, answer=answers[0]: answer  # type: ignore[misc]
        for _ in answers:
            driver.finish()
    clock.advance(DAY_S)
    driver.run("a", phones(20), again=Again.NIGHT)
    assert driver.states() == ["exported"] and len(vendor.posts) == 1
    vendor.downloads = lambda task_id: "ok"
    driver.collect()
    assert driver.counts("a") == {"checked": 20}


def test_a_failed_task_whose_result_never_comes_settles_after_the_deadline(
    open_driver: OpenDriver, vendor: FakeVendor, clock: Clock
) -> None:
    """Its phones are not held for ever."""
    vendor.status_hook = lambda task: {
        "status": "failed",
        "result_url": f"{vendor.url}/results/{task.task_id}.xlsx?X-Signature=1",
    }
    vendor.downloads = lambda task_id: 503
    driver = open_driver(task_deadline_hours=24)
    driver.run("a", phones(20))
    driver.finish()
    clock.advance(DAY_S + 1)
    driver.collect()
    assert driver.states() == ["failed"]


def test_days_of_404_with_another_answer_between_them_do_not_make_a_task_gone(
    open_driver: OpenDriver, vendor: FakeVendor, clock: Clock
) -> None:
    """It was bought again while the vendor still worked on it."""
    driver = open_driver(task_deadline_hours=24)
    driver.run("a", phones(10))
    clock.advance(2 * DAY_S)
    for day in range(9):
        vendor.status_hook = lambda task, day=day: "processing" if day % 4 else 404  # type: ignore[misc]
        driver.poll()
        driver.run("a", phones(10), again=Again.NIGHT)
        clock.advance(DAY_S)
    assert driver.states() == ["overdue"] and len(vendor.posts) == 1
    vendor.status_hook = lambda task: 404
    for _ in range(2):
        driver.poll()
        clock.advance(DAY_S)
    assert driver.states() == ["gone"]


def test_a_file_that_came_between_two_days_of_404_is_not_gone(open_driver: OpenDriver, vendor: FakeVendor, clock: Clock) -> None:
    """Though it cannot be read yet."""
    vendor.shape = ResultShape(format="bytes", content=b"oops")
    driver = open_driver(task_deadline_hours=24)
    driver.run("a", phones(10))
    driver.finish()
    clock.advance(2 * DAY_S)
    for answer in ("ok", 404, 404, "ok", 404, 404):
        vendor.downloads = lambda task_id, answer=answer: answer  # type: ignore[misc]
        driver.collect()
        clock.advance(DAY_S)
    assert driver.states() == ["overdue"]
    driver.collect()
    assert driver.states() == ["gone"]


def test_changed_result_hosts_fetch_once_at_once(open_driver: OpenDriver, vendor: FakeVendor, clock: Clock) -> None:
    """The setting was what kept a paid result away; nobody need wait for the next hour, and nobody hammers the host."""
    driver = open_driver(result_hosts="results.example")
    driver.run("a", phones(5))
    driver.finish()
    for _ in range(9):
        clock.now = driver.ledger.chunks()[0].next_fetch_at
        collect_exported(driver.ws, driver.client)
    assert driver.states() == ["exported"] and "results.example" not in vendor.download_calls
    for hosts in ("other.example", "results.example", "other.example"):
        other = open_driver(result_hosts=hosts)
        poll_due_tasks(other.ws, other.client, budget_s=5)
        assert bool(other.ledger.due_for_fetch()) is (other.ledger.chunks()[0].fetches == 10)
        collect_exported(other.ws, other.client)
    assert driver.ledger.chunks()[0].fetches == 11
    mended = open_driver()
    poll_due_tasks(mended.ws, mended.client, budget_s=5)
    collect_exported(mended.ws, mended.client)
    assert mended.counts("a") == {"checked": 5}


def test_one_bad_result_does_not_hold_up_the_others(open_driver: OpenDriver, vendor: FakeVendor) -> None:
    """They are fetched side by side, each on its own."""
    driver = open_driver(chunk_size=1)
    driver.run("a", phones(4))
    bad = next(iter(vendor.tasks))
    vendor.downloads = lambda task_id: "html" if task_id == bad else "ok"
    driver.poll()
    collected = driver.collect()
    assert (collected.tasks, len(collected.problems)) == (3, 1)
    assert driver.counts("a") == {"checked": 3, "waiting": 1}


def test_a_result_that_cannot_be_stored_holds_up_no_other_and_comes_later_again(
    open_driver: OpenDriver, vendor: FakeVendor, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """A place that cannot be written fails the round, after the others, and ever more rarely; it is paid for, so never given up.

    However many there are and whenever they came, at last one round an hour fails.
    """
    driver = open_driver(chunk_size=1)
    driver.run("a", phones(4))
    blocked = Path(driver.ws.storage.root, "verdicts", f"{next(iter(vendor.tasks))}.parquet")
    (blocked / "in the way").mkdir(parents=True)
    driver.poll()
    for _ in range(4):
        with pytest.raises(StorageError, match=f"cannot write .*{blocked.name}"):
            collect_exported(driver.ws, driver.client)
        assert driver.counts("a") == {"checked": 3, "waiting": 1}
        (left,) = driver.ledger.chunks(states=[ChunkState.EXPORTED])
        assert "cannot write" in (left.note or "") and not driver.ledger.due_for_fetch()
        clock.advance(left.next_fetch_at - clock())
        assert f"result not stored chunk_key={left.chunk_key}" in caplog.text, "told at once, not when a `run` gives up"
        caplog.clear()
    shutil.rmtree(blocked.parent)
    blocked.parent.touch()
    rounds, begun = list[float](), clock()
    for minute in range(3):
        clock.now = begun + 61 * minute
        driver.run(f"b{minute}", phones(1, 905_320_001_000 + minute))
        driver.poll()
    while clock() < begun + 6 * 3600:
        with pytest.raises(StorageError, match=r"cannot write .*verdicts"):
            collect_exported(driver.ws, driver.client)
        rounds.append(clock())
        clock.now = min(each.next_fetch_at for each in driver.ledger.chunks(states=[ChunkState.EXPORTED]))
    assert len(rounds) < 30 and [at % 3600 for at in rounds if at > begun + 2 * 3600] == [0.0] * 4
    blocked.parent.unlink()
    collect_exported(driver.ws, driver.client)
    assert driver.counts("b2") == {"checked": 1} and vendor.most_per_phone == 1


def test_two_pollers_with_answers_of_different_age(open_driver: OpenDriver, vendor: FakeVendor) -> None:
    """The slow one's `processing` arrives after the quick one's `exported`: the result must still be fetched."""
    driver = open_driver()
    driver.run("a", phones(5))

    class Slow:
        def task(self, task_id: str, **_: Any) -> TaskSnapshot:
            driver.poll()
            return TaskSnapshot(task_id, TaskStatus.PROCESSING)

    set_columns(driver.ledger, driver.chunk_key("submitted"), next_poll_at=0)
    poll_due_tasks(driver.ws, Slow(), budget_s=5)  # type: ignore[arg-type]
    assert driver.states() == ["exported"]
    driver.collect()
    assert driver.counts("a") == {"checked": 5}


def test_a_task_is_asked_as_it_was_sent_whatever_the_settings_are_now(open_driver: OpenDriver, vendor: FakeVendor) -> None:
    """On the other protocol's path the vendor knows no such task."""
    open_driver(user_id="u1").run("a", phones(5))
    other = open_driver(protocol="v1", user_id="u2")
    other.finish()
    assert other.counts("a") == {"checked": 5}
    assert any(path.endswith("?user_id=u1") for path in vendor.paths) and not any("u2" in path for path in vendor.paths)
    other.run("b", phones(100, 905_330_000_000))
    open_driver().finish()
    assert other.counts("b") == {"checked": 100}


def test_a_task_of_an_unknown_protocol_says_so_and_stays_open(open_driver: OpenDriver, vendor: FakeVendor) -> None:
    """A newer version sent it; asking on a wrong path would learn nothing, silently."""
    driver = open_driver()
    driver.run("a", phones(5))
    set_columns(driver.ledger, driver.chunk_key("submitted"), protocol="v9")
    assert driver.poll().errors == 1
    (chunk,) = driver.ledger.chunks()
    assert chunk.state == "submitted" and chunk.note is not None and "protocol 'v9'" in chunk.note
    assert chunk.task_id not in vendor.status_calls


def test_a_refused_key_stops_the_round_and_loses_nothing(open_driver: OpenDriver, vendor: FakeVendor) -> None:
    """The sensor says so; when the key is fixed, everything continues."""
    vendor.statuses = (401,)
    driver = open_driver(chunk_size=5)
    driver.run("a", phones(10))
    assert driver.poll().refused is not None
    driver.poll()
    driver.finish()
    assert driver.counts("a") == {"checked": 10}


@pytest.mark.parametrize("word", ["processing", "failed"])
def test_a_status_that_goes_back_after_the_export_is_told_as_it_is(
    word: str, open_driver: OpenDriver, vendor: FakeVendor
) -> None:
    """Seen: the note said that the vendor reports the task as exported. Its result is used once it is there."""
    driver = open_driver()
    driver.run("a", phones(5))
    vendor.downloads = [500]
    driver.finish()
    vendor.status_hook = lambda task: word
    driver.collect()
    (chunk,) = driver.ledger.chunks()
    assert chunk.note is not None and f"now says that the task is {word}" in chunk.note
    vendor.status_hook = lambda task: None
    driver.collect()
    assert driver.counts("a") == {"checked": 5}


@pytest.mark.parametrize(
    "content", [None, b"other bytes", gzip.compress(b"9" * 99, mtime=0)[:-9], gzip.compress(b"9", mtime=0)[:10] + b"?" * 20]
)
def test_a_kept_result_that_cannot_be_read_holds_up_no_other_answer(
    content: bytes | None, open_driver: OpenDriver, vendor: FakeVendor
) -> None:
    """Status answers are recorded many together: a disk's fault at one lost them all, at each tick anew."""
    driver = open_driver(chunk_size=1)
    driver.run("a", phones(4))
    (bad,) = [each for each in driver.ledger.chunks() if each.task_id == list(vendor.tasks)[2]]
    vendor.status_hook = lambda task: {"status": "failed", "result_url": None} if task.task_id == bad.task_id else None
    if content is None:
        Path(driver.ws.storage.root, RESULT_TEXTS.of(bad.known_task_id)).mkdir(parents=True)
    else:
        driver.ws.storage.write_bytes(RESULT_TEXTS.of(bad.known_task_id), content)
    assert driver.poll().errors == 1
    driver.collect()
    assert driver.counts("a") == {"checked": 3, "waiting": 1}
    assert RESULT_TEXTS.of(bad.known_task_id) in (driver.ledger.chunk(bad.chunk_key).note or "")


def test_the_ledger_is_free_while_a_kept_result_is_read(
    open_driver: OpenDriver, vendor: FakeVendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slow store kept every other process from recording what it had sent."""
    vendor.status_hook = lambda task: {"status": "failed", "result_url": None}
    driver = open_driver()
    driver.run("a", phones(5))
    (chunk,) = driver.ledger.chunks()
    name, written = RESULT_TEXTS.of(chunk.known_task_id), list[str]()
    driver.ws.storage.write_bytes(name, gzip.compress(b"nothing of use"))

    def read_bytes(read: str) -> bytes:
        with closing(sqlite3.connect(Path(driver.ws.storage.root, "ledger.db"), timeout=0)) as other:
            other.execute("BEGIN IMMEDIATE")
            written.append(read)
        return Path(driver.ws.storage.root, read).read_bytes()

    monkeypatch.setattr(driver.ws.storage, "read_bytes", read_bytes)
    driver.poll()
    assert written == [name] and driver.states() == ["failed"]


def test_a_full_disk_is_named_while_many_answers_are_recorded(open_driver: OpenDriver, vendor: FakeVendor) -> None:
    """SQLite undoes the whole transaction then; to undo one answer alone failed, and that was told in place of the reason."""
    driver = open_driver(chunk_size=1)
    driver.run("a", phones(40))
    vendor.status_hook = lambda task: {"status": "failed", "message": "x" * 3000, "result_url": None}
    engine = driver.ledger.database.engine

    def fill(connection: sqlite3.Connection, _: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {connection.execute('PRAGMA page_count').fetchone()[0]}")

    engine.dispose()
    sa.event.listen(engine, "connect", fill)
    with pytest.raises(LedgerError, match=r"full.*; free space on its disk"):
        driver.poll()
    sa.event.remove(engine, "connect", fill)
    engine.dispose()
    assert set(driver.states()) == {"submitted"}
    driver.poll()
    assert set(driver.states()) == {"failed"}
