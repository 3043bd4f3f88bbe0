"""Where the phones are that are bought for some lists: answered, with the vendor, unsent or unconfirmed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from fbcheck_pipeline.ledger import TRAITS, ChunkState
from fbcheck_pipeline.ledger.records import Chunk, Stretch
from fbcheck_pipeline.workflow.sent_phones import loaded
from fbcheck_pipeline.workflow.workspace import Workspace


@dataclass
class Whereabouts:
    """Phones, by where they are."""

    answered: int = 0
    with_vendor: int = 0
    unsent: int = 0
    unconfirmed: int = 0


def whereabouts(ws: Workspace, list_keys: Iterable[str]) -> Whereabouts:
    """Count the phones that are bought, or to be bought, for these lists."""
    ws.ledger.recover_gone_senders()
    found, waiting = Whereabouts(), ws.ledger.waiting_counts()
    for list_key in set(list_keys):
        found.unsent += waiting.get(list_key, 0)
        stretches = ws.ledger.parts_of(list_key)
        for chunk in ws.ledger.chunks_bought_for(list_key):
            count = stretches[chunk.chunk_key].phone_count
            if chunk.state is ChunkState.PLANNED:
                found.unsent += count
            elif chunk.state is ChunkState.UNCONFIRMED:
                found.unconfirmed += count
            else:
                answered = _answered(ws, chunk, stretches[chunk.chunk_key]) if chunk.has_verdicts else 0
                found.answered += answered
                found.with_vendor += count - answered if TRAITS[chunk.state].holds else 0
    return found


def _answered(ws: Workspace, chunk: Chunk, stretch: Stretch) -> int:
    if stretch.phone_count == chunk.phone_count:
        return chunk.phone_count - chunk.unanswered_count
    now = loaded(ws, chunk.chunk_key)
    own = now.phones[stretch.start : stretch.start + stretch.phone_count]
    return int(np.isin(own, now.unanswered, invert=True).sum())
