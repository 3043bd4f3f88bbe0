"""Dagster's SQLite files stay open while a command works: else each event opens its file, reads its tables and waits for the disk."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import dagster as dg
import pytest
from alembic.script import Script, ScriptDirectory

from fbcheck_pipeline.defs import kept_files
from fbcheck_pipeline.defs.kept_files import files_kept_open


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that were opened, in order."""
    names: list[str] = []
    connect = sqlite3.dbapi2.connect

    def noted(database: str, *args: object, **given: object) -> sqlite3.Connection:
        names.append(Path(database).name)
        return connect(database, *args, **given)  # type: ignore[call-overload, no-any-return]

    monkeypatch.setattr(sqlite3.dbapi2, "connect", noted)
    return names


def _use(dagster: dg.DagsterInstance, run_id: str) -> None:
    dagster.add_dynamic_partitions("lists", ["a"])
    dagster.get_runs_count()
    dagster.all_logs(run_id)


def test_what_dagster_asks_for_again_is_open_already(tmp_path: Path, opened: list[str]) -> None:
    """A run of one number asks its files several hundred times."""
    run_id = str(uuid4())
    with files_kept_open(), dg.DagsterInstance.local_temp(str(tmp_path)) as dagster:
        _use(dagster, run_id)
        assert {"index.db", "runs.db", f"{run_id}.db"} <= set(opened)
        opened.clear()
        _use(dagster, run_id)
        assert not opened


def test_one_file_for_the_events_of_all_runs_stays_open_too(tmp_path: Path, opened: list[str]) -> None:
    """Dagster's other storage in SQLite, for who has many runs."""
    storage = {"module": "dagster._core.storage.event_log", "class": "ConsolidatedSqliteEventLogStorage"}
    overrides = {"event_log_storage": {**storage, "config": {"base_dir": str(tmp_path)}}}
    with files_kept_open(), dg.DagsterInstance.local_temp(str(tmp_path), overrides=overrides) as dagster:
        _use(dagster, "a run")
        assert "event_log.db" in opened
        opened.clear()
        _use(dagster, "a run")
        assert not opened


def test_what_sqlalchemy_logs_of_them_is_none_of_the_products_own_lines(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """`fbcheck run` said "Pool disposed" seven times a list, at its own log level."""
    with (
        caplog.at_level("INFO", "fbcheck_pipeline"),
        files_kept_open(),
        dg.DagsterInstance.local_temp(str(tmp_path)) as dagster,
    ):
        _use(dagster, "a run")
    assert "Pool disposed" not in caplog.text


def test_a_run_that_is_over_leaves_no_file_open_and_the_command_none(tmp_path: Path) -> None:
    """The last one to close a file writes its log back: once a run, whose file is then whole."""
    run_id, runs = str(uuid4()), tmp_path / "history" / "runs"
    with files_kept_open() as kept, dg.DagsterInstance.local_temp(str(tmp_path)) as dagster:
        _use(dagster, run_id)
        assert {runs / "index.db-wal", runs.parent / "runs.db-wal", runs / f"{run_id}.db-wal"} <= set(tmp_path.rglob("*.db-wal"))
        kept.close(run_id)
        assert not (runs / f"{run_id}.db-wal").exists()
        dagster.all_logs(run_id)
    assert not list(tmp_path.rglob("*.db-wal"))
    with dg.DagsterInstance.local_temp(str(tmp_path)) as dagster:
        assert dagster.has_dynamic_partition("lists", "a")


def test_a_power_cut_may_take_events_but_no_event_waits_for_the_disk(tmp_path: Path) -> None:
    """What is bought, the ledger knows; its own waits are another matter."""
    with files_kept_open() as kept, dg.DagsterInstance.local_temp(str(tmp_path)) as dagster:
        dagster.add_dynamic_partitions("lists", ["a"])
        with kept.engine(f"sqlite:///{tmp_path / 'history' / 'runs' / 'index.db'}").connect() as connection:
            assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 1  # NORMAL


def test_storages_without_files_and_a_dagster_with_other_modules_are_left_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They work as ever, only slower."""
    with files_kept_open(), dg.DagsterInstance.ephemeral() as dagster:
        dagster.add_dynamic_partitions("lists", ["a"])
    monkeypatch.setattr(kept_files, "STORAGES", ("no.such_module", "sql"))
    monkeypatch.setattr(kept_files, "MODULES", tuple(kept_files.storage_modules()))
    monkeypatch.setattr(kept_files, "MAKER", "no_such_maker")
    with files_kept_open(), dg.DagsterInstance.local_temp(str(tmp_path)) as dagster:
        _use(dagster, str(uuid4()))
        assert dagster.has_dynamic_partition("lists", "a")


def test_the_migrations_are_loaded_once_and_not_for_each_storage_and_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three storages share some eighty; a run has a file of its own, which is stamped with the newest."""
    loaded: list[str] = []
    load = ScriptDirectory._load_revisions

    def noted(self: ScriptDirectory) -> Iterator[Script]:
        loaded.append(self.dir)
        return load(self)

    monkeypatch.setattr(ScriptDirectory, "_load_revisions", noted)
    with files_kept_open(), dg.DagsterInstance.local_temp(str(tmp_path)) as dagster:
        _use(dagster, str(uuid4()))
        _use(dagster, str(uuid4()))
        assert len(loaded) == 1
    with dg.DagsterInstance.local_temp(str(tmp_path)) as dagster:
        _use(dagster, str(uuid4()))
    assert loaded
