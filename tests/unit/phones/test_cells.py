"""The careful path, cell by cell: what each class of dirty cell must become."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

import pytest

from fbcheck_pipeline.model.reasons import REASONS
from fbcheck_pipeline.phones import Normaliser
from fbcheck_pipeline.phones.careful.cell_rules import outcomes_of
from fbcheck_pipeline.phones.careful.reference import PhoneOutcome
from fbcheck_pipeline.phones.fast.fast_path import FastPath
from fbcheck_pipeline.phones.fast.terms import COUNTRIES, Says
from tests.unit.phones.corpus import NO_REGION, Cell, read_carefully, read_fast

EXAMPLES = Path(__file__).parents[2] / "data" / "phone_examples.csv"


class Example(NamedTuple):
    """A row of the examples."""

    cell: Cell
    expected: str
    comment: str

    def is_met_by(self, found: list[PhoneOutcome]) -> bool:
        """Alternatives are reasons of one phone; several E.164s are several phones."""
        became = [each.e164 or each.reason for each in found]
        alternatives = self.expected.split("|")
        return became == alternatives or (set(alternatives) <= set(REASONS) and len(became) == 1 and became[0] in alternatives)


def _examples() -> dict[str, list[Example]]:
    """By comment: what class of cells they are."""
    classes: dict[str, list[Example]] = defaultdict(list)
    with EXAMPLES.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            region = COUNTRIES.index(row["region"]) if row["region"] else NO_REGION
            cell = (row["raw"], region, Says.NOTHING)
            expected = row["expected_e164"] or row["expected_reason"]
            classes[row["comment"]].append(Example(cell, expected, row["comment"]))
    return classes


@pytest.mark.parametrize("examples", [pytest.param(each, id=comment[:60] or "others") for comment, each in _examples().items()])
def test_each_example_becomes_what_it_must(examples: list[Example]) -> None:
    """The cells are the specification."""
    assert not [example for example in examples if not example.is_met_by(read_carefully(*example.cell))]


def test_every_reason_has_an_example() -> None:
    """One that no cell gets is dead, or its rule is not tried."""
    examples = [example for examples in _examples().values() for example in examples]
    assert {found.reason for example in examples for found in read_carefully(*example.cell)} == {None, *REASONS}


def test_the_fast_path_never_contradicts_an_example(path: FastPath) -> None:
    """What it is not sure of it leaves; what it is sure of is the same."""
    examples = [example for examples in _examples().values() for example in examples]
    outcomes = read_fast(path, [example.cell for example in examples])
    read = [(example, outcome) for example, outcome in zip(examples, outcomes, strict=True) if outcome]
    assert len(read) > 50
    assert not [example for example, outcome in read if not example.is_met_by([outcome])]


def test_a_missing_cell_is_empty() -> None:
    """Spreadsheets and Parquet have nulls."""
    assert [each.reason for each in outcomes_of(None, "TR")] == ["empty"]


def test_an_endless_cell_is_no_number() -> None:
    """Rules are not run over a pasted document."""
    assert [each.reason for each in outcomes_of("0532 123 45 67 " * 100, "TR")] == ["not_a_number"]


@pytest.mark.parametrize(
    ("says", "becomes"),
    [(Says.NATIONAL, "+4941798284651"), (Says.INTERNATIONAL, "+41798284651"), (Says.NOTHING, "ambiguous_international")],
)
def test_the_column_decides_what_ambiguous_bare_digits_are(says: Says, becomes: str) -> None:
    """`41798284651` in Germany is Swiss where the others of its column lost their plus, too."""
    (found,) = outcomes_of("41798284651", "DE", says)
    assert (found.e164 or found.reason) == becomes


@pytest.mark.parametrize(
    ("text", "region", "reason"),
    [
        ("(201) 585-9163", "US", "ambiguous_international"),
        ("Tel. 201 585 9163", "US", "ambiguous_international"),
        ("2015859163", "US", None),
        ("[2015859163]", "US", None),
        ("90 532 123 45 67", "TR", None),
    ],
)
def test_a_column_tells_nothing_of_groups_that_are_a_number_at_home(text: str, region: str, reason: str | None) -> None:
    """`(201) 585-9163` (US) became Egyptian where the others of its column were from abroad without their plus."""
    assert [each.reason for each in outcomes_of(text, region, Says.INTERNATIONAL)] == [reason]


def test_a_number_that_is_valid_abroad_only_needs_the_word_of_its_column() -> None:
    """`532123456` in Turkey has lost a digit; with a plus it would be somebody in Cuba."""
    assert outcomes_of("532123456", "TR", Says.NOTHING)[0].e164 is None
    assert outcomes_of("532123456", "TR", Says.NATIONAL)[0].e164 is None
    assert outcomes_of("532123456", "TR", Says.INTERNATIONAL)[0].e164 == "+532123456"


def test_digits_of_no_country_beside_words_are_grouped_as_none() -> None:
    """Nobody says how `+800` and its numbers are written."""
    assert outcomes_of("Ali 800.12345678", "TR", Says.INTERNATIONAL)[0].reason == "letters_in_number"


@pytest.mark.parametrize(
    "raw", ["0532 123 45 67", "'0532 123 45 67 / 0212 555 12 34 (Max)", "9.05321234567E+11", "5321234567.0", "0212 555 12 34-35"]
)
def test_the_rules_are_explained_without_the_number(raw: str) -> None:
    """Explanations are shown and copied; numbers are people's."""
    said = Normaliser(region="TR").explain(raw, "TR")
    assert said
    assert not any(char.isdigit() for sentence in said for char in sentence)


def test_a_rule_is_named_only_where_it_applied() -> None:
    """The line feed behind a place went with what was called a date."""
    said = Normaliser(region="TR").explain("41.008238, 28.978359\n0532 123 45 67", "TR")
    assert said == ["Drops a place on the map that stands apart beside a number.", "A valid number: TR, mobile."]


@pytest.mark.parametrize(
    ("text", "region", "became"),
    [
        ("wa.me/905321234567", "TR", "+905321234567"),
        ("https://wa.me/41798284651", "DE", "+41798284651"),  # also a German number, but no mobile
        ("wa.me/11987654321", "BR", "+5511987654321"),  # +1 198… is no number
        ("wa.me/5321234567", "TR", "ambiguous_international"),  # Cuba, or a Turkish mobile
        ("wa.me/5321234567", None, "+5321234567"),
    ],
)
def test_a_chat_links_digits_are_international_unless_they_are_ours(text: str, region: str | None, became: str) -> None:
    """The link's definition says so; people also write national digits into it."""
    (outcome,) = outcomes_of(text, region)
    assert (outcome.e164 or outcome.reason) == became


@pytest.mark.parametrize(
    ("text", "region", "became"),
    [
        ("030 123456 2. Etage", "DE", "letters_in_number"),
        ("06 6981234 2 piano", "IT", "letters_in_number"),
        ("0664 1234567 2. Tel", "AT", "letters_in_number"),
        ("#2 171 1234567", "DE", "ambiguous_range"),
        ("2) 171 1234567", "DE", "ambiguous_range"),
        ("03012301 (1980)", "DE", "ambiguous_range"),
        ("+4930121072 34720 İstanbul", "DE", "letters_in_number"),
        ("+62 812-351-967 100 TL", "ID", "letters_in_number"),
        ("1/2 0664123483", "AT", "ambiguous_range"),
        ("Ref 12 01 234577204", "AT", "letters_in_number"),
        ("☎2 041 234560", "FI", "ambiguous_range"),
        ("0512 0026 01 110", "AT", "ambiguous_range"),  # of five digits with its 0, one of Vienna
        ("40633 2024", "LU", "ambiguous_range"),
        ("(1) 5123456", "AT", "+4315123456"),  # an area code
        ("0664 1234567 privat", "AT", "+436641234567"),
        ("030 12 34 56 78 Büro", "DE", "+493012345678"),
        ("030 123 456 Max", "DE", "+4930123456"),
        ("01 23 45 67 89 bureau", "FR", "+33123456789"),  # of one length only: 89 counts nothing
        ("Tel. 0 171 1234567", "DE", "+491711234567"),
        ("Tel 1 650 253 0000", "US", "+16502530000"),
        ("0532 123 45 67 ☎ 0533 123 45 67", "TR", "+905321234567 +905331234567"),
    ],
)
def test_a_count_beside_a_word_or_mark(text: str, region: str, became: str) -> None:
    """It goes only where the number can end nowhere else."""
    assert " ".join(each.e164 or str(each.reason) for each in outcomes_of(text, region)) == became
