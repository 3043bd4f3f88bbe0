"""Renumberings: what a number was before its country's numbers got other digits. It is still the same person's.

An opt-out, or somebody's request for their data, may name either form. Nothing is normalised or validated here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc


@dataclass(frozen=True)
class Renumbering:
    """One rule: numbers of a country that look so today looked otherwise before.

    Attributes:
        region: ISO 3166 region, for the reader.
        code, digits: the calling code, and how many digits such a number has with it; only these are looked at closely.
        pattern, rewrite: what it looks like today, without the plus, and what it was; RE2 syntax.
    """

    region: str
    code: int
    digits: int
    pattern: str
    rewrite: str

    @property
    def range(self) -> tuple[int, int]:
        """The numbers that may fit: from one, up to but without the other."""
        unit = 10 ** (self.digits - len(str(self.code)))
        return self.code * unit, (self.code + 1) * unit


RENUMBERINGS = (
    # 2021: eight digits became ten, by operator and kind of line.
    Renumbering("CI", 225, 13, r"^225(?:01|05|07|21|25|27)(\d{8})$", r"225\1"),
    # 2024: eight digits became ten.
    Renumbering("BJ", 229, 13, r"^22901(\d{8})$", r"229\1"),
    # 2019: mobiles are dialled without the 1 from abroad.
    Renumbering("MX", 52, 12, r"^52(\d{10})$", r"521\1"),
    # 2012 to 2016: mobiles got a ninth digit.
    Renumbering("BR", 55, 13, r"^55(\d\d)9([6-9]\d{7})$", r"55\1\2"),
    # 2012: mobiles got a ninth digit.
    Renumbering("EC", 593, 12, r"^5939([89]\d{7})$", r"593\1"),
    # 2013: mobiles got an eighth digit.
    Renumbering("MU", 230, 11, r"^2305(\d{7})$", r"230\1"),
    # 2018: mobiles of eleven digits became ten (national form, with its 0).
    Renumbering("VN", 84, 11, r"^843([2-9]\d{7})$", r"8416\1"),
    *(
        Renumbering("VN", 84, 11, rf"^84{now}(\d{{7}})$", rf"84{before}\1")
        for now, before in {
            "70": "120", "79": "121", "77": "122", "76": "126", "78": "128",
            "83": "123", "84": "124", "85": "125", "81": "127", "82": "129",
            "56": "186", "58": "188", "59": "199",
        }.items()
    ),
)  # fmt: skip


def former_forms(phones: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """What some of these phones (E.164 without the plus) were before.

    Returns:
        Places in `phones`, and for each of them a former form; a phone that never had another one is left out.
    """
    places, forms = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for rule in RENUMBERINGS:
        low, high = rule.range
        at = np.flatnonzero((low <= phones) & (phones < high))
        if not len(at):
            continue
        texts = pa.array(phones[at]).cast(pa.string())
        fits = pc.match_substring_regex(texts, rule.pattern)
        before = pc.replace_substring_regex(texts.filter(fits), rule.pattern, rule.rewrite)
        places.append(at[fits.to_numpy(zero_copy_only=False)])
        forms.append(before.cast(pa.int64()).to_numpy())
    return np.concatenate(places), np.concatenate(forms)


def with_former_forms(phones: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """These phones and what they were before, sorted, distinct."""
    return np.unique(np.concatenate([phones, former_forms(phones)[1]]))
