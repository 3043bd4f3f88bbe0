"""What is new, open or due: the questions of ticks, runs and the status. Their cost follows what is open, never what is finished."""

from __future__ import annotations

import sqlalchemy as sa

from fbcheck_pipeline.ledger.access import Access
from fbcheck_pipeline.ledger.planning import ORPHANED_AFTER_S
from fbcheck_pipeline.ledger.records import Chunk, PhoneList
from fbcheck_pipeline.ledger.schema import (
    HAS_POSSIBLE_TASK,
    IS_INCOMPLETE,
    IS_OPEN,
    IS_OVER_BUDGET,
    chunks,
    dependencies,
    ledger_meta,
    lists,
    waiting,
)
from fbcheck_pipeline.ledger.states import TRAITS, ChunkState
from fbcheck_pipeline.model.statuses import CheckStatus

_UNTRIED = (IS_INCOMPLETE, lists.c.error.is_(None))
_WAITING_STATES = [state for state, traits in TRAITS.items() if traits.holds or traits.action]
"""Of chunks that something may still happen to by itself, or that wait for a person."""
_NIGHT_STATES = [state for state, traits in TRAITS.items() if traits.retries == "night"]


class OpenWork(Access):
    """Lists and chunks that are not finished."""

    def open_lists(self) -> list[PhoneList]:
        """Lists that anything may still happen to, oldest first; unreadable ones, too."""
        return self._open_lists()

    def new_lists(self) -> list[PhoneList]:
        """Readable lists that no run has planned yet, oldest first."""
        return self._open_lists(*_UNTRIED, lists.c.planned_at.is_(None))

    def lists_of_the_night(self) -> list[PhoneList]:
        """Readable lists, neither complete nor held, of which a planning may buy something, oldest first: the night plans them again.

        Something of them is not planned, waits for more phones, was forbidden by a limit, is unsent, or settled without an answer. A list
        that only waits for the vendor or for a person is left alone: planned again, it would be what it is.
        """
        is_left = sa.or_(
            chunks.c.state.in_((ChunkState.PLANNED, ChunkState.WITHDRAWN)),
            chunks.c.state.in_(_NIGHT_STATES) & (chunks.c.unanswered_count > 0),
        )
        may_buy = sa.or_(
            ~lists.c.is_pinned,
            lists.c.needs_planning,
            IS_OVER_BUDGET,
            lists.c.counts[CheckStatus.OVER_BUDGET.value].as_integer() > 0,  # also where a run lifted the limit and ended
            sa.exists().where(waiting.c.list_key == lists.c.list_key),
            _depends_on(is_left),
        )
        return self._open_lists(*_UNTRIED, lists.c.held.is_(None), may_buy)

    def held_lists(self) -> list[PhoneList]:
        """Lists that wait for a person to confirm how they were read, oldest first."""
        return self._open_lists(lists.c.held.is_not(None))

    def unreadable_lists(self) -> list[PhoneList]:
        """Lists whose reading failed, oldest first."""
        return self._open_lists(lists.c.error.is_not(None))

    def lists_to_join(self) -> list[PhoneList]:
        """Lists whose pins stand, whose chunks are all settled, and that changed since they were last joined."""
        is_open = chunks.c.state.in_([state for state, traits in TRAITS.items() if not traits.settles])
        return self._open_lists(lists.c.is_pinned, lists.c.revision != lists.c.joined_revision, ~_depends_on(is_open))

    def lists_to_send(self) -> list[PhoneList]:
        """Lists with planned chunks whose time to be sent has come, or that must be planned again.

        That is where another list's work changed theirs, unless a limit forbids it, and where who planned them wrote no pins in time.
        """
        is_due = (chunks.c.state == ChunkState.PLANNED) & (chunks.c.next_send_at <= self.clock())
        unpinned = ~lists.c.is_pinned & (lists.c.planned_at <= self.clock() - ORPHANED_AFTER_S)
        wants = sa.or_(lists.c.needs_planning & ~IS_OVER_BUDGET, unpinned, _depends_on(is_due))
        return self._open_lists(lists.c.planned_at.is_not(None), wants)

    def newest_finished(self, limit: int) -> list[PhoneList]:
        """The lists that were finished last, the newest first."""
        query = sa.select(lists).where(~IS_OPEN, lists.c.joined_at.is_not(None)).order_by(lists.c.joined_at.desc())
        return self._records(PhoneList, query.limit(limit))

    def open_list_count(self) -> int:
        """How many lists anything may still happen to."""
        return int(self._rows(sa.select(sa.func.count()).select_from(lists).where(IS_OPEN))[0][0])

    def registered_lists(self) -> int:
        """How many lists were ever registered: each has a number below it."""
        return self._number(sa.select(ledger_meta.c.lists_registered))

    def list_count(self) -> int:
        """How many lists there are."""
        return self._number(sa.select(ledger_meta.c.lists_registered - ledger_meta.c.lists_deleted))

    def open_chunks(self) -> list[Chunk]:
        """Chunks of open lists, and others that are open or that a person should look at, oldest first."""
        of_lists = sa.select(dependencies.c.chunk_key).join(lists, lists.c.number == dependencies.c.list_number).where(IS_OPEN)
        waiting = sa.select(chunks.c.chunk_key).where(chunks.c.state.in_(_WAITING_STATES))
        doubtful = sa.select(chunks.c.chunk_key).where(
            HAS_POSSIBLE_TASK, chunks.c.possible_task_id.is_distinct_from(chunks.c.task_id)
        )
        chosen = chunks.c.chunk_key.in_(sa.union(of_lists, waiting, doubtful))
        return self._records(Chunk, sa.select(chunks).where(chosen).order_by(chunks.c.planned_at, chunks.c.chunk_key))

    def _open_lists(self, *conditions: sa.ColumnElement[bool]) -> list[PhoneList]:
        query = sa.select(lists).where(IS_OPEN, *conditions).order_by(lists.c.added_at, lists.c.list_key)
        return self._records(PhoneList, query)


def _depends_on(is_meant: sa.ColumnElement[bool]) -> sa.Exists:
    """That a list depends on a chunk for which this holds."""
    of_list = sa.select(chunks.c.chunk_key).join(dependencies, dependencies.c.chunk_key == chunks.c.chunk_key)
    return of_list.where(dependencies.c.list_number == lists.c.number, is_meant).exists()
