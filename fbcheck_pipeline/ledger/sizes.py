"""How large the ledger is, and how fast it grows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from fbcheck_pipeline.ledger.access import Access
from fbcheck_pipeline.ledger.schema import chunks, index_tiers, lists
from fbcheck_pipeline.ledger.states import ChunkState

DAY_S = 86_400.0


@dataclass(frozen=True)
class LedgerSize:
    """What there is.

    Attributes:
        size_bytes: of the database.
        answers: phones with a usable verdict, each as often as it was bought.
        tiers: files of the index over verdicts and tries.
    """

    size_bytes: int
    lists: int
    chunks: int
    answers: int
    tiers: int


@dataclass(frozen=True)
class Growth:
    """What some days added: lists joined, chunks settled, phones of these, and answers to them."""

    days: int
    lists: int
    chunks: int
    phones: int
    answers: int


class Sizes(Access):
    """Sums over the whole ledger: a person asks for them, nobody waits for them."""

    def size(self) -> LedgerSize:
        """What there is now."""
        found = self._rows(sa.select(sa.func.count().label("chunks"), _answers()).select_from(chunks))[0]
        tiers, known = self._count(index_tiers), self._count(lists)
        return LedgerSize(self.database.size_bytes(), known, found.chunks, int(found.answers), tiers)

    def growth(self, days: int) -> Growth:
        """What the last days added."""
        since = self.clock() - days * DAY_S
        joined = self._count(lists, lists.c.joined_at >= since)
        phones = sa.func.coalesce(sa.func.sum(chunks.c.phone_count), 0).label("phones")
        settled = sa.select(sa.func.count().label("chunks"), phones, _answers()).where(chunks.c.settled_at >= since)
        found = self._rows(settled.select_from(chunks))[0]
        return Growth(days, joined, found.chunks, int(found.phones), int(found.answers))

    def _count(self, table: sa.Table, *where: sa.ColumnElement[bool]) -> int:
        return int(self._rows(sa.select(sa.func.count()).select_from(table).where(*where))[0][0])


def _answers() -> sa.Label[Any]:
    has_verdicts = chunks.c.result_sha256.is_not(None) & (chunks.c.state != ChunkState.PURGED)
    answered = sa.case((has_verdicts, chunks.c.phone_count - chunks.c.unanswered_count), else_=0)
    return sa.func.coalesce(sa.func.sum(answered), 0).label("answers")
