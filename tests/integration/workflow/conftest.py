"""The workflow's own fixtures: what is slow and not in question here (migrations, syncing to disk) is left out."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from fbcheck_pipeline.ledger.schema import metadata
from fbcheck_pipeline.ledger.versions import HEAD
from fbcheck_pipeline.workflow.workspace import Workspace
from tests.integration.workflow.workflow_driver import WorkflowDriver
from tests.prepared import nothing_synced


@pytest.fixture(autouse=True)
def no_sync() -> Iterator[None]:
    with nothing_synced():
        yield


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
