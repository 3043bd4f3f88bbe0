"""What became of phones over time, from their verdicts: the newest, the first, the last change. Only arrays; nothing is read or written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from fbcheck_pipeline.ledger import codec
from fbcheck_pipeline.ledger.codec import Phones
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.model.columns import Column, schema_of
from fbcheck_pipeline.model.statuses import VERDICTS
from fbcheck_pipeline.phones import NumberFacts

CURRENT, CHANGES = (schema_of(each) for each in (paths.CURRENT_VERDICTS, paths.VERDICT_CHANGES))
_MOMENT, _WORDS = pa.timestamp("us", "UTC"), pa.array([str(each) for each in VERDICTS], pa.string())
Places = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Timelines:
    """Verdicts, one entry each, by phone; those of a phone oldest first.

    Attributes:
        at_us: microseconds since 1970 UTC.
        verdict: index in VERDICTS.
        task: index in `task_ids`.
    """

    phones: Phones
    at_us: npt.NDArray[np.int64]
    verdict: npt.NDArray[np.int8]
    task: npt.NDArray[np.int32]
    task_ids: pa.StringArray

    def current(self, numbers: NumberFacts, revision: int) -> pa.RecordBatch:
        """A row of `current_verdicts` for each phone."""
        first = np.flatnonzero(np.diff(self.phones, prepend=-1))
        last = np.append(first[1:], len(self.phones)) - 1 if len(first) else first
        changed = np.maximum.accumulate(np.where(self._is_change(), np.arange(len(self.phones)), -1))[last]
        never = changed < first
        e164 = codec.to_e164(self.phones[last])
        country, line_type = numbers.of(e164)
        columns: dict[str, pa.Array] = {
            Column.PHONE_E164: e164,
            Column.COUNTRY: country,
            Column.LINE_TYPE: line_type,
            Column.FACEBOOK: self._words(last),
            Column.CHECKED_AT: self._moments(last),
            Column.FIRST_CHECKED_AT: self._moments(first),
            Column.PREVIOUS_FACEBOOK: self._words(np.maximum(changed - 1, 0), never),
            Column.CHANGED_AT: self._moments(changed, never),
            Column.CHECKS: pa.array(last - first + 1),
            Column.TASK_ID: self._tasks(last),
            Column.REVISION: _repeated(revision, len(last)),
        }
        return pa.RecordBatch.from_arrays([columns[name] for name in CURRENT.names], schema=CURRENT)

    def changes(self, revision: int, corrected: pa.StringArray) -> pa.RecordBatch:
        """A row of `verdict_changes` for each verdict that differs from the one before; the first one of a phone changes nothing.

        Args:
            corrected: tasks that told something else before: where a phone of theirs has no change, a row without `changed_at` says so.
        """
        is_change = self._is_change()
        is_corrected = pc.is_in(self.task_ids, corrected).to_numpy(zero_copy_only=False)[self.task]
        is_without = is_corrected & (codec.positions(self.phones, self.phones[is_change]) < 0)
        at = np.flatnonzero(is_change | is_without)
        columns: dict[str, pa.Array] = {
            Column.PHONE_E164: codec.to_e164(self.phones[at]),
            Column.CHANGED_AT: self._moments(at, ~is_change[at]),
            Column.FROM: self._words(np.maximum(at - 1, 0)),
            Column.TO: self._words(at),
            Column.TASK_ID: self._tasks(at),
            Column.REVISION: _repeated(revision, len(at)),
        }
        return pa.RecordBatch.from_arrays([columns[name] for name in CHANGES.names], schema=CHANGES)

    def _is_change(self) -> npt.NDArray[np.bool_]:
        is_change = np.zeros(len(self.phones), bool)
        is_change[1:] = (self.phones[1:] == self.phones[:-1]) & (self.verdict[1:] != self.verdict[:-1])
        return is_change

    def _words(self, places: Places, is_none: npt.NDArray[np.bool_] | None = None) -> pa.StringArray:
        return _WORDS.take(pa.array(self.verdict[places], mask=is_none))

    def _moments(self, places: Places, is_none: npt.NDArray[np.bool_] | None = None) -> pa.Array:
        return pa.array(self.at_us[places], mask=is_none).cast(_MOMENT)

    def _tasks(self, places: Places) -> pa.StringArray:
        return self.task_ids.take(pa.array(self.task[places]))


def _repeated(revision: int, count: int) -> pa.Array:
    return pa.array(np.full(count, revision))


def age_order(task_ids: Sequence[str], at_us: Sequence[int]) -> list[int]:
    """Places of tasks, oldest first; of tasks exported at one moment the one with the greater number is the newer."""
    return sorted(range(len(task_ids)), key=lambda each: (at_us[each], len(task_ids[each]), task_ids[each]))
