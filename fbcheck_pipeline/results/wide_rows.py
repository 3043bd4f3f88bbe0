"""A result with one row per row of the source: what belongs to its phones stands side by side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from fbcheck_pipeline.files.storage import BatchStream
from fbcheck_pipeline.model.columns import RESULT_COLUMNS, Column
from fbcheck_pipeline.model.statuses import Verdict

OF_A_PHONE = (Column.PHONE_E164, Column.FACEBOOK, Column.CHECK_STATUS, Column.CHECKED_AT, Column.REJECT_REASON)
BEST_FIRST = (Verdict.YES, Verdict.BAN, Verdict.NO)


def one_row_per_source_row(stream: BatchStream, most_phones: int) -> BatchStream:
    """Fold the phones of each source row into one row: `facebook` (yes if any of them has an account), each phone's columns, numbered
    from 1, then the source's columns and `source_row`.

    Args:
        stream: rows of facebook_results, in their order.
        most_phones: that a source row has; the same number of columns for every row.
    """
    source = [each for each in stream.schema if each.name not in RESULT_COLUMNS]
    taken = {each.name.casefold() for each in source} | set(RESULT_COLUMNS)
    fields = [pa.field(Column.FACEBOOK, pa.string())]
    for number in range(1, most_phones + 1):
        for name in OF_A_PHONE:
            type_ = stream.schema.field(name).type
            fields.append(pa.field(_free(f"{name}_{number}", taken), pa.string() if pa.types.is_dictionary(type_) else type_))
    schema = pa.schema([*fields, *source, stream.schema.field(Column.SOURCE_ROW)])
    return BatchStream(schema, (_folded(batch, schema, source, most_phones) for batch in _whole_rows(stream.batches)))


def _free(name: str, taken: set[str]) -> str:
    while name.casefold() in taken:
        name += "_"
    taken.add(name.casefold())
    return name


def _whole_rows(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The same rows, cut so that no source row lies in two batches."""
    kept: pa.Table | None = None
    for batch in batches:
        table = pa.Table.from_batches([batch])
        table = table if kept is None else pa.concat_tables([kept, table])
        rows = table[Column.SOURCE_ROW].to_numpy()
        end = int(np.searchsorted(rows, rows[-1])) if len(rows) else 0
        yield from _as_one(table.slice(0, end))
        kept = table.slice(end)
    if kept is not None:
        yield from _as_one(kept)


def _as_one(table: pa.Table) -> Iterator[pa.RecordBatch]:
    yield from table.combine_chunks().to_batches() if table.num_rows else ()


def _folded(batch: pa.RecordBatch, schema: pa.Schema, source: list[pa.Field], most_phones: int) -> pa.RecordBatch:
    _, first, group = np.unique(batch.column(Column.SOURCE_ROW).to_numpy(), return_index=True, return_inverse=True)
    at = np.full((len(first), most_phones), -1, np.int64)
    at[group, np.arange(len(group)) - first[group]] = np.arange(len(group))
    columns = [_best(batch.column(Column.FACEBOOK), at)]
    for number in range(most_phones):
        rows = pa.array(at[:, number], mask=at[:, number] < 0)
        columns += [_plain(batch.column(name)).take(rows) for name in OF_A_PHONE]
    columns += [batch.column(name).take(pa.array(first)) for name in (*(each.name for each in source), Column.SOURCE_ROW)]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _best(verdicts: pa.Array, at: npt.NDArray[np.int64]) -> pa.Array:
    """The best verdict of each row's phones; null where none has one."""
    rank = pc.fill_null(pc.index_in(_plain(verdicts), pa.array([str(each) for each in BEST_FIRST])), len(BEST_FIRST)).to_numpy()
    best = np.where(at >= 0, rank[np.maximum(at, 0)], len(BEST_FIRST)).min(axis=1)
    return pa.array([*BEST_FIRST, None], pa.string()).take(pa.array(best))


def _plain(column: pa.Array) -> pa.Array:
    return column.dictionary_decode() if pa.types.is_dictionary(column.type) else column
