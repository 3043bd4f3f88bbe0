"""Cells that are one number and something known beside it: an extension, a label behind it, a chat link around it.

What must hold of the number besides is said at each function.
"""

from __future__ import annotations

import pyarrow as pa

from fbcheck_pipeline.phones.dirty.undress import WHOLE, matches, rewritten
from fbcheck_pipeline.phones.fast.digits import digit_counts, only
from fbcheck_pipeline.text.cell_words import EXTENSION_WORDS
from fbcheck_pipeline.text.decorations import MIN_PART_DIGITS
from fbcheck_pipeline.text.digit_runs import LABEL

_EXTENSION = rf"(?i)^(?:{WHOLE}) +\(?(?:{EXTENSION_WORDS})[ .:#]*[0-9]{{1,6}}\)?$"
_LABEL_BEHIND = rf"(?i)^(?:{WHOLE}) *(?: {LABEL}|\({LABEL}\))$"
_BEGIN = r"(?s)^([+(]*[0-9][0-9 ().\-]*[0-9)])"
_LAST_GROUP = r"[ ().\-]+[0-9]+\)?$"
_RANGE = r"^((?:\+|\(?0)[0-9 ()]*[0-9)]) ?[\-/~] ?[0-9]{1,4}$"
_LINK = r"(?i)^(?:https?://)?(?:(?:www\.)?wa\.me/|(?:api|web)\.whatsapp\.com/send/?\?phone=)([1-9][0-9]{6,14})/?$"


def before_words(cells: pa.StringArray) -> pa.StringArray:
    """The number before an extension or a label, null in any other cell; it counts where it is a number, and without its last groups none.

    Args:
        cells: as `in_ascii` gives them, without blanks around.
    """
    # Capitals may be digits of a telephone's keys.
    is_label = matches(cells, _LABEL_BEHIND) & ~matches(cells, "[A-Z]{2}")
    return rewritten(cells, matches(cells, _EXTENSION) | is_label, rf"{_BEGIN}.*$", r"\1")


def before_range(cells: pa.StringArray) -> pa.StringArray:
    """The number before the end of a range, null in any other cell; it is one where it is a number, and all digits are none.

    Args:
        cells: as `in_ascii` gives them, without blanks around.
    """
    is_range = matches(cells, _RANGE)
    is_range[is_range] = digit_counts(cells.filter(pa.array(is_range))) < 2 * MIN_PART_DIGITS  # no two numbers
    return rewritten(cells, is_range, _RANGE, r"\1")


def without_last_group(numbers: pa.StringArray) -> pa.StringArray:
    """Each number without its last group of digits, null where it has but one."""
    return rewritten(numbers, matches(numbers, "[0-9]" + _LAST_GROUP), _LAST_GROUP, "")


def digits_in(numbers: pa.StringArray) -> pa.StringArray:
    """The digits of each number, and its plus."""
    return only(numbers, b"0123456789+")


def linked(cells: pa.StringArray) -> pa.StringArray:
    """The digits of a WhatsApp link that is the whole cell, null in any other; a number abroad, where they are none at home, or the same.

    Args:
        cells: as `in_ascii` gives them, without blanks around.
    """
    return rewritten(cells, matches(cells, _LINK), _LINK, r"\1")
