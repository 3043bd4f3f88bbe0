"""The workflow's own fixtures: what is slow and not in question here (migrations, syncing to disk) is left out."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from fbcheck_pipeline.ledger.opening import HEAD
from fbcheck_pipeline.ledger.schema import metadata
from fbcheck_pipeline.workflow.workspace import Workspace
from tests.integration.workflow.workflow_driver import WorkflowDriver


@pytest.fixture(autouse=True)
def no_sync(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Only a power cut would tell the difference."""
    monkeypatch.setattr(os, "fsync", lambda fd: None)
    sa.event.listen(sa.Engine, "connect", _no_sync)
    yield
    sa.event.remove(sa.Engine, "connect", _no_sync)


@pytest.fixture(scope="session")
def empty_ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger as the migrations leave it, to be copied."""
    path = tmp_path_factory.mktemp("template") / "ledger.db"
    engine = sa.create_engine(f"sqlite:///{path}")
    metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE alembic_version (version_num TEXT PRIMARY KEY)"))
        connection.execute(sa.text(f"INSERT INTO alembic_version VALUES ('{HEAD}')"))
    engine.dispose()
    return path


@pytest.fixture
def open_driver(open_ws: Callable[..., Workspace], tmp_path: Path, empty_ledger: Path) -> Callable[..., WorkflowDriver]:
    """Opens the workspace with the settings given, as another process would."""
    (tmp_path / "data").mkdir()
    shutil.copy(empty_ledger, tmp_path / "data" / "ledger.db")

    def make(**given: Any) -> WorkflowDriver:
        return WorkflowDriver(open_ws(**given))

    return make


def _no_sync(connection: Any, _record: Any) -> None:
    if hasattr(connection, "executescript"):
        connection.execute("PRAGMA synchronous=OFF")
