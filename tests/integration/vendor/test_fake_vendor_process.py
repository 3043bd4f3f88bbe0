"""The fake vendor of the tests as a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import requests

from tests.unit.sandbox.client import Client, phones


def test_as_a_process_it_keeps_the_accepted_phones_in_a_file(tmp_path: Path) -> None:
    """The file is complete before the answer leaves, so a killed client changes nothing."""
    file = tmp_path / "accepted.txt"
    command = [
        sys.executable,
        "-m",
        "tests.fake_vendor",
        "--accepted-file",
        str(file),
        "--fault-rate",
        "accept_then_cut=0.5",
        "--seed",
        "1",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        client, lost, sent = Client(process.stdout.readline().strip()), 0, []
        for _ in range(8):
            sent += (lines := phones(2))
            try:
                client.submit(lines)
            except requests.ConnectionError:
                lost += 1
            assert file.read_text().split() == sent
        process.kill()
    assert 0 < lost < 8
