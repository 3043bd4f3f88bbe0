"""Cells that surely hold no number, many at once, and why: words, e-mail addresses, letters glued to digits.

Only cells of plain letters and few signs are looked at; in these nothing goes before the careful path finds the same.
"""

from __future__ import annotations

import pyarrow as pa

from fbcheck_pipeline.model.reasons import RejectReason
from fbcheck_pipeline.phones.dirty.undress import matches
from fbcheck_pipeline.phones.fast.terms import Mask
from fbcheck_pipeline.text.cell_words import EMPTY_WORDS, EXTENSION_WORDS
from fbcheck_pipeline.text.decorations import DATE, SYMBOL
from fbcheck_pipeline.text.digit_runs import LABEL
from fbcheck_pipeline.text.few_digits import AMOUNT, SCIENTIFIC

# What rules drop that find out whether a cell says "nothing"; more is no harm.
_IGNORED = "[ \t\n\r\v\f.\\-_/#()\\[\\]{}=?!\"'`;\u00b4\u2018\u2019\u201c\u201d\u201e\u00ab\u00bb" + SYMBOL + "]*"
_SAYS_NOTHING = "|".join(_IGNORED.join(word) for word in sorted(EMPTY_WORDS) if word)
# A chat link without a number has a reason of its own; an escape may be a blank.
_MAY_SAY_NOTHING = rf"(?i)^{_IGNORED}(?:{_SAYS_NOTHING})?{_IGNORED}$|wa\.me|whatsapp|&[a-z]+;"
_NOTHING = rf"(?i)^[ \t\n.\-_/()\[\]?!{SYMBOL}]*(?:{_SAYS_NOTHING})?[ \t\n.\-_/()\[\]?!{SYMBOL}]*$"
# Without tags, and without letters that fold to two: a word of them may say nothing, unknown to the pattern.
_LETTERS = r"A-Za-z\x{c0}-\x{de}\x{e0}-\x{148}\x{14a}-\x{17e}\x{400}-\x{481}\x{483}-\x{52f}\p{Lo}"
_WORDS = rf"^[{_LETTERS}\t\n !-/:;=?@\[\]^_`{{-~{SYMBOL}]*$"
_EMAIL = r"^[A-Za-z0-9._%+\-]+@[A-Za-z0-9\-]+(?:\.[A-Za-z0-9\-]+)+$"
_CHAT_ADDRESS = r"(?i)whatsapp|@c\.us"
# Behind the first digits, a word glued to digits may part two numbers.
_GLUED = r"^(?:[A-Za-z0-9 .,;/+\-]*[0-9][A-Za-z]|[A-Za-z .,;/\-]*[A-Za-z][0-9])[A-Za-z0-9 .,;/+\-]*$"
# Scientific notation, the time of a date, labels and extensions may be glued to digits; an address has another reason.
_MAY_BE_GLUED = rf"(?i){SCIENTIFIC}|[0-9](?:h|[ap]m)|www\.|wa\.me|whatsapp|(?:[xt]|{LABEL}|{EXTENSION_WORDS})[ .:=#+\-]*[0-9]"
LETTERS_LIKE_DIGITS = r"(?:^|[^\p{L}])(?:[Oo\x{41e}\x{43e}IlSZB]+|[xX]+)(?:[^\p{L}]|$)"


def are_words(cells: pa.StringArray) -> Mask:
    """Cells without a digit, which do not say that there is no number.

    Args:
        cells: as they came, or as `in_ascii` gives them; of the characters looked for none becomes another in ASCII.
    """
    return _only(cells, _WORDS, _MAY_SAY_NOTHING)


def certain_reasons(cells: pa.StringArray) -> list[tuple[RejectReason, Mask]]:
    """Reasons, and where they are certain.

    Args:
        cells: as `in_ascii` gives them, without blanks around.
    """
    is_none = are_words(cells) | _only(cells, _EMAIL, _CHAT_ADDRESS) | matches(cells, DATE) | matches(cells, AMOUNT)
    is_glued = _only(cells, _GLUED, _MAY_BE_GLUED)
    return [
        (RejectReason.NOT_A_NUMBER, is_none),
        (RejectReason.EMPTY, matches(cells, _NOTHING)),
        (RejectReason.LETTERS_IN_NUMBER, is_glued),
    ]


def _only(cells: pa.StringArray, shape: str, unless: str) -> Mask:
    """Where the one expression is found, and the other is not."""
    found = matches(cells, shape)
    found[found] = ~matches(cells.filter(pa.array(found)), unless)
    return found
