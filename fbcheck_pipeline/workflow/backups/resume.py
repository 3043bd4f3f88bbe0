"""A person's word about a restored store: since when submissions are unknown."""

from __future__ import annotations

from fbcheck_pipeline.ledger import ChunkState, codec
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.workflow.workspace import Workspace


def resume(ws: Workspace, unknown_from: float) -> list[str]:
    """Let a restored store buy again what cannot have been submitted since then (UTC seconds), see `Restored.resume`.

    Returns:
        Keys of the chunks that are unconfirmed by it.

    Raises:
        OperatorError: nothing was restored.
        StorageError: it cannot be written what these chunks would have sent.
    """
    for each in ws.ledger.chunks(states=[ChunkState.PLANNED]):  # perhaps sent: the file of it must be there, as before a POST
        ws.storage.write_bytes(paths.CHUNKS.of(each.chunk_key), codec.to_payload(ws.ledger.chunk(each.chunk_key).phones))
    return ws.ledger.resume(unknown_from)
