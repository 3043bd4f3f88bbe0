"""What a killed process had put aside for a while holds people's numbers, outside of DATA_URI: it does not stay there."""

from __future__ import annotations

import signal
import sys
import tempfile
from collections.abc import Callable
from multiprocessing import forkserver
from pathlib import Path

import pytest

from fbcheck_pipeline.files.scratch import drop_abandoned_scratch, scratch_folder
from fbcheck_pipeline.results.joined_list import rejoin
from fbcheck_pipeline.settings import Settings
from fbcheck_pipeline.workflow.erasing.erase import erase
from fbcheck_pipeline.workflow.erasing.person import person_of
from fbcheck_pipeline.workflow.erasing.purge import purge
from fbcheck_pipeline.workflow.workspace import Workspace
from tests.conftest import phones
from tests.forked import FORK, PATIENCE_S
from tests.integration.money.worker_script import dying_at, live

COMMANDS: dict[str, Callable[[Workspace], object]] = {
    "erase": lambda ws: erase(ws, person_of(phones(1)), rejoin),
    "purge": lambda ws: purge(ws, older_than_days=None),
}


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The machine's folder for temporary files, with somebody's own folder in it."""
    forkserver.ensure_running()  # its own folder is elsewhere
    folder = tmp_path / "temporary"
    (folder / "fbcheck-mine").mkdir(parents=True)
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.mark.parametrize("command", COMMANDS)
def test_a_killed_collection_leaves_no_number(command: str, temporary: Path, open_ws: Callable[..., Workspace]) -> None:
    ws = open_ws(chunk_size=10)
    with scratch_folder() as living:
        process = FORK.Process(target=_collect_and_die, args=(ws.settings, str(temporary)))
        process.start()
        process.join(PATIENCE_S)
        assert process.exitcode == -signal.SIGKILL
        assert any(each.stat().st_size for each in temporary.glob("*.scratch/result")), "what it had downloaded"
        COMMANDS[command](ws)
        assert set(temporary.glob("fbcheck-*")) == {temporary / "fbcheck-mine", living}
    assert not living.exists()


def test_the_next_process_cleans_up(temporary: Path) -> None:
    """Whenever a process is killed, from before the folder is made until it is gone."""
    survived = False
    for moment in range(100):
        process = FORK.Process(target=_put_aside, args=(str(temporary), moment, _die))
        process.start()
        process.join(PATIENCE_S)
        left = list(temporary.glob("*.scratch"))
        assert all(each.stat().st_mode & 0o777 == 0o700 for each in left)
        drop_abandoned_scratch()
        assert set(temporary.iterdir()) == {temporary / "fbcheck-mine"}, moment
        if survived := process.exitcode == 0:
            break
        assert process.exitcode == -signal.SIGKILL
    assert survived and moment > 5


def test_a_process_keeps_the_folder_that_another_drops_meanwhile(temporary: Path) -> None:
    """At each moment at which it may look abandoned."""
    for moment in range(8):
        process = FORK.Process(target=_put_aside, args=(str(temporary), moment, drop_abandoned_scratch))
        process.start()
        process.join(PATIENCE_S)
        assert process.exitcode == 0, moment


def _collect_and_die(settings: Settings, temporary: str) -> None:
    tempfile.tempdir = temporary
    live(settings, dying_at("kept result", "before", 1), ["a"])


def _put_aside(temporary: str, moment: int, happens: Callable[[], object]) -> None:
    """Put a number aside; something happens right before what is done as so many-th."""
    tempfile.tempdir = temporary
    drop_abandoned_scratch()
    left = moment

    def look(event: str, _: object) -> None:
        nonlocal left
        left -= 1
        if left == -1:
            happens()

    sys.addaudithook(look)
    with scratch_folder() as folder:
        (folder / "list").write_text("a number")
        drop_abandoned_scratch()
        assert (folder / "list").read_text() == "a number"
    left = 1_000  # what the process does at its end is another matter


def _die() -> None:
    signal.raise_signal(signal.SIGKILL)
