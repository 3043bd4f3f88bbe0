"""What the metadata's patterns add up to: a region, a type, a prefix; in the order in which phonenumbers asks."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from fbcheck_pipeline.model.reasons import LINE_TYPES
from fbcheck_pipeline.phones.fast.digits import MARGIN, WIDTH
from fbcheck_pipeline.phones.fast.fast_path import MOST_STEPS
from fbcheck_pipeline.phones.fast.lookups import HEAD_DIGITS
from fbcheck_pipeline.phones.fast.terms import COUNTRIES, TERRITORY_COUNT, code_of
from fbcheck_pipeline.phones.fast.territories import (
    StateFacts,
    _facts_of,
    _is_plain,
    metadata_of,
    prefixes_of,
)

GENERAL_RU, MOBILE_RU = ("region_general", "RU"), ("mobile", "RU")
LED_RU, LED_KZ = ("leading", "RU"), ("leading", "KZ")


def _seen(*complete: tuple[str, str]) -> tuple[str | None, str | None]:
    facts: StateFacts = _facts_of(frozenset(complete), ("RU", "KZ"))
    known = facts.line_type >= 0
    return (COUNTRIES[facts.country], LINE_TYPES[facts.line_type]) if known else (None, None)


def test_leading_digits_choose_among_regions_of_one_code() -> None:
    """The region whose leading digits match is the number's, even if it is valid in another one only."""
    assert _seen(LED_RU, GENERAL_RU, MOBILE_RU) == ("RU", "mobile")
    assert _seen(GENERAL_RU, MOBILE_RU) == (None, None)
    assert _seen(LED_KZ, GENERAL_RU, MOBILE_RU) == (None, None)
    assert _seen(LED_KZ, ("region_general", "KZ"), ("fixed_line", "KZ"), GENERAL_RU, MOBILE_RU) == ("KZ", "fixed_line")


def test_a_number_that_is_not_general_is_of_no_type() -> None:
    """phonenumbers asks for the general description first."""
    assert _seen(LED_RU, MOBILE_RU) == (None, None)


@pytest.mark.parametrize(
    ("types", "becomes"),
    [
        (("toll_free", "premium_rate"), "premium_rate"),
        (("mobile", "voip"), "voip"),
        (("fixed_line", "mobile"), "fixed_line_or_mobile"),
        (("fixed_line",), "fixed_line"),
        (("uan", "voicemail", "fixed_line"), "uan"),
    ],
)
def test_types_are_asked_for_in_the_order_of_phonenumbers(types: tuple[str, ...], becomes: str) -> None:
    """Patterns overlap; the first that matches counts."""
    assert _seen(LED_RU, GENERAL_RU, *((name, "RU") for name in types)) == ("RU", becomes)


@pytest.mark.parametrize(
    ("pattern", "rule", "is_plain"), [("0", None, True), ("(0)", "9$1", False), ("0|(1)", "9$1", True), ("1", None, False)]
)
def test_a_plain_prefix_goes_without_a_trace(pattern: str, rule: str | None, is_plain: bool) -> None:
    """Where the rule writes something in its place, only phonenumbers can tell what remains."""
    metadata = SimpleNamespace(national_prefix_for_parsing=pattern, national_prefix_transform_rule=rule)
    assert _is_plain("0", metadata) is is_plain  # type: ignore[arg-type]


def test_a_walk_stays_in_its_cell() -> None:
    """International prefix, calling code, national prefix and the steps of a walk all lie in a cell's own row of the matrix."""
    territories = [territory for territory in range(TERRITORY_COUNT) if territory != COUNTRIES.index("001")]
    prefix = max(len(prefixes_of(metadata_of(territory))[0]) for territory in territories)
    code = max(len(str(code_of(territory))) for territory in territories)
    assert MARGIN + HEAD_DIGITS + code + prefix + MOST_STEPS <= WIDTH
