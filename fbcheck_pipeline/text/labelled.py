"""What stands before the label of a telephone with digits right behind it: a name, an address, an id. The label says where a number begins.

The expressions mean the same to Python and to RE2, so that one cell and many are judged alike.
"""

from __future__ import annotations

import re
from functools import cache

from fbcheck_pipeline.text.cell_words import LABELS, PLACE_WORDS, TELEPHONE_WORDS, longest_first, words_of
from fbcheck_pipeline.text.decorations import MIN_PART_DIGITS
from fbcheck_pipeline.text.digit_runs import LABEL, LETTERS

_OF_LETTERS = re.compile(f"[{LETTERS}]+")  # other scripts have marks between their letters, which part words
TELEPHONE, _PLACES = (longest_first(filter(_OF_LETTERS.fullmatch, words)) for words in (TELEPHONE_WORDS, PLACE_WORDS))
# Letters that are an `s` and a `k` where case is ignored.
_LIKE_S_AND_K = "\u017f\u212a"
WORD_BEFORE_DIGITS = rf"[{LETTERS}{_LIKE_S_AND_K}][ .:=\-]{{0,3}}[(\[]?\+?[0-9]"
SIGNS_BEFORE = " \n,;:|"
FIRST_LABEL = rf"(?i)(?:^|[{SIGNS_BEFORE}])(?:{TELEPHONE})(?:[ .\-/]+{LABEL})*[ .:=\-]{{0,3}}[(\[]?\+?[0-9]"
"""With the sign before it."""
BEGINS_NUMBER = r"^[^0-9+(\[]*[+(\[0]"
"""A label and what only a number begins with; other digits may go on from those right before the label."""
A_LETTER = f"[{LETTERS}]"
STAYS = rf"(?:^|[^{LETTERS}])(?:(?i:{_PLACES})[ .:=\-]{{0,3}}(?:[0-9][ .\-/]?){{4}}|(?:[A-Z] |[A-Z]{{1,3}}-)[0-9]{{4}})"
"""A number at home, at work or of a fax may be a local one, and `A-1010 Wien` names its country."""
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
    if not most_digits:
        return f"^{_WORDS}$"
    few = rf"[1-9](?:[ .\-/]{{0,3}}[1-9]|0){{0,{most_digits - 1}}}"
    last = rf"(?:{few}[ .\-/]+)?" if may_end_in_digit else ""
    return rf"^(?:{_WORDS}{few}[ .\-/]*{_END})*{_WORDS}{last}$"


def before_label(text: str, most_digits: tuple[int, int]) -> str:
    """What goes before the first label; nothing where none is, or where it may hold a number, or the beginning of the one behind.

    Args:
        text: in ASCII as far as it can be.
        most_digits: as `most_digits_before` gives them.
    """
    if not any("".join(words_of(word)) in LABELS for word in _WORD.findall(text)) or not re.search(IN_THE_WAY, text):
        return ""
    label = _first_label().search(text.translate(_OF_TURKISH))
    if label is None:
        return ""
    place = label.start() + (label[0][0] in SIGNS_BEFORE)
    before, left = text[:place], text[place:]
    is_begun = re.match(BEGINS_NUMBER, left) is not None
    goes = re.search(A_LETTER, before) and re.match(goes_before(most_digits[not is_begun], is_begun), before)
    return before if goes and not re.search(STAYS, before.translate(_OF_TURKISH)) else ""


@cache
def _first_label() -> re.Pattern[str]:
    return re.compile(FIRST_LABEL)


def most_digits_before(fewest_digits: int, has_open_plan: bool) -> tuple[int, int]:
    """Of digits side by side that are no number, before one that surely begins at its label, and before bare digits.

    In an open plan with a trunk 0, digits without it are no number of MIN_PART_DIGITS, and may be the area code of bare ones.

    Args:
        fewest_digits: that a number of the region has.
        has_open_plan: as `territories.has_open_plan` says.
    """
    most = min(MIN_PART_DIGITS, fewest_digits) - 1
    return (MIN_PART_DIGITS - 1, 0) if has_open_plan else (most, most)
