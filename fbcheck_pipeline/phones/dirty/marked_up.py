"""Cells with tags, written lists and JSON documents: their text without these, as the rules of `text` make it, cell by cell.

Only texts that are left plain count; what they become besides a number, the careful rules say.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from fbcheck_pipeline.phones.dirty.undress import LETTERS, NOTHING, matches
from fbcheck_pipeline.text.cleaning import CELL, cleaned
from fbcheck_pipeline.text.decorations import Reject

MARKUP = r"<[^<>]*>|^\[.*\"|^\[.*'|^\{"
_LEFT = rf"^[{LETTERS}0-9 +()'\"{{}}\-.,:;/|_#%\n]*$"


def without_markup(cells: pa.StringArray) -> pa.StringArray:
    """The text in tags, of a list or a document; null in any other cell, and where more than a plain text is left.

    Args:
        cells: as `in_ascii` gives them, without blanks around; `MARKUP`.
    """
    left = pa.array([*map(_without, cells.to_pylist())], pa.string())
    return pc.if_else(pa.array(matches(left, _LEFT)), left, NOTHING)


def _without(text: str) -> str | None:
    try:
        return cleaned(CELL, text).strip()
    except Reject:
        return None
