"""Dagster's SQLite files stay open while a run works, so that not every event ends with writing back and deleting SQLite's log."""

from pathlib import Path
from uuid import uuid4

import dagster as dg

from fbcheck_pipeline.defs.kept_files import common_files_kept_open, run_file_kept_open


def test_the_log_of_each_file_outlives_what_dagster_opens_and_closes(tmp_path: Path) -> None:
    """Whoever closes a file last pays several waits for the disk: once a run in place of once an event."""
    runs, run_id = tmp_path / "history" / "runs", str(uuid4())
    logs = {runs / "index.db-wal", runs.parent / "runs.db-wal", runs / f"{run_id}.db-wal"}
    with dg.DagsterInstance.local_temp(str(tmp_path)) as dagster:
        with common_files_kept_open(dagster), run_file_kept_open(dagster, run_id):
            dagster.add_dynamic_partitions("lists", ["a"])
            dagster.get_runs_count()
            dagster.all_logs(run_id)
            assert logs <= set(tmp_path.rglob("*.db-wal"))
        assert not list(tmp_path.rglob("*.db-wal"))
        assert dagster.has_dynamic_partition("lists", "a")


def test_a_storage_without_files_and_a_file_that_cannot_be_opened_are_left_to_dagster(tmp_path: Path) -> None:
    """The run says itself what it cannot write."""
    with dg.DagsterInstance.ephemeral() as dagster, common_files_kept_open(dagster), run_file_kept_open(dagster, "a"):
        dagster.add_dynamic_partitions("lists", ["a"])
    with dg.DagsterInstance.local_temp(str(tmp_path)) as dagster:
        (tmp_path / "history" / "runs" / "a.db").mkdir()
        with run_file_kept_open(dagster, "a"):
            pass
