"""The summary: small Parquet files with one row per joined list, so that one query answers a question about all lists.

Each file holds the rows of a thousand lists, by the number a list was registered with: a join writes one file anew, and each
list is in one file only, whoever reads them and when. A single file would cost each join more the more lists there are. The rows
are made from the ledger and from the lineage documents of the lists; deleted lists are left out. No rows of phones are read.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from fbcheck_pipeline.errors import StorageError
from fbcheck_pipeline.files.storage import BatchStream
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.model.columns import Column, distinct, schema_of
from fbcheck_pipeline.model.statuses import VERDICTS
from fbcheck_pipeline.results.counting import coverage_of
from fbcheck_pipeline.workflow.tables.shipped_views import write_views
from fbcheck_pipeline.workflow.workspace import Workspace

SUMMARY_SCHEMA = schema_of(paths.FACEBOOK_SUMMARY)
LISTS_PER_FILE = 1000
MOST_FILES = 3
"""So many files are read for the newest rows."""


def refresh_summary(ws: Workspace, list_key: str | None = None) -> dict[str, int]:
    """Update the summary; returns the number of rows of each file that was written, by path.

    Args:
        list_key: of a list that was joined: only its file; None for all files, e.g. after a purge.

    Raises:
        StorageError: a file cannot be written.
    """
    phone_list = None if list_key is None else ws.ledger.find_list(list_key)
    first, last = (0, ws.ledger.registered_lists()) if phone_list is None else (phone_list.number, phone_list.number)
    numbers = range(first // LISTS_PER_FILE, last // LISTS_PER_FILE + 1)
    written = {summary_file(number): _refresh(ws, number) for number in numbers}
    write_views(ws, is_anew=phone_list is None)  # the last of a join's tables stands
    return written


def summary_file(number: int) -> str:
    """The path of the file with the summary of the `number`th thousand of lists, counted from 0."""
    return paths.FACEBOOK_SUMMARY.of(f"-{number}" if number else "")


def newest_rows(ws: Workspace, most: int) -> pa.Table:
    """The rows of the newest lists, the oldest first; only the newest files are read, also where many of their lists are deleted."""
    newest = ws.ledger.registered_lists() // LISTS_PER_FILE
    found = SUMMARY_SCHEMA.empty_table()
    for number in range(newest, max(newest - MOST_FILES, -1), -1):
        if found.num_rows < most:
            found = pa.concat_tables([_read(ws, number), found])
    return found.slice(max(found.num_rows - most, 0))


def _refresh(ws: Workspace, number: int) -> int:
    """If two refreshes run at once, the last file written has every list."""
    while True:
        joined = _joined(ws, number)
        known = _read(ws, number)
        there = zip(known[Column.LIST_KEY].to_pylist(), known[Column.JOINED_AT].to_pylist(), strict=True)
        place_of = {each: place for place, each in enumerate(there)}
        rows = (_summarised(ws, *each) for each in joined if each not in place_of)
        new = [row for row in rows if row is not None]
        place_of |= {(row["list_key"], row["joined_at"]): place for place, row in enumerate(new, known.num_rows)}
        told = pa.array([place_of[each] for each in joined if each in place_of], pa.int64())
        found = pa.concat_tables([known, pa.Table.from_pylist(new, SUMMARY_SCHEMA)]).take(told).combine_chunks()
        ws.storage.write_parquet(summary_file(number), BatchStream(SUMMARY_SCHEMA, iter(found.to_batches())))
        if number and not found.num_rows:
            ws.storage.delete(summary_file(number))
        if _joined(ws, number) == joined:
            return int(found.num_rows)


def _joined(ws: Workspace, number: int) -> list[tuple[str, datetime]]:
    """The joined lists of a file: key and time of the last join."""
    joins = ws.ledger.joins_of(number * LISTS_PER_FILE, (number + 1) * LISTS_PER_FILE)
    return [(key, datetime.fromtimestamp(at, UTC)) for key, at in joins.items()]


def _read(ws: Workspace, number: int) -> pa.Table:
    """The rows of the present file; none if it is missing, unreadable or of another version."""
    try:
        table = ws.storage.read_parquet(summary_file(number)).read_all()
    except StorageError:
        return SUMMARY_SCHEMA.empty_table()
    return table if table.schema.equals(SUMMARY_SCHEMA) else SUMMARY_SCHEMA.empty_table()


def _summarised(ws: Workspace, list_key: str, joined_at: datetime) -> dict[str, Any] | None:
    """The row of a list, from its lineage; None if that is missing, or written by a version that did not count billing."""
    name, phone_list = paths.LINEAGE.of(list_key), ws.ledger.find_list(list_key)
    if phone_list is None or not ws.storage.exists(name):
        return None
    lineage = json.loads(ws.storage.read_bytes(name))
    if "billing" not in lineage:
        return None
    counts, times = lineage["counts"], lineage["verdict_times"]
    return {
        "list_key": phone_list.list_key,
        "source": phone_list.source,
        "added_at": datetime.fromtimestamp(phone_list.added_at, UTC),
        "file": phone_list.file,
        "first_joined_at": datetime.fromtimestamp(phone_list.first_joined_at or joined_at.timestamp(), UTC),
        "joined_at": joined_at,
        "complete": lineage["complete"],
        **counts,
        **lineage["verdicts"],
        **{distinct(verdict): lineage["distinct"][verdict] for verdict in VERDICTS},
        Column.OLDEST_CHECKED_AT: times and datetime.fromisoformat(times["oldest"]),
        "billed_phones": lineage["billing"]["billed"],
        "coverage": coverage_of(counts),
        "purpose": lineage["purpose"],
        "synthetic": lineage["synthetic"],
    }
