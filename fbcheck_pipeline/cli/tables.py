"""What `run` and `status` show: documents for programs, tables for people."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.table import Table

from fbcheck_pipeline.cli.output import Voice
from fbcheck_pipeline.ledger import TRAITS, ChunkState
from fbcheck_pipeline.ledger.book import Row
from fbcheck_pipeline.results.lineage import rfc3339
from fbcheck_pipeline.words import CHECK_STATUSES
from fbcheck_pipeline.workflow.workspace import Workspace

OPEN_STATUSES = {
    "waiting": "not sent or not answered yet",
    "unconfirmed": "sent, answer lost: see `fbcheck status`",
    "undetermined": "sent, no usable answer: tried again at night, or with --retry",
    "refused": "the vendor refused their chunk",
    "over_budget": "above MAX_BILLABLE or MAX_BILLABLE_PER_DAY",
}


def say_outcome(voice: Voice, document: Mapping[str, Any]) -> None:
    """The result of a run as a table, what is open, and where the files are."""
    is_dry = document.get("dry_run", False)
    if document["lists"]:
        statuses = [status for status in CHECK_STATUSES if any(each["counts"][status] for each in document["lists"])]
        table = Table(title="what would be sent" if is_dry else None)
        for heading in ("list", "rows", "phones", *statuses, *(["would bill"] if is_dry else ["complete"])):
            table.add_column(heading, justify="left" if heading == "list" else "right")
        for each in document["lists"]:
            last = f"{each['would_bill']:,}" if is_dry else ("yes" if each["complete"] else "no")
            figures = [f"{each['counts'][name]:,}" for name in ("rows", "phones", *statuses)]
            table.add_row(each["list_key"] or each["file"], *figures, last)
        voice.say(table)
    for each in document["lists"]:
        if each["results"]:
            voice.say(f"results  {each['results']}")
        if not each["complete"] and not is_dry:
            still = [f"{each['counts'][name]:,} {name} ({why})" for name, why in OPEN_STATUSES.items() if each["counts"][name]]
            voice.say(f"{each['list_key']} is not complete: {'; '.join(still) or 'not planned yet'}")
    if any(each["results"] for each in document["lists"]):
        voice.say("beside each its lineage (.lineage.json) and a report to look at (.report.html)")
    count = document["would_bill"] if is_dry else document["billed_phones"]
    cost = "" if document["cost_estimate"] is None else f", about {document['cost_estimate']:.4g}"
    voice.say(f"{'would bill' if is_dry else 'billed'} {count:,} phones{cost}")
    for file, error in document["errors"].items():
        voice.say(f"error: {error}" if Path(file).name in error else f"error: {file}: {error}" if file else f"error: {error}")


def status_document(ws: Workspace) -> dict[str, Any]:
    """Lists and chunks as `status --json` prints them, oldest first."""
    list_keys = ws.ledger.lists_of_chunks()
    chunks = [_chunk(ws, row, list_keys.get(row.chunk_key, [])) for row in ws.ledger.chunks() if row.state != ChunkState.REPLACED]
    waiting = ws.ledger.waiting_counts()
    return {"lists": [_list(ws, row, chunks, waiting.get(row.list_key, 0)) for row in ws.ledger.lists()], "chunks": chunks}


def say_status(voice: Voice, document: Mapping[str, Any]) -> None:
    """The status as two tables that are understood at a glance."""
    if not document["lists"]:
        voice.say("no lists yet; `fbcheck run LIST` or a file in the inbox begins one")
        return
    lists = Table(title="lists")
    for heading in ("list", "state", "phones", "with verdict", "open", "what to do"):
        lists.add_column(heading, justify="right" if heading in ("phones", "with verdict", "open") else "left")
    for each in document["lists"]:
        counts = each["counts"]
        answered, still = counts["checked"] + counts["reused"], sum(counts[name] for name in OPEN_STATUSES)
        lists.add_row(
            each["list_key"], each["state"], f"{counts['phones']:,}", f"{answered:,}", f"{still:,}", each["action"] or ""
        )
    voice.say(lists)
    open_chunks = [each for each in document["chunks"] if each["state"] != ChunkState.COLLECTED]
    voice.say(f"{len(document['chunks'])} chunks, {len(open_chunks)} of them not collected")
    if open_chunks:
        table = Table(title="chunks not collected")
        for heading in ("chunk", "state", "phones", "progress", "age", "task", "what to do"):
            table.add_column(heading, justify="right" if heading in ("phones", "progress", "age") else "left")
        for each in open_chunks:
            progress = f"{(each['success'] or 0) / each['total']:.0%}" if each["total"] else ""
            table.add_row(
                each["chunk_key"],
                each["state"],
                f"{each['phones']:,}",
                progress,
                _age(each["age_s"]),
                each["task_id"] or "",
                each["action"] or "",
            )
        voice.say(table)


def _list(ws: Workspace, row: Row, chunks: list[dict[str, Any]], waiting: int) -> dict[str, Any]:
    ours = [each for each in chunks if row.list_key in each["list_keys"]]
    counts = {name: (row.counts or {}).get(name, 0) for name in ("rows", "phones", *CHECK_STATUSES)}
    missing = ws.settings.smallest_chunk - sum(ws.ledger.waiting_counts().values())
    action = row.error
    if action is None and waiting:
        fewest = ws.settings.smallest_chunk
        action = f"{waiting} phones wait for {max(missing, 0)} more to make a chunk of {fewest}; the next list brings them"
    if action is None:
        action = next((each["action"] for each in ours if each["action"]), None)
    return {"list_key": row.list_key, "file": row.file, "state": _list_state(row, ours), "counts": counts, "action": action}


def _list_state(row: Row, chunks: list[dict[str, Any]]) -> str:
    if row.error:
        return "unreadable"
    if row.planned_at is None:
        return "new"
    states = {ChunkState(each["state"]) for each in chunks}
    if not all(TRAITS[state].settles for state in states):
        return "to be sent" if states & {ChunkState.PLANNED, ChunkState.SENDING} else "with the vendor"
    if row.revision != row.joined_revision:
        return "to be joined"
    return "complete" if row.is_complete else "open"


def _chunk(ws: Workspace, row: Row, list_keys: list[str]) -> dict[str, Any]:
    action = TRAITS[ChunkState(row.state)].action
    since = row.submitted_at or row.planned_at
    return {
        "chunk_key": row.chunk_key,
        "list_keys": list_keys,
        "phones": row.phone_count,
        "state": row.state,
        "task_id": row.task_id,
        "vendor_status": row.vendor_status,
        "total": row.total,
        "success": row.success,
        "failure": row.failure,
        "submitted_at": rfc3339(row.submitted_at),
        "age_s": round(max(0.0, ws.ledger.clock() - since), 1),
        "action": action.format(chunk_key=row.chunk_key) if action else None,
        "note": row.note,
    }


def _age(seconds: float) -> str:
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"
