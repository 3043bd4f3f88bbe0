"""What all numbers of a country are like tells the same as phonenumbers, in every region."""

from __future__ import annotations

import random
from functools import cache

import pytest
from phonenumbers import SUPPORTED_REGIONS

from fbcheck_pipeline.phones.careful.reference import is_certainly_none, read
from fbcheck_pipeline.phones.fast.terms import COUNTRIES, Says
from fbcheck_pipeline.phones.fast.territories import metadata_by_region, metadata_for

CASES = 60


def _digits(region: str, chance: random.Random) -> str:
    """An example of any region of its code, or any digits, behind a prefix or none; a digit too many or too few."""
    metadata = metadata_for(region)
    digits_of_prefixes = "".join(filter(str.isdigit, metadata.national_prefix_for_parsing or ""))[:4]
    code, prefix = str(metadata.country_code), metadata.national_prefix or ""
    prefixes = [
        "",
        "0",
        "00",
        "011",
        "+",
        prefix,
        digits_of_prefixes,
        code,
        f"+{code}",
        f"+{code}{prefix}",
        f"+{code}{digits_of_prefixes}",
    ]
    there = chance.choice([*metadata_by_region(COUNTRIES.index(region)).values()])
    examples = [each.example_number for each in (there.fixed_line, there.mobile, there.uan) if each]
    some = "".join(chance.choices("0123456789", k=chance.randint(1, 16)))
    digits = chance.choice(prefixes) + (chance.choice([*filter(None, examples), some]))
    edits = (
        digits[:4] + "+" + digits[4:],
        "+" + digits,
        digits[:-1],
        digits + chance.choice("0123456789"),
        chance.choice("0123456789") + digits.lstrip("+"),
        digits,
    )
    return chance.choice(edits) or some


@cache
def _asked() -> list[tuple[str, str]]:
    """Digits and the region of their list."""
    chance = random.Random(7)
    return [(_digits(region, chance), region) for region in sorted(SUPPORTED_REGIONS) for _ in range(CASES)]


@pytest.mark.parametrize("says", Says)
def test_no_number_is_certainly_none(says: Says) -> None:
    """Whatever stands before it, and whatever its column says; and a good part of what is none is known to be."""
    asked = _asked()
    certain = [is_certainly_none(digits, region, says) for digits, region in asked]
    is_none = [not read(digits, region, says).is_number for digits, region in asked]
    assert not [region for (_, region), is_sure, none in zip(asked, certain, is_none, strict=True) if is_sure and not none]
    assert sum(certain) > sum(is_none) / 2 or says is Says.INTERNATIONAL
