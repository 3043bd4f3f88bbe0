"""Exported results into the verdict store: each is fetched once, kept, read, matched with what was sent, and recorded."""

from __future__ import annotations

import gzip
import hashlib
import logging
import tempfile
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow.compute as pc

from fbcheck_pipeline.errors import OperatorError, ResultExpired, ResultOfOthers, ResultUnreadable, VendorError
from fbcheck_pipeline.files.storage import release_unused_memory
from fbcheck_pipeline.ledger import codec
from fbcheck_pipeline.ledger.codec import Phones
from fbcheck_pipeline.ledger.opening import stamp
from fbcheck_pipeline.ledger.records import Chunk
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.model.statuses import CheckStatus
from fbcheck_pipeline.progress import report_progress
from fbcheck_pipeline.vendor import ResultTable, VendorClient, read_result, timestamp_us
from fbcheck_pipeline.workflow.poll import LONGEST_INTERVAL_S, ask_again, settle_overdue
from fbcheck_pipeline.workflow.verdicts import merge_index, write_verdicts
from fbcheck_pipeline.workflow.workspace import Workspace

log = logging.getLogger(__name__)

MOST_DOWNLOADS = 8
MOST_READERS = 2
"""Results are read beside downloads, but few at once: each reader's memory stays with its thread."""


@dataclass
class Collected:
    """What a round of collecting did, by number of tasks; `problems` are chunk keys with a sentence each."""

    tasks: int = 0
    phones: int = 0
    problems: dict[str, str] = field(default_factory=dict)


class _AnotherChunks(VendorError):
    """The result is that of another chunk: an operator named the wrong task."""


def collect_exported(ws: Workspace, client: VendorClient) -> Collected:
    """Fetch every exported result that is due, side by side, and record its verdicts; an unreadable one comes later again."""
    collected = Collected()
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
            result_sha256 = _fetch(ws, client, chunk, path)
            readers.submit(_take_in, ws, chunk, path, result_sha256).result()
    except VendorError as error:
        if isinstance(error, _AnotherChunks):
            _disown(ws, chunk, str(error))
        else:
            delay_s = min(ws.settings.poll_seconds * 2 ** min(chunk.fetches, 20), LONGEST_INTERVAL_S)
            ws.ledger.note_fetch_error(chunk.chunk_key, note=str(error), next_fetch_at=ws.ledger.clock() + delay_s)
        collected.problems[chunk.chunk_key] = str(error)
        log.warning("result not collected chunk_key=%s error=%s", chunk.chunk_key, type(error).__name__)
        return
    collected.tasks += 1
    collected.phones += chunk.phone_count


def _fetch(ws: Workspace, client: VendorClient, chunk: Chunk, path: Path) -> str:
    """Download a result, asking for a fresh URL when the known one has expired; returns its SHA-256."""
    task_id = chunk.known_task_id
    url = chunk.result_url or ask_again(ws, client, chunk, task_id).result_url
    if not url:
        raise ResultUnreadable("the vendor reports the task as exported and names no result; it is asked again")
    try:
        found = client.download(url, path)
    except ResultExpired:
        fresh = ask_again(ws, client, chunk, task_id).result_url
        if not fresh:
            raise
        found = client.download(fresh, path)
    _keep(ws, task_id, path)
    return found.sha256


def _keep(ws: Workspace, task_id: str, path: Path) -> None:
    """A join can be repeated, and a person can look, without the vendor."""
    content = path.read_bytes()
    if content.startswith(b"PK"):  # compressed already
        ws.storage.write_bytes(paths.RESULT_ARCHIVES.of(task_id), content)
    else:
        ws.storage.write_bytes(paths.RESULT_TEXTS.of(task_id), gzip.compress(content, compresslevel=1, mtime=0))


def accept_kept(ws: Workspace, chunk: Chunk) -> None:
    """Take in the result that was kept of a chunk, though many of its labels have no meaning.

    Raises:
        OperatorError: no result was kept.
        ResultError: it cannot be read.
    """
    kept = [name for kind in paths.RESULT_FILES if ws.storage.exists(name := kind.of(chunk.known_task_id))]
    if not kept:
        raise OperatorError(f"no result of chunk {chunk.chunk_key} has been fetched yet; there is nothing to accept")
    content = ws.storage.read_bytes(kept[0])
    with tempfile.TemporaryDirectory(prefix="fbcheck-") as folder:
        path = Path(folder) / "result"
        path.write_bytes(content if kept[0].endswith(paths.RESULT_ARCHIVES.suffix) else gzip.decompress(content))
        _take_in(ws, chunk, path, hashlib.sha256(path.read_bytes()).hexdigest(), is_accepted=True)


def _take_in(ws: Workspace, chunk: Chunk, path: Path, result_sha256: str, *, is_accepted: bool = False) -> None:
    sent, _ = codec.distinct(ws.ledger.chunk(chunk.chunk_key).phones)
    try:
        result = read_result(path, sent, max_bytes=ws.settings.max_result_mb * 1_000_000)
    except ResultOfOthers:
        if chunk.attached_task_id != chunk.task_id:
            raise
        raise _AnotherChunks(f"task {chunk.task_id} answers phones and none of this chunk: it is another chunk's task") from None
    if result.doubts and not is_accepted:
        raise ResultUnreadable(
            f"many labels of the result have no meaning ({', '.join(map(repr, result.doubts))}): nothing of it is used; look at the "
            f"file, which is kept, and to use it as it is, run fbcheck reconcile {chunk.chunk_key} --accept"
        )
    _record(ws, chunk, sent, result, result_sha256)


def _record(ws: Workspace, chunk: Chunk, sent: Phones, result: ResultTable, result_sha256: str) -> None:
    task_id = chunk.known_task_id
    usable = result.table.filter(pc.is_valid(result.table["facebook"]))["phone"].to_numpy()
    unanswered = sent[codec.positions(sent, np.asarray(usable)) < 0]
    counts = {
        **result.counts,
        "missing": int(chunk.phone_count - result.table.num_rows),
        str(CheckStatus.UNDETERMINED): len(unanswered),
    }
    write_verdicts(ws.storage, task_id, result.table, exported_at_us(chunk) or int(ws.ledger.clock() * 1_000_000))
    if not ws.ledger.mark_collected(
        chunk.chunk_key,
        from_=chunk.state,
        task_id=task_id,
        unanswered=unanswered,
        result_sha256=result_sha256,
        result_counts=counts,
    ):
        log.info("chunk was collected by somebody else chunk_key=%s", chunk.chunk_key)


def _disown(ws: Workspace, chunk: Chunk, why: str) -> None:
    """The outcome of the chunk is unknown again. Delete the result file, because no chunk refers to it any more."""
    task_id = chunk.known_task_id
    for kind in paths.RESULT_FILES:
        ws.storage.delete(kind.of(task_id))
    ws.ledger.disown_task(chunk.chunk_key, from_=chunk.state, task_id=task_id, note=why)


def exported_at_us(chunk: Chunk) -> int | None:
    """When the vendor exported, or when we saw it where the vendor's word cannot be read; microseconds since 1970 UTC."""
    told = timestamp_us(chunk.vendor_exported_at)
    return told if told is not None or chunk.exported_at is None else int(chunk.exported_at * 1_000_000)
