"""Parquet whose first columns are copied from another file as they stand there, encoded and compressed, and not encoded again.

The columns of a row group are pieces of the file, each by itself; only the footer tells where they begin. What the columns mean is not
known here. Numbers of fields are those of Parquet's own definition in Thrift.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import IO, TYPE_CHECKING, Any, Self, cast

from fbcheck_pipeline.files.thrift_compact import I32, LIST, STRUCT, Struct, read_struct, write_struct

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

_SCHEMA, _GROUPS, _ORDERS = 2, 4, 7  # of FileMetaData
_NAME, _CHILDREN = 4, 5  # of SchemaElement
_CHUNKS, _BYTES, _ROWS, _BEGIN, _PACKED_BYTES = 1, 2, 3, 5, 6  # of RowGroup
_META = 3  # of ColumnChunk: all that is kept of it; others tell where indices of pages are
_PATH, _CHUNK_BYTES, _CHUNK_PACKED_BYTES, _DATA, _DICTIONARY, _BLOOM, _BLOOM_BYTES = 3, 6, 7, 9, 11, 14, 15  # of ColumnMetaData
_FILE_OFFSET = 2
_PAGE_BYTES, _SUM = 3, 4  # of PageHeader
_END = b"PAR1"


class EncodedFile:
    """An open Parquet file whose columns can be copied.

    Args:
        schema: of all its columns.
        faults_named: a context in which an OSError, a ValueError or a LookupError is raised as one that names the file.
    """

    def __init__(
        self, file: pa.NativeFile, schema: pa.Schema, faults_named: Callable[[], AbstractContextManager[object]]
    ) -> None:
        self._file, self.schema, self._faults_named = file, schema, faults_named

    @cached_property
    def footer(self) -> Struct:
        """Its FileMetaData."""
        with self._faults_named():
            end = self._file.size() - len(_END) - 4
            length = int.from_bytes(self._file.read_at(4, end), "little")
            return read_struct(self._file.read_at(length, end - length))[0]

    def read(self, chunk: Struct) -> bytes:
        """A column of a row group as it stands."""
        size = _of(chunk, _META, _CHUNK_PACKED_BYTES)
        with self._faults_named():
            data: bytes = self._file.read_at(size, _begin_of(chunk))
            _check_pages(data, size)
            return data


@dataclass(frozen=True)
class Copied:
    """Columns of a file and what they are called in the copy, in its order."""

    source: EncodedFile
    names: Mapping[str, str]


class CopyingWriter:
    """Writes the copied columns, and behind them those of the batches that are none of these, in row groups as the source has them.

    Args:
        writer_of: makes what writes the other columns into a file.
    """

    def __init__(self, sink: IO[bytes], copied: Copied, writer_of: Callable[[IO[bytes]], pq.ParquetWriter]) -> None:
        self._sink, self._source = _Sink(sink), copied.source
        self._names = {there.encode(): here.encode() for there, here in copied.names.items()}
        self._groups = (each for each in _items(self._source.footer, _GROUPS) if _of(each, _ROWS))
        self._group = next(self._groups, None)
        self._writer = writer_of(cast(IO[bytes], self._sink))
        self._batches: list[pa.RecordBatch] = []
        self._written: list[tuple[list[Struct], int]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self._sink.keeps = True
        self._writer.close()
        if kind is None:
            self._write_footer(read_struct(bytes(self._sink.kept))[0])

    def add_key_value_metadata(self, metadata: Mapping[str, Any]) -> None:
        """Add to the metadata of the file."""
        self._writer.add_key_value_metadata(metadata)

    def write_batch(self, batch: pa.RecordBatch) -> None:
        """Take a batch; the row group is written with its last one.

        Raises:
            ValueError: it has rows of two row groups, or more than there are.
        """
        import pyarrow as pa

        self._batches.append(batch.select(self._writer.schema.names))
        missing = _of(self._group, _ROWS) if self._group else 0
        missing -= sum(each.num_rows for each in self._batches)
        if missing < 0:
            raise ValueError("a batch reaches beyond its row group")
        if self._group and not missing:
            there = {name: [*below] for name, below in groupby(_items(self._group, _CHUNKS), lambda each: _path(each)[0])}
            chunks = [self._copy(each) for name in self._names for each in there[name]]
            self._written.append((chunks, self._sink.at - self._sink.own))
            self._writer.write_table(pa.Table.from_batches(self._batches))
            self._batches, self._group = [], next(self._groups, None)

    def _copy(self, chunk: Struct) -> Struct:
        first, *rest = _path(chunk)
        copy = _moved(chunk, self._sink.at - _begin_of(chunk), [self._names[first], *rest])
        self._sink.copy(self._source.read(chunk))
        return copy

    def _write_footer(self, footer: Struct) -> None:
        """Args: footer: of the other columns alone."""
        if self._group:
            raise ValueError("rows of the source are missing")
        root, *others = _items(footer, _SCHEMA)
        orders_there = iter(_items(self._source.footer, _ORDERS))
        trees = {
            _of(tree[0], _NAME): (tree, [next(orders_there) for element in tree if _CHILDREN not in element])
            for tree in _trees(_items(self._source.footer, _SCHEMA)[1:])
        }
        elements, orders = list[Struct](), list[Struct]()
        for there, here in self._names.items():
            (first, *below), its_orders = trees[there]
            elements += [_with(first, _NAME, here), *below]
            orders += its_orders
        root = _with(root, _CHILDREN, _of(root, _CHILDREN) + len(self._names))
        _put(footer, _SCHEMA, [root, *elements, *others])
        _put(footer, _ORDERS, [*orders, *_items(footer, _ORDERS)])
        groups = zip(_items(footer, _GROUPS), self._written, strict=True)
        _put(footer, _GROUPS, [_united(group, *copied) for group, copied in groups])
        data = write_struct(footer)
        self._sink.copy(data + len(data).to_bytes(4, "little") + _END)


class _Sink(io.RawIOBase):
    """Counts what is written: `at` of all, `own` of what does not come as a copy. Once it `keeps`, the latter is not written any more."""

    def __init__(self, sink: IO[bytes]) -> None:
        self._sink, self.at, self.own, self.keeps, self.kept = sink, 0, 0, False, bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.own += len(data)
        if self.keeps:
            self.kept += data
        else:
            self.copy(data)
        return len(data)

    def copy(self, data: bytes) -> None:
        self.at += len(data)
        self._sink.write(data)


def _of(struct: Struct, *fields: int) -> Any:
    """The value of a field, or of one of a structure in it."""
    value: Any = struct
    for field in fields:
        value = value[field][1]
    return value


def _items(struct: Struct, field: int) -> list[Any]:
    return cast("list[Any]", _of(struct, field)[1])


def _with(struct: Struct, field: int, value: object) -> Struct:
    return {**struct, field: (struct[field][0], value)}


def _put(struct: Struct, field: int, items: list[Struct]) -> None:
    struct[field] = LIST, (STRUCT, items)


def _path(chunk: Struct) -> list[bytes]:
    return _items(_of(chunk, _META), _PATH)


def _begin_of(chunk: Struct) -> int:
    meta: Struct = _of(chunk, _META)
    places: list[int] = [_of(meta, each) for each in (_DICTIONARY, _DATA) if each in meta]
    return min(places)


def _check_pages(data: bytes, size: int) -> None:
    """Raise a ValueError or an IndexError unless the pages have that size in all, and each the CRC that it tells."""
    view, end = memoryview(data), 0
    while end < size:
        header, start = read_struct(data, end)
        end = start + _of(header, _PAGE_BYTES)
        is_there = start <= end <= len(data)
        if not is_there or (_SUM in header and zlib.crc32(view[start:end]) != _of(header, _SUM) & 0xFFFFFFFF):
            raise ValueError("a page is cut or damaged")


def _moved(chunk: Struct, by: int, path: Sequence[bytes]) -> Struct:
    meta = {field: value for field, value in _of(chunk, _META).items() if field not in (_BLOOM, _BLOOM_BYTES)}
    for each in (_DATA, _DICTIONARY):
        if each in meta:
            meta = _with(meta, each, _of(meta, each) + by)
    meta = _with(meta, _PATH, (meta[_PATH][1][0], list(path)))
    return {_FILE_OFFSET: (chunk[_FILE_OFFSET][0], 0), _META: (STRUCT, meta)}


def _united(group: Struct, copied: Sequence[Struct], by: int) -> Struct:
    chunks = [*copied, *(_moved(each, by, _path(each)) for each in _items(group, _CHUNKS))]
    group = _with(group, _CHUNKS, (STRUCT, chunks))
    for field, of_chunk in ((_BYTES, _CHUNK_BYTES), (_PACKED_BYTES, _CHUNK_PACKED_BYTES)):
        group = _with(group, field, sum(_of(each, _META, of_chunk) for each in chunks))
    return _with(group, _BEGIN, _begin_of(chunks[0]))


def _trees(elements: Iterable[Struct]) -> Iterator[list[Struct]]:
    """The elements of each column: itself, and what it has below it."""
    tree, missing = list[Struct](), 1
    for element in elements:
        tree.append(element)
        missing += element.get(_CHILDREN, (I32, 0))[1] - 1
        if not missing:
            yield tree
            tree, missing = [], 1
