"""Whatever happens in whatever order, on the real ledger and against a vendor that counts: no phone is bought twice by itself."""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from fbcheck_pipeline.errors import LedgerError, OperatorError, VendorRefuses
from fbcheck_pipeline.ledger import TRAITS, ChunkState, Ledger, tallies
from fbcheck_pipeline.ledger.calling_off import CALLED_OFF
from fbcheck_pipeline.ledger.opening import stamp
from fbcheck_pipeline.ledger.records import Chunk, Stretch
from fbcheck_pipeline.ledger.scrubbing import keeps_phones
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.model.statuses import CHECK_STATUSES
from fbcheck_pipeline.settings import load_settings
from fbcheck_pipeline.vendor.client import VendorClient
from fbcheck_pipeline.vendor.task_snapshots import TaskSnapshot
from fbcheck_pipeline.workflow.answers import NO_PIN, Tally, resolve
from fbcheck_pipeline.workflow.buying.allocation import Again
from fbcheck_pipeline.workflow.buying.pins import read_pins
from fbcheck_pipeline.workflow.buying.send import RetryPolicy
from fbcheck_pipeline.workflow.collection.reconcile import abandon, attach_task, resubmit
from fbcheck_pipeline.workflow.erasing.erase import erase
from fbcheck_pipeline.workflow.erasing.erased_rows import Person
from fbcheck_pipeline.workflow.index.index_upkeep import update_index
from fbcheck_pipeline.workflow.sent_phones import loaded
from fbcheck_pipeline.workflow.verdict_files.verdicts import VerdictReader
from fbcheck_pipeline.workflow.workspace import open_workspace
from tests.conftest import DAY_S, Clock, phones
from tests.fake_vendor import FakeVendor, ResultShape, Task
from tests.integration.workflow.workflow_driver import WorkflowDriver
from tests.prepared import nothing_synced

LISTS = {"a": phones(12), "b": phones(12, 905_320_000_006), "c": phones(9, 905_320_000_014), "d": phones(24)}
KEYS = st.sampled_from(sorted(LISTS))
ANSWERS = st.sampled_from(["accept"] * 3 + ["accept_then_cut", "cut_before_accepting", "no_task_id", 500, 400, 402, 502])
POLLS = st.sampled_from(["", "", 500, "garbage", "failed", "frobnicating", ("status", 404, {}, b"{}")])
ONCE = RetryPolicy(tries=1)
MAX_TRIES = 2


class TickingClock(Clock):
    """No two things happen at the same time."""

    def __call__(self) -> float:
        self.now += 0.001
        return self.now


class Killed(BaseException):
    """Ends a process at the statement where it is raised, as far as the ledger can tell: the sender's lock is released."""


class LifeOfAChunk(RuleBasedStateMachine):
    """Rules are what users, nights, crashes and the vendor do; invariants are what must hold after each of them."""

    vendor: FakeVendor

    @initialize(min_chunk=st.sampled_from([1, 3]), verdict_days=st.sampled_from([0, 3]), budget=st.sampled_from([None, None, 20]))
    def begin(self, min_chunk: int, verdict_days: float, budget: int | None) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.clock = TickingClock()
        self.settings = load_settings(
            data_uri=str(self.folder / "data"), api_url=self.vendor.url, api_key="k", chunk_size=5, min_chunk=min_chunk,
            verdict_days=verdict_days, max_tries=MAX_TRIES, max_billable_per_day=budget, task_deadline_hours=12,
        )  # fmt: skip
        self.vendor.accepted.clear()
        self.vendor.tasks.clear()
        self.vendor.hold = True
        self.vendor.clock = self.clock
        self.driver = WorkflowDriver(open_workspace(self.settings, self.clock))
        self.lists = dict(LISTS)
        self.erased: set[int] = set()
        self.accepted_of_suppressed: dict[str, int] = {}
        self.posts: dict[str, tuple[str, str]] = {}  # task id -> the chunk and the sender that it was accepted from
        self.tried_beside: set[int] = set()  # phones of tries that turned out to be with the vendor after they were resubmitted
        self.backup: dict[str, int] | None = None  # what the ledger had counted when it was copied
        self.patch = pytest.MonkeyPatch()
        self._let_nothing_else_decide()
        self._watch_posts()

    def _let_nothing_else_decide(self) -> None:
        """Keys rise in the order of planning, and threads take turns: the same steps lead to the same end, or nobody could repeat them."""
        keys = itertools.count()
        self.patch.setattr("fbcheck_pipeline.ledger.planning.new_chunk_key", lambda now: f"{next(keys):016x}")
        for name in ("poll.MOST_AT_ONCE", "collect.MOST_DOWNLOADS", "collect.MOST_READERS"):
            self.patch.setattr(f"fbcheck_pipeline.workflow.collection.{name}", 1)

    def _watch_posts(self) -> None:
        start, accept, last = Ledger.start_sending, FakeVendor.accept, list[tuple[str, str]]()

        def started(ledger: Ledger, chunk_key: str, *, sender: str, **given: Any) -> bool:
            last[:] = [(chunk_key, sender)]
            return start(ledger, chunk_key, sender=sender, **given)

        def accepted(vendor: FakeVendor, *given: Any) -> Task:
            task = accept(vendor, *given)
            self.posts[task.task_id] = last[0]
            return task

        self.patch.setattr(Ledger, "start_sending", started)
        self.patch.setattr(FakeVendor, "accept", accepted)

    def teardown(self) -> None:
        if hasattr(self, "driver"):
            self.patch.undo()
            self.driver.ledger.close()
            shutil.rmtree(self.folder)

    # --- what happens

    @rule(key=KEYS, again=st.sampled_from(list(Again)), budget=st.sampled_from([None, 8]), answers=st.lists(ANSWERS, max_size=5))
    def submit(self, key: str, again: Again, budget: int | None, answers: list[Any]) -> None:
        """What a run does: plan, send, pin, note. A dry run foretold it, where the vendor accepts everything."""
        told, _ = self.driver.foresee({key: self.lists[key]}, again=again, max_billable=budget)
        accepted, sent = sum(self.vendor.accepted.values()), self._sent_for(key)
        with self._planning_is_lawful(key, again), self._answering(answers):
            self.driver.run(key, self.lists[key], ONCE, again=again, max_billable=budget)
        limit = self.driver.ledger.phone_list(key).max_billable
        assert limit is None or self._sent_for(key) in range(limit + 1) or self._sent_for(key) == sent
        if not answers:
            assert sum(self.vendor.accepted.values()) - accepted == told
            self._see_that_answers_are_used(key)

    @rule(keys=st.lists(KEYS, min_size=2, max_size=3, unique=True), again=st.sampled_from(list(Again)))
    def dry_run_and_run_of_several(self, keys: list[str], again: Again) -> None:
        lists, accepted = {key: self.lists[key] for key in keys}, sum(self.vendor.accepted.values())
        told, _ = self.driver.foresee(lists, again=again)
        self.driver.run_all(lists, ONCE, again=again)
        assert sum(self.vendor.accepted.values()) - accepted == told

    @rule(key=KEYS, limit=st.sampled_from([0, 6]))
    def send_by_a_process_with_a_limit(self, key: str, limit: int) -> None:
        """Where no limit is recorded with a list, it forbids what was planned without one."""
        self._narrow(limit).send(key, ONCE)

    @rule(limit=st.sampled_from([0, 6, 10]), turns=st.lists(st.booleans(), min_size=6, max_size=6))
    def sensors_of_two_processes(self, limit: int, turns: list[bool]) -> None:
        """Whoever has the next turn, they come to rest: nobody's work sets off the other's for ever."""
        plannings = Counter[str]()
        for is_narrow in [*turns, False, True]:
            self.clock.advance(700)
            process = self._narrow(limit) if is_narrow else self.driver
            for each in self.driver.ledger.lists_to_send():
                plannings[each.list_key] += 1
                with self._planning_is_lawful(each.list_key, Again.NOBODY):
                    process.submit(each.list_key, self.lists[each.list_key], ONCE)
        assert self.driver.ledger.lists_to_send() == [] and max(plannings.values(), default=0) <= 2

    def _narrow(self, limit: int) -> WorkflowDriver:
        """Another process on the same ledger, with a limit of its own."""
        return WorkflowDriver(replace(self.driver.ws, settings=self.settings.model_copy(update={"max_billable": limit})))

    @rule(key=KEYS, again=st.sampled_from(list(Again)), budget=st.sampled_from([None, 8]), writes_pins=st.booleans())
    def submit_and_be_killed_after_planning(self, key: str, again: Again, budget: int | None, writes_pins: bool) -> None:
        """Before, or after, another process has written pins."""
        earlier = read_pins(self.driver.ws.storage, key)
        with self._planning_is_lawful(key, again):
            pins = self.driver.plan(key, self.lists[key], again=again, max_billable=budget)
        read = read_pins(self.driver.ws.storage, key)
        assert read is not None
        assert np.array_equal(read.phones, self.lists[key])
        pinned = pins.with_tasks({each.chunk_key: each.task_id for each in self.driver.ledger.chunks() if each.task_id})
        assert [read.pins[number] for number in read.index] == [pinned.pins[number] for number in pinned.index]
        if not writes_pins and earlier is not None:
            self.driver.ws.storage.write_parquet(paths.SUBMITTED_CHUNKS.of(key), earlier.stream())

    @rule(key=KEYS, is_accepted=st.booleans())
    def submit_and_be_killed_while_sending(self, key: str, is_accepted: bool) -> None:
        submit = VendorClient.submit_chunk

        def killed(client: VendorClient, payload: bytes) -> None:
            if is_accepted:
                submit(client, payload)
            raise Killed

        with pytest.MonkeyPatch.context() as patch, self._planning_is_lawful(key, Again.NOBODY):
            patch.setattr(VendorClient, "submit_chunk", killed)
            with suppress(Killed):
                self.driver.run(key, self.lists[key], ONCE)

    @rule(
        key=KEYS,
        answers=st.lists(ANSWERS, max_size=5),
        decisions=st.lists(st.sampled_from([None, resubmit, abandon]), min_size=1, max_size=3),
    )
    def submit_and_be_taken_for_gone(self, key: str, answers: list[Any], decisions: list[Any]) -> None:
        """Beats stop while POSTs are out: another process, and perhaps a person, act on the chunk before its answer comes."""
        submit, turns = VendorClient.submit_chunk, itertools.cycle(decisions)

        def taken_for_gone(client: VendorClient, payload: bytes) -> TaskSnapshot:
            ledger, decide = self.driver.ledger, next(turns)
            with pytest.MonkeyPatch.context() as silence:
                silence.setattr(ledger.database.liveness, "living", lambda names: set())
                (chunk_key,) = ledger.recover_gone_senders()
            with suppress(OperatorError):  # a limit has no room for one more try
                if decide is not None:
                    decide(self.driver.ws, chunk_key)
            return submit(client, payload)

        with pytest.MonkeyPatch.context() as patch, self._planning_is_lawful(key, Again.NOBODY), self._answering(answers):
            patch.setattr(VendorClient, "submit_chunk", taken_for_gone)
            self.driver.run(key, self.lists[key], ONCE)

    @rule(key=KEYS, answers=st.lists(ANSWERS, max_size=5))
    def send(self, key: str, answers: list[Any]) -> None:
        """What another run of a list does with chunks that are planned already."""
        with self._answering(answers):
            self.driver.send(key, ONCE)

    @contextmanager
    def _answering(self, answers: list[Any]) -> Iterator[None]:
        self.vendor.script.clear()
        self.vendor.script.extend(answers)
        with suppress(VendorRefuses):
            yield
        self.vendor.script.clear()

    @contextmanager
    def _planning_is_lawful(self, key: str, again: Again) -> Iterator[None]:
        """What a planning bought: no phone twice, none that may still be answered, has its verdict, or was tried too often."""
        before = {row.chunk_key for row in self.driver.ledger.chunks()}
        was_open = self._phones_that_may_still_be_answered()
        young = self._phones_with_a_young_verdict()
        unanswered = self._last_tries_without_answer(key)
        yield
        new = [row for row in self.driver.ledger.chunks() if row.chunk_key not in before and row.replaces is None]
        bought = [phone for row in new for phone in self._phones(row.chunk_key)]
        assert len(bought) == len(set(bought))
        assert not set(bought) & was_open, "sent beside a try that may still be answered"
        assert not set(bought) & young, "bought although it has its verdict"
        for row in new:
            own = self.driver.ledger.parts_of(key).get(row.chunk_key, Stretch(0, 0))
            for phone in self._phones(row.chunk_key)[own.start : own.start + own.phone_count]:
                tries, last = unanswered.get(phone, (0, None))
                assert tries < MAX_TRIES or again is Again.PERSON
                if last is not None:
                    day = datetime.fromtimestamp(last.settled_at, UTC).date().isoformat()
                    at_night = again is Again.NIGHT and last.state != "abandoned" and day < self.driver.ledger.today()
                    assert again is Again.PERSON or at_night, "tried again unasked"

    @rule(fault=POLLS, ends=st.booleans())
    def poll(self, fault: Any, ends: bool) -> None:
        for task in self.vendor.tasks.values():
            task.held = task.held and not ends
            if fault:
                task.statuses.append(fault)
        self.driver.poll()
        for task in self.vendor.tasks.values():
            task.statuses.clear()

    @rule(
        missing=st.integers(0, 3),
        is_counted=st.booleans(),
        fault=st.sampled_from(["ok", "ok", "cut", "html", "expire", 404]),
        form=st.sampled_from(["csv", "parts"]),
    )
    def collect(self, missing: int, is_counted: bool, fault: Any, form: Any = "csv") -> None:
        """The vendor counts what is missing as failure, or its result is short; it comes in one table or in two."""
        for task in self.vendor.tasks.values():
            task.shape = ResultShape(format=form, missing=min(missing, len(task.phones)) if is_counted else 0)
            if not is_counted:
                task.shape.rows = lambda rows: rows[: len(rows) - missing]
        self.vendor.downloads.clear()
        self.vendor.downloads.append(fault)
        self.driver.collect()

    @rule(keys=st.lists(KEYS, min_size=1, max_size=3), again=st.sampled_from(list(Again)), missing=st.integers(0, 3))
    def whole_way(self, keys: list[str], again: Again, missing: int) -> None:
        """An undisturbed night: without it, chance alone seldom brings a list to its end."""
        for key in keys:
            self.submit(key, again, None, [])
        self.poll("", True)
        self.collect(missing, True, "ok")

    @rule()
    def what_the_night_leaves_alone(self) -> None:
        """A planning would buy nothing of it."""
        tonight = {each.list_key for each in self.driver.ledger.lists_of_the_night()}
        for key in [each.list_key for each in self.driver.ledger.lists() if not each.held and each.list_key not in tonight]:
            assert self.driver.foresee({key: self.lists[key]}, again=Again.NIGHT)[1][key] == 0

    @rule()
    def index(self) -> None:
        update_index(self.driver.ws, max_loose=0)

    @precondition(lambda self: "unconfirmed" in self.driver.states())
    @rule(how=st.sampled_from(["attach", "mistake", "resubmit", "abandon"]), which=st.integers(0, 3))
    def reconcile(self, how: str, which: int) -> None:
        rows = self.driver.ledger.chunks(states=[ChunkState.UNCONFIRMED])
        chunk = rows[which % len(rows)].chunk_key
        if how in ("attach", "mistake"):
            self._attach(chunk, is_mistaken=how == "mistake")
        elif how == "abandon":
            abandon(self.driver.ws, chunk)
        else:
            with suppress(OperatorError):  # a limit has no room for one more try
                resubmit(self.driver.ws, chunk)

    @precondition(lambda self: self._lost_tasks())
    @rule(which=st.integers(0, 5), is_found=st.booleans())
    def late_answer(self, which: int, is_found: bool) -> None:
        """Of a sender that was taken for gone, or a person finds the task: whatever became of the chunk since."""
        tasks = self._lost_tasks()
        task_id = tasks[which % len(tasks)]
        chunk_key, sender = self.posts[task_id]
        chunk = self.driver.ledger.chunk(chunk_key)
        may_be_found = chunk.state is ChunkState.UNCONFIRMED or (chunk.state in CALLED_OFF and chunk.resubmissions)
        if not is_found:
            self.driver.ledger.mark_submitted(
                chunk_key, sender=sender, task_id=task_id, total=None, is_synthetic=False, next_poll_at=0
            )
        elif may_be_found:
            attach_task(self.driver.ws, self.driver.client, chunk_key, task_id)
        if self.driver.ledger.chunk(chunk_key).task_id == task_id:
            self.tried_beside |= set(self._phones(chunk_key))
            planned = self.driver.ledger.chunks(states=[ChunkState.PLANNED])
            assert not {phone for row in planned for phone in self._phones(row.chunk_key)} & set(self._phones(chunk_key))

    def _lost_tasks(self) -> list[str]:
        """Accepted by the vendor, and no chunk has it."""
        known = {row.task_id for row in self.driver.ledger.chunks()}
        return [task_id for task_id in self.posts if task_id not in known]

    @rule()
    def back_up_the_ledger(self) -> None:
        self.driver.ledger.close()
        shutil.copy(self.folder / "data" / "ledger.db", self.folder / "backup.db")
        self.backup = self.driver.ledger.changes()

    @precondition(lambda self: self.backup not in (None, self.driver.ledger.changes()))
    @rule(key=KEYS)
    def an_older_ledger_is_put_back(self, key: str) -> None:
        """Whatever was lost with it: it is not opened, and the newest one is fetched."""
        self.driver.ledger.close()
        path, newest = self.folder / "data" / "ledger.db", self.folder / "newest.db"
        path.rename(newest)
        shutil.copy(self.folder / "backup.db", path)
        with pytest.raises(LedgerError, match="older than") as caught:
            open_workspace(self.settings, self.clock)
        assert caught.value.exit_code == 2
        for each in path.parent.glob("ledger.db-*"):
            each.unlink()
        newest.rename(path)
        self.another_process()

    @precondition(lambda self: "overdue" in self.driver.states())
    @rule(which=st.integers(0, 3))
    def give_up(self, which: int) -> None:
        rows = self.driver.ledger.chunks(states=[ChunkState.OVERDUE])
        abandon(self.driver.ws, rows[which % len(rows)].chunk_key)

    @rule(seconds=st.sampled_from([60.0, 3600.0, DAY_S / 2, DAY_S, 4 * DAY_S]))
    def wait(self, seconds: float) -> None:
        self.clock.advance(seconds)

    @rule(first=st.integers(0, 30), count=st.integers(1, 2))
    def suppress(self, first: int, count: int) -> None:
        chosen = phones(count, 905_320_000_000 + first)
        self.driver.ledger.suppress(chosen)
        stamp(self.driver.ws.storage, self.driver.ledger)
        for phone in map("+{}".format, chosen):
            self.accepted_of_suppressed.setdefault(phone, self.vendor.accepted[phone])

    @rule(which=st.integers(0, 30))
    def erase(self, which: int) -> None:
        """The person leaves the lists, too; what was sent of them stays counted."""
        phone = 905_320_000_000 + which
        erase(self.driver.ws, Person(np.array([phone])), rejoin=lambda *_: None)
        self.lists = {key: phones[phones != phone] for key, phones in self.lists.items()}
        self.erased.add(phone)
        self.accepted_of_suppressed.setdefault(f"+{phone}", self.vendor.accepted[f"+{phone}"])

    @rule()
    def another_process(self) -> None:
        """Opens the same ledger; also proves that it is not taken for an older one."""
        self.driver.ledger.close()
        self.driver = WorkflowDriver(open_workspace(self.settings, self.clock))

    # --- what must hold

    @invariant()
    def accepted_is_never_more_than_recorded(self) -> None:
        """Property of docs: what the vendor accepted of a phone <= its recorded tries."""
        if not hasattr(self, "driver"):
            return
        tries: Counter[str] = Counter()
        for row in self.driver.ledger.chunks():
            recorded = row.resubmissions + bool(TRAITS[row.state].is_try)
            for phone in self._phones(row.chunk_key):
                tries[f"+{phone}"] += recorded
        erased = set(map("+{}".format, self.erased))
        assert {each: count for each, count in self.vendor.accepted.items() if count > tries[each] and each not in erased} == {}

    @invariant()
    def no_phone_has_two_tries_that_may_be_answered(self) -> None:
        if not hasattr(self, "driver"):
            return
        rows = self.driver.ledger.chunks()
        holding = Counter(phone for row in rows for phone in self._held(row))
        assert {phone for phone, count in holding.items() if count > 1} <= self.tried_beside
        unsent = [phone for row in rows if row.state is ChunkState.PLANNED for phone in self._phones(row.chunk_key)]
        assert all(holding[phone] == 1 for phone in unsent)

    @invariant()
    def no_suppressed_phone_is_accepted_any_more(self) -> None:
        for phone, count in getattr(self, "accepted_of_suppressed", {}).items():
            assert self.vendor.accepted[phone] == count

    @invariant()
    def an_erased_phone_stays_only_where_its_first_answer_is_awaited(self) -> None:
        for row in self.driver.ledger.chunks() if getattr(self, "erased", None) else []:
            if not keeps_phones(row.state, has_result=row.result_sha256 is not None):
                chunk = loaded(self.driver.ws, row.chunk_key)
                unanswered = [] if chunk.packed_unanswered is None else chunk.unanswered.tolist()
                assert not self.erased & {*chunk.phones.tolist(), *unanswered}
            if row.has_verdicts:
                table = VerdictReader(self.driver.ws.storage).table(row.known_task_id, row.volume)
                assert not self.erased & {int(phone) for phone in table["phone_e164"].to_pylist()}

    @invariant()
    def no_day_is_above_its_budget(self) -> None:
        if not hasattr(self, "driver") or self.settings.max_billable_per_day is None:
            return
        days: Counter[str] = Counter()
        for row in self.driver.ledger.chunks():
            days[row.budget_day] += row.phone_count * TRAITS[row.state].in_budget
        assert max(days.values(), default=0) <= self.settings.max_billable_per_day

    @invariant()
    def every_phone_of_every_planned_list_has_a_state(self) -> None:
        if not hasattr(self, "driver"):
            return
        for key, list_phones in self.lists.items():
            pins = read_pins(self.driver.ws.storage, key)
            if pins is None:
                continue
            resolved = resolve(self.driver.ws, key, pins)
            tally = Tally(resolved)
            tally.add_repeated(np.empty(0, np.int64), 2)
            counts = tally.counts(0)
            assert sum(counts[status] for status in CHECK_STATUSES) == counts["phones"] == len(list_phones) + 2
            answered = [CHECK_STATUSES[code] in ("checked", "reused") for code in resolved.status[:NO_PIN]]
            assert answered == [verdict >= 0 for verdict in resolved.facebook[:NO_PIN]]

    # --- what the machine knows of the world

    def _phones(self, chunk_key: str) -> list[int]:
        return [int(phone) for phone in loaded(self.driver.ws, chunk_key).phones]

    def _held(self, row: Chunk) -> list[int]:
        """The phones of a chunk that may still be answered."""
        return (
            [int(phone) for phone in self.driver.ledger.chunk(row.chunk_key).held if phone > 0] if TRAITS[row.state].holds else []
        )

    def _phones_that_may_still_be_answered(self) -> set[int]:
        """Accepted by the vendor or perhaps so, or about to be sent."""
        return {phone for row in self.driver.ledger.chunks() for phone in self._held(row)}

    def _phones_with_a_young_verdict(self) -> set[int]:
        """Exported within VERDICT_DAYS, from the ledger's blobs and not from the verdict store."""
        oldest = self.clock() - self.settings.verdict_days * DAY_S
        young: set[int] = set()
        for row in self.driver.ledger.chunks():
            if row.has_verdicts and row.exported_at > oldest:
                chunk = loaded(self.driver.ws, row.chunk_key)
                young |= set(self._phones(row.chunk_key)) - {int(phone) for phone in chunk.unanswered}
        return young

    def _see_that_answers_are_used(self, key: str) -> None:
        """After a run, each phone with a young verdict has it, unless it opted out."""
        pins = read_pins(self.driver.ws.storage, key)
        assert pins is not None
        resolved = resolve(self.driver.ws, key, pins)
        young = np.isin(pins.phones, list(self._phones_with_a_young_verdict()))
        young &= ~self.driver.ledger.suppressed_among(pins.phones)
        assert (resolved.facebook[:NO_PIN][young] >= 0).all()

    def _sent_for(self, key: str) -> int:
        with self.driver.ledger.database.reading() as connection:
            return tallies.sent_for(connection, key)

    def _is_history(self, row: Any, key: str) -> bool:
        """A try that does not count for a list added since: too old, or of a task that answered nobody."""
        known = self.driver.ledger.find_list(key)
        added_at = self.clock() if known is None else known.added_at
        is_old = row.settled_at < added_at - max(1, self.settings.verdict_days) * DAY_S
        answered_none = row.task_id is not None and row.unanswered_count == row.phone_count
        return row.state != "abandoned" and row.settled_at < added_at and (is_old or answered_none)

    def _last_tries_without_answer(self, key: str) -> dict[int, tuple[int, Any]]:
        """Phone -> tries without an answer since its last verdict that count for a list, and the last of them."""
        found: dict[int, tuple[int, Any]] = {}
        rows = [row for row in self.driver.ledger.chunks() if TRAITS[row.state].retries or row.has_verdicts]
        for row in sorted(rows, key=lambda row: row.settled_at or row.exported_at):
            chunk, is_over = loaded(self.driver.ws, row.chunk_key), TRAITS[row.state].retries
            unanswered = {int(phone) for phone in chunk.unanswered}
            for phone in self._phones(row.chunk_key):
                if phone in unanswered and (not is_over or self._is_history(row, key)):
                    continue
                if phone in unanswered:
                    found[phone] = (found.get(phone, (0, None))[0] + 1 + row.resubmissions, row)
                else:
                    found.pop(phone, None)
        return found

    def _attach(self, chunk: str, *, is_mistaken: bool) -> None:
        """As a person who looks for a task with these very phones in the vendor's account, or just so many."""
        wanted = [f"+{phone}" for phone in self._phones(chunk)]
        taken = {row.task_id for row in self.driver.ledger.chunks()}
        free = [task for task in self.vendor.tasks.values() if task.task_id not in taken]
        found = [each.task_id for each in free if each.phones == wanted or (is_mistaken and len(each.phones) == len(wanted))]
        if found:
            attach_task(self.driver.ws, self.driver.client, chunk, found[-1])
        elif taken - {None}:
            with pytest.raises(OperatorError):
                attach_task(self.driver.ws, self.driver.client, chunk, str(max(taken - {None})))


@pytest.fixture
def quick_vendor() -> Iterator[None]:
    """One vendor for all examples."""
    with FakeVendor() as vendor, nothing_synced():
        LifeOfAChunk.vendor = vendor
        yield


@pytest.mark.usefixtures("quick_vendor")
def test_no_history_of_a_chunk_breaks_a_promise() -> None:
    """Random interleavings of everything that can happen to overlapping lists."""
    run_state_machine_as_test(
        LifeOfAChunk,
        settings=settings(
            max_examples=int(os.environ.get("EXAMPLES", "25")),
            stateful_step_count=25,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
            database=None,
        ),
    )
