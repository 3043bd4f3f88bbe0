"""Where the phones are that are bought for some lists: answered, with the vendor, unsent or unconfirmed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from fbcheck_pipeline.ledger import TRAITS, ChunkState
from fbcheck_pipeline.ledger.records import Stretch
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
        states = {each.chunk_key: each.state for each in ws.ledger.chunks_bought_for(list_key)}
        for chunk_key, stretch in ws.ledger.parts_of(list_key).items():
            state = states[chunk_key]
            if state is ChunkState.PLANNED:
                found.unsent += stretch.phone_count
            elif state is ChunkState.UNCONFIRMED:
                found.unconfirmed += stretch.phone_count
            elif TRAITS[state].holds:
                found.with_vendor += stretch.phone_count
            elif state is ChunkState.COLLECTED:
                found.answered += _answered(ws, chunk_key, stretch)
    return found


def _answered(ws: Workspace, chunk_key: str, stretch: Stretch) -> int:
    chunk = ws.ledger.chunk(chunk_key)
    own = chunk.phones[stretch.start : stretch.start + stretch.phone_count]
    return int(np.isin(own, chunk.unanswered, invert=True).sum())
