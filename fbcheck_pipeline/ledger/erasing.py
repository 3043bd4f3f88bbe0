"""Erasures as far as the ledger knows them: which phones are being erased, and their places in its blobs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import sqlalchemy as sa

from fbcheck_pipeline.ledger import codec
from fbcheck_pipeline.ledger.access import Access, batched
from fbcheck_pipeline.ledger.codec import Phones
from fbcheck_pipeline.ledger.records import Chunk, LoadedChunk
from fbcheck_pipeline.ledger.schema import (
    ERASED,
    LOADED,
    backups,
    chunks,
    erased_phones,
    erasures,
    ledger_meta,
    lists,
)
from fbcheck_pipeline.ledger.scrubbing import ASKED, erase_from
from fbcheck_pipeline.ledger.suppressing import opt_out

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
else:
    from fbcheck_pipeline.ledger import arrays as np

PAGE = 64


class Erasing(Access):
    """Phones that are being erased, by keyed hash."""

    def begin_erasure(self, phones: Phones) -> None:
        """Record that phones are being erased, and suppress them: no planning that has not read yet uses what is known of them."""
        digests, now = codec.digests(phones.tolist(), self.hash_key), self.clock()
        with self._write() as connection:
            # Whatever the clock says, after every backup that holds them.
            asked_at = max(now, connection.scalar(sa.select(sa.func.max(backups.c.made_at))) or now)
            for some in batched(digests.tolist()):
                for table in (erasures, erased_phones):
                    connection.execute(sa.delete(table).where(table.c.digest.in_(some)))
                    connection.execute(sa.insert(table), [{"digest": each, "asked_at": asked_at} for each in some])
            opt_out(connection, digests, now)
            counts = ("suppressions", "erasures", "generation")
            connection.execute(sa.update(ledger_meta).values({name: ledger_meta.c[name] + 1 for name in counts}))

    def is_erasing(self) -> bool:
        """True while anything of a phone may be left that somebody asked to erase."""
        return bool(self._rows(sa.select(erasures.c.digest).limit(1)))

    def are_being_erased(self, phones: Phones) -> npt.NDArray[np.bool_]:
        """Which of these phones are being erased."""
        digests = [row.digest for row in self._rows(ASKED)]
        if not digests:
            return np.zeros(len(phones), bool)
        return np.isin(codec.digests(phones.tolist(), self.hash_key), np.array(digests, np.int64))

    def erasures_of_lists(self) -> int:
        """How many phones an erasure that was stopped has yet to take out of lists' files."""
        return len(self._rows(sa.select(erasures.c.digest).where(erasures.c.lists_are_done.is_(sa.false()))))

    def note_lists_done(self, phones: Phones) -> None:
        """Record that no file of a list has these phones any more."""
        with self._write() as connection:
            for some in batched(codec.digests(phones.tolist(), self.hash_key).tolist()):
                connection.execute(sa.update(erasures).where(erasures.c.digest.in_(some)).values(lists_are_done=True))

    def can_end_erasures(self, left: Phones) -> bool:
        """True where something is erased of which nothing is left; `left` as for `end_erasures`."""
        done = {row.digest for row in self._rows(sa.select(erasures.c.digest).where(erasures.c.lists_are_done))}
        return bool(done - set(codec.digests(left.tolist(), self.hash_key).tolist()))

    def end_erasures(self, left: Phones) -> None:
        """Forget the erasures of whose phones nothing is left.

        Args:
            left: phones that are left in some chunk.
        """
        with self._write() as connection:
            done = set(connection.scalars(sa.select(erasures.c.digest).where(erasures.c.lists_are_done)))
            for some in batched(done - set(codec.digests(left.tolist(), self.hash_key).tolist())):
                connection.execute(sa.delete(erasures).where(erasures.c.digest.in_(some)))

    def loaded_chunks(self) -> Iterator[LoadedChunk]:
        """Every chunk, by its key; the phones of some lie in the file of what was sent only."""
        after = ""
        while True:
            page = self._records(LoadedChunk, LOADED.where(chunks.c.chunk_key > after).order_by(chunks.c.chunk_key).limit(PAGE))
            yield from page
            if len(page) < PAGE:
                return
            after = page[-1].chunk_key

    def erased_chunks(self) -> list[Chunk]:
        """Chunks that phones were erased from."""
        return self._records(Chunk, sa.select(chunks).where(chunks.c.payload_sha256 == ERASED).order_by(chunks.c.chunk_key))

    def erase_from_chunk(self, chunk: LoadedChunk, phones: Phones) -> bool:
        """Take phones (sorted) out of a chunk; False where it has none of them, or needs them still.

        Args:
            chunk: with its phones: where the ledger forgot them, it has them again from now on.
        """
        with self._write() as connection:
            now = LoadedChunk.from_row(connection.execute(LOADED.where(chunks.c.chunk_key == chunk.chunk_key)).one())
            now = now if now.packed_phones is not None else replace(now, packed_phones=chunk.packed_phones)
            return erase_from(connection, now, codec.positions(now.phones, phones) >= 0)

    def note_list_erased(self, list_key: str, *, erased: int, reading: Mapping[str, int]) -> None:
        """Record how many rows are erased from a list in all, and what its reading counts without them; its hash goes.

        It is due to be joined anew.
        """
        with self._write() as connection:
            known = connection.execute(sa.select(lists.c.reading).where(lists.c.list_key == list_key)).one_or_none()
            if known is not None and known.reading is not None:
                values = {"reading": {**known.reading, **reading, "sha256": None}, "erased": erased, "sha256": ERASED}
                values |= {"revision": lists.c.revision + 1}
                connection.execute(sa.update(lists).where(lists.c.list_key == list_key).values(values))
