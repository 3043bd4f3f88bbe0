"""Every query of every use case finds what it reads by an index: beside hundreds of finished lists none reads them, on SQLite and PostgreSQL."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

import dagster as dg
import pytest
import sqlalchemy as sa

from fbcheck_pipeline.cli.doctor import examine
from fbcheck_pipeline.cli.estimating import dry_run
from fbcheck_pipeline.cli.explaining import say_lineage
from fbcheck_pipeline.cli.interrupts import Interrupts
from fbcheck_pipeline.cli.metrics import metrics_page
from fbcheck_pipeline.cli.output import Reporter
from fbcheck_pipeline.cli.run_options import RunOptions
from fbcheck_pipeline.cli.running import run_lists
from fbcheck_pipeline.cli.status import say_status
from fbcheck_pipeline.ledger import codec
from fbcheck_pipeline.lists import ReadOptions
from fbcheck_pipeline.results import summary
from fbcheck_pipeline.results.export import export_results
from fbcheck_pipeline.settings import Settings
from fbcheck_pipeline.vendor.client import VendorClient
from fbcheck_pipeline.workflow.collection.reconcile import abandon, attach_task, resubmit
from fbcheck_pipeline.workflow.erasing.purge import purge
from fbcheck_pipeline.workflow.index.whereabouts import whereabouts
from fbcheck_pipeline.workflow.workspace import Workspace, open_workspace
from tests.bench.history import fill, phones_of
from tests.conftest import Clock, drop
from tests.fake_vendor import FakeVendor
from tests.integration.dagster.dagster_driver import DagsterDriver, exported_sensor, inbox_sensor, nightly_enrichment, swiss
from tests.integration.dagster.test_sensors import NIGHT, tick
from tests.statement_costs import Cost, costs_of

FINISHED = 1000
MOST_STEPS, MOST_ROWS = 2000, 100
"""Of one statement: less than it takes to look at each finished list or chunk, on SQLite and PostgreSQL."""
BY_DESIGN = {
    "status --all": "it shows all of it",
    "doctor": "it counts all chunks, by one statement; nobody waits for it",
    "purge of what is old": "it asks of each list whether it is old; nobody waits for it",
}

Acts = Iterator[tuple[str, Callable[[], object]]]


def use_cases(driver: DagsterDriver, vendor: FakeVendor, folder: Path) -> Acts:
    """What the product does from a list to its deletion; each is done before the next is asked for."""
    ws, instance, reporter = driver.ws, driver.instance, Reporter(as_json=False, quiet=True)
    settings, csv = ws.settings, "phone\n" + "\n".join([*swiss(12), *codec.to_e164(phones_of(FINISHED - 1)).to_pylist()])
    drop(folder / "data", "a.csv", csv)
    yield "inbox tick", lambda: tick(inbox_sensor, instance, driver.fbcheck)
    (key,) = [each.list_key for each in ws.ledger.new_lists()]
    yield "plan and send", lambda: _done(driver, "submit_list", key)
    yield "exported tick", lambda: tick(exported_sensor, instance, driver.fbcheck)
    yield "status", lambda: say_status(reporter, ws)
    yield "metrics", lambda: metrics_page(ws)
    yield "poll and collect", driver.finish_collecting
    yield "join", lambda: _done(driver, "join_list", key)
    yield "night", lambda: _night(driver)
    yield "checks", lambda: _done(driver, "operator_checks")
    yield "status of a list", lambda: say_status(reporter, ws, list_key=ws.ledger.list_key_of(key[:-2]))
    (chunk,) = [each for each in ws.ledger.chunks_of(key) if each.phone_count == 12]
    yield "names", lambda: (ws.ledger.list_key_of("a.csv"), ws.ledger.chunk_key_of(chunk.chunk_key[:12]))
    yield "lineage", lambda: say_lineage(ws, key, None, reporter)
    yield "explain", lambda: say_lineage(ws, key, 1, reporter)
    yield "export", lambda: export_results(ws, key, folder / "a.xlsx")
    (folder / "b.csv").write_text("phone\n" + "\n".join(swiss(20, 5)))
    yield "dry run", lambda: dry_run(settings, [folder / "b.csv"], RunOptions(ReadOptions()), reporter)
    yield "run", lambda: _run(settings, folder / "b.csv", RunOptions(ReadOptions()), reporter)
    yield "run again", lambda: _run(settings, folder / "b.csv", RunOptions(ReadOptions(), retry=True), reporter)
    yield "where phones are", lambda: whereabouts(ws, [key])
    yield "opt-outs", lambda: ws.ledger.suppress(phones_of(0)[:5])
    yield from _reconciling(driver, vendor)
    yield "doctor", lambda: examine(reporter)
    yield "opening", lambda: open_workspace(settings).ledger.close()
    yield "purge of one list", lambda: purge(ws, older_than_days=None, list_key=key)
    yield "status --all", lambda: say_status(reporter, ws, is_all=True)
    yield "purge of what is old", lambda: purge(ws, older_than_days=365)


def _run(settings: Settings, path: Path, options: RunOptions, reporter: Reporter) -> None:
    with Interrupts() as interrupts:
        run_lists(settings, [path], options, reporter, interrupts)


def _reconciling(driver: DagsterDriver, vendor: FakeVendor) -> Acts:
    ws = driver.ws
    for number, name in enumerate(("attach", "resubmit", "abandon")):
        vendor.script.append("accept_then_cut")
        key = driver.drop(f"{name}.csv", swiss(9, 100 * (number + 1)))
        yield f"lost answer ({name})", partial(_done, driver, "submit_list", key)
        (chunk,) = ws.ledger.chunks_of(key)
        decide = {"attach": partial(_attach, ws, task_id=list(vendor.tasks)[-1]), "resubmit": partial(resubmit, ws)}
        yield f"reconcile --{name}", partial(decide.get(name, partial(abandon, ws)), chunk.chunk_key)


def _attach(ws: Workspace, chunk_key: str, task_id: str) -> None:
    with VendorClient(ws.settings) as client:
        attach_task(ws, client, chunk_key, task_id)


def _done(driver: DagsterDriver, job: str, key: str | None = None) -> None:
    assert driver.run(job, key).success


def _night(driver: DagsterDriver) -> None:
    given = {"instance": driver.instance, "resources": {"fbcheck": driver.fbcheck}, "scheduled_execution_time": NIGHT}
    with dg.build_schedule_context(**given) as context:
        nightly_enrichment(context)


@pytest.fixture
def folder(tmp_path: Path, vendor: FakeVendor, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Whose settings come from the environment, as a command's do."""
    clock.now = time.time()
    settings = {"DATA_URI": tmp_path / "data", "API_URL": vendor.url, "API_KEY": "secret-key", "POLL_SECONDS": "0.05"}
    settings |= {"MAX_BILLABLE": 10_000, "MAX_BILLABLE_PER_DAY": 100_000}  # so that both are looked at
    for name, value in settings.items():
        monkeypatch.setenv(f"FBCHECK_{name}", str(value))
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))
    monkeypatch.setattr(summary, "LISTS_PER_FILE", 20)
    return tmp_path


def looked_at(instance: dg.DagsterInstance, vendor: FakeVendor, folder: Path) -> Mapping[str, list[Cost]]:
    """The costs of the statements of each use case."""
    driver, costs = DagsterDriver(instance), dict[str, list[Cost]]()
    try:
        fill(driver.ws, FINISHED)
        engine = driver.ws.ledger.database.engine
        if engine.url.get_backend_name() == "postgresql":  # it does so by itself; nobody does on SQLite
            with engine.begin() as connection:
                connection.execute(sa.text("ANALYZE"))
        for name, act in use_cases(driver, vendor, folder):
            with costs_of(engine.url) as found:
                act()
            costs[name] = found
    finally:
        driver.ws.ledger.close()
    return costs


def judge(costs: Mapping[str, list[Cost]], most: int) -> None:
    """Only what is meant to read the history does."""
    reading = {name: bad for name, found in costs.items() if (bad := [each for each in found if each.scans or each.work > most])}
    lines = [
        f"{name}: {each.work} {each.scans} {each.statement}" for name in reading.keys() - BY_DESIGN for each in reading[name]
    ]
    assert not lines, "\n".join(lines)
    assert reading.keys() >= BY_DESIGN.keys(), "what is said to read the history does not any more"


def test_no_query_reads_what_is_finished_on_sqlite(instance: dg.DagsterInstance, vendor: FakeVendor, folder: Path) -> None:
    """SQLite says which tables it scans, and how many steps it takes."""
    judge(looked_at(instance, vendor, folder), MOST_STEPS)


@pytest.mark.xdist_group("postgres")
def test_no_query_reads_what_is_finished_on_postgres(
    instance: dg.DagsterInstance, vendor: FakeVendor, folder: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its planner may not scan a table where any index would do, so what it scans has none; and it says how many rows it touched."""
    monkeypatch.setenv("FBCHECK_LEDGER_URL", f"{postgres_url}&options=-c%20enable_seqscan%3Doff%20-c%20jit%3Doff")
    judge(looked_at(instance, vendor, folder), MOST_ROWS)
