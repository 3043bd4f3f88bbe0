"""Numbering plans: phonenumbers' metadata as one automaton, compiled region by region on first use.

A *plan* is what phonenumbers calls the metadata of a region or of a calling code without one. Walking a number's digits
from its plan's start state ends in a state whose `Verdict` says all that parsing and validating ask of the patterns.
What is looked up by a number's first digits or its length is in `tables`; how a batch is led through, in `fast`.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata

from fbcheck_pipeline.phones.outcomes import COUNTRIES, LINE_TYPES
from fbcheck_pipeline.phones.patterns import (
    ANYTHING,
    NEVER,
    NOTHING,
    Expression,
    UnknownPattern,
    after,
    either,
    is_complete,
    lengths,
    one_of,
    parse,
    then,
)

SYMBOLS = 16  # ten digits, `END`, and up to a power of two: state + symbol is the index into the table
END = 10  # the symbol after the last digit; the state stays
# In the order in which phonenumbers asks for them; then fixed line and mobile.
_SPECIAL_TYPES = ("premium_rate", "toll_free", "shared_cost", "voip", "personal_number", "pager", "uan", "voicemail")

# A region's plan has its index in COUNTRIES; that of "001" is never used, since each of its calling codes has a plan.
NON_GEOGRAPHICAL = tuple(code for code, regions in COUNTRY_CODE_TO_REGION_CODE.items() if regions == ("001",))
PLAN_COUNT = len(COUNTRIES) + len(NON_GEOGRAPHICAL)
_CODES = {region: code for code, regions in COUNTRY_CODE_TO_REGION_CODE.items() for region in regions}
_COUNTRY_INDEX = {region: index for index, region in enumerate(COUNTRIES)}

State = frozenset[tuple[str, str, Expression]]


class Verdict(NamedTuple):
    """What a number is in a plan.

    `is_general`: it matches the general description. `has_prefix`: it begins with the plain national prefix.
    `has_other_prefix`: it begins with what the metadata treats in another way (carrier codes, local numbers).
    `country`, `line_type`: indices into COUNTRIES and LINE_TYPES; line_type is -1 where it is not valid.
    """

    is_general: Any
    has_prefix: Any
    has_other_prefix: Any
    country: Any
    line_type: Any


class Automaton:
    """All plans that were compiled so far.

    `table[state + symbol]` is the next state; states are multiples of SYMBOLS. `is_final[state // SYMBOLS]`: no digit
    changes it any more. The columns of `verdict` are the fields of `Verdict`, each an array over states.
    """

    def __init__(self) -> None:
        self.starts: NDArray[np.int64] = np.full(PLAN_COUNT, -1, np.int64)
        self.table: NDArray[np.int64] = np.zeros(0, np.int64)
        self.is_final: NDArray[np.bool_] = np.zeros(0, np.bool_)
        self.verdict = Verdict(*(np.zeros(0, kind) for kind in (bool, bool, bool, np.int64, np.int64)))
        self._starts: dict[int, int] = {}
        self._ids: dict[State, int] = {}
        self._verdicts: list[Verdict] = []
        self._rows: list[list[int]] = []
        self._compile(frozenset(), ())
        self.publish()

    def add(self, plan: int) -> None:
        """Compile one plan; it counts after `publish`.

        Raises:
            UnknownPattern: its patterns are of an unknown kind.
        """
        self._starts[plan] = self._compile(_start_state(plan), _regions_of(plan))

    def publish(self) -> None:
        """Append what was added to the arrays."""
        known = len(self.is_final)
        rows = np.array(self._rows[known:], np.int64).reshape(-1, SYMBOLS)
        is_final = (rows == np.arange(known, len(self._rows))[:, None]).all(axis=1)
        self.is_final = np.concatenate([self.is_final, is_final])
        self.table = np.concatenate([self.table, (rows * SYMBOLS).reshape(-1)])
        added = zip(*self._verdicts[known:], strict=True)
        self.verdict = Verdict(*(np.append(old, new) for old, new in zip(self.verdict, added, strict=True)))
        for plan, start in self._starts.items():
            self.starts[plan] = start * SYMBOLS

    def _compile(self, start: State, regions: tuple[str, ...]) -> int:
        todo = [start] if start not in self._ids else []
        self._number(start, regions)
        while todo:
            state = todo.pop()
            row = self._rows[self._ids[state]]
            for digit in range(10):
                following = frozenset((*label, rest) for *label, e in state if (rest := after(e, digit)) != NEVER)
                if following not in self._ids:
                    self._number(following, regions)
                    todo.append(following)
                row[digit] = self._ids[following]
        return self._ids[start]

    def _number(self, state: State, regions: tuple[str, ...]) -> None:
        if state not in self._ids:
            self._ids[state] = len(self._ids)
            self._verdicts.append(_verdict(state, regions))
            self._rows.append([len(self._rows)] * SYMBOLS)


def code_of(plan: int) -> int:
    """The plan's calling code."""
    return _CODES[COUNTRIES[plan]] if plan < len(COUNTRIES) else NON_GEOGRAPHICAL[plan - len(COUNTRIES)]


def _regions_of(plan: int) -> tuple[str, ...]:
    return COUNTRY_CODE_TO_REGION_CODE[code_of(plan)]


@cache
def metadata_of(plan: int) -> PhoneMetadata:
    """phonenumbers' own metadata of a plan."""
    if plan < len(COUNTRIES):
        return PhoneMetadata.metadata_for_region(COUNTRIES[plan])
    return PhoneMetadata.metadata_for_nongeo_region(code_of(plan))


def _start_state(plan: int) -> State:
    metadata = metadata_of(plan)
    labelled = {("general", "", parse(metadata.general_desc.national_number_pattern))}
    plain, other = prefixes_of(metadata)
    labelled |= {("prefix", "", then(parse(plain), ANYTHING))} if plain else set()
    labelled |= {("other_prefix", "", other)} if other != NEVER else set()
    for region in _regions_of(plan):
        labelled |= _labelled(region, metadata if region == "001" else PhoneMetadata.metadata_for_region(region))
    return frozenset(labelled)


def _labelled(region: str, metadata: PhoneMetadata) -> set[tuple[str, str, Expression]]:
    labelled = {("region_general", region, parse(metadata.general_desc.national_number_pattern))}
    if metadata.leading_digits:
        labelled.add(("leading", region, then(parse(metadata.leading_digits), ANYTHING)))
    for name in (*_SPECIAL_TYPES, "fixed_line", "mobile"):
        description = getattr(metadata, name)
        if description is None or not description.national_number_pattern:
            continue
        pattern = parse(description.national_number_pattern)
        if description.possible_length and not lengths(pattern) <= set(description.possible_length):
            raise UnknownPattern("a pattern of the phonenumbers metadata is wider than its possible lengths")
        labelled.add((name, region, pattern))
    return labelled


def prefixes_of(metadata: PhoneMetadata) -> tuple[str, Expression]:
    """The alternative of `national_prefix_for_parsing` that is plain digits, and all others as 'begins with'.

    `$` ends an alternative that is the whole number. A match of nothing changes nothing, so it counts as none.
    """
    pattern = metadata.national_prefix_for_parsing or ""
    choices = _top_level(pattern)
    plain = [choice for choice in choices if choice.isdigit()]
    others = [choice for choice in choices if choice and choice != (plain or [None])[0]]
    wholes = [parse(choice[:-1]) if choice.endswith("$") else _beginning(parse(choice)) for choice in others]
    return (plain or [""])[0], either(frozenset(wholes))


def _beginning(expression: Expression) -> Expression:
    return either(frozenset(then(one_of(1 << d), then(after(expression, d), ANYTHING)) for d in range(10)))


def _top_level(pattern: str) -> list[str]:
    choices, depth = [""], 0
    for char in pattern:
        depth += (char == "(") - (char == ")")
        if char == "|" and depth == 0:
            choices.append("")
        else:
            choices[-1] += char
    return choices


def _verdict(state: State, regions: tuple[str, ...]) -> Verdict:
    complete = {(name, region) for name, region, expression in state if is_complete(expression)}
    leads = {region for region in regions if _leading_digits(region) is not None}
    country, line_type = -1, -1
    for region in regions:
        line_type = _line_type(complete, region)
        if ("leading", region) in complete or (region not in leads and line_type >= 0):
            country = _COUNTRY_INDEX[region]
            break
        line_type = -1
    general, prefix, other = (((name, "") in complete) for name in ("general", "prefix", "other_prefix"))
    return Verdict(general, prefix, other, country if line_type >= 0 else -1, line_type)


@cache
def _leading_digits(region: str) -> str | None:
    return None if region == "001" else PhoneMetadata.metadata_for_region(region).leading_digits


def _line_type(complete: set[tuple[str, str]], region: str) -> int:
    """Index into LINE_TYPES, in the order of phonenumbers' own questions; -1 where the number is not valid."""
    if ("region_general", region) not in complete:
        return -1
    for name in _SPECIAL_TYPES:
        if (name, region) in complete:
            return LINE_TYPES.index(name)
    fixed, mobile = ("fixed_line", region) in complete, ("mobile", region) in complete
    if fixed and mobile:
        return LINE_TYPES.index("fixed_line_or_mobile")
    return LINE_TYPES.index("fixed_line") if fixed else LINE_TYPES.index("mobile") if mobile else -1
