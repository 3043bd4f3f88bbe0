"""Exported results into the verdict store: each is fetched once, kept, read, matched with what was sent, and recorded."""

from __future__ import annotations

import gzip
import logging
import tempfile
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fbcheck_pipeline.errors import ResultExpired, ResultUnreadable, VendorError
from fbcheck_pipeline.files.storage import release_unused_memory
from fbcheck_pipeline.ledger import ChunkState, codec
from fbcheck_pipeline.ledger.access import Row
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.model.statuses import CheckStatus
from fbcheck_pipeline.progress import report
from fbcheck_pipeline.vendor import ResultTable, VendorClient, read_result, timestamp_us
from fbcheck_pipeline.workflow.poll import LONGEST_INTERVAL_S, ask_again, settle_overdue
from fbcheck_pipeline.workflow.verdicts import merge_index, write_verdicts
from fbcheck_pipeline.workflow.workspace import Workspace

log = logging.getLogger(__name__)

MOST_DOWNLOADS = 8
MOST_READERS = 2
"""Results are read beside downloads, but few at once: each reader's memory stays with its thread."""
STRANGERS_TELL = 5
"""So many phones, none of which was sent, are another chunk's result; fewer may be a slip, where the vendor itself named the task."""


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
    rows = ws.ledger.due_for_fetch()
    if rows:
        with ThreadPoolExecutor(MOST_READERS) as readers, ThreadPoolExecutor(min(MOST_DOWNLOADS, len(rows))) as downloads:
            done, total = 0, sum(row.phone_count for row in rows)
            for row, _ in zip(rows, downloads.map(lambda row: _collect(ws, client, readers, row, collected), rows), strict=True):
                done += row.phone_count
                report("collecting", done, total)
        settle_overdue(ws)
        release_unused_memory()
        merge_index(ws.storage, ws.ledger)
        release_unused_memory()
    return collected


def _collect(ws: Workspace, client: VendorClient, readers: Executor, row: Row, collected: Collected) -> None:
    try:
        with tempfile.TemporaryDirectory(prefix="fbcheck-") as folder:
            path = Path(folder) / "result"
            result_sha256 = _fetch(ws, client, row, path)
            readers.submit(_take_in, ws, row, path, result_sha256).result()
    except VendorError as error:
        if isinstance(error, _AnotherChunks):
            _disown(ws, row, str(error))
        else:
            delay_s = min(ws.settings.poll_seconds * 2 ** min(row.fetches, 20), LONGEST_INTERVAL_S)
            ws.ledger.note_fetch_failure(row.chunk_key, note=str(error), next_fetch_at=ws.ledger.clock() + delay_s)
        collected.problems[row.chunk_key] = str(error)
        log.warning("result not collected chunk_key=%s error=%s", row.chunk_key, type(error).__name__)
        return
    collected.tasks += 1
    collected.phones += row.phone_count


def _fetch(ws: Workspace, client: VendorClient, row: Row, path: Path) -> str:
    """Download a result, asking for a fresh URL when the known one has expired; returns its SHA-256."""
    url = row.result_url or ask_again(ws, client, row).result_url
    if not url:
        raise ResultUnreadable("the vendor says exported and names no result; it is asked again")
    try:
        found = client.download(url, path)
    except ResultExpired:
        fresh = ask_again(ws, client, row).result_url
        if not fresh:
            raise
        found = client.download(fresh, path)
    _keep(ws, row, path)
    return found.sha256


def _keep(ws: Workspace, row: Row, path: Path) -> None:
    """A join can be repeated, and a person can look, without the vendor."""
    content = path.read_bytes()
    if content.startswith(b"PK"):  # compressed already
        ws.storage.write_bytes(paths.RESULT_ARCHIVES.of(row.task_id), content)
    else:
        ws.storage.write_bytes(paths.RESULT_TEXTS.of(row.task_id), gzip.compress(content, compresslevel=1, mtime=0))


def _take_in(ws: Workspace, row: Row, path: Path, result_sha256: str) -> None:
    _record(ws, row, read_result(path, max_bytes=ws.settings.max_result_mb * 1_000_000), result_sha256)


def _record(ws: Workspace, row: Row, result: ResultTable, result_sha256: str) -> None:
    chunk = ws.ledger.chunk(row.chunk_key)
    sent, _ = codec.distinct(codec.unpack(chunk.phones, chunk.phone_count))
    answered = result.table["phone"].to_numpy()
    is_ours = codec.positions(answered, sent) >= 0
    strangers_tell = 1 if row.attached_task_id == row.task_id else STRANGERS_TELL
    if not is_ours.any() and len(answered) >= max(strangers_tell, len(sent) / 2):
        raise _AnotherChunks(
            f"task {row.task_id} answers {len(answered)} phones and none of this chunk: it is another chunk's task"
        )
    table = result.table.filter(pa.array(is_ours))
    usable = table.filter(pc.is_valid(table["facebook"]))["phone"].to_numpy()
    unanswered = sent[codec.positions(sent, np.asarray(usable)) < 0]
    counts: dict[str, Any] = {
        **result.counts,
        "extra": int((~is_ours).sum()),
        "missing": int(chunk.phone_count - table.num_rows),
        str(CheckStatus.UNDETERMINED): len(unanswered),
    }
    write_verdicts(ws.storage, row.task_id, table, _checked_at_us(row))
    if not ws.ledger.collect(
        row.chunk_key,
        from_=ChunkState(row.state),
        task_id=row.task_id,
        unanswered=unanswered,
        result_sha256=result_sha256,
        result_counts=counts,
    ):
        log.info("chunk was collected by somebody else chunk_key=%s", row.chunk_key)


def _disown(ws: Workspace, row: Row, why: str) -> None:
    """Nobody knows what became of the chunk: a person must look again; the file goes, for no chunk is left to purge it with."""
    for kind in paths.RESULT_FILES:
        ws.storage.delete(kind.of(row.task_id))
    ws.ledger.disown_task(row.chunk_key, from_=ChunkState(row.state), task_id=row.task_id, note=why)


def _checked_at_us(row: Row) -> int:
    """When the vendor exported, or when we saw it where the vendor's word cannot be read."""
    told = timestamp_us(row.vendor_exported_at)
    return told if told is not None else int(row.exported_at * 1_000_000)
