"""Pins: for each distinct phone of a list, what will answer it. The join reads these and nothing else of the plan."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from fbcheck_pipeline.files.storage import ROWS_PER_BATCH, BatchStream, Storage
from fbcheck_pipeline.ledger import codec
from fbcheck_pipeline.ledger.codec import Numbers, Phones
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.model.columns import Column, schema_of
from fbcheck_pipeline.model.statuses import AnsweredBy
from fbcheck_pipeline.workflow.publishing import guarded
from fbcheck_pipeline.workflow.workspace import Workspace

_PIN = (Column.ANSWERED_BY, Column.CHUNK_KEY, Column.TASK_ID)


class Pin(NamedTuple):
    """What answers a phone; `chunk_key` and `task_id` where it has them."""

    answered_by: AnsweredBy
    chunk_key: str | None = None
    task_id: str | None = None


@dataclass(frozen=True)
class Pins:
    """Sorted distinct phones, and for each the index of its pin in `pins`; `planned_at` is known of what is not written yet."""

    phones: Phones
    index: Numbers
    pins: list[Pin]
    planned_at: float | None = None

    @property
    def chunk_keys(self) -> list[str]:
        """Keys of the chunks that some phone is pinned to, each once."""
        return list(dict.fromkeys(each.chunk_key for each in self.pins if each.chunk_key))

    def with_tasks(self, task_ids: Mapping[str, str]) -> Pins:
        """The same pins, with the task of each chunk (by chunk key) where it has one by now."""
        known = [each._replace(task_id=each.task_id or task_ids.get(each.chunk_key or "")) for each in self.pins]
        return Pins(self.phones, self.index, known)

    def stream(self) -> BatchStream:
        """The pins as rows of `submitted_chunks`; all but the phones are Arrow dictionaries."""
        schema = schema_of(paths.SUBMITTED_CHUNKS)
        values = [pa.array([getattr(each, name) for each in self.pins], pa.string()).dictionary_encode() for name in _PIN]

        def batches() -> Iterator[pa.RecordBatch]:
            for start in range(0, len(self.phones), ROWS_PER_BATCH):
                rows = slice(start, start + ROWS_PER_BATCH)
                taken = [each.take(pa.array(self.index[rows])) for each in values]
                yield pa.RecordBatch.from_arrays([codec.to_e164(self.phones[rows]), *taken], schema.names)

        return BatchStream(schema, batches())


def write_pins(
    ws: Workspace, list_key: str, pins: Pins, as_of: int | None = None, counts: Mapping[str, int] | None = None
) -> None:
    """Write a list's pins, with the task of each chunk that has one by now; a join of the pins before these is stale.

    Args:
        counts: what is known of its phones, to be recorded with them.

    Raises:
        StorageError: they cannot be written, or something personal was deleted since `as_of`; the pins before still stand.
    """
    from fbcheck_pipeline.model.frames import validate  # pandera is heavy: only who writes pins needs it

    pinned = ws.ledger.chunks_named(pins.chunk_keys)
    stream = pins.with_tasks({each.chunk_key: each.task_id for each in pinned if each.task_id}).stream()

    def batches() -> Iterator[pa.RecordBatch]:
        for batch in stream.batches:
            validate(paths.SUBMITTED_CHUNKS, batch)
            yield batch

    note = partial(ws.ledger.note_pinned, list_key, pins.planned_at, counts)
    guard = guarded(ws, list_key, BatchStream(stream.schema, batches()), as_of, note)
    ws.storage.write_parquet(paths.SUBMITTED_CHUNKS.of(list_key), guard)


def read_pins(storage: Storage, list_key: str) -> Pins | None:
    """The pins of a list, None before it was first planned."""
    name = paths.SUBMITTED_CHUNKS.of(list_key)
    return pins_from(storage.read_parquet(name).batches) if storage.exists(name) else None


def pins_from(batches: Iterable[pa.RecordBatch]) -> Pins:
    """Pins from the rows of `submitted_chunks`."""
    numbers: dict[Pin, int] = {}
    phones, index = codec.Gathered(np.int64), codec.Gathered(np.int8)
    for batch in batches:
        columns = [batch.column(name).dictionary_encode() for name in _PIN]
        codes = [column.indices.fill_null(-1).to_numpy().astype(np.int64) + 1 for column in columns]
        kinds = pa.array((codes[0] << 42) | (codes[1] << 21) | codes[2]).dictionary_encode()
        words = [[None, *column.dictionary.to_pylist()] for column in columns]
        places = []
        for kind in kinds.dictionary.to_pylist():
            answered_by, chunk_key, task_id = (
                each[kind >> shift & 0x1FFFFF] for each, shift in zip(words, (42, 21, 0), strict=True)
            )
            places.append(numbers.setdefault(Pin(AnsweredBy.named(answered_by), chunk_key, task_id), len(numbers)))
        phones.add(codec.from_e164(batch.column(Column.PHONE_E164)))
        index.add(np.array(places, codec.smallest_type(len(numbers)))[kinds.indices.to_numpy()])
    return Pins(phones.whole(), index.whole(), list(numbers))
