"""What phonenumbers says of one honest number, in our words; and the two readings of bare digits.

Takes digits with at most one leading `+`; whoever has anything else cleans it first (`cell_rules`).
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import NamedTuple

import phonenumbers
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, NumberParseException, PhoneNumberFormat, PhoneNumberType, ValidationResult
from phonenumbers.shortnumberinfo import is_emergency_number

from fbcheck_pipeline.model.reasons import LINE_TYPES, LineType, RejectReason
from fbcheck_pipeline.phones.fast.terms import (
    COUNTRIES,
    EMERGENCY_EVERYWHERE,
    MAX_E164_DIGITS,
    MAX_EMERGENCY_DIGITS,
    NO_VOTE_FOR_EITHER,
    Says,
    main_territory_of,
)
from fbcheck_pipeline.phones.fast.territories import general_of, metadata_by_region, metadata_for, metadata_of
from fbcheck_pipeline.text.decorations import MIN_PART_DIGITS, digits_in

_GROUP, _BETWEEN = re.compile(r"\d+"), re.compile(r"(?<=\d)\D+(?=\d)")
_DOTTED = re.compile(r"\d{3}\.\d{3}\.\d{3,4}")
# The patterns of many regions are more than `re` keeps compiled.
phonenumbers.enable_pattern_cache()

_REASON_OF_FAULT = {
    NumberParseException.INVALID_COUNTRY_CODE: RejectReason.INVALID_NUMBER,
    NumberParseException.NOT_A_NUMBER: RejectReason.TOO_SHORT,
    NumberParseException.TOO_SHORT_AFTER_IDD: RejectReason.TOO_SHORT,
    NumberParseException.TOO_SHORT_NSN: RejectReason.TOO_SHORT,
    NumberParseException.TOO_LONG: RejectReason.TOO_LONG,
}
_TERRITORY_OF_CODE = {str(code): main_territory_of(code) for code in COUNTRY_CODE_TO_REGION_CODE}
LINE_TYPES_OF_MOBILES = (LineType.MOBILE, LineType.FIXED_LINE_OR_MOBILE)
REASONS_OF_NUMBERS = (RejectReason.LINE_TYPE_EXCLUDED, RejectReason.AMBIGUOUS_INTERNATIONAL)
REASON_OF_LENGTH = {
    ValidationResult.TOO_SHORT: RejectReason.TOO_SHORT,
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: RejectReason.TOO_SHORT,
    ValidationResult.TOO_LONG: RejectReason.TOO_LONG,
}


class PhoneOutcome(NamedTuple):
    """What became of one phone: exactly one of `e164` and `reason` is set."""

    e164: str | None
    reason: RejectReason | None
    country: str | None = None
    line_type: LineType | None = None

    @property
    def is_number(self) -> bool:
        """True where the text is a number in service, whether or not we keep it."""
        return self.e164 is not None or self.reason in REASONS_OF_NUMBERS

    @property
    def can_be_mobile(self) -> bool:
        """True where its line may be one that chats."""
        return self.line_type in LINE_TYPES_OF_MOBILES


def rejected(reason: RejectReason) -> PhoneOutcome:
    """The outcome of a phone that has no E.164."""
    return PhoneOutcome(None, reason)


def read(number: str, region: str | None, column: Says = Says.NOTHING) -> PhoneOutcome:
    """Read one number: phonenumbers' answer, except where bare digits have two, or 00 may stand for the plus.

    Args:
        number: ASCII digits, with a `+` before them or not.
        region: of numbers without country code; None where unknown.
        column: what the other bare digits of its column are.
    """
    if region is None and not number.startswith("+"):
        return _without_region(number)
    if is_emergency(number, region):
        return rejected(RejectReason.EMERGENCY)
    here = library(number, region)
    if number.startswith("00") and here.is_number and _is_another(library("+" + number[2:], None), here):
        return rejected(RejectReason.AMBIGUOUS_INTERNATIONAL)  # where one dials 001 or 009, many write 00
    if region is None or not is_bare(number, region):
        return here
    # Without the column's word, a lost digit would turn a local number into a foreign one.
    if column is Says.NATIONAL if here.is_number else column is not Says.INTERNATIONAL:
        return here
    if is_certainly_none("+" + number, None, column):
        return here
    return _of_two_readings(here, library("+" + number, None), column)


class _Plan(NamedTuple):
    """A territory's: how digits begin of which more is dropped than a prefix; national prefixes; what all numbers of its code are like.

    abroad: international prefixes, and the territory's own code. is_rewritten: something may be put in the place of a prefix.
    """

    abroad: re.Pattern[str]
    prefix: re.Pattern[str]
    is_rewritten: bool
    lengths: frozenset[int]
    general: re.Pattern[str]

    def may_hold(self, digits: str) -> bool:
        """True where digits after a country's code, or at home, may be a number."""
        prefixed = self.prefix.match(digits)
        if prefixed and self.is_rewritten:
            return True
        return self._fits(digits) or (prefixed is not None and self._fits(digits[prefixed.end() :]))

    def _fits(self, national: str) -> bool:
        return len(national) in self.lengths and self.general.fullmatch(national) is not None


@cache
def _plan_of(territory: int) -> _Plan:
    metadata = metadata_of(territory)
    of_code = [general_of(each) for each in metadata_by_region(territory).values()]
    return _Plan(
        re.compile("|".join(filter(None, (metadata.international_prefix, str(metadata.country_code))))),
        re.compile(metadata.national_prefix_for_parsing or ""),
        metadata.national_prefix_transform_rule is not None,
        frozenset(length for each in of_code for length in each.possible_length),
        re.compile("|".join(each.national_number_pattern or "" for each in of_code)),
    )


def is_certainly_none(number: str, region: str | None, column: Says) -> bool:
    """True where `read` finds no number for sure, which takes it ten times as long.

    Args:
        number: digits, with plus signs or without.
        region, column: as for `read`.
    """
    digits = number.lstrip("+")
    if not digits.isdecimal() or not digits.isascii():
        return digits.isascii() and "+" in digits.rstrip("+")
    if digits != number:
        code = next((digits[:length] for length in (1, 2, 3) if digits[:length] in _TERRITORY_OF_CODE), None)
        return code is not None and not _plan_of(_TERRITORY_OF_CODE[code]).may_hold(digits[len(code) :])
    if region is None or column is Says.INTERNATIONAL:
        return False
    plan = _plan_of(COUNTRIES.index(region))
    return not plan.abroad.match(digits) and not plan.may_hold(digits)


def read_linked(digits: str, region: str | None) -> PhoneOutcome:
    """Read the digits of a chat link: international by its definition, yet people write national ones, too.

    Args:
        digits: as they stand in the link, without a plus.
        region: of numbers without country code; None where unknown.
    """
    international = library("+" + digits, None)
    national = library(digits, region) if region else international
    if not national.is_number or national.e164 == international.e164:
        return international
    if not international.is_number:
        return national
    if international.can_be_mobile and not national.can_be_mobile:
        return international  # who chats has a mobile
    return rejected(RejectReason.AMBIGUOUS_INTERNATIONAL)


def vote(number: str, region: str) -> int:
    """What a bare cell says of its column, a `Says` or NO_VOTE_FOR_EITHER: it votes when it is valid in one reading only."""
    national, international = (
        not is_certainly_none(text, of, Says.NATIONAL) and library(text, of).is_number
        for text, of in ((number, region), ("+" + number, None))
    )
    if national == international:
        return Says.NOTHING if national else NO_VOTE_FOR_EITHER
    return Says.NATIONAL if national else Says.INTERNATIONAL


def is_bare(number: str, region: str) -> bool:
    """True where nothing in the digits tells whether they are national or lost their `+`."""
    metadata = metadata_for(region)
    prefix, idd = metadata.national_prefix, metadata.international_prefix
    if number.startswith(("+", "00")) or (prefix and number.startswith(prefix)):
        return False
    return not (idd and re.match(idd, number))


def has_trunk_zero(region: str | None) -> bool:
    """True where people of the region dial a 0 before national numbers that is no part of them."""
    return region is not None and metadata_for(region).national_prefix == "0"


def has_short_numbers(country: str | None) -> bool:
    """True where all numbers of a country have fewer digits than one beside others."""
    return _is_country(country) and max(general_of(metadata_for(country or "")).possible_length) < MIN_PART_DIGITS


def _is_country(country: str | None) -> bool:
    """False for none, and for what numbers of no country have, as +800."""
    return bool(phonenumbers.country_code_for_region(country or ""))


def is_own_format(core: str, outcome: PhoneOutcome) -> bool:
    """True where the number is written as phonenumbers itself writes it; each of its separators may be a blank, dash or dot instead."""
    if outcome.e164 is None:
        return False
    is_international = digits_in(core) == outcome.e164[1:]  # and nobody writes all these digits at home
    form = PhoneNumberFormat.INTERNATIONAL if is_international else PhoneNumberFormat.NATIONAL
    return _is_grouped_alike(core, _own_format(outcome.e164, outcome.country or "", form))


def has_own_groups(core: str, outcome: PhoneOutcome) -> bool:
    """As `is_own_format`, also without the national prefix, if blanks, dashes or brackets group the digits; and a mobile's by threes with dots."""
    if is_own_format(core, outcome) or (outcome.line_type is LineType.MOBILE and _DOTTED.fullmatch(core)):
        return True
    if outcome.e164 is None or not _is_country(outcome.country) or "." in core or "/" in core:
        return False
    national = _own_format(outcome.e164, outcome.country or "", PhoneNumberFormat.NATIONAL)
    unprefixed = national.lstrip("(").removeprefix(metadata_for(outcome.country or "").national_prefix or "")
    return _GROUP.findall(core) == _GROUP.findall(unprefixed)


def area_of(outcome: PhoneOutcome) -> str | None:
    """The first group of a number as phonenumbers writes it at home, without a trunk 0; None for what has no E.164."""
    if outcome.e164 is None:
        return None
    first: str = _GROUP.findall(_own_format(outcome.e164, outcome.country or "", PhoneNumberFormat.NATIONAL))[0]
    return first.removeprefix("0")


@lru_cache(maxsize=1000)
def _own_format(e164: str, country: str, form: int) -> str:
    """The number as phonenumbers writes it; not parsed again, which takes as long as all else."""
    code = phonenumbers.country_code_for_region(country)
    if not code:  # of no country
        return str(phonenumbers.format_number(phonenumbers.parse(e164), form))
    national = e164[1 + len(str(code)) :]
    zeros = len(national) - len(national.lstrip("0"))
    number = phonenumbers.PhoneNumber(code, int(national), italian_leading_zero=zeros > 0, number_of_leading_zeros=zeros)
    return str(phonenumbers.format_number(number, form))


def _is_grouped_alike(text: str, own: str) -> bool:
    if _GROUP.findall(text) != _GROUP.findall(own):
        return False
    between = set(zip(_BETWEEN.findall(own), _BETWEEN.findall(text), strict=False))
    is_one_for_one = len(between) == len({separator for separator, _ in between})
    return is_one_for_one and all(ours in (separator, " ", "-", ".") for separator, ours in between)


def is_emergency(number: str, region: str | None) -> bool:
    """True for 110, 112, 911 … and the region's own."""
    if len(number) > MAX_EMERGENCY_DIGITS:
        return False
    return number in EMERGENCY_EVERYWHERE or (region is not None and _is_emergency_in(number, region))


def library(number: str, region: str | None) -> PhoneOutcome:
    """phonenumbers' own answer: parse, is_valid_number, E.164; and why not, where it is not valid."""
    try:
        parsed = phonenumbers.parse(number, region)
    except NumberParseException as fault:
        return rejected(RejectReason.TOO_LONG if _is_over_long(number) else _REASON_OF_FAULT[fault.error_type])
    line_type = phonenumbers.number_type(parsed)  # is_valid_number() asks the same and forgets the answer
    if line_type == PhoneNumberType.UNKNOWN:
        if _is_over_long(number):
            return rejected(RejectReason.TOO_LONG)
        return rejected(REASON_OF_LENGTH.get(phonenumbers.is_possible_number_with_reason(parsed), RejectReason.INVALID_NUMBER))
    e164 = phonenumbers.format_number(parsed, PhoneNumberFormat.E164)
    if len(e164) > 1 + MAX_E164_DIGITS:
        return rejected(RejectReason.TOO_LONG)
    return PhoneOutcome(e164, None, phonenumbers.region_code_for_number(parsed), LINE_TYPES[line_type])


def _of_two_readings(national: PhoneOutcome, international: PhoneOutcome, column: Says) -> PhoneOutcome:
    if not _is_another(international, national):
        return national
    if column is Says.INTERNATIONAL:
        return international
    if national.can_be_mobile and not international.can_be_mobile and not _have_one_code(national, international):
        return national
    return rejected(RejectReason.AMBIGUOUS_INTERNATIONAL)


def _is_another(one: PhoneOutcome, other: PhoneOutcome) -> bool:
    return one.is_number and one.e164 != other.e164


def _have_one_code(one: PhoneOutcome, other: PhoneOutcome) -> bool:
    """True where the digits lost the plus of their own country as likely as not."""
    one_code, other_code = (phonenumbers.country_code_for_region(each.country or "") for each in (one, other))
    return bool(one_code == other_code)


def _without_region(number: str) -> PhoneOutcome:
    if is_emergency(number, None):
        return rejected(RejectReason.EMERGENCY)
    if len(number) > MAX_E164_DIGITS:
        return rejected(RejectReason.TOO_LONG)
    return rejected(RejectReason.NO_REGION if len(number) > 3 else RejectReason.TOO_SHORT)


def _is_over_long(number: str) -> bool:
    return number.startswith("+") and len(number) > 1 + MAX_E164_DIGITS


@cache
def _is_emergency_in(number: str, region: str) -> bool:
    return bool(is_emergency_number(number, region))
