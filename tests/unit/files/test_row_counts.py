"""How often combinations of values stand in a batch."""

from __future__ import annotations

from collections import Counter

import pyarrow as pa
import pytest

from fbcheck_pipeline.files.row_counts import row_counts


@pytest.mark.parametrize("index", [pa.int8(), pa.int32()])
def test_each_combination_is_counted_with_nulls(index: pa.DataType) -> None:
    """Also where a dictionary has as many words as its indices can tell: a null is one more."""
    rows = [(f"w{row % 128}" if row % 5 else None, None if row % 3 else "x") for row in range(700)]
    words, others = (list(column) for column in zip(*rows, strict=True))
    coded = pa.array(words, pa.dictionary(index, pa.string()))
    assert len(coded.dictionary) == 128
    batch = pa.record_batch({"word": coded, "other": pa.array(others)})
    assert dict(row_counts(batch, ["word", "other"])) == Counter(rows)
    assert dict(row_counts(batch.slice(100, 7), ["other", "word"])) == Counter((other, word) for word, other in rows[100:107])
    assert not [*row_counts(batch.slice(0, 0), ["word"])]
