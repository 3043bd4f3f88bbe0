"""`fbcheck status`: what is open, oldest first, and the newest finished lists; what is finished costs nothing unless asked for."""

from __future__ import annotations

import shlex
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.markup import escape

from fbcheck_pipeline.cli.output import Reporter, count_of, duration
from fbcheck_pipeline.cli.tables import plain_table, still_open
from fbcheck_pipeline.ledger import TRAITS, ChunkState
from fbcheck_pipeline.ledger.records import Chunk, PhoneList
from fbcheck_pipeline.model.statuses import CHECK_STATUSES, OPEN_STATUSES
from fbcheck_pipeline.model.task_ids import shown_task_id
from fbcheck_pipeline.model.timestamps import rfc3339
from fbcheck_pipeline.workflow.buying.held import what_to_do, why_it_never_fits
from fbcheck_pipeline.workflow.erasing.awaited_erasures import awaited
from fbcheck_pipeline.workflow.workspace import Workspace

ROWS_SHOWN = 20
HIDDEN = (ChunkState.REPLACED, ChunkState.WITHDRAWN)


def status_document(
    ws: Workspace, *, list_key: str | None = None, is_all: bool = False, limit: int | None = None
) -> dict[str, Any]:
    """What `status --json` prints: what is open, oldest first.

    Args:
        list_key: of this list alone, finished or not, with all its chunks.
        is_all: what is finished, too.
        limit: most lists.
    """
    if list_key is not None:
        return {**_document(ws, [ws.ledger.phone_list(list_key)], ws.ledger.chunks_of(list_key)), "unreadable_files": {}}
    found = (ws.ledger.lists(), ws.ledger.chunks()) if is_all else (ws.ledger.open_lists(), ws.ledger.open_chunks())
    unreadable = {each.name: each.reason for each in ws.ledger.unreadable_files().values()}
    return {**_document(ws, found[0][:limit], found[1]), "unreadable_files": unreadable}


def say_status(
    reporter: Reporter, ws: Workspace, *, list_key: str | None = None, is_all: bool = False, limit: int | None = None
) -> None:
    """Print the same as tables, with the newest finished lists, what a person should do, and how much is not shown."""
    most = None if list_key or is_all else ROWS_SHOWN if limit is None else limit
    document = status_document(ws, list_key=list_key, is_all=is_all, limit=limit if most is None else most)
    lists, total = document["lists"], ws.ledger.list_count()
    if most is not None:
        lists += _document(ws, ws.ledger.newest_finished(max(0, most - len(lists))), [])["lists"]
    if held := document["buying_held"]:
        reporter.answer(held)
    if not lists and not total:
        reporter.answer(f"there are no lists in {ws.storage.data_uri} yet; run `fbcheck run LIST`, or put a file into its inbox")
    else:
        reporter.answer(_table_of_lists(lists))
    open_chunks = [each for each in document["chunks"] if each["state"] != ChunkState.COLLECTED]
    if open_chunks:
        reporter.answer(_table_of_chunks(open_chunks[:most]))
    told_below = {each["action"] for each in open_chunks[:most]}
    for each in lists:
        to_do = each["action"] or ("" if each["state"] == "complete" else still_open(each["counts"]))
        if to_do and to_do not in told_below:
            reporter.answer(f"{each['list_key']}: {to_do}")
    for each in [each for each in open_chunks if each["note"] or each["action"]][:most]:
        for said in filter(None, (each["note"], each["action"])):
            reporter.answer(f"{each['chunk_key']}: {said}")
    for each in [each for each in document["chunks"] if each["erasing"]]:
        phones = count_of(each["erasing"], "phone")
        reporter.answer(f"{each['chunk_key']}: {phones} of it being erased, held until the vendor has answered")
    if list_key is None and (stopped := ws.ledger.erasures_of_lists()):
        reporter.answer(
            f"an erasure of {count_of(stopped, 'phone')} was stopped: run `fbcheck erase` again with the same numbers"
        )
    for name, reason in list(document["unreadable_files"].items())[:most]:
        reporter.answer(f"{name} stays in the inbox, because it cannot be read: {reason}")
    if list_key is None and total:
        reporter.answer(_closing_line(ws, shown=len(lists), total=total, open_chunks=len(open_chunks)))


def _closing_line(ws: Workspace, *, shown: int, total: int, open_chunks: int) -> str:
    open_lists = ws.ledger.open_list_count()
    left_out = f" ({total - shown:,} not shown: use --all, or --limit)" if total > shown else ""
    counts = f"{open_lists:,} open, {total - open_lists:,} finished{left_out}"
    return f"{count_of(total, 'list')}: {counts}; {count_of(open_chunks, 'chunk')} not collected"


def _table_of_lists(lists: Iterable[Mapping[str, Any]]) -> Any:
    table = plain_table("lists", "list", "state", "phones>", "settled>", "open>", "age>")
    for each in lists:
        phones, still = each["counts"]["phones"], sum(each["counts"][name] for name in OPEN_STATUSES)
        settled = f"{100 * (phones - still) // phones} %" if phones else ""
        figures = (f"{phones:,}", settled, f"{still:,}", duration(each["age_s"]))
        table.add_row(each["list_key"], _coloured(each["state"]), *figures)
    return table


def _table_of_chunks(chunks: Iterable[Mapping[str, Any]]) -> Any:
    table = plain_table("chunks not collected", "chunk", "state", "phones>", "done>", "age>", "task")
    for each in chunks:
        done = f"{100 * (each['success'] or 0) // each['total']} %" if each["total"] else ""
        row = (each["chunk_key"], _coloured(each["state"]), f"{each['phones']:,}", done, duration(each["age_s"]))
        table.add_row(*row, escape(shown_task_id(each["task_id"])))
    return table


def _document(ws: Workspace, lists: Sequence[PhoneList], chunks: Sequence[Chunk]) -> dict[str, Any]:
    shown = [each for each in chunks if each.state not in HIDDEN or each.possible_task_id]
    list_keys = ws.ledger.lists_of_chunks(each.chunk_key for each in shown)
    erasing = {key: len(phones) for key, phones in awaited(ws).items()}
    documents = [
        {**_chunk(ws, each, list_keys.get(each.chunk_key, [])), "erasing": erasing.get(each.chunk_key, 0)} for each in shown
    ]
    of_list = defaultdict[str, list[dict[str, Any]]](list)
    for document in documents:
        for key in document["list_keys"]:
            of_list[key].append(document)
    waiting = ws.ledger.waiting_counts()
    listed = [_list(ws, each, of_list[each.list_key], waiting) for each in lists]
    return {"lists": listed, "chunks": documents, "buying_held": ws.ledger.why_nothing_is_bought()}


def _list(ws: Workspace, phone_list: PhoneList, ours: list[dict[str, Any]], waiting: Mapping[str, int]) -> dict[str, Any]:
    counts = {name: phone_list.count(name) for name in ("rows", "phones", *CHECK_STATUSES)}
    action = phone_list.error or what_to_do(phone_list) or why_it_never_fits(ws, phone_list)
    count = waiting.get(phone_list.list_key, 0)
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
        if chunk.state is ChunkState.ABANDONED:
            told += f"; to use what that answers, run fbcheck reconcile {chunk.chunk_key} --task-id ID"
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


def _coloured(state: str) -> str:
    colour = {"complete": "green", "unreadable": "red"} | dict.fromkeys(
        ("held", "unconfirmed", "overdue", "refused", "failed"), "red"
    )
    return f"[{colour.get(state, 'yellow')}]{state}[/]"
