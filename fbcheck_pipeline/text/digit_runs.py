"""Runs of digit groups: every number that any rule may find in a cell of a certain shape is one of them.

Rules drop what is before and behind a number, and cut between numbers; from the middle of one nothing goes but separators and bracketed
words, so that its digits stand side by side: they are in one stretch. If none of the runs of any stretch is a number in service, no rule
need be asked, and the shape alone says why.
The expressions mean the same to Python and to RE2, so that one cell and many are judged alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import accumulate

from fbcheck_pipeline.model.reasons import RejectReason
from fbcheck_pipeline.text.cell_words import LABELS, longest_first
from fbcheck_pipeline.text.decorations import COORDINATES, DATE, DECIMAL, DIGIT_SEPARATORS, POST_CODE, has_closing_bracket
from fbcheck_pipeline.text.few_digits import SCIENTIFIC

MOST_GROUPS = 8
"""Of digits in a stretch that is looked at."""
MOST_DIGITS = 24
"""Of a run: fifteen of a number, a trunk 0, and the longest international prefix."""
LETTERS = (
    "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u017e\u0180-\u02af\u0391-\u03c9\u0400-\u0481\u048a-\u052f"
    "\u05d0-\u05ea\u0621-\u063a\u0641-\u064a\u1e00-\u1e95\u1ea0-\u1eff\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fff\uac00-\ud7a3"
)
_LETTER = f"(?-i:[{LETTERS}])"  # to ignore case, Python would look at each letter of the world
_NO_LETTER = f"(?:^|[^{LETTERS}])"
LABEL = f"(?:{longest_first(map(re.escape, LABELS))})"
_BARE = r"[^()\[\]{}<>0-9]*"
BRACKETED_WORDS = rf"[(\[{{<]{_BARE}{_LETTER}{_BARE}[)\]}}>]"
"""They go, within a number, too."""
PARTING = f"[^0-9{re.escape(DIGIT_SEPARATORS)}]+"
_DAY = r"(?:[0-9]{1,2}[\-./][0-9]{1,2}[\-./](?:19|20)[0-9]{2}|(?:19|20)[0-9]{2}[\-./][0-9]{1,2}[\-./][0-9]{1,2})"
_UNKNOWN = f"(?-i:[^{LETTERS}\ufffc\t\n\v\f\r -#%-?A-~])"
_BULLET = "\n *[*\u2022\u00b7\u25aa\u2023]"
UNLESS = (
    rf"(?i){_UNKNOWN}|//|www\.|wa\.me|whatsapp\.(?:com|net)|item[0-9]|<a |{_BULLET}"
    r"|&[a-z0-9#]+;|\\n|^[\[{].*\\|[?&;](?:body|text)=|;phone-context=|;[a-z \-]+=[^;,|]*[/\n]"  # characters and parameters of their own
    # as a spreadsheet writes errors and numbers
    rf"|^#[a-z0-9/_]+[!?]|^['=]*-[0-9]|^=|{SCIENTIFIC}|[0-9][.,][0-9]+\s*e\s*[+\-]?[0-9]|^[^0-9]*[0-9][0-9,.' ]*[.,]0+[^0-9]*$"
    rf"|^[^0-9]*[0-9]{{1,3}}(?:[,'][0-9]{{3}}){{1,6}}(?:[.,][0-9]*)?[^0-9]*$|{DATE}|^[(\[ ]*{_DAY}[)\] ]*$|{COORDINATES}|{DECIMAL}"
)
"""What is read in its own way."""
_GLUED = f"{_LETTER}[0-9]"
_LONE = f"(?:{_LETTER}|[Oo\u041e\u043eIlSZB]+|[xX]+)"
LETTERS_BETWEEN = rf"[0-9][^0-9]*{_LETTER}[^0-9]*[0-9]"
HOUSE_APART = rf"([{LETTERS}][^0-9+(,;|{LETTERS}]*[1-9][0-9]{{0,2}} ?)[\n,]( ?{POST_CODE}\s[^0-9,;|{LETTERS}]*[{LETTERS}])"
"""A house behind a word, and a post code before one in the next line or behind a comma: they are no number together."""
MAY_BE_DIGITS = (
    rf"{_GLUED}|[0-9]{_LETTER}|{LETTERS_BETWEEN}|{_NO_LETTER}{_LONE}(?:[^{LETTERS}.:]|$)|[0-9][ \-][A-Z]{{4,}}$|{HOUSE_APART}"
)
"""Letters in the place of digits, glued to them, or between; words of an address."""
BEGINS_WITH_PLUS = r"^[^0-9]*\+"
_GROUP = re.compile("[0-9]+")
_UNLESS, _MAY_BE_DIGITS, _BEGINS_WITH_PLUS = map(re.compile, (UNLESS, MAY_BE_DIGITS, BEGINS_WITH_PLUS))
_PARTING = re.compile(PARTING)
_BRACKETED_WORDS = re.compile(BRACKETED_WORDS)


def stretches_of(text: str, fewest: int) -> list[list[str]] | None:
    """The groups of digits of each stretch; None with too many groups in a stretch of so many digits.

    Args:
        text: in ASCII as far as it can be, without blanks around.
    """
    stretches = [groups for each in _PARTING.split(without_bracketed_words(text)) if (groups := _GROUP.findall(each))]
    is_many = any(len(groups) > MOST_GROUPS and digit_count(groups) >= fewest for groups in stretches)
    return None if is_many else stretches


def without_bracketed_words(text: str) -> str:
    """A text in which a blank stands for each bracket with a word and no digit."""
    return _BRACKETED_WORDS.sub(" ", text) if has_closing_bracket(text) else text


def is_run(number: str, groups: list[str]) -> bool:
    """True where the digits of a number are groups side by side; of several places, only the first is looked at."""
    digits = number.removeprefix("+")
    begin = "".join(groups).find(digits)
    return begin >= 0 and {begin, begin + len(digits)} <= {0, *accumulate(map(len, groups))}


def has_other(text: str) -> bool:
    """True for a text of another shape."""
    return _UNLESS.search(text) is not None


def may_be_digits(text: str) -> bool:
    """True where letters of a text may be digits."""
    return _MAY_BE_DIGITS.search(text) is not None


def begins_with_plus(text: str) -> bool:
    """True where a plus stands before all digits."""
    return _BEGINS_WITH_PLUS.match(text) is not None


def digit_count(groups: list[str]) -> int:
    """How many digits groups have."""
    return sum(map(len, groups))


def runs_of(groups: list[str], fewest: int, text: str) -> list[str]:
    """The runs of a stretch that have at least so many digits, all digits first; each with a plus, too, where one is in the text."""
    signs = ("",) if "+" not in text else ("+", "") if begins_with_plus(text) else ("", "+")
    counts = range(len(groups), 0, -1)
    runs = ["".join(groups[begin : begin + count]) for count in counts for begin in range(len(groups) - count + 1)]
    return [sign + run for run in runs if fewest <= len(run) <= MOST_DIGITS for sign in signs]


def reason_of(text: str, of_stretches: Iterable[Iterable[RejectReason | None]]) -> RejectReason | None:
    """Why a text is no number of which no run is one; None where one is.

    Args:
        of_stretches: for each stretch why each of its runs is none, None for a number; all digits first. Of the others only
            AMBIGUOUS_INTERNATIONAL is told from the rest.
    """
    reasons: list[list[RejectReason]] = []
    for of_runs in of_stretches:
        reasons.append([])
        for reason in of_runs:
            if reason is None:
                return None
            reasons[-1].append(reason)
    if may_be_digits(text):
        return RejectReason.LETTERS_IN_NUMBER
    if any(RejectReason.AMBIGUOUS_INTERNATIONAL in of_runs for of_runs in reasons):
        return RejectReason.AMBIGUOUS_INTERNATIONAL
    if len(reasons) > 1:
        return RejectReason.INVALID_NUMBER
    return RejectReason.TOO_LONG if digit_count(_GROUP.findall(text)) > MOST_DIGITS else reasons[0][0]
