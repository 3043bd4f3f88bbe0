"""The ledger on PostgreSQL: the same tests as on SQLite, and workers killed there."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from fbcheck_pipeline.errors import LedgerError
from fbcheck_pipeline.workflow.workspace import Workspace
from tests.conftest import phones
from tests.fake_vendor import FakeVendor
from tests.forked import PATIENCE_S
from tests.integration.money import worker_script
from tests.integration.money.killable_worker import KillableWorker, Vendor
from tests.integration.workflow.workflow_driver import WorkflowDriver
from tests.unit.ledger.both import *  # noqa: F403

pytestmark = pytest.mark.xdist_group("postgres")


@pytest.fixture
def open_ws(open_on_postgres: Callable[..., Workspace]) -> Callable[..., Workspace]:
    """As in unit tests, on PostgreSQL."""
    return open_on_postgres


@pytest.mark.parametrize(
    ("point", "when"),
    [
        ("planning", "after"),
        ("planning transaction", "after"),
        ("start_sending", "after"),
        ("post", "after"),
        ("mark_submitted", "after"),
        ("mark_collected", "before"),
    ],
)
def test_killed_at_a_named_point_on_postgres(
    point: str, when: str, lasting_vendor: Vendor, tmp_path: Path, postgres_url: str
) -> None:
    """Only silence tells of a sender's death."""
    worker = KillableWorker(lasting_vendor, tmp_path / "data", ledger_url=postgres_url)
    assert worker.run(worker_script.dying_at, point=point, when=when, number=2)
    assert worker.recover() == ((point, when) in {("start_sending", "after"), ("post", "after")})
    worker.judge()


def test_killed_at_a_random_line_on_postgres(lasting_vendor: Vendor, tmp_path: Path, postgres_url: str) -> None:
    """Again and again on the same lists."""
    dice = random.Random(5)
    worker = KillableWorker(lasting_vendor, tmp_path / "data", ledger_url=postgres_url)
    deaths = sum(worker.run(worker_script.dying_at_line, number=dice.randrange(500, 4000)) for _ in range(4))
    assert worker.recover() <= deaths
    worker.judge()


def test_the_whole_way_on_postgres(open_ws: Callable[..., Workspace]) -> None:
    """Types that only PostgreSQL is strict about: booleans, JSON, doubles, blobs."""
    driver = WorkflowDriver(open_ws(chunk_size=10, max_billable_per_day=100))
    driver.ledger.suppress(phones(2))
    driver.run("a", phones(30))
    driver.finish()
    assert driver.counts("a") == {"checked": 28, "suppressed": 2}
    ((key, revision),) = [(row.list_key, row.revision) for row in driver.ledger.lists_to_join()]
    driver.ledger.note_joined(key, revision=revision, counts={"rows": 1}, is_complete=True)
    row = driver.ledger.find_list("a")
    assert (row.is_complete, row.needs_planning, row.counts) == (True, False, {"rows": 1})


def test_two_open_a_new_ledger_at_once_on_postgres(lasting_vendor: Vendor, tmp_path: Path, postgres_url: str) -> None:
    """One creates it, the other finds it."""
    worker = KillableWorker(lasting_vendor, tmp_path / "data", ledger_url=postgres_url)
    processes = [worker.start() for _ in range(2)]
    for each in processes:
        each.join(PATIENCE_S)
    assert [each.exitcode for each in processes] == [0, 0]
    assert worker.recover() == 0
    worker.judge()


def on_the_server(postgres_url: str, statement: str) -> None:
    """What an administrator does to the test's database, in a session of another one."""
    engine = sa.create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    admin = sa.create_engine(engine.url.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(sa.text(statement.format(name=engine.url.database)))
    admin.dispose()


TERMINATE = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"


def read_only(postgres_url: str, is_on: bool) -> None:
    on_the_server(postgres_url, f"ALTER DATABASE {{name}} SET default_transaction_read_only = {'on' if is_on else 'off'}")
    on_the_server(postgres_url, TERMINATE)


def test_a_server_that_was_turned_read_only_is_named(open_ws: Callable[..., Workspace], postgres_url: str) -> None:
    """It is no full disk, and a person must know what to mend."""
    ws = open_ws()
    read_only(postgres_url, True)
    with pytest.raises(
        LedgerError, match=r"cannot be written .*read-only transaction.*make it writable, or name the server that is"
    ):
        ws.ledger.suppress(phones(1))
    assert ws.ledger.lists() == [], "reading goes on"
    read_only(postgres_url, False)
    assert ws.ledger.suppress(phones(1)) == 1


def test_a_lost_connection_is_named(open_ws: Callable[..., Workspace], postgres_url: str) -> None:
    """The server, or what stands before it, ended the session in the midst of a transaction; the next one is well."""
    ws = open_ws()
    with pytest.raises(LedgerError, match="the connection to its server failed"), ws.ledger.planning() as tx:
        on_the_server(postgres_url, TERMINATE)
        tx.version()
    with ws.ledger.planning() as tx:
        assert tx.version()


@pytest.mark.parametrize("fate", ["read-only", "terminated", "gone"])
def test_a_task_id_that_the_server_cannot_take_is_lost_by_nobody(
    fate: str,
    open_ws: Callable[..., Workspace],
    vendor: FakeVendor,
    postgres_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """During the POST: turned read-only; its sessions ended, the sender's lock with them; the database not to be reached for a while."""
    monkeypatch.setattr("fbcheck_pipeline.workflow.buying.send.MOST_RECORDINGS", 2)
    connects = "ALTER DATABASE {name} ALLOW_CONNECTIONS "

    def befalls(index: int, payload: bytes) -> str:
        if fate == "read-only":
            read_only(postgres_url, True)
        else:
            on_the_server(postgres_url, f"{connects}{'true' if fate == 'terminated' else 'false'}")
            on_the_server(postgres_url, TERMINATE)
        return "accept"

    vendor.script = befalls
    driver = WorkflowDriver(open_ws(receipts=str(tmp_path / "kept")))
    if fate == "terminated":  # the next connection is well
        assert driver.run("a", phones(5)).chunks == 1
    else:
        with pytest.raises(
            LedgerError, match="read-only" if fate == "read-only" else "connection to its server failed"
        ) as caught:
            driver.run("a", phones(5))
        assert "full" not in str(caught.value) and f"kept in {tmp_path}/kept/receipts/" in str(caught.value)
        assert len(list((tmp_path / "data" / "receipts").iterdir())) == 1, "copied to the data, which lie elsewhere"
        on_the_server(postgres_url, connects + "true")
        read_only(postgres_url, False)
    again = WorkflowDriver(open_ws(receipts=str(tmp_path / "kept")))
    assert again.states() == ["submitted"]
    assert not list((tmp_path / "kept" / "receipts").iterdir()) and not again.ws.storage.names("receipts")
    vendor.script = []
    again.finish()
    again.run("a", phones(5))
    assert again.counts("a") == {"checked": 5} and vendor.most_per_phone == len(vendor.posts) == 1


@pytest.mark.parametrize("starts_in_time", [True, False], ids=["started at once", "started later"])
def test_a_server_that_stops_during_a_post_loses_no_task(
    starts_in_time: bool,
    open_ws: Callable[..., Workspace],
    vendor: FakeVendor,
    postgres_server: Any,
    postgres_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Stopped and started, as an upgrade does: the outcome is recorded by a new connection, or by the receipt once the server is there."""
    monkeypatch.setattr("fbcheck_pipeline.workflow.buying.send.MOST_RECORDINGS", 2)

    def stops(index: int, payload: bytes) -> str:
        postgres_server.stop()
        if starts_in_time:
            postgres_server.ensure_postgres_running()
        return "accept"

    vendor.script = stops
    driver = WorkflowDriver(open_ws(receipts=str(tmp_path / "kept")))
    if starts_in_time:
        assert driver.run("a", phones(5)).chunks == 1
    else:
        with pytest.raises(LedgerError, match="the connection to its server failed") as caught:
            driver.run("a", phones(5))
        assert f"kept in {tmp_path}/kept/receipts/" in str(caught.value)
        postgres_server.ensure_postgres_running()
    vendor.script = []
    again = WorkflowDriver(open_ws(receipts=str(tmp_path / "kept")))
    assert again.states() == ["submitted"] and not list((tmp_path / "kept" / "receipts").iterdir())
    again.finish()
    again.run("a", phones(5))
    assert again.counts("a") == {"checked": 5} and vendor.most_per_phone == len(vendor.posts) == 1


def test_receipts_lie_in_the_users_state_folder_where_nothing_else_is_set(
    open_ws: Callable[..., Workspace], vendor: FakeVendor, tmp_path: Path
) -> None:
    """A server's ledger has no folder of its own on this machine."""
    seen: list[int] = []

    def look(index: int, payload: bytes) -> str:
        seen.append(len(list((tmp_path / "state" / "fbcheck" / driver.ledger.uuid / "receipts").iterdir())))
        return "accept"

    vendor.script = look
    driver = WorkflowDriver(open_ws())
    driver.run("a", phones(5))
    assert seen == [1]
