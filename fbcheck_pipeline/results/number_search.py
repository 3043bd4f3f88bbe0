"""Which texts hold one of many known phones, however it is written there: every notation keeps the digits and their order."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

from fbcheck_pipeline.ledger.codec import Phones

SHORTEST = 7
"""Fewer digits of a number are not looked for: dates and amounts have as many."""
_NO_DIGIT = re.compile(r"[^0-9]+")
LONGEST = 9
"""More of its last digits need not be compared to know it."""
_CALLING_CODES = {
    length: np.array([code for code in COUNTRY_CODE_TO_REGION_CODE if len(str(code)) == length]) for length in (1, 2, 3)
}


class KnownNumbers:
    """Phones by their last digits: those of the national number, at most `LONGEST`; all digits of a phone whose national number is shorter
    than `SHORTEST`."""

    def __init__(self, phones: Phones) -> None:
        """Args: phones: as numbers, in whatever order."""
        digits = np.floor(np.log10(np.maximum(phones, 1))).astype(np.int64) + 1
        national = digits - _calling_code_lengths(phones, digits)
        lengths = np.where(national < SHORTEST, digits, np.minimum(national, LONGEST))
        self._tails = {
            length: np.unique(phones[lengths == length] % 10**length)
            for length in np.unique(lengths).tolist()
            if length >= SHORTEST
        }

    def are_in(self, texts: Sequence[str]) -> npt.NDArray[np.bool_]:
        """True for each text that holds one of them. Args: texts: their digits, as `digits_of` gives them."""
        is_in = np.zeros(len(texts), bool)
        for length, tails in self._tails.items():
            ends = [
                (place, int(text[end - length : end])) for place, text in enumerate(texts) for end in range(length, len(text) + 1)
            ]
            if ends:
                places, found = np.array(ends, np.int64).T
                is_in[places[np.isin(found, tails)]] = True
        return is_in


def digits_of(text: str) -> str:
    """All decimal digits of a text, of whatever script, as ASCII."""
    if text.isascii():
        return _NO_DIGIT.sub("", text)
    return "".join(char if char.isascii() else str(unicodedata.digit(char)) for char in text if char.isdecimal())


def _calling_code_lengths(phones: Phones, digits: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """How many digits the calling code of each phone has; no code begins with another."""
    lengths = np.full(len(phones), 3, np.int64)
    for length, codes in _CALLING_CODES.items():
        beginning = phones // 10 ** np.maximum(digits - length, 0)
        lengths[np.isin(beginning, codes)] = np.minimum(length, lengths[np.isin(beginning, codes)])
    return lengths
