"""`fbcheck dev` and the processes that it starts."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

SERVE = """
import os, sys
from pathlib import Path
from fbcheck_pipeline.cli.dev import _until_interrupted
grandchild = "import signal, time; [signal.signal(each, signal.SIG_IGN) for each in (2, 15)]; print('up', flush=True); time.sleep(600)"
child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {grandchild!r}])"
sys.exit(_until_interrupted([sys.executable, "-c", child], Path.cwd(), dict(os.environ)))
"""


@pytest.mark.parametrize("told", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_leaves_no_descendant_and_no_traceback(told: signal.Signals, tmp_path: Path) -> None:
    """Also none that takes no notice: the end of the common pipe says that nobody holds it any more."""
    command = [sys.executable, "-c", SERVE]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None and process.stdout.readline() == "up\n"
        process.send_signal(told)
        assert process.communicate(timeout=60)[0] == "" and process.returncode == 0
