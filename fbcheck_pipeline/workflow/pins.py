"""Pins: for each distinct phone of a list, what will answer it. The join reads these and nothing else of the plan."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from fbcheck_pipeline.files.storage import ROWS_PER_BATCH, BatchStream, Storage, release_unused_memory
from fbcheck_pipeline.ledger import codec
from fbcheck_pipeline.ledger.codec import Phones


class AnsweredBy(StrEnum):
    """What answers a phone."""

    CHUNK = "chunk"  # bought for this list
    OTHER_CHUNK = "other_chunk"  # bought for another list
    VERDICT = "verdict"  # an earlier task's
    EARLIER_TRY = "earlier_try"  # a settled try that gave no answer; not to be repeated now
    SUPPRESSED = "suppressed"
    OVER_BUDGET = "over_budget"
    WAITING = "waiting"  # for enough phones to make a chunk


@dataclass(frozen=True)
class Answer:
    """One source of answers; `chunk_key` and `task_id` where it has them."""

    answered_by: AnsweredBy
    chunk_key: str | None = None
    task_id: str | None = None


@dataclass(frozen=True)
class Pins:
    """Sorted distinct phones, and for each the index of its answer in `answers`."""

    phones: Phones
    answer: npt.NDArray[np.int32]
    answers: list[Answer]

    def with_tasks(self, task_ids: Mapping[str, str]) -> Pins:
        """The same pins, with the task of each chunk (by chunk key) where it has one by now."""
        known = [replace(each, task_id=each.task_id or task_ids.get(each.chunk_key or "")) for each in self.answers]
        return Pins(self.phones, self.answer, known)

    def stream(self) -> BatchStream:
        """The pins as rows of `submitted_chunks`."""
        text = pa.dictionary(pa.int32(), pa.string())
        names = ("answered_by", "chunk_key", "task_id")
        schema = pa.schema([("phone_e164", pa.string()), *((name, text) for name in names)])
        values = [pa.array([getattr(each, name) for each in self.answers], pa.string()).dictionary_encode() for name in names]

        def batches() -> Iterator[pa.RecordBatch]:
            for start in range(0, len(self.phones), ROWS_PER_BATCH):
                rows = slice(start, start + ROWS_PER_BATCH)
                taken = [each.take(pa.array(self.answer[rows])) for each in values]
                yield pa.RecordBatch.from_arrays([codec.to_e164(self.phones[rows]), *taken], schema=schema)

        return BatchStream(schema, batches())


def pins_name(list_key: str) -> str:
    """Where a list's pins lie."""
    return f"submitted_chunks/{list_key}.parquet"


def read_pins(storage: Storage, list_key: str) -> Pins | None:
    """The pins of a list, None before it was first planned."""
    if not storage.exists(pins_name(list_key)):
        return None
    return pins_from(storage.read_parquet(pins_name(list_key)).batches)


def pins_from(batches: Iterable[pa.RecordBatch]) -> Pins:
    """Pins from the rows of `submitted_chunks`."""
    numbers: dict[Answer, int] = {}
    phones, answer = [], []
    for batch in batches:
        columns = [batch.column(name) for name in ("answered_by", "chunk_key", "task_id")]
        codes = [column.indices.fill_null(-1).to_numpy().astype(np.int64) + 1 for column in columns]
        combined = (codes[0] << 42) | (codes[1] << 21) | codes[2]
        _, first, inverse = np.unique(combined, return_index=True, return_inverse=True)
        found = [
            Answer(AnsweredBy(columns[0][row].as_py()), columns[1][row].as_py(), columns[2][row].as_py())
            for row in first.tolist()
        ]
        phones.append(codec.from_e164(batch.column("phone_e164")))
        answer.append(np.array([numbers.setdefault(each, len(numbers)) for each in found], np.int32)[inverse])
    if not phones:
        return Pins(np.empty(0, np.int64), np.empty(0, np.int32), [])
    every = np.concatenate(phones)
    phones.clear()
    release_unused_memory()
    return Pins(every, np.concatenate(answer), list(numbers))
