"""The terms in which arrays speak: codes for countries, line types, faults, and what a column says; NONE for none of them.

A line type is phonenumbers' own PhoneNumberType.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray
from phonenumbers import SUPPORTED_REGIONS

NONE = -1
# "001" is phonenumbers' name for numbers of no country (+800, +870 …).
COUNTRIES = (*sorted(SUPPORTED_REGIONS), "001")
MAX_E164_DIGITS = 15
MAX_EMERGENCY_DIGITS = 6

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
