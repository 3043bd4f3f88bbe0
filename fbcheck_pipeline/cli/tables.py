"""What `run` and `status` show: documents for programs, tables for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.markup import escape
from rich.table import Table

from fbcheck_pipeline.cli.output import Voice, duration
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
            table.add_row(each["list_key"] or escape(each["file"]), *figures, last)
        voice.say(table)
    for each in document["lists"]:
        if each["results"]:
            voice.say(f"results  {each['results']}")
        if not each["complete"] and not is_dry:
            voice.say(f"{each['list_key']} is not complete: {_still_open(each['counts']) or 'not planned yet'}")
        if each["hint"]:
            voice.say(f"{each['file']}: {each['hint']}")
    if any(each["results"] for each in document["lists"]):
        voice.say("beside each its lineage (.lineage.json) and a report to look at (.report.html)")
    count = document["would_bill"] if is_dry else document["billed_phones"]
    cost = "" if document["cost_estimate"] is None else f", about {document['cost_estimate']:.4g}"
    voice.say(f"{'would bill' if is_dry else 'billed'} {count:,} phones{cost}")
    for file, error in document["errors"].items():
        voice.warn(f"error: {error}" if Path(file).name in error else f"error: {file}: {error}" if file else f"error: {error}")


def region_hint(without_region: int, counts: Mapping[str, int], *, is_recorded: bool) -> str | None:
    """What to do about numbers that nobody said the country of; None when there are none.

    Args:
        is_recorded: the list was read, and its reading options are fixed.
    """
    if not without_region:
        return None
    remedy = "copy the file under another name and run that with --region" if is_recorded else "give --region"
    return f"{without_region:,} of {counts['phones']:,} numbers have no country code and no region is set; {remedy}, e.g. --region TR"


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
    lists = _table("lists", "list", "state", "phones>", "settled>", "open>", "age>", "what to do")
    for each in document["lists"]:
        phones, still = each["counts"]["phones"], sum(each["counts"][name] for name in OPEN_STATUSES)
        settled = f"{(phones - still) / phones:.0%}" if phones else ""
        figures = (f"{phones:,}", settled, f"{still:,}", duration(each["age_s"]))
        to_do = each["action"] or _still_open(each["counts"])
        lists.add_row(each["list_key"], _coloured(each["state"]), *figures, escape(to_do))
    voice.say(lists)
    open_chunks = [each for each in document["chunks"] if each["state"] != ChunkState.COLLECTED]
    if open_chunks:
        chunks = _table("chunks not collected", "chunk", "state", "phones>", "progress>", "age>", "task", "what to do")
        for each in open_chunks:
            progress = f"{(each['success'] or 0) / each['total']:.0%}" if each["total"] else ""
            row = (each["chunk_key"], _coloured(each["state"]), f"{each['phones']:,}", progress, duration(each["age_s"]))
            chunks.add_row(*row, escape(each["task_id"] or ""), escape(each["action"] or ""))
        voice.say(chunks)
    in_state = Counter(each["state"] for each in document["lists"])
    voice.say(
        f"{len(document['lists'])} lists: {', '.join(f'{count} {state}' for state, count in in_state.items())}; "
        f"{len(document['chunks'])} chunks, {len(open_chunks)} of them not collected"
    )


def _still_open(counts: Mapping[str, int]) -> str:
    return "; ".join(f"{counts[name]:,} {name} ({why})" for name, why in OPEN_STATUSES.items() if counts[name])


def _table(title: str, *headings: str) -> Table:
    """A table; a heading that ends with > stands above figures."""
    table = Table(title=title, title_justify="left")
    for heading in headings:
        table.add_column(heading.rstrip(">"), justify="right" if heading.endswith(">") else "left")
    return table


def _coloured(state: str) -> str:
    colour = {"complete": "green", "unreadable": "red"} | dict.fromkeys(("unconfirmed", "overdue", "refused", "failed"), "red")
    return f"[{colour.get(state, 'yellow')}]{state}[/]"


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
    return {
        "list_key": row.list_key,
        "file": row.file,
        "state": _list_state(row, ours),
        "counts": counts,
        "age_s": round(max(0.0, ws.ledger.clock() - row.added_at), 1),
        "action": action,
    }


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
