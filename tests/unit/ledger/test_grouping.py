"""Places are grouped by number in memory for some of them: a list's phones by what answers them."""

from __future__ import annotations

import tracemalloc

import numpy as np

from fbcheck_pipeline.ledger import codec


def test_each_place_is_told_once_by_its_number_in_order() -> None:
    """Also where the numbers of one pass are few, where one has more places than a pass, and beside places without a number."""
    numbers = np.random.default_rng(1).integers(-1, 40, 600_000).astype(np.int8)
    numbers[200_000:500_000] = 7
    found = dict(codec.grouped(numbers))
    assert [*found] == list(range(40))
    assert all(np.array_equal(places, np.flatnonzero(numbers == number)) for number, places in found.items())


def test_grouping_needs_a_byte_or_two_for_each_place() -> None:
    """It comes on top of all that a join knows of ten million phones, and of a hundred million."""
    numbers = np.random.default_rng(1).permutation(np.arange(1 << 22) % 400).astype(np.int16)
    tracemalloc.start()
    try:
        for _ in codec.grouped(numbers):
            pass
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2 * len(numbers)
