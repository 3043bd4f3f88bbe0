"""e164_phones x pins x verdicts, batch by batch in the order of the source; joining again gives the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from fbcheck_pipeline.ledger import TRAITS, ChunkState, codec
from fbcheck_pipeline.ledger.access import Row
from fbcheck_pipeline.ledger.codec import Phones
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.model.columns import RESULT_COLUMNS, Column, schema_of
from fbcheck_pipeline.model.statuses import CHECK_STATUSES, VERDICTS, AnsweredBy, CheckStatus
from fbcheck_pipeline.vendor import timestamp_us
from fbcheck_pipeline.workflow.pins import Pins
from fbcheck_pipeline.workflow.verdicts import read_verdicts
from fbcheck_pipeline.workflow.workspace import Workspace

NO_PIN, REJECTED = -2, -1
"""Places of a phone that the pins do not know (the list was normalised anew since it was planned), and of a rejected row."""
_CODE: dict[str, int] = {status: code for code, status in enumerate(CHECK_STATUSES)}


@dataclass(frozen=True)
class Resolved:
    """What is known of each phone: arrays alongside `phones`, and two entries more, at NO_PIN and REJECTED.

    Attributes:
        status: index in CHECK_STATUSES.
        facebook: index in VERDICTS, -1 for none.
        task: index in `tasks`, -1 for none.
        may_change: True where the status may change by itself or waits for a person.
    """

    phones: Phones
    status: npt.NDArray[np.int8]
    facebook: npt.NDArray[np.int8]
    task: npt.NDArray[np.int32]
    may_change: npt.NDArray[np.bool_]
    tasks: list[Row]


def resolve(ws: Workspace, list_key: str, pins: Pins) -> Resolved:
    """Follow every pin to its answer as the ledger knows it now."""
    count = len(pins.phones) + 2
    resolved = Resolved(
        pins.phones,
        np.full(count, _CODE[CheckStatus.WAITING], np.int8),
        np.full(count, -1, np.int8),
        np.full(count, -1, np.int32),
        np.zeros(count, bool),
        [row for row in ws.ledger.chunks() if row.task_id is not None],
    )
    resolved.status[REJECTED] = _CODE[CheckStatus.REJECTED]
    task_numbers = {row.chunk_key: number for number, row in enumerate(resolved.tasks)}
    followed = AnswerResolver(ws, resolved, task_numbers)
    for number, answer in enumerate(pins.answers):
        places = np.flatnonzero(pins.answer == number)
        if answer.answered_by is AnsweredBy.VERDICT:
            followed.verdict(str(answer.chunk_key), places, CheckStatus.REUSED)
        elif answer.chunk_key is not None:
            followed.chunk(
                answer.chunk_key, places, CheckStatus.CHECKED if answer.answered_by is AnsweredBy.CHUNK else CheckStatus.REUSED
            )
        else:
            resolved.status[places] = _CODE[answer.answered_by]
            resolved.may_change[places] = answer.answered_by is not AnsweredBy.SUPPRESSED
    return resolved


class AnswerResolver:
    """Fills a `Resolved`, reading each task's verdicts once."""

    def __init__(self, ws: Workspace, resolved: Resolved, task_numbers: dict[str, int]) -> None:
        self._ws, self._resolved, self._task_numbers = ws, resolved, task_numbers
        self._children: dict[str, list[str]] = {}
        self._tries = _unanswered_tries(ws, resolved.phones)
        for row in ws.ledger.chunks():
            if row.replaces:
                self._children.setdefault(row.replaces, []).append(row.chunk_key)

    def chunk(self, chunk_key: str, places: npt.NDArray[np.int64], good: CheckStatus) -> None:
        """Answer places from a chunk, or from what replaced it; who is in none of these was suppressed or is planned anew."""
        resolved = self._resolved
        missing = np.ones(len(places), bool)
        for leaf in self._leaves(chunk_key):
            row = self._ws.ledger.chunk(leaf)
            carried, _ = codec.distinct(codec.unpack(row.phones, row.phone_count))
            inside = codec.positions(resolved.phones[places], carried) >= 0
            missing &= ~inside
            mine = places[inside]
            traits = TRAITS[ChunkState(row.state)]
            resolved.status[mine] = _CODE[traits.check_status or CheckStatus.WAITING]
            resolved.may_change[mine] = traits.holds | (
                (traits.retries == "night") & (self._tries[mine] < self._ws.settings.max_tries)
            )
            if row.state == ChunkState.COLLECTED:
                self.verdict(leaf, mine, good)
        if missing.any():
            left = places[missing]
            is_suppressed = self._ws.ledger.suppressed_among(resolved.phones[left])
            resolved.status[left] = np.where(is_suppressed, _CODE[CheckStatus.SUPPRESSED], _CODE[CheckStatus.WAITING])
            resolved.may_change[left] = ~is_suppressed

    def verdict(self, chunk_key: str, places: npt.NDArray[np.int64], good: CheckStatus) -> None:
        """Answer places from the verdict file of a collected chunk."""
        resolved, number = self._resolved, self._task_numbers.get(chunk_key)
        if number is None:  # purged since it was pinned: the list waits, and is planned anew
            resolved.may_change[places] = True
            return
        phones, codes = read_verdicts(self._ws.storage, resolved.tasks[number].task_id)
        at = codec.positions(resolved.phones[places], phones)
        found = np.where(at >= 0, codes[np.maximum(at, 0)], np.int8(-1)) if len(codes) else np.full(len(places), -1, np.int8)
        resolved.facebook[places] = found
        resolved.task[places] = number
        usable = places[found >= 0]
        resolved.status[usable] = _CODE[good]
        resolved.may_change[usable] = False

    def _leaves(self, chunk_key: str) -> Iterator[str]:
        if self._ws.ledger.chunk(chunk_key).state != ChunkState.REPLACED:
            yield chunk_key
        for child in self._children.get(chunk_key, []):
            yield from self._leaves(child)


def _unanswered_tries(ws: Workspace, phones: Phones) -> npt.NDArray[np.int16]:
    tries = np.zeros(len(phones), np.int16)
    for row in ws.ledger.unanswered():
        at = codec.positions(codec.unpack(row.unanswered, row.unanswered_count), phones)
        tries[at[at >= 0]] += 1 + row.resubmissions
    return tries


class Tally:
    """Counts rows by check_status as batches pass; `is_complete` when nothing of the list may still change."""

    def __init__(self, resolved: Resolved) -> None:
        self._resolved = resolved
        self._by_status = np.zeros(len(CHECK_STATUSES), np.int64)
        self.is_complete = not bool(resolved.may_change.any())

    def add(self, status: npt.NDArray[np.int8]) -> None:
        """Count a batch's statuses."""
        self._by_status += np.bincount(status, minlength=len(CHECK_STATUSES))

    def add_repeated(self, occurrences: npt.NDArray[np.int32], rejected: int) -> None:
        """Count all rows at once, from how often each phone occurs."""
        status = self._resolved.status[:NO_PIN]
        self._by_status += [int(occurrences[status == code].sum()) for code in range(len(CHECK_STATUSES))]
        self._by_status[_CODE[CheckStatus.REJECTED]] += rejected

    def counts(self, source_rows: int) -> dict[str, int]:
        """`rows`, `phones`, and one entry per check_status, which add up to `phones`."""
        by_status = {str(each): count for each, count in zip(CHECK_STATUSES, self._by_status.tolist(), strict=True)}
        return {str(Column.ROWS): source_rows, str(Column.PHONES): int(self._by_status.sum()), **by_status}


def result_schema(e164_schema: pa.Schema) -> pa.Schema:
    """Columns of facebook_results: the source's own first, then ours in the order of the interface."""
    return pa.schema([*(each for each in e164_schema if each.name not in RESULT_COLUMNS), *schema_of(paths.FACEBOOK_RESULTS)])


def join_batches(
    schema: pa.Schema, batches: Iterable[pa.RecordBatch], resolved: Resolved, tally: Tally
) -> Iterator[pa.RecordBatch]:
    """Join e164 batches with what is known of their phones."""
    checked_at = pa.array([_checked_at(row) for row in resolved.tasks], pa.timestamp("us", "UTC"))
    task_ids = pa.array([row.task_id for row in resolved.tasks], pa.string())
    for batch in batches:
        at = _places(batch.column(Column.PHONE_E164), resolved.phones)
        status, verdict, number = resolved.status[at], resolved.facebook[at], resolved.task[at]
        tally.is_complete &= not bool((at == NO_PIN).any())
        tally.add(status)
        numbers = pa.array(number, mask=(number < 0) | (verdict < 0))
        columns: dict[str, pa.Array] = {
            Column.FACEBOOK: pa.DictionaryArray.from_arrays(pa.array(verdict, mask=verdict < 0), pa.array(VERDICTS)),
            Column.CHECK_STATUS: pa.DictionaryArray.from_arrays(pa.array(status), pa.array(CHECK_STATUSES)),
            Column.CHECKED_AT: checked_at.take(numbers),
            Column.TASK_ID: task_ids.take(pa.array(number, mask=number < 0)),
        }
        joined = [columns[each.name] if each.name in columns else batch.column(each.name) for each in schema]
        yield pa.RecordBatch.from_arrays(joined, schema=schema)


def _places(texts: pa.Array, phones: Phones) -> npt.NDArray[np.int64]:
    numbers = pc.cast(pc.utf8_slice_codeunits(texts.fill_null("+0"), 1), pa.int64()).to_numpy(zero_copy_only=False)
    at = codec.positions(np.asarray(numbers), phones)
    return np.where(at >= 0, at, np.where(np.asarray(numbers) > 0, NO_PIN, REJECTED))


def _checked_at(row: Row) -> int | None:
    told = timestamp_us(row.vendor_exported_at)
    return told if told is not None else (None if row.exported_at is None else int(row.exported_at * 1_000_000))
