"""Snapshots of tables, taken as lists, where two are taken at once."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fbcheck_pipeline.files.storage import Storage
from fbcheck_pipeline.lists import ReadOptions
from fbcheck_pipeline.workflow.arrival.intake import file_named, register
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


def test_a_source_s_list_that_is_run_by_its_key_has_its_footer_read_once(
    open_ws: Callable[..., Workspace], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A footer names every row group and column of a table; the key, and how the list is read, both follow from it."""
    ws, read = open_ws(region="CH"), list[Path]()
    table = pa.record_batch({"phone": ["+41780000001"]})
    key = take_snapshot(ws, SnapshotRules("crm"), [table]).list_key
    of_file = pq.read_metadata
    monkeypatch.setattr(pq, "read_metadata", lambda path: read.append(path) or of_file(path))
    with file_named(ws, Path(str(key))) as path:
        assert register(ws, path, ReadOptions(), None, None) == key
    assert read == [path]
