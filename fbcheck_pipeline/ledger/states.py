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
    SHORT = "short"  # its result stays shorter than the vendor's own counts
    GONE = "gone"  # the vendor has the result no more
    WITHDRAWN = "withdrawn"  # a limit took its phones back before they were sent
    REPLACED = "replaced"  # by two halves, or by the same phones without a suppressed one
    PURGED = "purged"  # its files are being deleted; the row goes last


@dataclass(frozen=True)
class Traits:
    """What a state means for planning, joining and money.

    Attributes:
        holds: which of its phones nobody else may send.
        settles: a list no longer waits for it.
        asks_status, asks_file: what the vendor is asked for, if the chunk has a task.
        is_try: the vendor may have accepted its phones.
        in_budget: its phones count as bought, or are reserved.
        retries: who sends its unanswered phones again: "night" (on a later UTC day), "person", or nobody.
        check_status: what the join says of its unanswered phones.
        action: what a person should do, if anything.
    """

    holds: Literal["all", "unanswered"] | None
    settles: bool
    asks_status: bool
    asks_file: bool
    is_try: bool
    in_budget: bool
    retries: Literal["night", "person"] | None
    check_status: CheckStatus | None
    action: str | None = None

    @property
    def lasts(self) -> bool:
        """True where a settled try that brought no answer counts however old it is: no night sends its phones again."""
        return self.retries != "night"


_RECONCILE = (
    "look the task up at the vendor, then run one of: fbcheck reconcile {chunk_key} --task-id ID, --resubmit or --abandon"
)
_GIVE_UP = (
    "ask the vendor about this task; status calls continue, and no purge deletes its lists. "
    "To give its phones up: fbcheck reconcile {chunk_key} --abandon"
)
_PURGE = "run `fbcheck purge` again: the last one was stopped before it finished"

#                                 holds         settles status file   try    budget retries   check_status
TRAITS: dict[ChunkState, Traits] = {
    ChunkState.PLANNED: Traits("all", False, False, False, False, True, None, CheckStatus.WAITING),
    ChunkState.SENDING: Traits("all", False, False, False, True, True, None, CheckStatus.WAITING),
    ChunkState.SUBMITTED: Traits("all", False, True, False, True, True, None, CheckStatus.WAITING),
    ChunkState.EXPORTED: Traits("unanswered", False, False, True, True, True, None, CheckStatus.WAITING),
    ChunkState.SHORT: Traits("unanswered", True, False, True, True, True, None, CheckStatus.UNDETERMINED),
    ChunkState.OVERDUE: Traits("unanswered", True, True, True, True, True, None, CheckStatus.UNDETERMINED, _GIVE_UP),
    ChunkState.UNCONFIRMED: Traits("all", True, False, False, True, True, None, CheckStatus.UNCONFIRMED, _RECONCILE),
    ChunkState.COLLECTED: Traits(None, True, False, False, True, True, "night", CheckStatus.UNDETERMINED),
    ChunkState.FAILED: Traits(None, True, False, False, True, True, "night", CheckStatus.UNDETERMINED),
    ChunkState.GONE: Traits(None, True, False, False, True, True, "night", CheckStatus.UNDETERMINED),
    ChunkState.ABANDONED: Traits(None, True, True, True, True, True, "person", CheckStatus.UNDETERMINED),
    ChunkState.REFUSED: Traits(None, True, False, False, True, False, "night", CheckStatus.REFUSED),
    ChunkState.WITHDRAWN: Traits(None, True, False, False, False, False, None, None),
    ChunkState.REPLACED: Traits(None, True, False, False, False, False, None, None),
    ChunkState.PURGED: Traits(None, True, False, False, False, False, None, None, _PURGE),
}

MOVES: frozenset[tuple[ChunkState, ChunkState]] = frozenset(
    {
        (ChunkState.PLANNED, ChunkState.SENDING),
        (ChunkState.PLANNED, ChunkState.SUBMITTED),  # a late id calls a resubmission off
        (ChunkState.REPLACED, ChunkState.SUBMITTED),  # the same, whatever became of the resubmission
        (ChunkState.WITHDRAWN, ChunkState.SUBMITTED),
        (ChunkState.PLANNED, ChunkState.REPLACED),  # a phone of it was suppressed meanwhile
        (ChunkState.PLANNED, ChunkState.WITHDRAWN),  # a limit forbids it
        (ChunkState.PLANNED, ChunkState.UNCONFIRMED),  # a restored ledger does not know whether it was sent
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
        (ChunkState.SUBMITTED, ChunkState.UNCONFIRMED),  # the task that an operator attached failed
        (ChunkState.EXPORTED, ChunkState.COLLECTED),
        (ChunkState.EXPORTED, ChunkState.SHORT),
        (ChunkState.EXPORTED, ChunkState.OVERDUE),  # its result cannot be read, and time is up
        (ChunkState.EXPORTED, ChunkState.UNCONFIRMED),  # an operator attached a task that is not its own
        (ChunkState.EXPORTED, ChunkState.FAILED),  # and what its failed task left cannot be had
        (ChunkState.SHORT, ChunkState.EXPORTED),
        (ChunkState.SHORT, ChunkState.COLLECTED),
        (ChunkState.SHORT, ChunkState.GONE),
        (ChunkState.SHORT, ChunkState.ABANDONED),
        (ChunkState.OVERDUE, ChunkState.UNCONFIRMED),
        (ChunkState.OVERDUE, ChunkState.ABANDONED),
        (ChunkState.OVERDUE, ChunkState.EXPORTED),
        (ChunkState.OVERDUE, ChunkState.COLLECTED),
        (ChunkState.OVERDUE, ChunkState.FAILED),
        (ChunkState.OVERDUE, ChunkState.GONE),
        (ChunkState.ABANDONED, ChunkState.COLLECTED),  # a late answer is used
        (ChunkState.ABANDONED, ChunkState.SUBMITTED),  # an operator found its task after all
        *((state, ChunkState.PURGED) for state, traits in TRAITS.items() if not traits.holds and state != ChunkState.PURGED),
    }
)


FINAL_STATES = sorted(
    {to for _, to in MOVES} - {from_ for from_, to in MOVES if to is not ChunkState.PURGED} - {ChunkState.PURGED}
)
"""States that a chunk leaves only by a purge."""


def states_that(trait: Literal["holds", "settles", "asks_status", "asks_file", "is_try", "in_budget"]) -> list[ChunkState]:
    """The states that have a trait, e.g. `states_that("holds")`."""
    return [state for state, traits in TRAITS.items() if getattr(traits, trait)]
