"""What `run` and `status` show: documents for programs, tables for people."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from rich import box
from rich.markup import escape
from rich.table import Table

from fbcheck_pipeline.cli.output import Reporter, count_of, duration
from fbcheck_pipeline.ledger import TRAITS, ChunkState
from fbcheck_pipeline.ledger.records import Chunk, PhoneList
from fbcheck_pipeline.model.statuses import CHECK_STATUSES, OPEN_STATUSES, VERDICTS, CheckStatus
from fbcheck_pipeline.model.task_ids import shown_task_id
from fbcheck_pipeline.results.lineage import rfc3339
from fbcheck_pipeline.workflow.doubt import what_to_do
from fbcheck_pipeline.workflow.workspace import Workspace


def say_outcome(reporter: Reporter, document: Mapping[str, Any]) -> None:
    """Print the result of a run as a table, what is still open, and where the files are."""
    is_dry = document.get("dry_run", False)
    if document["lists"]:
        statuses = [status for status in CHECK_STATUSES if any(each["counts"][status] for each in document["lists"])]
        table = plain_table(
            "what would be sent" if is_dry else None, "list", *(f"{name}>" for name in ("rows", "phones", *statuses)),
            "would bill>" if is_dry else "complete>",
        )  # fmt: skip
        for each in document["lists"]:
            last = f"{each['would_bill']:,}" if is_dry else ("yes" if each["complete"] else "no")
            figures = [f"{each['counts'][name]:,}" for name in ("rows", "phones", *statuses)]
            table.add_row(each["list_key"] or escape(each["file"]), *figures, last)
        reporter.say(table)
    for each in document["lists"]:
        _say_reading(reporter, each)
        verdicts = each.get("verdicts") or {}
        if any(verdicts.values()):
            told = ", ".join(f"{verdicts[name]:,} {name}" for name in VERDICTS)
            without = each["counts"][CheckStatus.UNDETERMINED]
            reporter.say(
                f"{each['list_key']}: {told}" + (f"; {count_of(without, 'phone')} without a usable answer" if without else "")
            )
        if each["results"]:
            reporter.say(f"results  {each['results']}")
        if each["held"]:
            reporter.warn(f"{each['list_key'] or each['file']} {'would be' if is_dry else 'is'} {each['held']}")
        elif not each["complete"] and not is_dry:
            reporter.say(f"{each['list_key']} is not complete: {_still_open(each['counts']) or 'not planned yet'}")
        if each["hint"]:
            reporter.say(f"{each['file']}: {each['hint']}")
    if any(each["results"] for each in document["lists"]):
        reporter.say("each result has a lineage file (.lineage.json) and a report page (.report.html) beside it")
    count = document["would_bill"] if is_dry else document["billed_phones"]
    cost = "" if document["cost_estimate"] is None else f", about {document['cost_estimate']:.4g}"
    perhaps = "" if is_dry or not document["perhaps_billed_phones"] else (
        f"; perhaps billed: {document['perhaps_billed_phones']:,} more phones whose answer was lost; see `fbcheck status`"
    )  # fmt: skip
    reporter.say(f"{'would bill' if is_dry else 'billed'} {count_of(count, 'phone')}{cost}{perhaps}")
    for file, error in document["errors"].items():
        reporter.warn(f"error: {error}" if Path(file).name in error else f"error: {file}: {error}" if file else f"error: {error}")


def _say_reading(reporter: Reporter, each: Mapping[str, Any]) -> None:
    """Print how a list was read, and why some of its numbers are rejected."""
    if each["read_so"]:
        reporter.say(f"{each['file']}: " + " ".join(each["read_so"]))
    for column, rejects in by_column(each["rejects"]).items():
        reporter.say(f"{each['file']}: rejected in column {column!r}, of {rejects[0]['cells']:,} cells: {told_of(rejects)}")


def by_column(rejects: Iterable[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    """The same rejects, as `Rejects.to_json` gives them, by column."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for each in rejects:
        found.setdefault(each["column"], []).append(each)
    return found


def told_of(rejects: Iterable[Mapping[str, Any]]) -> str:
    """Counts by reason, each with shapes of such cells: `12 too_short (##, # ##)`."""
    return ", ".join(
        f"{each['count']:,} {each['reason']}" + (f" ({' | '.join(each['examples'])})" if each["examples"] else "")
        for each in rejects
    )


def region_hint(without_region: int, counts: Mapping[str, int], *, is_recorded: bool) -> str | None:
    """What to do about numbers without a known country; None if there are none.

    Args:
        is_recorded: the list was read, and its reading options are fixed.
    """
    if not without_region:
        return None
    remedy = "delete the list with `fbcheck purge --list`, then run it again with --region" if is_recorded else "use --region"
    return f"{without_region:,} of {counts['phones']:,} numbers have no country code and no region is set; {remedy}, e.g. --region TR"


def status_document(ws: Workspace) -> dict[str, Any]:
    """Lists and chunks as `status --json` prints them, oldest first."""
    hidden = (ChunkState.REPLACED, ChunkState.WITHDRAWN)
    shown = [each for each in ws.ledger.chunks() if each.state not in hidden or each.possible_task_id]
    list_keys = ws.ledger.lists_of_chunks(each.chunk_key for each in shown)
    chunks = [_chunk(ws, each, list_keys.get(each.chunk_key, [])) for each in shown]
    waiting = ws.ledger.waiting_counts()
    return {"lists": [_list(ws, each, chunks, waiting) for each in ws.ledger.lists()], "chunks": chunks}


def say_status(reporter: Reporter, document: Mapping[str, Any], data_uri: str) -> None:
    """Print the status as two tables, and what a person should do as lines that can be copied."""
    if not document["lists"]:
        reporter.say(f"there are no lists in {data_uri} yet; run `fbcheck run LIST`, or put a file into its inbox")
        return
    lists = plain_table("lists", "list", "state", "phones>", "settled>", "open>", "age>")
    for each in document["lists"]:
        phones, still = each["counts"]["phones"], sum(each["counts"][name] for name in OPEN_STATUSES)
        settled = f"{100 * (phones - still) // phones} %" if phones else ""
        figures = (f"{phones:,}", settled, f"{still:,}", duration(each["age_s"]))
        lists.add_row(each["list_key"], _coloured(each["state"]), *figures)
    reporter.say(lists)
    open_chunks = [each for each in document["chunks"] if each["state"] != ChunkState.COLLECTED]
    if open_chunks:
        chunks = plain_table("chunks not collected", "chunk", "state", "phones>", "done>", "age>", "task")
        for each in open_chunks:
            done = f"{100 * (each['success'] or 0) // each['total']} %" if each["total"] else ""
            row = (each["chunk_key"], _coloured(each["state"]), f"{each['phones']:,}", done, duration(each["age_s"]))
            chunks.add_row(*row, escape(shown_task_id(each["task_id"])))
        reporter.say(chunks)
    for each in document["lists"]:
        if to_do := each["action"] or ("" if each["state"] == "complete" else _still_open(each["counts"])):
            reporter.say(f"{each['list_key']}: {to_do}")
    for each in open_chunks:
        for said in filter(None, (each["note"], each["action"])):
            reporter.say(f"{each['chunk_key']}: {said}")
    in_state = Counter(each["state"] for each in document["lists"])
    reporter.say(
        f"{count_of(len(document['lists']), 'list')}: {', '.join(f'{count} {state}' for state, count in in_state.items())}; "
        f"{count_of(len(document['chunks']), 'chunk')}, {len(open_chunks)} not collected"
    )


def _still_open(counts: Mapping[str, int]) -> str:
    return "; ".join(f"{counts[each]:,} {each} ({each.meaning}; {each.next_step})" for each in OPEN_STATUSES if counts[each])


def plain_table(title: str | None, *headings: str) -> Table:
    """A table for eighty columns. A column whose heading ends with > is right-aligned. Keys are never cut, so that they can be copied."""
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for place, heading in enumerate(headings):
        is_key = place == 0 or heading in ("task", "chunk")
        table.add_column(
            heading.rstrip(">"), justify="right" if heading.endswith(">") else "left", overflow="fold", no_wrap=is_key
        )
    return table


def _coloured(state: str) -> str:
    colour = {"complete": "green", "unreadable": "red"} | dict.fromkeys(
        ("held", "unconfirmed", "overdue", "refused", "failed"), "red"
    )
    return f"[{colour.get(state, 'yellow')}]{state}[/]"


def _list(ws: Workspace, phone_list: PhoneList, chunks: list[dict[str, Any]], waiting: Mapping[str, int]) -> dict[str, Any]:
    ours = [each for each in chunks if phone_list.list_key in each["list_keys"]]
    counts = {name: phone_list.count(name) for name in ("rows", "phones", *CHECK_STATUSES)}
    action, count = phone_list.error or what_to_do(phone_list), waiting.get(phone_list.list_key, 0)
    if action is None and count:
        fewest, verb = ws.settings.smallest_chunk, "waits" if count == 1 else "wait"
        missing = fewest - sum(waiting.values())
        action = f"{count_of(count, 'phone')} {verb} for {max(missing, 0)} more to fill a chunk of {fewest}; the next list may bring them"
    if action is None:
        action = next((each["action"] for each in ours if each["action"]), None)
    return {
        "list_key": phone_list.list_key,
        "file": phone_list.file,
        "state": _list_state(phone_list, ours),
        "counts": counts,
        "age_s": round(max(0.0, ws.ledger.clock() - phone_list.added_at), 1),
        "action": action,
    }


def _list_state(phone_list: PhoneList, chunks: list[dict[str, Any]]) -> str:
    if phone_list.error:
        return "unreadable"
    if phone_list.held:
        return "held"
    if phone_list.planned_at is None:
        return "new"
    states = {ChunkState(each["state"]) for each in chunks}
    if not all(TRAITS[state].settles for state in states):
        return "to be sent" if states & {ChunkState.PLANNED, ChunkState.SENDING} else "with the vendor"
    if phone_list.revision != phone_list.joined_revision:
        return "to be joined"
    return "complete" if phone_list.is_complete else "open"


def _chunk(ws: Workspace, chunk: Chunk, list_keys: list[str]) -> dict[str, Any]:
    action = (TRAITS[chunk.state].action or "").format(chunk_key=chunk.chunk_key)
    if chunk.possible_task_id is not None and chunk.possible_task_id != chunk.task_id:
        whole, shown = chunk.possible_task_id, shown_task_id(chunk.possible_task_id)
        named = shlex.quote(whole) if shown == whole else f"{shown} (`fbcheck status --json` shows it whole)"
        told = f"the vendor may have accepted it as task {named}"
        action = "; ".join(filter(None, (told, action)))
    since = chunk.submitted_at or chunk.planned_at
    return {
        "chunk_key": chunk.chunk_key,
        "list_keys": list_keys,
        "phones": chunk.phone_count,
        "state": chunk.state,
        "task_id": chunk.task_id,
        "possible_task_id": chunk.possible_task_id,
        "vendor_status": chunk.vendor_status,
        "total": chunk.total,
        "success": chunk.success,
        "failure": chunk.failure,
        "submitted_at": rfc3339(chunk.submitted_at),
        "age_s": round(max(0.0, ws.ledger.clock() - since), 1),
        "action": action or None,
        "note": chunk.note,
    }
