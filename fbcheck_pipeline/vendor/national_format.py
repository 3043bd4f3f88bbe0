"""Results whose numbers stand in national format: whose they are, where that is certain for every row of the result.

Labels are not looked at here.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

_SIGNS = r"[\s\x{a0}\x{2009}\x{202f}()\-./']"
_FRACTION = r"[.,]0+$"
_DIGITS = r"^[0-9]{1,18}$"
_POWERS = 10 ** np.arange(19, dtype=np.int64)


def sent_phones_of(numbers: pa.StringArray, sent: npt.NDArray[np.int64]) -> npt.NDArray[np.int64] | None:
    """The sent phone of each row, where each is the national number of exactly one and all have one calling code; else None.

    Zeros at the left of a number do not count, in the result as in the phones.

    Args:
        numbers: as the result has them, trimmed.
        sent: E.164 digits, distinct, ascending.
    """
    digits = pc.replace_substring_regex(pc.replace_substring_regex(numbers, _FRACTION, ""), _SIGNS, "")
    if not pc.all(pc.match_substring_regex(digits, _DIGITS)).as_py():
        return None
    rows = digits.cast(pa.int64()).to_numpy()
    codes, nationals = _parts(sent)
    order = np.argsort(nationals, kind="stable")
    at = np.searchsorted(nationals[order], rows)
    if not np.array_equal(np.searchsorted(nationals[order], rows, side="right"), at + 1):
        return None
    found = order[at]
    return sent[found] if len(np.unique(codes[found])) == 1 else None


def _parts(phones: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Calling code and national number of each phone; code 0 and the whole number where no country has the code."""
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE  # few results need it, and it takes long to load

    lengths = np.searchsorted(_POWERS, phones, side="right")
    codes, nationals = np.zeros_like(phones), phones.copy()
    for length in (1, 2, 3):  # no code is the beginning of another
        power = _POWERS[np.maximum(lengths - length, 0)]
        has_it = np.isin(phones // power, [code for code in COUNTRY_CODE_TO_REGION_CODE if len(str(code)) == length])
        codes = np.where(has_it, phones // power, codes)
        nationals = np.where(has_it, phones % power, nationals)
    return codes, nationals
