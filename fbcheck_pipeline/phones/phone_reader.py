"""Every phone of many cells, each by the quickest way that is sure of it: plain, by one of the ways, carefully.

No way may change what a phone becomes: all say what the careful one says, or leave the cell to the next.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain, islice

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fbcheck_pipeline.model.reasons import LINE_TYPES, LineType, RejectReason
from fbcheck_pipeline.phones import phone_batches
from fbcheck_pipeline.phones.careful.cell_rules import most_digits_before_label, outcomes_of
from fbcheck_pipeline.phones.careful.reference import PhoneOutcome
from fbcheck_pipeline.phones.dirty.few import fewest_of
from fbcheck_pipeline.phones.dirty.from_labels import from_labels, lone_letters
from fbcheck_pipeline.phones.dirty.rejects import are_words
from fbcheck_pipeline.phones.dirty.runs import groups_of, runs_in
from fbcheck_pipeline.phones.dirty.undress import in_ascii, is_over_long, matches, may_be_long_list, undressed
from fbcheck_pipeline.phones.fast.digits import digit_counts
from fbcheck_pipeline.phones.fast.fast_path import FastPath
from fbcheck_pipeline.phones.fast.terms import COUNTRIES, NONE, Ints, Mask, Says
from fbcheck_pipeline.phones.phone_batches import PhoneArrays
from fbcheck_pipeline.phones.ways.all_ways import WAYS, after_clearing
from fbcheck_pipeline.phones.ways.cells import Cells, have_trunk_zero, rejected
from fbcheck_pipeline.phones.ways.one_number import one_undressed
from fbcheck_pipeline.phones.ways.way_asker import Way, WayAsker, blocks
from fbcheck_pipeline.text.decorations import IP_ADDRESS
from fbcheck_pipeline.text.few_digits import BLANKS

# About so many of a batch's cells that are not plain are heard, evenly spread; they tell what all of them would.
COSTLY_CELLS_HEARD = 1000
# Of fewer cells none but the plain are looked for all at once: Arrow compiles some eighty expressions, which takes as long as to read them.
CELLS_WORTH_LOOKING = 100
# Nor are cells of one shape, where there are fewer of it: the arrays of one way take as long as so many read one by one.
CELLS_WORTH_ARRAYS = 20
# So many of a batch's cells, evenly spread, are read before all others, and tell which ways these are best read in.
CELLS_FIRST = 200
# Cells that were read carefully are remembered up to so many, of at most so many characters: 10 MB.
REMEMBERED_CELLS, REMEMBERED_LENGTH = 20_000, 100

# Longer cells, in bytes, and such with other than ASCII are not looked at for plain digits.
LONGEST_PLAIN = 80
# Of so many cells of a batch the shape is looked at first; where none is plain, no other is looked for. A single point may begin a fraction.
SHAPES_SEEN = 200
PLAIN_SHAPE = r"^[0-9 ()+\-]*(?:\.[0-9 ()+\-]*\.[0-9 ().+\-]*)?$"
# Digits and blanks, of which no rule drops the first.
DIALLED = "^0[0-9 ]*$"

_Cell = tuple[str | None, int, int]


class PhoneReader:
    """Reads cells. Holds what was compiled so far, so one object serves all batches of a list, one at a time.

    Args:
        excluded: line types whose numbers are not kept.
    """

    def __init__(self, excluded: frozenset[LineType]) -> None:
        self.excluded = excluded
        self.asker = WayAsker(FastPath(map(LINE_TYPES.index, excluded)), costly=after_clearing)
        self._remembered: dict[_Cell, list[PhoneOutcome]] = {}

    def read(self, cells: Cells) -> PhoneArrays:
        """Every phone of the cells, in order; at least one a cell."""
        is_long = is_over_long(cells.texts)
        lists, documents, cells = self._long_cells(cells, is_long) if is_long.any() else ([], cells.rows[:0], cells)
        may_be_plain = _may_be_plain(cells.texts)
        short = cells if may_be_plain.all() else cells.at(may_be_plain)
        found, is_read = self.asker.surely(short)
        if is_read.all() and len(is_read) == len(may_be_plain) and not is_long.any():
            return found
        is_left = ~may_be_plain
        is_left[may_be_plain] = ~is_read
        places = np.flatnonzero(is_left)
        first, which = _equal_cells(cells.taken(places))
        of_first = self._read_dirty(cells.taken(places[first])._replace(rows=np.arange(len(first))))
        of_left = phone_batches.repeated(of_first, which, cells.rows[places])
        together = phone_batches.joined([found, *lists, rejected(documents, RejectReason.NOT_A_NUMBER), of_left])
        return phone_batches.in_order(together, np.argsort(together.row, kind="stable"))

    def _read_dirty(self, left: Cells) -> PhoneArrays:
        """Every phone of cells that are not plain, in order."""
        if len(left.rows) < CELLS_WORTH_LOOKING:
            return self._carefully(left, _trimmed(left.texts))
        is_wordy = are_words(left.texts)
        phones, left = [rejected(left.rows[is_wordy], RejectReason.NOT_A_NUMBER)], left.at(~is_wordy)
        plain = lone_letters(from_labels(_trimmed(left.texts), _most_digits_before_label(left.regions)))
        is_left = np.ones(len(plain), np.bool_)
        best = [*filter(self.asker.reads_most, WAYS)]
        phones.append(self._ask(best, left, plain, is_left, 1))
        phones.append(self._ask(WAYS, left, plain, is_left, 1 + len(plain) // CELLS_FIRST))
        phones.append(self._ask([*filter(self.asker.is_promising, WAYS)], left, plain, is_left, 1))
        if is_left.any():
            phones.append(self._carefully(left.at(is_left), plain.filter(pa.array(is_left))))
        together = phone_batches.joined(phones)
        return phone_batches.in_order(together, np.argsort(together.row, kind="stable"))

    def _ask(self, ways: Sequence[Way], cells: Cells, plain: pa.StringArray, is_left: Mask, step: int) -> PhoneArrays:
        """What some ways read of every so-manieth cell that is left; these are left no more."""
        self.asker.fewest = 1 if step > 1 else CELLS_WORTH_ARRAYS  # of the first cells a few tell of many
        places = np.flatnonzero(is_left)[::step]
        found, is_read = self.asker.first_of(ways, cells.taken(places), plain.take(pa.array(places)), CELLS_WORTH_LOOKING)
        is_left[places[is_read]] = False
        return found

    def _long_cells(self, cells: Cells, is_long: Mask) -> tuple[list[PhoneArrays], Ints, Cells]:
        """The phones of long lists, the rows of documents, and the other cells."""
        may_be_list = is_long & may_be_long_list(cells.texts)
        lists = cells.at(may_be_list)
        return [self._carefully(lists, in_ascii(lists.texts))], cells.rows[is_long & ~may_be_list], cells.at(~is_long)

    def votes(self, texts: pa.StringArray, regions: Ints) -> tuple[Ints, Mask, Mask]:
        """As `FastPath.votes`, of undressed cells, too."""
        # What begins with a plus says nothing of bare digits, nor does what is dialled at home.
        is_settled, has_zero = (pc.fill_null(pc.starts_with(texts, sign), False).to_numpy(zero_copy_only=False) for sign in "+0")
        has_zero &= have_trunk_zero(regions)
        is_settled[has_zero] = matches(texts.filter(pa.array(has_zero)), DIALLED)
        may_be_plain = _may_be_plain(texts) & ~is_settled
        says = np.full(len(texts), Says.NOTHING)
        national, international = ((regions != NONE) & ~(may_be_plain | is_settled) for _ in range(2))
        short = texts if may_be_plain.all() else texts.filter(pa.array(may_be_plain))
        of_short = (self.asker.fast_path.votes(short[block], regions[may_be_plain][block]) for block in blocks(len(short)))
        for known, votes in zip((says, national, international), zip(*of_short, strict=True), strict=True):
            known[may_be_plain] = np.concatenate(votes)
        is_short = ~is_over_long(texts)
        for may in (national, international):
            may &= is_short
        costly = np.flatnonzero(national | international)
        heard = costly[:: 1 + len(costly) // COSTLY_CELLS_HEARD]
        plain = _trimmed(texts.take(pa.array(heard)))
        has_digit = digit_counts(plain) > 0
        has_digit[has_digit] = ~matches(plain.filter(pa.array(has_digit)), IP_ADDRESS)
        heard, plain = heard[has_digit], plain.filter(pa.array(has_digit))
        for may in (national, international):
            may_say = may[heard]
            may[costly], may[heard] = False, may_say
        bare = undressed(plain)
        is_bare = bare.is_valid().to_numpy(zero_copy_only=False)
        self.asker.count(one_undressed, len(heard), int(is_bare.sum()))
        where = heard[is_bare]
        says[where], national[where], international[where] = self.asker.fast_path.votes(
            bare.filter(pa.array(is_bare)), regions[where]
        )
        return says, national, international

    def policy(self, outcome: PhoneOutcome) -> PhoneOutcome:
        """Numbers that own no account are not kept; what they are is."""
        is_kept = outcome.line_type not in self.excluded
        return outcome if is_kept else outcome._replace(e164=None, reason=RejectReason.LINE_TYPE_EXCLUDED)

    def _carefully(self, cells: Cells, plain: pa.StringArray) -> PhoneArrays:
        """One by one; but equal cells once, and the numbers that they may come down to are read for all at once."""
        keys: list[_Cell] = list(zip(cells.texts.to_pylist(), cells.regions.tolist(), cells.says.tolist(), strict=True))
        became = {key: self._remembered[key] for key in keys if key in self._remembered}
        new = [place for key, place in dict(zip(keys, range(len(keys)), strict=True)).items() if key not in became]
        places = np.array(new, np.int64)
        for key, known in zip(map(keys.__getitem__, new), self._numbers_in(cells.taken(places), plain.take(places)), strict=True):
            became[key] = self._read_one(key, known)
        self._remember({keys[place]: became[keys[place]] for place in new})
        outcomes = [became[key] for key in keys]
        rows = np.repeat(cells.rows, [*map(len, outcomes)])
        return phone_batches.phones_of(rows, [*chain.from_iterable(outcomes)])

    def _read_one(self, cell: _Cell, known: Mapping[str, PhoneOutcome]) -> list[PhoneOutcome]:
        text, region, column = cell
        region_name = None if region == NONE else COUNTRIES[region]
        return list(map(self.policy, outcomes_of(text, region_name, Says(column), known=known)))

    def _numbers_in(self, cells: Cells, plain: pa.StringArray) -> list[dict[str, PhoneOutcome]]:
        """For each cell, what the runs of its digits are, where the fast path is sure: careful rules ask for these numbers."""
        known: list[dict[str, PhoneOutcome]] = [{} for _ in cells.rows]
        if len(known) < CELLS_WORTH_ARRAYS:
            return known
        runs, of_cell, *_ = runs_in(plain, groups_of(plain).as_wide(), fewest_of(cells.regions))
        read, is_sure = self.asker.fast(cells.taken(of_cell)._replace(texts=runs))
        # The rules compare numbers, and an excluded one has none.
        is_known = is_sure & (read.reason != phone_batches.EXCLUDED)
        outcomes = phone_batches.outcomes_from(phone_batches.in_order(read, np.flatnonzero(is_known)))
        for place, run, outcome in zip(
            of_cell[is_known].tolist(), runs.filter(pa.array(is_known)).to_pylist(), outcomes, strict=True
        ):
            known[place][run] = outcome
        return known

    def _remember(self, cells: dict[_Cell, list[PhoneOutcome]]) -> None:
        """The same few words stand in most of these cells, in later batches, too."""
        short = {cell: became for cell, became in cells.items() if len(cell[0] or "") <= REMEMBERED_LENGTH}
        if len(self._remembered) + len(short) > REMEMBERED_CELLS:
            self._remembered.clear()
        self._remembered.update(islice(short.items(), REMEMBERED_CELLS))


def _most_digits_before_label(regions: Ints) -> Ints:
    known, which = np.unique(regions, return_inverse=True)
    return np.array([most_digits_before_label(None if each == NONE else COUNTRIES[each]) for each in known.tolist()], np.int64)[
        which
    ]


def _trimmed(texts: pa.StringArray) -> pa.StringArray:
    """In ASCII, without blanks around."""
    return pc.ascii_trim(in_ascii(texts), BLANKS)


def _equal_cells(cells: Cells) -> tuple[Ints, Ints]:
    """The places of the first cells of those that are equal; and for each cell, which of these it is."""
    codes = cells.texts.dictionary_encode().indices.to_numpy()
    keys = (codes * (len(COUNTRIES) + 1) + cells.regions) * len(Says) + cells.says
    _, first, which = np.unique(keys, return_index=True, return_inverse=True)
    return first, which


def _may_be_plain(texts: pa.StringArray) -> Mask:
    """Where the fast path looks for plain digits; where few of the cells have their shape, only at those that do."""
    may_be: Mask = pc.fill_null(pc.less_equal(pc.binary_length(texts), LONGEST_PLAIN), True).to_numpy(zero_copy_only=False)
    short = texts if may_be.all() else texts.filter(pa.array(may_be))
    is_plain = pc.string_is_ascii(short)
    some = short.take(pa.array(np.arange(0, len(short), 1 + len(short) // SHAPES_SEEN)))
    are_plain = matches(some, PLAIN_SHAPE)
    if not are_plain.any():
        is_plain = pc.and_(is_plain, False)
    elif 2 * are_plain.sum() < len(some):
        is_plain = pc.and_(is_plain, pc.match_substring_regex(short, PLAIN_SHAPE))
    may_be[may_be] = pc.fill_null(is_plain, True).to_numpy(zero_copy_only=False)
    return may_be
