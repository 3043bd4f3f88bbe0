"""Whether a list was read in a wrong region: another one explains nearly all of its numbers, and the one given less than half.

Numbers with a country code say nothing of it. A region whose plan takes nearly any digits explains nothing either: what it reads must be
more than it would read of any digits of their lengths.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from phonenumbers import SUPPORTED_REGIONS

from fbcheck_pipeline.phones.careful.reference import is_own_format, library
from fbcheck_pipeline.text.decorations import to_ascii
from fbcheck_pipeline.text.recogniser import lookalikes

FEWEST_NUMBERS = 10
LOOKED_AT_FIRST, LOOKED_AT = 20, 200
"""Numbers that are read in every region, and in those that read nearly all of these."""
NEARLY_ALL, HALF, MORE_THAN_CHANCE = 0.9, 0.5, 0.2
MOST_NAMED = 4


def likelier_regions(cells: Sequence[str], region: str) -> list[str]:
    """The regions whose numbers the cells are rather than those of the one given, likeliest first; none where no other explains them.

    Args:
        cells: some of a list, as they came.
        region: in which they were read.
    """
    found = [each.core for cell in cells for each in lookalikes(to_ascii(cell))]
    cores = [core for core in found if not core.startswith(("+", "00"))][:LOOKED_AT]
    numbers = ["".join(filter(str.isdigit, core)) for core in cores]
    if len(numbers) < FEWEST_NUMBERS or _share(numbers, region) >= HALF:
        return []
    first = numbers[:: 1 + len(numbers) // LOOKED_AT_FIRST]
    may_be = [each for each in sorted(SUPPORTED_REGIONS - {region}) if _share(first, each) >= NEARLY_ALL]
    chance = random.Random(0)
    drawn = ["".join(chance.choices("0123456789", k=len(number))) for number in numbers]
    shares = {each: _share(numbers, each) for each in may_be}
    more = {each: share - _share(drawn, each) for each, share in shares.items() if share >= NEARLY_ALL}
    explain = [each for each in more if more[each] >= MORE_THAN_CHANCE]
    return sorted(explain, key=lambda each: (-_written_there(cores, numbers, each), -more[each]))[:MOST_NAMED]


def _written_there(cores: Sequence[str], numbers: Sequence[str], region: str) -> int:
    """How many are grouped as the region groups its numbers."""
    return sum(is_own_format(core, library(number, region)) for core, number in zip(cores, numbers, strict=True))


def _share(numbers: Sequence[str], region: str) -> float:
    """How many of the numbers are the region's own: several share one calling code."""
    return sum(library(number, region).country == region for number in numbers) / len(numbers)
