"""What a normalised list holds: its distinct phones, and how each of its phone columns reads."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
import pyarrow as pa

from fbcheck_pipeline.files.row_counts import row_counts
from fbcheck_pipeline.files.storage import Storage
from fbcheck_pipeline.ledger import codec
from fbcheck_pipeline.ledger.codec import Phones
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.model.columns import Column, repeated_texts

CELLS_OF_BATCH, CELLS_KEPT = 100, 1000
"""So many cells of a batch, evenly spread, and of a list are kept to tell of which region they are."""
_GROUP = (Column.PHONE_COLUMN, Column.REJECT_REASON)
CellCounts = Mapping[str | None, int]
"""Cells by why they were rejected; None for those that hold a phone."""


@dataclass(frozen=True)
class ListContent:
    """Sorted distinct phones, those of further rows, the cells of each phone column by its name, and what gives some cells as they came."""

    phones: Phones
    repeats: Phones
    columns: Mapping[str, CellCounts]
    some_cells: Callable[[], Sequence[str]] = tuple

    @property
    def rejected_rows(self) -> int:
        """Rows that have none."""
        return sum(sum(cells.values()) for cells in self.columns.values()) - len(self.phones) - len(self.repeats)


def content_of(batches: Iterable[pa.RecordBatch]) -> ListContent:
    """Read batches that have `phone_e164`, null where rejected, `phone_column`, `reject_reason`, and `phone_raw` where cells are kept."""
    phones, columns = codec.Gathered(np.int64), defaultdict[str, Counter[str | None]](Counter)
    some_cells: list[str] = []
    for batch in batches:
        if Column.PHONE_RAW in batch.schema.names and len(some_cells) < CELLS_KEPT:
            some_cells += _cells_of(batch)
        phones.add(codec.from_e164(batch.column(Column.PHONE_E164)))
        for (column, reason), count in row_counts(batch, _GROUP):
            columns[column][reason] += count
    every = phones.whole()
    every.sort()
    return ListContent(*codec.without_repeats(every), columns, some_cells.copy)


def stored_content(storage: Storage, list_key: str) -> ListContent:
    """The content of a list as it was normalised; its cells are read only where they are asked for.

    Raises:
        StorageError: there is no such file, or it is damaged.
    """
    name = paths.E164_PHONES.of(list_key)
    columns = [str(each) for each in (Column.PHONE_COLUMN, Column.PHONE_E164, Column.REJECT_REASON)]

    def some_cells() -> list[str]:
        batches = storage.read_parquet(name, [Column.PHONE_RAW]).batches
        return [cell for batch in islice(batches, CELLS_KEPT // CELLS_OF_BATCH) for cell in _cells_of(batch)]

    content = content_of(storage.read_parquet(name, columns, dictionaries=repeated_texts(paths.E164_PHONES)).batches)
    return replace(content, some_cells=some_cells)


def _cells_of(batch: pa.RecordBatch) -> Iterable[str]:
    evenly = np.arange(0, batch.num_rows, 1 + batch.num_rows // CELLS_OF_BATCH)
    return filter(None, batch.column(Column.PHONE_RAW).take(pa.array(evenly)).to_pylist())
