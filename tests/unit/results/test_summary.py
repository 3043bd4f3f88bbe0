"""One row per list, from the ledger and the lineages, whoever refreshes it and when."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from fbcheck_pipeline.model import paths
from fbcheck_pipeline.results import summary
from fbcheck_pipeline.results.summary import refresh_summary, summary_file
from fbcheck_pipeline.workflow.workspace import Workspace
from tests.conftest import Clock
from tests.unit.results.documents import lineage

COLUMNS = [
    "list_key",
    "rows",
    "phones",
    "checked",
    "reused",
    "rejected",
    "yes",
    "no",
    "ban",
    "billed_phones",
    "coverage",
    "synthetic",
]


@pytest.fixture
def join(ws: Workspace) -> Callable[..., None]:
    """What a join leaves behind of a list."""

    def make(key: str, **changes: Any) -> None:
        if ws.ledger.find_list(key) is None:
            ws.ledger.register_list(key, file=f"{key}.csv", source="s", sha256=key, options={}, purpose="test")
        ws.storage.write_bytes(
            paths.LINEAGE.of(key), json.dumps(lineage(**{"list_key": key, "purpose": "test", **changes})).encode()
        )
        ws.ledger.note_joined(key, revision=0, counts={}, is_complete=True)

    return make


def rows(ws: Workspace) -> list[dict[str, Any]]:
    return list(ws.storage.read_parquet(summary_file(0)).read_all().to_pylist())


def test_each_joined_list_is_one_row(ws: Workspace, join: Callable[..., None]) -> None:
    """What a query across lists reads; a list that is not joined yet has no row."""
    join("a")
    join("b", synthetic=True)
    ws.ledger.register_list("new", file="new", source="s", sha256="new", options={}, purpose=None)
    assert refresh_summary(ws) == {"facebook_summary/summary.parquet": 2}
    first, second = rows(ws)
    assert [first[name] for name in COLUMNS] == ["a", 100, 120, 80, 15, 20, 60, 30, 5, 70, 0.95, False]
    assert (first["source"], first["distinct_yes"], first["distinct_no"], first["distinct_ban"]) == ("s", 54, 27, 4)
    assert first["added_at"] <= first["first_joined_at"] == first["joined_at"]
    assert first["oldest_checked_at"].isoformat().startswith("2026-11-20T12:00:00")
    assert second["synthetic"] and first["purpose"] == "test" and first["file"] == "a.csv"


def test_only_what_was_joined_since_is_read_again(
    ws: Workspace, join: Callable[..., None], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thousand lists must not be read for each join."""
    for key in ("a", "b", "c"):
        join(key)
    refresh_summary(ws)
    read: list[str] = []
    summarised = summary._summarised
    monkeypatch.setattr(summary, "_summarised", lambda ws, key, at: read.append(key) or summarised(ws, key, at))
    clock.advance(60)
    join("b", verdicts={"yes": 1, "no": 2, "ban": 3})
    refresh_summary(ws)
    assert read == ["b"] and [row["yes"] for row in rows(ws)] == [60, 1, 60]
    assert [(row["joined_at"] - row["first_joined_at"]).total_seconds() for row in rows(ws)] == [0, 60, 0]


def test_a_purged_list_is_gone_and_a_lost_or_foreign_summary_is_made_anew(ws: Workspace, join: Callable[..., None]) -> None:
    """It is no record of its own."""
    join("a")
    join("b")
    refresh_summary(ws)
    ws.ledger.delete(["a"], [])
    refresh_summary(ws)
    assert [row["list_key"] for row in rows(ws)] == ["b"]
    ws.storage.write_bytes(summary_file(0), b"no Parquet")
    refresh_summary(ws)
    assert [row["list_key"] for row in rows(ws)] == ["b"]


def test_a_join_during_a_refresh_is_not_lost(ws: Workspace, join: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    """Two runs refresh at once: whoever ends last has seen both lists."""
    join("a")
    write, late = ws.storage.write_parquet, ["b"]

    def write_while_another_joins(name: str, stream: Any) -> int:
        if late:
            join(late.pop())
        return write(name, stream)

    monkeypatch.setattr(ws.storage, "write_parquet", write_while_another_joins)
    assert refresh_summary(ws) == {"facebook_summary/summary.parquet": 2} and [row["list_key"] for row in rows(ws)] == ["a", "b"]


def test_the_newest_rows_come_from_the_newest_files_alone(
    ws: Workspace, join: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The index of reports is made at each join: it must not read what is long finished."""
    monkeypatch.setattr(summary, "LISTS_PER_FILE", 2)
    for key in "abcdefghi":
        join(key)
    refresh_summary(ws)
    read: list[str] = []
    monkeypatch.setattr(
        ws.storage, "read_parquet", lambda name: read.append(name) or type(ws.storage).read_parquet(ws.storage, name)
    )
    assert summary.newest_rows(ws, 3)["list_key"].to_pylist() == ["g", "h", "i"] and read == [
        summary_file(4),
        summary_file(3),
    ]
    assert summary.newest_rows(ws, 99)["list_key"].to_pylist() == ["e", "f", "g", "h", "i"]


def test_a_join_writes_the_file_of_its_own_lists_alone(
    ws: Workspace, join: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is finished costs nothing; whoever reads the folder finds each list once; an emptied file goes."""
    monkeypatch.setattr(summary, "LISTS_PER_FILE", 2)
    for key in "abcde":
        join(key)
    refresh_summary(ws)
    names = ["summary-1.parquet", "summary-2.parquet", "summary.parquet"]
    assert ws.storage.names("facebook_summary") == names
    found = [ws.storage.read_parquet(f"facebook_summary/{name}").read_all().to_pylist() for name in names]
    assert [[row["list_key"] for row in each] for each in found] == [["c", "d"], ["e"], ["a", "b"]]
    read: list[str] = []
    monkeypatch.setattr(
        ws.storage, "read_parquet", lambda name: read.append(name) or type(ws.storage).read_parquet(ws.storage, name)
    )
    join("d", verdicts={"yes": 1, "no": 2, "ban": 3})
    assert refresh_summary(ws, "d") == {"facebook_summary/summary-1.parquet": 2} and read == [summary_file(1)]
    ws.ledger.delete(["e"], [])
    refresh_summary(ws)
    assert ws.storage.names("facebook_summary") == ["summary-1.parquet", "summary.parquet"]
