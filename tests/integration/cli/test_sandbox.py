"""The sandbox as a process of its own."""

import signal
import socket
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from fbcheck_pipeline.cli.app import app
from fbcheck_pipeline.errors import PortTaken
from tests.unit.sandbox.client import Client, phones


def test_served_as_a_command_it_announces_itself_and_ends_on_interrupt() -> None:
    """What `fbcheck sandbox` is made of; Ctrl-C is no error."""
    code = "import sys; from fbcheck_pipeline.sandbox import serve; serve(0, 0.0, {}, lambda url: print(url, flush=True))"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout and process.stderr
        assert Client(process.stdout.readline().strip()).submit(phones(1)).ok
        process.send_signal(signal.SIGINT)
        assert (process.wait(10), process.stderr.read()) == (0, "")


def test_a_port_that_is_taken_is_said_with_its_remedy() -> None:
    """As where the tutorial's sandbox is started twice."""
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(PortTaken, match="choose another port with --port") as error,
    ):
        port = str(taken.getsockname()[1])
        CliRunner().invoke(app, ["sandbox", "--port", port], catch_exceptions=False)
    assert port in str(error.value)
