"""PostgreSQL as companies run it: a pooler in transaction mode, sessions that end, servers that restart or may only be read."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from fbcheck_pipeline.errors import LedgerError
from fbcheck_pipeline.ledger import ChunkState, Ledger, liveness
from fbcheck_pipeline.ledger.database import connect
from fbcheck_pipeline.ledger.limits import Limits
from fbcheck_pipeline.ledger.schema import metadata, senders
from fbcheck_pipeline.workflow.workspace import Workspace
from tests.conftest import phones
from tests.fake_vendor import FakeVendor
from tests.forked import PATIENCE_S
from tests.integration.cli.fbcheck import Fbcheck, swiss, write_list
from tests.integration.money import worker_script
from tests.integration.money.killable_worker import KillableWorker, Vendor
from tests.integration.money.test_on_postgres import TERMINATE, on_the_server, read_only
from tests.integration.workflow.workflow_driver import WorkflowDriver
from tests.unit.ledger.both import planned, register

pytestmark = pytest.mark.xdist_group("postgres")
POOLER = """
[databases]
* = host={folder} user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 5
"""


@pytest.fixture
def pooled_url(postgres_url: str, tmp_path: Path) -> Iterator[str]:
    """The test's database behind a pooler: any statement outside of a transaction may meet another session."""
    if (pgbouncer := shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")) is None:
        pytest.skip("no pgbouncer: `apt-get install pgbouncer` brings it")
    url = sa.make_url(postgres_url)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = tmp_path / "pgbouncer.ini"
    settings.write_text(POOLER.format(folder=url.query["host"], port=port))
    as_owner = {"user": Path(str(url.query["host"])).owner()} if os.geteuid() == 0 else {}
    with settings.open() as config:  # the folder is the test's own, and another user may not look into it
        command = [pgbouncer, "-q", f"/dev/fd/{config.fileno()}"]
        process = subprocess.Popen(command, pass_fds=[config.fileno()], stderr=subprocess.DEVNULL, **as_owner)
        wait_until(lambda: socket.socket().connect_ex(("127.0.0.1", port)) == 0)
    yield url.set(host="127.0.0.1", port=port, query={}).render_as_string(hide_password=False)
    process.terminate()
    process.wait()


def test_a_list_goes_through_a_pooler_in_transaction_mode(
    pooled_url: str,
    open_on_postgres: Callable[..., Workspace],
    vendor: FakeVendor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A lock of a session was another's there: each living sender was taken for gone, and its chunk waited for a person."""
    monkeypatch.setattr(liveness, "BEAT_S", 0.01)
    url = sa.make_url(pooled_url)
    hosts = f"postgresql+psycopg://postgres@/{url.database}?host=127.0.0.1:1&host=127.0.0.1:{url.port}"  # the first is down
    urls = (pooled_url, f"{hosts}&target_session_attrs=read-write")
    driver, other = (WorkflowDriver(open_on_postgres(ledger_url=each, chunk_size=5)) for each in urls)
    taken_for_gone = list[str]()

    def meanwhile(index: int, payload: bytes) -> str:
        for _ in range(6):
            wait_for_beat(other.ledger)
            taken_for_gone.extend(other.ledger.recover_gone_senders())
        return "accept"

    vendor.script = meanwhile
    assert driver.run("a", phones(10)).chunks == 2 and taken_for_gone == []
    driver.finish()
    assert driver.counts("a") == {"checked": 10} and len(vendor.posts) == 2
    assert living_senders(driver.ledger) == []


def test_nothing_stays_locked_behind_a_pooler_after_a_kill(
    pooled_url: str, postgres_url: str, lasting_vendor: Vendor, tmp_path: Path
) -> None:
    """The pooler keeps the session of a client that is no more, and with it whatever locks a session has."""
    worker = KillableWorker(lasting_vendor, tmp_path / "data", ledger_url=pooled_url)
    assert worker.run(worker_script.dying_at, point="post", when="after", number=2)
    database = connect(postgres_url)
    with database.reading() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")) == 0
    database.engine.dispose()
    assert worker.recover() == 1
    worker.judge()


@pytest.mark.parametrize("fate", ["terminated", "idle", "restarted"])
def test_a_sender_that_loses_its_sessions_is_not_taken_for_gone(
    fate: str,
    open_on_postgres: Callable[..., Workspace],
    vendor: FakeVendor,
    postgres_server: Any,
    postgres_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """During a POST: a firewall or `idle_session_timeout` ends them, or the server restarts and nobody could beat meanwhile."""
    if fate == "idle":
        on_the_server(postgres_url, "ALTER DATABASE {name} SET idle_session_timeout = '1s'")
    if fate == "terminated":
        monkeypatch.setattr(liveness, "BEAT_S", 0.01)
    other = open_on_postgres().ledger

    def befalls(index: int, payload: bytes) -> str:
        if fate == "terminated":
            on_the_server(postgres_url, TERMINATE)
            wait_for_beat(other)
        elif fate == "idle":
            wait_until(lambda: session_count(postgres_url) == 0)
            on_the_server(postgres_url, "ALTER DATABASE {name} RESET idle_session_timeout")
        else:
            age_beats(other, seconds=3600)
            postgres_server.stop()
            postgres_server.ensure_postgres_running()
        assert other.recover_gone_senders() == []
        return "accept"

    vendor.script = befalls
    driver = WorkflowDriver(open_on_postgres())
    assert driver.run("a", phones(5)).chunks == 1
    assert driver.states() == ["submitted"] and len(vendor.posts) == 1


def test_a_sender_that_is_silent_for_long_is_gone(
    open_on_postgres: Callable[..., Workspace],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Killed, or cut off from the server: its chunk waits for a person, and what it says later still counts."""
    ledger = open_on_postgres().ledger
    register(ledger, "a")
    chunk = planned(ledger)
    with ledger.sender() as sender:
        assert ledger.start_sending(chunk, sender=sender, limits=Limits())
        assert ledger.recover_gone_senders() == []
        with monkeypatch.context() as patched:
            patched.setattr(liveness, "SILENCE_S", 0)
            assert ledger.recover_gone_senders() == [chunk]
        assert ledger.mark_submitted(chunk, sender=sender, task_id="t", total=None, is_synthetic=False, next_poll_at=0)
        age_beats(ledger, seconds=2 * liveness.KEPT_S, name="killed")
    assert living_senders(ledger) == [], "nobody else deletes the last beat of a sender that was killed"


def test_a_run_says_why_it_waits_for_a_sender_that_was_killed(
    open_on_postgres: Callable[..., Workspace], vendor: FakeVendor, tmp_path: Path, postgres_url: str
) -> None:
    """Two minutes without a word look as if it hung."""
    fbcheck, path = Fbcheck(tmp_path, vendor.url), str(write_list(tmp_path / "a.csv", [swiss(n) for n in range(1, 11)]))
    fbcheck.environment["FBCHECK_LEDGER_URL"] = postgres_url
    is_killed = threading.Event()
    vendor.script = lambda *_: "accept" if is_killed.wait(PATIENCE_S) else "refuse"
    killed = fbcheck.start("run", path)
    vendor.wait_for(lambda v: v.posts)
    killed.kill()
    killed.wait()
    is_killed.set()
    fbcheck.prelude = "from fbcheck_pipeline.ledger import liveness; liveness.MISSED_S = 0"
    waiting = fbcheck.start("run", path)
    waiting.wait_to_say("no sign of life; if it stays so, it is taken for gone in 1")
    ledger = open_on_postgres().ledger
    with ledger.database.writing() as connection:
        connection.execute(sa.delete(senders))
    _, said = waiting.communicate()
    assert waiting.returncode == 3 and said.count("no sign of life") == 1
    assert len(vendor.posts) == 1 and len(ledger.chunks(states=[ChunkState.UNCONFIRMED])) == 1


@pytest.mark.parametrize("fault", ["read-only", "stopped"])
def test_each_step_names_a_server_that_fails_and_the_next_run_resumes(
    fault: str,
    open_on_postgres: Callable[..., Workspace],
    vendor: FakeVendor,
    postgres_server: Any,
    postgres_url: str,
) -> None:
    """A failover to a replica that may only be read, or a restart, before each of them."""
    driver = WorkflowDriver(open_on_postgres())
    driver.register("a")

    def join() -> None:
        revision = driver.ledger.phone_list("a").revision
        driver.ledger.note_joined("a", revision=revision, counts={}, is_complete=True)

    steps: list[Callable[[], object]] = [
        lambda: driver.plan("a", phones(5)),
        lambda: driver.send("a"),
        driver.poll,
        driver.collect,
        join,
    ]
    for step in steps:
        if fault == "read-only":
            read_only(postgres_url, True)
        else:
            postgres_server.stop()
        with pytest.raises(LedgerError, match="make it writable" if fault == "read-only" else "connection to its server failed"):
            step()
        if fault == "read-only":
            read_only(postgres_url, False)
        else:
            postgres_server.ensure_postgres_running()
        step()
    assert driver.counts("a") == {"checked": 5} and vendor.most_per_phone == len(vendor.posts) == 1


def test_a_long_transaction_of_others_stops_nobody(open_on_postgres: Callable[..., Workspace], postgres_url: str) -> None:
    """A backup or an analyst's query holds a snapshot, and a lock of each table, for hours."""
    driver = WorkflowDriver(open_on_postgres())
    engine = sa.create_engine(postgres_url, isolation_level="REPEATABLE READ")
    with engine.connect() as reader:
        reader.execute(sa.text(f"LOCK TABLE {', '.join(metadata.tables)} IN ACCESS SHARE MODE"))
        assert reader.scalar(sa.text("SELECT count(*) FROM chunks")) == 0
        driver.run("a", phones(5))
        driver.finish()
        driver.ledger.wipe_deleted()
        assert driver.counts("a") == {"checked": 5}
        assert reader.scalar(sa.text("SELECT count(*) FROM chunks")) == 0
    engine.dispose()


def test_a_writer_waits_no_longer_than_its_time_out(open_on_postgres: Callable[..., Workspace], postgres_url: str) -> None:
    """A process that hangs in a transaction would stop all others, without a word; the session keeps nothing of the time-out."""
    impatient = connect(postgres_url, busy_timeout_s=0.1)
    with (
        open_on_postgres().ledger.database.writing(),
        pytest.raises(LedgerError, match=r"cannot be written .*lock timeout.*another process holds it"),
        impatient.writing(),
    ):
        pass
    with impatient.writing():
        pass
    with impatient.reading() as connection:
        assert connection.scalar(sa.text("SHOW lock_timeout")) == "0"
    impatient.engine.dispose()


def test_a_time_out_of_the_server_is_named(open_on_postgres: Callable[..., Workspace]) -> None:
    """It is no full disk and no lost connection: an administrator's setting is too short."""
    with (
        pytest.raises(LedgerError, match="a time-out of its server ended the work: raise statement_timeout"),
        open_on_postgres().ledger.database.writing() as connection,
    ):
        connection.execute(sa.text("SET LOCAL statement_timeout = '10ms'"))
        connection.execute(sa.text("SELECT pg_sleep(60)"))


def living_senders(ledger: Ledger) -> list[Any]:
    """Names and last beats that the server knows."""
    with ledger.database.reading() as connection:
        return list(connection.execute(sa.select(senders)).all())


def wait_for_beat(ledger: Ledger) -> None:
    """Wait until a living sender has beaten once more."""
    before = living_senders(ledger)
    wait_until(lambda: living_senders(ledger) != before)


def wait_until(is_so: Callable[[], bool]) -> None:
    """Look again and again."""
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline, "it never came to be so"
        time.sleep(0.01)


def session_count(postgres_url: str) -> int:
    """Sessions in the test's database, seen from another one."""
    url = sa.make_url(postgres_url)
    engine = sa.create_engine(url.set(database="postgres"))
    with engine.connect() as connection:
        query = sa.text("SELECT count(*) FROM pg_stat_activity WHERE datname = :name")
        count = connection.scalar(query.bindparams(name=url.database))
    engine.dispose()
    return int(count or 0)


def age_beats(ledger: Ledger, *, seconds: float, name: str | None = None) -> None:
    """Move the last beats back, or leave one so old of somebody else."""
    with ledger.database.writing() as connection:
        old = sa.func.now() - sa.func.make_interval(0, 0, 0, 0, 0, 0, seconds)
        if name is None:
            connection.execute(sa.update(senders).values(beat_at=old))
        else:
            connection.execute(sa.insert(senders).values(name=name, beat_at=old))
