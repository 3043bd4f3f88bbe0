"""A try that was taken for lost turns out to be with the vendor: what was planned in its place is called off."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from fbcheck_pipeline.ledger import codec
from fbcheck_pipeline.ledger.changes import NEXT_CHANGE, count_change
from fbcheck_pipeline.ledger.limits import withdraw_phones
from fbcheck_pipeline.ledger.planning import request_planning_of_dependants
from fbcheck_pipeline.ledger.records import Chunk, LoadedChunk
from fbcheck_pipeline.ledger.schema import LOADED, chunks
from fbcheck_pipeline.ledger.states import ChunkState

if TYPE_CHECKING:
    import numpy as np
else:
    from fbcheck_pipeline.ledger import arrays as np

CALLED_OFF = (ChunkState.PLANNED, ChunkState.REPLACED, ChunkState.WITHDRAWN)
"""Where a resubmitted chunk may stand when the id of an earlier try comes."""


def call_off(connection: sa.Connection, chunk: LoadedChunk, *, now: float) -> None:
    """Withdraw every planned chunk with a phone of one that counts its own tries again; their lists are planned anew.

    What was sent meanwhile stays: it was paid for.

    Args:
        chunk: as it was while the chunks in its place counted its tries.
    """
    if chunk.state is ChunkState.PLANNED:  # nothing took its place
        return
    _count_no_longer(connection, chunk, chunk.chunk_key)
    request_planning_of_dependants(connection, chunk.chunk_key)
    phones = codec.distinct(chunk.phones)
    for row in connection.execute(LOADED.where(chunks.c.state == ChunkState.PLANNED)).all():
        planned = LoadedChunk.from_row(row)
        if (codec.positions(planned.phones, phones) >= 0).any():
            withdraw_phones(connection, planned, np.ones(planned.phone_count, bool), smallest_chunk=1, now=now)
            request_planning_of_dependants(connection, planned.chunk_key)


def _count_no_longer(connection: sa.Connection, chunk: Chunk, replaced: str) -> None:
    """Take a chunk's tries from those that count them in its place."""
    for row in connection.execute(sa.select(chunks).where(chunks.c.replaces == replaced)).all():
        part = Chunk.from_row(row)
        that_day = chunk.earlier_that_day if part.budget_day == chunk.budget_day else 0
        values = {
            "resubmissions": max(0, part.resubmissions - chunk.resubmissions),
            "earlier_that_day": max(0, part.earlier_that_day - that_day),
            "change": NEXT_CHANGE,
        }
        connection.execute(sa.update(chunks).where(chunks.c.chunk_key == part.chunk_key).values(values))
        count_change(connection)
        if part.state is ChunkState.REPLACED:
            _count_no_longer(connection, chunk, part.chunk_key)
