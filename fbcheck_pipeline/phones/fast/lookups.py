"""What the first four digits, or the length, of a number say: look-up tables over all regions, filled on first use.

Patterns over whole numbers are in `territories`.
"""

from __future__ import annotations

import re
from functools import cache
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata

from fbcheck_pipeline.phones.fast.patterns import NEVER, NOTHING, Expression, after, parse
from fbcheck_pipeline.phones.fast.terms import COUNTRIES, MAX_EMERGENCY_DIGITS, TERRITORY_COUNT, Fault, code_of, main_territory_of
from fbcheck_pipeline.phones.fast.territories import (
    fewest_digits,
    general_of,
    lengths_of_two,
    metadata_by_region,
    metadata_of,
    prefixes_of,
)

HEAD_DIGITS = 4
MAX_LENGTH = 32
FITS = -1  # a length that the territory knows; otherwise a `Fault`
MAYBE = -1  # an international prefix that only more digits can tell
NO_TERRITORY = -1
_HEADS = 10**HEAD_DIGITS


class Lookups:
    """Arrays indexed by territory, then by the number of the first four digits (*head*) or by a length.

    territory_of_head, code_length_of_head: the territory that a number after its `+` belongs to, and how many digits its calling code has.
    code, main_territory, code_length: of each territory, its calling code, the territory of that code's main region, and the code's digits.
    idd_length: of the international prefix that the head begins with, 0 without, MAYBE where it depends on more.
    is_bare: True where the head begins with neither an international nor the national prefix.
    prefix_length: of the plain national prefix. fit: FITS, or the `Fault` of so many digits. never_fits: they do not,
    and no prefix can change that.
    may_be_two: True where so many digits may be two numbers side by side. fewest_digits: of a cell with a number of the region.
    may_be_emergency: True where the region has an emergency number of so many digits.
    """

    def __init__(self) -> None:
        self.territory_of_head, self.code_length_of_head = _territories_of_heads()
        self.code, self.code_length, self.main_territory = _codes()
        self.idd_length: NDArray[np.int8] = np.zeros((TERRITORY_COUNT, _HEADS), np.int8)
        self.is_bare: NDArray[np.bool_] = np.zeros((TERRITORY_COUNT, _HEADS), np.bool_)
        self.prefix_length: NDArray[np.int64] = np.zeros(TERRITORY_COUNT, np.int64)
        self.fit: NDArray[np.int8] = np.zeros((TERRITORY_COUNT, MAX_LENGTH), np.int8)
        self.never_fits: NDArray[np.bool_] = np.zeros((TERRITORY_COUNT, MAX_LENGTH), np.bool_)
        self.may_be_two: NDArray[np.bool_] = np.zeros((TERRITORY_COUNT, MAX_LENGTH), np.bool_)
        self.fewest_digits: NDArray[np.int64] = np.zeros(TERRITORY_COUNT, np.int64)
        self.may_be_emergency: NDArray[np.bool_] = np.zeros((TERRITORY_COUNT, MAX_EMERGENCY_DIGITS + 1), np.bool_)

    def fill_lengths(self, territory: int) -> None:
        """Fill what the lengths of a territory's numbers tell, which is all that most junk is asked for.

        Raises:
            UnknownPattern: a prefix of the metadata is of an unknown kind.
        """
        metadata = metadata_of(territory)
        plain, other = prefixes_of(metadata)
        self.prefix_length[territory] = len(plain)
        self.fit[territory] = [_fit(length, metadata) for length in range(MAX_LENGTH)]
        if other is NEVER:
            # A number may be valid in another region of the code that is too short for the main one (+1 310 7773, Canada).
            everywhere = metadata_by_region(territory).values()
            fits = np.isin(np.arange(MAX_LENGTH), [length for each in everywhere for length in general_of(each).possible_length])
            self.never_fits[territory] = ~(fits | np.roll(fits, len(plain)))

    def fill(self, territory: int) -> None:
        """Fill the other rows of a territory, which only matter once it is compiled.

        Raises:
            UnknownPattern: the international prefix is of an unknown kind.
        """
        metadata = metadata_of(territory)
        if metadata.international_prefix:
            pattern = parse(metadata.international_prefix)
            _fill_idd_lengths(self.idd_length[territory], re.compile(metadata.international_prefix), pattern, "")
        self.is_bare[territory] = self.idd_length[territory] == 0  # 00 needs no word: no calling code begins with it
        if metadata.national_prefix:
            self.is_bare[territory, _heads_with(metadata.national_prefix)] = False
        if territory < len(COUNTRIES):
            short = PhoneMetadata.short_metadata_for_region(COUNTRIES[territory])
            lengths = short.emergency.possible_length if short and short.emergency else ()
            of_code = (lengths_of_two(region) for region in metadata_by_region(territory))  # VA has numbers of IT
            self.may_be_two[territory, [*chain.from_iterable(of_code)]] = True
            self.fewest_digits[territory] = fewest_digits(COUNTRIES[territory])
            self.may_be_emergency[territory, [length for length in lengths if length <= MAX_EMERGENCY_DIGITS]] = True


def _heads_with(prefix: str) -> slice:
    width = 10 ** (HEAD_DIGITS - len(prefix))
    return slice(int(prefix or 0) * width, (int(prefix or 0) + 1) * width)


@cache
def _codes() -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    codes = [code_of(territory) for territory in range(TERRITORY_COUNT)]
    return np.array(codes), np.array([len(str(code)) for code in codes]), np.array([main_territory_of(code) for code in codes])


@cache
def _territories_of_heads() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    territories, lengths = np.full(_HEADS, NO_TERRITORY), np.zeros(_HEADS, np.int64)
    for code in COUNTRY_CODE_TO_REGION_CODE:
        territories[_heads_with(str(code))], lengths[_heads_with(str(code))] = main_territory_of(code), len(str(code))
    return territories, lengths


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
    """phonenumbers' `_test_number_length`, in our faults."""
    possible, local = general_of(metadata).possible_length, general_of(metadata).possible_length_local_only
    if length in local or length < min(possible):
        return Fault.TOO_SHORT
    if length > max(possible):
        return Fault.TOO_LONG
    return FITS if length in possible else Fault.INVALID_NUMBER
