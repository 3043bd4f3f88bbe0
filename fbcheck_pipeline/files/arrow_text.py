"""Any Arrow column as text, as a person would write it: integers without `.0`, missing stays null."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

_EXACT_DOUBLE = 2.0**53
_EXACT = {pa.float16(): 2.0**11, pa.float32(): 2.0**24, pa.float64(): _EXACT_DOUBLE}
"""Up to here a float holds whole numbers exactly; of larger ones the last digits are made up."""
_IDLE_FRACTION = r"(\.\d*?)0+(Z|[+-]\d\d:?\d\d)?$"


def rows_of(batch: pa.RecordBatch) -> list[list[str | None]]:
    """String columns as rows; for a few of them."""
    return [list(row) for row in zip(*(column.to_pylist() for column in batch.columns), strict=True)]


def one_text(text: str, count: int) -> pa.DictionaryArray:
    """A column that says the same in each of `count` rows."""
    return pa.DictionaryArray.from_arrays(pa.repeat(pa.scalar(0, pa.int8()), count), pa.array([text]))


def to_text(column: pa.Array[Any], counts: Counter[str]) -> pa.Array[Any]:
    """The column as `pa.string()`.

    Args:
        counts: `bad_bytes` rises by the cells of bytes that are no UTF-8.
    """
    kind = column.type
    if pa.types.is_dictionary(kind):
        return to_text(column.dictionary_decode(), counts)
    if pa.types.is_floating(kind):
        return _floats(column.cast(pa.float64()), _EXACT[kind])
    if pa.types.is_timestamp(kind):
        text = pc.replace_substring_regex(column.cast(pa.string()), _IDLE_FRACTION, r"\1\2")
        return pc.replace_substring_regex(text, r"\.(Z|[+-]\d\d:?\d\d)?$", r"\1")
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        return _bytes(column, counts)
    if pa.types.is_nested(kind):
        return pa.array(
            [None if v is None else json.dumps(v, ensure_ascii=False, default=str) for v in column.to_pylist()], pa.string()
        )
    text = column.cast(pa.string())
    try:
        text.validate(full=True)
    except pa.ArrowInvalid:  # a file may call its bytes text
        return _bytes(text.cast(pa.binary()), counts)
    return text


def _floats(column: pa.Array[Any], exact: float) -> pa.Array[Any]:
    """Shortest text that reads back as the same float; whole numbers below `exact` as integers, NaN as missing."""
    said = pc.if_else(pc.is_nan(column), None, column)
    is_whole = pc.and_(pc.equal(said, pc.trunc(said)), pc.less(pc.abs(said), exact))
    whole = pc.if_else(is_whole, said, None).cast(pa.int64()).cast(pa.string())
    if exact == _EXACT_DOUBLE:
        return pc.coalesce(whole, said.cast(pa.string()))
    lossy = [None if value is None or abs(value) < exact else f"{value:.6E}" for value in said.to_pylist()]
    return pc.coalesce(whole, pa.array(lossy, pa.string()), said.cast(pa.string()))


def _bytes(column: pa.Array[Any], counts: Counter[str]) -> pa.Array[Any]:
    texts = [None if value is None else value.decode("utf-8", "replace") for value in column.to_pylist()]
    counts["bad_bytes"] += sum("\ufffd" in text for text in texts if text)
    return pa.array(texts, pa.string())
