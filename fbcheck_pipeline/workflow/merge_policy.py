"""When files that grow in number are merged into larger ones. Nothing is read or written here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class MergePolicy:
    """Merging by size: a thing is written anew once for each growth by `ratio`, and never when it is large.

    Attributes:
        ratio: so many files of one size are merged.
        smallest: files below this count as one size.
        largest: no file grows beyond this, which bounds each merge.
    """

    ratio: int
    smallest: int
    largest: int

    def worth_merging(self, counts: Sequence[int]) -> slice:
        """Which files are merged now, by what each holds, oldest or largest first: of one size, with all smaller ones after them."""
        for start in range(len(counts)):
            sizes = [self._size(each) for each in counts[start:]]
            if max(sizes) == sizes[0] and sizes.count(sizes[0]) >= self.ratio:
                fitting = int(np.count_nonzero(np.cumsum(counts[start:]) <= self.largest))
                if fitting > 1:
                    return slice(start, start + fitting)
        return slice(0, 0)

    def _size(self, count: int) -> int:
        return int(np.log(max(count, self.smallest) / self.smallest) / np.log(self.ratio))
