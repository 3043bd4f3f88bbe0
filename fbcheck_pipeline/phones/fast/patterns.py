"""Regular expressions over digits as automata: what phonenumbers' metadata is written in, made fit for whole arrays.

An expression is the state of an automaton: `after(e, 7)` is what must follow a 7, and `marks(e)` are the names of the
patterns that are complete here. Equal expressions are one object. Knows the few constructs that the metadata uses and
refuses any other (`UnknownPattern`), so that a new one cannot be misread. What makes up a territory is in `territories`.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Literal

Kind = Literal["never", "nothing", "anything", "mark", "digit", "then", "either"]
Mark = tuple[str, str]

ANY_DIGIT = 0b11_1111_1111
_TOKEN = re.compile(r"\\d|\(\?:|\[[\d-]+\]|\{\d+(?:,\d*)?\}|[\d()|?]")


class UnknownPattern(ValueError):
    """The metadata uses a construct that this module does not know."""


class Expression:
    """One expression; made by the functions below only, which never make an equal one twice."""

    __slots__ = ("is_complete", "kind", "mark", "mask", "parts")
    is_complete: bool

    def __init__(self, kind: Kind, mask: int, parts: tuple[Expression, ...], mark: Mark | None) -> None:
        self.kind = kind
        self.mask = mask  # of a digit: which ones it may be
        self.parts = parts  # of `then`: first and second; of `either`: the choices
        self.mark = mark
        if kind == "then":
            first, second = parts
            self.is_complete = first.is_complete and second.is_complete
        else:
            self.is_complete = kind in ("nothing", "anything", "mark") or any([part.is_complete for part in parts])


@cache
def _made(kind: Kind, mask: int = 0, parts: tuple[Expression, ...] = (), mark: Mark | None = None) -> Expression:
    return Expression(kind, mask, parts, mark)


NEVER, NOTHING, ANYTHING = _made("never"), _made("nothing"), _made("anything")


def one_of(mask: int) -> Expression:
    """One digit out of a bit mask."""
    return _made("digit", mask) if mask else NEVER


def marked(expression: Expression, mark: Mark) -> Expression:
    """The expression, and where it is complete, its mark."""
    return then(expression, _made("mark", mark=mark))


def then(first: Expression, second: Expression) -> Expression:
    """One after the other."""
    if first is NEVER or second is NEVER:
        return NEVER
    if first is NOTHING or second is NOTHING:
        return second if first is NOTHING else first
    if first.kind == "then":
        return then(first.parts[0], then(first.parts[1], second))
    return _made("then", 0, (first, second))


def either(*choices: Expression) -> Expression:
    """Any of them."""
    if len(choices) == 1:
        return choices[0]
    flat = {each for choice in choices for each in (choice.parts if choice.kind == "either" else (choice,))} - {NEVER}
    if len(flat) < 2:
        return next(iter(flat), NEVER)
    return _made("either", 0, tuple(sorted(flat, key=id)))


@cache
def followers(expression: Expression) -> tuple[tuple[int, Expression], ...]:
    """What may come next: bit masks of digits, none in two of them, each with what must follow any of its digits."""
    if expression.kind == "digit":
        return ((expression.mask, NOTHING),)
    if expression is ANYTHING:
        return ((ANY_DIGIT, ANYTHING),)
    if expression.kind != "then":
        return _merged([follower for part in expression.parts for follower in followers(part)])
    first, second = expression.parts
    begun = tuple([(mask, then(rest, second)) for mask, rest in followers(first)])
    return _merged([*begun, *followers(second)]) if first.is_complete else begun


def _merged(pieces: list[tuple[int, Expression]]) -> tuple[tuple[int, Expression], ...]:
    merged: list[tuple[int, tuple[Expression, ...]]] = [(ANY_DIGIT, ())]
    for mask, rest in pieces:
        cut = [(old & mask, (*rests, rest)) for old, rests in merged if old & mask]
        merged = cut + [(old & ~mask, rests) for old, rests in merged if old & ~mask]
    return tuple((mask, either(*rests)) for mask, rests in merged if rests)


def after(expression: Expression, digit: int) -> Expression:
    """What must follow the digit."""
    return next((rest for mask, rest in followers(expression) if mask >> digit & 1), NEVER)


def marks(expression: Expression) -> frozenset[Mark]:
    """Of everything that is complete here."""
    if not expression.is_complete:
        return frozenset()
    if expression.mark:
        return frozenset({expression.mark})
    if expression.kind == "then":
        return marks(expression.parts[1])
    return frozenset().union(*map(marks, expression.parts))


@cache
def lengths(expression: Expression) -> frozenset[int]:
    """How many digits it can match in all; not for one that ends in anything."""
    if expression.kind == "then":
        first, second = map(lengths, expression.parts)
        return frozenset(a + b for a in first for b in second)
    if expression.kind == "either":
        return frozenset().union(*map(lengths, expression.parts))
    return frozenset({1 if expression.kind == "digit" else 0})


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
    return either(*choices)


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
        return one_of(_mask_of_class(token))
    raise UnknownPattern("a pattern of the phonenumbers metadata repeats nothing")


@cache
def _mask_of_class(token: str) -> int:
    return sum(1 << digit for digit in range(10) if re.match(token, str(digit)))


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
            repeated = either(NOTHING, repeated)
    return repeated
