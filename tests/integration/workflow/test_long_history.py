"""The store that `tests.bench.history` makes is one that nights could have left: what is measured on it is true of a real one."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import numpy as np
import pyarrow.dataset as dataset

from fbcheck_pipeline.cli.status import status_document
from fbcheck_pipeline.ledger import Ledger
from fbcheck_pipeline.results.summary import refresh_summary
from fbcheck_pipeline.workflow.workspace import Workspace
from tests.bench.history import PHONES, UNANSWERED, fill, phones_of
from tests.bench.long_history import plan
from tests.conftest import phones
from tests.fake_vendor import FakeVendor
from tests.integration.workflow.workflow_driver import WorkflowDriver, everything
from tests.statement_costs import costs_of

LISTS = 60


def test_a_list_after_a_long_history_buys_only_what_is_new(open_ws: Callable[..., Workspace], vendor: FakeVendor) -> None:
    """Answers and tries of the finished lists count as those of real ones do; none of them is open."""
    ws = open_ws(max_tries=1)
    fill(ws, LISTS)
    assert not any(status_document(ws).values()) and ws.ledger.list_count() == LISTS
    driver, new = WorkflowDriver(open_ws(max_tries=1)), phones(3, start=905_600_000_000)
    wanted = np.sort(np.concatenate([phones_of(LISTS - 1), phones_of(5), new]))
    driver.run("a", wanted)
    driver.finish()
    assert vendor.accepted == Counter({f"+{phone}": 1 for phone in new.tolist()})
    assert driver.counts("a") == {"checked": len(new), "reused": 2 * (PHONES - UNANSWERED), "undetermined": 2 * UNANSWERED}


def test_planning_sending_collecting_and_joining_cost_the_same_beside_ten_times_the_history(
    open_ws: Callable[..., Workspace], tmp_path: Path
) -> None:
    """Fifty lists a night for two years are thirty thousand. What a list shares with finished ones is looked up, not searched for."""
    costs = []
    for finished in (200, 2000):
        driver = WorkflowDriver(open_ws(data_uri=str(tmp_path / str(finished)), max_tries=1))
        fill(driver.ws, finished)
        wanted = np.sort(np.concatenate([phones_of(finished - 1), phones_of(7), phones(30, start=905_600_000_000)]))
        with costs_of(driver.ledger.database.engine.url) as found:
            driver.run("a", wanted)
            driver.finish()
            assert sum(driver.counts("a").values()) == len(wanted)
        costs.append((len(found), sum(each.work for each in found)))
    (few, light), (many, heavy) = costs
    assert many <= few + 5, "a few statements more, for files of the index"
    assert heavy <= 1.3 * light


def test_a_long_history_has_its_verdicts_and_summary(ws: Workspace) -> None:
    """What a query over the folders sees, each list and each answered phone once."""
    fill(ws, LISTS)
    rows = dataset.dataset(f"{ws.storage.root}/verdicts").to_table(columns=["phone_e164"])
    assert rows.num_rows == len(set(rows["phone_e164"].to_pylist())) == LISTS * (PHONES - UNANSWERED)
    assert refresh_summary(ws, ws.ledger.lists()[0].list_key) == {"facebook_summary/summary.parquet": LISTS}


def test_a_planning_that_is_measured_leaves_the_ledger_as_it_was(ws: Workspace) -> None:
    """It is committed as any other, and the next one must meet the same history."""
    fill(ws, LISTS)
    before, wanted = everything(ws.ledger), np.sort(np.concatenate([phones_of(7), phones(300, start=905_600_000_000)]))
    with mock.patch.object(Ledger, "delete", autospec=True, side_effect=Ledger.delete) as deletion:
        plan(ws, wanted)
    _, list_keys, chunk_keys = deletion.call_args.args
    assert list_keys == ["bench"] and chunk_keys
    assert everything(ws.ledger) == before
