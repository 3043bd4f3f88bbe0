"""For a cell that is one honest number our answer is phonenumbers' answer: every region, every type, every way to write it."""

from __future__ import annotations

import random
import re

import pytest

from fbcheck_pipeline.phones.fast.fast_path import FastPath
from fbcheck_pipeline.phones.fast.terms import COUNTRIES, MAX_E164_DIGITS, Says
from tests.unit.phones.conftest import path  # noqa: F401  the same fast path
from tests.unit.phones.corpus import (
    NO_REGION,
    TERRITORIES,
    Cell,
    by_the_library,
    honest_forms,
    national_numbers,
    noise,
    number_of,
    read_carefully,
    read_fast,
    tricky_forms,
)


def _answers(cell: Cell, outcome_fast: object) -> list[str | None]:
    outcomes = [outcome_fast] if outcome_fast else read_carefully(*cell)
    return [each.e164 for each in outcomes if each.reason != "line_type_excluded"]  # type: ignore[attr-defined]


def _expected(cell: Cell) -> str | None:
    """The library's, but for what the interface settles: more than fifteen digits are too long, and 00 may stand for the plus."""
    answer = by_the_library(cell[0], cell[1])
    plain = re.sub(r"[^\d+]", "", cell[0])
    other = by_the_library("+" + plain[2:], NO_REGION) if plain.startswith("00") and answer else None
    return answer if answer is None or (len(answer) <= 1 + MAX_E164_DIGITS and other in (None, answer)) else None


@pytest.mark.parametrize("seed", range(3))
def test_an_honest_number_becomes_what_phonenumbers_says(path: FastPath, seed: int) -> None:  # noqa: F811
    """In its own region, in another and in none. The column is known to be national, so that bare digits are no question."""
    chance = random.Random(seed)
    cells: list[Cell] = []
    for territory, national in national_numbers(chance, 1):
        own = territory if territory < len(COUNTRIES) else NO_REGION
        other = chance.choice([each for each in TERRITORIES if each < len(COUNTRIES)])
        for text in honest_forms(territory, national):
            cells.append((text, own, Says.NATIONAL))
            if text.startswith(("+", "tel:+")):
                cells += [(text, other, Says.NATIONAL), (text, NO_REGION, Says.NATIONAL)]
    cells = [cell for cell in cells if cell[1] != NO_REGION or cell[0].strip().startswith(("+", "tel:+"))]
    read = list(zip(cells, read_fast(path, cells), strict=True))
    wrong = [
        (cell, answers, expected)
        for cell, outcome in read
        if (answers := _answers(cell, outcome)) not in ([expected := _expected(cell)], [])
    ]
    assert not wrong
    assert sum(outcome is not None for _, outcome in read) > 0.8 * sum(not cell[0].startswith("tel:") for cell in cells)


@pytest.mark.parametrize("seed", range(3))
def test_random_digits_become_what_phonenumbers_says(path: FastPath, seed: int) -> None:  # noqa: F811
    """Lists hold account numbers and typing errors, too; what they become must be phonenumbers' word."""
    chance = random.Random(seed)
    regions = [each for each in TERRITORIES if each < len(COUNTRIES)]
    cells: list[Cell] = [(text, chance.choice(regions), Says.NATIONAL) for text in noise(chance, 5000)]
    read = zip(cells, read_fast(path, cells), strict=True)
    wrong = [(cell, answers) for cell, outcome in read if (answers := _answers(cell, outcome)) not in ([_expected(cell)], [])]
    assert not wrong


@pytest.mark.parametrize("seed", range(3))
def test_both_paths_agree_on_tricky_cells(path: FastPath, seed: int) -> None:  # noqa: F811
    """The same as in the unit tests, for every region and type."""
    chance = random.Random(seed)
    regions = [NO_REGION, *(each for each in TERRITORIES if each < len(COUNTRIES))]
    cells: list[Cell] = []
    for territory, national in national_numbers(chance, 1):
        region = territory if territory < len(COUNTRIES) and chance.random() < 0.8 else chance.choice(regions)
        cells += [(text, region, chance.choice(list(Says))) for text in tricky_forms(territory, national, chance)]
    read = zip(cells, read_fast(path, cells), strict=True)
    assert not [(cell, outcome) for cell, outcome in read if outcome and read_carefully(*cell) != [outcome]]


def test_every_number_is_generated_as_the_library_holds_it() -> None:
    """The tests' own generator: numbers of no type but general are in the corpus as well."""
    numbers = list(national_numbers(random.Random(0), 1))
    assert len({territory for territory, _ in numbers}) == len(TERRITORIES)
    assert all(str(number_of(territory, national).national_number) in national for territory, national in numbers)
