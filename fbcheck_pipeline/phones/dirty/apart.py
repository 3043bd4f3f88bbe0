"""Parts of cells over whose bounds no number goes, of many cells at once; see `text.parts_apart`, whose shapes these are."""

from __future__ import annotations

import string

import numpy as np
import pyarrow as pa

from fbcheck_pipeline.phones.dirty.undress import matches, replaced_where
from fbcheck_pipeline.phones.fast.digits import digit_counts, stretches
from fbcheck_pipeline.phones.fast.terms import Ints
from fbcheck_pipeline.text.digit_runs import BRACKETED_WORDS, LETTERS
from fbcheck_pipeline.text.parts_apart import BOUNDS, MAY_GO, SHAPE, TIME_APART

# Letters of `SHAPE` beyond ASCII have no other bytes.
_PARTING = np.isin(np.arange(256), np.frombuffer((BOUNDS + string.ascii_letters).encode(), np.uint8)) | (np.arange(256) >= 128)


def parts_apart(cells: pa.StringArray) -> tuple[pa.StringArray, Ints]:
    """As `text.parts_apart.parts_apart`, and the place of the cell of each.

    Args:
        cells: cleaned of what a whole cell may drop.
    """
    has_shape = matches(cells, SHAPE, f"[{LETTERS}{BOUNDS}]")
    places, texts = np.flatnonzero(has_shape), cells.filter(pa.array(has_shape))
    texts = replaced_where(texts, r"[(\[{]", BRACKETED_WORDS, " ", signs=(b"(", b"[", b"{"))
    texts = replaced_where(texts, TIME_APART, TIME_APART, r"\1;\2;\3", signs=(b":",))
    parts, of_cell = stretches(texts, _PARTING)
    kept = (digit_counts(parts) > 0) & ~matches(texts, MAY_GO)[of_cell]
    return parts.filter(pa.array(kept)), places[of_cell[kept]]
