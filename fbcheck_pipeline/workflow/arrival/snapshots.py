"""A snapshot of somebody's table becomes a list: only the columns that are asked for, once for each content.

The list is a Parquet file like any other. Its key and its SHA-256 are those of its content (see `ContentHash`), which its footer keeps,
since the bytes of Parquet change with the library that writes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from fbcheck_pipeline.errors import ListError
from fbcheck_pipeline.files.content_hash import ContentHash
from fbcheck_pipeline.files.scratch import scratch_folder
from fbcheck_pipeline.files.united_batches import UnitedBatches
from fbcheck_pipeline.lists import ListReader, ReadOptions, key_of, open_list
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.workflow.arrival.intake import CONTENT_KEY, purpose_of
from fbcheck_pipeline.workflow.erasing.dropped_again import suppress_erased_again, was_erased_from
from fbcheck_pipeline.workflow.workspace import Workspace


@dataclass(frozen=True)
class SnapshotRules:
    """What is taken of a source's table, and how it is read.

    Attributes:
        phone_columns: empty for those that the reader finds.
        keep_columns: besides phones and region; None for all.
        region: of numbers without a country code; None for the settings' own.
        at_most: so many new lists in a UTC day; None for no bound.
    """

    source: str
    phone_columns: Sequence[str] = ()
    region_column: str | None = None
    keep_columns: Sequence[str] | None = None
    region: str | None = None
    purpose: str | None = None
    at_most: int | None = 1

    @property
    def columns(self) -> list[str] | None:
        """All that are taken; None for all that are there."""
        if self.keep_columns is None:
            return None
        asked = [*self.phone_columns, *([self.region_column] if self.region_column else []), *self.keep_columns]
        return list(dict.fromkeys(asked))


@dataclass(frozen=True)
class Snapshot:
    """What became of a table.

    Attributes:
        list_key: the list of this content; None where the day has its lists already, and the content is new.
        schema: of what was taken.
    """

    list_key: str | None
    is_new: bool
    rows: int
    schema: pa.Schema


class _DayIsFull(Exception):
    """The source has its lists of this UTC day, and this one is new."""


def take_snapshot(ws: Workspace, rules: SnapshotRules, batches: Iterable[pa.RecordBatch]) -> Snapshot:
    """Register a table's rows as a list, where this content is none yet; read once, in bounded memory.

    Raises:
        ListError: a column that is asked for is not there, or there is no phone.
        OperatorError: a purpose is required, and there is none.
    """
    with scratch_folder() as folder:
        united = UnitedBatches(folder)
        for batch in batches:
            united.add(_chosen(rules, batch))
        path = folder / f"{rules.source}.parquet"
        options = ReadOptions(
            column=tuple(rules.phone_columns) or None,
            region_column=rules.region_column,
            region=rules.region or ws.settings.region,
        )
        content, rows = _write(path, united, options)
        reader = _opened(rules, path, options, rows)
        _refuse_without_phones(rules, reader, path, rows)
        key, is_new = _registered(ws, rules, path, options, content)
    return Snapshot(key, is_new, rows, united.schema)


def is_day_full(ws: Workspace, rules: SnapshotRules) -> bool:
    """True where this UTC day has as many lists of the source as it may."""
    return rules.at_most is not None and ws.ledger.added_today(rules.source) >= rules.at_most


def _chosen(rules: SnapshotRules, batch: pa.RecordBatch) -> pa.RecordBatch:
    there = batch.schema.names
    if twice := next((name for name in there if there.count(name) > 1), None):
        raise ListError(f"source {rules.source} gives two columns named {twice}; name one of them otherwise")
    asked = rules.columns
    named = [*rules.phone_columns, *([rules.region_column] if rules.region_column else []), *(asked or ())]
    if missing := next((name for name in named if name not in there), None):
        raise ListError(f"source {rules.source} has no column {missing}; its columns are {', '.join(there)}")
    return batch if asked is None else batch.select(asked)


def _write(path: Path, united: UnitedBatches, options: ReadOptions) -> tuple[str, int]:
    """Write the list's file; returns the SHA-256 of its content, and its rows."""
    content = ContentHash()
    with pq.ParquetWriter(path, united.schema, compression="zstd") as writer:
        for batch in united.batches():
            content.add(batch)
            writer.write_batch(batch)
        sha256 = content.hexdigest(options.to_json())
        writer.add_key_value_metadata({CONTENT_KEY: sha256})
    return sha256, content.rows


def _opened(rules: SnapshotRules, path: Path, options: ReadOptions, rows: int) -> ListReader:
    if not rows:
        raise ListError(f"source {rules.source} yields no phones: it has no rows")
    try:
        return open_list(path, options)
    except ListError as error:
        reason = str(error).removeprefix(f"{path.name}: ").partition(":")[0].partition(";")[0]
        raise ListError(f"source {rules.source} yields no phones: {reason}; name phone_columns, or see to the table") from error


def _refuse_without_phones(rules: SnapshotRules, reader: ListReader, path: Path, rows: int) -> None:
    final = [field.name for field in reader.schema]
    names = [reader.names[final.index(each)] for each in reader.source.phone_columns]
    if not any(_says_something(column) for column in _columns(path, names)):
        raise ListError(f"source {rules.source} yields no phones: {', '.join(names)} is empty in all of its {rows:,} rows")


def _columns(path: Path, names: list[str]) -> Iterator[pa.Array]:
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(columns=names):
            yield from batch.columns


def _says_something(column: pa.Array) -> bool:
    if not pa.types.is_string(column.type):
        return bool(column.null_count < len(column))
    return bool(pc.max(pc.utf8_length(pc.utf8_trim_whitespace(column))).as_py())


def _registered(ws: Workspace, rules: SnapshotRules, path: Path, options: ReadOptions, content: str) -> tuple[str | None, bool]:
    """The key of the content's list, and whether it is new. Killed at any point, it may be called again."""
    key, purpose = key_of(path.name, content), purpose_of(ws.settings, rules.purpose)
    known = ws.ledger.find_list(key)

    def note() -> None:
        is_taken = ws.ledger.register_list(
            key, file=path.name, source=rules.source, sha256=content, options=options.to_json(), purpose=purpose,
            max_billable=ws.settings.max_billable, at_most=rules.at_most,
        )  # fmt: skip
        if not is_taken:
            raise _DayIsFull

    place = paths.taken_file(key, path.name)
    try:
        if known is not None and was_erased_from(ws, known):
            suppress_erased_again(ws, known, path)
            note()
        elif ws.storage.exists(place) or (known is not None and ws.storage.exists(paths.RAW_PHONES.of(key))):
            note()
        else:
            ws.storage.copy_in(path, place, before_it_appears=note)
    except _DayIsFull:
        return None, False
    return key, known is None
