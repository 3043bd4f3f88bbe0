"""What the bare digits of a column are: national, or international without their plus. Looks at cells, changes none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from fbcheck_pipeline.phones.reference import Says

CELLS_HEARD = 100_000
VOTES_NEEDED = 10
MAJORITY = 10


class Votes:
    """The votes of each phone column, by name."""

    def __init__(self) -> None:
        self.heard: Counter[str] = Counter()
        self._votes: dict[str, Counter[Says]] = {}

    def add(self, column: str, heard: int, votes: Mapping[Says, int]) -> None:
        """Count what so many further cells of one column said."""
        self.heard[column] += heard
        self._votes.setdefault(column, Counter()).update(votes)

    def of(self, column: str) -> Says:
        """At least ten votes, and ten to one, decide."""
        votes = self._votes.get(column, Counter[Says]())
        national, international = votes[Says.NATIONAL], votes[Says.INTERNATIONAL]
        if national + international < VOTES_NEEDED:
            return Says.NOTHING
        if national >= MAJORITY * international:
            return Says.NATIONAL
        return Says.INTERNATIONAL if international >= MAJORITY * national else Says.NOTHING
