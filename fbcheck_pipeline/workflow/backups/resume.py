"""A person's word about a restored store: since when submissions are unknown."""

from __future__ import annotations

from datetime import UTC, datetime

from fbcheck_pipeline.errors import OperatorError
from fbcheck_pipeline.ledger import ChunkState, codec
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.workflow.workspace import Workspace


def resume(ws: Workspace, unknown_from: float) -> list[str]:
    """Let a restored store buy again what cannot have been submitted since then (UTC seconds), see `Restored.resume`.

    Returns:
        Keys of the chunks that are unconfirmed by it.

    Raises:
        OperatorError: nothing was restored, or a receipt tells of a submission before that.
        StorageError: it cannot be written what these chunks would have sent.
    """
    _see_that_no_receipt_is_earlier(ws, unknown_from)
    for each in ws.ledger.chunks(states=[ChunkState.PLANNED]):  # perhaps sent: the file of it must be there, as before a POST
        ws.storage.write_bytes(paths.CHUNKS.of(each.chunk_key), codec.to_payload(ws.ledger.chunk(each.chunk_key).phones))
    return ws.ledger.resume(unknown_from)


def _see_that_no_receipt_is_earlier(ws: Workspace, unknown_from: float) -> None:
    """Receipts that are still there were not taken in when the ledger was opened: it does not know their chunks."""
    for receipt in ws.ledger.receipts.kept(with_copies=True):
        if receipt.begun_at < unknown_from and not ws.ledger.chunks_named([receipt.chunk_key]):
            day = datetime.fromtimestamp(receipt.begun_at, UTC).date()
            raise OperatorError(
                f"a receipt tells of a submission on {day} that the restored ledger does not know ({ws.ledger.receipts.place_of(receipt)}); "
                "name that day or an earlier one, or take the receipt away once you know what became of it"
            )
