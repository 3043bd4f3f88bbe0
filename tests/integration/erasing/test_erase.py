"""A person is erased: their number lies nowhere in any form, everybody else's data are as they were, and nothing is bought again."""

from __future__ import annotations

import gzip
import os
import shutil
import signal
import sqlite3
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fbcheck_pipeline.cli.output import Reporter
from fbcheck_pipeline.cli.status import say_status
from fbcheck_pipeline.errors import StorageError
from fbcheck_pipeline.files.storage import Storage
from fbcheck_pipeline.ledger import Ledger
from fbcheck_pipeline.model.paths import E164_PHONES, FACEBOOK_ANSWERS, FACEBOOK_RESULTS, RAW_PHONES, SUBMITTED_CHUNKS
from fbcheck_pipeline.results.joined_list import joined_list, rejoin
from fbcheck_pipeline.settings import Settings, load_settings
from fbcheck_pipeline.workflow.arrival.inbox import take_up_lists
from fbcheck_pipeline.workflow.buying.allocation import Again
from fbcheck_pipeline.workflow.buying.submit import submit_list
from fbcheck_pipeline.workflow.content import stored_content
from fbcheck_pipeline.workflow.erasing import erased_lists
from fbcheck_pipeline.workflow.erasing.awaited_erasures import awaited
from fbcheck_pipeline.workflow.erasing.erase import Erased, erase
from fbcheck_pipeline.workflow.erasing.person import person_of, what_is_held
from fbcheck_pipeline.workflow.erasing.purge import purge
from fbcheck_pipeline.workflow.workspace import Workspace, open_workspace
from tests.conftest import DAY_S, Clock, drop
from tests.fake_vendor import FakeVendor
from tests.forked import FORK, PATIENCE_S
from tests.integration.erasing import store
from tests.integration.erasing.store import PERSON, counts_add_up, grown_store, take_in, where_is
from tests.integration.money.worker_script import die, die_after
from tests.integration.workflow.workflow_driver import WorkflowDriver
from tests.prepared import nothing_synced


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.xdist_group("postgres"))])
def on_both(request: pytest.FixtureRequest, open_ws: Callable[..., Workspace]) -> Iterator[WorkflowDriver]:
    url = request.getfixturevalue("postgres_url") if request.param == "postgresql" else None
    with nothing_synced():
        yield WorkflowDriver(open_ws(chunk_size=10, region="TR", **({"ledger_url": url} if url else {})))


@pytest.fixture
def driver(open_ws: Callable[..., Workspace]) -> Iterator[WorkflowDriver]:
    with nothing_synced():
        yield WorkflowDriver(open_ws(chunk_size=10, region="TR"))


def erased(ws: Workspace, *phones: int) -> Erased:
    return erase(ws, person_of(np.array(phones, np.int64)), rejoin)


def test_a_person_lies_nowhere_and_everybody_else_as_before(
    on_both: WorkflowDriver, vendor: FakeVendor, clock: Clock, tmp_path: Path
) -> None:
    """Two lists are left without them, one is gone; the night after buys nothing."""
    driver, ws, keys = on_both, on_both.ws, grown_store(on_both, tmp_path / "lists")
    ws.storage.write_bytes("result_files/of-no-chunk.gz", gzip.compress(f"number,facebook\n+{PERSON},yes\n".encode()))
    assert len(where_is(ws, PERSON)) > 10
    before, posts = store.tables(ws, PERSON), len(vendor.posts)
    tries = {each.chunk_key: (each.phone_count, each.tries) for each in ws.ledger.chunks()}
    done = erased(ws, PERSON)
    assert (done.rows, done.cells, done.purged, done.is_whole) == (4, 1, [keys["alone"]], True)
    assert where_is(ws, PERSON) == []
    after = store.tables(ws, PERSON)
    for name, rows in before.items():
        if keys["alone"] not in name:
            wanted = [{key: "(erased)" if store.cell_has(value, PERSON) else value for key, value in row.items()} for row in rows]
            assert after.get(name, []) == sorted(wanted, key=repr), name
    assert counts_add_up(ws, keys["customers"])["erased"] == 2 and counts_add_up(ws, keys["leads"])["erased"] == 1
    assert counts_add_up(ws, keys["customers"])["source"]["sha256"] is None
    wiped = {each.task_id for each in ws.ledger.erased_chunks()}
    shown = [each for name in ("customers", "leads") for each in counts_add_up(ws, keys[name])["tasks"]]
    assert {each["task_id"] for each in shown if each["result_sha256"] is None} == wiped != set()
    assert {each.chunk_key: (each.phone_count, each.tries) for each in ws.ledger.chunks()} == tries
    assert what_is_held(ws, person_of(np.array([PERSON]))).is_nothing
    clock.advance(DAY_S)
    for name in ("customers", "leads"):
        take_in(driver, tmp_path / "lists" / f"{name}.{'csv' if name == 'customers' else 'xlsx'}")
        store.submit_list(ws, driver.client, keys[name], stored_content(ws.storage, keys[name]), again=Again.NIGHT)
    assert len(vendor.posts) == posts and where_is(ws, PERSON) == []


def test_a_further_look_opens_only_what_changed_since_the_one_before(
    driver: WorkflowDriver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An erasure looks at everything until it finds nothing; the files of the many lists that never had the person are looked at once."""
    grown_store(driver, tmp_path / "lists")
    others = tmp_path / "others.csv"
    others.write_text("phone\n" + "".join(f"+{905_320_001_000 + each}\n" for each in range(10)))  # whose chunk is their own
    key = take_in(driver, others)
    driver.finish()
    rejoin(driver.ws, key)
    opened, open_file = Counter[str](), Storage.local_copy

    def opening(self: Storage, name: str) -> object:
        opened[name] += 1
        return open_file(self, name)

    monkeypatch.setattr(Storage, "local_copy", opening)
    done = erased(driver.ws, PERSON)
    of_others = {name: times for name, times in opened.items() if key in name}
    assert len(done.list_keys) > 1 and key not in done.list_keys
    folders = {name.partition("/")[0] for name in of_others}
    assert folders == {"taken", "e164_phones", "submitted_chunks", "facebook_answers"}, folders
    assert set(of_others.values()) == {1}, of_others


def test_a_number_that_is_with_the_vendor_goes_when_its_chunk_settles(
    driver: WorkflowDriver, vendor: FakeVendor, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Marked at once, shown until then, counted as bought; nothing of the answer to it is ever written."""
    ws, vendor.hold = driver.ws, True
    keys = {name: take_in(driver, path) for name, path in store.write_lists(tmp_path / "lists").items()}
    done = erased(ws, PERSON)
    assert (done.rows, len(done.awaited), done.is_whole) == (4, 1, False)
    assert set(where_is(ws, PERSON)) == {"chunk_phones.phones", f"chunks/{done.awaited[0]}.txt"}
    say_status(Reporter(as_json=False), ws)
    assert "1 phone of it being erased" in capsys.readouterr().out
    vendor.finish_all()
    driver.finish()
    store.join_all(ws)
    assert where_is(ws, PERSON) == [] and not ws.ledger.is_erasing()
    assert vendor.accepted[f"+{PERSON}"] == 1 and not awaited(ws)
    for name in ("customers", "leads"):
        assert counts_add_up(ws, keys[name])["complete"]
    assert {each.state for each in ws.ledger.chunks()} == {"collected"}
    assert sum(each.phone_count for each in ws.ledger.chunks()) == len(vendor.accepted)
    assert purge(ws, older_than_days=1000).list_keys == (keys["alone"],)


POINTS = {
    "marked": (Ledger, "begin_erasure", 1),
    "out of a chunk": (Ledger, "erase_from_chunk", 1),
    "volume": (Ledger, "publish_volume", 1),
    "index": (Ledger, "publish_tier", 1),
    "copy gone": (Storage, "delete", 8),
    "raw phones": (erased_lists, "rewrite", 1),
    "phones": (erased_lists, "rewrite", 3),
    "result": (erased_lists, "rewrite", 4),
    "joined anew": (Ledger, "note_joined", 1),
    "ended": (Ledger, "end_erasures", 1),
    "emptied list": (Ledger, "delete", 1),
}


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A store as the erasure finds it, to be copied."""
    folder, clock = tmp_path_factory.mktemp("grown"), Clock()
    with FakeVendor(clock=clock) as vendor, nothing_synced():
        given: dict[str, Any] = {"api_url": vendor.url, "api_key": "k", "chunk_size": 10, "region": "TR"}
        ws = open_workspace(load_settings(data_uri=str(folder / "data"), **given), clock)
        keys = grown_store(WorkflowDriver(ws), folder / "lists")
        ws.ledger.close()
    return folder / "data", keys


@pytest.mark.parametrize("point", POINTS)
def test_an_erasure_killed_at_any_step_is_ended_by_the_next(
    point: str, grown: tuple[Path, dict[str, str]], tmp_path: Path, clock: Clock
) -> None:
    """The same command once more; what was counted before the kill is not counted twice."""
    data, keys = grown
    shutil.copytree(data, tmp_path / "data")
    settings = load_settings(data_uri=str(tmp_path / "data"), api_url=_origin_of(data), api_key="k", chunk_size=10, region="TR")
    process = FORK.Process(target=_erase_and_die, args=(settings, clock.now, point))
    process.start()
    process.join(PATIENCE_S)
    assert process.exitcode == -signal.SIGKILL
    with nothing_synced():
        ws = open_workspace(settings, clock)
        done = erased(ws, PERSON)
        assert done.is_whole and where_is(ws, PERSON) == [] and not ws.ledger.is_erasing()
        assert (counts_add_up(ws, keys["customers"])["erased"], counts_add_up(ws, keys["leads"])["erased"]) == (2, 1)
        assert {each.list_key for each in ws.ledger.lists()} == {keys["customers"], keys["leads"]}
        assert {each.state for each in ws.ledger.chunks()} == {"collected"}
        ws.ledger.close()


def _origin_of(data: Path) -> str:
    with closing(sqlite3.connect(data / "ledger.db")) as ledger:
        return str(ledger.execute("SELECT vendor_origin FROM ledger_meta").fetchone()[0])


def _erase_and_die(settings: Settings, now: float, point: str) -> None:
    die_after(*POINTS[point])
    with nothing_synced():
        erased(open_workspace(settings, lambda: now), PERSON)


def test_what_a_killed_writer_left_goes_at_once_and_a_living_ones_stays(
    driver: WorkflowDriver, clock: Clock, tmp_path: Path
) -> None:
    """It is not looked into, and nobody would come again for it; what somebody copies in meanwhile is theirs."""
    ws, keys = driver.ws, grown_store(driver, tmp_path / "lists")
    root = Path(ws.storage.root)
    process = FORK.Process(target=_join_and_die, args=(ws.settings, clock.now, keys["customers"]))
    process.start()
    process.join(PATIENCE_S)
    assert process.exitcode == -signal.SIGKILL and len(list(root.rglob(".*.part"))) == 2, "a result and its answers"
    copied = root / "inbox" / ".others.csv.part"
    copied.parent.mkdir(exist_ok=True)
    copied.write_text("phone\n")
    with ws.storage.writing("reports/living.html") as sink:
        erased(ws, PERSON)
        sink.write(b"whole")
    assert where_is(ws, PERSON) == [] and list(root.rglob(".*.part")) == [copied]
    assert ws.storage.read_bytes("reports/living.html") == b"whole"


def _join_and_die(settings: Settings, now: float, list_key: str) -> None:
    with nothing_synced():
        ws = open_workspace(settings, lambda: now)
        os.replace = die  # type: ignore[assignment]
        rejoin(ws, list_key)


def test_a_list_dropped_again_is_not_kept_and_its_person_is_refused_again(driver: WorkflowDriver, tmp_path: Path) -> None:
    """Its file still has the number, and somebody took the opt-out back."""
    ws, keys = driver.ws, grown_store(driver, tmp_path / "lists")
    erased(ws, PERSON)
    ws.ledger.unsuppress(np.array([PERSON]))
    drop(Path(ws.storage.root), "customers.csv", (tmp_path / "lists" / "customers.csv").read_bytes())
    assert take_up_lists(ws, budget_s=60).refused == ()
    assert where_is(ws, PERSON) == [] and ws.ledger.suppressed_among(np.array([PERSON])).all()
    assert [each.list_key for each in ws.ledger.lists()] == sorted([keys["customers"], keys["leads"]])
    drop(Path(ws.storage.root), "others.csv", f"phone,note\n+{store.OTHERS[0]},call {store.national(PERSON)}\n")
    done = erased(ws, PERSON)
    assert (done.unread, done.named, done.is_whole) == (["inbox/others.csv"], [], False)
    drop(Path(ws.storage.root), f"call {store.national(PERSON)}.csv", f"phone\n+{store.OTHERS[0]}\n+{store.OTHERS[1]}\n")
    take_up_lists(ws, budget_s=60)
    (named,) = erased(ws, PERSON).named
    assert named.startswith("call-")


def test_nothing_of_a_deleted_blob_stays_in_the_database_file(open_ws: Callable[..., Workspace], tmp_path: Path) -> None:
    """What the ledger packs is searched for as it was packed."""
    ws, path = open_ws(chunk_size=30, region="TR"), tmp_path / "data" / "ledger.db"
    with nothing_synced():
        driver = WorkflowDriver(ws)
        take_in(driver, store.write_lists(tmp_path / "lists")["customers"])
        driver.finish()
        (chunk,) = ws.ledger.loaded_chunks()
        assert chunk.packed_phones is not None and chunk.packed_phones[8:40] in path.with_name("ledger.db-wal").read_bytes()
        erased(ws, PERSON)
    files = [path, path.with_name("ledger.db-wal")]
    assert not any(chunk.packed_phones[8:40] in each.read_bytes() for each in files if each.exists())


def test_a_join_and_a_planning_in_the_midst_of_an_erasure_bring_nobody_back(driver: WorkflowDriver, tmp_path: Path) -> None:
    """They had read the list before, and write after."""
    ws, keys = driver.ws, grown_store(driver, tmp_path / "lists")
    key = keys["customers"]
    opened = [
        replace(ws.storage.read_parquet(kind.of(key)), as_of=ws.ledger.generation()) for kind in (E164_PHONES, SUBMITTED_CHUNKS)
    ]
    stale = joined_list(ws, key, *opened, str(uuid.uuid4()), "job")
    read, as_of = stored_content(ws.storage, key), ws.ledger.generation()
    erased(ws, PERSON)
    with pytest.raises(StorageError, match="personal data were deleted"):
        ws.storage.write_parquet(FACEBOOK_RESULTS.of(key), stale)
    submission = submit_list(ws, driver.client, key, read, as_of=as_of)
    assert where_is(ws, PERSON) == [] and submission.counts == counts_add_up(ws, key)["counts"]


def test_a_number_is_found_in_any_notation_and_a_short_one_is_not_found_in_somebody_elses() -> None:
    """Signs and markup between digits, digits of other scripts; a national number of few digits stands in many others."""
    person = person_of(np.array([PERSON]))
    split = [
        sign.join(("0532", "000", "00", "10"))
        for sign in ("~", "[", "*", ":", "|", "&nbsp;", "<br>", "%20", " - ", "\u200b", "…")
    ]
    told = [*split, "tel:%2B905320000010", "at ٠٥٣٢٠٠٠٠٠١٠", "id05320000010x12", "0532000001"]
    assert person.holds(pa.array(told)).to_pylist() == [True] * (len(told) - 1) + [False]
    danish, niue = person_of(np.array([4_532_000_001])), person_of(np.array([6_834_002]))
    texts = ["+905320000010", "32 00 00 01", "+45 32000001", "1320000012", "0045-32-00-00-01.", None]
    assert danish.holds(pa.array(texts)).to_pylist() == [False, True, True, False, True, False]
    assert niue.holds(pa.array(["4002", "+683 4002", "12 683 4002 5", "6834002", "56834002"])).to_pylist() == [
        False,
        True,
        True,
        True,
        False,
    ]
    assert (
        niue.is_in_text(b"4002;+905320004002"),
        niue.is_in_text(b"+6834002"),
        danish.is_in_text("x 32000001".encode("utf-16")),
    ) == (
        False,
        True,
        True,
    )


def test_the_cell_that_a_number_was_read_from_goes_whatever_stands_there_and_columns_of_ours_stay(
    driver: WorkflowDriver, tmp_path: Path
) -> None:
    """Another number of the cell, or of the row, keeps the row; a list's own column may be called like one of ours elsewhere."""
    ws, path = driver.ws, tmp_path / "of 05320000010.csv"
    path.write_text(
        f"chunk_key,phone,mobile\n0532 000 00 10,+{store.OTHERS[0]} / 0532~000~00~10,x\n,0532[000]00[10,+{store.OTHERS[1]}\n"
        f",+{store.OTHERS[2]},\n"
    )
    key = take_in(driver, path)
    driver.finish()
    store.join_all(ws)
    assert erased(ws, PERSON).rows == 2
    for kind in (RAW_PHONES, E164_PHONES, FACEBOOK_RESULTS):
        rows = pq.read_table(f"{ws.storage.root}/{kind.of(key)}").to_pylist()
        assert not any(store.cell_has(row, PERSON) for row in rows), kind.folder
        assert {row["phone"] for row in rows} == {"(erased)", f"+{store.OTHERS[2]}"}
    answers = pq.read_table(f"{ws.storage.root}/{FACEBOOK_ANSWERS.of(key)}")
    assert set(answers["list_key"].to_pylist()) == {key}  # the names of a file and of a list stay
