"""A real `dagster dev`: webserver and daemon as processes of their own, a temporary DAGSTER_HOME, a file in the inbox."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.standin import StandIn, verdict


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def dagster_dev(tmp_path: Path, vendor: StandIn) -> Iterator[str]:
    """Yields the webserver's URL."""
    home = tmp_path / "dagster_home"
    home.mkdir()
    (home / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")
    environment = {
        **os.environ,
        "DAGSTER_HOME": str(home),
        "FBCHECK_DATA_URI": str(tmp_path / "data"),
        "FBCHECK_API_URL": vendor.url,
        "FBCHECK_API_KEY": "very-secret-key",
        "FBCHECK_POLL_SECONDS": "1",
        "FBCHECK_REGION": "CH",
    }
    port = free_port()
    command = [sys.executable, "-m", "dagster", "dev", "-m", "fbcheck_pipeline.definitions", "-h", "127.0.0.1", "-p", str(port)]
    log = (tmp_path / "dagster.log").open("w")
    process = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=log, stderr=log, start_new_session=True)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=30)
        log.close()


def wait_for(path: Path, process_log: Path, timeout_s: float) -> None:
    """Wait until a file stands there; on failure the log's end says why."""
    until = time.monotonic() + timeout_s
    while not path.exists():
        if time.monotonic() > until:
            pytest.fail(f"{path.name} did not come\n" + process_log.read_text()[-4000:])
        time.sleep(0.2)


@pytest.mark.long
@pytest.mark.timeout(170)
def test_a_file_dropped_into_the_inbox_becomes_a_result_without_another_touch(
    dagster_dev: str, vendor: StandIn, tmp_path: Path
) -> None:
    """Both sensors run by default, in the daemon, and read the ledger's state."""
    from fbcheck_pipeline.lists import list_key

    inbox = tmp_path / "data" / "inbox"
    inbox.mkdir(parents=True)
    numbers = [f"+4178{n:07d}" for n in range(1, 41)]
    (inbox / "dropped.csv").write_text(
        "id,phone\n" + "".join(f"{place},{number}\n" for place, number in enumerate([*numbers, "junk"]))
    )
    results = tmp_path / "data" / "facebook_results" / f"{list_key(inbox / 'dropped.csv')}.parquet"
    wait_for(results, tmp_path / "dagster.log", 150)
    rows = pq.read_table(results).to_pylist()
    assert [row["facebook"] for row in rows] == [*map(verdict, numbers), None]
    assert vendor.most_per_phone == 1
    query = {"query": "{ runsOrError { ... on Runs { results { jobName status } } } }"}
    request = urllib.request.Request(f"{dagster_dev}/graphql", json.dumps(query).encode(), {"Content-Type": "application/json"})
    runs = json.load(urllib.request.urlopen(request, timeout=20))["data"]["runsOrError"]["results"]
    assert {run["jobName"] for run in runs} == {"submit_list", "collect_verdicts", "join_list"}
    assert not [run for run in runs if run["status"] in ("FAILURE", "CANCELED")]
    assert "very-secret-key" not in (tmp_path / "dagster.log").read_text()
