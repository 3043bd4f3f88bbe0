"""Exported results into the verdict store: each is fetched once, kept, read, matched with what was sent, and recorded."""

from __future__ import annotations

import hashlib
import logging
import tempfile
from collections.abc import Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow.compute as pc

from fbcheck_pipeline.errors import OperatorError, ResultExpired, ResultOfOthers, ResultUnreadable, TaskNotFound, VendorError
from fbcheck_pipeline.files.storage import release_unused_memory
from fbcheck_pipeline.ledger import ChunkState, codec
from fbcheck_pipeline.ledger.codec import Phones
from fbcheck_pipeline.ledger.opening import stamp
from fbcheck_pipeline.ledger.records import Chunk, LoadedChunk, TaskProgress
from fbcheck_pipeline.ledger.states import MOVES
from fbcheck_pipeline.model.statuses import CheckStatus
from fbcheck_pipeline.model.task_ids import shown_task_id
from fbcheck_pipeline.progress import report_progress
from fbcheck_pipeline.vendor import ResultTable, TaskSnapshot, TaskStatus, VendorClient, timestamp_us
from fbcheck_pipeline.workflow.kept_results import doubt_of, keep, kept, kept_doubt, read_for
from fbcheck_pipeline.workflow.poll import (
    ask_again,
    count_gone,
    deadline_at,
    fetch_at_once_if_changed,
    settle_failed,
    settle_overdue,
)
from fbcheck_pipeline.workflow.verdicts import merge_index, united_with_stored, write_verdicts
from fbcheck_pipeline.workflow.workspace import Workspace

log = logging.getLogger(__name__)

MOST_DOWNLOADS = 8
MOST_READERS = 2
"""Results are read beside downloads, but few at once: each reader's memory stays with its thread."""
OWN_SHARE = 0.99
"""So much of what a task answers was sent, if it is the chunk's: asked of a task that an operator attached."""
REPEATS = 3
"""A short result that comes again so often unchanged will not grow soon."""
HOUR_S, DAY_S = 3600.0, 86_400.0
LONGEST_WAIT_S, LONGEST_LATE_WAIT_S = HOUR_S, DAY_S
"""Between two fetches, before the deadline and after it."""


@dataclass
class Collected:
    """What a round of collecting did, by number of tasks; `problems` are chunk keys with a sentence each."""

    tasks: int = 0
    phones: int = 0
    problems: dict[str, str] = field(default_factory=dict)


class _AnotherChunks(VendorError):
    """The result is not this chunk's: an operator named the wrong task."""


def collect_exported(ws: Workspace, client: VendorClient) -> Collected:
    """Fetch every exported result that is due, side by side, and record its verdicts; an unreadable one comes later again."""
    collected = Collected()
    fetch_at_once_if_changed(ws)
    due = ws.ledger.due_for_fetch()
    if due:
        with ThreadPoolExecutor(MOST_READERS) as readers, ThreadPoolExecutor(min(MOST_DOWNLOADS, len(due))) as downloads:
            done, total = 0, sum(chunk.phone_count for chunk in due)
            each_done = downloads.map(lambda chunk: _collect(ws, client, readers, chunk, collected), due)
            for chunk, _ in zip(due, each_done, strict=True):
                done += chunk.phone_count
                report_progress("collecting", done, total)
        stamp(ws.storage, ws.ledger)
        settle_overdue(ws)
        release_unused_memory()
        merge_index(ws.storage, ws.ledger)
        release_unused_memory()
    return collected


def _collect(ws: Workspace, client: VendorClient, readers: Executor, chunk: Chunk, collected: Collected) -> None:
    try:
        with tempfile.TemporaryDirectory(prefix="fbcheck-") as folder:
            path = Path(folder) / "result"
            fetched = _fetch(ws, client, chunk, path)
            missing = readers.submit(_keep_and_take_in, ws, fetched, path).result()
    except VendorError as error:
        missing = readers.submit(_explain, ws, chunk, error).result()
    if missing is not None:
        collected.problems[chunk.chunk_key] = missing
        return
    collected.tasks += 1
    collected.phones += chunk.phone_count


def _explain(ws: Workspace, chunk: Chunk, error: VendorError) -> str:
    """Note in the ledger why a result is not there, and when it is fetched again; returns the reason."""
    log.warning("result not collected chunk_key=%s error=%s", chunk.chunk_key, type(error).__name__)
    doubt, key = kept_doubt(ws, chunk), chunk.chunk_key
    why = doubt or str(error)
    if isinstance(error, _AnotherChunks) and (chunk.state, ChunkState.UNCONFIRMED) in MOVES and not chunk.has_verdicts:
        ws.ledger.disown_task(key, from_=chunk.state, task_id=chunk.known_task_id, note=why)
        return why
    if _says_gone(error) and count_gone(ws, chunk, why):
        return why
    is_late = ws.ledger.clock() > deadline_at(ws, chunk)
    repeats = chunk.repeats if chunk.has_verdicts else (chunk.repeats + 1 if _says_gone(error) else 0)
    has_failed = chunk.vendor_status == TaskStatus.FAILED and not chunk.has_verdicts and (chunk.state, ChunkState.FAILED) in MOVES
    if has_failed and not doubt and (is_late or repeats >= REPEATS):
        progress = TaskProgress(TaskStatus.FAILED.value, chunk.total, chunk.success, chunk.failure)
        settle_failed(ws, chunk, progress, f"the vendor says this task failed, and its result cannot be had: {why}")
        return why
    longest_s = LONGEST_LATE_WAIT_S if is_late else LONGEST_WAIT_S
    at = ws.ledger.clock() + min(ws.settings.poll_seconds * 2 ** min(chunk.fetches, 30), longest_s)
    was_there = isinstance(error, ResultUnreadable)
    ws.ledger.note_fetch_error(chunk, note=_note(why, chunk, at), next_fetch_at=at, repeats=repeats, was_there=was_there)
    return why


def _says_gone(error: VendorError) -> bool:
    return isinstance(error, TaskNotFound) or (isinstance(error, ResultExpired) and error.http_status in (403, 404, 410))


def _note(why: str, chunk: Chunk, next_at: float) -> str:
    when = datetime.fromtimestamp(next_at, UTC).strftime("%Y-%m-%d %H:%M UTC")
    times = "once" if chunk.fetches == 0 else f"{chunk.fetches + 1} times"
    return f"{why}; fetched {times}, next at {when}, or at once by `fbcheck run` of its list"


@dataclass(frozen=True)
class _Fetched:
    """A downloaded result: the chunk as it was known before, and the vendor's counts now."""

    chunk: Chunk
    sha256: str
    success: int | None
    failure: int | None
    total: int | None
    is_accepted: bool = False
    """An operator takes it as it is."""

    @property
    def named_at_least(self) -> int:
        """So many distinct sent phones a whole result names; failed numbers may be absent."""
        if self.success is None or self.failure is None:
            return 1
        return max(1, min(self.success, self.chunk.phone_count - self.failure))

    @property
    def repeats(self) -> int:
        """How often the same file and counts have come again in due time."""
        chunk = self.chunk
        same = (chunk.result_sha256, chunk.success, chunk.failure) == (self.sha256, self.success, self.failure)
        return chunk.repeats + (chunk.next_fetch_at > 0) if same else 0


def _fetch(ws: Workspace, client: VendorClient, chunk: Chunk, path: Path) -> _Fetched:
    """Download a result; the first time from the URL that is known, then from a fresh one with fresh counts."""
    url, told, failure = chunk.result_url, None, None
    while True:
        if not url or chunk.fetches or failure:
            try:
                told = ask_again(ws, client, chunk)
                url = told.result_url
            except VendorError as error:
                failure = error
                if not url:
                    raise
        if not url:
            raise failure or ResultUnreadable("the vendor reports the task as exported and names no result; it is asked again")
        try:
            found = client.download(url, path)
            break
        except ResultExpired as error:
            if told or failure:
                raise failure or error from None
            failure = error
    known: Chunk | TaskSnapshot = told or chunk
    return _Fetched(chunk, found.sha256, known.success, known.failure, known.total)


def accept_kept(ws: Workspace, chunk: LoadedChunk) -> None:
    """Take in the result that was kept of a chunk as it is, though it is short, or many of its labels have no meaning.

    Raises:
        OperatorError: no result was kept.
        ResultError: it cannot be read.
    """
    with kept(ws, chunk.known_task_id) as path:
        if path is None:
            raise OperatorError(f"no result of chunk {chunk.chunk_key} has been fetched yet; there is nothing to accept")
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        _take_in(ws, _Fetched(chunk, sha256, chunk.success, chunk.failure, chunk.total, is_accepted=True), chunk, path)


def _keep_and_take_in(ws: Workspace, fetched: _Fetched, path: Path) -> str | None:
    chunk = ws.ledger.chunk(fetched.chunk.chunk_key)
    keep(ws, chunk, path)
    return _take_in(ws, fetched, chunk, path)


def _take_in(ws: Workspace, fetched: _Fetched, chunk: LoadedChunk, path: Path) -> str | None:
    if chunk.was_attached and not chunk.has_verdicts and (fetched.total or chunk.phone_count) != chunk.phone_count:
        raise _AnotherChunks(
            f"task {shown_task_id(chunk.task_id)} has {fetched.total:,} phones, the chunk {chunk.phone_count:,}: it is another "
            "chunk's task and is not attached any more; look for the task that fits"
        )
    try:
        result = read_for(ws, chunk, path)
    except ResultOfOthers:
        if chunk.was_attached:
            raise _AnotherChunks(_not_its_own(chunk, 0)) from None
        raise
    own = result.table.num_rows
    if chunk.was_attached and own < OWN_SHARE * (own + result.extra):
        raise _AnotherChunks(_not_its_own(chunk, own))
    if not own:
        raise ResultUnreadable("the result names no phone of this chunk; its file is kept, and it is fetched again")
    doubt = doubt_of(chunk, result)
    if doubt and not fetched.is_accepted:
        raise ResultUnreadable(doubt)
    return _record(ws, fetched, chunk, result)


def _not_its_own(chunk: Chunk, own: int) -> str:
    return (
        f"task {shown_task_id(chunk.task_id)} answers other phones than this chunk's (only {own:,} of this chunk): it is another chunk's task and is "
        "not attached any more; look for the task that fits"
    )


def _record(ws: Workspace, fetched: _Fetched, known: LoadedChunk, result: ResultTable) -> str | None:
    """Use what a result answers; returns what is still missing of it, if anything."""
    chunk, table = fetched.chunk, result.table
    if known.has_verdicts:
        table = united_with_stored(ws.storage, chunk.known_task_id, table)
    sent, _ = codec.distinct(known.phones)
    usable = table.filter(pc.is_valid(table["facebook"]))["phone"].to_numpy()
    unanswered = sent[codec.positions(sent, np.asarray(usable)) < 0]
    counts = {
        **result.counts,
        "missing": int(chunk.phone_count - table.num_rows),
        str(CheckStatus.UNDETERMINED): len(unanswered),
    }
    if not ws.ledger.begin_recording(chunk):
        log.info("chunk was collected by somebody else chunk_key=%s", chunk.chunk_key)
        return None
    write_verdicts(ws.storage, chunk.known_task_id, table, exported_at_us(chunk) or int(ws.ledger.clock() * 1_000_000))
    return _settle(ws, fetched, table.num_rows, unanswered, counts)


def _settle(ws: Workspace, fetched: _Fetched, named: int, unanswered: Phones, counts: Mapping[str, int]) -> str | None:
    """Collect a whole result; hold one that is short, and say so."""
    chunk, now, deadline = fetched.chunk, ws.ledger.clock(), deadline_at(ws, fetched.chunk)
    is_settled = fetched.repeats >= REPEATS
    gives_up = is_settled and now >= deadline and chunk.state is not ChunkState.ABANDONED
    if named >= fetched.named_at_least or gives_up or fetched.is_accepted:
        ws.ledger.mark_collected(
            chunk.chunk_key,
            from_=chunk.state,
            task_id=chunk.known_task_id,
            unanswered=unanswered,
            result_sha256=fetched.sha256,
            result_counts=counts,
        )
        return None
    to = chunk.state
    if to in (ChunkState.EXPORTED, ChunkState.SHORT):
        to = ChunkState.SHORT if is_settled else ChunkState.EXPORTED
    if not is_settled:
        wait_s = ws.settings.poll_seconds * 2**fetched.repeats
    else:
        wait_s = HOUR_S if now < (chunk.exported_at or now) + DAY_S else DAY_S
        wait_s = min(wait_s, deadline - now) if deadline > now else wait_s
    why = f"the result names {named:,} phones, the vendor counts {fetched.named_at_least:,}: what it has is used"
    note = _note(why, chunk, now + wait_s)
    ws.ledger.note_short(
        chunk,
        to=to,
        unanswered=unanswered,
        result_sha256=fetched.sha256,
        result_counts=counts,
        repeats=fetched.repeats,
        note=note,
        next_fetch_at=now + wait_s,
    )
    return why


def exported_at_us(chunk: Chunk) -> int | None:
    """When the vendor exported, or when we saw it where the vendor's word cannot be read; microseconds since 1970 UTC."""
    told = timestamp_us(chunk.vendor_exported_at)
    return told if told is not None or chunk.exported_at is None else int(chunk.exported_at * 1_000_000)
