"""The terms in which arrays speak: codes for countries, territories, line types, faults, and what a column says; NONE for none.

A line type is phonenumbers' own PhoneNumberType. A *territory* is what has metadata of its own: a region, or a calling code without one.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, SUPPORTED_REGIONS

NONE = -1
# "001" is phonenumbers' name for numbers of no country (+800, +870 …).
COUNTRIES = (*sorted(SUPPORTED_REGIONS), "001")
# A region's territory has its index in COUNTRIES; that of "001" is never used, since each of its calling codes has a territory.
NON_GEOGRAPHICAL = tuple(code for code, regions in COUNTRY_CODE_TO_REGION_CODE.items() if regions == ("001",))
TERRITORY_COUNT = len(COUNTRIES) + len(NON_GEOGRAPHICAL)
_CODES = {region: code for code, regions in COUNTRY_CODE_TO_REGION_CODE.items() for region in regions}

MAX_E164_DIGITS = 15
MAX_EMERGENCY_DIGITS = 6
# Known far beyond their own countries, so they are no one's phone anywhere.
EMERGENCY_EVERYWHERE = frozenset({"110", "112", "911", "999", "000"})

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]


class Fault(IntEnum):
    """Why a cell gives no number that is kept."""

    EMPTY = 0
    NO_REGION = 1
    TOO_SHORT = 2
    TOO_LONG = 3
    INVALID_NUMBER = 4
    AMBIGUOUS_INTERNATIONAL = 5
    LINE_TYPE_EXCLUDED = 6


class Says(IntEnum):
    """How the bare digits of a column are meant, as far as its other cells tell."""

    NATIONAL = 0
    INTERNATIONAL = 1
    NOTHING = 2


NO_VOTE_FOR_EITHER = 3
"""What bare digits say of their column that are no number at home nor abroad; beyond those of `Says`."""


def code_of(territory: int) -> int:
    """The territory's calling code."""
    return _CODES[COUNTRIES[territory]] if territory < len(COUNTRIES) else NON_GEOGRAPHICAL[territory - len(COUNTRIES)]


def main_territory_of(code: int) -> int:
    """The territory of the calling code's main region, or of the code itself."""
    region = COUNTRY_CODE_TO_REGION_CODE[code][0]
    return len(COUNTRIES) + NON_GEOGRAPHICAL.index(code) if region == "001" else COUNTRIES.index(region)
