"""What a person asked `fbcheck run` for, and what became of each list."""

from __future__ import annotations

from dataclasses import dataclass, field

from fbcheck_pipeline.errors import FbcheckError
from fbcheck_pipeline.lists import ReadOptions


@dataclass(frozen=True)
class RunOptions:
    """What the person asked for."""

    reading: ReadOptions = field(default_factory=ReadOptions)
    wait: bool = True
    timeout_s: float | None = None
    max_billable: int | None = None
    retry: bool = False
    purpose: str | None = None


class RunOutcome:
    """What became of each list, and the exit code that follows."""

    order = (1, 4, 2, 3, 0)

    def __init__(self) -> None:
        self.keys: dict[str, str] = {}
        self.errors: dict[str, FbcheckError] = {}
        self._codes = {0}

    def fail(self, file: str, error: FbcheckError) -> None:
        """One list failed; the others go on."""
        self.errors[file] = error
        self._codes.add(error.exit_code)

    def add_code(self, code: int) -> None:
        """Something else that decides the exit code."""
        self._codes.add(code)

    @property
    def exit_code(self) -> int:
        """The first that applies of 1, 4, 2, 3, 0."""
        return next(code for code in self.order if code in self._codes)
