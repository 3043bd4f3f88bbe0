"""Dagster's storage does not grow for ever: old runs of ours leave it, whole, and nothing that is still asked for does."""

import json
from pathlib import Path

import dagster as dg
import pytest

from fbcheck_pipeline.cli.old_runs_purge import purge_runs
from fbcheck_pipeline.cli.output import Reporter
from tests.fake_vendor import FakeVendor
from tests.integration.dagster.dagster_driver import DagsterDriver, swiss


@dg.asset
def theirs() -> int:
    """Another's, in the same Dagster instance."""
    return 1


def purged(driver: DagsterDriver, capsys: pytest.CaptureFixture[str], *, days: float, dry_run: bool = False) -> int:
    """How many runs the command says it deleted."""
    capsys.readouterr()
    purge_runs(driver.ws, Reporter(as_json=True, quiet=True), older_than_days=days, dry_run=dry_run)
    return int(json.loads(capsys.readouterr().out)["runs"])


def test_old_runs_go_with_their_files_and_what_is_asked_for_stays(
    driver: DagsterDriver, vendor: FakeVendor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A finished list's submission goes. Its other runs were the last of their assets; another list is open; another run is not ours.

    Nor are those on another ledger, though neither instance has a name.
    """
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))
    finished = driver.complete("finished.csv", swiss(3))
    vendor.hold = True
    still_open = driver.drop("open.csv", swiss(3, start=100))
    assert driver.run("submit_list", still_open).success and dg.materialize([theirs], instance=driver.instance).success
    before = {run.run_id: run for run in driver.instance.get_runs()}
    (gone,) = [
        key for key, run in before.items() if (run.job_name, run.tags.get("dagster/partition")) == ("submit_list", finished)
    ]
    results = (tmp_path / "data" / "facebook_results" / f"{finished}.parquet").read_bytes()

    other = DagsterDriver(driver.instance, data_uri=str(tmp_path / "other"), api_url=vendor.url, api_key="secret-key")
    assert purged(other, capsys, days=0) == 0
    other.ws.ledger.close()
    assert purged(driver, capsys, days=1) == 0
    assert purged(driver, capsys, days=0, dry_run=True) == 1 and driver.instance.has_run(gone)
    assert purged(driver, capsys, days=0) == 1
    assert {run.run_id for run in driver.instance.get_runs()} == before.keys() - {gone}
    assert not [path for path in (tmp_path / "dagster").rglob("*") if gone in str(path)]

    vendor.finish_all()
    driver.finish()
    assert driver.ws.ledger.phone_list(still_open).is_complete
    assert (tmp_path / "data" / "facebook_results" / f"{finished}.parquet").read_bytes() == results
    assert purged(driver, capsys, days=0) == 2, "those that collected and joined it are no longer the last"
