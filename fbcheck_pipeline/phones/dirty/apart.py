"""Parts of cells over whose bounds no number goes, of many cells at once; see `text.parts_apart`, whose shapes these are."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa

from fbcheck_pipeline.phones.dirty.undress import FIRST_BEYOND_ASCII, SCHEMES, matches, replaced_where
from fbcheck_pipeline.phones.fast.digits import digit_counts, stretches
from fbcheck_pipeline.phones.fast.terms import Ints, Mask
from fbcheck_pipeline.text.decorations import CURRENCY
from fbcheck_pipeline.text.digit_runs import BRACKETED_WORDS, HOUSE_APART, LETTERS, LETTERS_BETWEEN
from fbcheck_pipeline.text.parts_apart import BOUNDS, HOUSE_BECOMES, MAY_GO, SHAPE, TIME_APART, TIME_BECOMES

# What `SHAPE` has beyond ASCII are bounds.
_PARTING = np.array([byte >= FIRST_BEYOND_ASCII or re.match(f"[{BOUNDS}]", chr(byte)) is not None for byte in range(256)])
BETWEEN_OR_ADDRESS = f"{LETTERS_BETWEEN}|{HOUSE_APART}"
"""Where no run is a number, these alone are as much of a reason as a part without one."""
_PLAIN = rf"^[{LETTERS}{CURRENCY[1:-1]}0-9 \n,.:;|/()+\-!?%&'_]*$"
# What goes before the parts are looked at, or is read in its own way: an address, a link, an item of a vCard, an escape, a power of ten, hours,
# a price that is the first part, or one that may be a number; a scheme right behind digits, without which no letter may be between them.
_OTHER = (
    rf"(?i)//|www\.|wa\.me|whatsapp|item[0-9]|&[a-z]+;|^[+\-]?[0-9.,]+\s*e\s*\+?-?[0-9]|(?:h|[ap]m)\s?-\s?[0-9]"
    rf"|^[^0-9]*[0-9]+(?:[.,'][0-9]+)*(?:[.,]-)?\s*{CURRENCY}|{CURRENCY}\s*[0-9]"
    rf"|[0-9][^0-9{LETTERS}]*{SCHEMES}"
)


def parts_apart(cells: pa.StringArray) -> tuple[pa.StringArray, Ints]:
    """As `text.parts_apart.parts_apart`, and the place of the cell of each.

    Args:
        cells: cleaned of what a whole cell may drop.
    """
    has_shape = matches(cells, SHAPE, f"[{BOUNDS}]")
    places, texts = np.flatnonzero(has_shape), _without_bracketed_words(cells.filter(pa.array(has_shape)))
    texts = replaced_where(texts, TIME_APART, TIME_APART, TIME_BECOMES, signs=(b":",))
    texts = replaced_where(texts, HOUSE_APART, HOUSE_APART, HOUSE_BECOMES, signs=(b"\n", b","))
    parts, of_cell = stretches(texts, _PARTING)
    kept = (digit_counts(parts) > 0) & ~matches(texts, MAY_GO)[of_cell]
    return parts.filter(pa.array(kept)), places[of_cell[kept]]


def begin_with_few(cells: pa.StringArray, fewest: int) -> Mask:
    """Where the first of several parts has fewer digits than a number: no other may hold one, with letters between.

    Args:
        cells: as `in_ascii` gives them, without blanks around; `BETWEEN_OR_ADDRESS`.
        fewest: digits of a number.
    """
    few = rf"[0-9](?:[ /\-]?[0-9]){{0,{fewest - 2}}}[^0-9(\[{{{BOUNDS}]*[{BOUNDS}]|[0-9]{{1,2}}:[0-9]{{2}}\s*[{LETTERS},;|]"
    may_be_price = rf"[0-9]{{{fewest}}}\s*{CURRENCY}"
    are_few = matches(cells, _PLAIN, rf"^[^0-9]*(?:{few}|{HOUSE_APART})", unless=f"{_OTHER}|{may_be_price}")
    are_few[are_few] = ~matches(_without_bracketed_words(cells.filter(pa.array(are_few))), MAY_GO)
    return are_few


def _without_bracketed_words(texts: pa.StringArray) -> pa.StringArray:
    return replaced_where(texts, r"[(\[{]", BRACKETED_WORDS, " ", signs=(b"(", b"[", b"{"))
