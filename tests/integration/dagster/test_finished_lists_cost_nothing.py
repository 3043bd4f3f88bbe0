"""Ticks, status and checks cost what is new or open: the same statements, rows and files with twenty finished lists as with thousands."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np
import pytest
import sqlalchemy as sa

from fbcheck_pipeline.cli.status import status_document
from fbcheck_pipeline.defs.instance import LEDGER_TAG
from fbcheck_pipeline.defs.requests import MOST_ATTEMPTS, WORK_TAG, requests_for, submission
from fbcheck_pipeline.defs.resources import FbcheckResource
from fbcheck_pipeline.files.storage import Storage
from fbcheck_pipeline.ledger import codec, schema
from fbcheck_pipeline.ledger.access import Access
from fbcheck_pipeline.results import summary
from fbcheck_pipeline.results.summary import refresh_summary
from fbcheck_pipeline.settings import Settings
from fbcheck_pipeline.workflow.index.whereabouts import whereabouts
from fbcheck_pipeline.workflow.workspace import Workspace, open_workspace
from tests.conftest import NOON, drop
from tests.fake_vendor import FakeVendor
from tests.integration.dagster.dagster_driver import (
    STANDING_ALONE,
    exported_sensor,
    inbox_sensor,
    nightly_enrichment,
    resource,
    standing_alone,
)
from tests.integration.dagster.test_sensors import NIGHT, tick

OPEN = 3


def fill(ws: Workspace, finished: int) -> None:
    """Finished lists of one collected chunk each, and some that no run has planned yet."""
    number = range(finished)
    shared = {"options": {}, "sha256": "", "source": "s", "reading": {"rows": 5}, "planned_at": NOON, "is_pinned": True}
    done = {"is_complete": True, "revision": 3, "joined_revision": 3, "counts": {"rows": 5, "phones": 5, "checked": 5}}
    lists = [
        {"list_key": f"done-{n:08}", "number": n, "file": f"{n}.csv", "added_at": NOON + n, "joined_at": NOON + n} for n in number
    ]
    new = [{"list_key": f"new-{n:08}", "number": finished + n, "file": f"new-{n}.csv", "added_at": NOON} for n in range(OPEN)]
    packed = {
        "phone_count": 5,
        "payload_sha256": "",
        "planned_at": NOON,
        "budget_day": "2026-01-01",
    }
    settled = {
        "state": "collected",
        "result_sha256": "x",
        "settled_at": NOON,
        "exported_at": NOON,
    }
    chunks = [{"chunk_key": f"{n:016x}", "task_id": f"t{n}", "change": n} for n in number]
    pairs = [{"list_key": f"done-{n:08}", "chunk_key": f"{n:016x}"} for n in number]
    with ws.ledger.database.writing() as connection:
        connection.execute(sa.insert(schema.lists), [{**each, **shared, **done} for each in lists])
        connection.execute(sa.insert(schema.lists), [{**each, "options": {}, "sha256": "", "source": "s"} for each in new])
        connection.execute(sa.insert(schema.chunks), [{**each, **packed, **settled} for each in chunks])
        none, five = codec.pack(np.arange(0)), codec.pack(np.arange(5))
        packed_phones = [{"chunk_key": each["chunk_key"], "phones": five, "unanswered": none} for each in chunks]
        connection.execute(sa.insert(schema.chunk_phones), packed_phones)
        needs = [{"list_number": n, "chunk_key": f"{n:016x}"} for n in number]
        connection.execute(sa.insert(schema.dependencies), needs)
        connection.execute(sa.insert(schema.parts), [{**each, "start": 0, "phone_count": 5} for each in pairs])
        connection.execute(sa.update(schema.ledger_meta).values(lists_registered=finished + OPEN))


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter[str]]:
    """What was done: statements of ledger and Dagster, rows that the ledger read, questions to the storage."""
    counts: Counter[str] = Counter()

    def count_statement(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        counts["statements"] += 1

    def counting(owner: type, name: str, what: str, amount: Callable[[Any], int]) -> None:
        original = getattr(owner, name)

        def call(self: Any, *given: Any, **named: Any) -> Any:
            found = original(self, *given, **named)
            counts[what] += amount(found)
            return found

        patch.setattr(owner, name, call)

    sa.event.listen(sa.Engine, "after_cursor_execute", count_statement)
    try:
        with monkeypatch.context() as patch:
            counting(Access, "_rows", "rows", len)
            counting(Storage, "files", "listed files", len)
            for name in ("exists", "file", "read_bytes", "read_parquet"):
                counting(Storage, name, f"files by {name}", lambda _: 1)
            yield counts
    finally:
        sa.event.remove(sa.Engine, "after_cursor_execute", count_statement)


def night(instance: dg.DagsterInstance, resource: Any) -> Any:
    given = {"instance": instance, "resources": {"fbcheck": resource}, "scheduled_execution_time": NIGHT}
    with dg.build_schedule_context(**given) as context:
        return nightly_enrichment(context)


@pytest.fixture
def histories(
    make_settings: Callable[..., Settings], tmp_path: Path, vendor: FakeVendor
) -> Iterator[list[tuple[FbcheckResource, Workspace]]]:
    """The same open work over a short and a long history."""
    made = []
    for finished in (20, 2000):
        settings = make_settings(data_uri=str(tmp_path / str(finished)))
        ws = open_workspace(settings)
        fill(ws, finished)
        drop(Path(settings.data_uri), "bad.csv", "name\nanna\nbea\n")
        made.append((resource(data_uri=settings.data_uri, api_url=settings.api_url, api_key="secret-key"), ws))
    yield made
    for _, ws in made:
        ws.ledger.close()


Act = Callable[[dg.DagsterInstance, FbcheckResource, Workspace], Any]
ACTS: dict[str, Act] = {
    "the inbox's tick": lambda instance, resource, _: tick(inbox_sensor, instance, resource),
    "the exported tick": lambda instance, resource, _: tick(exported_sensor, instance, resource),
    "the night": lambda instance, resource, _: night(instance, resource),
    "status": lambda _instance, _resource, ws: status_document(ws),
    "the newest finished lists": lambda _instance, _resource, ws: ws.ledger.newest_finished(20),
    "a list by its beginning": lambda _instance, _resource, ws: ws.ledger.list_key_of("done-0000000"[:12] + "7"),
    "the summary at a join": lambda _instance, _resource, ws: refresh_summary(ws, "done-00000007"),
    "where phones are": lambda _instance, _resource, ws: whereabouts(ws, ["done-00000007"]),
    "opening": lambda _instance, _resource, ws: open_workspace(ws.settings).ledger.close(),
}


@pytest.mark.parametrize("act", list(ACTS))
def test_a_look_costs_the_same_whatever_is_finished(
    act: str,
    histories: list[tuple[FbcheckResource, Workspace]],
    instance: dg.DagsterInstance,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Fifty lists a night for two years are thirty thousand; a tick comes every ten seconds."""
    monkeypatch.setattr(summary, "LISTS_PER_FILE", 10)
    costs = []
    for fbcheck, ws in histories:
        for _ in range(2):  # the first look takes up what lies there, and makes partitions
            with counted(monkeypatch) as counts:
                ACTS[act](instance, fbcheck, ws)
        costs.append(counts)
    assert costs[0] == costs[1] and sum(costs[0].values()) < 200


def test_dagster_is_asked_once_for_all_lists_of_a_tick(
    histories: list[tuple[FbcheckResource, Workspace]], instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One look-up a list took five of the seven seconds of a night with a thousand open lists. A list that failed too often is left out."""
    _, ws = histories[0]
    works = [submission(each, f"night:{each.list_key}") for each in ws.ledger.new_lists()]
    tags = {WORK_TAG: works[1].name, LEDGER_TAG: ws.ledger.uuid}
    for _ in range(MOST_ATTEMPTS):
        instance.add_run(dg.DagsterRun("submit_list", status=dg.DagsterRunStatus.FAILURE, tags=tags))
    asked: list[Any] = []
    ask = instance.get_run_records
    monkeypatch.setattr(instance, "get_run_records", lambda *given, **named: asked.append(given) or ask(*given, **named))
    requests = requests_for(instance, STANDING_ALONE, ws, works).wanted
    assert [each.partition_key for each in requests] == ["new-00000000", "new-00000002"] and len(asked) == 1
    job = standing_alone(histories[0][0]).resolve_job_def("submit_list")
    for each in requests:  # else Dagster asks its storage twice for each
        assert (
            each.has_resolved_partition()
            and each.tags.items() >= job.get_tags_for_partition_key(each.partition_key, None).items()
        )
    assert [each.partition_key for each in requests_for(instance, STANDING_ALONE, ws, works, most=1).wanted] == ["new-00000000"]
    assert set(instance.get_dynamic_partitions("lists")) == {"new-00000000", "new-00000002"}
