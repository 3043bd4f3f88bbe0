"""The automaton against Python's own regular expressions, and what it refuses."""

from __future__ import annotations

import random
import re

import pytest

from fbcheck_pipeline.phones.fast.patterns import (
    ANYTHING,
    NEVER,
    UnknownPattern,
    after,
    either,
    lengths,
    marked,
    marks,
    parse,
    then,
)

PATTERNS = [
    r"[2-9]\d{4}",
    r"0?(?:1[13-5]|2(?:0|[7-9]\d))\d{2,3}",
    r"1(?:10|2)|[3-5]{2}",
    r"(?:0|90)(?:(1[245]|31)(\d{2,3}))?",
    r"\d{3}(?:\d{2})?",
]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_an_expression_matches_what_the_pattern_matches(pattern: str) -> None:
    """Digit strings of every length, many of them near misses."""
    chance, expression = random.Random(pattern), parse(pattern)
    for _ in range(2000):
        digits = "".join(chance.choices("0123459", k=chance.randint(0, 7)))
        rest = expression
        for digit in digits:
            rest = after(rest, int(digit))
        assert rest.is_complete == bool(re.fullmatch(pattern, digits)), digits
        assert not rest.is_complete or len(digits) in lengths(expression)


def test_marks_say_which_patterns_are_complete() -> None:
    """One walk answers for all of them."""
    state = either(marked(parse(r"1\d"), ("a", "")), marked(then(parse("1"), ANYTHING), ("b", "")))
    assert marks(after(state, 1)) == {("b", "")}
    assert marks(after(after(state, 1), 2)) == {("a", ""), ("b", "")}
    assert after(state, 2) is NEVER


@pytest.mark.parametrize(
    "pattern", [r"1+", r"1*", r"(?=1)2", r"(?!1)2", r"1{2,}", r"^1", r"1$", r"[^1]", r"\D", r"(1", r"1)", r"a", r"{2}"]
)
def test_an_unknown_construct_is_refused(pattern: str) -> None:
    """A new release of the metadata may bring one; then its region is left to phonenumbers, not misread."""
    with pytest.raises(UnknownPattern):
        parse(pattern)
