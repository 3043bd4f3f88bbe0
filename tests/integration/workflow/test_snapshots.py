"""Snapshots of tables, taken as lists, where two are taken at once."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pyarrow as pa
import pytest

from fbcheck_pipeline.files.storage import Storage
from fbcheck_pipeline.workflow.arrival.snapshots import SnapshotRules, take_snapshot
from fbcheck_pipeline.workflow.workspace import Workspace


def test_two_new_contents_taken_at_once_are_one_list_where_a_day_has_one(
    open_ws: Callable[..., Workspace], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each would find room before the other is recorded, and twice as many phones would be bought as the bound admits."""
    both_are_here, copy_in = threading.Barrier(2, timeout=30), Storage.copy_in

    def meet(*args: Any, **given: Any) -> None:
        both_are_here.wait()
        copy_in(*args, **given)

    monkeypatch.setattr(Storage, "copy_in", meet)
    workspaces = [open_ws(region="CH") for _ in range(2)]

    def take(number: int) -> str | None:
        table = pa.record_batch({"phone": [f"+4178000000{number}"]})
        return take_snapshot(workspaces[number], SnapshotRules("crm", at_most=1), [table]).list_key

    with ThreadPoolExecutor(2) as threads:
        taken = list(threads.map(take, range(2)))
    (key,) = [each for each in taken if each is not None]
    assert [each.list_key for each in workspaces[0].ledger.lists()] == [key]
    assert [each.name for each in workspaces[0].storage.files("taken", is_deep=True)] == [f"{key}/crm.parquet"]
