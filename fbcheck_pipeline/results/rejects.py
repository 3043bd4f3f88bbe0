"""Why cells of a list were rejected: counts by column and reason, with shapes of such cells that tell nobody's number or name.

Works on batches of normalised or of joined phones.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from fbcheck_pipeline.files.row_counts import row_counts
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.model.columns import Column
from fbcheck_pipeline.model.reasons import remedy_of
from fbcheck_pipeline.workflow.workspace import Workspace

COLUMNS = [str(each) for each in (Column.PHONE_COLUMN, Column.PHONE_RAW, Column.REJECT_REASON)]
MOST_EXAMPLES = 3
CELLS_LOOKED_AT = 500
"""So many cells of a column and reason are looked at for their commonest shapes."""
LONGEST_SHAPE = 40
_GROUP = (Column.PHONE_COLUMN, Column.REJECT_REASON)


class Rejects:
    """Counts the rejected cells of a list while its batches pass."""

    def __init__(self) -> None:
        self._cells: Counter[str] = Counter()
        self._counts: Counter[tuple[str, str]] = Counter()
        self._shapes: dict[tuple[str, str], Counter[str]] = {}

    def counted(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Yield the same batches and count each of them."""
        for batch in batches:
            self.add(batch)
            yield batch

    def add(self, batch: pa.RecordBatch) -> None:
        """Count one batch, which has the columns of `COLUMNS`."""
        rejected = batch.select(COLUMNS).filter(batch.column(Column.REJECT_REASON).is_valid())
        for (column, reason), count in row_counts(batch, _GROUP):
            self._cells[column] += count
            if reason is not None:
                self._counts[column, reason] += count
                self._look_at(rejected, column, reason)

    def _look_at(self, rejected: pa.RecordBatch, column: str, reason: str) -> None:
        shapes = self._shapes.setdefault((column, reason), Counter())
        missing = CELLS_LOOKED_AT - shapes.total()
        if missing > 0:
            is_one = pc.and_(pc.equal(rejected[Column.PHONE_COLUMN], column), pc.equal(rejected[Column.REJECT_REASON], reason))
            cells = rejected[Column.PHONE_RAW].filter(is_one)[:missing].to_pylist()
            shapes.update(shape_of(cell or "") for cell in cells)

    def to_json(self) -> list[dict[str, Any]]:
        """One entry for each column and reason: `column`, its `cells`, `reason`, `count`, `examples` (shapes) and `remedy`."""
        return [
            {
                "column": column,
                "cells": self._cells[column],
                "reason": reason,
                "count": count,
                "examples": [shape for shape, _ in self._shapes[column, reason].most_common(MOST_EXAMPLES) if shape],
                "remedy": remedy_of(reason),
            }
            for (column, reason), count in sorted(self._counts.items(), key=lambda item: (-item[1], item[0]))
        ]


def read_rejects(ws: Workspace, list_key: str) -> Rejects:
    """The rejects of a list as it was normalised; none where it was not yet."""
    found, name = Rejects(), paths.E164_PHONES.of(list_key)
    if ws.storage.exists(name):
        for batch in ws.storage.read_parquet(name, COLUMNS).batches:
            found.add(batch)
    return found


def shape_of(text: str) -> str:
    """A cell without what it says: each digit is `#`, each letter `a`; blanks, ASCII punctuation and the length stay.

    A cut long cell ends with `…`, and any other character is `?`.
    """
    shape = "".join(map(_masked, text[:LONGEST_SHAPE].strip()))
    return shape + "…" * (len(text) > LONGEST_SHAPE)


@lru_cache(maxsize=1 << 12)
def _masked(character: str) -> str:
    kind = unicodedata.category(character)[0]
    if kind == "N" or character.isnumeric():
        return "#"
    if kind in "LM":
        return "a"
    if character.isspace():
        return " "
    return character if character.isascii() and character.isprintable() else "?"
