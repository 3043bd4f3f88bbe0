"""Parquet as typed record batches whose memory is bounded before anything is decoded. What the columns mean is not known here.

Kept as they are: numbers, truth values, text, days, times, decimals, and lists of these; records and maps become JSON text. A
column of any other kind costs itself alone: it is left out by name.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from fbcheck_pipeline.files.arrow_text import to_text
from fbcheck_pipeline.files.thrift_compact import Struct, read_struct
from fbcheck_pipeline.files.untrusted import MAX_COLUMNS, MAX_RATIO, DamagedFile, DangerousFile

BATCH_ROWS = 50_000
BATCH_BYTES = 64 << 20
HONEST_BYTES = 512 << 20
"""So much may be written out of what is packed as tightly as it likes."""
PACKED_BYTES = 256 << 20
"""So much may stand in the file itself, packed as tightly as it likes: a single page may hold all of it."""
TEXT_BYTES = 32 << 20
"""A text that is longer is in no list."""
_BUFFER_BYTES = 1 << 20
_VALUE_BYTES = 8
_ELEMENT_BYTES = 64
"""Of a list within a row: each becomes a Python object."""
_ROWS_MEASURED = 100_000
_DEEPEST = 50
_MOST_DIGITS = 38
"""Of a decimal, in Polars, DuckDB and Spark."""
_PAGE_BYTES, _PACKED_PAGE_BYTES, _DICTIONARY = 2, 3, 7  # of PageHeader
_USUAL_HEADER = 1 << 10
_OFFSET = re.compile(r"[+-]\d\d:\d\d")


@dataclass(frozen=True)
class ParquetTable:
    """A file that was found harmless.

    Attributes:
        names, types: of the columns that are kept, in order.
        left_out: names of the others.
    """

    path: Path
    names: tuple[str, ...]
    types: tuple[pa.DataType, ...]
    left_out: tuple[str, ...]
    row_count: int
    batch_rows: int

    def batches(self, counts: Counter[str], rows: int = BATCH_ROWS) -> Iterator[pa.RecordBatch]:
        """All rows, in batches of so many at most, columns named `0`, `1` …

        Args:
            counts: `bad_bytes` rises by the cells of bytes that are no UTF-8.
        """
        numbers = [str(index) for index in range(len(self.names))]
        with pq.ParquetFile(self.path, buffer_size=_BUFFER_BYTES, pre_buffer=False) as file:
            columns = list(self.names) if self.left_out else None
            for batch in file.iter_batches(batch_size=min(rows, self.batch_rows), columns=columns):
                cells = [_kept(column, type_, counts) for column, type_ in zip(batch.columns, self.types, strict=True)]
                yield from _parted(pa.RecordBatch.from_arrays(cells, numbers))


def open_parquet(path: Path) -> ParquetTable:
    """Read the footer.

    Raises:
        DangerousFile: its rows would take more memory or time than any honest file's.
        Exception: whatever pyarrow raises for a damaged file.
    """
    with pq.ParquetFile(path, buffer_size=_BUFFER_BYTES, pre_buffer=False) as file:
        metadata = file.metadata
        if metadata.num_columns > MAX_COLUMNS:
            raise DangerousFile(f"it has {metadata.num_columns:,} columns")
        chunks = _chunks(path, metadata)
        _check_sizes(metadata, chunks, path.stat().st_size)
        kinds = [(field.name, _kept_type(field.type)) for field in file.schema_arrow]
    kept = [(name, kind) for name, kind in kinds if kind is not None]
    left_out = tuple(name for name, kind in kinds if kind is None)
    batch_rows = _rows_within(path, metadata, chunks, frozenset(left_out))
    names, types = tuple(name for name, _ in kept), tuple(kind for _, kind in kept)
    return ParquetTable(path, names, types, left_out, metadata.num_rows, batch_rows)


def _kept_type(type_: pa.DataType) -> pa.DataType | None:
    """The type that a column has in batches, which all readers of our Parquet know; None where it is left out."""
    types = pa.types
    if isinstance(type_, pa.BaseExtensionType):
        return pa.string() if _is_text(type_.storage_type) else None
    if types.is_dictionary(type_):
        return _kept_type(type_.value_type)
    if _is_text(type_) or types.is_null(type_) or types.is_binary(type_) or types.is_large_binary(type_):
        return pa.string()
    if types.is_fixed_size_binary(type_):
        return pa.string()
    if types.is_timestamp(type_):
        if type_.tz is not None and _OFFSET.fullmatch(type_.tz):
            return pa.timestamp(type_.unit, "UTC")  # the same moments; Polars knows no offsets
        return type_ if type_.tz is None or _is_zone(type_.tz) else None
    if types.is_decimal(type_) and type_.precision > _MOST_DIGITS:
        return pa.string()
    if types.is_nested(type_):
        return _kept_nested(type_)
    is_plain = types.is_integer(type_) or types.is_floating(type_) or types.is_decimal(type_) or types.is_boolean(type_)
    return type_ if is_plain or types.is_date(type_) or types.is_time(type_) or types.is_duration(type_) else None


def _kept_nested(type_: pa.DataType) -> pa.DataType | None:
    leaves = list(_leaves(type_, 0))
    if any(leaf is None or pa.types.is_temporal(leaf) or _kept_type(leaf) is None for leaf in leaves):
        return None
    is_list = pa.types.is_list(type_) or pa.types.is_large_list(type_) or pa.types.is_fixed_size_list(type_)
    if not is_list or pa.types.is_nested(type_.value_type):
        return pa.string()
    kept = _kept_type(type_.value_type)
    return type_ if kept == type_.value_type else pa.list_(kept)


def _leaves(type_: pa.DataType, depth: int) -> Iterator[pa.DataType | None]:
    """The types at the ends of a nested one; None where these are too deep."""
    if depth > _DEEPEST:
        yield None
    elif pa.types.is_nested(type_) and type_.num_fields:
        for index in range(type_.num_fields):
            yield from _leaves(type_.field(index).type, depth + 1)
    else:
        yield type_


def _is_text(type_: pa.DataType) -> bool:
    return bool(pa.types.is_string(type_) or pa.types.is_large_string(type_) or pa.types.is_string_view(type_))


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError):  # no such zone, or a name that leads elsewhere
        return False
    return True


def _parted(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """Its rows, fewer at a time where they are large: how many have room was reckoned by the average, but one may hold nearly all.

    Raises:
        DangerousFile: a single list is larger than any text may be.
    """
    if batch.nbytes <= 2 * BATCH_BYTES:
        yield batch
    elif batch.num_rows > 1:
        half = batch.num_rows // 2
        yield from _parted(batch.slice(0, half))
        yield from _parted(batch.slice(half))
    else:
        if (largest := max(column.nbytes for column in batch.columns)) > TEXT_BYTES:
            raise DangerousFile(f"a list in it unpacks to {largest >> 20:,} MB")
        yield batch


def _kept(column: pa.Array[Any], type_: pa.DataType, counts: Counter[str]) -> pa.Array[Any]:
    if pa.types.is_string(type_):
        return _json(column) if pa.types.is_nested(column.type) else to_text(_stored(column), counts)
    plain = column.dictionary_decode() if pa.types.is_dictionary(column.type) else column
    return plain if plain.type == type_ else plain.cast(type_)


def _stored(column: pa.Array[Any]) -> pa.Array[Any]:
    return column.storage if isinstance(column, pa.ExtensionArray) else column


def _json(column: pa.Array[Any]) -> pa.Array[Any]:
    texts = [None if value is None else json.dumps(value, ensure_ascii=False, default=str) for value in column.to_pylist()]
    return pa.array(texts, pa.string())


@dataclass(frozen=True)
class _Chunk:
    """A column of a row group, by their numbers: several columns may have one path."""

    group: int
    column: int
    facts: pq.ColumnChunkMetaData
    rows: int
    unpacked_bytes: int


def _chunks(path: Path, metadata: pq.FileMetaData) -> list[_Chunk]:
    """All of them, and how much each unpacks to: the pages tell, whatever the footer says.

    Raises:
        DamagedFile: the pages are not where the footer says.
    """
    chunks = list[_Chunk]()
    with path.open("rb") as file:
        for group in range(metadata.num_row_groups):
            row_group = metadata.row_group(group)
            for column in range(metadata.num_columns):
                facts = row_group.column(column)
                unpacked = max(facts.total_uncompressed_size, _unpacked_bytes(file, facts))
                chunks.append(_Chunk(group, column, facts, max(row_group.num_rows, 1), unpacked))
    return chunks


def _unpacked_bytes(file: BinaryIO, chunk: pq.ColumnChunkMetaData) -> int:
    at = min(place for place in (chunk.dictionary_page_offset, chunk.data_page_offset) if place)
    end, unpacked = at + chunk.total_compressed_size, 0
    while at < end:
        header, length = _page_header(file, at)
        size, packed_size = header[_PAGE_BYTES][1], header[_PACKED_PAGE_BYTES][1]
        entries = header[_DICTIONARY][1][1][1] if _DICTIONARY in header else 0
        if min(size, packed_size) < 0 or entries > size:
            raise DamagedFile("Parquet file", "a page has another size than it claims")
        at += length + packed_size
        unpacked += length + size
    return unpacked


def _page_header(file: BinaryIO, at: int) -> tuple[Struct, int]:
    """The header of a page, and its length; statistics in it may be as long as texts are."""
    window = _USUAL_HEADER
    while True:
        file.seek(at)
        data = file.read(window)
        try:
            return read_struct(data)
        except IndexError:
            if len(data) < window:
                raise
            window *= 16


def _check_sizes(metadata: pq.FileMetaData, chunks: Sequence[_Chunk], size_bytes: int) -> None:
    """By how many values each column has, and by what it unpacks to."""
    widths = _widths(metadata)
    value_bytes = sum(
        chunk.facts.num_values * max(_value_bytes(metadata, chunk.column), widths[chunk.column]) for chunk in chunks
    )
    unpacked = sum(chunk.unpacked_bytes for chunk in chunks)
    for bytes_, most in ((value_bytes, HONEST_BYTES), (unpacked, PACKED_BYTES)):
        if bytes_ > max(most, MAX_RATIO * size_bytes):
            raise DangerousFile(f"its {size_bytes >> 10:,} KB unpack to {bytes_ >> 20:,} MB")


def _value_bytes(metadata: pq.FileMetaData, column: int) -> int:
    """Of each value at least; within a list or record it becomes a Python object, and in JSON the names stand beside each."""
    leaf = metadata.schema.column(column)
    return max(_ELEMENT_BYTES, len(leaf.path)) if leaf.path != leaf.name else _VALUE_BYTES


def _widths(metadata: pq.FileMetaData) -> list[int]:
    """Of each column the bytes of each of its values, nulls too, where all have the same number of bytes; else 0."""
    return [metadata.schema.column(column).length for column in range(metadata.num_columns)]


def _rows_within(path: Path, metadata: pq.FileMetaData, chunks: Sequence[_Chunk], left_out: frozenset[str]) -> int:
    """How many rows a batch may have. A text that is stored once may stand in every row: only reading its dictionary tells.

    Raises:
        DangerousFile: its texts, written out, are larger than any honest file's.
    """
    kept = [
        chunk
        for chunk in chunks
        if chunk.facts.num_values and not {(name := chunk.facts.path_in_schema), name.split(".")[0]} & left_out
    ]
    texts = [chunk for chunk in kept if chunk.facts.physical_type in ("BYTE_ARRAY", "FIXED_LEN_BYTE_ARRAY")]
    columns, widths = sorted({chunk.facts.path_in_schema for chunk in texts}), _widths(metadata)
    share = BATCH_BYTES // max(len({chunk.column for chunk in texts}), 1)
    largest: Counter[int] = Counter()
    repeated: Counter[tuple[int, str]] = Counter()
    for chunk in kept:
        a_row = _value_bytes(metadata, chunk.column) * -(-chunk.facts.num_values // chunk.rows)
        largest[chunk.column] = max(largest[chunk.column], a_row)
    with pq.ParquetFile(path, buffer_size=_BUFFER_BYTES, pre_buffer=False, read_dictionary=columns) as file:
        for chunk in texts:
            facts, width, name = chunk.facts, widths[chunk.column], chunk.facts.path_in_schema
            longest = max(width, -(-chunk.unpacked_bytes // facts.num_values))
            if not width and facts.has_dictionary_page and facts.num_values * chunk.unpacked_bytes > share:
                longest = max(longest, _longest_text(file, chunk.group, name))
                repeated[chunk.group, name] += facts.num_values * longest
            if longest > TEXT_BYTES:
                raise DangerousFile(f"a text in it unpacks to {longest >> 20:,} MB")
            a_row = longest * -(-facts.num_values // chunk.rows)
            largest[chunk.column] = max(largest[chunk.column], a_row)
        most = max(HONEST_BYTES, MAX_RATIO * path.stat().st_size)
        if repeated.total() > most:
            _check_texts(file, repeated, most)
    return max(1, min(BATCH_ROWS, BATCH_BYTES // max(largest.total(), 1)))


def _longest_text(file: pq.ParquetFile, group: int, name: str) -> int:
    batch = next(file.iter_batches(batch_size=1, row_groups=[group], columns=[name]))
    return max((int(pc.max(pc.binary_length(texts.dictionary)).as_py() or 0) for texts in _texts(batch)), default=0)


def _check_texts(file: pq.ParquetFile, columns: Iterable[tuple[int, str]], most: int) -> None:
    """By what the texts of columns of row groups are when each is written out: their lengths are added, and none is."""
    texts_bytes = 0
    for group, name in columns:
        for batch in file.iter_batches(batch_size=_ROWS_MEASURED, row_groups=[group], columns=[name]):
            for texts in _texts(batch):
                texts_bytes += int(pc.sum(pc.binary_length(texts.dictionary).take(texts.indices)).as_py() or 0)
            if texts_bytes > most:
                raise DangerousFile(f"its texts unpack to more than {texts_bytes >> 20:,} MB")


def _texts(batch: pa.RecordBatch) -> Iterator[pa.DictionaryArray]:
    """All its texts, as indices into dictionaries: columns of one path come together, and some of them may hold no texts."""
    columns: list[pa.Array[Any]] = list(batch.columns)
    while columns:
        column = columns.pop()
        if isinstance(column, pa.ExtensionArray):
            columns.append(column.storage)
        elif pa.types.is_dictionary(column.type):
            yield column
        elif pa.types.is_struct(column.type):
            columns += [column.field(index) for index in range(column.type.num_fields)]
        elif pa.types.is_nested(column.type):
            columns.append(column.values)
        elif _is_text(column.type) or pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type):
            yield column.dictionary_encode()


def joined_lists(column: pa.Array[Any], counts: Counter[str], between: str = "; ") -> pa.Array[Any]:
    """A column as text; of a list all elements side by side, null where there are none."""
    is_list = pa.types.is_list(column.type) or pa.types.is_large_list(column.type) or pa.types.is_fixed_size_list(column.type)
    if not is_list:
        return to_text(column, counts)
    elements = to_text(column.flatten(), counts).to_pylist()
    lengths = pc.fill_null(pc.list_value_length(column), 0).to_pylist()
    return pa.array(list(_side_by_side(elements, lengths, between)), pa.string())


def _side_by_side(elements: Sequence[str | None], lengths: Sequence[int], between: str) -> Iterator[str | None]:
    at = 0
    for length in lengths:
        said = [element for element in elements[at : at + length] if element is not None and element.strip()]
        at += length
        yield between.join(said) or None
