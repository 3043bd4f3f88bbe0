"""The sandbox as a process of its own."""

import signal
import subprocess
import sys

from tests.unit.sandbox.client import Client, phones


def test_served_as_a_command_it_announces_itself_and_ends_on_interrupt() -> None:
    """What `fbcheck sandbox` is made of; Ctrl-C is no error."""
    code = "import sys; from fbcheck_pipeline.sandbox import serve; serve(0, 0.0, {}, lambda url: print(url, flush=True))"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout and process.stderr
        assert Client(process.stdout.readline().strip()).submit(phones(1)).ok
        process.send_signal(signal.SIGINT)
        assert (process.wait(10), process.stderr.read()) == (0, "")
