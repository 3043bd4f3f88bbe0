"""The phones of a chunk, whether the ledger still has them or the file of what was sent.

The ledger forgets the phones of settled chunks that the index tells of. From then on `chunks/<chunk_key>.txt` is the only copy.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace

from fbcheck_pipeline.errors import StorageError
from fbcheck_pipeline.ledger import codec
from fbcheck_pipeline.ledger.records import LoadedChunk
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.workflow.workspace import Workspace


def loaded(ws: Workspace, chunk_key: str) -> LoadedChunk:
    """One chunk with its phones.

    Raises:
        OperatorError: there is none of this key.
        StorageError: see `with_phones`.
    """
    return with_phones(ws, ws.ledger.chunk(chunk_key))


def with_phones(ws: Workspace, chunk: LoadedChunk) -> LoadedChunk:
    """A chunk with its phones.

    Raises:
        StorageError: the file of what was sent is lost, or is not what was sent.
    """
    if chunk.packed_phones is not None:
        return chunk
    name = paths.CHUNKS.of(chunk.chunk_key)
    payload = ws.storage.read_bytes(name) if ws.storage.exists(name) else b""
    if ws.ledger.keyed_hash(hashlib.sha256(payload).hexdigest()) != chunk.payload_sha256:
        raise StorageError(
            f"{ws.storage.uri(name)} is lost or damaged, and nothing else says what was sent; restore it from the backup"
        )
    return replace(chunk, packed_phones=codec.pack(codec.from_payload(payload)))
