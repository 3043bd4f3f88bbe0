"""Cells with tags, or with an e-mail address beside a number: their text without these, as the rules of `text` make it, cell by cell.

Only texts that are left plain count; what they become besides a number, the careful rules say.
"""

from __future__ import annotations

import pyarrow as pa

from fbcheck_pipeline.phones.dirty.undress import LETTERS, matches, spread
from fbcheck_pipeline.text import decorations
from fbcheck_pipeline.text.cleaning import CELL, cleaned
from fbcheck_pipeline.text.decorations import Reject

_TAGS = "<[^<>]*>"
# The address has no digit, and no rule looks at the number before the address goes.
_ADDRESS = rf"^[{LETTERS}0-9 ,;/|+()_.\-]*[{LETTERS}_.\-]+@[{LETTERS}\-.]+[{LETTERS}0-9 ,;/|+()_.\-]*$"
_NO_ADDRESS = (
    rf"(?i)[0-9][_\-.]*[{LETTERS}]|[{LETTERS}][_\-.]*[0-9]|[0-9](?: ?[.e]|,[0-9])|^-|@(?:c\.us|s\.whatsapp)|wa\.me|whatsapp|www\."
)
_LEFT = rf"^[{LETTERS}0-9 +()\-.,:;/|\n]*$"


def without_markup(cells: pa.StringArray) -> pa.StringArray:
    """The text in tags or beside an address; null in any other cell, and where more than a plain text is left.

    Args:
        cells: as `in_ascii` gives them, without blanks around.
    """
    where = matches(cells, "[<@]")
    if not where.any():  # the expressions take longer to compile than most batches
        return pa.nulls(len(cells), pa.string())
    some = cells.filter(pa.array(where))
    has_tags, has_address = matches(some, _TAGS) & ~matches(some, decorations.SYMBOL), matches(some, _ADDRESS)
    has_address[has_address] = ~matches(some.filter(pa.array(has_address)), _NO_ADDRESS)
    kept = has_tags | has_address
    texts = zip(some.filter(pa.array(kept)).to_pylist(), has_tags[kept].tolist(), strict=True)
    left = pa.array([_without_tags(text) if tags else decorations.address_beside(text) for text, tags in texts], pa.string())
    kept[kept] = is_plain = matches(left, _LEFT)
    where[where] = kept
    return spread(left.filter(pa.array(is_plain)), where)


def _without_tags(text: str) -> str | None:
    try:
        return cleaned(CELL, text).strip()
    except Reject:
        return None
