"""One cell, carefully: its text becomes one outcome or several.

`text` takes the cell apart and cleans each part; here each part is read, and where two readings are honest, none is taken:
either every number of the cell, whole, or a reason. What a clean number means is in `reference`. The fast path does the same for
plain cells; where both answer, they agree.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import partial
from types import MappingProxyType
from typing import NamedTuple

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, country_code_for_region

from fbcheck_pipeline.model.reasons import EXCLUDED_LINE_TYPES, RejectReason
from fbcheck_pipeline.phones.careful.reference import (
    PhoneOutcome,
    area_of,
    has_own_groups,
    has_short_numbers,
    has_trunk_zero,
    is_certainly_none,
    is_emergency,
    is_own_format,
    read,
    read_linked,
    rejected,
)
from fbcheck_pipeline.phones.fast.terms import MAX_EMERGENCY_DIGITS, Says
from fbcheck_pipeline.phones.fast.territories import FEWEST, fewest_digits, has_open_plan, lengths_of_two
from fbcheck_pipeline.text import decorations, digit_runs, few_digits, labelled, labels, other_readings, parts_apart
from fbcheck_pipeline.text.cell_words import LABELS
from fbcheck_pipeline.text.cleaning import CELL, EACH_PART, WHOLE_TEXT, WORDS, cleaned, wordless
from fbcheck_pipeline.text.countries import regions_named
from fbcheck_pipeline.text.decorations import MIN_PART_DIGITS, Reject, digit_count, digits_and_plus_in, digits_in
from fbcheck_pipeline.text.other_readings import Area
from fbcheck_pipeline.text.splitting import BRACKETED_AREA, MIN_RESTART_DIGITS, SEPARATORS, cuts, long_list, restarts
from fbcheck_pipeline.text.uris import segments

SPLIT = "Splits a cell that holds several numbers."
LINKED = "Takes the number out of a WhatsApp link or address; such numbers are international."
ALONE = "Takes the only number that is left without a count, an hour or a fraction beside it."
NAMED = "Reads the number in the country that stands beside it."
LABELLED = "Drops what stands before the label of a telephone."

_CALLING_CODES = frozenset(map(str, COUNTRY_CODE_TO_REGION_CODE))
MOST_COUNT_DIGITS = 5
"""Of a count or post code before a number."""

LONGEST_CODE = 3
"""Digits of a country's code."""
MOST_TRIED, SHORT_CELL = 50, 20
"""A cell's texts are tried up to so many times its length, and so many characters more."""
MIN_DIGITS_BESIDE = 5
"""Of a number beside others: fewer are a count or an amount rather."""

# What nobody but a telephone is written like; a bracket holds an area code, and no words, so that it closes behind digits.
_WRITTEN = re.compile(r"[(\[]*\+|0|[(\[]+0[\d\s.\-/]*[)\]]|\(\d+\)")
_AREA_FIRST = re.compile(rf"[^\d+(]*{BRACKETED_AREA}")
_DIGITS_ONLY = re.compile(r"\+?\d+")
_BARE = re.compile(r"[\d\s\-./()]+")
_ENDS_IN_BLANK = re.compile(r"[\d)\]]\s+$")
# An international prefix is dialled in one go; here a trunk 0 was written twice.
_PARTED_ZEROS = re.compile(r"[+(\[\s]*0[^\d]+0")
_CODE_BEHIND = re.compile(r"(?<![#\d])(\d{2,3}) +$")
_AREA_CODE = re.compile(r"[(\[]\d{2,}")
_BRACKETED_CODE = re.compile(r"\+\s*[(\[]\s*(\d+)\s*[)\]]")
_CODE_IN_BRACKETS = re.compile(r"[(\[]\s*\+\s*(\d+)\s*[)\]]")
_TAIL = re.compile(r"(?:\s*[-/~\n]\s*\d{1,4})+[\s)\]]*$|\s*[(\[]\d{1,4}[\s)\]]*$")
_POINT = re.compile(r"[.\-]$")
_GROUP = re.compile(r"\d+")
_COUNT_APART = re.compile(r"[1-9]\s+\d")
_CUT = re.compile(r"[-/~\n(\[]\s*(\d+)")


class _TooManyReadings(Exception):
    """Where so many texts of a cell may be its numbers, nobody can tell which are meant."""


class _Effort:
    """Counts the characters of all texts that are tried for one cell, so that what it costs is bounded by its length."""

    def __init__(self, cell: str) -> None:
        self.left = MOST_TRIED * (len(cell) + SHORT_CELL)

    def spend(self, text: str) -> None:
        """Count one try.

        Raises:
            _TooManyReadings: there were too many.
        """
        self.left -= len(text) + 1
        if self.left < 0:
            raise _TooManyReadings


class _Reader(NamedTuple):
    """Reads the numbers of one cell.

    known: what numbers are for this region and column, as far as they were read. said: sentences of the rules that applied.
    effort: of the whole cell.
    """

    region: str | None
    column: Says
    known: dict[str, PhoneOutcome]
    said: list[str]
    effort: _Effort

    def read(self, core: str) -> PhoneOutcome:
        """The outcome of digits, separators and a plus at the front."""
        self.effort.spend(core)
        return self.read_digits(_dialled(core))

    def read_digits(self, number: str) -> PhoneOutcome:
        """The outcome of digits, with a plus at the front or without."""
        if number not in self.known:
            dialled = re.sub(r"^\+?00", "+", number) if self.region is None else number  # 00 and +00 mean +
            self.known[number] = read(dialled, self.region, self.column)
        return self.known[number]

    def is_number(self, core: str) -> bool:
        """True where `read` finds a number."""
        self.effort.spend(core)
        return self.are_number(_dialled(core))

    def are_number(self, digits: str) -> bool:
        """True where `read_digits` finds a number."""
        return self.may_be_number(digits) and self.read_digits(digits).is_number

    def may_be_number(self, digits: str) -> bool:
        """True unless `are_number` is False for a reason that takes no reading."""
        known = self.known.get(digits)
        return known.is_number if known else not is_certainly_none(digits, self.region, self.column)

    def number_in(self, text: str) -> PhoneOutcome | None:
        """The number of a text with or without words; None where there is none."""
        self.effort.spend(text)
        if digit_count(text) < fewest_digits(self.region) or (
            labels.has_no_words(text) and not self.may_be_number(_dialled(text))
        ):
            return None
        core = wordless(text).core
        return self.read_digits(_dialled(core)) if core and self.is_number(core) else None

    def silent(self) -> _Reader:
        """One for trials, which says nothing."""
        return _Reader(self.region, self.column, self.known, [], self.effort)


def _dialled(core: str) -> str:
    number = digits_and_plus_in(core)
    return "+" + number.lstrip("+") if number[:1] == "+" else number


def outcomes_of(
    text: str | None,
    region: str | None,
    column: Says = Says.NOTHING,
    applied: list[str] | None = None,
    known: Mapping[str, PhoneOutcome] = MappingProxyType({}),
) -> list[PhoneOutcome]:
    """Every phone of one cell, at least one outcome.

    Args:
        text: the cell as it came; None for a missing one.
        region: ISO region of numbers without country code; None where unknown.
        column: what the bare digits of the cell's column are.
        applied: where given, gets a sentence for each rule that changed something.
        known: what some numbers are for this region and column; saves reading them.
    """
    if text is None:
        return [rejected(RejectReason.EMPTY)]
    reader = _Reader(region, column, dict(known), applied if applied is not None else [], _Effort(text))
    if len(text) > decorations.MAX_CELL_LENGTH:
        return _in_long_list(text, reader)
    text = _from_label(text, reader)
    if reason := _reason_at_a_glance(text, reader):
        return [rejected(reason)]
    try:
        pieces = segments(cleaned(CELL, text, reader.said))
        if not any(piece.is_link for piece in pieces):
            return _beside_links(pieces[0].text, reader)
        reader.said.append(LINKED)
        found = [each for piece in pieces for each in (_linked if piece.is_link else _beside_links)(piece.text, reader)]
    except Reject as reject:
        return [rejected(reject.reason)]
    except _TooManyReadings:
        return [rejected(RejectReason.NOT_A_NUMBER)]
    return _all_or_none(list(dict.fromkeys(found)))


def _in_long_list(text: str, reader: _Reader) -> list[PhoneOutcome]:
    """The numbers of a cell that is too long for the rules, where each of its parts is a number on its own."""
    found: list[PhoneOutcome] = []
    parts = long_list(text) or []
    for part in parts:
        of_part = outcomes_of(part, reader.region, reader.column)
        if len(part) > decorations.MAX_CELL_LENGTH or not all(each.is_number for each in of_part):
            return [rejected(RejectReason.NOT_A_NUMBER)]
        if len(of_part) == 1 and _may_be_reference(part, _core_of_part(part), of_part[0]):
            return [rejected(RejectReason.LETTERS_IN_NUMBER)]
        found += of_part
    if not found or _is_shorthand(parts, 1, reader) or _drops_country(text, parts, found, reader):
        return [rejected(RejectReason.NOT_A_NUMBER)]
    reader.said.append(SPLIT)
    return _all_or_none(list(dict.fromkeys(found)))


def _from_label(text: str, reader: _Reader) -> str:
    """`Hauptstr. 12, 89073 Ulm, Tel. 0731 …`: the text from the label on; a country before it is needed. Then `lone_letters`."""
    plain = decorations.to_ascii(decorations.flags(text)).strip(few_digits.BLANKS)
    before = labelled.before_label(plain, most_digits_before_label(reader.region))
    goes = before != "" and not regions_named(before, LABELS)
    if goes:
        reader.said.append(LABELLED)
    left = plain[len(before) :] if goes else plain
    lettered = cleaned((labels.lone_letters,), left, reader.said)
    return lettered if goes or lettered != left else text


def most_digits_before_label(region: str | None) -> tuple[int, int]:
    """As `labelled.most_digits_before`, in a region."""
    return labelled.most_digits_before(fewest_digits(region), has_open_plan(region))


def _reason_at_a_glance(text: str, reader: _Reader) -> RejectReason | None:
    """Why a cell holds no number, as far as its shape tells, or that no run of its digits is one; None for any other cell."""
    plain = decorations.to_ascii(text).strip(few_digits.BLANKS)
    reason: RejectReason | None
    digits, fewest = digit_count(plain), fewest_digits(reader.region)
    if not digits or (digits <= MAX_EMERGENCY_DIGITS and is_emergency(digits_in(plain), reader.region)):
        return None
    if few_digits.is_amount_or_book(plain):
        return RejectReason.NOT_A_NUMBER
    if digits < fewest:
        longest, reason = digits, few_digits.reason_of(plain)
    elif (stretches := digit_runs.stretches_of(plain, fewest)) is None:
        return None
    else:
        longest, reason = max(map(digit_runs.digit_count, stretches)), _reason_of_runs(plain, stretches, fewest, reader)
    named = regions_named(decorations.to_ascii(decorations.flags(text)), LABELS) if reason and longest >= FEWEST else ()
    return None if any(fewest_digits(region) <= longest for region in named) else reason


def _reason_of_runs(plain: str, stretches: list[list[str]], fewest: int, reader: _Reader) -> RejectReason | None:
    numbers = [number for number, outcome in reader.known.items() if outcome.reason is None]
    if any(digit_runs.is_run(number, groups) for number in numbers for groups in stretches) or digit_runs.has_other(plain):
        return None  # before any is read
    of_stretches = (digit_runs.runs_of(groups, fewest, plain) for groups in stretches)
    return digit_runs.reason_of(plain, (_reasons_of(runs, reader) for runs in of_stretches))


def _reasons_of(runs: list[str], reader: _Reader) -> Iterator[RejectReason | None]:
    """Why each run is no number; of any but the first it does not matter, as long as it is none."""
    for place, run in enumerate(runs):
        may_be_number = place == 0 or reader.are_number(run)
        yield reader.read_digits(run).reason if may_be_number else RejectReason.INVALID_NUMBER


def bare_digits_of(text: str) -> str | None:
    """The digits of a cell that has digits and separators only, its decorations removed; None for any other cell."""
    try:
        clean = cleaned((*CELL, *WHOLE_TEXT, *EACH_PART, *WORDS), text)
    except Reject:
        return None
    return digits_in(clean) if _BARE.fullmatch(clean) and not decorations.is_ip_address(clean) else None


def _all_or_none(found: list[PhoneOutcome]) -> list[PhoneOutcome]:
    """Several phones of a cell, or one reason: where one of them is unclear, so is what the cell says."""
    unclear = [each for each in found if each.e164 is None and each.reason is not RejectReason.LINE_TYPE_EXCLUDED]
    return unclear[:1] or found


def _linked(digits: str, reader: _Reader) -> list[PhoneOutcome]:
    if "+" not in digits:
        return [read_linked(digits_in(digits), reader.region)]
    return [_one_number("+" + digits_in(digits), reader)]  # nothing else is in the link


def _beside_links(text: str, reader: _Reader) -> list[PhoneOutcome]:
    if any(map(reader.number_in, decorations.bare_prices_in(text))):
        raise Reject(RejectReason.AMBIGUOUS_RANGE)  # `2344 €` (LU): a price goes, a number does not
    text = cleaned(WHOLE_TEXT, text, reader.said)
    parts = parts_apart.parts_apart(text)
    if parts and reader.region and _has_part_without_number(text, parts, reader) and not parts_apart.may_go(text):
        raise Reject(parts_apart.reason_of(text, parts[0]))
    if any(map(reader.number_in, decorations.long_prices_in(text))):
        raise Reject(RejectReason.AMBIGUOUS_RANGE)
    return _numbers(text, 0, reader)


def _has_part_without_number(text: str, parts: list[str], reader: _Reader) -> bool:
    """`Cad. No: 12/3, Ali 0532 …`: True where words part digits that are none from numbers; not where another country is named."""
    fewest = fewest_digits(reader.region)
    few = [part for part in parts if digit_count(part) < fewest]
    long = [part for part in parts if digit_count(part) >= fewest]
    fewest_abroad = min(map(fewest_digits, regions_named(text, LABELS)), default=None)
    if parts[0] in few:  # no rule takes it off what another may hold
        return fewest_abroad is None or digit_count(parts[0]) < fewest_abroad
    if any(map(parts_apart.is_torn, long)):
        return False
    without = [part for part in long if not reader.are_number(_digits_of(part))]
    if not few + without or any(_may_hold_number(part, fewest, reader) for part in without):
        return False
    return fewest_abroad is None or (not without and all(digit_count(part) < fewest_abroad for part in few))


def _may_hold_number(part: str, fewest: int, reader: _Reader) -> bool:
    """True where a run that begins a part is a number, or one behind a count; of what begins later, more would have to go than a count."""
    groups = _GROUP.findall(part)
    heads = [groups, groups[1:]] if len(groups[0]) <= MOST_COUNT_DIGITS else [groups]
    runs = ("".join(head[:count]) for head in heads for count in range(1, len(head) + 1))
    signs = ("", "+") if "+" in part else ("",)
    return any(reader.are_number(sign + run) for run in runs if len(run) >= fewest for sign in signs)


def _digits_of(part: str) -> str:
    return "+" * digit_runs.begins_with_plus(part) + digits_in(part)


def _numbers(text: str, level: int, reader: _Reader) -> list[PhoneOutcome]:
    """Split at the strongest separator that leaves numbers only; else the text is one number."""
    reader.effort.spend(text)
    if _DIGITS_ONLY.fullmatch(text):
        return [reader.read(text)]
    for parts, below in cuts(text, level):
        if found := _several(parts, below, reader):
            reader.said.append(SPLIT)
            return [rejected(RejectReason.AMBIGUOUS_INTERNATIONAL)] if _drops_country(text, parts, found, reader) else found
    whole = _one_number(text, reader)
    if whole.is_number:
        return [whole]
    # Last, since blanks and zeros stand inside honest numbers, too; two numbers are too long to read as one.
    again = [parts for parts in restarts(text) if min(map(digit_count, parts)) >= MIN_PART_DIGITS]
    are_whole = len(again) == 1 and all(core is not None and reader.is_number(core) for core in map(_core_of_part, again[0]))
    found = _several(list(again[0]), len(SEPARATORS), reader) if are_whole else None
    if found and _ends_surely(again[0][0], digits_in(again[0][1]), reader):
        reader.said.append(SPLIT)
        return found
    return [whole]


def _several(parts: list[str], level: int, reader: _Reader) -> list[PhoneOutcome] | None:
    """The numbers of all parts; None where one is none, or may lack what stands in another."""
    fewest = fewest_digits(reader.region)
    if any(digit_count(part) < fewest and not regions_named(part, LABELS) for part in parts):
        return None
    found: list[PhoneOutcome] = []
    in_first, is_unclear, alone, bare = 0, False, {}, []
    for part in parts:
        of_part = _numbers(part, level, reader.silent())
        if not all(each.is_number for each in of_part):
            return None
        found += of_part
        in_first = in_first or len(of_part)
        if len(of_part) == 1:
            core = _core_of_part(part)
            is_unclear = is_unclear or _may_be_reference(part, core, of_part[0])
            alone[core or ""] = of_part[0]
            if not labels.has_letters(part):
                bare.append((core or "", of_part[0]))
    if is_unclear:
        return [rejected(RejectReason.LETTERS_IN_NUMBER)]
    if _may_end_earlier(alone, reader):
        return [rejected(RejectReason.AMBIGUOUS_RANGE)]
    if _is_shorthand(parts, in_first, reader):
        return None
    return [rejected(RejectReason.AMBIGUOUS_RANGE)] if _has_code(bare) else _all_or_none(found)


def _drops_country(text: str, parts: list[str], found: list[PhoneOutcome], reader: _Reader) -> bool:
    """`Deutschland, 0151 …, 0171 …`: True where words between the parts name another country, and a number is read at home."""
    countries = {each.country for each in found}
    if reader.region not in countries or all("+" in part for part in parts) or not labels.has_letters(text):
        return False
    return not regions_named(text, LABELS) <= countries.union(*(regions_named(part, LABELS) for part in parts))


def _core_of_part(part: str) -> str | None:
    """The digits and separators of one of several texts; None where something else is in it."""
    try:
        return wordless(cleaned(EACH_PART, part)).core
    except Reject:
        return None


def _may_end_earlier(outcomes: Mapping[str, PhoneOutcome], reader: _Reader) -> bool:
    """`030 1234 5678 12, 0664 123456`: True where a count may end a number of several; not where two or more digits end another grouped alike.

    Args:
        outcomes: by the digits and separators of their numbers.
    """
    groupings = Counter(map(_grouping_of, outcomes))
    for core, outcome in outcomes.items():
        head = other_readings.without_last_short_group(core)
        grouping = _grouping_of(core)
        is_alike = groupings[grouping] > 1 and grouping[-1] > 1
        if head and not is_alike and not is_own_format(core, outcome) and reader.number_in(head):
            return True
    return False


def _has_code(bare: list[tuple[str, PhoneOutcome]]) -> bool:
    """`0151 23456789, 263.620.824`: True for digits like a code's beside numbers of which none is grouped alike.

    Args:
        bare: the parts without words, by their digits and separators.
    """
    groupings = Counter(_grouping_of(core) for core, _ in bare)
    codes = [each for each in bare if not _WRITTEN.match(each[0]) and decorations.may_be_code(each[0])]
    return any(groupings[_grouping_of(core)] == 1 and not has_own_groups(core, outcome) for core, outcome in codes)


def _grouping_of(core: str) -> tuple[int, ...]:
    return tuple(map(len, _GROUP.findall(core)))


def _may_be_reference(part: str, core: str | None, outcome: PhoneOutcome) -> bool:
    """`22 11 22 33, order 99887766`: True where only the length of digits says that they are a number, and words beside them do not."""
    if digit_count(part) < MIN_DIGITS_BESIDE or decorations.may_be_time(part):
        return True
    has_other_words = labels.says_no_telephone(part)
    if core is None:
        return has_other_words
    if _WRITTEN.match(core):
        return (core.isdecimal() or decorations.is_code(core)) and labels.is_reference(part)
    if is_own_format(core, outcome):
        return has_other_words and len(_GROUP.findall(core)) == 1
    return has_other_words or decorations.is_code(core)


def _is_shorthand(parts: list[str], in_first: int, reader: _Reader) -> bool:
    """`030 1234567 / 7654321`: True where a part with the beginning of the first is another number than the part alone."""
    first, *others = map(digits_and_plus_in, parts)
    first = first[: len(first) // in_first]  # the first of several, about
    has_trunk = has_trunk_zero(reader.region)
    if has_trunk and in_first == 1 and len(first) < MIN_PART_DIGITS and first[:1] not in ("0", "+"):
        return True  # `12345; 0664 …`: rather a post code
    trunk = int(has_trunk and first.startswith("0"))
    for part, other in zip(parts[1:], others, strict=True):
        if other.startswith(("0", "+")) or _AREA_FIRST.match(part) or digit_count(other) >= digit_count(first) + trunk:
            continue
        alone = reader.read(other)
        if has_trunk and len(alone.e164 or "") != len(reader.read(first).e164 or ""):
            return True
        completed = (reader.read(first[:length] + other) for length in range(1, len(first)))
        if any(each.is_number and each.e164 != alone.e164 for each in completed):
            return True
    return False


def _ends_surely(core: str, following: str, reader: _Reader) -> bool:
    """True where a number can end nowhere else: not three digits earlier or later. Where lengths vary, nobody can tell."""
    number = digits_and_plus_in(core)
    others = [number[:-count] for count in (1, 2, 3)] + [number + following[:count] for count in (1, 2, 3)]
    return not any(map(reader.is_number, others))


def _one_number(text: str, reader: _Reader) -> PhoneOutcome:
    try:
        aside = labels.aside_of(text)
        if aside and reader.number_in(aside[1]):
            raise Reject(RejectReason.AMBIGUOUS_RANGE)
        text = cleaned(EACH_PART, text, reader.said)
        named = regions_named(text, LABELS) if labels.has_letters(text) else frozenset()
        if named - {reader.region}:
            return _in_named_country(text, named, reader)
        return _number_or_rest(text, reader)
    except Reject as reject:
        return rejected(reject.reason)


def _number_or_rest(text: str, reader: _Reader) -> PhoneOutcome:
    """The number of a text; where its digits together are none, the only number that is left without a count, an hour or a fraction.

    Raises:
        Reject: there is no honest number.
    """
    try:
        whole = _honest_number(text, reader)
    except Reject as reject:
        whole = rejected(reject.reason)
    if whole.is_number or reader.is_number(text) or reader.number_in(text):
        return whole
    left = set(_left_alone(text, reader))
    if len(left) != 1:
        return whole
    reader.said.append(ALONE)
    return left.pop()


def _left_alone(text: str, reader: _Reader) -> Iterator[PhoneOutcome]:
    """The numbers that shorter texts are; a rejected outcome for each that may end or begin elsewhere.

    Raises:
        Reject: a word before the digits may be one.
    """
    fraction = other_readings.without_fraction(text, zeros_only=True)
    counted = other_readings.before_marked_group(text) if text.endswith(decorations.SYMBOL) else ()
    for head in [*other_readings.without_tail(text), *counted, *([fraction] if fraction else [])]:
        if number := reader.number_in(head):
            tail = digits_in(text[len(head) :])
            is_apart = head == fraction or (len(tail) <= MOST_COUNT_DIGITS and _ENDS_IN_BLANK.search(head))
            is_sure = is_apart and _ends_surely(head, tail, reader) and _is_clear(head, reader) and not reader.number_in(tail)
            yield number if is_sure else rejected(RejectReason.AMBIGUOUS_RANGE)
    labels.leading_words(text)
    for rest in other_readings.without_head(text, has_trunk=True):
        if number := reader.number_in(rest):
            before = text[: len(text) - len(rest)]
            may_be_code = before.strip(" ()") in _CALLING_CODES and "+" not in rest
            heads = [*other_readings.before_next_of_range(text), *other_readings.before_next_of_range(rest)]
            is_one = (
                _POINT.search(before) is None and len(_GROUP.findall(before)) == 1 and digit_count(before) <= MOST_COUNT_DIGITS
            )
            if not _WRITTEN.match(rest):  # `Tel. 63 2 3234 2943`, `(11) 96373-3900 3`
                code = _CODE_BEHIND.search(before)
                is_code = code is not None and code[1] in _CALLING_CODES
                is_code = is_code and (not labels.says_no_telephone(before) or reader.are_number("+" + digits_in(before + rest)))
                may_be_code = may_be_code or is_code or _AREA_CODE.match(before) is not None
            is_abroad = number.country != reader.region and "+" not in rest
            is_sure = is_one and not (may_be_code or is_abroad) and _is_clear(rest, reader)
            is_sure = is_sure and not any(map(reader.number_in, (before, *heads)))
            yield number if is_sure else rejected(RejectReason.AMBIGUOUS_RANGE)


def _is_clear(text: str, reader: _Reader) -> bool:
    """True where a text is one number whichever way it is read, and no mark in it may part a second one."""
    core = wordless(text).core
    if "\n" in text:
        return False
    try:
        whole = _honest_number(text, reader.silent())
    except Reject:
        return False
    if core is None or any(True for _ in other_readings.without_head(text, has_trunk=True)):
        return False
    if not whole.is_number or is_own_format(core, whole):
        return whole.is_number
    is_parted = any(digit_count(head) >= MIN_RESTART_DIGITS for head in other_readings.before_marks(core))
    return not is_parted and not any(map(reader.number_in, other_readings.ended_earlier(core)))


def _in_named_country(text: str, named: frozenset[str], reader: _Reader) -> PhoneOutcome:
    """`CH: 044 668 18 00`: the number of the country that stands beside it. With its own country code it needs none.

    Raises:
        Reject: it is a number of both countries, and only a code names the other; or of none.
    """
    here = _honest_number(text, reader)
    if here.is_number and here.country in named:
        return here
    [region, *others] = named
    if others:
        raise Reject(RejectReason.AMBIGUOUS_INTERNATIONAL)
    there = _honest_number(text, reader._replace(region=region, column=Says.NATIONAL, known={}))
    if here.is_number and here.e164 == there.e164:
        return here
    has_head = any(True for _ in other_readings.without_head(text, has_trunk=True))
    if here.is_number or not there.is_number or has_head or _may_begin_with_code(text, there, reader):
        raise Reject(RejectReason.AMBIGUOUS_INTERNATIONAL)
    reader.said.append(NAMED)
    return there


def _may_begin_with_code(text: str, number: PhoneOutcome, reader: _Reader) -> bool:
    """`Deutschland 49151 …`: True where digits without a plus are another number of the country with one, too."""
    digits = _dialled(wordless(text).core or "")
    if not digits.startswith(str(country_code_for_region(number.country or ""))):
        return False
    return reader.are_number("+" + digits) and reader.read_digits("+" + digits).e164 != number.e164


def _honest_number(text: str, reader: _Reader) -> PhoneOutcome:
    clean, core, reason, said = wordless(text)
    reader.said.extend(said)
    if clean is not None and other_readings.has_word_inside(text):
        raise Reject(RejectReason.LETTERS_IN_NUMBER)
    if reason or core is None:
        raise Reject(reason or RejectReason.INVALID_NUMBER)
    whole = reader.read(core)
    if not whole.is_number:
        _reject_range(core, reader)
    if clean != text:
        _reject_letters_for_digits(text, whole, reader)
    if whole.is_number and not _WRITTEN.match(core):
        if labels.is_reference(text) or _is_of_other_thing(text, core, whole):
            raise Reject(RejectReason.LETTERS_IN_NUMBER)
        if decorations.has_percentage(text):
            raise Reject(RejectReason.NOT_A_NUMBER)
    if whole.is_number:
        if _is_grouped_at_home(core, whole, reader):
            raise Reject(RejectReason.AMBIGUOUS_INTERNATIONAL)
        _reject_other_readings(text, core, whole, reader)
    return whole


def _is_of_other_thing(text: str, core: str, whole: PhoneOutcome) -> bool:
    """`Bahnhofstr. 66 66004 Ulm`: True beside words that say nothing of a telephone, for digits that are not grouped as one's.

    Few digits are grouped so where no number has more.
    """
    if not (decorations.may_be_other_thing(core) and labels.says_no_telephone(text)):
        return False
    return not (has_own_groups(core, whole) or has_short_numbers(whole.country))


def _is_grouped_at_home(core: str, whole: PhoneOutcome, reader: _Reader) -> bool:
    """`(201) 585-9163` (US): True where a column of numbers from abroad has one in groups that are a number at home, too."""
    if reader.column is not Says.INTERNATIONAL or len(_GROUP.findall(core)) == 1:
        return False
    at_home = reader._replace(column=Says.NATIONAL, known={}).read(core)
    return at_home.is_number and at_home.e164 != whole.e164


def _reject_range(core: str, reader: _Reader) -> None:
    """`0212 555 12 34-35` is a switchboard's range: its second number is not written, so none is invented."""
    tail = _TAIL.search(core)
    heads = [core[: cut.start()] for cut in _CUT.finditer(core) if tail and cut.start() >= tail.start()]
    if any(digit_count(head) >= MIN_PART_DIGITS and reader.is_number(head) for head in heads):
        raise Reject(RejectReason.AMBIGUOUS_RANGE)


def _reject_letters_for_digits(text: str, outcome: PhoneOutcome, reader: _Reader) -> None:
    """`0800 123 TAXI`, `030 1234x567`: where letters or signs may stand for digits, the digits alone are another number."""
    vanity, signed = labels.vanity_of(text), labels.signed_extension_of(text)
    if vanity and reader.is_number(vanity):
        raise Reject(RejectReason.LETTERS_IN_NUMBER)
    if not signed:
        return
    number, gap, digits = signed
    if reader.number_in(digits) or not (gap or (outcome.is_number and _ends_surely(number, digits, reader))):
        raise Reject(RejectReason.LETTERS_IN_NUMBER)


def _reject_other_readings(text: str, core: str, whole: PhoneOutcome, reader: _Reader) -> None:
    """`030 123456 2. Etage`, `3 030 123456`, `040 12345 / 54321`: where a shorter text is a number, too, nobody can tell which was meant.

    Digits without words that are grouped as phonenumbers itself groups them are beyond doubt.
    """
    has_words = labels.has_letters(text)
    if not has_words and is_own_format(core, whole):
        return
    # Service lines have area codes of four digits, which no post code can be told from.
    has_trunk = has_trunk_zero(reader.region) and whole.line_type not in EXCLUDED_LINE_TYPES
    shorter = _other_readings(text, core, has_trunk, partial(area_of, whole))
    # `Bahnhofstr. 66\n66004 Ulm`, `175\n52\n75752`: only a telephone's goes on in the next line.
    goes_on = "\n" in core and not _WRITTEN.match(core)
    if goes_on or any(_is_another(each, whole, reader) for each in shorter) or other_readings.has_counted_part(text):
        raise Reject(RejectReason.LETTERS_IN_NUMBER if has_words else RejectReason.AMBIGUOUS_RANGE)
    are_two = any(all(map(reader.number_in, parts)) for parts in restarts(core)) or _are_two_of_no_trunk(core, whole, reader)
    if are_two or _loses_groups(core, whole, reader):
        raise Reject(RejectReason.AMBIGUOUS_RANGE)
    if (decorations.is_ip_address(core) and not is_own_format(core, whole)) or decorations.is_file_number(core):
        raise Reject(RejectReason.NOT_A_NUMBER)
    fraction = other_readings.without_fraction(core)
    is_zero = other_readings.without_fraction(core, zeros_only=True) is not None
    if decorations.is_short_date(core) or decorations.is_date(core) or is_zero or (fraction and reader.number_in(fraction)):
        raise Reject(RejectReason.NOT_A_NUMBER)
    without_zero = map(reader.number_in, other_readings.without_lone_zero(core))
    has_lone_zero = any(other and other.e164 != whole.e164 for other in without_zero)
    if has_lone_zero or _PARTED_ZEROS.match(core) or _is_in_wrong_brackets(core):
        raise Reject(RejectReason.AMBIGUOUS_INTERNATIONAL)


def _is_another(text: str, whole: PhoneOutcome, reader: _Reader) -> bool:
    """True where a shorter text is another number; not where only a trunk prefix goes from it: `тел. 8 (495) …` (RU)."""
    other = reader.number_in(text)
    if other and other.reason is RejectReason.AMBIGUOUS_INTERNATIONAL and reader.column is Says.NOTHING:
        other = reader._replace(column=Says.NATIONAL, known={}).number_in(text) or other
    return other is not None and other.e164 != whole.e164


def _other_readings(text: str, core: str, has_trunk: bool, area: Area) -> Iterator[str]:
    yield from other_readings.without_tail(text)
    rests = [*other_readings.without_head(text, has_trunk, area)]
    yield from rests
    if core != text:  # `(3) (Cep) 73 08 78 3`: a word in brackets may stand behind the count
        rests = [*other_readings.without_head(core, has_trunk, area)]
        yield from rests
    for rest in rests:
        yield from other_readings.before_marks(rest)
    yield from other_readings.before_marked_group(text)
    yield from other_readings.beside_other_marks(core)
    yield from other_readings.without_date(core)
    yield from other_readings.before_zeros(core)
    yield from other_readings.before_marks(core)
    yield from other_readings.before_next_of_range(core)
    yield from other_readings.before_short_groups(core)
    yield from other_readings.before_hours(core)
    yield from other_readings.after_marks(core)


def _are_two_of_no_trunk(core: str, whole: PhoneOutcome, reader: _Reader) -> bool:
    """`38 330 37 48 43`, `2 628 064 854` (LU): True where no trunk 0 begins a number and the digits are two, or a count and one."""
    if whole.e164 is None or whole.country is None:
        return False
    national = len(whole.e164) - 1 - len(str(country_code_for_region(whole.country)))
    if national not in lengths_of_two(whole.country):
        return False
    at_home = reader._replace(region=whole.country, column=Says.NATIONAL, known={})
    cuts_at = [group.start() for group in _GROUP.finditer(core)][1:]
    if _COUNT_APART.match(core) and at_home.number_in(core[cuts_at[0] :]):
        return True
    return any(at_home.number_in(core[:cut]) and at_home.number_in(core[cut:]) for cut in cuts_at)


def _loses_groups(core: str, whole: PhoneOutcome, reader: _Reader) -> bool:
    """`11-18 131 2002 0819`: True where phonenumbers takes the first groups of a number at home for a carrier's code."""
    if whole.e164 is None or whole.country is None or whole.country != reader.region:
        return False  # what goes before it is an international prefix
    if _WRITTEN.match(core) or len(_GROUP.findall(core)) == 1:
        return False
    national = len(whole.e164) - 1 - len(str(country_code_for_region(whole.country)))
    return digit_count(core) - national > LONGEST_CODE


def _is_in_wrong_brackets(core: str) -> bool:
    """`+(201) 555-0123`, `(+5) 071 193980`: brackets part what stands in them, and no country has that code, or one that begins it."""
    code, within = _BRACKETED_CODE.match(core), _CODE_IN_BRACKETS.match(core)
    if within:
        return all(within[1][:length] not in _CALLING_CODES for length in range(1, LONGEST_CODE + 1))
    return code is not None and code[1] not in _CALLING_CODES
