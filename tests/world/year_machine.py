"""Another machine on the store: a process of its own that is told what to do, and at which moment of the year."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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

Work = Callable[[WorkflowDriver, Sequence[Any]], None]


class Machine:
    """One process, which works beside the test's own.

    Args:
        newer: version and folder of the newer program, where it is of that.
        stop: makes what kills it on the way.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        newer: tuple[str, Path] | None,
        stop: Callable[[], Callable[[], None]] | None = None,
    ) -> None:
        self._clock = clock
        self._pipe, theirs = FORK.Pipe()
        self._process = FORK.Process(target=_live, args=(settings, clock.now, newer, stop, theirs), daemon=True)
        self._process.start()
        theirs.close()

    def begin(self, do: Work, things: Sequence[Any]) -> None:
        """Let it do something while this process does something else; the clock stands still meanwhile."""
        self._pipe.send((self._clock.now, do, things))

    def finish(self) -> bool:
        """Wait until that is done; False where it was killed."""
        try:
            assert self._pipe.poll(PATIENCE_S), "the other machine hangs"
            self._pipe.recv()
        except (EOFError, ConnectionResetError):
            self._process.join(PATIENCE_S)
            assert self._process.exitcode == -9, f"the other machine ended with {self._process.exitcode}"
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
            do(driver, things)
            pipe.send(None)
