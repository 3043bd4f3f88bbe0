"""Cells with tags, written lists and JSON documents: their text without these, as the rules of `text` make it, cell by cell.

Only texts that are left plain count; what they become besides a number, the careful rules say.
"""

from __future__ import annotations

import pyarrow as pa

from fbcheck_pipeline.phones.dirty.undress import LETTERS, matches, spread
from fbcheck_pipeline.text import decorations
from fbcheck_pipeline.text.cleaning import CELL, cleaned
from fbcheck_pipeline.text.decorations import Reject

MARKUP = r"<[^<>]*>|^\[.*\"|^\[.*'|^\{"
_LEFT = rf"^[{LETTERS}0-9 +()'\"{{}}\-.,:;/|_#%\n]*$"


def without_markup(cells: pa.StringArray) -> pa.StringArray:
    """The text in tags, of a list or a document; null in any other cell, and where more than a plain text is left.

    Args:
        cells: as `in_ascii` gives them, without blanks around; `MARKUP`.
    """
    where = ~matches(cells, decorations.SYMBOL)
    left = pa.array([*map(_without, cells.filter(pa.array(where)).to_pylist())], pa.string())
    where[where] = is_plain = matches(left, _LEFT)
    return spread(left.filter(pa.array(is_plain)), where)


def _without(text: str) -> str | None:
    try:
        return cleaned(CELL, text).strip()
    except Reject:
        return None
