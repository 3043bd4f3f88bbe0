"""The workflow's own fixtures: syncing to disk is slow and not in question here."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from fbcheck_pipeline.workflow.workspace import Workspace
from tests.integration.workflow.workflow_driver import WorkflowDriver
from tests.prepared import nothing_synced


@pytest.fixture(autouse=True)
def no_sync() -> Iterator[None]:
    with nothing_synced():
        yield


@pytest.fixture
def open_driver(open_ws: Callable[..., Workspace]) -> Callable[..., WorkflowDriver]:
    """Opens the workspace with the settings given, as another process would."""

    def make(**given: Any) -> WorkflowDriver:
        return WorkflowDriver(open_ws(**given))

    return make
