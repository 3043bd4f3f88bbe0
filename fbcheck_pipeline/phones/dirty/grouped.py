"""Cells that are groups of digits with one sign between: codes, `4711-0815/23`, and numbers with a slash, `+49 (0)30/12345-67`.

What else one of them may mean is the digits before some sign, or those from a 0 on; where none of these is a number, all digits are read.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from fbcheck_pipeline.phones.dirty.runs import Groups, Runs
from fbcheck_pipeline.phones.dirty.undress import matches
from fbcheck_pipeline.phones.fast.digits import MOST_NEXT, are_next, buffers_of, digit_counts
from fbcheck_pipeline.phones.fast.terms import Ints, Mask
from fbcheck_pipeline.text.decorations import DAY, DAY_OR_MONTH, FILE_NUMBER, IP_ADDRESS, MIN_PART_DIGITS, MONTH, YEAR
from fbcheck_pipeline.text.few_digits import AMOUNT_OR_BOOK
from fbcheck_pipeline.text.other_readings import MOST_TAIL_DIGITS
from fbcheck_pipeline.text.splitting import MIN_RESTART_DIGITS

CODED_ZERO = r"^(\+[0-9]{1,3}) ?\(0\)"
GROUPED = rf"^(?:\+?[0-9]+|{CODED_ZERO[1:]} ?[1-9][0-9]*)(?:[ ./\-][0-9]+)+$"
_THOUSANDS = r"^\+?[0-9]{1,3}(?:\.[0-9]{3}){2,}$"
_SHORT_DAY = "|".join(f"{DAY_OR_MONTH}{mark}{DAY_OR_MONTH}{mark}[0-9]{{2}}" for mark in ("-", r"\.", "/"))
# A date, hours, a place, a decimal number; marks that count from one; a book.
_OTHERWISE = (
    rf"(?:^|[^0-9])(?:{DAY})(?:[^0-9]|$)|^{MONTH}[\-./]{YEAR}(?: |$)|\.[0-5][0-9]-|\.[0-9]{{4,}}[ /][0-9]+\.[0-9]{{4}}"
    rf"|^[^.]*\.(?:[0-9]{{1,2}}|0+)$|^1[.\-].* 2[.\-]|{AMOUNT_OR_BOOK}"
)
# A short date beside a number, a 0 alone, a piece that is written otherwise, a computer's address.
_NO_NUMBER = rf"(?:^| )(?:{_SHORT_DAY})(?:$| )|(?:^|[^0-9])0[ ./\-]|^[0-9]+\.[0-9]+ |{IP_ADDRESS}"
_AREA_CODE = 3  # digits of a first group that may be one
_SLASH, _DASH = b"/-"


class Shapes(NamedTuple):
    """What cells are by their shape.

    are_groups: no rule sees anything but groups. may_be_one: none does if they are a number. are_files: numbers of files. are_thousands: digits
    with the marks of thousands.
    """

    are_groups: Mask
    may_be_one: Mask
    are_files: Mask
    are_thousands: Mask


class Roles(NamedTuple):
    """What else than all its digits a cell may mean, by its runs.

    ends: what is before a slash, or the next of a range beside one; with a slash phonenumbers writes no number. may_end: what is before another
    sign that may end a number. before_range: what a range may begin with. begins_later: what begins with a 0 behind other digits.
    is_counted: of these, what has several groups before it, which are no count. begins_alone: what has one, or another number.
    """

    ends: Mask
    may_end: Mask
    before_range: Mask
    begins_later: Mask
    is_counted: Mask
    begins_alone: Mask


def shapes_of(cells: pa.StringArray) -> Shapes:
    """Which cells are what.

    Args:
        cells: as `in_ascii` gives them, without blanks around; `GROUPED`.
    """
    are_thousands = matches(cells, _THOUSANDS, unless=IP_ADDRESS)
    are_two = (digit_counts(cells) >= 2 * MIN_PART_DIGITS) & matches(cells, "/")
    are_groups = ~(are_thousands | are_two | matches(cells, _OTHERWISE))
    return Shapes(are_groups, are_groups & ~matches(cells, _NO_NUMBER), matches(cells, FILE_NUMBER), are_thousands)


def roles_of(cells: pa.StringArray, groups: Groups, runs: Runs) -> Roles:
    """The roles of the runs of such cells; of what begins a cell only as it is written, with the plus or without."""
    ends, data = buffers_of(cells)
    is_digit = data - np.uint8(ord("0")) < 10
    closes = is_digit & ~np.append(is_digit[1:], False)
    closes[ends[1:] - 1] = True
    behind = data.take(np.flatnonzero(closes) + 1, mode="clip")
    firsts = np.searchsorted(groups.of_cell, np.arange(len(cells)))
    lasts = np.append(firsts[1:], len(behind)) - 1
    sign, is_signed = behind[runs.last], matches(runs.texts, r"^\+")
    is_prefix = (runs.first == firsts[runs.of_cell]) & (runs.last < lasts[runs.of_cell])
    is_prefix &= is_signed == matches(cells, r"^\+")[runs.of_cell]
    begins = np.cumsum(groups.digits) - groups.digits
    counted = begins[runs.last] + groups.digits[runs.last] - begins[runs.first]
    parts = np.append(False, ~np.isin(behind[:-1], (_SLASH, _DASH))) | (groups.digits > MOST_NEXT)
    parts[firsts] = True
    last_parted = np.maximum.reduceat(np.where(parts, np.arange(len(parts)), 0), firsts)
    counts_on = (sign == _DASH) & (runs.last == lasts[runs.of_cell] - 1) & _count_on(groups, begins, firsts, lasts)[runs.of_cell]
    first_group, digits_before = firsts[runs.of_cell], begins[runs.first] - begins[firsts[runs.of_cell]]
    later = ~is_signed & (runs.first > first_group) & (groups.data[begins[runs.first]] == ord("0"))
    is_last, is_bare = runs.last == lasts[runs.of_cell], (data[ends[:-1]] != ord("+")) & (data[ends[:-1]] != ord("0"))
    follows_count = is_bare[runs.of_cell] & (digits_before <= MOST_TAIL_DIGITS)
    follows_one = follows_count & (runs.first == first_group + 1)
    may_be_second = (digits_before >= MIN_PART_DIGITS) & (counted >= MIN_PART_DIGITS)
    has_code = groups.digits[first_group] == _AREA_CODE
    return Roles(
        is_prefix & ((sign == _SLASH) | (counts_on & matches(cells, "/")[runs.of_cell])),
        is_prefix & (sign != _SLASH) & ((sign != _DASH) | counts_on),
        is_prefix & (runs.last >= last_parted[runs.of_cell]) & (counted >= MIN_PART_DIGITS),
        later & (follows_count | (digits_before >= MIN_RESTART_DIGITS)),
        later & is_last & follows_count & ~has_code,
        later & is_last & ((follows_one & ~has_code) | may_be_second),
    )


def _count_on(groups: Groups, begins: Ints, firsts: Ints, lasts: Ints) -> Mask:
    """Where the digits of the last group may be the next number of a range."""
    tails, ends = groups.digits[lasts], begins[lasts] + groups.digits[lasts]
    has_room = ends - begins[firsts] >= 2 * tails
    counts_on: Mask = (tails <= MOST_NEXT) & has_room & are_next(groups.data, ends, tails)
    return counts_on
