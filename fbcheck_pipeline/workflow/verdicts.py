"""The verdict store: one file a task, and an index over them for look-ups.

A file is written anew only while its task may still answer more. The index is a sorted array of phones with the newest collected
task that gave each a usable verdict. It can be rebuilt from the task files at any time; a guarded update in the ledger publishes
it. Tasks that answered since, or may answer more, are looked up in their own files.
"""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from fbcheck_pipeline.errors import StorageError
from fbcheck_pipeline.files.storage import BatchStream, Storage
from fbcheck_pipeline.ledger import Ledger, codec
from fbcheck_pipeline.ledger.codec import Phones
from fbcheck_pipeline.ledger.records import AnsweringTask, Chunk
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.model.columns import Column, schema_of
from fbcheck_pipeline.model.statuses import VERDICTS
from fbcheck_pipeline.vendor import timestamp_us

log = logging.getLogger(__name__)

MAX_UNINDEXED_TASKS = 64
"""So many task files are looked up one by one before they are merged into the index."""

SCHEMA = schema_of(paths.VERDICTS)


def write_verdicts(storage: Storage, task_id: str, table: pa.Table, checked_at_us: int) -> None:
    """Write a task's verdicts: `table` has `phone` int64 (sorted), `facebook` and `label` strings."""
    count = table.num_rows
    columns = [
        codec.to_e164(table["phone"].to_numpy()),
        _encoded(table["facebook"], SCHEMA.field(Column.FACEBOOK).type),
        _encoded(table["label"], SCHEMA.field(Column.FACEBOOK_LABEL).type),
        pa.array(np.full(count, checked_at_us), pa.timestamp("us", "UTC")),
        pa.DictionaryArray.from_arrays(pa.array(np.zeros(count, np.int8)), pa.array([task_id])),
    ]
    batch = pa.RecordBatch.from_arrays(columns, schema=SCHEMA)
    storage.write_parquet(paths.VERDICTS.of(task_id), BatchStream(SCHEMA, iter([batch])))


def exported_at_us(chunk: Chunk) -> int | None:
    """When the vendor exported, or when we saw it where the vendor's word cannot be read; microseconds since 1970 UTC."""
    told = timestamp_us(chunk.vendor_exported_at)
    return told if told is not None or chunk.exported_at is None else int(chunk.exported_at * 1_000_000)


def read_verdicts(storage: Storage, task_id: str) -> tuple[Phones, npt.NDArray[np.int8]]:
    """Phones a task answered (sorted) and their verdict as an index in VERDICTS, -1 where it is none.

    Raises:
        StorageError: the file is lost or damaged.
    """
    table = storage.read_parquet(paths.VERDICTS.of(task_id), [Column.PHONE_E164, Column.FACEBOOK]).read_all().combine_chunks()
    codes = pc.index_in(table[Column.FACEBOOK].cast(pa.string()), pa.array(VERDICTS)).fill_null(-1)
    return codec.from_e164(table[Column.PHONE_E164].combine_chunks()), codes.to_numpy().astype(np.int8)


def united(storage: Storage, task_id: str, table: pa.Table) -> tuple[pa.Table, bool]:
    """`table` and what the store has of the same task, by phone: the newest usable verdict stays, else the newest label.

    Returns:
        The table, and whether it differs from what the store has.
    """
    stored = storage.read_parquet(paths.VERDICTS.of(task_id)).read_all().combine_chunks()
    phones = pa.array(codec.from_e164(stored[Column.PHONE_E164].combine_chunks()))
    texts = [stored[name].cast(pa.string()) for name in (Column.FACEBOOK, Column.FACEBOOK_LABEL)]
    known = pa.table([phones, *texts], names=["phone", "facebook", "label"]).cast(table.schema)
    both = pa.concat_tables([table, known])
    phone = both["phone"].to_numpy()
    best_first = np.lexsort((pc.is_null(both["facebook"]).to_numpy(), phone))  # stable: the new before the stored
    phone = phone[best_first]
    best = both.take(pa.array(best_first[np.append(True, phone[1:] != phone[:-1])]))
    return best, not best.equals(known)


def newest_verdicts(storage: Storage, ledger: Ledger, phones: Phones) -> tuple[npt.NDArray[np.int32], list[AnsweringTask]]:
    """For each phone (sorted, distinct) the index of the newest of these tasks with a usable verdict, or -1."""
    tasks = ledger.answering_tasks()
    number = {row.task_id: position for position, row in enumerate(tasks)}
    newest = np.full(len(phones), -1, np.int32)
    indexed = _read_index(storage, ledger.verdict_index())
    if indexed is not None and len(indexed.phones):
        at = codec.positions(phones, indexed.phones)
        known = np.array([number.get(task_id, -1) for task_id in indexed.task_ids], np.int32)
        newest = np.where(at >= 0, known[indexed.task[np.maximum(at, 0)]], np.int32(-1))
    covered = set(indexed.task_ids) if indexed is not None else set()
    for row in tasks:
        if row.task_id not in covered:
            answered = _usable(storage, ledger, row)
            at = codec.positions(answered, phones)
            at = at[at >= 0]
            newest[at] = np.maximum(newest[at], number[row.task_id])
    used = codec.runs(np.sort(newest[newest >= 0]))[0]
    number_in_use = np.full(len(tasks) + 1, -1, np.int32)  # one more, at -1
    number_in_use[used] = np.arange(len(used))
    return number_in_use[newest], [tasks[each] for each in used.tolist()]


def merge_index(storage: Storage, ledger: Ledger, *, max_unindexed: int = MAX_UNINDEXED_TASKS) -> bool:
    """Bring the index up to date when many tasks are not in it yet; True when a new one was published."""
    published = ledger.verdict_index()
    indexed = _read_index(storage, published)
    tasks = ledger.collected_tasks()
    covered = set(indexed.task_ids) if indexed is not None else set()
    unindexed = [row for row in tasks if row.task_id not in covered]
    if len(unindexed) <= max_unindexed:
        return False
    merged = _merge(storage, ledger, indexed, unindexed, [row.task_id for row in tasks])
    name = paths.VERDICT_INDEX.of(secrets.token_hex(8))
    with storage.writing(name) as sink:
        merged.write(sink)
    if not ledger.publish_verdict_index(name, instead_of=published, task_ids=merged.task_ids):
        storage.delete(name)
        return False
    if published is not None:
        storage.delete(published)
    return True


def drop_index(storage: Storage, ledger: Ledger) -> None:
    """Forget the index, since it holds phones that are being deleted; it is built anew from the task files that stay."""
    published = ledger.verdict_index()
    if published is not None:
        ledger.publish_verdict_index(None, instead_of=published)
    for name in storage.names(paths.VERDICT_INDEX.folder):  # also what a killed process left unpublished
        storage.delete(f"{paths.VERDICT_INDEX.folder}/{name}")


@dataclass(frozen=True)
class _Index:
    phones: Phones
    task: npt.NDArray[np.int32]
    task_ids: list[str]

    def write(self, sink: IO[bytes]) -> None:
        schema = pa.schema([("phone", pa.int64()), ("task", pa.int32())], metadata={"task_ids": json.dumps(self.task_ids)})
        with pa.ipc.new_file(sink, schema) as writer:
            writer.write_batch(pa.RecordBatch.from_arrays([pa.array(self.phones), pa.array(self.task)], schema=schema))


def _read_index(storage: Storage, name: str | None) -> _Index | None:
    if name is None:
        return None
    try:
        source = pa.memory_map(f"{storage.root}/{name}") if storage.is_local else pa.BufferReader(storage.read_bytes(name))
        with pa.ipc.open_file(source) as reader:
            batch = reader.get_batch(0)
            task_ids = json.loads(reader.schema.metadata[b"task_ids"])
            return _Index(batch.column(0).to_numpy(), batch.column(1).to_numpy(), task_ids)
    except FileNotFoundError:  # lost, or replaced by a newer one just now: the task files know as much
        return None
    except pa.ArrowInvalid:
        log.warning("the verdict index %s is damaged and is not used", name)
        return None


def _merge(
    storage: Storage, ledger: Ledger, indexed: _Index | None, unindexed: Sequence[AnsweringTask], order: Sequence[str]
) -> _Index:
    """Newest task wins; `order` is the order of export. Lean: there may be millions of phones."""
    number = {task_id: position for position, task_id in enumerate(order)}
    end = 0 if indexed is None else len(indexed.phones)
    most = end + sum(row.phone_count for row in unindexed)
    phones, newest = np.empty(most, np.int64), np.empty(most, np.int32)
    if indexed is not None:
        phones[:end] = indexed.phones
        newest[:end] = np.array([number.get(each, -1) for each in indexed.task_ids], np.int32)[indexed.task]
    for row in unindexed:
        answered = _usable(storage, ledger, row)
        start, end = end, end + len(answered)
        phones[start:end], newest[start:end] = answered, number[row.task_id]
    phones, newest = phones[:end], newest[:end]
    ranked = np.lexsort((newest, phones))
    newest = newest[ranked]
    del ranked  # as much memory as the phones, which need no second place to be sorted
    phones.sort()
    is_last = np.append(phones[1:] != phones[:-1], True) & (newest >= 0)
    phones = phones[is_last]
    newest = newest[is_last]
    return _Index(phones, newest, list(order))


def _usable(storage: Storage, ledger: Ledger, task: AnsweringTask) -> Phones:
    """Phones with a usable verdict. Where the file is lost, the ledger knows which they are, if not what they are: none is bought again."""
    try:
        phones, codes = read_verdicts(storage, task.task_id)
    except StorageError as error:
        log.warning("verdicts of chunk %s cannot be read: %s", task.chunk_key, error)
        chunk = ledger.chunk(task.chunk_key)
        return chunk.answered if chunk.has_verdicts else np.empty(0, np.int64)
    return phones[codes >= 0]


def _encoded(values: pa.ChunkedArray, type_: pa.DataType) -> pa.Array:
    return values.combine_chunks().cast(pa.string()).dictionary_encode().cast(type_)
