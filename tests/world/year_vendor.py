"""A vendor with moods, and the judge of what it accepted: its own books are the truth that the product's are held against."""

from __future__ import annotations

import random
import sqlite3
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from tests.conftest import DAY_S, Clock
from tests.fake_vendor import Behaviour, FakeVendor, ResultShape, Task

HOUR_S = 3600.0
SETTLED = {"collected", "failed", "gone", "abandoned"}
"""States in which another try may be bought of what a task did not answer."""
REFUSALS: tuple[tuple[float, Behaviour], ...] = (
    (0.02, 500), (0.02, 429), (0.02, "accept_then_cut"), (0.01, "cut_before_accepting"), (0.01, "html"), (0.01, "garbage"),
    (0.01, "no_task_id"),
)  # fmt: skip
T = TypeVar("T")
NO_TABLE = ResultShape(format="bytes", content=b"the result is being prepared\n")
SHAPES: tuple[tuple[float, Callable[[], ResultShape]], ...] = (
    (0.03, lambda: ResultShape(missing=2)), (0.03, lambda: ResultShape(format="csv")), (0.02, lambda: ResultShape(format="parts")),
    (0.02, lambda: ResultShape(extra=("+905999999999",), summary_sheet=True)), (0.01, lambda: NO_TABLE),
)  # fmt: skip
FATES = ((0.01, "failed"), (0.01, "gone"), (0.02, "short"), (0.05, "slow"))
DOWNLOADS: tuple[tuple[float, Behaviour], ...] = ((0.03, "expire"), (0.02, 500), (0.02, "cut"), (0.01, "html"))
STATUSES: tuple[tuple[float, Behaviour], ...] = ((0.02, 500), (0.01, 429), (0.01, "garbage"), (0.01, "cut"))


def drawn(chance: random.Random, table: tuple[tuple[float, T], ...], otherwise: T) -> T:
    """One entry by its share."""
    point = chance.random()
    for share, what in table:
        if point < share:
            return what
        point -= share
    return otherwise


class MoodyVendor:
    """The fake vendor whose every answer is drawn, and who sees at each POST whether its phones may be sent.

    Attributes:
        complaints: what was sent against the law, in words.
        strangers: asks whether a phone is in no list that was brought in.
        opted_out: phones that nobody may send any more.
    """

    def __init__(self, chance: random.Random, clock: Clock, ledger: Path, verdict_days: float) -> None:
        self._chance, self.clock, self.ledger, self._verdict_days = chance, clock, ledger, verdict_days
        self.books = FakeVendor(self._submission, downloads=self._download, clock=clock)
        self.books.status_hook = self._status
        self.books.accept = self._accepted(self.books.accept)  # type: ignore[method-assign]
        self.complaints: list[str] = []
        self.known: set[str] = set()
        self.opted_out: set[str] = set()
        self.is_calm = False
        self.bought: dict[str, list[Task]] = defaultdict(list)
        self.fates: dict[str, str] = {}
        self.born: dict[str, float] = {}

    def answers(self, task: Task, phone: str) -> bool:
        """True where the task's result, as it is in the end, has a usable verdict for the phone."""
        return self.fates[task.task_id] != "gone" and self.may_answer(task, phone)

    def may_answer(self, task: Task, phone: str) -> bool:
        """The same of a result that is gone by now, too: it was there for an hour."""
        is_there = self.fates[task.task_id] != "failed" and task.shape.format != "bytes"
        return is_there and phone in task.phones[: len(task.phones) - task.shape.missing]

    def is_empty(self, task_id: str) -> bool:
        """True where the task's result stays there and never names a phone."""
        task = self.books.tasks[task_id]
        return self.fates[task_id] not in ("failed", "gone") and not any(self.answers(task, each) for each in task.phones)

    def answered_between(self, phone: str, first: float, last: float) -> bool:
        """True where a task of these days answers the phone."""
        return any(first <= self.born[each.task_id] <= last and self.answers(each, phone) for each in self.bought[phone])

    def _submission(self, index: int, payload: bytes) -> Behaviour:
        phones = payload.decode().split()
        for phone in phones:
            self._judge(phone)
        self.books.shape = drawn(self._chance, SHAPES, ResultShape)()
        self.books.shape.missing = min(self.books.shape.missing, len(phones) - 1)
        return "accept" if self.is_calm else drawn(self._chance, REFUSALS, "accept")

    def _judge(self, phone: str) -> None:
        if phone not in self.known:
            self.complaints.append("a phone of no list was sent")
        if phone in self.opted_out:
            self.complaints.append(f"a phone was sent after its opt-out, on day {self.clock.now // DAY_S}")
        for task in self.bought[phone]:
            if self.clock.now - self.born[task.task_id] >= self._verdict_days * DAY_S:
                continue
            if self.answers(task, phone):
                self.complaints.append(f"an answered phone was sent again: task {task.task_id}, fate {self.fates[task.task_id]}")
            elif (state := self._state(task.task_id)) not in SETTLED:
                self.complaints.append(f"a phone was sent again while task {task.task_id} is {state}")

    def _state(self, task_id: str) -> str | None:
        with sqlite3.connect(f"file:{self.ledger}?mode=ro", uri=True) as ledger:
            row = ledger.execute("SELECT state FROM chunks WHERE task_id = ?", [task_id]).fetchone()
        return row[0] if row else None

    def _accepted(self, accept: Callable[..., Task]) -> Callable[..., Task]:
        def accepting(protocol: str, phones: list[str], user_id: str) -> Task:
            with self.books.changed:
                task = accept(protocol, phones, user_id)
                self.fates[task.task_id] = drawn(self._chance, FATES, "")
                self.born[task.task_id] = self.clock.now
                for phone in phones:
                    self.bought[phone].append(task)
                return task

        return accepting

    def _status(self, task: Task) -> Behaviour | None:
        fate, age_s = self.fates[task.task_id], self.clock.now - self.born[task.task_id]
        if fate == "gone" and age_s > HOUR_S:
            return 404
        if fate == "failed":
            return "failed"
        if fate == "slow" and age_s < 30 * HOUR_S:
            return "processing"
        if fate == "short":
            task.shape.missing = 1
            return {"success": len(task.phones), "failure": 0}
        return drawn(self._chance, STATUSES, "")

    def _download(self, task_id: str) -> Behaviour:
        return drawn(self._chance, DOWNLOADS, "ok")
