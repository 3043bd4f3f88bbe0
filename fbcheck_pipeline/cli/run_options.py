"""The options of `fbcheck run`, and the outcome of each list."""

from __future__ import annotations

from dataclasses import dataclass, field

from fbcheck_pipeline.errors import FbcheckError
from fbcheck_pipeline.lists import ReadOptions


@dataclass(frozen=True)
class RunOptions:
    """The options of one `fbcheck run`."""

    reading: ReadOptions = field(default_factory=ReadOptions)
    wait: bool = True
    timeout_s: float | None = None
    max_billable: int | None = None
    retry: bool = False
    purpose: str | None = None
    yes: bool = False
    source: str = ""


class RunOutcome:
    """The outcome of each list, and the exit code that follows from it."""

    order = (1, 4, 2, 3, 0)

    def __init__(self) -> None:
        self.keys: dict[str, str] = {}
        self.errors: dict[str, FbcheckError] = {}
        self._codes = {0}

    def fail(self, file: str, error: FbcheckError) -> None:
        """Record that one list failed; the others continue."""
        self.errors[file] = error
        self._codes.add(error.exit_code)

    def add_code(self, code: int) -> None:
        """Add a code that the exit code takes into account."""
        self._codes.add(code)

    @property
    def exit_code(self) -> int:
        """The first that applies of 1, 4, 2, 3, 0."""
        return next(code for code in self.order if code in self._codes)
