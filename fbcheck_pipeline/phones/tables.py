"""What the first three digits, or the length, of a number say: look-up tables over all regions, filled on first use.

Patterns over whole numbers are in `plans`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata

from fbcheck_pipeline.phones.outcomes import COUNTRIES, REASONS
from fbcheck_pipeline.phones.patterns import NEVER, after, is_complete, parse
from fbcheck_pipeline.phones.plans import NON_GEOGRAPHICAL, PLAN_COUNT, code_of, metadata_of, prefixes_of
from fbcheck_pipeline.phones.reference import MAX_EMERGENCY_DIGITS, is_bare

MAX_LENGTH = 32
FITS = -1  # a length that the plan knows; otherwise a reject reason's index
MAYBE = -1  # an international prefix that only the whole number can tell
TOO_SHORT, TOO_LONG, INVALID = (REASONS.index(reason) for reason in ("too_short", "too_long", "invalid_number"))
_HEADS = [f"{head:03}" for head in range(1000)]
NO_PLAN = -1


class Tables:
    """Arrays indexed by plan, then by the number of the first three digits (*head*) or by a length.

    plan_of_head, code_length_of_head: the plan that a number after its `+` belongs to, and how many digits its calling code has.
    code, main_plan, code_length: of each plan, its calling code, the plan of that code's main region, and the code's digits.
    idd_length: length of the international prefix that the head begins with, 0 without, MAYBE where it depends on more.
    is_bare: True where the head has neither + nor a prefix.
    prefix_length: of the plain national prefix. fit: FITS, or the reason why so many digits do not.
    may_be_emergency: True where the region has an emergency number of so many digits.
    """

    def __init__(self) -> None:
        self.plan_of_head, self.code_length_of_head = _plans_of_heads()
        self.code = np.array([code_of(plan) for plan in range(PLAN_COUNT)])
        self.code_length = np.array([len(str(code)) for code in self.code])
        self.main_plan = np.array([_main_plan(code) for code in self.code])
        self.idd_length: NDArray[np.int8] = np.zeros((PLAN_COUNT, 1000), np.int8)
        self.is_bare: NDArray[np.bool_] = np.zeros((PLAN_COUNT, 1000), np.bool_)
        self.prefix_length: NDArray[np.int64] = np.zeros(PLAN_COUNT, np.int64)
        self.fit: NDArray[np.int8] = np.zeros((PLAN_COUNT, MAX_LENGTH), np.int8)
        self.may_be_emergency: NDArray[np.bool_] = np.zeros((PLAN_COUNT, MAX_EMERGENCY_DIGITS + 1), np.bool_)

    def fill(self, plan: int) -> None:
        """Fill the rows of one plan.

        Raises:
            UnknownPattern: a prefix of the metadata is of an unknown kind.
        """
        metadata = metadata_of(plan)
        self.prefix_length[plan] = len(prefixes_of(metadata)[0])
        self.fit[plan] = [_fit(length, metadata) for length in range(MAX_LENGTH)]
        if plan < len(COUNTRIES) - 1:
            self.idd_length[plan] = [_idd_length(metadata.international_prefix or "", head) for head in _HEADS]
            self.is_bare[plan] = [is_bare(head, COUNTRIES[plan]) for head in _HEADS]
            short = PhoneMetadata.short_metadata_for_region(COUNTRIES[plan])
            self.may_be_emergency[plan, list(short.emergency.possible_length if short and short.emergency else ())] = True


def _main_plan(code: int) -> int:
    region = COUNTRY_CODE_TO_REGION_CODE[code][0]
    return len(COUNTRIES) + NON_GEOGRAPHICAL.index(code) if region == "001" else COUNTRIES.index(region)


def _plans_of_heads() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    plans, lengths = np.full(1000, NO_PLAN), np.zeros(1000, np.int64)
    for code in COUNTRY_CODE_TO_REGION_CODE:
        heads = [int(head) for head in _HEADS if head.startswith(str(code))]
        plans[heads], lengths[heads] = _main_plan(code), len(str(code))
    return plans, lengths


def _idd_length(pattern: str, head: str) -> int:
    if pattern.isdigit():
        return len(pattern) if head.startswith(pattern) else 0
    expression = parse(pattern)
    for digit in head:
        expression = after(expression, int(digit))
        if is_complete(expression):
            return MAYBE
    return 0 if expression == NEVER else MAYBE


def _fit(length: int, metadata: PhoneMetadata) -> int:
    """phonenumbers' `_test_number_length`, in our reasons."""
    possible, local = metadata.general_desc.possible_length, metadata.general_desc.possible_length_local_only
    if length in local or length < min(possible):
        return TOO_SHORT
    if length > max(possible):
        return TOO_LONG
    return FITS if length in possible else INVALID

