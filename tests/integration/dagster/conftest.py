"""A Dagster instance in a temporary folder, and the definitions on it."""

import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from fbcheck_pipeline.defs.kept_files import files_kept_open
from tests.fake_vendor import FakeVendor
from tests.integration.dagster.dagster_driver import DagsterDriver
from tests.prepared import empty_dagster_home, nothing_synced

PROJECT = Path(__file__).parents[3]


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    """As in a command: an engine for each statement takes as long as most of our steps. The daemon's processes make theirs."""
    shutil.copytree(empty_dagster_home(), tmp_path / "dagster")
    with nothing_synced(), files_kept_open(), dg.DagsterInstance.local_temp(str(tmp_path / "dagster")) as instance:
        yield instance


@pytest.fixture
def open_driver(tmp_path: Path, vendor: FakeVendor, instance: dg.DagsterInstance) -> Iterator[Callable[..., DagsterDriver]]:
    """Settings point at the fake vendor; keyword arguments override."""
    opened: list[DagsterDriver] = []

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


@pytest.fixture(scope="session")
def wheel_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for PYTHONPATH with the product as a wheel installs it."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "-w", str(folder), str(PROJECT)]
    built = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=150)
    assert built.returncode == 0, built.stdout + built.stderr
    (wheel,) = folder.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(folder / "site")
    return folder / "site"
