"""A Dagster instance in a temporary folder, and the definitions on it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from tests.integration.dagster.house import House
from tests.standin import StandIn


@pytest.fixture
def open_house(tmp_path: Path, vendor: StandIn) -> Iterator[Callable[..., House]]:
    """Settings point at the stand-in; keyword arguments override."""
    home = tmp_path / "dagster"
    home.mkdir()
    opened: list[House] = []
    with dg.DagsterInstance.local_temp(str(home), overrides={"telemetry": {"enabled": False}}) as instance:

        def make(**given: Any) -> House:
            settings = {"data_uri": str(tmp_path / "data"), "api_url": vendor.url, "api_key": "secret-key", "poll_seconds": 1.0}
            opened.append(House(instance, **settings | given))
            return opened[-1]

        yield make
        for house in opened:
            house.ws.ledger.close()


@pytest.fixture
def house(open_house: Callable[..., House]) -> House:
    return open_house()
