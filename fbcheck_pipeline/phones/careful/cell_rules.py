"""One cell, carefully: its text becomes one outcome or several.

`text` takes the cell apart and cleans each part; here each part is read, and where two readings are honest, none is taken.
What a clean number means is in `reference`. The fast path does the same for plain cells; where both answer, they agree.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

from fbcheck_pipeline.model.reasons import RejectReason
from fbcheck_pipeline.phones.careful.reference import PhoneOutcome, read, read_linked, rejected
from fbcheck_pipeline.phones.fast.terms import Says
from fbcheck_pipeline.text import decorations, labels
from fbcheck_pipeline.text.cleaning import EACH_PART, WHOLE_CELL, cleaned, core_of
from fbcheck_pipeline.text.decorations import Reject
from fbcheck_pipeline.text.splitting import MIN_PART_DIGITS, SEPARATORS, cuts, digit_count, restart

Read = Callable[[str], PhoneOutcome]

SPLIT = "Splits a cell that holds several numbers."
LINKED = "Takes the number out of a wa.me or WhatsApp link; such numbers are international."

_DIGITS_ONLY = re.compile(r"\+?\d+")
_BARE = re.compile(r"[\d\s\-./()]+")
_TAIL = re.compile(r"(?:\s*[-/~\n]\s*\d{1,4})+[\s)\]]*$|\s*[(\[]\d{1,4}[\s)\]]*$")
_CUT = re.compile(r"[-/~\n(\[]\s*(\d+)")


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
    said = applied if applied is not None else []

    def read_it(core: str) -> PhoneOutcome:
        number = _international(core, region)
        return known.get(number) or read(number, region, column)

    if text is None:
        return [rejected(RejectReason.EMPTY)]
    try:
        linked = decorations.link(decorations.to_ascii(decorations.over_long(text)))
        if linked:
            said.append(LINKED)
            return [read_linked(linked, region)]
        return _numbers(cleaned(WHOLE_CELL, text, said), 0, read_it, said)
    except Reject as reject:
        return [rejected(reject.reason)]


def bare_digits_of(text: str) -> str | None:
    """The digits of a cell that has digits and separators only, its decorations removed; None for any other cell."""
    try:
        clean = cleaned((*WHOLE_CELL, *EACH_PART), text)
    except Reject:
        return None
    return re.sub(r"\D", "", clean) if _BARE.fullmatch(clean) else None


def _numbers(text: str, level: int, read_it: Read, said: list[str]) -> list[PhoneOutcome]:
    """Split at the strongest separator that leaves numbers only; else the text is one number."""
    if _DIGITS_ONLY.fullmatch(text):
        return [read_it(text)]

    def several(parts: list[str], level: int) -> list[PhoneOutcome] | None:
        found = [each for part in parts for each in _numbers(part, level, read_it, [])]
        return found if all(each.is_number for each in found) else None

    if found := next(filter(None, (several(*cut) for cut in cuts(text, level))), None):
        said.append(SPLIT)
        return found
    try:
        whole = _honest_number(text, read_it, said)
    except Reject as reject:
        whole = rejected(reject.reason)
    if whole.is_number:
        return [whole]
    # Last, since blanks and zeros stand inside honest numbers, too; two numbers are too long to read as one.
    parts = restart(text)
    found = several(parts, len(SEPARATORS)) if parts else None
    if parts and found and _ends_surely(parts[0], re.sub(r"\D", "", parts[1]), read_it):
        said.append(SPLIT)
        return found
    return [whole]


def _ends_surely(core: str, following: str, read_it: Read) -> bool:
    """True where a number can end nowhere else: not three digits earlier or later. Where lengths vary, nobody can tell."""
    number = re.sub(r"[^\d+]", "", core)
    others = [number[:-count] for count in (1, 2, 3)] + [number + following[:count] for count in (1, 2, 3)]
    return not any(read_it(other).is_number for other in others)


def _honest_number(text: str, read_it: Read, said: list[str]) -> PhoneOutcome:
    clean = cleaned(EACH_PART, text, said)
    core = core_of(clean)
    outcome = read_it(core)
    _reject_shorthand(core, outcome, read_it)
    if clean != text:
        _reject_letters_for_digits(text, outcome, read_it)
    if outcome.is_number:
        _reject_counts(text, outcome, read_it)
    return outcome


def _international(core: str, region: str | None) -> str:
    """The number as digits, with its plus; without a region 00 and +00 mean +."""
    number = re.sub(r"[^\d+]", "", core)
    number = "+" + number.lstrip("+") if number.startswith("+") else number
    return re.sub(r"^\+?00", "+", number) if region is None else number


def _reject_shorthand(core: str, whole: PhoneOutcome, read_it: Read) -> None:
    """`0212 555 12 34-35` is a switchboard's range: its second number is not written, so none is invented."""
    tail = _TAIL.search(core)
    if not tail:
        return
    places = [cut for cut in _CUT.finditer(core) if cut.start() >= tail.start()]
    if whole.is_number:
        places = [cut for cut in places[-1:] if _counts_on(core[: cut.start()], cut[0][0], cut[1])]
    heads = [core[: cut.start()] for cut in places]
    if any(digit_count(head) >= MIN_PART_DIGITS and read_it(head).is_number for head in heads):
        raise Reject(RejectReason.AMBIGUOUS_RANGE)


def _counts_on(head: str, separator: str, tail: str) -> bool:
    """True where a tail that also fits into the number is rather another, or the next of a range: it counts on from the head's end."""
    if separator in "([":
        return True
    if separator != "-":
        return len(tail) < 4
    return 1 <= int(tail) - int(re.sub(r"\D", "", head)[-len(tail) :] or 0) <= 9


def _reject_letters_for_digits(text: str, outcome: PhoneOutcome, read_it: Read) -> None:
    """`0800 123 TAXI`, `030 1234x567`: where letters or signs may stand for digits, the digits alone are another number."""
    vanity, glued = labels.vanity_of(text), labels.glued_extension_of(text)
    if vanity and read_it(vanity).is_number:
        raise Reject(RejectReason.LETTERS_IN_NUMBER)
    if glued and not (outcome.is_number and _ends_surely(glued[0], glued[1], read_it)):
        raise Reject(RejectReason.LETTERS_IN_NUMBER)


def _reject_counts(text: str, whole: PhoneOutcome, read_it: Read) -> None:
    """`030 123456 2. Etage`, `Handy 2 171 1234567`: where the rest is a number, too, nobody can tell which was meant."""
    for rest in labels.without_counts(text):
        other = read_it(cleaned(EACH_PART, rest))
        if other.is_number and other.e164 != whole.e164:
            raise Reject(RejectReason.LETTERS_IN_NUMBER if labels.has_letters(text) else RejectReason.AMBIGUOUS_RANGE)
