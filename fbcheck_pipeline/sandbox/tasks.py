"""The accepted tasks, their progress, and the verdict on each number. Nothing here knows HTTP or files."""

from __future__ import annotations

import base64
import re
import secrets
import threading
import time
from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

Protocol = Literal["simple", "v1"]
Fate = Literal["exports", "fails", "never_ends"]
Label = Literal["yes", "no", "ban"]

_LABELS: tuple[Label | None, ...] = ("yes", "no", "ban", None)
USD_PER_PHONE = 0.30 / 10_000
# Shares of the delay: before the first a task waits, after the second it is processed and not yet exported.
_STARTS, _PROCESSED, _STUCK = 0.1, 0.9, 0.8
# Of a thousand numbers, as indices into the labels: 0.5 % unanswered, 61.7 % yes, 3 % ban, 34.8 % no.
_THOUSAND = bytes([3] * 5 + [0] * 617 + [2] * 30 + [1] * 348)
_E164 = re.compile(r"\+[1-9][0-9]{4,14}")


@dataclass
class Task:
    """One accepted file. `phones` holds each line's digits as int64, eight bytes a phone, and each verdict takes another."""

    protocol: Protocol
    user_id: str
    phones: array[int]
    delay_s: float
    fate: Fate
    born_s: float
    created_ns: int = field(default_factory=time.time_ns)
    task_id: str = field(default_factory=lambda: base64.b32hexencode(secrets.token_bytes(12)).decode().rstrip("=").lower())
    signature: int = 0

    @property
    def verdicts(self) -> list[Label | None]:
        """One verdict per phone, in the order sent."""
        return [_LABELS[code] for code in self._codes]

    @cached_property
    def _codes(self) -> bytes:
        return _codes_of(self.phones)

    @property
    def failure(self) -> int:
        """How many phones the result leaves out."""
        return self._codes.count(_LABELS.index(None))

    def receipt(self) -> dict[str, Any]:
        """What the answer to the submission says: pending, nothing counted yet."""
        return self._answer("pending", 0.0, 0, 0)

    def snapshot(self, now_s: float) -> dict[str, Any]:
        """What a status call at this monotonic time says, without the result's URL."""
        elapsed_s = now_s - self.born_s
        return self._answer(*self._progress(1.0 if elapsed_s >= self.delay_s else elapsed_s / self.delay_s))

    def _answer(self, status: str, reached: float, success: int, failure: int) -> dict[str, Any]:
        answer: dict[str, Any] = {
            "created_at": rfc3339_nano(self.created_ns),
            "updated_at": rfc3339_nano(self.created_ns + int(reached * self.delay_s * 1e9)),
            "task_id": self.task_id,
            "user_id": self.user_id,
            "status": status,
            "total": 0 if status == "pending" else len(self.phones),
            "success": success,
            "failure": failure,
        }
        return answer | {"message": "the file could not be processed"} if status == "failed" else answer

    def _progress(self, share: float) -> tuple[str, float, int, int]:
        """Status, share of the delay at which it last changed, success, failure."""
        if self.fate == "never_ends":
            share = min(share, _STUCK)
        if share < _STARTS:
            return "pending", 0.0, 0, 0
        answered = len(self.phones) - self.failure
        if share >= 1:
            return ("failed", 1.0, 0, len(self.phones)) if self.fate == "fails" else ("exported", 1.0, answered, self.failure)
        if share >= _PROCESSED and self.protocol == "simple":
            return "completed", _PROCESSED, answered, self.failure
        done = min(1.0, (share - _STARTS) / (_PROCESSED - _STARTS))
        return "processing", share, int(answered * done), 0


class TaskBook:
    """All tasks of this sandbox, and the count of what it accepted."""

    def __init__(self, delay_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.tasks: dict[str, Task] = {}
        self.posts = 0
        self.building = threading.Lock()
        self.files: dict[str, bytes] = {}
        self._delay_s = delay_s
        self._clock = clock

    def accept(self, protocol: Protocol, user_id: str, phones: array[int], fate: Fate) -> Task:
        """Accept one file; it counts as billed from now on."""
        task = Task(protocol, user_id, phones, self._delay_s, fate, self._clock())
        self.tasks[task.task_id] = task
        return task

    def snapshot(self, task: Task) -> dict[str, Any]:
        """The task as of now."""
        return task.snapshot(self._clock())

    def accepted(self) -> dict[str, int]:
        """`tasks`, `phones` in all, `distinct` phones, `most_per_phone`, and `posts`, refused ones included."""
        import numpy as np

        tasks = list(self.tasks.values())
        counts = {"tasks": len(tasks), "phones": 0, "distinct": 0, "most_per_phone": 0, "posts": self.posts}
        if tasks:
            phones = np.sort(np.concatenate([np.frombuffer(task.phones, dtype=np.int64) for task in tasks]))
            starts = np.flatnonzero(np.concatenate(([True], phones[1:] != phones[:-1])))
            most = int(np.diff(starts, append=len(phones)).max())
            counts |= {"phones": len(phones), "distinct": len(starts), "most_per_phone": most}
        return counts


def parse_phones(content: bytes) -> array[int]:
    """The digits of each line of an uploaded file.

    Raises:
        ValueError: the file is empty or a line is not E.164; the message names the first such line's number, not its text.
    """
    lines = content.decode("ascii", errors="replace").split()
    if not lines:
        raise ValueError("the file is empty")
    if not re.fullmatch(rf"(?:{_E164.pattern} )*+", " ".join([*lines, ""])):  # all at once, five times as fast as each
        bad = next(number for number, line in enumerate(lines, start=1) if not _E164.fullmatch(line))
        raise ValueError(f"line {bad} is not an E.164 number")
    return array("q", map(int, lines))


def rfc3339_nano(wall_ns: int) -> str:
    """UTC with up to nine decimals, trailing zeros dropped as in the vendor's own samples."""
    seconds, nanos = divmod(wall_ns, 1_000_000_000)
    fraction = f".{nanos:09d}".rstrip("0").rstrip(".")
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + fraction + "Z"


def verdict_of(number: str | int) -> Label | None:
    """The sandbox's verdict on a number: the same in every process, on every day.

    Args:
        number: E.164, with or without `+`, or its digits as an int.

    Returns:
        `yes` (about 62 %), `no` (35 %), `ban` (3 %); None for the 0.5 % that the result leaves out (counted as failure).
    """
    return _LABELS[_codes_of(array("q", [int(number)]))[0]]


def _codes_of(phones: array[int]) -> bytes:
    """The verdict on each number, as an index into the labels: the finalizer of splitmix64 picks it from the thousand."""
    import numpy as np

    mixed: Any = np.frombuffer(phones, np.uint64)
    mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9
    mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EB
    return bytes(np.frombuffer(_THOUSAND, np.uint8)[(mixed ^ mixed >> 31) % len(_THOUSAND)])
