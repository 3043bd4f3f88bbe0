"""Many machines: worker processes that share nothing but an object store and PostgreSQL, for the data, the ledger and Dagster itself."""

import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa
import pytest
import sqlalchemy as sa

from fbcheck_pipeline.files.storage import BatchStream, Storage
from fbcheck_pipeline.settings import Settings, load_settings
from fbcheck_pipeline.workflow.arrival import inbox
from fbcheck_pipeline.workflow.arrival.inbox import take_up_lists
from fbcheck_pipeline.workflow.workspace import open_workspace
from tests.fake_vendor import FakeVendor
from tests.forked import ForkedCommand
from tests.integration.dagster.dagster_driver import swiss

LISTS = 6
DEPLOY = Path(__file__).parents[3] / "deploy"
SAME = ["phone", "source_row", "phone_e164", "reject_reason", "country", "line_type", "facebook"]
"""Columns that do not depend on who bought what."""


def test_an_object_store_shows_a_file_whole_or_not_at_all(s3: str) -> None:
    """Parquet is written in parts; a stream that breaks leaves what stood there before."""
    storage = Storage(s3)
    schema = pa.schema([("n", pa.int64())])
    storage.write_parquet("x/one.parquet", BatchStream(schema, iter([pa.record_batch({"n": [1, 2, 3]})])))

    def broken() -> Iterator[pa.RecordBatch]:
        yield pa.record_batch({"n": list(range(100_000))})
        raise ValueError("the disk of the source is gone")

    for name in ("x/one.parquet", "x/two.parquet"):
        with pytest.raises(ValueError, match="is gone"):
            storage.write_parquet(name, BatchStream(schema, broken()))
    assert storage.names("x") == ["one.parquet"] and storage.row_count("x/one.parquet") == 3
    assert storage.delete("x/one.parquet") and not storage.exists("x/one.parquet") and not storage.delete("x/one.parquet")


def test_a_file_written_anew_while_it_is_read_is_read_as_it_was(s3: str, tmp_path: Path) -> None:
    """Two workers that take up the same list write the same files; the store forgets the old object, its reader must not."""
    schema = pa.schema([("n", pa.int64())])
    for storage in (Storage(s3), Storage(str(tmp_path))):
        old, new = [int.from_bytes(secrets.token_bytes(7)) for _ in range(50_000)], [4, 5]  # more than is read with the footer
        storage.write_parquet("x.parquet", BatchStream(schema, iter([pa.record_batch({"n": old})])))
        stream = storage.read_parquet("x.parquet")
        storage.write_parquet("x.parquet", BatchStream(schema, iter([pa.record_batch({"n": new})])))
        assert [each.read_all().to_pydict()["n"] for each in (stream, storage.read_parquet("x.parquet"))] == [old, new]


def test_the_inbox_of_an_object_store_costs_a_listing_whatever_lies_there(
    s3: str, make_settings: Callable[..., Settings], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lists are copied, then deleted; what cannot be read lies there unasked about; what is replaced meanwhile is not deleted."""
    import aiobotocore.client

    asked: list[str] = []
    call = aiobotocore.client.AioBaseClient._make_api_call

    async def counted(self: Any, operation: str, given: dict[str, Any]) -> Any:
        asked.append(operation)
        return await call(self, operation, given)

    ws = open_workspace(make_settings(data_uri=s3, ledger_url=f"sqlite:///{tmp_path}/ledger.db"))
    monkeypatch.setattr(inbox, "STANDS_STILL_S", 0)
    monkeypatch.setattr(aiobotocore.client.AioBaseClient, "_make_api_call", counted)
    costs = []
    for number in range(6):
        ws.storage.write_bytes(f"inbox/bad-{number}.csv", f"name\nanna\n{'bea' * number}\n".encode())
        ws.storage.write_bytes(f"inbox/good-{number}.csv", f"phone\n+4178000000{number}\n".encode())
        assert len(take_up_lists(ws, budget_s=60).refused) == number + 1
        asked.clear()
        take_up_lists(ws, budget_s=60)
        costs.append(asked.copy())
    assert costs == [["ListObjectsV2"]] * 6  # what lies half way is in it, too
    taken = {f"{each.list_key}/{each.file}" for each in ws.ledger.lists()}
    assert len(taken) == 6 and {each.name for each in ws.storage.files("taken", is_deep=True)} == taken
    assert ws.storage.names("inbox") == [f"bad-{number}.csv" for number in range(6)]

    for number in range(20):
        ws.storage.write_bytes(f"inbox/{number}.csv", f"phone\n+417800001{number:02}\n".encode())
    asked.clear()
    assert take_up_lists(ws, budget_s=60).later == 0
    assert len(asked) <= 2 + 20 * 10 and len(ws.ledger.lists()) == 26

    old = ws.storage.file("inbox/bad-0.csv")
    assert old is not None
    ws.storage.write_bytes("inbox/bad-0.csv", b"another")
    ws.storage.move("inbox/bad-0.csv", "taken/x/x.csv", version=old.version)
    assert ws.storage.read_bytes("inbox/bad-0.csv") == b"another"
    assert not ws.storage.move("inbox/bad-1.csv", "inbox/bad-0.csv", version="", replace=False)
    assert not ws.storage.move("inbox/nothing.csv", "taken/x/y.csv", version="")
    ws.ledger.close()


def write_lists(folder: Path) -> list[Path]:
    """Lists, each sharing half of its phones with the next, and some junk."""
    folder.mkdir()
    paths = []
    for number in range(LISTS):
        path = folder / f"list-{number}.csv"
        path.write_text("phone\n" + "\n".join([*swiss(40, start=1 + 20 * number), "junk", "12"]))
        paths.append(path)
    return paths


def start(paths: list[Path], cwd: Path, **environment: str) -> ForkedCommand:
    """A worker: `fbcheck run`, a process of its own in a working directory of its own."""
    cwd.mkdir(exist_ok=True)
    return ForkedCommand(["run", *map(str, paths), "--region", "CH", "--json"], cwd, {**os.environ, **environment})


def finish(worker: ForkedCommand) -> dict[str, Any]:
    out, error = worker.communicate()
    assert worker.returncode == 0, error[-3000:]
    document: dict[str, Any] = json.loads(out)
    return document


def rows_of(storage: Storage, list_key: str) -> list[dict[str, Any]]:
    return storage.read_parquet(f"facebook_results/{list_key}.parquet", SAME).read_all().to_pylist()


@pytest.mark.long(seconds=60)
@pytest.mark.timeout(600)
def test_two_workers_share_lists_on_s3_and_postgresql(
    s3: str, postgres: str, postgres_url: str, vendor: FakeVendor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each phone is bought once, by whoever comes first, and the results are those of one machine."""
    paths = write_lists(tmp_path / "lists")
    name = sa.make_url(postgres_url).database or ""
    engine = sa.create_engine(postgres, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE dagster_{name}"))
    engine.dispose()
    common = {
        "FBCHECK_DATA_URI": s3, "FBCHECK_LEDGER_URL": postgres_url, "FBCHECK_API_URL": vendor.url, "FBCHECK_API_KEY": "secret-key",
        "FBCHECK_POLL_SECONDS": "0.5", "FBCHECK_CHUNK_SIZE": "15",
        "DAGSTER_POSTGRES_URL": postgres_url.replace("+psycopg", "+psycopg2").replace(f"/{name}?", f"/dagster_{name}?"),
    }  # fmt: skip
    for name_of, value in common.items():
        monkeypatch.setenv(name_of, value)
    vendor.delay_s = 1.0
    homes = [tmp_path / "home0", tmp_path / "home1"]
    for home in homes:
        home.mkdir()
        shutil.copy(DEPLOY / "many" / "dagster.yaml", home)
    # Dagster does not guard the making of its tables against a second process: the first machine makes them.
    with dg.DagsterInstance.from_config(str(homes[0])) as instance:
        assert instance.get_runs() == []
    workers = []
    for home, share in zip(homes, (paths[:4], paths[:1:-1]), strict=True):  # in the middle both have the same lists
        workers.append(start(share, tmp_path / f"worker-{home.name}", DAGSTER_HOME=str(home)))
    documents = [finish(worker) for worker in workers]
    assert vendor.most_per_phone == 1 and len(vendor.accepted) == 20 * LISTS + 20
    assert sum(each["billed_phones"] for each in documents) == len(vendor.accepted)
    keys = {each["list_key"] for document in documents for each in document["lists"]}
    assert len(keys) == LISTS and all(each["complete"] for document in documents for each in document["lists"])

    with FakeVendor() as other:
        data = str(tmp_path / "alone" / "data")
        finish(start(paths, tmp_path / "alone", FBCHECK_DATA_URI=data, FBCHECK_LEDGER_URL="", FBCHECK_API_URL=other.url))
    shared, single = Storage(s3), Storage(data)
    assert {key: rows_of(shared, key) for key in keys} == {key: rows_of(single, key) for key in keys}
    assert not list(tmp_path.glob("worker*/data")), "nothing may lie on a worker's own disk"

    settings = load_settings(data_uri=s3, ledger_url=postgres_url, api_url=vendor.url, api_key="secret-key")
    ws = open_workspace(settings)
    assert all(row.is_complete for row in ws.ledger.lists())
    ws.ledger.close()
    with dg.DagsterInstance.from_config(str(homes[1])) as instance:
        assert set(instance.get_dynamic_partitions("lists")) == keys
        assert {run.status for run in instance.get_runs()} == {dg.DagsterRunStatus.SUCCESS}
