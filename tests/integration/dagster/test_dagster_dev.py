"""A real `dagster dev`: webserver and daemon as processes of their own, a temporary DAGSTER_HOME, a file in the inbox."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from fbcheck_pipeline.lists import list_key
from tests.fake_vendor import FakeVendor, verdict
from tests.integration.dagster.dagster_driver import ask, free_port, serving, swiss, wait_until

RUNS = "{ runsOrError { ... on Runs { results { jobName status } } } }"


@pytest.mark.long(seconds=80)
@pytest.mark.timeout(600)
def test_a_file_dropped_into_the_inbox_becomes_a_result_without_another_touch(vendor: FakeVendor, tmp_path: Path) -> None:
    """Both sensors run by default, in the daemon, and read the ledger's state."""
    home, inbox, port, log = tmp_path / "dagster_home", tmp_path / "data" / "inbox", free_port(), tmp_path / "dagster.log"
    home.mkdir()
    (home / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")
    environment = {
        "DAGSTER_HOME": str(home), "FBCHECK_DATA_URI": str(tmp_path / "data"), "FBCHECK_API_URL": vendor.url,
        "FBCHECK_API_KEY": "very-secret-key", "FBCHECK_POLL_SECONDS": "1", "FBCHECK_REGION": "CH",
    }  # fmt: skip
    command = ["-m", "dagster", "dev", "-m", "fbcheck_pipeline.definitions", "-h", "127.0.0.1", "-p", str(port)]
    with serving(command, log, **environment):
        inbox.mkdir(parents=True)
        numbers = swiss(40)
        (inbox / "dropped.csv").write_text(
            "id,phone\n" + "".join(f"{place},{number}\n" for place, number in enumerate([*numbers, "junk"]))
        )
        results = tmp_path / "data" / "facebook_results" / f"{list_key(inbox / 'dropped.csv')}.parquet"
        wait_until(results.exists, log, 300, "the result")
        rows = pq.read_table(results).to_pylist()
        assert [row["facebook"] for row in rows] == [*map(verdict, numbers), None]
        assert vendor.most_per_phone == 1

        def runs() -> list[dict[str, str]]:
            return list(ask(f"http://127.0.0.1:{port}", RUNS)["runsOrError"]["results"])

        wait_until(
            lambda: all(run["status"] in ("SUCCESS", "FAILURE", "CANCELED") for run in runs()), log, 300, "every run to end"
        )
        assert {run["jobName"] for run in runs()} == {"submit_list", "collect_verdicts", "join_list"}
        assert {run["status"] for run in runs()} == {"SUCCESS"}
        assert "very-secret-key" not in log.read_text()
