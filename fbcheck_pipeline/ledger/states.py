"""The life of a chunk as one table: what each state means, and which moves there are. No database here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from fbcheck_pipeline.model.statuses import CheckStatus


class ChunkState(StrEnum):
    """Where one try of a chunk's phones stands."""

    PLANNED = "planned"
    SENDING = "sending"
    SUBMITTED = "submitted"
    EXPORTED = "exported"
    COLLECTED = "collected"
    UNCONFIRMED = "unconfirmed"
    OVERDUE = "overdue"
    FAILED = "failed"
    REFUSED = "refused"
    ABANDONED = "abandoned"
    REPLACED = "replaced"  # by two halves, or by the same phones without a suppressed one
    PURGED = "purged"  # its files are being deleted; the row goes last


@dataclass(frozen=True)
class Traits:
    """What a state means for planning, joining and money.

    Attributes:
        holds: nobody else sends its phones.
        settles: a list waits for it no longer.
        is_polled: the vendor is asked about it.
        is_try: the vendor may have accepted its phones.
        in_budget: its phones count as bought.
        retries: who sends its unanswered phones again: "night" (on a later UTC day), "person", or nobody.
        check_status: what the join says of its unanswered phones.
        action: what a person should do, if anything.
    """

    holds: bool
    settles: bool
    is_polled: bool
    is_try: bool
    in_budget: bool
    retries: Literal["night", "person"] | None
    check_status: CheckStatus | None
    action: str | None = None


_RECONCILE = (
    "look the task up at the vendor, then run one of: fbcheck reconcile {chunk_key} --task-id ID, --resubmit or --abandon"
)
_GIVE_UP = "ask the vendor about this task; status calls continue. To give its phones up: fbcheck reconcile {chunk_key} --abandon"

#                               holds  settles polled try    budget retries   check_status
TRAITS: dict[ChunkState, Traits] = {
    ChunkState.PLANNED: Traits(True, False, False, False, True, None, CheckStatus.WAITING),
    ChunkState.SENDING: Traits(True, False, False, True, True, None, CheckStatus.WAITING),
    ChunkState.SUBMITTED: Traits(True, False, True, True, True, None, CheckStatus.WAITING),
    ChunkState.EXPORTED: Traits(True, False, False, True, True, None, CheckStatus.WAITING),
    ChunkState.COLLECTED: Traits(False, True, False, True, True, "night", CheckStatus.UNDETERMINED),
    ChunkState.UNCONFIRMED: Traits(True, True, False, True, True, None, CheckStatus.UNCONFIRMED, _RECONCILE),
    ChunkState.OVERDUE: Traits(True, True, True, True, True, None, CheckStatus.UNDETERMINED, _GIVE_UP),
    ChunkState.FAILED: Traits(False, True, False, True, True, "night", CheckStatus.UNDETERMINED),
    ChunkState.REFUSED: Traits(False, True, False, True, False, "night", CheckStatus.REFUSED),
    ChunkState.ABANDONED: Traits(False, True, False, True, True, "person", CheckStatus.UNDETERMINED),
    ChunkState.REPLACED: Traits(False, True, False, False, False, None, None),
    ChunkState.PURGED: Traits(
        False, True, False, True, True, None, None, "run `fbcheck purge` again: the last one was stopped before it finished"
    ),
}

MOVES: frozenset[tuple[ChunkState, ChunkState]] = frozenset(
    {
        (ChunkState.PLANNED, ChunkState.SENDING),
        (ChunkState.PLANNED, ChunkState.REPLACED),  # a phone of it was suppressed meanwhile
        (ChunkState.SENDING, ChunkState.PLANNED),  # a free outcome
        (ChunkState.SENDING, ChunkState.SUBMITTED),
        (ChunkState.SENDING, ChunkState.REPLACED),  # halved after a free refusal
        (ChunkState.SENDING, ChunkState.REFUSED),
        (ChunkState.SENDING, ChunkState.UNCONFIRMED),
        (ChunkState.UNCONFIRMED, ChunkState.SUBMITTED),  # by an operator, or by the original sender
        (ChunkState.UNCONFIRMED, ChunkState.PLANNED),
        (ChunkState.UNCONFIRMED, ChunkState.ABANDONED),
        (ChunkState.SUBMITTED, ChunkState.EXPORTED),
        (ChunkState.SUBMITTED, ChunkState.FAILED),
        (ChunkState.SUBMITTED, ChunkState.OVERDUE),
        (ChunkState.EXPORTED, ChunkState.COLLECTED),
        (ChunkState.EXPORTED, ChunkState.OVERDUE),  # its result cannot be read, and time is up
        (ChunkState.EXPORTED, ChunkState.UNCONFIRMED),  # its result is another chunk's: the task was not this one
        (ChunkState.OVERDUE, ChunkState.UNCONFIRMED),
        (ChunkState.OVERDUE, ChunkState.ABANDONED),
        (ChunkState.OVERDUE, ChunkState.EXPORTED),
        (ChunkState.OVERDUE, ChunkState.COLLECTED),
        (ChunkState.OVERDUE, ChunkState.FAILED),
        *((state, ChunkState.PURGED) for state, traits in TRAITS.items() if not traits.holds and state != ChunkState.PURGED),
    }
)


def states_that(trait: Literal["holds", "settles", "is_polled", "is_try", "in_budget"]) -> list[ChunkState]:
    """The states whose trait is true, e.g. `states_that("holds")`."""
    return [state for state, traits in TRAITS.items() if getattr(traits, trait)]
