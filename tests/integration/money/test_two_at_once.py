"""Two processes at work on overlapping lists, or the same: each phone is accepted once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.fake_vendor import FakeVendor
from tests.forked import PATIENCE_S
from tests.integration.cli.fbcheck import Fbcheck, swiss, write_list
from tests.integration.money import worker_script
from tests.integration.money.killable_worker import KillableWorker, Vendor

ADDED_BY_ANOTHER = """
from dagster._core.storage.event_log import sql_event_log as log
add = log.SqlEventLogStorage.add_dynamic_partitions
def late(storage, name, keys):
    add(storage, name, keys)
    with storage.index_connection() as connection:
        connection.execute(log.DynamicPartitionsTable.insert(), [{"partitions_def_name": name, "partition": key} for key in keys])
log.SqlEventLogStorage.add_dynamic_partitions = late
"""
"""Another process adds a partition between Dagster's look whether it is there and its insertion."""


@pytest.mark.parametrize(
    ("database", "keys"),
    [("sqlite", ["a", "b"]), ("sqlite", ["ab", "ab", "ba"]), ("postgresql", ["a", "b"]), ("postgresql", ["ab", "ab", "ba"])],
    ids=lambda value: "+".join(value) if isinstance(value, list) else value,
)
def test_each_phone_is_accepted_once(
    database: str, keys: list[str], lasting_vendor: Vendor, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Planning is exclusive, sending is one guarded move, and what is in flight is waited for."""
    given = {"ledger_url": request.getfixturevalue("postgres_url")} if database == "postgresql" else {}
    worker = KillableWorker(lasting_vendor, tmp_path / "data", **given)
    processes = [worker.start(keys=list(each)) for each in keys]
    for each in processes:
        each.join(PATIENCE_S)
    assert [each.exitcode for each in processes] == [0] * len(processes)
    assert max(worker.accepted().values()) == 1
    assert worker.recover() == 0
    worker.judge()


def test_two_commands_at_once_tell_each_what_it_sent_itself(vendor: FakeVendor, tmp_path: Path) -> None:
    """A bill that both reported would be counted twice."""
    fbcheck, path = Fbcheck(tmp_path, vendor.url), str(write_list(tmp_path / "a.csv", [swiss(n) for n in range(1, 201)]))
    runs = [fbcheck.start("run", path, "--json", CHUNK_SIZE="5") for _ in range(2)]
    documents = [json.loads(run.communicate()[0]) for run in runs]
    assert sum(document["billed_phones"] for document in documents) == len(vendor.accepted) == 200
    assert vendor.most_per_phone == 1


def test_a_partition_that_another_command_just_added_is_used(vendor: FakeVendor, tmp_path: Path) -> None:
    """Dagster looks, then inserts: of two commands at once one would end in an unexpected error."""
    fbcheck, path = Fbcheck(tmp_path, vendor.url), str(write_list(tmp_path / "a.csv", [swiss(1)]))
    fbcheck.prelude = ADDED_BY_ANOTHER
    code, document, said = fbcheck("run", path, "--json")
    assert (code, document["billed_phones"]) == (0, 1), said


def test_two_at_once_and_one_of_them_is_killed(lasting_vendor: Vendor, tmp_path: Path) -> None:
    """The survivor must not take over what the dead one may have sent."""
    worker = KillableWorker(lasting_vendor, tmp_path / "data")
    survivor = worker.start()
    killed = worker.start(worker_script.dying_with_the_body_sent, number=2)
    for each in (killed, survivor):
        each.join(PATIENCE_S)
    assert survivor.exitcode == 0
    assert max(worker.accepted().values()) == 1
    assert worker.recover() <= 1
    worker.judge()
