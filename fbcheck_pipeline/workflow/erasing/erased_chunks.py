"""Erased phones leave chunks: first the ledger, by one transaction a chunk, then every file that is made of what the ledger says.

The files can be made to agree with the ledger at any time, by anybody: a process that was killed leaves nothing that only it knew.
"""

from __future__ import annotations

import numpy as np
import pyarrow.compute as pc

from fbcheck_pipeline.errors import StorageError
from fbcheck_pipeline.files.storage import BatchStream
from fbcheck_pipeline.ledger import ChunkState, codec
from fbcheck_pipeline.ledger.codec import Phones
from fbcheck_pipeline.ledger.records import Chunk, LoadedChunk
from fbcheck_pipeline.ledger.schema import ERASED
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.model.columns import Column
from fbcheck_pipeline.workflow.erasing.awaited_erasures import awaited
from fbcheck_pipeline.workflow.index.index_upkeep import remove_from_index
from fbcheck_pipeline.workflow.sent_phones import with_phones
from fbcheck_pipeline.workflow.verdict_files.verdicts import VerdictReader
from fbcheck_pipeline.workflow.verdict_files.volumes import remove_erased_from_volumes, without_erased
from fbcheck_pipeline.workflow.workspace import Workspace


def concerns_erasure(ws: Workspace, chunk: LoadedChunk) -> bool:
    """True for a chunk that phones were erased from, or are to be."""
    return chunk.payload_sha256 == ERASED or bool(ws.ledger.are_being_erased(chunk.phones).any())


def places_in(ws: Workspace, chunk: LoadedChunk, phones: Phones) -> Phones:
    """Those of these phones (sorted) that a chunk has.

    Raises:
        StorageError: the file of what was sent is lost, and nothing else says what it held.
    """
    if chunk.packed_phones is None:
        name = paths.CHUNKS.of(chunk.chunk_key)
        payload = b"\n" + ws.storage.read_bytes(name) if ws.storage.exists(name) else b""
        if payload and not any(b"\n+%d\n" % each in payload for each in phones.tolist()):
            return np.empty(0, np.int64)
    return np.intersect1d(with_phones(ws, chunk).phones, phones)


def erase_from_chunks(ws: Workspace, phones: Phones) -> bool:
    """Take phones (sorted) that are being erased out of every chunk that needs them no more, and of what waits for one.

    Returns:
        True where some chunk had one.
    """
    found = False
    for chunk in ws.ledger.loaded_chunks():
        if not len(places_in(ws, chunk, phones)):
            continue
        whole = with_phones(ws, chunk)
        if chunk.state is ChunkState.PLANNED:  # the rest is sent, or planned again
            chosen = codec.positions(whole.phones, phones) >= 0
            ws.ledger.remove_phones(chunk.chunk_key, chosen, smallest_chunk=ws.settings.smallest_chunk)
            found = True
        else:
            found |= ws.ledger.erase_from_chunk(whole, phones)
    with ws.ledger.planning() as tx:
        for list_key, waiting in tx.waiting().items():
            if len(left := codec.without(waiting, phones)) < len(waiting):
                tx.keep_waiting(list_key, left)
                found = True
    make_files_agree(ws)
    return found


def make_files_agree(ws: Workspace) -> None:
    """Write anew what still holds phones that were erased from chunks: what was sent, results, verdicts and the index."""
    erased = ws.ledger.erased_chunks()
    for each in erased:
        agree_with_ledger(ws, each.chunk_key)
    reader, published = VerdictReader(ws.storage), {each.key for each in ws.ledger.volumes()}
    bound = [(each, each.volume) for each in erased if each.volume in published]
    remove_erased_from_volumes(ws, {key for each, key in bound if key is not None and _has_more(ws, reader, each)})
    remove_from_index(ws, [each.chunk_key for each in erased])


def _has_more(ws: Workspace, reader: VerdictReader, chunk: Chunk) -> bool:
    """True where a volume has verdicts of phones that the chunk has no more."""
    try:
        table = reader.table(chunk.known_task_id, chunk.volume)
    except StorageError:  # nothing of it is left there, or nothing can be read
        return False
    return bool(without_erased(ws, chunk.chunk_key, table).num_rows < table.num_rows)


def agree_with_ledger(ws: Workspace, chunk_key: str) -> None:
    """Let a chunk's own files hold no phone that was erased from it; of its kept results nothing stays."""
    chunk = ws.ledger.chunk(chunk_key)
    sent, payload = paths.CHUNKS.of(chunk_key), codec.to_payload(chunk.there)
    if ws.storage.exists(sent) and ws.storage.read_bytes(sent) != payload:
        ws.storage.write_bytes(sent, payload)
    if chunk.task_id is None:
        return
    for kind in paths.RESULT_FILES:
        ws.storage.delete(kind.of(chunk.task_id))
    own = paths.VERDICTS.of(chunk.task_id)
    if not chunk.has_verdicts:
        ws.storage.delete(own)
    elif ws.storage.exists(own):
        stream = ws.storage.read_parquet(own)
        table = stream.read_all()
        kept = table.filter(pc.is_in(table[Column.PHONE_E164], codec.to_e164(chunk.there)))
        if kept.num_rows < table.num_rows:
            ws.storage.write_parquet(own, BatchStream(table.schema, iter(kept.combine_chunks().to_batches()), stream.footer))


def finish_erasures(ws: Workspace) -> None:
    """End the erasures that waited for an answer of the vendor only, and have it."""
    if not ws.ledger.is_erasing():
        return
    left = np.concatenate([np.empty(0, np.int64), *awaited(ws).values()])
    if ws.ledger.can_end_erasures(left):
        make_files_agree(ws)
        ws.ledger.end_erasures(left)
        ws.ledger.wipe_deleted()
