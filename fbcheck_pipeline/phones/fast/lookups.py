"""What the first four digits, or the length, of a number say: look-up tables over all regions, filled on first use.

Patterns over whole numbers are in `plans`.
"""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata

from fbcheck_pipeline.phones.careful.reference import MAX_EMERGENCY_DIGITS, metadata_for
from fbcheck_pipeline.phones.fast.patterns import NEVER, NOTHING, Expression, after, parse
from fbcheck_pipeline.phones.fast.territories import NON_GEOGRAPHICAL, PLAN_COUNT, code_of, metadata_of, prefixes_of, regions_of
from fbcheck_pipeline.phones.outcomes import COUNTRIES, REASONS

HEAD_DIGITS = 4
MAX_LENGTH = 32
FITS = -1  # a length that the plan knows; otherwise a reject reason's index
MAYBE = -1  # an international prefix that only more digits can tell
NO_PLAN = -1
TOO_SHORT, TOO_LONG, INVALID = (REASONS.index(reason) for reason in ("too_short", "too_long", "invalid_number"))
_HEADS = 10**HEAD_DIGITS


class Tables:
    """Arrays indexed by plan, then by the number of the first four digits (*head*) or by a length.

    plan_of_head, code_length_of_head: the plan that a number after its `+` belongs to, and how many digits its calling code has.
    code, main_plan, code_length: of each plan, its calling code, the plan of that code's main region, and the code's digits.
    idd_length: of the international prefix that the head begins with, 0 without, MAYBE where it depends on more.
    is_bare: True where the head begins with neither an international nor the national prefix.
    prefix_length: of the plain national prefix. fit: FITS, or the reason why so many digits do not. never_fits: they do not,
    and no prefix can change that.
    may_be_emergency: True where the region has an emergency number of so many digits.
    """

    def __init__(self) -> None:
        self.plan_of_head, self.code_length_of_head = _plans_of_heads()
        self.code = np.array([code_of(plan) for plan in range(PLAN_COUNT)])
        self.code_length = np.array([len(str(code)) for code in self.code])
        self.main_plan = np.array([_main_plan(code) for code in self.code])
        self.idd_length: NDArray[np.int8] = np.zeros((PLAN_COUNT, _HEADS), np.int8)
        self.is_bare: NDArray[np.bool_] = np.zeros((PLAN_COUNT, _HEADS), np.bool_)
        self.prefix_length: NDArray[np.int64] = np.zeros(PLAN_COUNT, np.int64)
        self.fit: NDArray[np.int8] = np.zeros((PLAN_COUNT, MAX_LENGTH), np.int8)
        self.never_fits: NDArray[np.bool_] = np.zeros((PLAN_COUNT, MAX_LENGTH), np.bool_)
        self.may_be_emergency: NDArray[np.bool_] = np.zeros((PLAN_COUNT, MAX_EMERGENCY_DIGITS + 1), np.bool_)

    def fill(self, plan: int) -> None:
        """Fill the rows of one plan.

        Raises:
            UnknownPattern: a prefix of the metadata is of an unknown kind.
        """
        metadata = metadata_of(plan)
        plain, other = prefixes_of(metadata)
        self.prefix_length[plan] = len(plain)
        self.fit[plan] = [_fit(length, metadata) for length in range(MAX_LENGTH)]
        if other is NEVER:
            # A number may be valid in another region of the code that is too short for the main one (+1 310 7773, Canada).
            fits = np.isin(np.arange(MAX_LENGTH), [length for each in regions_of(plan) for length in _lengths_in(each, metadata)])
            self.never_fits[plan] = ~(fits | np.roll(fits, len(plain)))
        if metadata.international_prefix:
            pattern = parse(metadata.international_prefix)
            _fill_idd_lengths(self.idd_length[plan], re.compile(metadata.international_prefix), pattern, "")
        self.is_bare[plan] = self.idd_length[plan] == 0  # 00 needs no word: no calling code begins with it
        if metadata.national_prefix:
            self.is_bare[plan, _heads_with(metadata.national_prefix)] = False
        if plan < len(COUNTRIES):
            short = PhoneMetadata.short_metadata_for_region(COUNTRIES[plan])
            lengths = short.emergency.possible_length if short and short.emergency else ()
            self.may_be_emergency[plan, [length for length in lengths if length <= MAX_EMERGENCY_DIGITS]] = True


def _lengths_in(region: str, metadata: PhoneMetadata) -> tuple[int, ...]:
    """How long numbers of a region may be; of "001", by the metadata of its code."""
    general = (metadata if region == "001" else metadata_for(region)).general_desc
    assert general is not None
    return tuple(general.possible_length)


def _main_plan(code: int) -> int:
    region = COUNTRY_CODE_TO_REGION_CODE[code][0]
    return len(COUNTRIES) + NON_GEOGRAPHICAL.index(code) if region == "001" else COUNTRIES.index(region)


def _heads_with(prefix: str) -> slice:
    width = 10 ** (HEAD_DIGITS - len(prefix))
    return slice(int(prefix or 0) * width, (int(prefix or 0) + 1) * width)


def _plans_of_heads() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    plans, lengths = np.full(_HEADS, NO_PLAN), np.zeros(_HEADS, np.int64)
    for code in COUNTRY_CODE_TO_REGION_CODE:
        plans[_heads_with(str(code))], lengths[_heads_with(str(code))] = _main_plan(code), len(str(code))
    return plans, lengths


def _fill_idd_lengths(row: NDArray[np.int8], regex: re.Pattern[str], rest: Expression, head: str) -> None:
    """Follow the pattern as far as it leads; what Python's own matching finds in a head counts where no more can follow."""
    if rest in (NEVER, NOTHING):
        match = regex.match(head)
        row[_heads_with(head)] = match.end() if match else 0
    elif len(head) == HEAD_DIGITS:
        row[_heads_with(head)] = MAYBE
    else:
        for digit in range(10):
            _fill_idd_lengths(row, regex, after(rest, digit), head + str(digit))


def _fit(length: int, metadata: PhoneMetadata) -> int:
    """phonenumbers' `_test_number_length`, in our reasons."""
    assert metadata.general_desc is not None
    possible, local = metadata.general_desc.possible_length, metadata.general_desc.possible_length_local_only
    if length in local or length < min(possible):
        return TOO_SHORT
    if length > max(possible):
        return TOO_LONG
    return FITS if length in possible else INVALID
