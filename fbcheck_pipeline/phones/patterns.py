"""Regular expressions over digits as automata: what phonenumbers' metadata is written in, made fit for whole arrays.

Expressions are values (interned tuples) with derivatives: `after(e, 7)` is what must follow a 7. Knows the few
constructs that the metadata uses and refuses any other (`UnknownPattern`), so that a new one cannot be misread.
Which patterns make up a numbering plan is in `plans`.
"""

from __future__ import annotations

import re
from functools import cache

Expression = tuple[object, ...]

NEVER: Expression = ("never",)
NOTHING: Expression = ("nothing",)  # matches the empty string only
ANY_DIGIT = 0b11_1111_1111
_TOKEN = re.compile(r"\\d|\(\?:|\[[\d-]+\]|\{\d+(?:,\d*)?\}|[\d()|?]")


class UnknownPattern(ValueError):
    """The metadata uses a construct that this module does not know."""


def one_of(mask: int) -> Expression:
    """One digit out of a bit mask."""
    return ("digit", mask)


def then(first: Expression, second: Expression) -> Expression:
    """One after the other."""
    if NEVER in (first, second):
        return NEVER
    if first == NOTHING:
        return second
    if second == NOTHING:
        return first
    if first[0] == "then":
        return ("then", first[1], then(first[2], second))  # type: ignore[arg-type]
    return ("then", first, second)


def either(choices: frozenset[Expression]) -> Expression:
    """Any of them."""
    flat = frozenset(each for choice in choices for each in (choice[1] if choice[0] == "either" else (choice,)))  # type: ignore[attr-defined]
    flat -= {NEVER}
    if len(flat) < 2:
        return next(iter(flat), NEVER)
    return ("either", flat)


ANYTHING: Expression = ("anything",)  # any digits, or none


@cache
def is_complete(expression: Expression) -> bool:
    """True where nothing more need follow."""
    match expression:
        case ("nothing",) | ("anything",):
            return True
        case ("then", first, second):
            return is_complete(first) and is_complete(second)
        case ("either", choices):
            return any(map(is_complete, choices))
    return False


@cache
def after(expression: Expression, digit: int) -> Expression:
    """What must follow the digit."""
    match expression:
        case ("digit", mask):
            return NOTHING if mask >> digit & 1 else NEVER
        case ("anything",):
            return ANYTHING
        case ("then", first, second):
            rest = then(after(first, digit), second)
            return either(frozenset({rest, after(second, digit)})) if is_complete(first) else rest
        case ("either", choices):
            return either(frozenset(after(each, digit) for each in choices))
    return NEVER


@cache
def lengths(expression: Expression) -> frozenset[int]:
    """How many digits it can match in all."""
    match expression:
        case ("nothing",):
            return frozenset({0})
        case ("digit", _):
            return frozenset({1})
        case ("then", first, second):
            return frozenset(a + b for a in lengths(first) for b in lengths(second))
        case ("either", choices):
            return frozenset(n for each in choices for n in lengths(each))
    return frozenset()


@cache
def parse(pattern: str) -> Expression:
    """Read one pattern of the metadata.

    Raises:
        UnknownPattern: it has something else than digits, classes, groups, alternatives and bounded repetition.
    """
    tokens = _TOKEN.findall(pattern)
    if "".join(tokens) != pattern:
        raise UnknownPattern("a pattern of the phonenumbers metadata is of an unknown kind")
    tokens.reverse()
    expression = _alternatives(tokens)
    if tokens:
        raise UnknownPattern("a pattern of the phonenumbers metadata has unbalanced brackets")
    return expression


def _alternatives(tokens: list[str]) -> Expression:
    choices = [_sequence(tokens)]
    while tokens and tokens[-1] == "|":
        tokens.pop()
        choices.append(_sequence(tokens))
    return either(frozenset(choices))


def _sequence(tokens: list[str]) -> Expression:
    items = []
    while tokens and tokens[-1] not in "|)":
        items.append(_repeated(_atom(tokens), tokens))
    sequence = NOTHING
    for item in reversed(items):
        sequence = then(item, sequence)
    return sequence


def _atom(tokens: list[str]) -> Expression:
    token = tokens.pop()
    if token in ("(", "(?:"):
        inner = _alternatives(tokens)
        if not tokens or tokens.pop() != ")":
            raise UnknownPattern("a pattern of the phonenumbers metadata has unbalanced brackets")
        return inner
    if token == r"\d":
        return one_of(ANY_DIGIT)
    if token.isdigit():
        return one_of(1 << int(token))
    if token.startswith("["):
        return one_of(sum(1 << digit for digit in range(10) if re.match(token, str(digit))))
    raise UnknownPattern("a pattern of the phonenumbers metadata repeats nothing")


def _repeated(item: Expression, tokens: list[str]) -> Expression:
    if not tokens or tokens[-1][0] not in "?{":
        return item
    least, _, most = ("0", ",", "1") if (token := tokens.pop()) == "?" else token[1:-1].partition(",")
    if token.endswith(",}"):
        raise UnknownPattern("a pattern of the phonenumbers metadata has no upper bound")
    repeated = NOTHING
    for count in range(int(most or least), 0, -1):
        repeated = then(item, repeated)
        if count > int(least):
            repeated = either(frozenset({NOTHING, repeated}))
    return repeated
