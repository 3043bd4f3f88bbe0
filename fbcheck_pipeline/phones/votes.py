"""What the bare digits of a column are: national, or international without their plus. Counts votes, reads no cell."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from fbcheck_pipeline.phones.fast.terms import NO_VOTE_FOR_EITHER, Says

CELLS_HEARD = 100_000
CLOSED_HEARD = 100  # about so many closed ballots of a batch, evenly spread
VOTES_NEEDED = 10
MAJORITY = 10


class Ballot(NamedTuple):
    """A cell that is costly to read: `says` reads it, `may_say` is what it may say besides nothing."""

    says: Callable[[], int]
    may_say: frozenset[Says]


class Votes:
    """The votes of one column.

    Costly cells are not read where they cannot change the outcome.
    """

    def __init__(self) -> None:
        self.heard = 0
        self._counts: dict[int, int] = {Says.NATIONAL: 0, Says.INTERNATIONAL: 0, NO_VOTE_FOR_EITHER: 0}
        self._closed: list[Ballot] = []

    def add(self, heard: int, counts: Mapping[int, int], closed: list[Ballot]) -> None:
        """Count what further cells of the column say.

        Args:
            heard: how many cells these are.
            counts: of what they say.
            closed: those of them that were not read yet.
        """
        self.heard += heard
        for says in self._counts:
            self._counts[says] += counts.get(says, 0)
        self._closed += closed

    def says(self) -> Says:
        """At least ten votes, and ten to one, decide; for numbers from abroad, also half of all bare digits."""
        if (sure := self._decided()) is not Says.NOTHING:
            return sure
        closed, self._closed = self._closed, []
        for ballot in closed:
            if (says := ballot.says()) in self._counts:
                self._counts[says] += 1
        return self._decided()

    def _decided(self) -> Says:
        """What is decided whatever the closed ballots say."""
        for one, other in ((Says.NATIONAL, Says.INTERNATIONAL), (Says.INTERNATIONAL, Says.NATIONAL)):
            most = self._counts[other] + sum(other in ballot.may_say for ballot in self._closed)
            # Order numbers are some country's numbers now and then.
            strays = self._counts[NO_VOTE_FOR_EITHER] + len(self._closed) if one is Says.INTERNATIONAL else 0
            if self._counts[one] >= max(VOTES_NEEDED, MAJORITY * most, strays):
                return one
        return Says.NOTHING
