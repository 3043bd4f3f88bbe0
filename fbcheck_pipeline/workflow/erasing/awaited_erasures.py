"""Which chunks still need phones that are being erased."""

from __future__ import annotations

from fbcheck_pipeline.ledger.codec import Phones
from fbcheck_pipeline.ledger.scrubbing import keeps_phones
from fbcheck_pipeline.ledger.states import states_that
from fbcheck_pipeline.workflow.workspace import Workspace


def awaited(ws: Workspace) -> dict[str, Phones]:
    """Chunk key -> its phones that are being erased and that it still needs: it is to be sent without them, or is with the vendor."""
    if not ws.ledger.is_erasing():
        return {}
    found = {}
    for each in ws.ledger.chunks(states=states_that("holds")):
        if keeps_phones(each.state, has_result=each.result_sha256 is not None):
            phones = ws.ledger.chunk(each.chunk_key).phones
            if len(left := phones[ws.ledger.are_being_erased(phones)]):
                found[each.chunk_key] = left
    return found
