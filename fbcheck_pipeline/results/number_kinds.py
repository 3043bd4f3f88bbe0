"""Of which countries and line types a list's valid numbers are: a wrong region shows here, where its numbers are valid all the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

import pyarrow as pa

from fbcheck_pipeline.files.row_counts import row_counts
from fbcheck_pipeline.model.columns import Column

KIND_COLUMNS = [str(each) for each in (Column.COUNTRY, Column.LINE_TYPE)]


class NumberKinds:
    """Counts the valid numbers of a list while its batches of normalised phones pass."""

    def __init__(self) -> None:
        self._kinds: dict[str, Counter[str]] = {}

    def counted(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Yield the same batches, which have the columns of `KIND_COLUMNS` and `phone_e164`, and count each of them."""
        for batch in batches:
            valid = batch.select(KIND_COLUMNS).filter(batch.column(Column.PHONE_E164).is_valid())
            for (country, line_type), count in row_counts(valid, KIND_COLUMNS):
                self._kinds.setdefault(country, Counter())[line_type] += count
            yield batch

    def to_json(self) -> dict[str, dict[str, int]]:
        """Valid numbers by country, then by line type, the largest count first."""
        largest_first = sorted(self._kinds.items(), key=lambda item: (-item[1].total(), item[0]))
        return {country: dict(sorted(kinds.items(), key=lambda kind: (-kind[1], kind[0]))) for country, kinds in largest_first}
