"""Each block of the analysts' page, against the truth: what stands in the lists, and what the vendor accepted and said."""

from __future__ import annotations

import functools
import os
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fbcheck_pipeline.model import paths
from fbcheck_pipeline.model.columns import schema_of
from fbcheck_pipeline.model.paths import DataFile
from fbcheck_pipeline.workflow.tables.shipped_views import VIEWS, views_text
from tests.integration.docs.engines import EVERY_ENGINE, SECTIONS, Engine, Rows, block_for, needs_spark, rows_of, way
from tests.integration.docs.question_store import JUNK, KINDS, OPTED_OUT, Truth, question_store

SINCE = datetime(2026, 12, 2, tzinfo=UTC)
ONE = "+905320000004"
FIXED = [paths.CURRENT_VERDICTS, paths.VERDICT_CHANGES, paths.FACEBOOK_ANSWERS, paths.FACEBOOK_SUMMARY, paths.VERDICTS]
OWN = [paths.FACEBOOK_RESULTS, paths.FACEBOOK_LATEST, paths.RAW_PHONES, paths.E164_PHONES]

Dicts = list[dict[str, Any]]
TRUTHS: dict[str, Callable[[Truth], Dicts]] = {}


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory, empty_ledger: Path) -> Iterator[Truth]:
    with question_store(tmp_path_factory.mktemp("questions"), empty_ledger) as truth:
        yield truth


@pytest.fixture(scope="module")
def engine_of(truth: Truth) -> Iterator[Callable[[str], Engine]]:
    """Each library, set up once: Spark's Java keeps the working folder in which it began."""
    before, time_zone = Path.cwd(), {"SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_SUBMIT_ARGS": " ".join([
        "--master local[1] --driver-memory 512m",
        "--conf spark.ui.enabled=false --conf spark.sql.shuffle.partitions=1 --conf spark.sql.session.timeZone=UTC pyspark-shell",
    ])}  # fmt: skip
    os.chdir(truth.folder)
    os.environ.update(time_zone)
    made = functools.cache(Engine)
    yield made
    for name in time_zone:
        del os.environ[name]
    os.chdir(before)


@pytest.fixture
def engine(request: pytest.FixtureRequest, engine_of: Callable[[str], Engine], truth: Truth, monkeypatch: Any) -> Engine:
    monkeypatch.chdir(truth.folder)
    return engine_of(request.param)


def section(name: str) -> Callable[[Callable[[Truth], Dicts]], Callable[[Truth], Dicts]]:
    def add(says: Callable[[Truth], Dicts]) -> Callable[[Truth], Dicts]:
        TRUTHS[name] = says
        return says

    return add


@section("Who has an account now")
def who(truth: Truth) -> Dicts:
    stories = truth.stories().items()
    return [
        {"phone_e164": phone, "checked_at": story[-1][1]}
        for phone, story in stories
        if phone[:3] == "+90" and story[-1][0] == "yes"
    ]


@section("Which of my customers have one")
def mine(truth: Truth) -> Dicts:
    stories, rows = truth.stories(), []
    for customer, cell in truth.ours.items():
        phone = None if cell in JUNK else cell
        facebook, at = stories[cell][-1][:2] if cell in stories else (None, None)
        rows.append({"customer": customer, "phone_e164": phone, "facebook": facebook, "checked_at": at})
    assert {row["facebook"] for row in rows} > {None} and any(row["phone_e164"] and not row["facebook"] for row in rows)
    return rows


@section("Since when, and what before")
def since(truth: Truth) -> Dicts:
    last = {change[0]: change for change in truth.changes()}
    return [
        {
            "phone_e164": phone,
            "facebook": story[-1][0],
            "since": last[phone][1] if phone in last else story[0][1],
            "previous_facebook": last[phone][2] if phone in last else None,
        }
        for phone, story in truth.stories().items()
    ]


@section("What changed since last night")
def changed(truth: Truth) -> Dicts:
    names = ("phone_e164", "changed_at", "from", "to", "task_id", "revision")
    (revision,) = set(pq.read_table(truth.folder / "data/verdict_changes")["revision"].to_pylist())
    changes = [dict(zip(names, (*change, revision), strict=True)) for change in truth.changes()]
    return [change for change in changes if change["changed_at"] >= SINCE]


@section("Coverage by country and line type")
def coverage(truth: Truth) -> Dicts:
    newest, counts = truth.newest(), dict[tuple[str, str], Counter[str]]()
    for phone in {phone for key in truth.cells for phone in truth.phones(key)} - {OPTED_OUT[1]}:
        (kind,) = (kind for head, kind in KINDS.items() if phone.startswith(head))
        counts.setdefault(kind, Counter()).update({"phones": 1, "known": phone in newest, "yes": newest.get(phone) == "yes"})
    return [{"country": country, "line_type": kind, **found} for (country, kind), found in counts.items()]


@section("Rejected cells, and why")
def rejected(truth: Truth) -> Dicts:
    cells = Counter((truth.sources[key], JUNK[cell]) for key, found in truth.cells.items() for cell in found if cell in JUNK)
    return [{"source": source, "reject_reason": reason, "cells": count} for (source, reason), count in cells.items()]


@section("Sources that went stale")
def stale(truth: Truth) -> Dicts:
    found = []
    for source in set(truth.sources.values()):
        lists = truth.lists_of(source)
        last = max(datetime.fromtimestamp(truth.added[key], UTC) for key in lists)
        found += [{"source": source, "last_added": last, "lists": len(lists)}] if last < SINCE else []
    return found


@section("What a yes costs")
def costs(truth: Truth) -> Dicts:
    newest, billed, rows = truth.newest(), truth.billed(), []
    for source in set(truth.sources.values()):
        yes = sum(newest.get(phone) == "yes" for phone in truth.phones_of_source(source)) or None
        rows.append({"source": source, "billed": billed[source], "yes": yes, "phones_per_yes": yes and billed[source] / yes})
    return rows


@section("Numbers in several lists")
def several(truth: Truth) -> Dicts:
    lists: dict[str, set[str]] = {}
    for key in truth.cells:
        for phone in truth.phones(key):
            lists.setdefault(phone, set()).add(key)
    newest = truth.newest()
    return [
        {
            "phone_e164": phone,
            "lists": len(keys),
            "sources": len({truth.sources[key] for key in keys}),
            "facebook": newest.get(phone),
        }
        for phone, keys in lists.items()
        if len(keys) > 1
    ]


@section("Customers who are also leads")
def both(truth: Truth) -> Dicts:
    phones = truth.phones_of_source("customers") & truth.phones_of_source("leads")
    return [{"phone_e164": phone, "facebook": word} for phone, word in truth.newest().items() if phone in phones]


@section("What was bought in a month")
def bought(truth: Truth) -> Dicts:
    months: Counter[str] = Counter()
    for task in truth.vendor.tasks.values():
        months[task.created_at[:7]] += len(task.phones)
    assert len(months) == 3 and months.total() == truth.vendor.accepted.total()
    return [{"month": month, "billed": count} for month, count in months.items()]


@section("My list with its own columns")
def own_columns(truth: Truth) -> Dicts:
    key, newest = truth.lists_of("customers")[-1], truth.answers_of(truth.lists_of("customers")[-1])
    rows = enumerate(truth.cells[key])
    return [{"Şehir": f"Şehir{place}", "phone_e164": cell, "facebook": newest[cell]} for place, cell in rows if cell in newest]


@section("What null means")
def nulls(truth: Truth) -> Dicts:
    found: Counter[tuple[str, str | None]] = Counter()
    for key, cells in truth.cells.items():
        answers = truth.answers_of(key)
        for cell in cells:
            if cell in JUNK:
                found["rejected", JUNK[cell]] += 1
            elif cell not in answers:
                found["suppressed" if truth.is_opted_out(key, cell) else "undetermined", None] += 1
    assert {status for status, _ in found} == {"rejected", "suppressed", "undetermined"}
    return [{"check_status": status, "reject_reason": reason, "phones": count} for (status, reason), count in found.items()]


@section("Opt-outs")
def opted_out(truth: Truth) -> Dicts:
    counts = {key: sum(truth.is_opted_out(key, phone) for phone in set(truth.phones(key))) for key in truth.cells}
    return [{"list_key": key, "opted_out": count} for key, count in counts.items() if count]


@section("Coverage of each list")
def of_lists(truth: Truth) -> Dicts:
    rows = []
    for key, cells in truth.cells.items():
        asked = [phone for phone in truth.phones(key) if not truth.is_opted_out(key, phone)]
        share = sum(phone in truth.answers_of(key) for phone in asked) / len(asked) if asked else None
        rows.append({"list_key": key, "phones": len(cells), "coverage": share})
    return rows


@section("Where one number stands")
def one(truth: Truth) -> Dicts:
    rows = [(key, row) for key, cells in truth.cells.items() for row, cell in enumerate(cells, 1) if cell == ONE]
    return [{"list_key": key, "source_row": row, "phone_raw": ONE} for key, row in rows]


@pytest.mark.parametrize("engine", EVERY_ENGINE, indirect=True)
@pytest.mark.parametrize("name", TRUTHS)
def test_each_question_is_answered_by_the_truth(name: str, engine: Engine, truth: Truth) -> None:
    block = block_for(name, engine.name)
    assert block is not None
    expected = rows_of(pd.DataFrame(TRUTHS[name](truth)))
    assert expected and engine.answer(block) == expected


@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
def test_all_columns_of_all_lists_are_one_table(engine: Engine, truth: Truth) -> None:
    """Also where lists have columns `filename`, `list_key`, or two alike."""
    (block,) = SECTIONS["All lists with all their columns"]
    columns, *rows = engine.answer(block)
    assert len(rows) == sum(map(len, truth.cells.values()))
    assert {"filename", "filename_source", "list_key_source", "FACEBOOK_source", "Şehir", "id_2", "name_2"} <= set(columns)


def test_the_page_has_each_way_for_each_question() -> None:
    """But for what only a database can say."""
    assert set(SECTIONS) == {*TRUTHS, "All lists with all their columns"}
    for name, found in SECTIONS.items():
        ways = [way(block) for block in found]
        assert ways in (["duckdb"], ["duckdb", "pandas", "polars"], ["duckdb", "pandas", "polars", "spark"]), name


def by_file(folder: Path) -> Rows:
    """What a folder of ours says, file by file."""
    return rows_of(pa.concat_tables([pq.read_table(each) for each in folder.iterdir()], promote_options="default").to_pandas())


READERS: dict[str, Callable[[Path], Any]] = {
    "duckdb": lambda folder: duckdb.sql(f"FROM '{folder}/*.parquet'").df(),
    "pandas": partial(pd.read_parquet, dtype_backend="pyarrow"),
    "pandas with NumPy": pd.read_parquet,
    "pandas by glob": lambda folder: pd.concat(map(pd.read_parquet, folder.glob("*.parquet"))),
    "pyarrow": lambda folder: pq.read_table(folder).to_pandas(),
    "polars": pl.read_parquet,
    "polars by glob": lambda folder: pl.read_parquet(folder / "*.parquet"),
}
SPARK_READERS = {"spark": "{}", "spark by glob": "{}/*.parquet"}


@pytest.mark.parametrize("table", FIXED, ids=lambda table: table.folder)
@pytest.mark.parametrize("reader", [*READERS, *(pytest.param(each, marks=needs_spark) for each in SPARK_READERS)])
def test_each_folder_of_one_schema_reads_as_it_is(reader: str, table: DataFile, truth: Truth, engine_of: Any) -> None:
    """By folder and by glob: every row, every column."""
    folder = truth.folder / "data" / table.folder
    if reader in SPARK_READERS:
        found = engine_of("spark").known["spark"].read.parquet(SPARK_READERS[reader].format(folder))
    else:
        found = READERS[reader](folder)
    assert len(rows_of(found)) > 5 and rows_of(found) == by_file(folder)
    assert not any(pa.types.is_dictionary(kind) for path in folder.iterdir() for kind in pq.read_schema(path).types)


@pytest.mark.parametrize("table", OWN, ids=lambda table: table.folder)
@pytest.mark.parametrize("engine", EVERY_ENGINE, indirect=True)
def test_folders_with_the_lists_own_columns_read_by_ours(engine: Engine, table: DataFile, truth: Truth) -> None:
    """Their own columns differ from file to file; ours are in each. Nothing else than Parquet lies there, and no text is a dictionary."""
    folder, ours = truth.folder / "data" / table.folder, ["source_row", "phone_index", "phone_column", "phone_raw"]
    for path in folder.iterdir():
        assert path.suffix == ".parquet" and not any(map(pa.types.is_dictionary, pq.read_schema(path).types)), path.name
    match engine.name:
        case "duckdb":
            found = duckdb.sql(f"SELECT {', '.join(ours)} FROM read_parquet('{folder}/*.parquet', union_by_name = true)").df()
        case "pandas":
            found = pd.read_parquet(folder, columns=ours, dtype_backend="pyarrow")
        case "pandas with NumPy":
            found = pd.read_parquet(folder, columns=ours)
        case "polars":
            found = pl.scan_parquet(folder, extra_columns="ignore", missing_columns="insert").select(ours).collect()
        case _:
            found = engine.known["spark"].read.parquet(str(folder)).select(ours)
    rows = rows_of(pa.concat_tables([pq.read_table(each, columns=ours) for each in folder.iterdir()]).to_pandas())
    assert len(rows) > 20 and rows_of(found) == rows


@needs_spark
@pytest.mark.parametrize("engine", ["spark"], indirect=True)
def test_the_shipped_views_run_in_spark(engine: Engine, truth: Truth) -> None:
    """What stands below their line, once each folder is a view."""
    spark, data = engine.known["spark"], truth.folder / "data"
    for name, table in VIEWS.items():
        spark.read.option("mergeSchema", True).parquet(str(data / table.folder)).createOrReplaceTempView(f"{name}_files")
    below = (data / "views.sql").read_text().partition("any SQL engine ----")[2]
    for statement in filter(str.strip, below.split(";")):
        spark.sql(statement)
    for name, table in VIEWS.items():
        assert spark.table(name).count() == sum(pq.read_metadata(each).num_rows for each in (data / table.folder).iterdir())
    columns = schema_of(paths.CURRENT_VERDICTS).names
    parts = views_text(["current_verdicts", "verdict_changes"], {paths.CURRENT_VERDICTS, paths.VERDICT_CHANGES})
    for statement in filter(str.strip, parts.partition("any SQL engine ----")[2].split(";")):
        spark.sql(statement)
    assert spark.table("current_verdicts").columns == columns and spark.table("current_verdicts").count() == len(truth.newest())
