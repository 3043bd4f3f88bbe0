"""What a join writes beside the result: the answers, and the latest list of each source; whoever is killed, joins at once or deletes."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fbcheck_pipeline.defs.checks import source_is_as_before
from fbcheck_pipeline.errors import StorageError
from fbcheck_pipeline.files import atomic
from fbcheck_pipeline.files.storage import BatchStream
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.model.columns import RESULT_COLUMNS, SCHEMA_VERSION_KEY, Column, schema_of
from fbcheck_pipeline.phones import Normaliser
from fbcheck_pipeline.results.join import LOOKED_AT
from fbcheck_pipeline.results.joined_list import joined_list, rejoin
from fbcheck_pipeline.workflow.buying.submit import submit_list
from fbcheck_pipeline.workflow.content import stored_content
from fbcheck_pipeline.workflow.erasing.purge import purge
from fbcheck_pipeline.workflow.tables import latest_lists
from fbcheck_pipeline.workflow.tables.latest_lists import refresh_latest
from fbcheck_pipeline.workflow.workspace import Workspace, open_workspace
from tests.conftest import Clock
from tests.integration.workflow.workflow_driver import AT_ONCE, WorkflowDriver

OpenDriver = Callable[..., WorkflowDriver]
RUN_ID = "00000000-0000-4000-8000-000000000000"
FORK = multiprocessing.get_context("fork")


def bring(
    driver: WorkflowDriver, key: str, source: str, numbers: list[str], rows: int | None = None, column: str = "tel"
) -> None:
    """A list that was read, normalised and planned; `rows` as its reader counted."""
    ws = driver.ws
    ws.ledger.register_list(key, file=f"{key}.csv", source=source, sha256=key, options={}, purpose=None)
    raw = pa.record_batch(
        {
            "name": pa.array([f"{key}-{at}" for at in range(len(numbers))]),
            "source_row": pa.array(range(1, len(numbers) + 1), pa.int64()),
            "phone_index": pa.array([0] * len(numbers), pa.int16()),
            "phone_column": pa.array([column] * len(numbers), pa.string()),
            "phone_raw": pa.array(numbers, pa.string()),
        }
    )
    names = {"file": f"{key}.csv", "phone_columns": [column], "format": "csv", "size_bytes": 1, "sha256": "", "has_header": True}
    unsaid = dict.fromkeys(("encoding", "delimiter", "sheet", "region_column"))
    ws.ledger.note_read(key, {"rows": len(numbers) if rows is None else rows, "reasons": [], **names, **unsaid})
    stream = BatchStream(Normaliser.output_schema(raw.schema), iter([Normaliser("CH").normalise(raw)]))
    ws.storage.write_parquet(paths.E164_PHONES.of(key), stream)
    plan(driver, key)


def plan(driver: WorkflowDriver, key: str) -> None:
    """Plan and send a list, as each run of it does."""
    submit_list(driver.ws, driver.client, key, stored_content(driver.ws.storage, key), policy=AT_ONCE)


def join(ws: Workspace, key: str) -> dict[str, Any]:
    """As the asset does; returns the facts of the join."""
    e164, pins = (ws.storage.read_parquet(each.of(key)) for each in (paths.E164_PHONES, paths.SUBMITTED_CHUNKS))
    joined = joined_list(ws, key, e164, pins, RUN_ID, "job")
    ws.storage.write_parquet(paths.FACEBOOK_RESULTS.of(key), joined)
    return dict(joined.on_written())


def swiss(count: int, start: int = 0) -> list[str]:
    return [f"+4178{start + at:07}" for at in range(count)]


def latest(ws: Workspace, source: str) -> str | None:
    """Whose result the latest list of a source is; it is a whole copy."""
    place = Path(ws.storage.root, paths.FACEBOOK_LATEST.of(source))
    if not place.exists():
        return None
    (key,) = {name.split("-")[0] for name in pq.read_table(place)["name"].to_pylist()}
    assert place.read_bytes() == Path(ws.storage.root, paths.FACEBOOK_RESULTS.of(key)).read_bytes()
    return str(key)


@pytest.fixture
def driver(open_driver: OpenDriver) -> WorkflowDriver:
    return open_driver()


def test_answers_have_one_schema_and_the_rows_of_the_result(driver: WorkflowDriver, clock: Clock) -> None:
    """Across lists, whatever columns these have, with the list and its source; the version is in the metadata."""
    bring(driver, "a", "s", [*swiss(3), "junk"])
    clock.advance(5)
    bring(driver, "b", "other", swiss(2, 2))
    driver.finish()
    for key in "ab":
        join(driver.ws, key)
    folder = Path(driver.ws.storage.root, paths.FACEBOOK_ANSWERS.folder)
    assert {path.name for path in folder.iterdir()} == {"a.parquet", "b.parquet"}
    for path in folder.iterdir():
        schema = pq.read_schema(path)
        assert schema.equals(schema_of(paths.FACEBOOK_ANSWERS)) and schema.metadata[SCHEMA_VERSION_KEY.encode()] == b"2"
    everything = pq.read_table(folder)
    assert set(zip(everything["list_key"].to_pylist(), everything["source"].to_pylist(), strict=True)) == {
        ("a", "s"),
        ("b", "other"),
    }
    assert len(set(everything["added_at"].to_pylist())) == 2
    for key in "ab":
        result = pq.read_table(Path(driver.ws.storage.root, paths.FACEBOOK_RESULTS.of(key)))
        assert pq.read_table(folder / f"{key}.parquet").select([*RESULT_COLUMNS]).equals(result.select([*RESULT_COLUMNS]))


def test_a_join_encodes_only_what_it_adds(driver: WorkflowDriver, monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands in `e164_phones` is copied as it is encoded there, also where the result calls it otherwise; no column of the list is read."""
    bring(driver, "a", "s", [*swiss(3), "junk"])
    driver.finish()
    read, encoded = list[Any](), list[set[str]]()
    read_group, write_table = pq.ParquetFile.read_row_group, pq.ParquetWriter.write_table
    monkeypatch.setattr(
        pq.ParquetFile,
        "read_row_group",
        lambda file, group, *which, **how: read.append(which[0]) or read_group(file, group, *which, **how),
    )
    monkeypatch.setattr(
        pq.ParquetWriter,
        "write_table",
        lambda writer, table, *how: encoded.append({*table.schema.names}) or write_table(writer, table, *how),
    )
    rejoin(driver.ws, "a")
    result = {Column.FACEBOOK, Column.CHECK_STATUS, Column.CHECKED_AT, Column.TASK_ID}
    answers = {*result, Column.LIST_KEY, Column.SOURCE, Column.ADDED_AT}
    assert result in encoded and answers in encoded and not any("name" in each for each in encoded)
    assert LOOKED_AT in read and "name" not in LOOKED_AT


def test_the_newest_list_of_a_source_is_the_latest_once_no_phone_of_it_waits(open_driver: OpenDriver, clock: Clock) -> None:
    """By when it was added, never by the join; it stays when one of its phones waits again; a purge brings the next newest back."""
    driver = open_driver(min_chunk=3)
    for key, numbers in {"a": swiss(3), "b": swiss(4, 100), "c": swiss(2, 200)}.items():
        clock.advance(60)
        bring(driver, key, "s", numbers)
    driver.finish()
    join(driver.ws, "b")
    assert latest(driver.ws, "s") == "b"
    join(driver.ws, "a")  # joined later, and older
    assert latest(driver.ws, "s") == "b"
    join(driver.ws, "c")  # too few for a chunk: both wait
    assert latest(driver.ws, "s") == "b" and driver.counts("c") == {"waiting": 2}
    clock.advance(60)
    bring(driver, "e", "s", swiss(1, 400))  # with it there are enough
    plan(driver, "c")
    driver.finish()
    bring(driver, "d", "other", swiss(3, 300))
    driver.finish()
    join(driver.ws, "d")
    join(driver.ws, "c")
    assert latest(driver.ws, "s") == "c"
    join(driver.ws, "e")
    assert (latest(driver.ws, "s"), latest(driver.ws, "other")) == ("e", "d")
    refresh_latest(driver.ws, "s", joined=("e", 1))  # its phone waits again, being tried once more
    assert latest(driver.ws, "s") == "e"
    for key, then in (("b", "e"), ("e", "c"), ("c", "a"), ("a", None)):
        purge(driver.ws, older_than_days=None, list_key=key)
        assert latest(driver.ws, "s") == then
        gone = {path.name for path in Path(driver.ws.storage.root).glob("*/*") if path.stem.partition(".")[0] == key}
        assert gone == set(), key
    assert latest(driver.ws, "other") == "d"


def test_the_latest_lists_are_what_the_rules_say_in_any_order_of_events(driver: WorkflowDriver, clock: Clock) -> None:
    """Lists come, are joined with and without waiting phones, and go; the file is what a naive reading of the rules says."""
    chance, ws = random.Random(7), driver.ws
    waiting: dict[str, int | None] = {}
    shown: str | None = None
    for _ in range(250):
        key = chance.choice([f"l{number:02}" for number in range(12)])
        if key not in waiting:
            clock.advance(chance.choice([0, 1]))
            ws.ledger.register_list(key, file=key, source="s", sha256=key, options={}, purpose=None)
            waiting[key] = None
        elif chance.random() < 0.2:
            ws.ledger.mark_purged([key], settled_before=0)
            ws.storage.delete(paths.FACEBOOK_RESULTS.of(key))
            refresh_latest(ws, "s", without=[key])
            ws.ledger.delete([key], [])
            del waiting[key]
        else:
            waiting[key] = chance.choice([0, 0, 3])
            table = pa.table({"name": [f"{key}-x"], "n": [chance.random()]})
            stream = BatchStream(table.schema, iter(table.to_batches()), lambda key=key: {latest_lists.LIST_KEY_KEY: key})
            ws.storage.write_parquet(paths.FACEBOOK_RESULTS.of(key), stream)
            refresh_latest(ws, "s", joined=(key, waiting[key] or 0))
            ws.ledger.note_joined(key, revision=0, counts={"waiting": waiting[key] or 0}, is_complete=True)
        added = {each.list_key: (each.added_at, each.list_key) for each in ws.ledger.lists()}
        may = [each for each, count in waiting.items() if count == 0 or (each == shown and count is not None)]
        shown = max(may, key=lambda each: added[each], default=None)
        assert latest(ws, "s") == shown


def test_two_joins_at_once_leave_the_newer_list(driver: WorkflowDriver, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """The older one has read the ledger and copied its result; before its copy appears the newer one is done, or not yet known."""
    bring(driver, "a", "s", swiss(3))
    clock.advance(1)
    bring(driver, "b", "s", swiss(3, 100))
    driver.finish()
    copy, other = driver.ws.storage.copy_in, ["b"]

    def copy_while_another_joins(path: Path, name: str, *, before_it_appears: Callable[[], object]) -> None:
        if name.startswith(paths.FACEBOOK_LATEST.folder) and other:
            join(driver.ws, other.pop())
        copy(path, name, before_it_appears=before_it_appears)

    monkeypatch.setattr(driver.ws.storage, "copy_in", copy_while_another_joins)
    join(driver.ws, "a")
    assert not other and latest(driver.ws, "s") == "b"


def test_what_is_deleted_while_it_is_joined_stays_deleted(driver: WorkflowDriver) -> None:
    """The join has read the list's phones; whoever deletes raises the generation first, so its files do not appear any more."""
    bring(driver, "a", "s", swiss(3))
    driver.finish()
    e164, pins = (driver.ws.storage.read_parquet(each.of("a")) for each in (paths.E164_PHONES, paths.SUBMITTED_CHUNKS))
    joined = joined_list(driver.ws, "a", e164, pins, RUN_ID, "job")
    purge(driver.ws, older_than_days=None, list_key="a")
    with pytest.raises(StorageError, match="personal data were deleted while a file of a was written"):
        driver.ws.storage.write_parquet(paths.FACEBOOK_RESULTS.of("a"), joined)
    held = {path.parent.name for path in Path(driver.ws.storage.root).glob("*/*") if path.stem in ("a", "s")}
    assert held == set()


def test_a_list_unlike_the_last_one_of_its_source_is_named_in_its_report_and_its_check(
    driver: WorkflowDriver, clock: Clock
) -> None:
    """Half a delivery, or another file under the same name; joined again it is still so, and it is the latest all the same."""
    for key, rows, column in (("a", 100, "tel"), ("b", 50, "tel"), ("c", 24, "mobile"), ("d", 24, "mobile")):
        bring(driver, key, "s", swiss(3), rows=rows, column=column)
        clock.advance(60)
    driver.finish()
    for key in "abcdc":
        join(driver.ws, key)
    checks = {key: source_is_as_before(driver.ws, key) for key in "abcd"}
    assert [key for key, each in checks.items() if not each.passed] == ["c"] and latest(driver.ws, "s") == "d"
    assert checks["c"].severity is dg.AssetCheckSeverity.WARN and checks["c"].description == (
        "it has 24 rows, less than half of the 50 rows of b.csv; its phones stand in 'mobile'; those of b.csv stood in 'tel'"
    )
    pages = {key: driver.ws.storage.read_bytes(paths.REPORT.of(key)).decode() for key in "bcd"}
    assert {key: "unlike the last one of its source" in page for key, page in pages.items()} == {
        "b": False,
        "c": True,
        "d": False,
    }
    assert pages["c"].index("24 rows, less than half") < pages["c"].index("<section")


@pytest.mark.parametrize("number", range(1, 7))
def test_a_join_killed_after_any_of_its_files_is_mended_by_the_next(
    number: int, driver: WorkflowDriver, open_ws: Callable[..., Workspace]
) -> None:
    """Each file is whole or not there, whoever reads; the list is due until all of them stand."""
    bring(driver, "a", "s", swiss(3))
    driver.finish()
    process = FORK.Process(target=_join_and_die, args=(driver.ws.settings, number))
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    root = Path(driver.ws.storage.root)
    for path in root.glob("facebook_*/*.parquet"):
        assert pq.read_table(path).num_rows == 3
    assert [each.list_key for each in driver.ledger.lists_to_join()] == ["a"]
    join(driver.ws, "a")
    assert driver.ledger.lists_to_join() == [] and latest(driver.ws, "s") == "a"
    answers = pq.read_table(root / paths.FACEBOOK_ANSWERS.of("a"))
    assert answers[Column.FACEBOOK].null_count == 0 and np.unique(answers[Column.LIST_KEY].to_pylist()).tolist() == ["a"]
    places = (paths.LINEAGE, paths.OPENLINEAGE, paths.REPORT)
    assert all((root / each.of("a")).exists() for each in places)


def _join_and_die(settings: Any, number: int) -> None:
    ws, replace, calls = open_workspace(settings), os.replace, iter(range(1, 100))

    def dying(*places: Any) -> None:
        replace(*places)
        if next(calls) == number:
            os.kill(os.getpid(), signal.SIGKILL)

    atomic.os.replace = dying
    join(ws, "a")
    os._exit(0)
