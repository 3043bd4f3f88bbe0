"""Runs of digit groups: every number that any rule may find in a cell of a certain shape is one of them.

Rules drop what is before and behind a number, and cut between numbers; where nothing in a cell may be dropped from the middle of one,
the digits of a number stand side by side. If none of the runs is a number in service, no rule need be asked, and the shape alone
says why. The expressions mean the same to Python and to RE2, so that one cell and many are judged alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from fbcheck_pipeline.model.reasons import RejectReason
from fbcheck_pipeline.text.cell_words import LABELS
from fbcheck_pipeline.text.decorations import COORDINATES, DATE, DECIMAL
from fbcheck_pipeline.text.few_digits import SCIENTIFIC

MOST_GROUPS = 8
"""Of digits in a cell that is looked at."""
MOST_DIGITS = 24
"""In it: fifteen of a number, a trunk 0, and the longest international prefix."""
_LETTER = (
    "[A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u017e\u0180-\u02af\u0391-\u03c9\u0400-\u0481\u048a-\u052f"
    "\u05d0-\u05ea\u0621-\u063a\u0641-\u064a\u1e00-\u1e95\u1ea0-\u1eff\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fff\uac00-\ud7a3]"
)
_NO_LETTER = f"(?:^|[^{_LETTER[1:]})"
LABEL = "(?:" + "|".join(sorted(map(re.escape, LABELS), key=lambda word: (-len(word), word))) + ")"
_LABEL_OF_ANY_I = LABEL.replace("i", "[i\u0131\u0130]")  # where these are one letter to Python only
SHAPE = rf"^[{_LETTER[1:-1]}0-9 \t\n!\"#%'()*+,\-./:;?\[\]_{{|}}~]*$"
"""No sign of an address, a formula, a price, or of a character's code."""
_DAY = r"(?:[0-9]{1,2}[\-./][0-9]{1,2}[\-./](?:19|20)[0-9]{2}|(?:19|20)[0-9]{2}[\-./][0-9]{1,2}[\-./][0-9]{1,2})"
_TIME = r"[0-9]{1,2}(?:[.:h][0-5][0-9]|\s*h|\s*[ap]m)"
_PLACE = r"[0-9]{1,3}\.[0-9]{4,}[^0-9]+[0-9]{1,3}\.[0-9]{4,}"
UNLESS = (
    r"(?i)//|www\.|wa\.me|whatsapp|item[0-9]"  # addresses
    rf"|^#[a-z]|^['=]*-[0-9]|{SCIENTIFIC}|[0-9][.,][0-9]+\s*e\s*[+\-]?[0-9]|[.,]0+[^0-9]*$"  # as a spreadsheet writes errors and numbers
    rf"|{DATE}|^[(\[ ]*{_DAY}[)\] ]*$|{COORDINATES}|{DECIMAL}"  # which have reasons of their own
    rf"|[0-9][^0-9]+(?:{_DAY}|[0-9]{{1,2}}\.[0-9]{{1,2}}\.|{_TIME}\s*-\s*{_TIME}|{_PLACE})[^0-9]+[0-9]"  # what may go
)
"""What may be dropped from the middle of a number, and what is read in its own way."""
GLUED_LABEL = rf"(?i){_NO_LETTER}{_LABEL_OF_ANY_I}[0-9]"
"""Such labels go, too."""
_GLUED = f"{_LETTER}[0-9]"
_LONE = f"(?:{_LETTER}|[Oo\u041e\u043eIlSZB]+|[xX]+)"
_INSIDE = rf"[0-9][^0-9]*{_LETTER}[^0-9]*[0-9]"
MAY_BE_DIGITS = rf"{_GLUED}|[0-9]{_LETTER}|{_INSIDE}|{_NO_LETTER}{_LONE}(?:[^{_LETTER[1:-1]}.:]|$)|[0-9][ \-][A-Z]{{4,}}$"
"""Letters in the place of digits, glued to them, or between."""
PARTED = r"[0-9][^0-9]*[,;|/\n][^0-9]*[0-9]"
"""More than one thing, so that all digits together say little."""
BEGINS_WITH_PLUS = r"^[^0-9]*\+"
LIST = r"^[0-9 ,;|]*$"
_GROUP = re.compile("[0-9]+")


def part_of_fewer(digits: int) -> str:
    """The expression for a list, one part of which has fewer digits than so many: it is no list of numbers, and too long for one."""
    return rf"(?:^|[,;|]) *[0-9](?: *[0-9]){{0,{digits - 2}}} *(?:[,;|]|$)"


def is_list_of_fewer(text: str, digits: int) -> bool:
    """True for more digits than one number has, in a list one part of which has fewer than so many."""
    is_long = sum(map(len, _GROUP.findall(text))) > MOST_DIGITS
    return is_long and re.match(LIST, text) is not None and re.search(part_of_fewer(digits), text) is not None


def runs_of(text: str, fewest: int) -> list[str]:
    """The runs of a text that have at least so many digits, all digits first, with a plus, too, where one is in it; none for another shape.

    Args:
        text: in ASCII as far as it can be, without blanks around.
    """
    groups = _GROUP.findall(text)
    if len(groups) > MOST_GROUPS or sum(map(len, groups)) > MOST_DIGITS or not re.match(SHAPE, text) or re.search(UNLESS, text):
        return []
    if re.search(_GLUED, text) and re.search(GLUED_LABEL, text):
        return []
    counts = range(len(groups), 0, -1)
    runs = ["".join(groups[begin : begin + count]) for count in counts for begin in range(len(groups) - count + 1)]
    signs = ("+", "") if re.search(BEGINS_WITH_PLUS, text) else ("", "+") if "+" in text else ("",)
    return [sign + run for run in runs if len(run) >= fewest for sign in signs]


def reason_of(text: str, of_runs: Iterable[RejectReason | None]) -> RejectReason | None:
    """Why a text is no number of which no run is one; None where one is, or it has no runs.

    Args:
        of_runs: why each run is none, None for a number; all digits first.
    """
    reasons: list[RejectReason] = []
    for reason in of_runs:
        if reason is None:
            return None
        reasons.append(reason)
    if reasons and re.search(MAY_BE_DIGITS, text):
        return RejectReason.LETTERS_IN_NUMBER
    if RejectReason.AMBIGUOUS_INTERNATIONAL in reasons:
        return RejectReason.AMBIGUOUS_INTERNATIONAL
    is_several = RejectReason.TOO_LONG in reasons[:1] and re.search(PARTED, text)
    return RejectReason.INVALID_NUMBER if is_several else next(iter(reasons), None)
