"""Record batches whose types differ a little, under one schema in the end: they wait in a temporary folder, so that memory stays bounded.

What the columns mean is not known here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

ROWS_AT_ONCE = 50_000


class UnitedBatches:
    """Takes batches, then gives them again with the types that all of them fit."""

    def __init__(self, folder: Path) -> None:
        """Args: folder: of the caller's, who deletes it."""
        self._folder, self._files = folder, list[Path]()
        self._writer: pa.RecordBatchStreamWriter | None = None
        self._written: pa.Schema | None = None
        self.schema = pa.schema([])

    def add(self, batch: pa.RecordBatch) -> None:
        """Keep a batch; dictionaries and views become the plain types that they stand for."""
        plain = _plain(batch)
        if plain.schema != self._written:
            self._begin(plain.schema)
        assert self._writer is not None
        for start in range(0, plain.num_rows, ROWS_AT_ONCE):
            self._writer.write_batch(plain.slice(start, ROWS_AT_ONCE))

    def batches(self) -> Iterator[pa.RecordBatch]:
        """All rows in the order in which they came; columns that a batch lacks are null there."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        for file in self._files:
            with pa.OSFile(str(file)) as source, pa.ipc.open_stream(source) as stream:
                for batch in stream:
                    columns = [_column_of(batch, field) for field in self.schema]
                    yield pa.RecordBatch.from_arrays(columns, schema=self.schema)

    def _begin(self, schema: pa.Schema) -> None:
        if self._writer is not None:
            self._writer.close()
        self._files.append(self._folder / f"{len(self._files)}.arrows")
        self._writer, self._written = pa.ipc.new_stream(str(self._files[-1]), schema), schema
        types = {field.name: field.type for field in self.schema}
        for field in schema:
            types[field.name] = _type_of_both(types[field.name], field.type) if field.name in types else field.type
        self.schema = pa.schema(list(types.items()))


def _plain(batch: pa.RecordBatch) -> pa.RecordBatch:
    # In two steps: Arrow gives no dictionary of views its values, and Polars has its categories so.
    columns = [
        column.cast(_plain_type(column.type, has_dictionaries=True)).cast(_plain_type(column.type)) for column in batch.columns
    ]
    return pa.RecordBatch.from_arrays(columns, batch.schema.names)


def _plain_type(type_: pa.DataType, *, has_dictionaries: bool = False) -> pa.DataType:
    types = pa.types

    def plain_field(field: pa.Field) -> pa.Field:
        return field.with_type(_plain_type(field.type, has_dictionaries=has_dictionaries))

    if types.is_dictionary(type_):
        values = _plain_type(type_.value_type)
        return pa.dictionary(type_.index_type, values, type_.ordered) if has_dictionaries else values
    if types.is_string_view(type_) or types.is_large_string(type_):
        return pa.string()
    if types.is_binary_view(type_) or types.is_large_binary(type_):
        return pa.binary()
    if types.is_struct(type_):
        return pa.struct([plain_field(field) for field in type_])
    if types.is_large_list(type_):
        return pa.large_list(plain_field(type_.value_field))
    return pa.list_(plain_field(type_.value_field)) if types.is_list(type_) else type_


def _type_of_both(one: pa.DataType, other: pa.DataType) -> pa.DataType:
    if one == other:
        return one
    schemas = [pa.schema([("x", each)]) for each in (one, other)]
    try:
        return pa.unify_schemas(schemas, promote_options="permissive").field(0).type
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return pa.string()


def _column_of(batch: pa.RecordBatch, field: pa.Field) -> pa.Array[Any]:
    at = batch.schema.get_field_index(field.name)
    if at < 0:
        return pa.nulls(batch.num_rows, field.type)
    column = batch.column(at)
    if column.type == field.type:
        return column
    if pa.types.is_string(field.type) and pa.types.is_nested(column.type):
        texts = [None if each is None else json.dumps(each, ensure_ascii=False, default=str) for each in column.to_pylist()]
        return pa.array(texts, pa.string())
    return column.cast(field.type)
