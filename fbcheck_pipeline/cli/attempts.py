"""What has failed in one `fbcheck run`: how often in a row, why, and when it may be tried again."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable
from dataclasses import dataclass

from fbcheck_pipeline.defs.requests import MOST_ATTEMPTS, pause_s
from fbcheck_pipeline.errors import FbcheckError

FIRST_PAUSE_S = 1.0


@dataclass(frozen=True)
class _Failure:
    error: FbcheckError
    times: int
    again_at: float


class Attempts:
    """Failures by piece of work, which its list key or chunk key names; what succeeds in the end has not failed."""

    def __init__(self) -> None:
        self._failures: dict[str, _Failure] = {}

    def wait_s(self, work: str) -> float:
        """Seconds until it may be tried; infinite when it has failed too often."""
        failure = self._failures.get(work)
        if failure is None:
            return 0.0
        return math.inf if failure.times >= MOST_ATTEMPTS else max(0.0, failure.again_at - time.monotonic())

    def count(self, work: str) -> int:
        """How often it has failed in a row."""
        return self._failures[work].times if work in self._failures else 0

    def fail(self, works: Iterable[str], error: FbcheckError) -> None:
        """They have failed, once more."""
        for work in works:
            times = self.count(work) + 1
            self._failures[work] = _Failure(error, times, time.monotonic() + pause_s(times, FIRST_PAUSE_S))

    def succeed(self, works: Iterable[str]) -> None:
        """They have succeeded."""
        for work in works:
            self._failures.pop(work, None)

    def errors(self) -> dict[str, FbcheckError]:
        """What has failed and not succeeded since, with its last error."""
        return {work: failure.error for work, failure in self._failures.items()}
