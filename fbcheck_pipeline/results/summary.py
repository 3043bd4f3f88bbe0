"""The summary: one small Parquet file with one row per joined list, so that one query answers a question about all lists.

It is made from the ledger and from the lineage documents of the lists; deleted lists are left out. It reads no rows of phones.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from fbcheck_pipeline.errors import StorageError
from fbcheck_pipeline.files.storage import BatchStream
from fbcheck_pipeline.ledger.records import PhoneList
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.model.columns import schema_of
from fbcheck_pipeline.results.counting import coverage_of
from fbcheck_pipeline.workflow.workspace import Workspace

SUMMARY_SCHEMA = schema_of(paths.FACEBOOK_SUMMARY)


def refresh_summary(ws: Workspace) -> int:
    """Update the summary and return its number of rows. If two refreshes run at once, the last file written has every list.

    Raises:
        StorageError: it cannot be written.
    """
    while True:
        joined = _joined(ws)
        known = {(row["list_key"], row["joined_at"]): row for row in _read(ws)}
        rows = (known.get(place) or _summarised(ws, each, place[1]) for place, each in joined.items())
        found = [row for row in rows if row is not None]
        table = pa.Table.from_pylist(found, SUMMARY_SCHEMA)
        ws.storage.write_parquet(
            paths.FACEBOOK_SUMMARY.path, BatchStream(SUMMARY_SCHEMA, iter(table.combine_chunks().to_batches()))
        )
        if _joined(ws).keys() == joined.keys():
            return len(found)


def _joined(ws: Workspace) -> dict[tuple[str, datetime], PhoneList]:
    """The joined lists, by key and time of their join."""
    lists = ws.ledger.lists()
    return {(each.list_key, datetime.fromtimestamp(each.joined_at, UTC)): each for each in lists if each.joined_at is not None}


def _read(ws: Workspace) -> list[dict[str, Any]]:
    """The rows of the present file; none if it is missing, unreadable or of another version."""
    try:
        table = ws.storage.read_parquet(paths.FACEBOOK_SUMMARY.path).read_all()
    except StorageError:
        return []
    return list(table.to_pylist()) if table.schema.equals(SUMMARY_SCHEMA) else []


def _summarised(ws: Workspace, phone_list: PhoneList, joined_at: datetime) -> dict[str, Any] | None:
    """The row of a list, from its lineage; None if that is missing, or written by a version that did not count billing."""
    name = paths.LINEAGE.of(phone_list.list_key)
    if not ws.storage.exists(name):
        return None
    lineage = json.loads(ws.storage.read_bytes(name))
    if "billing" not in lineage:
        return None
    counts = lineage["counts"]
    return {
        "list_key": phone_list.list_key,
        "file": phone_list.file,
        "joined_at": joined_at,
        "complete": lineage["complete"],
        **counts,
        **lineage["verdicts"],
        "billed_phones": lineage["billing"]["billed"],
        "coverage": coverage_of(counts),
        "purpose": lineage["purpose"],
        "synthetic": lineage["synthetic"],
    }
