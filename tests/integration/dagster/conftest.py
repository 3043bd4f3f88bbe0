"""A Dagster instance in a temporary folder, and the definitions on it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from tests.fake_vendor import FakeVendor
from tests.integration.dagster.dagster_driver import DagsterDriver


@pytest.fixture
def open_driver(tmp_path: Path, vendor: FakeVendor) -> Iterator[Callable[..., DagsterDriver]]:
    """Settings point at the fake vendor; keyword arguments override."""
    home = tmp_path / "dagster"
    home.mkdir()
    opened: list[DagsterDriver] = []
    with dg.DagsterInstance.local_temp(str(home), overrides={"telemetry": {"enabled": False}}) as instance:

        def make(**given: Any) -> DagsterDriver:
            settings = {"data_uri": str(tmp_path / "data"), "api_url": vendor.url, "api_key": "secret-key", "poll_seconds": 1.0}
            opened.append(DagsterDriver(instance, **settings | given))
            return opened[-1]

        yield make
        for driver in opened:
            driver.ws.ledger.close()


@pytest.fixture
def driver(open_driver: Callable[..., DagsterDriver]) -> DagsterDriver:
    return open_driver()
