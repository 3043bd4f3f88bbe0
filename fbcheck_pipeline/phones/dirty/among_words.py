"""Cells that are words and one number: `Ayşe 0532 …`, `0532 … Ayşe`, whole notes. The words are letters and few signs; none may be a digit."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from fbcheck_pipeline.phones.dirty.rejects import LETTERS_LIKE_DIGITS
from fbcheck_pipeline.phones.dirty.undress import LETTERS, NOTHING, WHOLE, matches, rewritten, without_scheme
from fbcheck_pipeline.phones.fast.terms import Mask
from fbcheck_pipeline.text import labels

_WORD = rf"[{LETTERS}]{{2,}}[.,:!?]?"
_BEFORE = rf"(?:(?:[{LETTERS}]+[.,:!?]? +)*{_WORD} +(?:- +)?)?"
_BEHIND = rf"(?:(?:,| -)?(?: +{_WORD})+| *\({_WORD}(?: +{_WORD})*\))?"
_ONE = rf"^{_BEFORE}(?:{WHOLE}){_BEHIND}$"
# No date, fraction or range; a last digit that is alone may be the word's behind it.
_UNCLEAR = r"^[0-9]-|\.|-.*-| -|- |[^0-9][0-9]$|\)$"
# Two dots or dashes may mask digits. A word of four capitals may be a telephone's keys; without its scheme the text is another.
_NO_WORD = rf"{LETTERS_LIKE_DIGITS}|[A-Z]{{4,}}[^{LETTERS}0-9]*$|\.\.|--|- -|www\.|(?i:tel|fax|callto|smsto|sms|phone|whatsapp):"


def among_words(cells: pa.StringArray) -> pa.StringArray:
    """The number among words, null in any other cell; it counts where it is a number, and without its last groups none.

    Args:
        cells: as `in_ascii` gives them, without blanks around, or parts of such.
    """
    cells = without_scheme(pc.ascii_trim(cells, " "))
    is_one = matches(cells, _ONE)
    is_one[is_one] = ~matches(cells.filter(pa.array(is_one)), _NO_WORD)
    numbers = rewritten(cells, is_one, r"^[^0-9+(]+|[^0-9]+$", "")
    return pc.if_else(pa.array(matches(numbers, _UNCLEAR)), NOTHING, numbers)


def are_references(cells: pa.StringArray) -> Mask:
    """Where words before a number without a plus or brackets, or a 0 and groups, name something else whose number it may be."""
    may_be = matches(cells, r"^[^0-9+(]*(?:[1-9]|0[0-9]+[^0-9]*$|\([^)]*$)")
    may_be[may_be] = [*map(labels.is_reference, cells.filter(pa.array(may_be)).to_pylist())]
    return may_be
