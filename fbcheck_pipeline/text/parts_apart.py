"""Parts of a cell over whose bounds no number goes: letters between digits reject both, and of what a comma parts each is a number.

Where all that a cell may drop is gone, each of its parts must hold a number. The expressions mean the same to Python and to RE2.
"""

from __future__ import annotations

import re

from fbcheck_pipeline.model.reasons import RejectReason
from fbcheck_pipeline.text.cell_words import EXTENSION_WORDS, JOINING_LETTERS, JOINING_WORDS
from fbcheck_pipeline.text.decorations import CURRENCY, DIGIT_SEPARATORS, MIN_PART_DIGITS, digit_count
from fbcheck_pipeline.text.digit_runs import HOUSE_APART, LETTERS, without_bracketed_words

_SIGNS = CURRENCY[1:-1] + "=&"
_SQUARED = "\u00b2\u00b3"
_MAY_BE = rf"[{LETTERS}{_SIGNS}0-9 \t\n!\"#%'()*+,\-./:;?\[\]_{{|}}~]*"
SHAPE = rf"^(?:{_MAY_BE}[{LETTERS}][{_SQUARED}])*{_MAY_BE}$"
BOUNDS = rf"{LETTERS}{_SIGNS}{_SQUARED},;|"
"""Letters, signs that are in no number, and what ends an item of a list."""
EXTENSION_OF_ANY_I = EXTENSION_WORDS.replace("i", "[i\u0131\u0130]")
"""These are one letter to Python only."""
MAY_GO = (
    rf"[0-9)\]][\s,;.\-/(\[]*(?i:{EXTENSION_OF_ANY_I}|[x#])[\s.:=#\-]*[0-9]"  # an extension
    rf"|[(\[{{][^()\[\]{{}}]*(?:[{LETTERS}][^()\[\]{{}}]*[0-9]|[0-9][^()\[\]{{}}]*[{LETTERS}])"  # a bracket with words and digits
    r"|(?:^|[\s,;|(\[])1[.):\-](?:[^1-9]|$)"  # the first mark of a count
    rf"|,0+[\s)]*(?:$|[^0-9\s)(\[{LETTERS}{_SIGNS}]|[(\[]+(?:[^1-9]|$)|(?:{JOINING_WORDS}|{JOINING_LETTERS})\s)"  # a fraction
    rf"|[0-9)\]]\s+(?:[0-9][^0-9{BOUNDS}]*){{4}}[{BOUNDS}][^0-9]*[0-9](?:\.?$|[^0-9.]|\.[^0-9])"  # the last five digits; no sum
)
"""Digits that may be none of a number, and go."""
TIME_APART, TIME_BECOMES = rf"(^|[^0-9)\]\s]\s*)[0-9]{{1,2}}:[0-9]{{2}}(\s*(?:[{LETTERS},;|]|$))", r"\1;00;\2"
"""A time that is beside no digits: no number goes over it, and it is too short for one."""
HOUSE_BECOMES = r"\1;\2"
TORN = rf"[0-9][^0-9]*[^0-9{re.escape(DIGIT_SEPARATORS)}][^0-9]*[0-9]"
"""A part that may be cut."""
REASONS = (RejectReason.LETTERS_IN_NUMBER, RejectReason.AMBIGUOUS_RANGE, RejectReason.INVALID_NUMBER)
"""With letters; where the first part may be a number; otherwise."""
_BOUNDARY, _DIGIT, _TORN = re.compile(f"[{BOUNDS}]+"), re.compile("[0-9]"), re.compile(TORN)
_TIME_APART, _HOUSE_APART, _SHAPE, _MAY_GO = map(re.compile, (TIME_APART, HOUSE_APART, SHAPE, MAY_GO))


def parts_apart(text: str) -> list[str]:
    """The parts of a text that have digits; none for another shape.

    Each must hold a number, where all that hold one are nothing else: else of one's last groups and a few behind a word a count is made;
    and where no digits `may_go`.

    Args:
        text: cleaned of what a whole cell may drop.
    """
    if not _BOUNDARY.search(text) or not _SHAPE.match(text):
        return []
    return [part for part in _BOUNDARY.split(_without_brackets(text)) if _DIGIT.search(part)]


def is_torn(part: str) -> bool:
    """True for a part that may be cut."""
    return _TORN.search(part) is not None


def may_go(text: str) -> bool:
    """True where some digits of a text may be none of a number."""
    return _MAY_GO.search(_without_brackets(text)) is not None


def _without_brackets(text: str) -> str:
    text = without_bracketed_words(text)
    text = _TIME_APART.sub(TIME_BECOMES, text) if ":" in text else text
    return _HOUSE_APART.sub(HOUSE_BECOMES, text) if "\n" in text else text


def reason_of(text: str, first: str) -> RejectReason:
    """Why a text is no number of whose parts one is none.

    Args:
        first: the first of the parts.
    """
    letters, ranges, none = REASONS
    return letters if re.search(f"[{LETTERS}]", text) else ranges if digit_count(first) >= MIN_PART_DIGITS else none
