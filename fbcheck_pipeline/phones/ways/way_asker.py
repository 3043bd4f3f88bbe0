"""Asks ways, each of which reads cells of some shape, and the fast path, which reads the numbers that a way finds in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import wraps

import numpy as np
import pyarrow as pa

from fbcheck_pipeline.phones import phone_batches
from fbcheck_pipeline.phones.dirty.undress import any_holds, matches
from fbcheck_pipeline.phones.fast.fast_path import BLOCK_ROWS, FastPath
from fbcheck_pipeline.phones.fast.terms import Mask
from fbcheck_pipeline.phones.phone_batches import PhoneArrays
from fbcheck_pipeline.phones.ways.cells import Cells, none_of

# A way is asked of all cells as long as it reads one of so many that it is asked of: one read carefully takes as long as to ask so many in vain.
CELLS_IN_VAIN = 100
# A way is asked where so many cells are likely read by it: one by one they take as long as its expressions and arrays for a few.
CELLS_WORTH_WAY = 30
# So is a costly way, which asks nine ways more.
CELLS_WORTH_COST = 300

Wanted = Callable[[PhoneArrays], Mask]
# The phones of the cells that it reads, in order, and which these are; the texts are the cells' own in ASCII, or what was made of them.
Way = Callable[["WayAsker", Cells, pa.StringArray], tuple[PhoneArrays, Mask]]


def of_shape(shape: str, signs: str = "") -> Callable[[Way], Way]:
    """Of a way that reads cells of one shape only: it is not asked where no cell has it.

    Args:
        signs: where given, each text of the shape holds one of these, for which to look takes next to no time.
    """
    held = [*map(str.encode, signs)]

    def decorated(way: Way) -> Way:
        @wraps(way)
        def shown(asker: WayAsker, cells: Cells, plain: pa.StringArray) -> tuple[PhoneArrays, Mask]:
            if held and not any_holds(plain, *held):
                return none_of(cells)
            has_shape = matches(plain, shape)
            if has_shape.sum() < asker.fewest:
                return none_of(cells)
            found, has_shape[has_shape] = way(asker, cells.at(has_shape), plain.filter(pa.array(has_shape)))
            return found, has_shape

        return shown

    return decorated


class WayAsker:
    """Holds what was compiled so far, and what each way has read of what it was asked of; that decides which is asked first.

    Args:
        fast_path: reads plain digits.
        costly: the way that must likely read more cells than any other.
    """

    def __init__(self, fast_path: FastPath, costly: Way) -> None:
        self.fast_path = fast_path
        self.fewest = 1  # no way is asked for fewer cells of its shape, nor the fast path for fewer texts
        self._costly = costly
        self._asked_of: Counter[Way] = Counter()
        self._read_by: Counter[Way] = Counter()

    def count(self, way: Way, asked_of: int, read: int) -> None:
        """Remember that a way was asked of so many cells and has read some of them."""
        self._asked_of[way] += asked_of
        self._read_by[way] += read

    def reads_most(self, way: Way) -> bool:
        """Of the cells that it was asked of."""
        return 2 * self._read_by[way] > self._asked_of[way]

    def is_promising(self, way: Way) -> bool:
        """Worth to be asked of all cells."""
        return self._asked_of[way] < CELLS_IN_VAIN * (1 + self._read_by[way])

    def first_of(self, ways: Sequence[Way], cells: Cells, texts: pa.StringArray, fewest: int = 0) -> tuple[PhoneArrays, Mask]:
        """The cells that have a text, read by the first way that is sure of it, those first that read most so far; the mask is over all cells.

        Args:
            fewest: no way is asked for fewer cells.
        """
        found, is_read = [none_of(cells)[0]], np.zeros(len(texts), np.bool_)
        places = np.flatnonzero(texts.is_valid())
        cells, texts = cells.taken(places), texts.take(pa.array(places))
        for way in sorted(ways, key=lambda way: -self._read_by[way]):
            if len(places) < max(fewest, self.fewest):
                break
            if self.fewest > 1 and not self._is_worth_its_cost(way, len(places)):
                continue
            read, is_it = way(self, cells, texts)
            self.count(way, len(places), int(is_it.sum()))
            if is_it.any():
                found.append(read)
                is_read[places[is_it]] = True
                cells, texts, places = cells.at(~is_it), texts.filter(pa.array(~is_it)), places[~is_it]
        return phone_batches.joined(found), is_read

    def _is_worth_its_cost(self, way: Way, cells: int) -> bool:
        """Of so many cells, by the share that was read so far; a tenth before any: of most columns that have many the first cells tell."""
        cost = CELLS_WORTH_COST if way is self._costly else CELLS_WORTH_WAY
        return cells * (1 + self._read_by[way]) >= cost * (10 + self._asked_of[way])

    def first_clear(self, ways: Sequence[Way], cells: Cells, texts: pa.StringArray) -> tuple[PhoneArrays, Mask]:
        """As `first_of`, without unclear numbers: letters that went, of hours or tags, say more of a cell."""
        found, is_read = self.first_of(ways, cells, texts)
        is_unclear = phone_batches.is_ambiguous(found)
        is_read[np.isin(cells.rows, found.row[is_unclear])] = False
        return phone_batches.in_order(found, np.flatnonzero(~is_unclear)), is_read

    def read_as(self, texts: pa.StringArray, cells: Cells, is_wanted: Wanted | None = None) -> tuple[PhoneArrays, Mask]:
        """The cells that have such a text, read by it; the mask is over all cells."""
        is_read = texts.is_valid().to_numpy(zero_copy_only=False)
        if is_read.sum() < self.fewest:
            return none_of(cells)
        found, is_read[is_read] = self.surely(cells._replace(texts=texts).at(is_read), is_wanted)
        return found, is_read

    def surely(self, cells: Cells, is_wanted: Wanted | None = None) -> tuple[PhoneArrays, Mask]:
        """What the fast path is sure of and is wanted, and where."""
        read, is_sure = self.fast(cells)
        kept = is_sure & is_wanted(read) if is_wanted else is_sure
        return phone_batches.in_order(read, np.flatnonzero(kept)), kept

    def fast(self, cells: Cells) -> tuple[PhoneArrays, Mask]:
        """What the fast path reads, block by block, and where it is sure of it."""
        phones, is_sure = [], []
        for block in blocks(len(cells.rows)):
            reading, e164 = self.fast_path.read(cells.texts[block], cells.regions[block], cells.says[block])
            phones.append(phone_batches.phones_read(cells.rows[block], reading, e164))
            is_sure.append(reading.is_sure)
        return phone_batches.joined(phones), np.concatenate(is_sure)


def blocks(count: int) -> Iterator[slice]:
    """So many rows at a time as stay in the processor's cache; one block at least."""
    return (slice(begin, begin + BLOCK_ROWS) for begin in range(0, max(1, count), BLOCK_ROWS))
