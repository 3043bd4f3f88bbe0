"""Taking erased phones out of a chunk: the counts of the chunk stay, since it was sent and paid for with them.

In place of an erased phone stands a negative number that no phone has, at the end of the stretch it was bought in: a gap among sorted
phones would tell which phone is missing. A chunk of which no answer came yet keeps the phone until one did, or none comes: without it
nobody could tell whose the answer is.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING

import sqlalchemy as sa

from fbcheck_pipeline.ledger import codec
from fbcheck_pipeline.ledger.changes import NEXT_CHANGE, count_change
from fbcheck_pipeline.ledger.codec import Phones
from fbcheck_pipeline.ledger.records import LoadedChunk
from fbcheck_pipeline.ledger.schema import ERASED, LOADED, chunk_phones, chunks, erasures, ledger_meta, parts
from fbcheck_pipeline.ledger.states import TRAITS, ChunkState

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
else:
    from fbcheck_pipeline.ledger import arrays as np

ASKED = sa.select(erasures.c.digest)
"""What finds all phones that are being erased."""
_PAYLOAD = sa.select(chunks.c.payload_sha256).where(chunks.c.chunk_key == sa.bindparam("key"))


def keeps_phones(state: ChunkState, *, has_result: bool) -> bool:
    """True where a chunk's phones are still needed: it is to be sent without the erased ones, or its first answer is awaited."""
    return state is ChunkState.PLANNED or (TRAITS[state].holds is not None and not has_result)


def erase_what_is_asked(connection: sa.Connection, chunk_key: str) -> None:
    """Take the phones that are being erased out of a chunk, if it has any and needs them no more."""
    digests = np.array(connection.scalars(ASKED).all(), np.int64)
    if not len(digests):
        return
    row = connection.execute(LOADED.where(chunks.c.chunk_key == chunk_key)).one()
    hash_key = connection.execute(sa.select(ledger_meta.c.hash_key)).scalar_one()
    chunk = LoadedChunk.from_row(row)
    if chunk.packed_phones is not None:
        erase_from(connection, chunk, np.isin(codec.digests(chunk.phones.tolist(), hash_key), digests))


def erase_from(connection: sa.Connection, chunk: LoadedChunk, is_gone: npt.NDArray[np.bool_]) -> bool:
    """Put negative numbers in the places of phones; False where the chunk has none of them, or still needs them.

    Args:
        chunk: with its phones, as this transaction sees it.
        is_gone: a mask over its phones.
    """
    if not is_gone.any() or keeps_phones(chunk.state, has_result=chunk.result_sha256 is not None):
        return False
    lowest = min(int(chunk.phones.min()), 0)
    gone = chunk.phones[is_gone]
    instead = dict(zip(gone.tolist(), range(lowest - 1, lowest - 1 - len(gone), -1), strict=True))
    phones = _reordered(connection, chunk, is_gone, instead)
    values: dict[str, object] = {"phones": codec.pack(phones)}
    if chunk.packed_unanswered is not None:
        values["unanswered"] = codec.pack(np.sort(_replaced(chunk.unanswered, instead)))
    connection.execute(sa.update(chunk_phones).where(chunk_phones.c.chunk_key == chunk.chunk_key).values(values))
    has_answers = chunk.result_sha256 is not None and bool((_replaced(chunk.answered, instead) > 0).any())
    facts = {"change": NEXT_CHANGE, "payload_sha256": ERASED, "result_sha256": ERASED if has_answers else None}
    connection.execute(sa.update(chunks).where(chunks.c.chunk_key == chunk.chunk_key).values(facts))
    count_change(connection)
    connection.execute(sa.update(ledger_meta).values(generation=ledger_meta.c.generation + 1))
    return True


def without_erased(connection: sa.Connection, chunk_key: str, unanswered: Phones) -> Phones:
    """Phones (sorted) that a result left unanswered, found before some of them were erased: as many numbers, none of these."""
    if connection.scalar(_PAYLOAD, {"key": chunk_key}) != ERASED:
        return unanswered
    phones = LoadedChunk.from_row(connection.execute(LOADED.where(chunks.c.chunk_key == chunk_key)).one()).phones
    is_there = np.isin(unanswered, phones)
    instead = phones[(phones < 0) & ~np.isin(phones, unanswered)][: np.count_nonzero(~is_there)]
    return np.sort(np.concatenate([unanswered[is_there], instead]))


def _reordered(
    connection: sa.Connection, chunk: LoadedChunk, is_gone: npt.NDArray[np.bool_], instead: Mapping[int, int]
) -> Phones:
    bounds = {0, chunk.phone_count}
    for each in connection.execute(sa.select(parts).where(parts.c.chunk_key == chunk.chunk_key)):
        bounds |= {each.start, each.start + each.phone_count}
    pieces = []
    for start, stop in pairwise(sorted(bounds)):
        own, leaves = chunk.phones[start:stop], is_gone[start:stop]
        leaves = leaves | (own < 0)
        pieces += [own[~leaves], np.sort(_replaced(own[leaves], instead))[::-1]]
    return np.concatenate(pieces)


def _replaced(phones: Phones, instead: Mapping[int, int]) -> Phones:
    return np.array([instead.get(each, each) for each in phones.tolist()], np.int64)
