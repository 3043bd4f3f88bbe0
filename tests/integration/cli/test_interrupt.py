"""Ctrl-C: one sentence, exit 130, and the same command goes on."""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.fake_vendor import FakeVendor
from tests.integration.cli.fbcheck import Fbcheck, swiss, write_list


def test_an_interrupted_run_says_so_and_goes_on_when_run_again(fbcheck: Fbcheck, vendor: FakeVendor, tmp_path: Path) -> None:
    """Once in the middle of an asset, once while it waits."""
    # Tests that a shell runs in the background inherit that Ctrl-C is ignored.
    fbcheck.prelude = "import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)"
    vendor.hold = True
    path = str(write_list(tmp_path / "a.csv", [swiss(n) for n in range(1, 2001)]))
    for happened in (lambda v: len(v.tasks) >= 3, lambda v: len(v.tasks) >= 100 and v.status_calls.keys() & v.tasks.keys()):
        process = fbcheck.start("run", path, "--json", CHUNK_SIZE="20")
        vendor.wait_for(happened)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
        document = json.loads(out)
        assert (process.returncode, document["lists"]) == (130, []) and "interrupted" in document["error"], err
        assert "interrupted" in err and "Traceback" not in err
    vendor.finish_all()
    code, document, err = fbcheck("run", path, "--json", CHUNK_SIZE="20")
    counts = document["lists"][0]["counts"]
    assert counts["checked"] + counts["unconfirmed"] == 2000 and code in (0, 3), err
    assert vendor.most_per_phone == 1


DROPPED = """
import os, signal
from fbcheck_pipeline.cli import list_commands
signal.signal(signal.SIGINT, signal.default_int_handler)

class Dropping:
    def __enter__(self):
        try:
            os.kill(os.getpid(), signal.SIGINT)
        except KeyboardInterrupt:
            pass
    def __exit__(self, *_):
        pass

list_commands.without = lambda *_: Dropping()
"""


def test_an_interrupt_that_an_import_swallows_stops_the_run_before_anything_is_sent(
    fbcheck: Fbcheck, vendor: FakeVendor, tmp_path: Path
) -> None:
    """Seen: Ctrl-C in the first second was lost once in fifteen times, and the list was billed."""
    fbcheck.prelude = DROPPED
    code, _, err = fbcheck("run", str(write_list(tmp_path / "a.csv", [swiss(1)])))
    assert code == 130 and "error: interrupted" in err and not vendor.posts


def test_an_interrupt_while_the_command_imports_itself_ends_it_in_silence(tmp_path: Path) -> None:
    """Seen: Python's traceback through the libraries of the command line; nothing was begun that could be told of."""
    (tmp_path / "typer.py").write_text("print('importing', flush=True)\nimport time\ntime.sleep(600)\n")
    command = [sys.executable, "-c", "from fbcheck_pipeline.cli import main; main()", "status"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path[1:]])}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdout.readline() == "importing\n"
        process.send_signal(signal.SIGINT)
        assert process.communicate()[1] == "" and process.returncode == -signal.SIGINT


@pytest.mark.parametrize("is_patient", [True, False])
def test_ctrl_c_during_a_submission_waits_for_its_answer_and_tells_the_numbers(
    is_patient: bool, fbcheck: Fbcheck, vendor: FakeVendor, tmp_path: Path
) -> None:
    """The answer is awaited and recorded; a second Ctrl-C ends at once, and only then is something unconfirmed."""
    fbcheck.prelude = "import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)"
    vendor.hold = True
    answer = threading.Event()

    def second_is_slow(index: int, payload: bytes) -> str:
        if index == 1:
            answer.wait(60)
        return "accept"

    vendor.script = second_is_slow
    path = str(write_list(tmp_path / "a.csv", [swiss(n) for n in range(1, 61)]))
    next_path = str(write_list(tmp_path / "b.csv", [swiss(61)]))
    process = fbcheck.start("run", path, next_path, CHUNK_SIZE="20")
    vendor.wait_for(lambda v: len(v.posts) == 2)
    process.send_signal(signal.SIGINT)
    process.wait_to_say("waiting for the vendor's answer")
    assert process.returncode is None
    if is_patient:
        answer.set()
    else:
        process.send_signal(signal.SIGINT)
    _, err = process.communicate()
    answer.set()
    told = "40 with the vendor, 20 unsent, 0 unconfirmed" if is_patient else "20 with the vendor, 20 unsent, 20 unconfirmed"
    assert process.returncode == 130 and f"0 are answered, {told}" in err and "Traceback" not in err
    assert "unconfirmed; 1 list not planned yet: run the same command again" in err
    vendor.wait_for(lambda v: len(v.accepted) == 40)
    vendor.finish_all()
    code, document, err = fbcheck("run", path, "--json", CHUNK_SIZE="20")
    counts = document["lists"][0]["counts"]
    assert (code, counts["checked"], counts["unconfirmed"]) == ((0, 60, 0) if is_patient else (3, 40, 20)), err
    assert vendor.most_per_phone == 1 and len(vendor.posts) == 3


def test_a_run_that_is_stopped_before_it_knows_its_lists_tells_no_numbers(
    fbcheck: Fbcheck, vendor: FakeVendor, tmp_path: Path
) -> None:
    """Seen: `0 with the vendor`, of a list whose phones were all there."""
    vendor.hold = True
    path = str(write_list(tmp_path / "a.csv", [swiss(1)]))
    assert fbcheck("run", path, "--no-wait")[0] == 3 and len(vendor.posts) == 1
    fbcheck.prelude = """
from fbcheck_pipeline.cli import running
def stop(*_):
    raise KeyboardInterrupt
running.add_list = stop
"""
    code, _, err = fbcheck("run", path)
    assert (code, err) == (130, "error: interrupted; all progress is recorded: run the same command again to continue\n")
