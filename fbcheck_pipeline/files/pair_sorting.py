"""Sorts more pairs (int64 key, int32 value) than memory holds, by way of files of pairs in a folder of its own. What they mean is not known here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from types import TracebackType
from typing import Self

import numpy as np
import pyarrow as pa

from fbcheck_pipeline.files.byte_ranges import byte_ranges
from fbcheck_pipeline.files.scratch import scratch_folder
from fbcheck_pipeline.files.sorted_pairs import Keys, Pairs, PairsFile, Values, merged, write_pairs
from fbcheck_pipeline.files.storage import Storage

PAIRS_IN_MEMORY = 1 << 22


class PairSorter:
    """Takes pairs in any order and gives them back sorted, as often as asked; its files go with the context."""

    def __init__(self, in_memory: int) -> None:
        """Args: in_memory: so many pairs at most before they go to a file."""
        self._in_memory, self._loose_count, self._files = in_memory, 0, 0
        self._loose: list[Pairs] = []

    def __enter__(self) -> Self:
        self._folder = ExitStack()
        self._storage = Storage(str(self._folder.enter_context(scratch_folder())))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._folder.close()

    def add(self, keys: Keys, values: Values) -> None:
        """Take in some pairs."""
        self._loose.append((keys, values))
        self._loose_count += len(keys)
        if self._loose_count >= self._in_memory:
            self._spill()

    def pieces(self, renamed: Values) -> Iterator[Pairs]:
        """All pairs by key and new value; no key lies in two pieces.

        Args:
            renamed: what each value becomes.
        """
        if not self._files:
            keys, values = self._sorted()
            yield _ordered(keys, renamed[values])
            return
        self._spill()
        with ExitStack() as stack:
            sources = [stack.enter_context(byte_ranges(self._storage, _name(each))) for each in range(self._files)]
            files = [PairsFile.open(source, {}) for source in sources]
            for keys, values in merged(files, [renamed] * len(files)):
                yield _ordered(keys, values)

    def _sorted(self) -> Pairs:
        keys = np.concatenate([np.empty(0, np.int64), *(each[0] for each in self._loose)])
        values = np.concatenate([np.empty(0, np.int32), *(each[1] for each in self._loose)])
        order = np.argsort(keys, kind="stable")
        self._loose = [(keys[order], values[order])]
        return self._loose[0]

    def _spill(self) -> None:
        keys, values = self._sorted()
        with self._storage.writing(_name(self._files)) as sink:
            write_pairs(sink, {}, pa.table({}), iter([(keys, values)]), limit=1 + int(values.max(initial=0)))
        self._files, self._loose_count, self._loose = self._files + 1, 0, []


def _ordered(keys: Keys, values: Values) -> Pairs:
    """Sorted keys, and the values of each in order."""
    order = np.lexsort((values, keys))
    return keys[order], values[order]


def _name(number: int) -> str:
    return f"{number}.pairs"
