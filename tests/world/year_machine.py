"""A machine on the store: a process of its own that is told what to do, and at which moment of the year."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from fbcheck_pipeline.settings import Settings
from fbcheck_pipeline.workflow.workspace import open_workspace
from tests.conftest import Clock
from tests.forked import FORK, PATIENCE_S
from tests.integration.workflow.workflow_driver import WorkflowDriver
from tests.newer_program import newer_program
from tests.prepared import nothing_synced

Work = Callable[[WorkflowDriver, Iterable[Any]], None]


class Machine:
    """One process, which works beside others.

    Args:
        newer: version and folder of the newer program, where it is of that.
        taken: counts what is taken of the things to do by all machines that are given it; zero when they begin.
        stop: makes what kills it on the way.

    Attributes:
        slowest_s: processor seconds of what took it longest.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        newer: tuple[str, Path] | None,
        taken: Any,
        stop: Callable[[], Callable[[], None]] | None = None,
    ) -> None:
        self._clock, self._taken, self.slowest_s = clock, taken, 0.0  # `taken` must be there until the process has it
        self._pipe, theirs = FORK.Pipe()
        self._process = FORK.Process(target=_live, args=(settings, clock.now, newer, stop, theirs, taken), daemon=True)
        self._process.start()
        theirs.close()

    def begin(self, do: Work, things: Sequence[Any]) -> None:
        """Let it do something; the clock stands still meanwhile."""
        self._pipe.send((self._clock.now, do, things))

    def finish(self) -> bool:
        """Wait until that is done; False where it was killed."""
        try:
            assert self._pipe.poll(PATIENCE_S), "a machine hangs"
            self.slowest_s = max(self.slowest_s, self._pipe.recv())
        except (EOFError, ConnectionResetError):
            self._process.join(PATIENCE_S)
            assert self._process.exitcode == -9, f"a machine ended with {self._process.exitcode}"
            return False
        return True

    def close(self) -> None:
        """It has no more to do."""
        self._pipe.close()
        self._process.join(PATIENCE_S)


def _live(
    settings: Settings,
    now: float,
    newer: tuple[str, Path] | None,
    stop: Callable[[], Callable[[], None]] | None,
    pipe: Connection,
    taken: Any,
) -> None:
    clock = Clock()
    clock.now = now
    with ExitStack() as stack:
        stack.enter_context(nothing_synced())
        if newer:
            stack.enter_context(newer_program(*newer))
        driver = WorkflowDriver(open_workspace(settings, clock))
        stack.callback(driver.ws.ledger.close)
        if stop:
            stop()()
        while True:
            try:
                clock.now, do, things = pipe.recv()
            except EOFError:
                return
            began = time.process_time()
            do(driver, _taking(taken, things))
            pipe.send(time.process_time() - began)


def _taking(taken: Any, things: Sequence[Any]) -> Iterator[Any]:
    """What no machine has taken yet."""
    while True:
        with taken.get_lock():
            place, taken.value = taken.value, taken.value + 1
        if place >= len(things):
            return
        yield things[place]
