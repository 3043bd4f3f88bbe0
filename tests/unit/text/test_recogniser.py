"""What looks like a telephone number from afar, and that nothing which the normaliser reads is passed over."""

# ruff: noqa: RUF001 - digits of many scripts are what is tested

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from fbcheck_pipeline.phones.careful.cell_rules import outcomes_of
from fbcheck_pipeline.text.recogniser import is_missing, is_phone_like

EXAMPLES = Path(__file__).parents[2] / "data" / "phone_examples.csv"


@pytest.mark.parametrize(
    "cell",
    [
        "0532 111 22 33",
        "+49 (0)171-39200 01",
        "９０５３２１１１２２３３",
        "٠٥٣٢١١١٢٢٣٣",
        "5321112233.0",
        "9.05321112233E+11",
        '="05321112233"',
        "'05321112233",
        "tel:+905321112233",
        "https://wa.me/905321112233",
        "0532 111 22 33 / 0532 111 22 34",
        "030 123456 (Max)",
        "+1 202 555 0123 ext. 7",
        "\u200b0532 1112233\u00a0",
    ],
)
def test_what_looks_like_a_phone(cell: str) -> None:
    """As people and programs write them."""
    assert is_phone_like(cell)


@pytest.mark.parametrize(
    "cell",
    ["", "12345", "2026-11-24", "24.11.2026", "1234567,50", "12345-6789", "10.0.0.211", "TR330006100519786457841326", "abc"],
)
def test_what_does_not(cell: str) -> None:
    """Numbers of other kinds."""
    assert not is_phone_like(cell)


def test_every_example_that_the_normaliser_accepts_is_recognised() -> None:
    """Or a list of such cells is refused which `--column` would read."""
    with EXAMPLES.open(encoding="utf-8", newline="") as file:
        cells = [(row["raw"], row["region"] or None) for row in csv.DictReader(file)]
    accepted = [text for text, region in cells if all(each.is_number for each in outcomes_of(text, region))]
    assert len(accepted) > 150
    assert not [text for text in accepted if not is_phone_like(text)]


@pytest.mark.parametrize("cell", [None, "", " ", "N/A", "#N/A", "-", "yok", "k.A.", "\u200b", "0", "?"])
def test_what_says_nothing_is_missing(cell: str | None) -> None:
    """In the words in which the normaliser calls a cell empty, and in a system's nought."""
    assert is_missing(cell)
