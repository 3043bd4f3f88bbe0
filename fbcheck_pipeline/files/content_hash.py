"""What is in a table, told by a hash: the same whatever the order of rows and columns, the width of types, and the library that wrote it."""

from __future__ import annotations

import hashlib
import json
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_MOST = 1 << 256


class ContentHash:
    """The sum of the SHA-256 of each row, so that no order matters and nothing is sorted."""

    def __init__(self) -> None:
        self.rows = 0
        self._names: list[str] = []
        self._sum = 0

    def add(self, batch: pa.RecordBatch) -> None:
        """Add rows; all batches have the same columns."""
        self._names = sorted(batch.schema.names)
        self.rows += batch.num_rows
        parts = [part for name in self._names for part in _with_length(canonical(batch.column(name)))]
        texts = pc.binary_join_element_wise(*parts, "\0").cast(pa.binary()).to_pylist() if parts else []
        self._sum = (self._sum + sum(int.from_bytes(hashlib.sha256(each).digest(), "big") for each in texts)) % _MOST

    def hexdigest(self, said: Any) -> str:
        """Of all rows and the columns' names.

        Args:
            said: JSON of what else makes it another content.
        """
        return hashlib.sha256(json.dumps([self._names, self.rows, f"{self._sum:x}", said], sort_keys=True).encode()).hexdigest()


def canonical(column: pa.Array[Any]) -> pa.Array[Any]:
    """The values as texts: 5, 5.0 and 5.00 are one, and so are moments of whatever unit; null stays null."""
    types, type_ = pa.types, column.type
    if types.is_string(type_):
        return column
    if types.is_integer(type_) or types.is_boolean(type_) or types.is_date32(type_) or types.is_null(type_):
        return column.cast(pa.string())
    if types.is_date64(type_):
        return column.cast(pa.date32()).cast(pa.string())
    if types.is_timestamp(type_) or types.is_time(type_) or types.is_duration(type_):
        return _moments(column)
    return pa.array([None if each is None else _text(each) for each in column.to_pylist()], pa.string())


def _moments(column: pa.Array[Any]) -> pa.Array[Any]:
    """Seconds and nanoseconds."""
    per_second = _PER_SECOND[column.type.unit]
    whole = column.cast(pa.int32() if column.type.bit_width == 32 else pa.int64()).fill_null(0).to_numpy(zero_copy_only=False)
    seconds, rest = np.divmod(whole.astype(np.int64), per_second)
    parts = [pa.array(each).cast(pa.string()) for each in (seconds, rest * (10**9 // per_second))]
    return pc.if_else(column.is_valid(), pc.binary_join_element_wise(*parts, "."), pa.scalar(None, pa.string()))


def _text(value: Any) -> str:
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, Decimal):
        return format(value.normalize() + 0, "f") if value.is_finite() else str(value)
    return value.hex() if isinstance(value, bytes) else json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)


def _with_length(texts: pa.Array[Any]) -> tuple[pa.Array[Any], pa.Array[Any]]:
    """Lengths keep neighbours apart, and null from the empty text."""
    return pc.binary_length(texts).cast(pa.string()).fill_null("-"), texts.fill_null("")
