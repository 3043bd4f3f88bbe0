"""Verdict files that were lost or damaged on the disk: made anew from the result that was kept, where it says as much.

Where none does, the phones stay answered for planning (nobody buys them again unasked), and whoever needs the verdicts themselves
is told the file.
"""

from __future__ import annotations

import logging
from contextlib import suppress

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from fbcheck_pipeline.errors import ResultError, StorageError
from fbcheck_pipeline.ledger import codec
from fbcheck_pipeline.ledger.codec import Phones
from fbcheck_pipeline.ledger.records import Chunk, LoadedChunk
from fbcheck_pipeline.workflow.sent_phones import loaded
from fbcheck_pipeline.workflow.verdict_files.kept_results import kept, read_for
from fbcheck_pipeline.workflow.verdict_files.verdicts import VerdictReader, place_of, store_verdicts, united, usable_phones
from fbcheck_pipeline.workflow.workspace import Workspace

log = logging.getLogger(__name__)


def verdicts_of(ws: Workspace, chunk: Chunk, reader: VerdictReader | None = None) -> tuple[Phones, npt.NDArray[np.int8]]:
    """Phones that a chunk's task answered (sorted) and their verdict as an index in VERDICTS, -1 where it is none.

    Raises:
        StorageError: the file is lost, and cannot be made anew.
    """
    try:
        return (reader or VerdictReader(ws.storage)).answers(chunk.known_task_id, chunk.volume)
    except StorageError:
        now = _mended(ws, chunk)
        return VerdictReader(ws.storage).answers(now.known_task_id, now.volume)


def table_of(ws: Workspace, chunk_key: str) -> pa.Table:
    """The rows of a chunk's task, wherever they lie by now.

    Raises:
        StorageError: the file is lost, and cannot be made anew.
    """
    chunk = ws.ledger.chunk(chunk_key)
    try:
        return VerdictReader(ws.storage).table(chunk.known_task_id, chunk.volume)
    except StorageError:
        now = _mended(ws, chunk)
        return VerdictReader(ws.storage).table(now.known_task_id, now.volume)


def united_with_stored(ws: Workspace, chunk: Chunk, table: pa.Table) -> tuple[pa.Table, bool]:
    """A result united with what the store has of the same task, and whether that is more, or other, than the store had."""
    try:
        return united(VerdictReader(ws.storage).table(chunk.known_task_id, chunk.volume), table)
    except StorageError:
        with suppress(StorageError):
            now = _mended(ws, chunk)
            return united(VerdictReader(ws.storage).table(now.known_task_id, now.volume), table)[0], True
    return table, True


def _mended(ws: Workspace, lost: Chunk) -> Chunk:
    """A chunk whose verdicts were not where they were known to lie: they lie elsewhere by now, or are made anew."""
    now = ws.ledger.chunk(lost.chunk_key)
    if now.volume == lost.volume:
        make_anew(ws, now.chunk_key)
    return ws.ledger.chunk(lost.chunk_key)


def make_anew(ws: Workspace, chunk_key: str) -> None:
    """Write a chunk's verdict file from the result that was kept.

    Raises:
        StorageError: none was kept that answers all that the ledger knows as answered.
    """
    chunk = loaded(ws, chunk_key)
    name = place_of(chunk.known_task_id, chunk.volume)
    table = _table_kept(ws, chunk)
    if table is None or not chunk.has_verdicts:
        raise StorageError(
            f"the verdicts in {ws.storage.uri(name)} are lost or damaged, and no kept result says as much; restore that file from the "
            "backup. Until then nobody buys its phones again, and lists that need it keep their last results"
        )
    log.warning("verdict file made anew from the kept result chunk_key=%s", chunk.chunk_key)
    store_verdicts(ws, chunk, table)
    if chunk.chunk_key not in ws.ledger.changes_of([chunk.chunk_key]):  # purged just now
        ws.storage.delete(place_of(chunk.known_task_id, None))
    elif chunk.volume is not None:
        ws.ledger.unbind(chunk.chunk_key, chunk.volume)


def _table_kept(ws: Workspace, chunk: LoadedChunk) -> pa.Table | None:
    with kept(ws, chunk.known_task_id) as path, suppress(ResultError):
        if path is not None:
            table = read_for(ws, chunk, path).table
            answered = chunk.answered
            if (codec.positions(answered[answered > 0], usable_phones(table)) >= 0).all():
                return table
    return None
