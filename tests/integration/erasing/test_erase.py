"""A person is erased: their number lies nowhere in any form, everybody else's data are as they were, and nothing is bought again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from fbcheck_pipeline.cli.output import Reporter
from fbcheck_pipeline.cli.status import say_status
from fbcheck_pipeline.results.joined_list import rejoin
from fbcheck_pipeline.workflow.allocation import Again
from fbcheck_pipeline.workflow.erase import Erased, erase
from fbcheck_pipeline.workflow.erased_chunks import awaited
from fbcheck_pipeline.workflow.person import person_of, what_is_held
from fbcheck_pipeline.workflow.purge import purge
from fbcheck_pipeline.workflow.workspace import Workspace
from tests.conftest import DAY_S, Clock
from tests.fake_vendor import FakeVendor
from tests.integration.erasing import store
from tests.integration.erasing.store import PERSON, counts_add_up, grown_store, take_in, where_is
from tests.integration.workflow.workflow_driver import WorkflowDriver
from tests.prepared import nothing_synced


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.xdist_group("postgres"))])
def driver(request: pytest.FixtureRequest, open_ws: Callable[..., Workspace]) -> WorkflowDriver:
    url = request.getfixturevalue("postgres_url") if request.param == "postgresql" else None
    with nothing_synced():
        return WorkflowDriver(open_ws(chunk_size=10, region="TR", **({"ledger_url": url} if url else {})))


def erased(ws: Workspace, *phones: int) -> Erased:
    return erase(ws, person_of(np.array(phones, np.int64)), rejoin)


def test_a_person_lies_nowhere_and_everybody_else_as_before(
    driver: WorkflowDriver, vendor: FakeVendor, clock: Clock, tmp_path: Path
) -> None:
    """Two lists are left without them, one is gone; the night after buys nothing."""
    ws, keys = driver.ws, grown_store(driver, tmp_path / "lists")
    assert len(where_is(ws, PERSON)) > 10
    before, posts = store.tables(ws, PERSON), len(vendor.posts)
    tries = {each.chunk_key: (each.phone_count, each.tries) for each in ws.ledger.chunks()}
    done = erased(ws, PERSON)
    assert (done.rows, done.cells, done.purged, done.is_whole) == (4, 4, [keys["alone"]], True)
    assert where_is(ws, PERSON) == []
    after = store.tables(ws, PERSON)
    for name, rows in before.items():
        if keys["alone"] not in name:
            wanted = [
                {key: "(erased)" if store._cell_has(value, PERSON) else value for key, value in row.items()} for row in rows
            ]
            assert after.get(name, []) == sorted(wanted, key=repr), name
    assert counts_add_up(ws, keys["customers"])["erased"] == 2 and counts_add_up(ws, keys["leads"])["erased"] == 1
    assert counts_add_up(ws, keys["customers"])["source"]["sha256"] is None
    assert {each.chunk_key: (each.phone_count, each.tries) for each in ws.ledger.chunks()} == tries
    assert what_is_held(ws, person_of(np.array([PERSON]))).is_nothing
    clock.advance(DAY_S)
    for name in ("customers", "leads"):
        take_in(driver, tmp_path / "lists" / f"{name}.{'csv' if name == 'customers' else 'xlsx'}")
        ws_batches = ws.storage.read_parquet(f"e164_phones/{keys[name]}.parquet").batches
        store.submit_list(ws, driver.client, keys[name], ws_batches, again=Again.NIGHT)
    assert len(vendor.posts) == posts and where_is(ws, PERSON) == []


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
