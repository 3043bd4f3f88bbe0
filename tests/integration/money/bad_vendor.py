"""A vendor on a bad night: every kind of fault, each with its own throw of the dice, over the scripted fake vendor."""

from __future__ import annotations

import random
import threading
from collections import Counter, deque
from collections.abc import Mapping
from typing import Any

from tests.fake_vendor import HTML, Behaviour, FakeVendor, ResultShape, Task, verdict

RATE = 0.2
PAGE = {"Content-Type": "text/html"}
SUBMISSIONS: dict[str, Behaviour] = {
    "cut before the body": "cut_before_reading",
    "cut before accepting": "cut_before_accepting",
    "cut after accepting": "accept_then_cut",
    "silence after accepting": "accept_then_hang",
    "502, a page": ("accept_status", 502, PAGE, HTML),
    "503, a page": ("status", 503, PAGE, HTML),
    "500, the vendor's own": 500,
    "429": ("status", 429, {"Retry-After": "0"}, b'{"error": "too_many_requests"}'),
    "no task id": "no_task_id",
}
STATUSES: dict[str, Behaviour] = {
    "garbage": "garbage",
    "404": ("status", 404, {}, b'{"error": "task_not_found"}'),
    "500": 500,
    "429": ("status", 429, {"Retry-After": "0"}, b"{}"),
    "backwards": "pending",
    "unknown": "frobnicating",
}
DOWNLOADS: dict[str, Behaviour] = {
    "expired": "expire",
    "cut half way": "cut",
    "wrong length": "wrong_length",
    "a page": "html",
}
ODD_LABELS = {"yes": "YES", "no": " No ", "ban": "perhaps"}  # only the last is no verdict
STRANGERS = ("+41780000001", "+41780000002")  # never sent


class Dice(deque[Behaviour]):
    """A queue of behaviours that never ends: each fault in turn has its chance, then all is well."""

    def __init__(self, rng: random.Random, faults: Mapping[str, Behaviour], seen: Counter[str]) -> None:
        super().__init__()
        self._rng, self._faults, self._seen, self._lock = rng, faults, seen, threading.Lock()

    def popleft(self) -> Behaviour:
        """As a deque's; IndexError means no fault this time."""
        with self._lock:
            for name in self._rng.sample(sorted(self._faults), len(self._faults)):
                if self._rng.random() < RATE:
                    self._seen[name] += 1
                    return self._faults[name]
        raise IndexError


class BadVendor(FakeVendor):
    """Each fault of each kind comes with probability RATE; `seen` counts them by name."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.rng = random.Random(seed)
        self.seen: Counter[str] = Counter()
        self.script = self._dice(SUBMISSIONS)
        self.downloads = self._dice(DOWNLOADS)
        self.hang_s = 0.3

    def accept(self, protocol: str, phones: list[str], user_id: str) -> Task:
        """A task whose status calls and result have faults of their own."""
        with self.changed:
            self.shape = ResultShape(
                format=self.rng.choice(("xlsx", "csv", "zip", "parts")),
                missing=min(self._perhaps("rows missing", 1, 0), len(phones) - 1),  # none at all is no result
                extra=self._perhaps("rows extra", STRANGERS, ()),
                labels=self._perhaps("odd labels", ODD_LABELS, {}),
                conflicts=self._perhaps("conflict", 1, 0),
            )
            task = super().accept(protocol, phones, user_id)
            task.statuses = self._dice(STATUSES)
            return task

    def answers(self, task: Task) -> set[str]:
        """The phones that its result gives a usable verdict."""
        told = task.phones[task.shape.conflicts : len(task.phones) - task.shape.missing]
        return {phone for phone in told if not (task.shape.labels and verdict(phone) == "ban")}

    def _perhaps(self, name: str, fault: Any, otherwise: Any) -> Any:
        hit = self.rng.random() < RATE
        self.seen[name] += hit
        return fault if hit else otherwise

    def _dice(self, faults: Mapping[str, Behaviour]) -> Dice:
        return Dice(random.Random(self.rng.random()), faults, self.seen)


def all_faults() -> set[str]:
    """Names of everything that can go wrong here."""
    return {*SUBMISSIONS, *STATUSES, *DOWNLOADS, "rows missing", "rows extra", "odd labels", "conflict"}
