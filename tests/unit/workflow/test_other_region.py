"""Whether a list was read in a wrong region, by what other regions make of its cells. The numbers are reserved for documentation."""

import random

import pytest

from fbcheck_pipeline.workflow.buying.other_region import likelier_regions

# Of twelve that are numbers in Istanbul, too, and of towns that Turkey has not.
AMERICAN = [f"({area}) 555-01{number:02d}" for area in (212, 415, 650) for number in range(12)]
FRENCH = [f"01 99 00 {number // 100:02d} {number % 100:02d}" for number in range(36)]
TURKISH = [f"0212 555 {number // 100:02d} {number % 100:02d}" for number in range(30)]


@pytest.mark.parametrize(("cells", "region", "other"), [(AMERICAN, "TR", "US"), (AMERICAN, "GB", "US"), (FRENCH, "TR", "FR")])
def test_the_region_that_explains_a_list_is_named(cells: list[str], region: str, other: str) -> None:
    """Numbers of a third region may be alike, so that several are named."""
    assert other in likelier_regions(cells, region)


def test_no_region_is_named_where_the_one_given_is_right_or_none_explains_the_cells() -> None:
    """Customers' numbers, dates, and a list of two countries are no list of a third one. Few numbers, or a country code, say nothing."""
    chance = random.Random(1)
    ids = ["".join(chance.choices("0123456789", k=10)) for _ in range(36)]
    assert not likelier_regions(AMERICAN, "US")
    for cells in (ids, TURKISH + ids, FRENCH + AMERICAN, ["05.11.2026"] * 36, AMERICAN[-9:], [f"+1 {cell}" for cell in AMERICAN]):
        assert not likelier_regions(cells, "TR")
