"""Tables of a Dagster project as sources: each content is one list, whose phones are bought once."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd
import polars as pl
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
from dagster._core.definitions.reconstruct import ReconstructableRepository

import fbcheck_pipeline as fb
from fbcheck_pipeline.errors import SettingsError
from fbcheck_pipeline.ledger.schema import ledger_meta
from tests.fake_vendor import FakeVendor
from tests.integration.dagster import their_sources
from tests.integration.dagster.test_embedded import failures
from tests.integration.dagster.their_project import EmbeddedDriver, environment, keys

PEOPLE = [
    {"contact_id": 7, "mobile": "079 100 00 01", "office": None, "country": "CH", "since": "2026-01-02"},
    {"contact_id": 8, "mobile": "+41791000002", "office": "044 668 18 00", "country": "CH", "since": "2026-01-03"},
    {"contact_id": 9, "mobile": "0532 123 45 67", "office": None, "country": "TR", "since": "2026-01-04"},
]


@pytest.fixture
def variables(tmp_path: Path, vendor: FakeVendor, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment(tmp_path, vendor.url).items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def driver(instance: dg.DagsterInstance, variables: None) -> Iterator[EmbeddedDriver]:
    made = EmbeddedDriver(instance, their_sources.defs(), "facebook", "enrichment")
    yield made
    made.fbcheck.close()


@pytest.fixture
def materialize(driver: EmbeddedDriver, tmp_path: Path) -> Callable[..., dg.ExecuteInProcessResult]:
    """Materializes assets of theirs by their ad-hoc job, after their table has got other rows."""

    def run(*assets: dg.AssetKey, rows: Any = None, partition: str | None = None) -> dg.ExecuteInProcessResult:
        if rows is not None:
            (tmp_path / "theirs.rows.json").write_text(json.dumps(rows))
        job = driver.definitions.resolve_implicit_global_asset_job_def()
        return job.execute_in_process(
            instance=driver.instance, asset_selection=list(assets), partition_key=partition, raise_on_error=False
        )

    return run


CONTACTS = dg.AssetKey(["crm", "contacts"])


def tick(driver: EmbeddedDriver, source: str) -> list[Any] | str:
    """What the sensor of a source asks for, or why nothing."""
    sensor = driver.definitions.resolve_sensor_def(f"facebook_{source}_source_sensor")
    with dg.build_sensor_context(instance=driver.instance, resources={driver.ours.fbcheck_key: driver.fbcheck}) as context:
        found = sensor(context)
    driver.ws = driver.fbcheck.workspace()
    return str(found.skip_message) if isinstance(found, dg.SkipReason) else list(found.run_requests)


def follow(driver: EmbeddedDriver, source: str) -> list[str]:
    """Run what the sensor asks for until nothing is due; returns the jobs."""
    ran = []
    while not isinstance(requests := tick(driver, source), str):
        for each in requests:
            job = driver.definitions.resolve_job_def(each.job_name)
            result = job.execute_in_process(
                instance=driver.instance, partition_key=each.partition_key, run_config=each.run_config, tags=each.tags,
                asset_selection=each.asset_selection,
            )  # fmt: skip
            assert result.success
            ran.append(each.job_name)
    return ran


def test_a_materialized_table_becomes_a_list_and_the_same_content_buys_nothing(
    driver: EmbeddedDriver, vendor: FakeVendor, materialize: Callable[..., Any]
) -> None:
    """Whatever the order of its rows; a new content is taken on the next day, and buys what is new of it."""
    assert tick(driver, "contacts") == "nothing new of contacts"
    assert materialize(CONTACTS, rows=PEOPLE).success
    assert follow(driver, "contacts") == ["facebook_take_contacts_list", "facebook_submit_list"]
    assert tick(driver, "contacts") == "nothing new of contacts"
    driver.finish()
    assert set(vendor.accepted) == {"+41791000001", "+41791000002", "+41446681800", "+905321234567"}
    (known,) = driver.ws.ledger.lists()
    assert (known.source, known.purpose, known.is_complete) == ("contacts", "campaign 12", True)
    table = pq.read_table(Path(driver.ws.storage.root) / "facebook_results" / f"{known.list_key}.parquet")
    assert table.schema.field("contact_id").type == "int64" and "timestamp" in str(table.schema.field("since").type)
    assert "note" not in table.column_names and table["contact_id"].to_pylist() == [7, 7, 8, 8, 9, 9]
    see_the_lineage(driver)
    see_what_is_downstream(driver, materialize, known.list_key)

    assert materialize(CONTACTS, *keys("contacts_list"), rows=PEOPLE[::-1]).success
    assert [each.list_key for each in driver.ws.ledger.lists()] == [known.list_key] and sum(vendor.accepted.values()) == 4

    more = [*PEOPLE, {**PEOPLE[0], "contact_id": 10, "mobile": "079 100 00 05"}]
    assert materialize(CONTACTS, *keys("contacts_list"), rows=more).success, "by hand, too, nothing more is taken on this day"
    assert "has its 1 new list(s) of this UTC day" in str(tick(driver, "contacts")) and len(driver.ws.ledger.lists()) == 1
    with sqlite3.connect(Path(driver.ws.storage.root) / "ledger.db") as ledger:
        ledger.execute("UPDATE lists SET added_at = added_at - 86400")
    assert follow(driver, "contacts") == ["facebook_take_contacts_list", "facebook_submit_list"]
    driver.finish()
    assert sum(vendor.accepted.values()) == 5 and vendor.most_per_phone == 1


def see_the_lineage(driver: EmbeddedDriver) -> None:
    """From their asset, through ours, to their table, for assets and for columns."""
    graph = driver.definitions.resolve_asset_graph()
    assert CONTACTS in graph.get_ancestor_asset_keys(dg.AssetKey("reachable"))
    open_places, origins = [(keys("contacts_latest")[0], "facebook")], set()
    while open_places:
        place, column = open_places.pop()
        events = driver.instance.fetch_materializations(place, limit=1).records
        made_of = events[0].asset_materialization.metadata.get("dagster/column_lineage") if events else None
        if made_of is None:
            origins.add((place, column))
        else:
            open_places += [(each.asset_key, each.column_name) for each in made_of.value.deps_by_column[column]]
    assert {(CONTACTS, "mobile"), (CONTACTS, "office"), (CONTACTS, "country")} < origins
    (events,) = (Path(driver.ws.storage.root) / "lineage").glob("contacts-*.openlineage.json")
    inputs = json.loads(events.read_text())[1]["inputs"]
    assert (inputs[0]["namespace"], inputs[0]["name"]) == ("dagster", "crm/contacts")
    (event,) = driver.instance.fetch_materializations(*keys("contacts_list"), limit=1).records
    assert event.asset_materialization.tags["dagster/data_version"] == "1"


def see_what_is_downstream(driver: EmbeddedDriver, materialize: Callable[..., Any], list_key: str) -> None:
    """Eager assets are asked for once after a join; inputs come as they are annotated, whole and by partition."""
    reachable = dg.AssetKey("reachable")
    theirs = dg.AssetSelection.assets(reachable)
    assert materialize(dg.AssetKey("of_each_list"), partition=list_key).success
    assert materialize(reachable).success
    frame, lazy, table = (their_sources.loaded[name] for name in ("newest", "known", "result"))
    assert isinstance(frame["phone_e164"].dtype, pd.ArrowDtype) and len(frame) == table.num_rows == 6
    assert lazy.select("phone_e164").collect().height == 4
    first = dg.evaluate_automation_conditions(driver.definitions, driver.instance, theirs)
    assert first.total_requested == 0, "what was there before anybody looked is no news"
    assert driver.run("join_list", list_key).success
    second = dg.evaluate_automation_conditions(driver.definitions, driver.instance, theirs, cursor=first.cursor)
    assert second.total_requested == 1
    events = driver.instance.fetch_materializations(*keys("current_verdicts"), limit=10).records
    assert len(events) == 1, "tables that are as they were are not materialized anew"
    assert not driver.instance.fetch_materializations(*keys("all_leads_latest"), limit=1).records


@pytest.mark.parametrize("database", ["duckdb", "postgresql"])
def test_a_query_is_taken_by_its_schedule_and_when_its_table_was_made(
    driver: EmbeddedDriver,
    vendor: FakeVendor,
    materialize: Callable[..., Any],
    tmp_path: Path,
    database: str,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    """Its types stay, also where a column is empty in the first rows that come."""
    url = f"duckdb:///{tmp_path}/people.duckdb" if database == "duckdb" else request.getfixturevalue("postgres_url")
    monkeypatch.setenv("THEIR_WAREHOUSE", url)
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE people (id INTEGER, phone TEXT)"))
        many = [{"id": None if n <= 12_000 else n, "phone": f"+4179{n % 3:07d}"} for n in range(1, 12_002)]
        connection.execute(sa.text("INSERT INTO people VALUES (:id, :phone)"), many)
    engine.dispose()
    assert materialize(dg.AssetKey("leads"), partition="2026-09").success
    assert follow(driver, "warehouse") == ["facebook_take_warehouse_list", "facebook_submit_list"]
    driver.finish()
    (known,) = driver.ws.ledger.lists()
    table = pq.read_table(Path(driver.ws.storage.root) / "facebook_latest" / "warehouse.parquet")
    assert table.schema.field("id").type in ("int32", "int64") and table["id"].drop_null().to_pylist() == [12_001]
    assert table["note"][0].as_py() == "12:30 %" and known.count("phones") == 12_001 and len(vendor.accepted) == 3
    schedule = driver.definitions.resolve_schedule_def("facebook_warehouse_source_schedule")
    assert (schedule.cron_schedule, schedule.job_name) == ("0 1 * * *", "facebook_take_warehouse_list")
    given: dict[str, Any] = {"instance": driver.instance, "resources": {driver.ours.fbcheck_key: driver.fbcheck}}
    with dg.build_schedule_context(**given) as context:
        assert isinstance(schedule(context), dg.RunRequest)
        with driver.ws.ledger.database.writing() as connection:
            connection.execute(sa.update(ledger_meta).values(restored_at=driver.ws.ledger.clock()))
        assert "restore --resume DAY" in str(schedule(context).skip_message), "a run would fail, for this is no fault"
        driver.fbcheck.workspace().ledger.resume(driver.ws.ledger.clock() + 1)
    monkeypatch.setenv("THEIR_WAREHOUSE", "sqlite://")
    said = failures(materialize(*keys("warehouse_list")))["enrichment__warehouse_list"]
    assert "source warehouse cannot be read (no such table: people); see to its query and its database" in said


def test_partitions_are_taken_one_by_one_or_together(
    driver: EmbeddedDriver, vendor: FakeVendor, materialize: Callable[..., Any], tmp_path: Path
) -> None:
    """The one that was materialized last, of however many; or all that exist, as one list. One of another location is loaded by its spec."""
    for month in ("2026-09", "2026-11"):
        assert materialize(dg.AssetKey("leads"), partition=month).success
    pl.DataFrame({"phone": ["+41797099001"]}).write_parquet(tmp_path / "theirs.elsewhere.parquet")
    driver.instance.report_runless_asset_event(dg.AssetMaterialization("elsewhere"))
    for source in ("leads_of_a_month", "all_leads", "elsewhere"):
        assert len(follow(driver, source)) == 2
    driver.finish()
    counts = {each.source: each.count("phones") for each in driver.ws.ledger.lists()}
    assert counts == {"leads_of_a_month": 3, "all_leads": 6, "elsewhere": 1}
    assert sum(vendor.accepted.values()) == 7 and vendor.most_per_phone == 1


def test_a_source_without_phones_ends_in_one_sentence(driver: EmbeddedDriver, materialize: Callable[..., Any]) -> None:
    """Nothing is registered."""
    empty = [{**each, "mobile": None, "office": " "} for each in PEOPLE]
    said = []
    for rows in (empty, [{"since": "2026-01-01"}], PEOPLE[:0]):
        result = materialize(CONTACTS, *keys("contacts_list"), rows=rows or [{**PEOPLE[0]}])
        said.append(failures(result).get("enrichment__contacts_list", ""))
    assert "source contacts yields no phones: mobile, office is empty in all of its 3 rows" in said[0]
    assert "source contacts has no column mobile; its columns are since, note" in said[1]
    assert len(driver.ws.ledger.lists()) == 1


@pytest.mark.long(seconds=40)
def test_it_works_under_the_multiprocess_executor(
    driver: EmbeddedDriver, vendor: FakeVendor, materialize: Callable[..., Any], tmp_path: Path
) -> None:
    """Their table and the list of it in one ad-hoc run, each step in a process of its own."""
    (tmp_path / "theirs.rows.json").write_text(json.dumps(PEOPLE))
    location = ReconstructableRepository.for_module(their_sources.__name__, "defs")
    subset = location.get_reconstructable_job("__ASSET_JOB").get_subset(
        asset_selection={CONTACTS, *keys("contacts_list")}, asset_check_selection=set()
    )
    with dg.execute_job(subset, instance=driver.instance) as ran:
        assert ran.success, failures(ran)
    assert follow(driver, "contacts") == ["facebook_submit_list"]
    assert sum(vendor.accepted.values()) == 4


def test_a_wrong_source_is_refused_where_it_is_written() -> None:
    """One sentence each."""
    for given, said in (
        ({"region": "UK"}, "source a: region: 'UK' is no ISO 3166 region such as TR, DE or US; did you mean GB"),
        ({"name": "--"}, "a source needs a name of letters and digits, and name='--' has none"),
        ({"partitions": "some"}, "source a: partitions='some' is unknown"),
        ({"phone_columns": "mobile"}, "phone_columns is a list of names"),
        ({"keep_columns": ["id"]}, "keep_columns leaves out all others, so phone_columns must be named, too"),
        ({"at_most": 0}, "at_most=0 takes no list"),
        ({"at_most": "1"}, "at_most='1' takes no list"),
    ):
        with pytest.raises(SettingsError, match=said):
            fb.AssetSource("a", **given)
    with pytest.raises(SettingsError, match="source a: url must not stand in code"):
        fb.SqlSource("a", url="sqlite://", query="SELECT 1")  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match=r"source a: deps is a list of names, e\.g\. \['leads'\]"):
        fb.SqlSource("a", url=dg.EnvVar("URL"), query="SELECT 1", deps="leads")
    with pytest.raises(SettingsError, match=r"^source a: timezone='Nowhere' is no time zone"):
        fb.SqlSource("a", url=dg.EnvVar("URL"), query="SELECT 1", cron="0 1 * * *", timezone="Nowhere")
    with pytest.raises(SettingsError, match="two sources are named a"):
        fb.build_definitions("b", sources=[fb.AssetSource("a"), fb.AssetSource(["x", "a"])])
    for given in (fb.AssetSource("a"), {"a": fb.AssetSource("a")}, ["a"]):
        with pytest.raises(SettingsError, match="sources= is a list"):
            fb.build_definitions("b", sources=given)  # type: ignore[arg-type]


def test_a_key_of_several_parts_may_be_one_text() -> None:
    """As Dagster's pages and YAML write it: as a single part it would be no asset of anybody."""
    source = fb.AssetSource("crm/contacts")
    assert (source.name, source.upstream) == ("contacts", [dg.AssetKey(["crm", "contacts"])])
