"""When files that grow in number are merged into larger ones. Nothing is read or written here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class MergePolicy:
    """Merging by size: a file is written anew, with all later ones, once they make it grow by `ratio`, and never when it is large.

    Attributes:
        ratio: so many times the size of a file, it and all later ones are merged.
        largest: no file grows beyond this, which bounds each merge.
    """

    ratio: float
    largest: int

    def worth_merging(self, counts: Sequence[int]) -> slice:
        """Which files are merged now, by what each holds, oldest or largest first: adjacent ones, as many as fit into one."""
        from_each = np.cumsum(counts[::-1])[::-1]
        for start in np.flatnonzero(from_each >= self.ratio * np.array(counts)).tolist():
            fitting = int(np.count_nonzero(np.cumsum(counts[start:]) <= self.largest))
            if fitting > 1:
                return slice(start, start + fitting)
        return slice(0, 0)
