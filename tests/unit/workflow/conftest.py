"""The workflow's own fixtures."""

from collections.abc import Callable
from typing import Any

import pytest

from fbcheck_pipeline.workflow.workspace import Workspace
from tests.unit.workflow.play import Play


@pytest.fixture
def play(open_ws: Callable[..., Workspace]) -> Callable[..., Play]:
    """Opens the workspace with the settings given, as another process would."""

    def make(**given: Any) -> Play:
        return Play(open_ws(**given))

    return make
