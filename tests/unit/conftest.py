"""What every unit test has: syncing to disk is slow and not in question here, nor is a folder made for a test that asks for none."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from tests.prepared import nothing_synced


@pytest.fixture(scope="package", autouse=True)
def no_sync() -> Iterator[None]:
    with nothing_synced():
        yield


@pytest.fixture(scope="session")
def empty_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("empty")


@pytest.fixture(autouse=True)
def _own_folder(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, empty_folder: Path) -> Iterator[None]:
    """What a test writes stays in its folder. Most ask for none, and write nothing: to make one takes longer than such a test."""
    folder = request.getfixturevalue("tmp_path") if "tmp_path" in request.fixturenames else empty_folder
    monkeypatch.setenv("XDG_STATE_HOME", str(folder / "state"))
    monkeypatch.chdir(folder)
    yield
    assert not os.listdir(empty_folder), "a test that writes must ask for a folder of its own"


@pytest.fixture
def arrow_memory() -> Iterator[Callable[[], int]]:
    """The most bytes that Arrow held at once in the test."""
    usual = pa.default_memory_pool()
    counting = pa.proxy_memory_pool(usual)
    pa.set_memory_pool(counting)
    yield counting.max_memory
    pa.set_memory_pool(usual)
