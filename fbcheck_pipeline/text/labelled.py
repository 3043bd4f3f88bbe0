"""What stands before the label of a telephone with digits right behind it: a name, an address, an id. The label says where a number begins.

The expressions mean the same to Python and to RE2, so that one cell and many are judged alike.
"""

from __future__ import annotations

import re
from functools import cache

from fbcheck_pipeline.text.cell_words import LABELS, TELEPHONE_WORDS, words_of
from fbcheck_pipeline.text.decorations import MIN_PART_DIGITS
from fbcheck_pipeline.text.digit_runs import LABEL, LETTERS

TELEPHONE = "|".join(sorted(map(re.escape, TELEPHONE_WORDS), key=lambda word: (-len(word), word)))
# Letters that are an `s` and a `k` where case is ignored.
_LIKE_S_AND_K = "\u017f\u212a"
WORD_BEFORE_DIGITS = rf"[{LETTERS}{_LIKE_S_AND_K}][ .:=\-]{{0,3}}[(\[]?\+?[0-9]"
SIGNS_BEFORE = " \n,;:|"
FIRST_LABEL = rf"(?i)(?:^|[{SIGNS_BEFORE}])(?:{TELEPHONE})(?:[ .\-/]+{LABEL})*[ .:=\-]{{0,3}}[(\[]?\+?[0-9]"
"""With the sign before it."""
BEGINS_NUMBER = r"^[^0-9+(\[]*[+(\[0]"
"""A label and what only a number begins with; other digits may go on from those right before the label."""
A_LETTER = f"[{LETTERS}]"
IN_THE_WAY = rf"^[^0-9+]*[1-9]|^(?:[^0-9]*[^{LETTERS}0-9])?[{LETTERS}][^{LETTERS}]"
"""The first digits may be something else's, or a letter stands alone before them; other words go anyway, before a 0 or a plus."""
# To RE2 these are no `i`.
_OF_TURKISH = str.maketrans("\u0130\u0131", "\u00e4\u00e4")
_SIGNS = r" \n,.:;/&'|#!?\-"
_WORDS = f"[{LETTERS}{_SIGNS}]*"
_WORD, _END = re.compile(r"([^\W\d_]+)[ .:=\-]{0,3}[(\[]?\+?[0-9]"), rf"[{LETTERS}\n,:;&|!?#]"


@cache
def goes_before(most_digits: int, may_end_in_digit: bool) -> str:
    """The shape of what goes: words, and digits of which none begins with a 0 and at most so many stand side by side."""
    few = rf"[1-9](?:[ .\-/]{{0,3}}[1-9]|0){{0,{most_digits - 1}}}"
    last = rf"(?:{few}[ .\-/]+)?" if may_end_in_digit else ""
    return rf"^(?:{_WORDS}{few}[ .\-/]*{_END})*{_WORDS}{last}$"


def before_label(text: str, most_digits: int) -> str:
    """What goes before the first label; nothing where none is, or where it may hold a number, or the beginning of the one behind.

    Args:
        text: in ASCII as far as it can be.
        most_digits: side by side that are no number in the region without a 0 or a plus.
    """
    if not any("".join(words_of(word)) in LABELS for word in _WORD.findall(text)) or not re.search(IN_THE_WAY, text):
        return ""
    label = _first_label().search(text.translate(_OF_TURKISH))
    if label is None:
        return ""
    place = label.start() + (label[0][0] in SIGNS_BEFORE)
    before, left = text[:place], text[place:]
    goes = goes_before(most_digits, re.match(BEGINS_NUMBER, left) is not None)
    return before if re.search(A_LETTER, before) and re.match(goes, before) else ""


@cache
def _first_label() -> re.Pattern[str]:
    return re.compile(FIRST_LABEL)


def most_digits_before(fewest_digits: int, has_trunk_zero: bool) -> int:
    """Of digits that are no number, given the fewest that one has: where people dial a 0, those without are none of MIN_PART_DIGITS."""
    return MIN_PART_DIGITS - 1 if has_trunk_zero else min(MIN_PART_DIGITS, fewest_digits) - 1
