"""One night on one machine: `dagster dev` with deploy/dagster.yaml, twelve lists, a vendor with faults, and processes that are killed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pyarrow.parquet as pq
import pytest
import yaml

from fbcheck_pipeline.ledger import ChunkState
from fbcheck_pipeline.settings import Settings
from fbcheck_pipeline.vendor.client import VendorClient
from fbcheck_pipeline.workflow.collection import reconcile
from fbcheck_pipeline.workflow.workspace import Workspace, open_workspace
from tests.fake_vendor import FakeVendor, verdict
from tests.integration.dagster.dagster_driver import ask, free_port, serving, swiss, wait_until

LISTS = 12
RUN, CODE_SERVER = ("multiprocessing.spawn",), ("multiprocessing.spawn", " code-server start", " api grpc")
"""Parts of the command lines of what is killed."""
DEPLOY = Path(__file__).parents[2] / "deploy"
RUNS = "{ runsOrError { ... on Runs { results { runId jobName status tags { key value } } } } }"
# A planner that is gone is given up after ten minutes; where Dagster cannot retry its run, the night would last as long. Pauses would too.
DEFINITIONS = """
from fbcheck_pipeline.defs import requests
from fbcheck_pipeline.ledger import open_work, planning
from fbcheck_pipeline.workflow.buying import send

planning.ORPHANED_AFTER_S = open_work.ORPHANED_AFTER_S = send.ORPHANED_AFTER_S = 60.0
requests.FIRST_PAUSE_S = 0.5
from fbcheck_pipeline.definitions import defs
"""
BACKFILL = """mutation($params: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $params) {
  __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } } }"""


def home(tmp_path: Path) -> Path:
    """A DAGSTER_HOME with deploy's file; only its times are shorter."""
    config = yaml.safe_load((DEPLOY / "dagster.yaml").read_text())
    config["run_monitoring"] |= {"max_runtime_seconds": 45, "start_timeout_seconds": 45, "poll_interval_seconds": 2}
    config["run_queue"] |= {"user_code_failure_retry_delay": 3, "dequeue_interval_seconds": 1}
    folder = tmp_path / "dagster_home"
    folder.mkdir()
    (folder / "dagster.yaml").write_text(yaml.safe_dump(config))
    return folder


class Killer:
    """Kills, at chosen submissions, the run that is submitting, or the code server with all its runs."""

    def __init__(self) -> None:
        self.root: psutil.Process | None = None
        self.killed: list[str] = []

    def __call__(self, index: int, payload: bytes) -> Any:
        if index in (3, 8):
            self.kill("run", RUN)
        elif index == 10:
            self.kill("code server", CODE_SERVER)
        elif index == 5:
            return "accept_then_cut"
        elif index % 5 == 2:
            return 500
        return "accept"

    def kill(self, what: str, parts: tuple[str, ...]) -> None:
        """SIGKILL to every process below `dagster dev` whose command line has one of these parts."""
        assert self.root is not None
        for process in self.root.children(recursive=True):
            try:
                if any(part in " ".join(process.cmdline()) for part in parts):
                    process.kill()
                    self.killed.append(what)
            except psutil.NoSuchProcess:
                continue


def settle_unconfirmed(ws: Workspace, vendor: FakeVendor) -> int:
    """What a person does in the morning: look the task up at the vendor, then decide."""
    tasks = {frozenset(task.phones): task.task_id for task in list(vendor.tasks.values())}
    rows = ws.ledger.chunks(states=[ChunkState.UNCONFIRMED])
    with VendorClient(ws.settings) as client:
        for row in rows:
            sent = frozenset(ws.storage.read_bytes(f"chunks/{row.chunk_key}.txt").decode().split())
            if sent in tasks:
                reconcile.attach_task(ws, client, row.chunk_key, tasks[sent])
            else:
                reconcile.resubmit(ws, row.chunk_key)
    return len(rows)


@pytest.mark.long(seconds=150)
@pytest.mark.timeout(900)  # a limit for machines under load; idle it is a quarter of that
def test_a_night_with_faults_and_kills_ends_with_every_list_complete(
    tmp_path: Path, make_settings: Callable[..., Settings]
) -> None:
    """No phone twice, no slot blocked, and a person has only the lost answers to look at."""
    killer = Killer()
    expired: set[str] = set()

    def download(task_id: str) -> str:
        is_first = task_id not in expired
        expired.add(task_id)
        return "expire" if is_first and int(task_id[-1]) % 3 == 0 else "ok"

    with FakeVendor(killer, downloads=download, delay_s=1.0) as vendor:
        settings = make_settings(api_url=vendor.url)
        ws = open_workspace(settings)
        environment = {
            "DAGSTER_HOME": str(home(tmp_path)), "FBCHECK_DATA_URI": settings.data_uri, "FBCHECK_API_URL": vendor.url,
            "FBCHECK_API_KEY": "secret-key", "FBCHECK_POLL_SECONDS": "1", "FBCHECK_REGION": "CH",
        }  # fmt: skip
        port, log = free_port(), tmp_path / "dagster.log"
        url = f"http://127.0.0.1:{port}"
        (tmp_path / "hurried.py").write_text(DEFINITIONS)
        command = ["-m", "dagster", "dev", "-m", "hurried", "-h", "127.0.0.1", "-p", str(port)]
        with serving(command, log, **environment) as process:
            killer.root = psutil.Process(process.pid)
            for number in range(LISTS):  # each shares a third of its phones with the next
                numbers = swiss(30, start=1 + 20 * number)
                ws.storage.write_bytes(f"inbox/night-{number:02}.csv", ("phone\n" + "\n".join(numbers)).encode())

            def is_complete() -> bool:
                settle_unconfirmed(ws, vendor)
                rows = ws.ledger.lists()
                return len(rows) == LISTS and all(row.is_complete and row.revision == row.joined_revision for row in rows)

            wait_until(is_complete, log, 700, "all lists to be complete")
            assert {"run", "code server"} <= set(killer.killed)

            def runs() -> list[dict[str, Any]]:
                return list(ask(url, RUNS)["runsOrError"]["results"])

            wait_until(lambda: all(run["status"] in ("SUCCESS", "FAILURE") for run in runs()), log, 300, "every slot to be free")
            join_again(url, [row.list_key for row in ws.ledger.lists()[:2]])
            wait_until(lambda: backfilled(runs()) == ["SUCCESS"] * 2, log, 300, "the backfill")
        assert vendor.most_per_phone == 1 and len(vendor.accepted) == 20 * LISTS + 10
        for row in ws.ledger.lists():
            results = pq.read_table(Path(settings.data_uri) / "facebook_results" / f"{row.list_key}.parquet").to_pylist()
            assert [each["facebook"] for each in results] == [verdict(each["phone_e164"]) for each in results], row.list_key
            assert {each["check_status"] for each in results} <= {"checked", "reused"}
        assert "secret-key" not in log.read_text(errors="replace")
        ws.ledger.close()


def join_again(url: str, list_keys: list[str]) -> None:
    """A backfill of chosen lists, as the pages launch it."""
    selector = {"repositoryName": "__repository__", "repositoryLocationName": "hurried"}
    params = {
        "partitionNames": list_keys,
        "selector": {"partitionSetName": "join_list_partition_set", "repositorySelector": selector},
    }
    answer = ask(url, BACKFILL, params=params)["launchPartitionBackfill"]
    assert answer["__typename"] == "LaunchBackfillSuccess", answer


def backfilled(runs: list[dict[str, Any]]) -> list[str]:
    """States of the runs that a backfill started."""
    return [run["status"] for run in runs if any(tag["key"] == "dagster/backfill" for tag in run["tags"])]
