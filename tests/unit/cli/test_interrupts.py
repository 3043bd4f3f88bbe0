"""An interrupt is kept although the exception it raised went nowhere."""

import os
import signal
import threading
import time
from collections.abc import Iterator

import pytest

from fbcheck_pipeline.cli.interrupts import Interrupts, ignored_ones_raised


@pytest.fixture(params=[signal.SIGINT, signal.SIGTERM])
def dropped(request: pytest.FixtureRequest) -> Iterator[signal.Signals]:
    """A signal whose handler does nothing, as Dagster's between two steps."""
    before = signal.signal(request.param, lambda *_: None)
    yield request.param
    signal.signal(request.param, before)


def test_an_interrupt_that_somebody_dropped_is_raised_at_the_next_look(dropped: signal.Signals) -> None:
    """Else Ctrl-C would be pressed in vain; before it there is nothing to raise."""
    with Interrupts() as interrupts:
        interrupts.raise_if_interrupted()
        os.kill(os.getpid(), dropped)
        with pytest.raises(KeyboardInterrupt):
            interrupts.raise_if_interrupted()


def test_a_wait_ends_in_its_time_and_other_signals_are_none_of_ours() -> None:
    """A window that changes its size stops nothing."""
    before = signal.signal(signal.SIGWINCH, lambda *_: None)
    try:
        with Interrupts() as interrupts:
            os.kill(os.getpid(), signal.SIGWINCH)
            began = time.monotonic()
            interrupts.raise_if_interrupted()
            interrupts.raise_if_interrupted(0.05)
            assert time.monotonic() - began >= 0.05
    finally:
        signal.signal(signal.SIGWINCH, before)


def test_an_interrupt_in_a_finaliser_is_raised_a_moment_later_and_leaves_no_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    """Seen in the import machinery, whose callback it reaches: a traceback, and `suppress` went on as if nobody had pressed Ctrl-C."""

    class Interrupted:
        def __del__(self) -> None:
            raise KeyboardInterrupt

    with ignored_ones_raised(), pytest.raises(KeyboardInterrupt):
        del_me = Interrupted()
        del del_me
        threading.Event().wait(60)
    assert capsys.readouterr().err == ""
