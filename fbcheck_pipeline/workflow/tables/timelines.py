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

    def current(self, numbers: NumberFacts) -> pa.RecordBatch:
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
        }
        return pa.RecordBatch.from_arrays([columns[name] for name in CURRENT.names], schema=CURRENT)

    def changes(self, by: pa.StringArray | None = None) -> pa.RecordBatch:
        """A row of `verdict_changes` for each verdict that differs from the one before; the first one of a phone changes nothing.

        Args:
            by: only the changes that these tasks brought.
        """
        at = np.flatnonzero(self._is_change() if by is None else self._is_change() & self._is_of(by))
        columns: dict[str, pa.Array] = {
            Column.PHONE_E164: codec.to_e164(self.phones[at]),
            Column.CHANGED_AT: self._moments(at),
            Column.FROM: self._words(at - 1),
            Column.TO: self._words(at),
            Column.TASK_ID: self._tasks(at),
        }
        return pa.RecordBatch.from_arrays([columns[name] for name in CHANGES.names], schema=CHANGES)

    def are_rewritten_by(self, new: pa.StringArray) -> bool:
        """True where the changes that older tasks brought are others with the verdicts of new ones: something came late."""
        old = ~self._is_of(new)
        return not np.array_equal(_replaced(self.phones, self.verdict)[old], _replaced(self.phones[old], self.verdict[old]))

    def _is_of(self, task_ids: pa.StringArray) -> npt.NDArray[np.bool_]:
        is_of: npt.NDArray[np.bool_] = pc.is_in(self.task_ids, task_ids).to_numpy(zero_copy_only=False)[self.task]
        return is_of

    def _is_change(self) -> npt.NDArray[np.bool_]:
        return _replaced(self.phones, self.verdict) >= 0

    def _words(self, places: Places, is_none: npt.NDArray[np.bool_] | None = None) -> pa.StringArray:
        return _WORDS.take(pa.array(self.verdict[places], mask=is_none))

    def _moments(self, places: Places, is_none: npt.NDArray[np.bool_] | None = None) -> pa.Array:
        return pa.array(self.at_us[places], mask=is_none).cast(_MOMENT)

    def _tasks(self, places: Places) -> pa.StringArray:
        return self.task_ids.take(pa.array(self.task[places]))


def _replaced(phones: Phones, verdict: npt.NDArray[np.int8]) -> npt.NDArray[np.int8]:
    """The phone's verdict that each one changed; -1 where it changed none."""
    before = np.full(len(phones), -1, np.int8)
    is_change = (phones[1:] == phones[:-1]) & (verdict[1:] != verdict[:-1])
    before[1:][is_change] = verdict[:-1][is_change]
    return before


def age_order(task_ids: Sequence[str], at_us: Sequence[int]) -> list[int]:
    """Places of tasks, oldest first; of tasks exported at one moment the one with the greater number is the newer."""
    return sorted(range(len(task_ids)), key=lambda each: (at_us[each], len(task_ids[each]), task_ids[each]))
