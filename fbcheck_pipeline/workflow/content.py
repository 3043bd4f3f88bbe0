"""What a normalised list holds: its distinct phones, and why the other cells were rejected."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from fbcheck_pipeline.files.storage import release_unused_memory
from fbcheck_pipeline.ledger import codec
from fbcheck_pipeline.ledger.codec import Phones
from fbcheck_pipeline.model.columns import Column


@dataclass(frozen=True)
class ListContent:
    """Sorted distinct phones, how many rows each has, and the number of rejected rows by reason."""

    phones: Phones
    occurrences: npt.NDArray[np.int32]
    reasons: Mapping[str, int]

    @property
    def valid_rows(self) -> int:
        """Rows that have a phone."""
        return int(self.occurrences.sum())

    @property
    def rejected_rows(self) -> int:
        """Rows that have none."""
        return sum(self.reasons.values())


def content_of(batches: Iterable[pa.RecordBatch]) -> ListContent:
    """Read batches that have `phone_e164`, null where rejected, and `reject_reason`."""
    found, reasons = [np.empty(0, np.int64)], Counter[str]()
    for batch in batches:
        found.append(codec.from_e164(batch.column(Column.PHONE_E164)))
        for each in pc.value_counts(batch.column(Column.REJECT_REASON).drop_null()).to_pylist():
            reasons[each["values"]] += each["counts"]
    every = np.concatenate(found)
    found.clear()
    release_unused_memory()
    every.sort()
    return ListContent(*codec.runs(every), reasons)
