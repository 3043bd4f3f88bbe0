"""Every phone of many cells, each by the quickest way that is sure of it: plain, undressed, in parts, certainly none, carefully.

No way may change what a phone becomes: all say what the careful one says, or leave the cell to the next.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import wraps
from itertools import chain, islice
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from phonenumbers import country_code_for_region

from fbcheck_pipeline.model.reasons import LINE_TYPES, LineType, RejectReason
from fbcheck_pipeline.phones import phone_batches
from fbcheck_pipeline.phones.careful.cell_rules import LONGEST_CODE, MOST_COUNT_DIGITS, outcomes_of
from fbcheck_pipeline.phones.careful.reference import PhoneOutcome, has_trunk_zero
from fbcheck_pipeline.phones.dirty.among_words import (
    REFERRED,
    among_words,
    are_references,
    beside_letter,
    grouped_by_blanks,
    may_be_of_addresses,
    referred,
)
from fbcheck_pipeline.phones.dirty.apart import parts_apart
from fbcheck_pipeline.phones.dirty.beside import (
    BESIDE_COUNT,
    LINK,
    RANGE_OR_SUM,
    TIME_BEHIND,
    WITH_MORE,
    before_range,
    before_time,
    before_words,
    beside_count,
    digits_in,
    ended_elsewhere,
    last_digits,
    linked,
    with_more,
    without_last_group,
    without_short_last_group,
)
from fbcheck_pipeline.phones.dirty.blanks import HOLDS_DAY, PARTED_BY_BLANKS, before_parts, parted_by_blanks
from fbcheck_pipeline.phones.dirty.cleared import CHAT_LINK, MOMENT_BEFORE, cleared
from fbcheck_pipeline.phones.dirty.countries_named import (
    MAY_BE_FLAG,
    countries_beside,
    names_another,
    names_country,
    without_lira,
)
from fbcheck_pipeline.phones.dirty.few import few_digits_in, fewest_of, may_be_emergency, regions_in
from fbcheck_pipeline.phones.dirty.grouped import CODED_ZERO, GROUPED, Roles, roles_of, shapes_of
from fbcheck_pipeline.phones.dirty.marked_up import MARKUP, without_markup
from fbcheck_pipeline.phones.dirty.parts import MARKED, SEVERAL, WORDED, marked_parts, parts_of, worded_parts
from fbcheck_pipeline.phones.dirty.rejects import (
    BETWEEN,
    CODED,
    GLUED,
    LED,
    are_few_beside,
    are_glued,
    are_led,
    are_parted,
    are_words,
    certain_reasons,
    reasons_without_digit,
)
from fbcheck_pipeline.phones.dirty.runs import Runs, all_digits, groups_of, other_runs, runs_in
from fbcheck_pipeline.phones.dirty.undress import (
    MANY,
    NOTHING,
    first_of_many,
    in_ascii,
    is_over_long,
    matches,
    may_be_long_list,
    undressed,
)
from fbcheck_pipeline.phones.fast.digits import digit_counts
from fbcheck_pipeline.phones.fast.fast_path import BLOCK_ROWS, FastPath
from fbcheck_pipeline.phones.fast.terms import COUNTRIES, MAX_EMERGENCY_DIGITS, NONE, Ints, Mask, Says
from fbcheck_pipeline.phones.fast.territories import FEWEST, FEWEST_ABROAD, lengths_of_two
from fbcheck_pipeline.phones.phone_batches import PhoneArrays
from fbcheck_pipeline.text.decorations import IP_ADDRESS, MIN_PART_DIGITS
from fbcheck_pipeline.text.digit_runs import LETTERS as LETTERS_APART
from fbcheck_pipeline.text.digit_runs import MAY_BE_DIGITS, UNLESS
from fbcheck_pipeline.text.few_digits import AMOUNT_OR_BOOK, BLANKS
from fbcheck_pipeline.text.parts_apart import REASONS as REASONS_APART
from fbcheck_pipeline.text.parts_apart import TORN

# About so many of a batch's cells that are not plain are heard, evenly spread; they tell what all of them would.
COSTLY_CELLS_HEARD = 1000
# Of fewer cells none but the plain are looked for all at once: Arrow compiles some eighty expressions, which takes as long as to read them.
CELLS_WORTH_LOOKING = 100
# Nor are cells of one shape, where there are fewer of it: the arrays of one way take as long as so many read one by one.
CELLS_WORTH_ARRAYS = 20
# So many of a batch's cells, evenly spread, are read before all others, and tell which ways these are best read in.
CELLS_FIRST = 200
# A way is asked of all cells as long as it reads one of so many that it is asked of: one read carefully takes as long as to ask so many in vain.
CELLS_IN_VAIN = 100
# What stands beside a number is dropped where so many cells are likely read by it: it asks nine ways more.
CELLS_WORTH_CLEARING = 300
# Cells that were read carefully are remembered up to so many, of at most so many characters: 10 MB.
REMEMBERED_CELLS, REMEMBERED_LENGTH = 20_000, 100

# Longer cells, in bytes, and such with other than ASCII are not looked at for plain digits.
LONGEST_PLAIN = 80
# Of so many cells of a batch the shape is looked at first; where none is plain, no other is looked for. A single point may begin a fraction.
SHAPES_SEEN = 200
PLAIN_SHAPE = r"^[0-9 ()+\-]*(?:\.[0-9 ()+\-]*\.[0-9 ().+\-]*)?$"

BETWEEN_APART = f"[0-9][^0-9]*[{LETTERS_APART}][^0-9]*[0-9]"

Wanted = Callable[[PhoneArrays], Mask]
Way = Callable[["PhoneReader", "Cells", pa.StringArray], tuple[PhoneArrays, Mask]]
_Cell = tuple[str | None, int, int]


def _where(shape: str) -> Callable[[Way], Way]:
    """Of a way that reads cells of one shape only: it is not asked where no cell has it."""

    def of_shape(way: Way) -> Way:
        @wraps(way)
        def shown(reader: PhoneReader, cells: Cells, plain: pa.StringArray) -> tuple[PhoneArrays, Mask]:
            has_shape = matches(plain, shape)
            if has_shape.sum() < reader._fewest:
                return _none_of(cells)
            found, has_shape[has_shape] = way(reader, cells.at(has_shape), plain.filter(pa.array(has_shape)))
            return found, has_shape

        return shown

    return of_shape


class Cells(NamedTuple):
    """Cells of a batch, by their row in it: text as it came, index into COUNTRIES of the region or NONE, and its column's `Says`."""

    rows: Ints
    texts: pa.StringArray
    regions: Ints
    says: Ints

    def at(self, where: Mask) -> Cells:
        """Some of the cells."""
        return Cells(self.rows[where], self.texts.filter(pa.array(where)), self.regions[where], self.says[where])

    def taken(self, places: Ints) -> Cells:
        """Cells by their places."""
        return Cells(self.rows[places], self.texts.take(pa.array(places)), self.regions[places], self.says[places])


class PhoneReader:
    """Reads cells. Holds what was compiled so far, so one object serves all batches of a list, one at a time.

    Args:
        excluded: line types whose numbers are not kept.
    """

    def __init__(self, excluded: frozenset[LineType]) -> None:
        self.excluded = excluded
        self.fast = FastPath(map(LINE_TYPES.index, excluded))
        self._asked_of: Counter[Way] = Counter()
        self._read_by: Counter[Way] = Counter()
        self._remembered: dict[_Cell, list[PhoneOutcome]] = {}
        self._fewest = 1

    def read(self, cells: Cells) -> PhoneArrays:
        """Every phone of the cells, in order; at least one a cell."""
        is_long = is_over_long(cells.texts)
        lists, documents, cells = self._long_cells(cells, is_long) if is_long.any() else ([], cells.rows[:0], cells)
        may_be_plain = _may_be_plain(cells.texts)
        short = cells if may_be_plain.all() else cells.at(may_be_plain)
        found, is_read = self._surely(short)
        if is_read.all() and len(is_read) == len(may_be_plain) and not is_long.any():
            return found
        is_left = ~may_be_plain
        is_left[may_be_plain] = ~is_read
        places = np.flatnonzero(is_left)
        first, which = _equal_cells(cells.taken(places))
        of_first = self._read_dirty(cells.taken(places[first])._replace(rows=np.arange(len(first))))
        of_left = phone_batches.repeated(of_first, which, cells.rows[places])
        together = phone_batches.joined([found, *lists, _rejected(documents, RejectReason.NOT_A_NUMBER), of_left])
        return phone_batches.in_order(together, np.argsort(together.row, kind="stable"))

    def _read_dirty(self, left: Cells) -> PhoneArrays:
        """Every phone of cells that are not plain, in order."""
        is_wordy = are_words(left.texts) if len(left.rows) >= CELLS_WORTH_LOOKING else np.zeros(len(left.rows), np.bool_)
        phones, left = [_rejected(left.rows[is_wordy], RejectReason.NOT_A_NUMBER)], left.at(~is_wordy)
        plain = pc.ascii_trim(in_ascii(left.texts), BLANKS)
        is_left = np.ones(len(plain), np.bool_)
        best = [way for way in self._WAYS if 2 * self._read_by[way] > self._asked_of[way]]
        phones.append(self._ask(best, left, plain, is_left, 1))
        phones.append(self._ask(self._WAYS, left, plain, is_left, 1 + len(plain) // CELLS_FIRST))
        phones.append(self._ask([*filter(self._is_promising, self._WAYS)], left, plain, is_left, 1))
        if is_left.any():
            phones.append(self._carefully(left.at(is_left), plain.filter(pa.array(is_left))))
        together = phone_batches.joined(phones)
        return phone_batches.in_order(together, np.argsort(together.row, kind="stable"))

    def _ask(self, ways: Sequence[Way], cells: Cells, plain: pa.StringArray, is_left: Mask, step: int) -> PhoneArrays:
        """What some ways read of every so-manieth cell that is left; these are left no more."""
        self._fewest = 1 if step > 1 else CELLS_WORTH_ARRAYS  # of the first cells a few tell of many
        places = np.flatnonzero(is_left)[::step]
        found, is_read = self._first_of(ways, cells.taken(places), plain.take(pa.array(places)), CELLS_WORTH_LOOKING)
        is_left[places[is_read]] = False
        return found

    def _is_promising(self, way: Way) -> bool:
        return self._asked_of[way] < CELLS_IN_VAIN * (1 + self._read_by[way])

    def _is_worth_clearing(self, cells: int) -> bool:
        """Of so many cells, by the share that was read so far; a tenth before any: of most columns that have many the first cells tell."""
        way = PhoneReader._cleared
        return cells * (1 + self._read_by[way]) >= CELLS_WORTH_CLEARING * (10 + self._asked_of[way])

    def _long_cells(self, cells: Cells, is_long: Mask) -> tuple[list[PhoneArrays], Ints, Cells]:
        """The phones of long lists, the rows of documents, and the other cells."""
        may_be_list = is_long & may_be_long_list(cells.texts)
        lists = cells.at(may_be_list)
        return [self._carefully(lists, in_ascii(lists.texts))], cells.rows[is_long & ~may_be_list], cells.at(~is_long)

    def votes(self, texts: pa.StringArray, regions: Ints) -> tuple[Ints, Mask, Mask]:
        """As `FastPath.votes`, of undressed cells, too."""
        may_be_plain = _may_be_plain(texts)
        says = np.full(len(texts), Says.NOTHING)
        national, international = ((regions != NONE) & ~may_be_plain for _ in range(2))
        short = texts if may_be_plain.all() else texts.filter(pa.array(may_be_plain))
        of_short = (self.fast.votes(short[block], regions[may_be_plain][block]) for block in _blocks(len(short)))
        for known, votes in zip((says, national, international), zip(*of_short, strict=True), strict=True):
            known[may_be_plain] = np.concatenate(votes)
        is_short = ~is_over_long(texts)
        for may in (national, international):
            may &= is_short
        costly = np.flatnonzero(national | international)
        heard = costly[:: 1 + len(costly) // COSTLY_CELLS_HEARD]
        plain = in_ascii(texts.take(pa.array(heard)))
        has_digit = (digit_counts(plain) > 0) & ~matches(plain, IP_ADDRESS)
        heard, plain = heard[has_digit], plain.filter(pa.array(has_digit))
        for may in (national, international):
            may_say = may[heard]
            may[costly], may[heard] = False, may_say
        bare = undressed(pc.ascii_trim(plain, BLANKS))
        is_bare = bare.is_valid().to_numpy(zero_copy_only=False)
        self._asked_of[PhoneReader._undressed] += len(heard)
        self._read_by[PhoneReader._undressed] += int(is_bare.sum())
        where = heard[is_bare]
        says[where], national[where], international[where] = self.fast.votes(bare.filter(pa.array(is_bare)), regions[where])
        return says, national, international

    def policy(self, outcome: PhoneOutcome) -> PhoneOutcome:
        """Numbers that own no account are not kept; what they are is."""
        is_kept = outcome.line_type not in self.excluded
        return outcome if is_kept else outcome._replace(e164=None, reason=RejectReason.LINE_TYPE_EXCLUDED)

    def _fast(self, cells: Cells) -> tuple[PhoneArrays, Mask]:
        """What the fast path reads, block by block, and where it is sure of it."""
        phones, is_sure = [], []
        for block in _blocks(len(cells.rows)):
            reading, e164 = self.fast.read(cells.texts[block], cells.regions[block], cells.says[block])
            phones.append(phone_batches.phones_read(cells.rows[block], reading, e164))
            is_sure.append(reading.is_sure)
        return phone_batches.joined(phones), np.concatenate(is_sure)

    def _undressed(self, cells: Cells, plain: pa.StringArray) -> tuple[PhoneArrays, Mask]:
        """Cells that are one number in decorations."""
        return self._read_as(
            pc.if_else(pa.array(digit_counts(plain) >= fewest_of(cells.regions)), undressed(plain), NOTHING), cells
        )

    @_where(MANY)
    def _of_too_many(self, cells: Cells, plain: pa.StringArray) -> tuple[PhoneArrays, Mask]:
        """Digits and blanks, too many for any number."""
        return self._read_as(first_of_many(plain), cells)

    def _read_as(self, texts: pa.StringArray, cells: Cells, is_wanted: Wanted | None = None) -> tuple[PhoneArrays, Mask]:
        """The cells that have such a text, read by it; the mask is over all cells."""
        is_read = texts.is_valid().to_numpy(zero_copy_only=False)
        if is_read.sum() < self._fewest:
            return _none_of(cells)
        found, is_read[is_read] = self._surely(cells._replace(texts=texts).at(is_read), is_wanted)
        return found, is_read

    def _surely(self, cells: Cells, is_wanted: Wanted | None = None) -> tuple[PhoneArrays, Mask]:
        """What the fast path is sure of and is wanted, and where."""
        read, is_sure = self._fast(cells)
        kept = is_sure & is_wanted(read) if is_wanted else is_sure
        return phone_batches.in_order(read, np.flatnonzero(kept)), kept

    @_where("^[^0-9]*$")
    def _without_digit(self, cells: Cells, plain: pa.StringArray) -> tuple[PhoneArrays, Mask]:
        """Cells without a digit."""
        return _rejected_where(cells.rows, reasons_without_digit(plain))

    @_where(GLUED)
    def _glued(self, cells: Cells, plain: pa.StringArray) -> tuple[PhoneArrays, Mask]:
        """Cells with letters glued to digits."""
        return _rejected_where(cells.rows, [(RejectReason.LETTERS_IN_NUMBER, are_glued(plain))])

    @_where(LED)
    def _led_by_words(self, cells: Cells, plain: pa.StringArray) -> tuple[PhoneArrays, Mask]:
        """Cells with words before the digits that go from none of them."""
        is_led, if_number = are_led(plain)
        is_long = digit_counts(plain) >= fewest_of(cells.regions)
        if_number &= is_long
        read, is_sure = self._fast(cells.at(if_number)._replace(texts=all_digits(plain.filter(pa.array(if_number)))))
        if_number[if_number] = is_sure & phone_batches.is_clear_number(read)
        return _rejected_where(cells.rows, [(RejectReason.LETTERS_IN_NUMBER, (is_led & is_long) | if_number)])

    def _few_digits(self, cells: Cells, plain: pa.StringArray) -> tuple[PhoneArrays, Mask]:
        """Cells with fewer digits than any number has."""
        is_few, reasons = few_digits_in(plain, cells.regions)
        return _rejected_for(cells.rows[is_few], reasons), is_few

    def _certainly_none(self, cells: Cells, plain: pa.StringArray) -> tuple[PhoneArrays, Mask]:
        """Cells whose shape alone tells that no number is in them."""
        may_be = digit_counts(plain) <= MAX_EMERGENCY_DIGITS
        may_be[may_be] = may_be_emergency(plain.filter(pa.array(may_be)), regions_in(cells.regions))
        return _rejected_where(cells.rows, [(reason, where & ~may_be) for reason, where in certain_reasons(plain)])

    @_where(BETWEEN)
    def _few_beside(self, cells: Cells, plain: pa.StringArray) -> tuple[PhoneArrays, Mask]:
        """Cells in which words part a few digits from all others."""
        fewest = int(fewest_of(cells.regions).min())
        return _rejected_where(cells.rows, [(RejectReason.LETTERS_IN_NUMBER, are_few_beside(plain, fewest))])

    @_where(BETWEEN)
    def _parted(self, cells: Cells, plain: pa.StringArray) -> tuple[PhoneArrays, Mask]:
        """Cells in which words part digits that may be a number from too few for one."""
        with_trunk = [phone_batches.COUNTRY_CODE[region] for region in regions_in(cells.regions) if has_trunk_zero(region)]
        are_none = are_parted(plain, np.isin(cells.regions, with_trunk))
        return _rejected_where(cells.rows, [(RejectReason.LETTERS_IN_NUMBER, are_none)])

    def _without_run(self, cells: Cells, plain: pa.StringArray) -> tuple[PhoneArrays, Mask]:
        """Cells in which no run of digits is a number."""
        groups, fewest = groups_of(plain), fewest_of(cells.regions)
        longest, total = groups.longest(), groups.digit_count()
        is_none = (total >= fewest) & ~groups.are_many(fewest)
        places = np.flatnonzero(is_none & (longest >= fewest))
        texts = plain.take(pa.array(places))
        runs = runs_in(texts, groups_of(texts), fewest[places])
        of_cell = places[runs.of_cell]
        read, is_sure = self._fast(cells.taken(of_cell)._replace(texts=runs.texts))
        is_none[of_cell[~is_sure | ~_is_rejected(read)]] = False
        may = plain.filter(pa.array(is_none))
        is_none[is_none] = ~self._is_other(cells.at(is_none), may, longest[is_none], total[is_none])
        codes = phone_batches.REASON_CODE
        reasons = np.full(len(plain), codes[RejectReason.TOO_LONG])
        reasons[of_cell[runs.is_whole]] = read.reason[runs.is_whole]
        reasons[groups.stretch_count() > 1] = codes[RejectReason.INVALID_NUMBER]
        reasons[of_cell[phone_batches.is_ambiguous(read)]] = codes[RejectReason.AMBIGUOUS_INTERNATIONAL]
        reasons = reasons[is_none]
        reasons[matches(plain.filter(pa.array(is_none)), MAY_BE_DIGITS)] = codes[RejectReason.LETTERS_IN_NUMBER]
        return phone_batches.rejected_phones(cells.rows[is_none], reasons), is_none

    @_where(CODED)
    def _coded(self, cells: Cells, plain: pa.StringArray) -> tuple[PhoneArrays, Mask]:
        """Files' codes with letters behind, where some digits are a number or the letters a country's code: other reasons come first."""
        groups = groups_of(plain)
        runs = runs_in(plain, groups, fewest_of(cells.regions))
        read, is_sure = self._fast(cells.taken(runs.of_cell)._replace(texts=runs.texts))
        is_code = np.bincount(runs.of_cell[is_sure & phone_batches.is_clear_number(read)], minlength=len(plain)) > 0
        is_code[~is_code] = names_country(plain.filter(pa.array(~is_code)), groups.longest()[~is_code])
        return _rejected(cells.rows[is_code], RejectReason.LETTERS_IN_NUMBER), is_code

    def _is_other(self, cells: Cells, plain: pa.StringArray, longest: Ints, total: Ints) -> Mask:
        """What `digit_runs` does not look at, perhaps emergency numbers, and numbers of a country that is named."""
        is_other = matches(plain, UNLESS) | matches(plain, AMOUNT_OR_BOOK)  # both in one would be too large to be fast
        is_few = total <= MAX_EMERGENCY_DIGITS
        is_other[is_few] |= may_be_emergency(plain.filter(pa.array(is_few)), regions_in(cells.regions))
        may_name = ~is_other & (longest >= FEWEST)
        words = plain.filter(pa.array(may_name))
        is_other[may_name] = names_country(words, longest[may_name]) | matches(words, MAY_BE_FLAG)
        return is_other

    def _cleared(self, cells: Cells, plain: pa.StringArray) -> tuple[PhoneArrays, Mask]:
        """Numbers beside dates, sums, addresses and the like; and cells in which words part other digits from all numbers."""
        texts = cleared(plain, fewest_of(cells.regions))
        return self._first_clear(self._WAYS_CLEARED, cells, texts)

    @_where(MOMENT_BEFORE)
    def _after_moment(self, cells: Cells, plain: pa.StringArray) -> tuple[PhoneArrays, Mask]:
        """A date and a time, and a number behind words: all of it is taken for the moment."""
        parts, of_cell = parts_apart(plain)
        read, is_sure = self._fast(cells.taken(of_cell)._replace(texts=all_digits(parts)))
        is_number = is_sure & phone_batches.is_clear_number(read) & ~matches(parts, TORN)
        is_after = np.bincount(of_cell[is_number], minlength=len(plain)) > 0
        is_after[is_after] = ~matches(plain.filter(pa.array(is_after)), "(?i)" + CHAT_LINK)
        return _rejected(cells.rows[is_after], RejectReason.NOT_A_NUMBER), is_after

    def _beside_letter(self, cells: Cells, plain: pa.StringArray) -> tuple[PhoneArrays, Mask]:
        """One number and a letter that may be a digit."""
        _, is_number = self._read_as(all_digits(beside_letter(plain)), cells, phone_batches.is_number)
        return _rejected(cells.rows[is_number], RejectReason.LETTERS_IN_NUMBER), is_number

    @_where(REFERRED)
    def _referred(self, cells: Cells, plain: pa.StringArray) -> tuple[PhoneArrays, Mask]:
        """The number of something else, as words before it say."""
        _, is_number = self._read_as(referred(plain), cells, phone_batches.is_clear_number)
        return _rejected(cells.rows[is_number], RejectReason.LETTERS_IN_NUMBER), is_number

    def _without_part(self, cells: Cells, plain: pa.StringArray) -> tuple[PhoneArrays, Mask]:
        """Cells with a part that is no number, beside one that is."""
        parts, of_cell = parts_apart(plain)
        counts, fewest = digit_counts(parts), fewest_of(cells.regions)
        is_few = counts < fewest[of_cell]
        places = np.flatnonzero(~is_few)
        long, of_long = parts.take(pa.array(places)), of_cell[places]
        read, is_sure = self._fast(cells.taken(of_long)._replace(texts=all_digits(long)))
        is_number, is_none = np.zeros(len(parts), np.bool_), np.zeros(len(parts), np.bool_)
        is_torn = matches(long, TORN)
        is_number[places] = is_sure & phone_batches.is_number(read) & ~is_torn
        others = np.flatnonzero(~is_number[places] & ~is_torn)
        is_none[places[others]], has_later = self._begin_with_none(
            cells.taken(of_long[others])._replace(texts=long.take(pa.array(others))), fewest[of_long[others]]
        )
        holds_number = np.zeros(len(parts), np.bool_)
        holds_number[places] = is_sure & phone_batches.is_clear_number(read) & ~is_torn
        holds_number[places[others]] = has_later
        is_either = np.zeros(len(parts), np.bool_)
        is_either[places[~is_sure]] = is_none[places[~is_sure]]
        has_number, has_other, is_unclear, may_be_abroad, may_be_named = (
            np.bincount(of_cell[where], minlength=len(plain)) > 0
            for where in (
                *(holds_number, is_few | (is_none & ~is_either), ~(is_few | is_none | is_number)),
                *(is_none | (is_few & (counts >= FEWEST)), is_none | (is_few & (counts >= FEWEST_ABROAD))),
            )
        )
        # Where no run is a number, other reasons come first, but for letters between digits.
        is_without = has_other & ~is_unclear & (cells.regions != NONE) & (has_number | matches(plain, BETWEEN_APART))
        places = np.flatnonzero(is_without & may_be_abroad)
        words = plain.take(pa.array(places))
        words = pc.if_else(pa.array(may_be_named[places]), words, without_lira(words))
        is_without[places[names_country(words)]] = False
        texts = plain.filter(pa.array(is_without))
        first = np.searchsorted(of_cell, np.flatnonzero(is_without))
        letters, ranges, none = (phone_batches.REASON_CODE[each] for each in REASONS_APART)
        reasons = np.where(
            matches(texts, f"[{LETTERS_APART}]"), letters, np.where(counts[first] >= MIN_PART_DIGITS, ranges, none)
        )
        return phone_batches.rejected_phones(cells.rows[is_without], reasons), is_without

    @_where(MARKUP)
    def _without_markup(self, cells: Cells, plain: pa.StringArray) -> tuple[PhoneArrays, Mask]:
        """Numbers in tags, lists or documents; and what `_cleared` reads in these."""
        ways = (PhoneReader._numbers_undressed, PhoneReader._in_parts, PhoneReader._among_words, PhoneReader._cleared)
        return self._first_clear(ways, cells, without_markup(plain))

    def _begin_with_none(self, cells: Cells, fewest: Ints) -> tuple[Mask, Mask]:
        """Where no run that begins a part, but all of it, or follows a count that does, is a number; and where any other is one."""
        groups = groups_of(cells.texts)
        runs = runs_in(cells.texts, groups, fewest)
        read, is_sure = self._fast(cells.taken(runs.of_cell)._replace(texts=runs.texts))
        firsts = np.searchsorted(groups.of_cell, np.arange(len(cells.rows)))
        follows_count = (runs.first - firsts[runs.of_cell] == 1) & (groups.digits[firsts[runs.of_cell]] <= MOST_COUNT_DIGITS)
        is_head = (runs.first == firsts[runs.of_cell]) | follows_count
        is_none = ~groups.are_many(fewest)
        is_none[runs.of_cell[is_head & ~runs.is_whole & (~is_sure | phone_batches.is_number(read))]] = False
        has_number = np.bincount(runs.of_cell[is_sure & phone_batches.is_clear_number(read)], minlength=len(cells.rows)) > 0
        return is_none, has_number

    def _first_of(self, ways: Sequence[Way], cells: Cells, texts: pa.StringArray, fewest: int = 0) -> tuple[PhoneArrays, Mask]:
        """The cells that have a text, read by the first way that is sure of it, those first that read most so far; the mask is over all cells.

        Args:
            fewest: no way is asked for fewer cells.
        """
        found, is_read = [_rejected(cells.rows[:0], RejectReason.NOT_A_NUMBER)], np.zeros(len(texts), np.bool_)
        places = np.flatnonzero(texts.is_valid())
        cells, texts = cells.taken(places), texts.take(pa.array(places))
        for way in sorted(ways, key=lambda way: -self._read_by[way]):
            if len(places) < max(fewest, self._fewest):
                break
            if way is PhoneReader._cleared and self._fewest > 1 and not self._is_worth_clearing(len(places)):
                continue
            read, is_it = way(self, cells, texts)
            self._asked_of[way] += len(places)
            if is_it.any():
                found.append(read)
                is_read[places[is_it]] = True
                self._read_by[way] += int(is_it.sum())
                cells, texts, places = cells.at(~is_it), texts.filter(pa.array(~is_it)), places[~is_it]
        return phone_batches.joined(found), is_read

    def _first_clear(self, ways: Sequence[Way], cells: Cells, texts: pa.StringArray) -> tuple[PhoneArrays, Mask]:
        """As `_first_of`, without unclear numbers: letters that went, of hours or tags, say more of a cell."""
        found, is_read = self._first_of(ways, cells, texts)
        is_unclear = phone_batches.is_ambiguous(found)
        is_read[np.isin(cells.rows, found.row[is_unclear])] = False
        return phone_batches.in_order(found, np.flatnonzero(~is_unclear)), is_read

    def _numbers_undressed(self, cells: Cells, plain: pa.StringArray) -> tuple[PhoneArrays, Mask]:
        return self._read_as(undressed(plain), cells, phone_batches.is_clear_number)

    @_where(SEVERAL)
    def _in_parts(self, cells: Cells, plain: pa.StringArray) -> tuple[PhoneArrays, Mask]:
        """Cells of several plain numbers, each of them a number in service."""
        parts, of_cell = parts_of(plain)
        several = cells.taken(of_cell)
        is_clear = ~self._may_end_earlier(several, parts)
        found, is_sure = self._surely(several._replace(texts=parts).at(is_clear), phone_batches.is_clear_number)
        is_clear[is_clear] = is_sure
        return _of_whole_cells(found, is_clear, of_cell, len(plain))

    def _may_end_earlier(self, cells: Cells, numbers: pa.StringArray) -> Mask:
        """Numbers that may be some without their last short group, too: beside others it may be a count."""
        heads = without_short_last_group(numbers)
        has_head: Mask = heads.is_valid().to_numpy(zero_copy_only=False)
        read, is_sure = self._fast(cells._replace(texts=heads).at(has_head))
        has_head[has_head] = ~is_sure | phone_batches.is_number(read)
        return has_head

    @_where(PARTED_BY_BLANKS)
    def _parted_by_blanks(self, cells: Cells, plain: pa.StringArray) -> tuple[PhoneArrays, Mask]:
        """Two numbers with a blank between; or none, where all digits together are none, and one is, but not surely."""
        parted, first, second = parted_by_blanks(plain)
        found, is_read = self._two_numbers(cells, plain, first, second)
        places = np.flatnonzero(~is_read)
        left, texts, *pair = (each.take(pa.array(places)) for each in (plain, parted, first, second))
        pair = [*map(digits_in, pair)]
        several = [digits_in(left), *before_parts(texts), *pair, *ended_elsewhere(*pair)]
        read, is_sure = self._fast(cells.taken(np.tile(places, len(several)))._replace(texts=pa.concat_arrays(several)))
        is_number, is_clear, is_sure = (
            mask.reshape(len(several), -1)
            for mask in (phone_batches.is_number(read), phone_batches.is_clear_number(read), is_sure)
        )
        is_none, is_one = is_sure & ~is_number, is_sure & is_clear
        ends_elsewhere = is_one[3:5].all(axis=0) & (is_sure & is_number)[5:].any(axis=0)
        # Where no run is a number, other reasons come first.
        holds_number = is_one[1] | is_one[2] | is_one[4]
        is_only = ~first.is_valid().to_numpy(zero_copy_only=False)[places]
        is_whole = is_none[0] & holds_number & (is_only | is_none[3] | is_none[4] | ends_elsewhere)
        is_read[places[is_whole]] = True
        return phone_batches.joined([found, phone_batches.in_order(read, np.flatnonzero(is_whole))]), is_read

    def _two_numbers(
        self, cells: Cells, plain: pa.StringArray, first: pa.StringArray, second: pa.StringArray
    ) -> tuple[PhoneArrays, Mask]:
        """Two numbers, of which the first can end nowhere else; the mask is over all cells."""
        are_two: Mask = first.is_valid().to_numpy(zero_copy_only=False)
        are_two[are_two] = ~matches(plain.filter(pa.array(are_two)), HOLDS_DAY)
        places, pair = np.flatnonzero(are_two), [each.filter(pa.array(are_two)) for each in (first, second)]
        found, is_sure = self._fast(cells.taken(np.tile(places, 2))._replace(texts=pa.concat_arrays(pair)))
        are_clear: Mask = np.logical_and(*(is_sure & phone_batches.is_clear_number(found)).reshape(2, -1))
        clear = [each.filter(pa.array(are_clear)) for each in pair]
        ends = ended_elsewhere(*map(digits_in, clear))
        read, is_sure = self._fast(cells.taken(np.tile(places[are_clear], len(ends)))._replace(texts=pa.concat_arrays(ends)))
        are_clear[are_clear] = (is_sure & ~phone_batches.is_number(read)).reshape(len(ends), -1).all(axis=0)
        several = cells.taken(places[are_clear])
        are_clear[are_clear] = ~self._may_end_earlier(several, pair[1].filter(pa.array(are_clear)))
        are_two[are_two] = are_clear
        return phone_batches.in_order(found, np.flatnonzero(np.tile(are_clear, 2))), are_two

    @_where(GROUPED)
    def _grouped(self, cells: Cells, plain: pa.StringArray) -> tuple[PhoneArrays, Mask]:
        """Groups of digits with one sign between, of which one run at least is a number, mostly all of them, or what a sign ends."""
        groups, shapes = groups_of(plain), shapes_of(plain)
        all_runs = runs_in(plain, groups, fewest_of(cells.regions))
        if not len(all_runs.of_cell):
            return _none_of(cells)
        all_roles = roles_of(plain, groups, all_runs)
        has_role = all_runs.is_whole | np.any(all_roles, axis=0)
        runs, roles = all_runs.at(has_role), Roles(*(role[has_role] for role in all_roles))
        read, is_sure = self._fast(cells.taken(runs.of_cell)._replace(texts=runs.texts))
        whole = np.full(len(plain), NONE)
        whole[runs.of_cell[runs.is_whole]] = np.flatnonzero(runs.is_whole)

        def have(where: Mask) -> Mask:
            return np.bincount(runs.of_cell[where], minlength=len(plain)) > 0

        is_number, has_number = is_sure & phone_batches.is_number(read), have(is_sure & phone_batches.is_clear_number(read))
        may_be_number = is_number | ~is_sure
        is_read = (whole != NONE) & is_sure[whole]
        has_number[is_read & ~has_number] = self._have_number(cells, all_runs.at(~has_role), is_read & ~has_number)
        is_read &= has_number  # else the shape says why none is
        are_groups = is_read & shapes.are_groups
        has_range = have((roles.before_range | roles.is_counted) & is_number)
        is_none = are_groups & ~is_number[whole] & ~have(roles.begins_alone & may_be_number)
        is_none &= has_range | ~have((roles.before_range | roles.is_counted) & ~is_sure)
        # A number that is kept is compared with others by its text.
        is_kept = read.e164.is_valid().to_numpy(zero_copy_only=False)
        is_other = (
            is_sure & is_kept & ~_are_equal(read.e164, read.e164.take(pa.array(whole, mask=whole == NONE).take(runs.of_cell)))
        )
        may_be_one = are_groups & is_number[whole] & (cells.says != Says.INTERNATIONAL)
        is_two = may_be_one & have(roles.ends & is_other)
        is_one = may_be_one & shapes.may_be_one & is_kept[whole]
        is_one &= ~have((roles.ends | roles.may_end | roles.begins_later) & may_be_number)
        is_one[is_one] = self._is_whole(
            cells.at(is_one), plain.filter(pa.array(is_one)), phone_batches.in_order(read, whole[is_one])
        )
        is_one |= (is_none & ~has_range) | (shapes.are_thousands & is_read)
        ranges = _rejected(cells.rows[is_two | (is_none & has_range)], RejectReason.AMBIGUOUS_RANGE)
        found = phone_batches.in_order(read, whole[is_one])._replace(row=cells.rows[is_one])
        return phone_batches.joined([found, ranges]), is_one | is_two | is_none

    def _have_number(self, cells: Cells, runs: Runs, where: Mask) -> Mask:
        """Of some cells, which have a run that is surely a number."""
        some = runs.at(where[runs.of_cell])
        read, is_sure = self._fast(cells.taken(some.of_cell)._replace(texts=some.texts))
        return np.bincount(some.of_cell[is_sure & phone_batches.is_clear_number(read)], minlength=len(where))[where] > 0

    def _is_whole(self, cells: Cells, plain: pa.StringArray, numbers: PhoneArrays) -> Mask:
        """Where no digits of groups that are a number may be none of it: a carrier's code, a second number, a 0 behind a country's code."""
        is_whole, is_at_home = np.ones(len(plain), np.bool_), matches(plain, "^[1-9]") & (numbers.country == cells.regions)
        for country in np.unique(numbers.country).tolist():
            name, is_of_it = COUNTRIES[country], numbers.country == country
            national = pc.binary_length(numbers.e164).to_numpy() - len(f"+{country_code_for_region(name)}")
            is_whole[is_of_it & np.isin(national, [*lengths_of_two(name)])] = False
            is_whole[is_of_it & is_at_home & (digit_counts(plain) - national > LONGEST_CODE)] = False
        has_zero = matches(plain, CODED_ZERO)
        texts = all_digits(pc.replace_substring_regex(plain.filter(pa.array(has_zero)), CODED_ZERO, r"\1"))
        read, is_sure = self._fast(cells.at(has_zero)._replace(texts=texts))
        is_whole[has_zero] &= is_sure & (
            ~phone_batches.is_number(read) | _are_equal(read.e164, numbers.e164.filter(pa.array(has_zero)))
        )
        return is_whole

    @_where(WORDED)
    def _in_worded_parts(self, cells: Cells, plain: pa.StringArray) -> tuple[PhoneArrays, Mask]:
        """Cells of several numbers with words between, each of them a number in service, also with the words beside it."""
        return self._in_parts_of(worded_parts, cells, plain)

    @_where(MARKED)
    def _in_marked_parts(self, cells: Cells, plain: pa.StringArray) -> tuple[PhoneArrays, Mask]:
        """As `_in_worded_parts`, where semicolons, bars or lines part them."""
        return self._in_parts_of(marked_parts, cells, plain)

    def _in_parts_of(
        self, parts_in: Callable[[pa.StringArray], tuple[pa.StringArray, Ints]], cells: Cells, plain: pa.StringArray
    ) -> tuple[PhoneArrays, Mask]:
        parts, of_cell = parts_in(plain)
        found, is_sure = self._among_words(cells.taken(of_cell), parts, beside_others=True)
        is_clear = phone_batches.is_clear_number(found)
        is_sure[is_sure] = is_clear
        return _of_whole_cells(phone_batches.in_order(found, np.flatnonzero(is_clear)), is_sure, of_cell, len(plain))

    def _among_words(self, cells: Cells, plain: pa.StringArray, beside_others: bool = False) -> tuple[PhoneArrays, Mask]:
        """One number and words or marks: the last digits before them may be theirs, where a number is left without these.

        The digits of an extension are no number of their own.
        """
        labelled = before_words(plain)
        numbers = pc.coalesce(labelled, among_words(plain))
        found, is_read = self._read_as(numbers, cells, phone_batches.is_number)
        if not is_read.any():
            return found, is_read
        is_sure, is_labelled = is_read.copy(), labelled.is_valid().to_numpy(zero_copy_only=False)
        more = digit_counts(plain) - digit_counts(numbers)
        is_sure[is_read] = ~phone_batches.is_ambiguous(found) | (more[is_read] == 0)  # else letters between digits are the reason
        may_be_two = is_sure & is_labelled & (more >= fewest_of(cells.regions))
        read, is_none = self._fast(cells.at(may_be_two)._replace(texts=last_digits(plain.filter(pa.array(may_be_two)))))
        is_sure[may_be_two] = is_none & ~phone_batches.is_number(read)
        has_head = is_read & (is_labelled | matches(plain, "[^0-9]$"))
        places = np.flatnonzero(has_head)
        heads = numbers.take(pa.array(places))
        while len(places):
            heads = without_last_group(heads)
            digits = digits_in(heads)
            is_left = matches(digits, f"[0-9]{{{FEWEST}}}")
            places, heads, digits = places[is_left], heads.filter(pa.array(is_left)), digits.filter(pa.array(is_left))
            read, is_none = self._fast(Cells(places, digits, cells.regions[places], cells.says[places]))
            is_sure[places] &= is_none & ~phone_batches.is_number(read)
        if beside_others:
            is_sure[is_sure] = ~self._may_end_earlier(cells.at(is_sure), numbers.filter(pa.array(is_sure)))
        is_sure[is_sure] = ~may_be_of_addresses(*(each.filter(pa.array(is_sure)) for each in (plain, numbers)))
        is_named = is_sure & ~is_labelled
        named = plain.filter(pa.array(is_named))
        is_sure[is_named] = ~(
            names_another(named, cells.regions[is_named], found.country[is_named[is_read]])
            | are_references(named, numbers.filter(pa.array(is_named)), beside_others)
        )
        return phone_batches.in_order(found, np.flatnonzero(is_sure[is_read])), is_sure

    def _in_named_country(self, cells: Cells, plain: pa.StringArray) -> tuple[PhoneArrays, Mask]:
        """A number of the one country that is named beside it, and none at home nor with a plus, for it may begin with the country's code."""
        numbers = grouped_by_blanks(among_words(plain))
        _, has_code = self._read_as(pc.binary_join_element_wise("+", numbers, ""), cells, phone_batches.is_number)
        numbers = pc.if_else(pa.array(has_code), NOTHING, numbers)
        _, is_abroad = self._read_as(numbers, cells, lambda read: ~phone_batches.is_number(read))
        places, words = np.flatnonzero(is_abroad), plain.filter(pa.array(is_abroad))
        named = {
            places[place]: phone_batches.COUNTRY_CODE[next(iter(regions))]
            for place, regions in countries_beside(words).items()
            if len(regions) == 1
        }
        places, regions = (np.array([*each], np.int64) for each in (named.keys(), named.values()))
        there = cells.taken(places)._replace(regions=regions, says=np.full(len(places), Says.NATIONAL))
        found, is_sure = self._among_words(there, plain.take(pa.array(places)))
        is_abroad[:] = False
        is_abroad[places] = is_sure
        return found, is_abroad

    @_where(BESIDE_COUNT)
    def _beside_count(self, cells: Cells, plain: pa.StringArray) -> tuple[PhoneArrays, Mask]:
        """A number and a count, where no rule finds another number."""
        numbers, counts = beside_count(plain)
        found, is_alone = self._read_as(numbers, cells, phone_batches.is_clear_number)
        left, texts = cells.at(is_alone), plain.filter(pa.array(is_alone))
        numbers, counts = (each.filter(pa.array(is_alone)) for each in (digits_in(numbers), counts))
        runs, of_run, is_few = other_runs(texts, numbers, fewest_of(left.regions))
        ends = ended_elsewhere(pc.if_else(pc.greater(counts, ""), numbers, NOTHING), counts)
        of_cell = np.concatenate([of_run, np.tile(np.arange(len(texts)), len(ends))])
        read, is_sure = self._fast(left.taken(of_cell)._replace(texts=pa.concat_arrays([runs, *ends])))
        # Behind a count a number without a plus is one of its region, or begins elsewhere.
        is_only = is_few & ((found.country == left.regions) | matches(numbers, r"^\+")) & (left.regions != NONE)
        is_only[of_cell[~is_sure | phone_batches.is_number(read)]] = False
        named = texts.filter(pa.array(is_only))
        is_only[is_only] = ~names_another(named, left.regions[is_only], np.full(len(named), NONE))
        is_alone[is_alone] = is_only
        return phone_batches.in_order(found, np.flatnonzero(is_only)), is_alone

    @_where(TIME_BEHIND)
    def _with_time(self, cells: Cells, plain: pa.StringArray) -> tuple[PhoneArrays, Mask]:
        """A number and a time, which nobody can tell from more of its digits."""
        _, is_number = self._read_as(before_time(plain), cells, phone_batches.is_clear_number)
        return _rejected(cells.rows[is_number], RejectReason.INVALID_NUMBER), is_number

    @_where(WITH_MORE)
    def _with_more(self, cells: Cells, plain: pa.StringArray) -> tuple[PhoneArrays, Mask]:
        """A number and more digits, which are too many for one."""
        numbers, *begins = with_more(plain)
        _, is_number = self._read_as(numbers, cells, phone_batches.is_number)
        texts = pa.concat_arrays([each.filter(pa.array(is_number)) for each in (plain, *begins)])
        several = cells.taken(np.tile(np.flatnonzero(is_number), 1 + len(begins)))
        read, is_sure = self._fast(several._replace(texts=all_digits(texts)))
        is_none = (is_sure & ~phone_batches.is_number(read)).reshape(1 + len(begins), -1).all(axis=0)
        is_number[is_number] = is_none
        return phone_batches.in_order(read, np.flatnonzero(is_none)), is_number

    @_where(RANGE_OR_SUM)
    def _of_ranges(self, cells: Cells, plain: pa.StringArray) -> tuple[PhoneArrays, Mask]:
        """A number and the end of a range, or a sum."""
        _, is_range = self._read_as(before_range(plain), cells, phone_batches.is_number)
        texts = pc.replace_substring_regex(plain.filter(pa.array(is_range)), ",.*", "")
        read, is_sure = self._fast(cells.at(is_range)._replace(texts=all_digits(texts)))
        is_range[is_range] = is_sure & ~phone_batches.is_number(read)
        return _rejected(cells.rows[is_range], RejectReason.AMBIGUOUS_RANGE), is_range

    @_where(LINK)
    def _linked(self, cells: Cells, plain: pa.StringArray) -> tuple[PhoneArrays, Mask]:
        """One chat link: its number is international, unless it is another one at home."""
        at_home = cells._replace(texts=linked(plain), says=np.full(len(plain), Says.NATIONAL))
        abroad = at_home._replace(texts=pc.binary_join_element_wise("+", at_home.texts, ""), regions=np.full(len(plain), NONE))
        (here, is_sure_here), (there, is_sure_there) = self._fast(at_home), self._fast(abroad)
        is_alone = is_sure_here & (~phone_batches.is_number(here) | _are_equal(here.e164, there.e164))
        is_sure = is_sure_there & phone_batches.is_number(there) & (is_alone | (at_home.regions == NONE))
        return phone_batches.in_order(there, np.flatnonzero(is_sure)), is_sure

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
        runs, of_cell, *_ = runs_in(plain, groups_of(plain).as_wide(), fewest_of(cells.regions))
        read, is_sure = self._fast(cells.taken(of_cell)._replace(texts=runs))
        # The rules compare numbers, and an excluded one has none.
        is_known = is_sure & (read.reason != phone_batches.EXCLUDED)
        known: list[dict[str, PhoneOutcome]] = [{} for _ in cells.rows]
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

    # Functions rather than bound methods, which would keep the object, and its megabytes, until the collector of garbage comes.
    # First those that ask least of cells that others read.
    _WAYS: tuple[Way, ...] = (
        *(
            _without_digit,
            _glued,
            _led_by_words,
            _few_digits,
            _certainly_none,
            _few_beside,
            _parted,
            _undressed,
            _of_too_many,
            _parted_by_blanks,
            _grouped,
            _in_parts,
        ),
        *(_referred, _linked, _with_time, _with_more, _of_ranges, _among_words, _in_worded_parts, _in_marked_parts),
        *(_without_run, _coded, _without_markup, _beside_count, _in_named_country, _cleared, _after_moment),
    )
    _WAYS_CLEARED: tuple[Way, ...] = (
        _in_parts,
        _among_words,
        _in_worded_parts,
        _in_marked_parts,
        _beside_count,
        _of_ranges,
        _with_more,
        _without_part,
        _beside_letter,
        _referred,
        _parted,
    )


def _equal_cells(cells: Cells) -> tuple[Ints, Ints]:
    """The places of the first cells of those that are equal; and for each cell, which of these it is."""
    codes = cells.texts.dictionary_encode().indices.to_numpy()
    keys = (codes * (len(COUNTRIES) + 1) + cells.regions) * len(Says) + cells.says
    _, first, which = np.unique(keys, return_index=True, return_inverse=True)
    return first, which


def _blocks(count: int) -> Iterator[slice]:
    """So many rows at a time as stay in the processor's cache; one block at least."""
    return (slice(begin, begin + BLOCK_ROWS) for begin in range(0, max(1, count), BLOCK_ROWS))


def _of_whole_cells(found: PhoneArrays, is_sure: Mask, of_cell: Ints, count: int) -> tuple[PhoneArrays, Mask]:
    """The phones of those cells whose parts are all sure; the mask is over all cells."""
    is_read = np.bincount(of_cell, minlength=count) > 0
    is_read[of_cell[~is_sure]] = False
    return phone_batches.in_order(found, np.flatnonzero(is_read[of_cell[is_sure]])), is_read


def _is_rejected(phones: PhoneArrays) -> Mask:
    return ~phone_batches.is_clear_number(phones)


def _none_of(cells: Cells) -> tuple[PhoneArrays, Mask]:
    """No cell is read."""
    return _rejected(cells.rows[:0], RejectReason.NOT_A_NUMBER), np.zeros(len(cells.rows), np.bool_)


def _are_equal(texts: pa.StringArray, others: pa.StringArray) -> Mask:
    """Not where one is null."""
    are_equal: Mask = pc.fill_null(pc.equal(texts, others), False).to_numpy(zero_copy_only=False)
    return are_equal


def _rejected(rows: Ints, reason: RejectReason) -> PhoneArrays:
    return phone_batches.rejected_phones(rows, np.full(len(rows), phone_batches.REASON_CODE[reason]))


def _rejected_for(rows: Ints, reasons: Sequence[tuple[RejectReason, Mask]]) -> PhoneArrays:
    """Rejected for the last reason that fits."""
    codes = np.full(len(rows), NONE)
    for reason, where in reasons:
        codes[where] = phone_batches.REASON_CODE[reason]
    return phone_batches.rejected_phones(rows, codes)


def _rejected_where(rows: Ints, reasons: Sequence[tuple[RejectReason, Mask]]) -> tuple[PhoneArrays, Mask]:
    """Rejected where a reason fits, for the last that does; the mask is over all rows."""
    is_none = np.any([where for _, where in reasons], axis=0)
    return _rejected_for(rows[is_none], [(reason, where[is_none]) for reason, where in reasons]), is_none


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
