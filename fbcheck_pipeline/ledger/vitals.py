"""What an operator's alarms ask of the ledger every minute: each query finds what it reads by an index, however much is finished."""

from __future__ import annotations

import math
from dataclasses import dataclass

import sqlalchemy as sa

from fbcheck_pipeline.ledger.access import Access
from fbcheck_pipeline.ledger.records import Record
from fbcheck_pipeline.ledger.schema import (
    IS_OPEN,
    IS_OVER_BUDGET,
    chunks,
    index_tiers,
    ledger_meta,
    lists,
    unreadable_files,
    waiting,
)
from fbcheck_pipeline.ledger.states import TRAITS, ChunkState
from fbcheck_pipeline.model.statuses import CheckStatus

DAY_S = 86_400.0
WATCHED_STATES = [state for state, traits in TRAITS.items() if traits.holds or traits.action]
"""Of chunks that an answer may still come for, or that wait for a person."""
LIST_STATES = ("unreadable", "held", str(CheckStatus.OVER_BUDGET), "open")
"""Why a list is open; the first that applies."""


@dataclass(frozen=True, slots=True)
class StateTally(Record):
    """The chunks in one state.

    Attributes:
        planned_at, submitted_at: of the oldest, UTC seconds; None where none was.
    """

    state: ChunkState
    chunks: int
    phones: int
    planned_at: float | None
    submitted_at: float | None


@dataclass(frozen=True, slots=True)
class SettledTally(Record):
    """The chunks of one state that settled within some time.

    Attributes:
        slowest_s: the longest from submission to export; None where none was exported.
    """

    state: ChunkState
    chunks: int
    phones: int
    slowest_s: float | None


class Vitals(Access):
    """Figures that cost the same whatever the history."""

    def watched_chunks(self) -> list[StateTally]:
        """The chunks in each of `WATCHED_STATES` that has any."""
        query = sa.select(
            chunks.c.state,
            sa.func.count().label("chunks"),
            sa.func.sum(chunks.c.phone_count).label("phones"),
            sa.func.min(chunks.c.planned_at).label("planned_at"),
            sa.func.min(chunks.c.submitted_at).label("submitted_at"),
        )
        return self._records(StateTally, query.where(chunks.c.state.in_(WATCHED_STATES)).group_by(chunks.c.state))

    def settled_since(self, since: float) -> list[SettledTally]:
        """The chunks that settled since then (UTC seconds), by state; what they cost to count is what that time brought."""
        state = (chunks.c.state + "").label("state")  # by the column itself SQLite would group all chunks by its index
        query = sa.select(
            state,
            sa.func.count().label("chunks"),
            sa.func.sum(chunks.c.phone_count).label("phones"),
            sa.func.max(chunks.c.exported_at - chunks.c.submitted_at).label("slowest_s"),
        )
        return self._records(SettledTally, query.where(chunks.c.settled_at >= since).group_by(state))

    def open_lists_by_state(self) -> dict[str, int]:
        """How many open lists there are in each of `LIST_STATES`."""
        unreadable, held, over_budget, otherwise = LIST_STATES
        state = sa.case(
            (lists.c.error.is_not(None), unreadable),
            (lists.c.held.is_not(None), held),
            (IS_OVER_BUDGET, over_budget),
            else_=otherwise,
        ).label("state")
        found = self._rows(sa.select(state, sa.func.count().label("lists")).where(IS_OPEN).group_by(state))
        return dict.fromkeys(LIST_STATES, 0) | {row.state: row.lists for row in found}

    def last_list_at(self) -> float | None:
        """When the newest list was registered; None without any."""
        newest = sa.select(sa.func.max(lists.c.number)).scalar_subquery()
        found = self._rows(sa.select(lists.c.added_at).where(lists.c.number == newest))
        return float(found[0].added_at) if found else None

    def waiting_phone_count(self) -> int:
        """Phones that wait for others to fill a chunk with."""
        return self._number(sa.select(sa.func.sum(waiting.c.phone_count)))

    def unreadable_file_count(self) -> int:
        """Files of the inbox that could not be read."""
        return int(self._rows(sa.select(sa.func.count()).select_from(unreadable_files))[0][0])

    def index_gap(self) -> int:
        """Changes of chunks that no published file of the index tells of: it jumps when one of these is lost and made anew."""
        told = sa.select(sa.func.sum(index_tiers.c.through_change - index_tiers.c.after_change))
        return self._number(sa.select(ledger_meta.c.changes)) - self._number(told.where(index_tiers.c.fresh_at < math.inf))
