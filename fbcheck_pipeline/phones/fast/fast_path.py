"""Plain cells of a batch, all at once: phonenumbers' answers, for what is certain; the others are left.

Follows phonenumbers' `parse` and `is_valid_number` step by step (each step names the function it stands for), on arrays
over cells. Where a step depends on what arrays do not tell (carrier codes, local numbers, rare prefixes), the cell is
*unsure* and left. The patterns are in `territories`, first digits and lengths in `lookups`, the digits themselves in `digits`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from threading import RLock
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from phonenumbers import PhoneNumberType

from fbcheck_pipeline.phones.fast.digits import MARGIN, WIDTH, Digits, digits_of
from fbcheck_pipeline.phones.fast.lookups import FITS, HEAD_DIGITS, MAYBE, NO_TERRITORY, Lookups
from fbcheck_pipeline.phones.fast.patterns import UnknownPattern
from fbcheck_pipeline.phones.fast.readings import Reading, Rows, e164_of
from fbcheck_pipeline.phones.fast.terms import (
    MAX_E164_DIGITS,
    MAX_EMERGENCY_DIGITS,
    NO_VOTE_FOR_EITHER,
    NONE,
    TERRITORY_COUNT,
    Fault,
    Mask,
    Says,
)
from fbcheck_pipeline.phones.fast.territories import FEWEST_ABROAD, SYMBOLS, Automaton, StateFacts

# No national number has more than 17 digits; more steps would lead out of the cell's row of the matrix.
MOST_STEPS = 18
BLOCK_ROWS = 16_384  # arrays of so many rows stay in the processor's cache
# Compiling a territory costs as much as so many careful cells.
CELLS_WORTH_COMPILING = 100

_CAN_BE_MOBILE = np.isin(PhoneNumberType.values(), [PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE])


class Compiled:
    """What was looked up and compiled of phonenumbers' metadata so far. It grows only, and threads may share one."""

    def __init__(self) -> None:
        self.automaton = Automaton()
        self.lookups = Lookups()
        self.is_ready, self.is_hopeless, self._is_known = (np.zeros(TERRITORY_COUNT, np.bool_) for _ in range(3))
        self._lock = RLock()

    def compile(self, territories: Rows) -> None:
        """Compile territories, and the main ones of their codes, unless their patterns are of an unknown kind."""
        with self._lock:
            territories = np.union1d(territories, self.lookups.main_territory[territories])
            self.look_up(territories)
            compiled = []
            for territory in territories[~self.is_hopeless[territories] & ~self.is_ready[territories]]:
                try:
                    self.lookups.fill(territory)
                    self.automaton.add(territory)
                    compiled.append(territory)
                except UnknownPattern:
                    self.is_hopeless[territory] = True
            self.automaton.publish()
            self.is_ready[compiled] = True

    def look_up(self, territories: Rows) -> None:
        """Fill the lengths of territories that were not asked for before."""
        for territory in np.unique(territories[~self._is_known[territories]]):
            with self._lock:
                try:
                    self.lookups.fill_lengths(territory)
                except UnknownPattern:
                    self.is_hopeless[territory] = True
                self._is_known[territory] = True

    def arrays(self) -> dict[str, NDArray[Any]]:
        """A copy of all of it by name, as another process may `take` it: threads fill some arrays in place."""
        with self._lock:
            parts = (vars(self), vars(self.automaton), vars(self.lookups), self.automaton.facts._asdict())
            return {name: array.copy() for part in parts for name, array in part.items() if isinstance(array, np.ndarray)}

    def take(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Begin with the `arrays` that the same code made of the same metadata. What was compiled here already stays."""
        with self._lock:
            if len(self.automaton.is_final) > 1:
                return
            self.automaton.facts = StateFacts(*(arrays[name] for name in StateFacts._fields))
            for part in (vars(self), vars(self.automaton), vars(self.lookups)):
                part.update({name: arrays[name] for name, array in part.items() if isinstance(array, np.ndarray)})


compiled_here = cache(Compiled)
"""What this process compiled."""


class FastPath:
    """Reads plain cells, one batch at a time.

    Args:
        excluded: line types whose numbers are not kept.
        compiled: what it adds to; by default that of this process.
    """

    def __init__(self, excluded: Iterable[int], compiled: Compiled | None = None) -> None:
        self._is_excluded = np.isin(PhoneNumberType.values(), [*excluded])
        self.compiled = compiled or compiled_here()
        self.automaton, self.lookups = self.compiled.automaton, self.compiled.lookups
        self._asked: Rows = np.zeros(TERRITORY_COUNT, np.int64)

    def read(self, cells: pa.StringArray, regions: Rows, column: Rows) -> tuple[Reading, pa.StringArray]:
        """Read cells, at best some BLOCK_ROWS of them.

        Args:
            cells: text, as it came.
            regions: index into COUNTRIES of each cell's region, NONE without.
            column: a `Says`, what each cell's column says of bare digits.

        Returns:
            The readings, and their E.164, null where there is none.
        """
        reading = Reading.unsure(len(cells))
        if not len(cells):
            return reading, pa.nulls(0, pa.string())
        digits = digits_of(cells)
        if not np.any(digits.is_plain | digits.is_empty):
            return reading, pa.nulls(len(cells), pa.string())
        plain = np.flatnonzero(digits.is_plain)
        long = digits.count[plain] > MAX_E164_DIGITS
        for rows in (plain[~long], plain[long]):  # apart, since all are walked as far as the longest
            if len(rows):
                reading.put(rows, self._read_plain(digits, rows, regions[rows], column[rows]))
        self._leave_ranges(reading, digits, regions, column)
        self._leave_restarts(reading, digits, regions, column)
        reading.is_sure &= (digits.lone_zero == 0) | ~reading.is_number | (reading.begin == digits.lone_zero)
        self._leave_zeros_of_codes(reading, digits)
        self._leave_lone_zeros(reading, digits, regions, column)
        may_be_two = self.lookups.may_be_two[reading.territory, np.maximum(reading.length, 0)]
        reading.is_sure &= digits.is_unbroken | ~reading.is_number | ~may_be_two
        reading.reject(digits.is_unbroken & (digits.count == 1) & ~digits.has_plus, Fault.TOO_SHORT)
        # A cell with separators that is no number may still be two, or a range: the careful rules find that out.
        is_rejected = (reading.fault != NONE) & (reading.fault != Fault.AMBIGUOUS_INTERNATIONAL)
        reading.is_sure[is_rejected & ~digits.is_unbroken] = False
        reading.reject(digits.is_empty, Fault.EMPTY)
        excluded = reading.is_number & self._is_excluded[reading.line_type]
        reading.fault[excluded] = Fault.LINE_TYPE_EXCLUDED
        unknown = (reading.fault != NONE) & ~excluded
        reading.country[unknown], reading.line_type[unknown] = NONE, NONE
        return reading, e164_of(digits, reading, self.lookups)

    def votes(self, cells: pa.StringArray, regions: Rows) -> tuple[Rows, Mask, Mask]:
        """What each cell says of its column, as a `Says` or NO_VOTE_FOR_EITHER; and where it may say NATIONAL, or INTERNATIONAL, unread."""
        says = np.full(len(cells), Says.NOTHING)
        if not len(cells):
            return says, np.zeros(0, np.bool_), np.zeros(0, np.bool_)
        digits = digits_of(cells)
        may_be_national = ~(digits.is_empty | (regions == NONE) | (digits.is_plain & digits.has_plus))
        may_be_international = may_be_national.copy()
        rows = np.flatnonzero(digits.is_plain & may_be_national & (digits.count >= HEAD_DIGITS))
        if not len(rows):
            return says, may_be_national, may_be_international
        rows = rows[self._ready(regions[rows])]
        head = _head(digits, rows, 0)
        is_bare = self.lookups.is_bare[regions[rows], head]
        settled = rows[~is_bare & (self.lookups.idd_length[regions[rows], head] != MAYBE)]
        may_be_national[settled], may_be_international[settled] = False, False

        is_bare &= self._is_national(digits, rows, regions[rows], head)
        rows, head = rows[is_bare], head[is_bare]
        national, international = self._national(digits, rows, regions[rows], head), self._international(digits, rows, 0)
        says[rows[national.is_number & international.is_sure & ~international.is_number]] = Says.NATIONAL
        says[rows[international.is_number & national.is_sure & ~national.is_number]] = Says.INTERNATIONAL
        is_none = national.is_sure & ~national.is_number & international.is_sure & ~international.is_number
        says[rows[is_none]] = NO_VOTE_FOR_EITHER
        is_open = ~(national.is_sure & international.is_sure)
        may_be_national[rows] = is_open & ~(national.is_sure & ~national.is_number) & ~international.is_number
        may_be_international[rows] = is_open & ~(international.is_sure & ~international.is_number) & ~national.is_number
        return says, may_be_national, may_be_international

    def _read_plain(self, digits: Digits, rows: Rows, regions: Rows, column: Rows) -> Reading:
        reading = Reading.unsure(len(rows))
        head = _head(digits, rows, 0)
        has_plus, has_region = digits.has_plus[rows], self._ready(regions)
        idd = np.where(has_region, self.lookups.idd_length[regions, head], 0)
        self._read_without_region(reading, digits, rows, np.flatnonzero(regions == NONE), head)

        where = np.flatnonzero(has_plus & has_region)
        reading.put(where, self._with_plus(digits, rows[where], regions[where], idd[where]))

        where = np.flatnonzero(has_region & self._is_after_idd(digits, rows, regions, head))
        reading.put(where, self._international(digits, rows[where], idd[where]))
        # In groups, `8 10 7 495 …` (RU) may begin with something else; who begins with a 0 dials.
        is_at_home = reading.country[where] == regions[where]
        reading.is_sure[where[is_at_home & (head[where] >= 1000) & ~digits.is_unbroken[rows[where]]]] = False

        where = np.flatnonzero(has_region & self._is_national(digits, rows, regions, head))
        reading.put(where, self._without_plus(digits, rows[where], regions[where], head[where], column[where]))
        reading.is_sure &= ~reading.is_number | has_plus | ~has_region | (head >= 100) | (idd == 2)  # 00 may stand for the plus
        return reading

    def _with_plus(self, digits: Digits, rows: Rows, regions: Rows, idd: Rows) -> Reading:
        """Without a code, `parse` tries once more without the plus, and finds none either unless an international prefix comes first."""
        plus = self._international(digits, rows, 0)
        if not len(rows):
            return plus
        plus.is_sure &= (plus.territory != NO_TERRITORY) | (idd == 0)
        plus.fault[(plus.fault != NONE) & (digits.count[rows] > MAX_E164_DIGITS)] = Fault.TOO_LONG
        is_few = (plus.fault != NONE) & (digits.count[rows] < self.lookups.fewest_digits[regions])
        plus.fault[is_few & ~self._may_be_emergency(digits, rows, regions)] = Fault.TOO_SHORT
        return plus

    def _leave_ranges(self, reading: Reading, digits: Digits, regions: Rows, column: Rows) -> None:
        """A number whose end may be the next of a range: sure only where what comes before the end is none."""
        rows = np.flatnonzero((digits.tail > 0) & (reading.is_number | (reading.fault == Fault.AMBIGUOUS_INTERNATIONAL)))
        if not len(rows):
            return
        head = self._read_plain(digits.without_tail(rows), np.arange(len(rows)), regions[rows], column[rows])
        reading.is_sure[rows[~head.is_sure | (head.fault == NONE) | (head.fault == Fault.AMBIGUOUS_INTERNATIONAL)]] = False

    def _leave_restarts(self, reading: Reading, digits: Digits, regions: Rows, column: Rows) -> None:
        """A number within which another may begin, after a count or a first one: sure only where none begins there, or the same."""
        rows = np.flatnonzero((digits.restart > 0) & (reading.is_number | (reading.fault == Fault.AMBIGUOUS_INTERNATIONAL)))
        if not len(rows):
            return
        rest = self._read_plain(digits.from_restart(rows), np.arange(len(rows)), regions[rows], column[rows])
        is_same = (rest.territory == reading.territory[rows]) & (rest.begin + digits.restart[rows] == reading.begin[rows])
        is_other = ((rest.fault == NONE) & ~is_same) | (rest.fault == Fault.AMBIGUOUS_INTERNATIONAL)
        reading.is_sure[rows[~rest.is_sure | is_other]] = False

    def _leave_zeros_of_codes(self, reading: Reading, digits: Digits) -> None:
        """`+9(0) 532 …`: a 0 that stands alone is sure to be none of the number where it is no digit of the country's code."""
        rows = np.flatnonzero((digits.lone_zero > 0) & reading.is_number)
        code = self.lookups.code[reading.territory[rows]]
        is_of_code = (code % 10 == 0) & (code // 10 % 10 == _digit(digits, rows, digits.lone_zero[rows] - 2))
        reading.is_sure[rows[is_of_code]] = False

    def _leave_lone_zeros(self, reading: Reading, digits: Digits, regions: Rows, column: Rows) -> None:
        """`0 532 …`: sure only where the same number is left without the 0 and begins with no other."""
        rows = np.flatnonzero((digits.lone_zero == 1) & ~digits.has_plus & reading.is_number)
        if not len(rows):
            return
        digits = replace(digits, restart=np.ones_like(digits.restart))
        rest = self._read_plain(digits.from_restart(rows), np.arange(len(rows)), regions[rows], column[rows])
        is_same = rest.is_number & (rest.territory == reading.territory[rows]) & (rest.begin + 1 == reading.begin[rows])
        reading.is_sure[rows[~is_same | (_digit(digits, rows, 1) == 0)]] = False

    def _read_without_region(self, reading: Reading, digits: Digits, rows: Rows, where: Rows, head: Rows) -> None:
        """Only a plus, or 00 for it, tells the country."""
        if not len(where):
            return
        zeros = head[where] < 100
        abroad = where[digits.has_plus[rows[where]] | zeros]
        begin = np.where(head[abroad] < 100, 2, 0)
        international = self._international(digits, rows[abroad], begin)
        international.fault[(international.fault != NONE) & (digits.count[rows[abroad]] - begin > MAX_E164_DIGITS)] = (
            Fault.TOO_LONG
        )
        reading.put(abroad, international)
        count = digits.count[rows]
        here = where[~(digits.has_plus[rows[where]] | zeros) & (count[where] > MAX_EMERGENCY_DIGITS)]
        reading.reject(here, Fault.NO_REGION)
        reading.reject(here[count[here] > MAX_E164_DIGITS], Fault.TOO_LONG)

    def _is_after_idd(self, digits: Digits, rows: Rows, regions: Rows, head: Rows) -> Mask:
        """`_parse_prefix_as_idd`: it counts where no 0 follows, since no calling code begins with one."""
        idd = self.lookups.idd_length[regions, head]
        is_after: Mask = ~digits.has_plus[rows] & (idd > 0) & (_digit(digits, rows, np.maximum(idd, 0)) != 0)
        return is_after

    def _is_national(self, digits: Digits, rows: Rows, regions: Rows, head: Rows) -> Mask:
        """True where the digits are neither international nor so few that they may be an emergency number."""
        count, idd = digits.count[rows], self.lookups.idd_length[regions, head]
        may_be_emergency = self._may_be_emergency(digits, rows, regions)
        is_long_enough: Mask = (count >= HEAD_DIGITS) & ~may_be_emergency & (idd != MAYBE)
        return is_long_enough & ~digits.has_plus[rows] & ~self._is_after_idd(digits, rows, regions, head)

    def _may_be_emergency(self, digits: Digits, rows: Rows, regions: Rows) -> Mask:
        """True where a region has emergency numbers of so many digits."""
        count = digits.count[rows]
        of_length = self.lookups.may_be_emergency[regions, np.minimum(count, MAX_EMERGENCY_DIGITS)]
        may_be: Mask = (count <= MAX_EMERGENCY_DIGITS) & of_length
        return may_be

    def _without_plus(self, digits: Digits, rows: Rows, regions: Rows, head: Rows, column: Rows) -> Reading:
        """Bare digits are read abroad, too, where that can change the answer."""
        if not len(rows):
            return Reading.unsure(0)
        chosen = self._national(digits, rows, regions, head)
        matters = np.where(chosen.is_number, column != Says.NATIONAL, column == Says.INTERNATIONAL)
        territory, begin = self.lookups.territory_of_head[head], self.lookups.code_length_of_head[head]
        matters &= ~(chosen.is_number & (chosen.territory == territory) & (chosen.begin == begin))  # it is read abroad already
        bare = np.flatnonzero(self.lookups.is_bare[regions, head] & matters)
        national, international, says = chosen.at(bare), self._international(digits, rows[bare], 0), column[bare]
        is_sure = national.is_sure & international.is_sure
        # One number in both readings does not matter by now; or a trunk prefix follows the code, and neither is sure.
        other = international.is_number
        prefers_home = national.is_number & _CAN_BE_MOBILE[national.line_type] & ~_CAN_BE_MOBILE[international.line_type]
        prefers_home &= self.lookups.code[national.territory] != self.lookups.code[international.territory]
        abroad = other & (says == Says.INTERNATIONAL)
        is_sure &= ~abroad | ~national.is_number | digits.is_unbroken[rows[bare]]  # of groups the column tells nothing
        chosen.put(bare[abroad], international.at(abroad))
        chosen.reject(bare[other & ~abroad & ~prefers_home], Fault.AMBIGUOUS_INTERNATIONAL)
        chosen.is_sure[bare] = is_sure
        return chosen

    def _international(self, digits: Digits, rows: Rows, begin: Rows | int) -> Reading:
        """`_extract_country_code`, then the national number. No calling code begins with another."""
        if not len(rows):
            return Reading.unsure(0)
        begin = np.broadcast_to(begin, rows.shape)
        head = _head(digits, rows, begin)
        territory = self.lookups.territory_of_head[head]
        reading = Reading.unsure(len(rows))
        reading.reject(np.arange(len(rows)), Fault.INVALID_NUMBER)
        known = np.flatnonzero(territory != NO_TERRITORY)
        territory, begin_national = territory[known], begin[known] + self.lookups.code_length_of_head[head[known]]
        length = digits.count[rows[known]] - begin_national
        self.compiled.look_up(territory)
        # Most bare digits and most junk are no number abroad by their length alone; no territory need be compiled for that.
        never = self.lookups.never_fits[territory, length]
        reading.territory[known], reading.fault[known[never]] = territory, self.lookups.fit[territory[never], length[never]]
        may = ~never
        reading.put(known[may], self._validated(digits, rows[known[may]], territory[may], begin_national[may]))
        reading.is_sure &= digits.count[rows] - begin >= HEAD_DIGITS
        # Without a country, the region alone tells whether such a cell has too few digits for any number.
        reading.is_sure &= (digits.count[rows] >= FEWEST_ABROAD) | (reading.territory != NO_TERRITORY)
        return reading

    def _national(self, digits: Digits, rows: Rows, territory: Rows, head: Rows) -> Reading:
        """`_maybe_extract_country_code` without international prefix: drops the region's own code where that makes it fit."""
        state, facts, lookups = self._walk(digits, rows, territory, np.zeros_like(rows)), self.automaton.facts, self.lookups
        reading = self._validated(digits, rows, territory, np.zeros_like(rows), state)
        main = lookups.main_territory[territory]
        own = np.flatnonzero(lookups.territory_of_head[head] == main)
        begin = lookups.code_length[territory[own]]
        rest = self._walk(digits, rows[own], territory[own], begin)
        drops = (~facts.is_general[state[own]] & facts.is_general[rest]) | (
            lookups.fit[territory[own], digits.count[rows[own]]] == Fault.TOO_LONG
        )
        reading.put(own[drops], self._validated(digits, rows[own[drops]], main[own[drops]], begin[drops]))
        reading.is_sure[own[facts.has_prefix[rest] | facts.has_other_prefix[rest]]] = False
        return reading

    def _validated(self, digits: Digits, rows: Rows, territory: Rows, begin: Rows, state: Rows | None = None) -> Reading:
        """The end of `parse` (the national prefix goes where what remains fits), and `is_valid_number`."""
        if not len(rows):
            return Reading.unsure(0)
        is_ready = self._ready(territory)
        facts, lookups, count = self.automaton.facts, self.lookups, digits.count[rows]
        state = self._walk(digits, rows, territory, begin) if state is None else state.copy()
        begin = begin.copy()
        is_sure = is_ready & ~facts.has_other_prefix[state]

        prefixed = np.flatnonzero(facts.has_prefix[state] & is_sure)
        shorter = begin[prefixed] + lookups.prefix_length[territory[prefixed]]
        rest = self._walk(digits, rows[prefixed], territory[prefixed], shorter)
        fit = lookups.fit[territory[prefixed], count[prefixed] - shorter]
        drops = (~facts.is_general[state[prefixed]] | facts.is_general[rest]) & (fit == FITS)
        state[prefixed[drops]], begin[prefixed[drops]] = rest[drops], shorter[drops]

        length = count - begin
        fault = lookups.fit[lookups.main_territory[territory], length].astype(np.int64)
        fault[fault == FITS] = Fault.INVALID_NUMBER
        is_valid = facts.line_type[state] != NONE
        fault[is_valid] = np.where(lookups.code_length[territory] + length > MAX_E164_DIGITS, Fault.TOO_LONG, NONE)[is_valid]
        return Reading(territory, begin, length, facts.country[state], facts.line_type[state], fault, is_sure)

    def _walk(self, digits: Digits, rows: Rows, territory: Rows, begin: Rows) -> Rows:
        """The states that the digits from `begin` on end in; most that begin wrongly are settled after three."""
        if not len(rows):
            return rows
        table, is_final = self.automaton.table, self.automaton.is_final
        state = np.maximum(self.automaton.starts[territory], 0)
        place = rows * WIDTH + (MARGIN + begin)
        steps = min(int((digits.count[rows] - begin).max(initial=0)), MOST_STEPS)
        for _ in range(min(steps, 3)):
            state = table[state + digits.matrix[place]]
            place += 1
        live = np.flatnonzero(~is_final[state // SYMBOLS])
        lively, place = state[live], place[live]
        for _ in range(3, steps):
            lively = table[lively + digits.matrix[place]]
            place += 1
        state[live] = lively
        return state // SYMBOLS

    def _ready(self, territories: Rows) -> Mask:
        """True where the territory is compiled; compiles those that were asked for often enough."""
        ready = self._are_compiled(territories)
        if ready.all():
            return ready
        self._asked += np.bincount(territories[~ready & (territories >= 0)], minlength=TERRITORY_COUNT)
        wanted = (self._asked >= CELLS_WORTH_COMPILING) & ~self.compiled.is_ready & ~self.compiled.is_hopeless
        if not wanted.any():
            return ready
        self.compiled.compile(np.flatnonzero(wanted))
        return self._are_compiled(territories)

    def _are_compiled(self, territories: Rows) -> Mask:
        are_compiled = self.compiled.is_ready & self.compiled.is_ready[self.lookups.main_territory]
        compiled: Mask = are_compiled[territories] & (territories >= 0)
        return compiled


def _digit(digits: Digits, rows: Rows, place: Rows | int) -> Rows:
    digit: Rows = digits.matrix[rows * WIDTH + MARGIN + place].astype(np.int64)
    return digit


def _head(digits: Digits, rows: Rows, begin: Rows | int) -> Rows:
    """The number of four digits; meaningless, but in range, where there are fewer."""
    first, second, third, fourth = (_digit(digits, rows, begin + place) for place in range(HEAD_DIGITS))
    head: Rows = np.minimum(first * 1000 + second * 100 + third * 10 + fourth, 9999)
    return head
