"""`fbcheck person` and `fbcheck erase`: what a person may ask for. Numbers are shown masked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import phonenumbers

from fbcheck_pipeline.cli.output import Reporter, count_of
from fbcheck_pipeline.cli.tables import plain_table
from fbcheck_pipeline.errors import OperatorError
from fbcheck_pipeline.ledger.codec import Phones
from fbcheck_pipeline.lists import ReadOptions
from fbcheck_pipeline.model.statuses import CheckStatus
from fbcheck_pipeline.model.timestamps import rfc3339
from fbcheck_pipeline.results.joined_list import rejoin
from fbcheck_pipeline.results.report_index import refresh_index
from fbcheck_pipeline.results.summary import refresh_summary
from fbcheck_pipeline.workflow.erasing.erase import Erased, erase
from fbcheck_pipeline.workflow.erasing.person import Held, masked, person_of, phone_of, what_is_held
from fbcheck_pipeline.workflow.erasing.suppress import read_phones, suppress_file, take_back_file
from fbcheck_pipeline.workflow.workspace import Workspace

NOT_REACHED = "exports, backups, older versions of objects in a bucket, Dagster's own storage, and what the vendor keeps"
SHOWN = 10


def say_person(ws: Workspace, number: str, reporter: Reporter) -> None:
    """Print what is held about a phone.

    Raises:
        OperatorError: it is no phone number.
    """
    phone = phone_of(number, ws.settings.region)
    held = what_is_held(ws, person_of(np.array([phone], np.int64)))
    reporter.result({"phone": masked(phone), **_document(ws, held)})
    suppressed = "it is suppressed: it is never submitted" if held.suppressed else "it is not suppressed"
    if held.is_nothing:
        reporter.answer(f"nothing is held about {masked(phone)}; {suppressed}")
        return
    reporter.answer(f"{masked(phone)}: {suppressed}")
    _say_held(ws, held, reporter)


def _say_held(ws: Workspace, held: Held, reporter: Reporter) -> None:
    lists = plain_table("lists", "list", "rows", "other cells>")
    for key, found in held.lists.items():
        more = f" and {len(found.source_rows) - SHOWN:,} more" if len(found.source_rows) > SHOWN else ""
        lists.add_row(key, ", ".join(map(str, found.source_rows[:SHOWN])) + more, f"{found.cells:,}")
    chunks = plain_table("chunks", "chunk", "state", "task", "submitted")
    for each in held.chunks:
        chunks.add_row(each.chunk_key, each.state, each.task_id or "", rfc3339(each.submitted_at) or "")
    verdicts = plain_table("verdicts", "task", "facebook", "checked")
    for verdict in held.verdicts:
        verdicts.add_row(verdict.task_id, verdict.facebook or "none", verdict.checked_at)
    for table in (lists, chunks, verdicts):
        if table.row_count:
            reporter.answer(table)
    for key in held.waiting:
        reporter.answer(f"it waits to be submitted for list {key}")
    for name in held.unread:
        reporter.answer(f"{ws.storage.uri(name)} holds it, and was not read yet")
    for key in held.awaited:
        reporter.answer(f"it is being erased: chunk {key} holds it until the vendor has answered")


def _document(ws: Workspace, held: Held) -> dict[str, Any]:
    lists = [
        {"list_key": key, "rows": each.rows, "source_rows": each.source_rows, "cells": each.cells}
        for key, each in held.lists.items()
    ]
    lists_of = ws.ledger.lists_of_chunks([each.chunk_key for each in held.chunks])
    chunks = [
        {
            "chunk_key": each.chunk_key,
            "state": each.state,
            "task_id": each.task_id,
            "submitted_at": rfc3339(each.submitted_at),
            "list_keys": lists_of.get(each.chunk_key, []),
        }
        for each in held.chunks
    ]
    verdicts = [asdict(each) for each in held.verdicts]
    return {
        "lists": lists,
        "chunks": chunks,
        "verdicts": verdicts,
        "waiting": held.waiting,
        "unread": [ws.storage.uri(name) for name in held.unread],
        str(CheckStatus.SUPPRESSED): held.suppressed,
        "awaited": held.awaited,
    }


def say_opt_outs(ws: Workspace, file: Path, column: str | None, reporter: Reporter, *, undo: bool) -> int:
    """Add the opt-outs of a file, or take them back; returns the exit code: 2 where rows of it cannot be read.

    Raises:
        ListError: the file cannot be read, or holds no phone at all.
    """
    done = (take_back_file if undo else suppress_file)(ws, file, ReadOptions(column=column, region=ws.settings.region))
    phones, unread = count_of(len(done.read.phones), "phone"), len(done.read.unread_rows)
    changed = f", {count_of(done.changed, 'opt-out')} taken back" if undo else f" suppressed, {done.changed:,} of them new"
    reporter.answer(f"{phones}{changed}")
    if unread:
        reporter.warn(
            f"error: {file.name}: {done.read.said_unread} without a phone number: their opt-outs are as before; "
            "correct them, and run it again"
        )
    document = {"phones": len(done.read.phones), "taken_back" if undo else "new": done.changed, "rejected_rows": unread}
    reporter.result(document | {"unread_rows": done.read.unread_rows.tolist()})
    return 2 if unread else 0


def phones_to_erase(ws: Workspace, numbers: Sequence[str], file: Path | None, column: str | None) -> Phones:
    """The phones that were named on the command line and in a file.

    Raises:
        OperatorError: none is named, or one of them is no phone number.
        ListError: the file cannot be read.
    """
    found = np.array([_phone_to_erase(ws, each) for each in numbers], np.int64)
    if file is not None:
        read = read_phones(ws, file, ReadOptions(column=column, region=ws.settings.region))
        if len(read.unread_rows):
            raise OperatorError(f"{file.name}: {read.said_unread} without a phone number; nothing is erased: correct them first")
        found = np.concatenate([found, read.phones])
    if not len(found):
        raise OperatorError("name the numbers to erase, or give --file FILE")
    return np.unique(found)


def _phone_to_erase(ws: Workspace, text: str) -> int:
    """The phone that is named: it exists today, or the store has it as a phone. Half a number stands in the cells of strangers."""
    phone = phone_of(text, ws.settings.region)
    if not phonenumbers.is_valid_number(phonenumbers.parse(f"+{phone}")):
        held = what_is_held(ws, person_of(np.array([phone], np.int64)))
        if not (held.chunks or held.waiting or any(each.rows for each in held.lists.values())):
            raise OperatorError(
                f"{text.strip()[:3]}••• is no phone number that exists, and no list has it; put a number with blanks into quotes"
            )
    return phone


def say_erasure(ws: Workspace, phones: Phones, reporter: Reporter, *, dry_run: bool) -> tuple[int, list[str]]:
    """Erase phones, or say what that would do; returns the exit code, and the keys of lists that are gone as a whole."""
    person = person_of(phones)
    held = what_is_held(ws, person)
    erased = Erased(unread=held.unread)
    if not dry_run:
        erased = erase(ws, person, rejoin)
        refresh_summary(ws)
        refresh_index(ws)
    rows, cells = (sum(getattr(each, name) for each in held.lists.values()) for name in ("rows", "cells"))
    document = {
        "phones": len(phones),
        "lists": sorted(held.lists),
        "rows": rows,
        "cells": cells,
        "chunks": len(held.chunks),
        "verdicts": len(held.verdicts),
        **{name: getattr(erased, name) for name in ("purged", "awaited", "named", "problems")},
        "unread": [ws.storage.uri(name) for name in erased.unread],
        "not_searched": NOT_REACHED,
        "dry_run": dry_run,
    }
    counts = [
        count_of(rows, "row"),
        count_of(cells, "other cell"),
        f"{count_of(len(held.verdicts), 'verdict')} of {count_of(len(held.chunks), 'chunk')}",
    ]
    reporter.answer(
        f"{'would erase' if dry_run else 'erased'} {count_of(len(phones), 'phone')} from {count_of(len(held.lists), 'list')}: "
        f"{', '.join(counts)}; {'would be' if dry_run else 'now'} suppressed"
    )
    for key in erased.purged:
        reporter.answer(f"list {key} has no phone left and is deleted")
    for key in erased.awaited:
        reporter.warn(f"chunk {key} is with the vendor and holds a phone until it settles; `fbcheck status` shows it until then")
    for name in erased.unread:
        reporter.warn(f"{ws.storage.uri(name)} was not read yet and holds a number: delete it, or take the person out of it")
    for key in erased.named:
        reporter.warn(
            f"the name of list {key}'s file, or its purpose, holds a number and stays: `fbcheck purge --list {key}` deletes it"
        )
    for sentence in erased.problems.values():
        reporter.warn(f"error: {sentence}")
    reporter.answer(f"not searched: {NOT_REACHED}")
    reporter.result(document)
    return (0 if erased.is_whole else 3), erased.purged
