"""phonenumbers' metadata as one automaton, compiled territory by territory on first use.

Walking a number's digits from its territory's start state ends in a state whose `StateFacts` says all that parsing and validating
ask of the patterns. What is looked up by first digits or length is in `lookups`; how a batch is led through, in `fast_path`.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata, PhoneNumberDesc, PhoneNumberType

from fbcheck_pipeline.phones.fast.patterns import (
    ANYTHING,
    NEVER,
    Expression,
    Mark,
    UnknownPattern,
    after,
    either,
    followers,
    lengths,
    marked,
    marks,
    one_of,
    parse,
    then,
)
from fbcheck_pipeline.phones.fast.terms import COUNTRIES, NONE, TERRITORY_COUNT, code_of

FEWEST, FEWEST_ABROAD = 4, 6  # digits of a number anywhere, without and with a country code
FEWEST_OF_TWO = 5  # digits of each of two numbers side by side; fewer are a group rather
SYMBOLS = 16  # ten digits, `END`, and up to a power of two: state + symbol is the index into the table
END = 10  # the symbol after the last digit; the state stays
_GENERAL, _PREFIX, _OTHER_PREFIX = (("general", ""), ("prefix", ""), ("other_prefix", ""))
# In the order in which phonenumbers asks for them; then fixed line and mobile.
_SPECIAL_TYPES = ("premium_rate", "toll_free", "shared_cost", "voip", "personal_number", "pager", "uan", "voicemail")

_COUNTRY_INDEX = {region: index for index, region in enumerate(COUNTRIES)}


class StateFacts(NamedTuple):
    """What a number is in a territory.

    `is_general`: it matches the general description. `has_prefix`: it begins with the plain national prefix.
    `has_other_prefix`: it begins with what the metadata treats in another way (carrier codes, local numbers).
    `country`: index into COUNTRIES; `line_type`: a PhoneNumberType. Both NONE where it is not valid.
    """

    is_general: Any
    has_prefix: Any
    has_other_prefix: Any
    country: Any
    line_type: Any


class Automaton:
    """All territories that were compiled so far.

    `table[state + symbol]` is the next state; states are multiples of SYMBOLS. `is_final[state // SYMBOLS]`: no digit
    changes it any more. The columns of `facts` are the fields of `StateFacts`, each an array over states.
    """

    def __init__(self) -> None:
        self.starts: NDArray[np.int64] = np.full(TERRITORY_COUNT, -1, np.int64)
        self.table: NDArray[np.int64] = np.zeros(0, np.int64)
        self.is_final: NDArray[np.bool_] = np.zeros(0, np.bool_)
        self.facts = StateFacts(*(np.zeros(0, kind) for kind in (bool, bool, bool, np.int64, np.int64)))
        self._starts: dict[int, int] = {}
        self._ids: dict[Expression, int] = {}
        self._new_facts: list[StateFacts] = []
        self._new_rows: list[list[int]] = []
        self._compile(NEVER, ())
        self.publish()

    def add(self, territory: int) -> None:
        """Compile one territory; it counts after `publish`.

        Raises:
            UnknownPattern: its patterns are of an unknown kind.
        """
        self._starts[territory] = self._compile(_start_state(territory), COUNTRY_CODE_TO_REGION_CODE[code_of(territory)])

    def publish(self) -> None:
        """Append what was added to the arrays, and give back what only compiling needs: of a dozen territories, megabytes."""
        known = len(self.is_final)
        rows = np.array(self._new_rows, np.int64).reshape(-1, SYMBOLS)
        is_final = (rows == np.arange(known, known + len(rows))[:, None]).all(axis=1)
        self.is_final = np.concatenate([self.is_final, is_final])
        self.table = np.concatenate([self.table, (rows * SYMBOLS).reshape(-1)])
        if self._new_facts:  # two territories may be one and the same
            added = zip(*self._new_facts, strict=True)
            self.facts = StateFacts(*(np.append(old, new) for old, new in zip(self.facts, added, strict=True)))
        for territory, start in self._starts.items():
            self.starts[territory] = start * SYMBOLS
        self._new_facts.clear()
        self._new_rows.clear()
        followers.cache_clear()
        lengths.cache_clear()

    def _compile(self, start: Expression, regions: tuple[str, ...]) -> int:
        known, todo = len(self.is_final), self._number(start, regions)
        while todo:
            state = todo.pop()
            row = self._new_rows[self._ids[state] - known]
            row[:10] = [self._ids[NEVER]] * 10
            for mask, following in followers(state):
                todo += self._number(following, regions)
                for digit in range(10):
                    if mask >> digit & 1:
                        row[digit] = self._ids[following]
        return self._ids[start]

    def _number(self, state: Expression, regions: tuple[str, ...]) -> list[Expression]:
        """Give the state a number; a list of it where it is new."""
        if state in self._ids:
            return []
        number = self._ids[state] = len(self.is_final) + len(self._new_facts)
        self._new_facts.append(_facts_of(marks(state), regions))
        self._new_rows.append([number] * SYMBOLS)
        return [state]


def metadata_for(region: str) -> PhoneMetadata:
    """phonenumbers' own metadata of a region that it supports."""
    metadata = PhoneMetadata.metadata_for_region(region)
    assert metadata is not None
    return metadata


@cache
def metadata_of(territory: int) -> PhoneMetadata:
    """phonenumbers' own metadata of a territory."""
    if territory < len(COUNTRIES):
        return metadata_for(COUNTRIES[territory])
    metadata = PhoneMetadata.metadata_for_nongeo_region(code_of(territory))
    assert metadata is not None
    return metadata


def metadata_by_region(territory: int) -> dict[str, PhoneMetadata]:
    """That of all regions of the territory's calling code, the main one first."""
    own, regions = metadata_of(territory), COUNTRY_CODE_TO_REGION_CODE[code_of(territory)]
    return {region: own if region == "001" else metadata_for(region) for region in regions}


@cache
def fewest_digits(region: str | None) -> int:
    """A cell with fewer holds no number of the region, nor one with a country code. Without a region, a number anywhere has four."""
    territories = metadata_by_region(COUNTRIES.index(region)).values() if region else ()
    return min((length for each in territories for length in (*general_of(each).possible_length, FEWEST_ABROAD)), default=FEWEST)


@cache
def lengths_of_two(region: str) -> frozenset[int]:
    """Digits of national numbers that may be two numbers side by side, where no trunk 0 shows where the second begins."""
    metadata = PhoneMetadata.metadata_for_region(region)
    if metadata is None or metadata.national_prefix == "0":
        return frozenset()  # nor of numbers of no region
    known = {length for each in (metadata.fixed_line, metadata.mobile) if each for length in each.possible_length}
    long_enough = [length for length in known if length >= FEWEST_OF_TWO]
    return frozenset(one + other for one in long_enough for other in long_enough if one + other in known)


@cache
def has_open_plan(region: str | None) -> bool:
    """True where a 0 is written before national numbers, and those of fixed lines have several lengths, as local ones do."""
    metadata = PhoneMetadata.metadata_for_region(region) if region else None
    if metadata is None or metadata.fixed_line is None or len(metadata.fixed_line.possible_length) == 1:
        return False
    return any(re.match(r"\(?0", each.national_prefix_formatting_rule or "") for each in metadata.number_format)


def emergency_pattern(region: str) -> str:
    """What the region's emergency numbers are like; nothing where it has none."""
    short = PhoneMetadata.short_metadata_for_region(region)
    return (short.emergency.national_number_pattern or "") if short and short.emergency else ""


def general_of(metadata: PhoneMetadata) -> PhoneNumberDesc:
    """The description that every number of a territory meets."""
    assert metadata.general_desc is not None
    return metadata.general_desc


def _start_state(territory: int) -> Expression:
    metadata = metadata_of(territory)
    plain, other = prefixes_of(metadata)
    patterns = [marked(_general(metadata), _GENERAL), marked(other, _OTHER_PREFIX)]
    patterns += [marked(then(parse(plain), ANYTHING), _PREFIX)] if plain else []
    for region, metadata_there in metadata_by_region(territory).items():
        patterns += _patterns_of(region, metadata_there)
    return either(*patterns)


def _general(metadata: PhoneMetadata) -> Expression:
    return parse(general_of(metadata).national_number_pattern or "")


def _patterns_of(region: str, metadata: PhoneMetadata) -> list[Expression]:
    patterns = [marked(_general(metadata), ("region_general", region))]
    if metadata.leading_digits:
        patterns.append(marked(then(parse(metadata.leading_digits), ANYTHING), ("leading", region)))
    for name in (*_SPECIAL_TYPES, "fixed_line", "mobile"):
        description = getattr(metadata, name)
        if description is None or not description.national_number_pattern:
            continue
        pattern = parse(description.national_number_pattern)
        if description.possible_length and not lengths(pattern) <= set(description.possible_length):
            raise UnknownPattern("a pattern of the phonenumbers metadata is wider than its possible lengths")
        patterns.append(marked(pattern, (name, region)))
    return patterns


def prefixes_of(metadata: PhoneMetadata) -> tuple[str, Expression]:
    """The plain national prefix, and 'begins with' all else that `national_prefix_for_parsing` matches.

    Plain is one that goes without a trace, whatever follows. A match of nothing changes nothing, so it counts as none.
    """
    pattern = metadata.national_prefix_for_parsing or ""
    choices = _top_level(pattern)
    prefix = either(*(parse(choice) for choice in choices if choice and not choice.endswith("$")))
    whole = either(*(parse(choice[:-1]) for choice in choices if choice.endswith("$")))
    candidates = [metadata.national_prefix or "", *filter(str.isdigit, choices)]
    plain = next((each for each in candidates if each and _is_plain(each, metadata)), "")
    return plain, either(_others(prefix, plain), whole)


def _is_plain(prefix: str, metadata: PhoneMetadata) -> bool:
    match = re.fullmatch(metadata.national_prefix_for_parsing or "", prefix)
    return match is not None and (not metadata.national_prefix_transform_rule or match[match.re.groups] is None)


def _others(rest: Expression, plain: str, begun: bool = False) -> Expression:
    """Begins with a word of the language other than the plain one, and other than nothing."""
    if plain and begun and rest.is_complete:
        return ANYTHING
    others = [then(one_of(mask & ~_mask_of(plain[:1])), then(more, ANYTHING)) for mask, more in followers(rest)]
    if plain:
        others.append(then(one_of(_mask_of(plain[0])), _others(after(rest, int(plain[0])), plain[1:], True)))
    return either(*others)


def _mask_of(digit: str) -> int:
    return 1 << int(digit) if digit else 0


def _top_level(pattern: str) -> list[str]:
    choices, depth = [""], 0
    for char in pattern:
        depth += (char == "(") - (char == ")")
        if char == "|" and depth == 0:
            choices.append("")
        else:
            choices[-1] += char
    return choices


@cache
def _facts_of(complete: frozenset[Mark], regions: tuple[str, ...]) -> StateFacts:
    leads = {region for region in regions if _leading_digits(region) is not None}
    country, line_type = NONE, NONE
    for region in regions:
        line_type = _line_type(complete, region)
        if ("leading", region) in complete or (region not in leads and line_type >= 0):
            country = _COUNTRY_INDEX[region]
            break
        line_type = NONE
    general, prefix, other = (mark in complete for mark in (_GENERAL, _PREFIX, _OTHER_PREFIX))
    return StateFacts(general, prefix, other, country if line_type >= 0 else NONE, line_type)


@cache
def _leading_digits(region: str) -> str | None:
    return None if region == "001" else metadata_for(region).leading_digits


def _line_type(complete: frozenset[Mark], region: str) -> int:
    """In the order of phonenumbers' own questions; NONE where the number is not valid."""
    if ("region_general", region) not in complete:
        return NONE
    for name in _SPECIAL_TYPES:
        if (name, region) in complete:
            return int(getattr(PhoneNumberType, name.upper()))
    fixed, mobile = ("fixed_line", region) in complete, ("mobile", region) in complete
    if fixed and mobile:
        return PhoneNumberType.FIXED_LINE_OR_MOBILE
    return PhoneNumberType.FIXED_LINE if fixed else PhoneNumberType.MOBILE if mobile else NONE
