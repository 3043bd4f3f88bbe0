"""A result that lies here into the verdict store: matched with what was sent, used as far as it goes, and settled or held.

How it is fetched, and what becomes of a chunk whose result cannot be had, is decided elsewhere.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from fbcheck_pipeline.errors import OperatorError, ResultOfOthers, ResultUnreadable, VendorError
from fbcheck_pipeline.ledger import ChunkState, codec
from fbcheck_pipeline.ledger.codec import Phones
from fbcheck_pipeline.ledger.collecting import DAYS_UNTIL_GONE
from fbcheck_pipeline.ledger.records import Chunk, LoadedChunk
from fbcheck_pipeline.ledger.states import MOVES
from fbcheck_pipeline.model.statuses import CheckStatus
from fbcheck_pipeline.model.task_ids import shown_task_id
from fbcheck_pipeline.vendor.result_table import ResultTable
from fbcheck_pipeline.workflow.collection.poll import deadline_at, tried_note
from fbcheck_pipeline.workflow.erasing.erased_chunks import agree_with_ledger
from fbcheck_pipeline.workflow.sent_phones import loaded
from fbcheck_pipeline.workflow.verdict_files.kept_results import doubt_of, kept, read_for
from fbcheck_pipeline.workflow.verdict_files.lost_verdicts import united_with_stored
from fbcheck_pipeline.workflow.verdict_files.verdicts import store_verdicts, usable_phones
from fbcheck_pipeline.workflow.workspace import Workspace

log = logging.getLogger(__name__)

OWN_SHARE = 0.99
"""So much of what a task answers was sent, if it is the chunk's: asked of a task that an operator attached."""
REPEATS = 3
"""A result that brings so often nothing new will not grow soon."""
HOUR_S, DAY_S = 3600.0, 86_400.0


class AnotherChunks(VendorError):
    """The result is not this chunk's: an operator named the wrong task."""


@dataclass(frozen=True)
class Fetched:
    """A result that came: the chunk as it was known before, and the vendor's counts now."""

    chunk: Chunk
    sha256: str
    total: int | None
    success: int | None
    failure: int | None
    is_accepted: bool = False
    """An operator takes it as it is."""

    @property
    def named_at_least(self) -> int:
        """So many distinct sent phones a whole result names; failed numbers may be absent."""
        if self.success is None or self.failure is None:
            return 1
        return max(1, min(self.success, self.chunk.phone_count - self.failure))

    @property
    def done(self) -> int | None:
        """So many phones the vendor counts as done, where that is fewer than the task has: counts, and result, may be of an hour before."""
        if self.success is None and self.failure is None:
            return None
        done = (self.success or 0) + (self.failure or 0)
        return done if done < (self.total or self.chunk.phone_count) else None

    def repeats(self, is_new: bool) -> int:
        """How often nothing new has come in due time: neither phones nor counts."""
        chunk = self.chunk
        is_same = chunk.has_verdicts and not is_new and (chunk.success, chunk.failure) == (self.success, self.failure)
        return chunk.repeats + (chunk.next_fetch_at > 0) if is_same else 0


def accept_kept(ws: Workspace, chunk: Chunk) -> None:
    """Take in the result that was kept of a chunk as it is, though it is short, or many of its labels have no meaning.

    Raises:
        OperatorError: no result was kept.
        ResultError: it cannot be read.
    """
    with kept(ws, chunk.known_task_id) as path:
        if path is None:
            raise OperatorError(f"no result of chunk {chunk.chunk_key} has been fetched yet; there is nothing to accept")
        take_in_kept(ws, chunk, path, is_accepted=True)


def take_in_kept(ws: Workspace, chunk: Chunk, path: Path, *, is_accepted: bool = False) -> str | None:
    """As `take_in`, for a result that was kept.

    Args:
        chunk: as it was seen when this began: what another worker recorded since stands.

    Raises:
        VendorError: see `take_in`.
    """
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    fetched = Fetched(chunk, sha256, chunk.total, chunk.success, chunk.failure, is_accepted)
    return take_in(ws, fetched, loaded(ws, chunk.chunk_key), path)


def take_in(ws: Workspace, fetched: Fetched, chunk: LoadedChunk, path: Path) -> str | None:
    """Record what a result answers.

    Args:
        chunk: as the ledger has it now.

    Returns:
        What is still missing of it, if anything.

    Raises:
        ResultError: it cannot be read, or nothing should be settled by it.
        AnotherChunks: it is the result of another chunk.
    """
    if chunk.was_attached and not chunk.has_verdicts and (fetched.total or chunk.phone_count) != chunk.phone_count:
        raise AnotherChunks(
            f"task {shown_task_id(chunk.task_id)} has {fetched.total:,} phones, the chunk {chunk.phone_count:,}: it is another "
            "chunk's task and is not attached any more; look for the task that fits"
        )
    try:
        result = read_for(ws, chunk, path)
    except ResultOfOthers:
        if chunk.was_attached:
            raise AnotherChunks(_not_its_own(chunk, 0)) from None
        raise
    own, erased = result.table.num_rows, chunk.erased_count
    if chunk.was_attached and own < OWN_SHARE * (own + result.extra - erased):
        raise AnotherChunks(_not_its_own(chunk, own))
    if not own:
        raise ResultUnreadable("the result names no phone of this chunk; its file is kept, and it is fetched again")
    doubt = doubt_of(chunk, result)
    if doubt and not fetched.is_accepted:
        raise ResultUnreadable(doubt)
    return _record(ws, fetched, chunk, result)


def _not_its_own(chunk: Chunk, own: int) -> str:
    return (
        f"task {shown_task_id(chunk.task_id)} answers other phones than this chunk's (only {own:,} of this chunk): it is another chunk's "
        "task and is not attached any more; look for the task that fits"
    )


def _record(ws: Workspace, fetched: Fetched, known: LoadedChunk, result: ResultTable) -> str | None:
    chunk, table, is_new = fetched.chunk, result.table, True
    if known.has_verdicts:
        table, is_new = united_with_stored(ws, known, table)
    sent = codec.distinct(known.phones)
    unanswered = codec.without(sent, usable_phones(table))
    if known.has_verdicts:  # what was answered stays so, though its verdict were lost
        unanswered = unanswered[codec.positions(unanswered, known.unanswered) >= 0]
    named = table.num_rows + known.erased_count
    counts = {
        **result.counts,
        "missing": int(chunk.phone_count - named),
        str(CheckStatus.UNDETERMINED): len(unanswered),
    }
    if not ws.ledger.begin_recording(chunk):
        log.info("chunk was collected by somebody else chunk_key=%s", chunk.chunk_key)
        return None
    if is_new:
        store_verdicts(ws, chunk, table.filter(pa.array(~ws.ledger.are_being_erased(table["phone"].to_numpy()))))
    missing = _settle(ws, fetched, named, unanswered, counts, is_new=is_new)
    if ws.ledger.chunk(chunk.chunk_key).payload_sha256 != known.payload_sha256:  # a phone was erased since it was looked at
        agree_with_ledger(ws, chunk.chunk_key)
    return missing


def _settle(
    ws: Workspace, fetched: Fetched, named: int, unanswered: Phones, counts: Mapping[str, int], *, is_new: bool
) -> str | None:
    """Collect a whole result; hold one that is short, or may be, and say so."""
    chunk, now, deadline = fetched.chunk, ws.ledger.clock(), deadline_at(ws, fetched.chunk)
    repeats = fetched.repeats(is_new)
    is_settled, is_short = repeats >= REPEATS, named < fetched.named_at_least
    may_grow = fetched.done is not None and named < chunk.phone_count
    is_whole = not is_short and (is_settled or not may_grow)
    gives_up = chunk.state is not ChunkState.ABANDONED and ((is_settled and now >= deadline) or is_at_end(ws, chunk))
    if is_whole or gives_up or fetched.is_accepted:
        ws.ledger.mark_collected(
            chunk.chunk_key,
            from_=chunk.state,
            task_id=chunk.known_task_id,
            unanswered=unanswered,
            result_sha256=ws.ledger.keyed_hash(fetched.sha256),
            result_counts=counts,
        )
        return None
    if is_short:
        why = f"the result names {named:,} phones, the vendor counts {fetched.named_at_least:,}: what it has is used"
    else:
        why = f"the vendor counts only {fetched.done:,} phones as done, and its result may grow: what it has is used"
    next_fetch_at = now + _wait_s(ws, chunk, repeats)
    ws.ledger.note_short(
        chunk,
        to=_held_as(chunk, is_settled),
        unanswered=unanswered,
        result_sha256=ws.ledger.keyed_hash(fetched.sha256),
        result_counts=counts,
        is_new=is_new,
        repeats=repeats,
        note=tried_note(why, "fetched", chunk.fetches + 1, next_fetch_at),
        next_fetch_at=next_fetch_at,
    )
    return why


def _held_as(chunk: Chunk, is_settled: bool) -> ChunkState:
    if chunk.state in (ChunkState.EXPORTED, ChunkState.SHORT):
        return ChunkState.SHORT if is_settled else ChunkState.EXPORTED
    return chunk.state


def _wait_s(ws: Workspace, chunk: Chunk, repeats: int) -> float:
    """Seconds until a result that is held is fetched again."""
    now, deadline = ws.ledger.clock(), deadline_at(ws, chunk)
    if repeats < REPEATS:
        return max(ws.settings.poll_seconds * (1 << repeats), HOUR_S if now >= deadline else 0.0)
    wait_s = HOUR_S if now < (chunk.exported_at or now) + DAY_S else DAY_S
    return min(wait_s, deadline - now) if deadline > now else wait_s


def is_at_end(ws: Workspace, chunk: Chunk) -> bool:
    """True where a result that was used as far as it goes is waited for no more, whatever the vendor answers."""
    may_end = chunk.has_verdicts and chunk.state is not ChunkState.ABANDONED and (chunk.state, ChunkState.COLLECTED) in MOVES
    return may_end and ws.ledger.clock() > deadline_at(ws, chunk) + DAYS_UNTIL_GONE * DAY_S


def collect_as_it_is(ws: Workspace, chunk_key: str) -> None:
    """No more of a chunk's result comes: what was used of it stands."""
    chunk = ws.ledger.chunk(chunk_key)
    if chunk.result_sha256 is not None:
        ws.ledger.mark_collected(
            chunk_key,
            from_=chunk.state,
            task_id=chunk.known_task_id,
            unanswered=chunk.unanswered,
            result_sha256=chunk.result_sha256,
            result_counts=chunk.result_counts or {},
        )
