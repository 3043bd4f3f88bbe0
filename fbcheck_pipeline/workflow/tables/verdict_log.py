"""All kept verdicts as timelines: read file by file from the verdict store, sorted by phone and age within bounded memory."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from fbcheck_pipeline.errors import StorageError
from fbcheck_pipeline.files.pair_sorting import PairSorter
from fbcheck_pipeline.files.sorted_pairs import Pairs
from fbcheck_pipeline.ledger import codec
from fbcheck_pipeline.ledger.records import StoredTask
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.model.columns import Column
from fbcheck_pipeline.model.statuses import VERDICTS
from fbcheck_pipeline.workflow.tables.timelines import Timelines, age_order
from fbcheck_pipeline.workflow.verdict_files.lost_verdicts import table_of
from fbcheck_pipeline.workflow.verdict_files.verdicts import VerdictReader
from fbcheck_pipeline.workflow.workspace import Workspace

log = logging.getLogger(__name__)

COLUMNS = list(map(str, (Column.PHONE_E164, Column.FACEBOOK, Column.CHECKED_AT, Column.TASK_ID)))
_WORDS = pa.array([str(each) for each in VERDICTS])
VERDICTS_AT_ONCE = 1 << 18
"""Of pieces, so that the rows that are made of one stay small."""
_NEVER = np.iinfo(np.int64).min


class VerdictLog:
    """Reads the verdicts of tasks into a sorter; a value is the task's place times the number of verdicts, and the verdict.

    Attributes:
        count: how many verdicts there are.
        lost: how many tasks have no readable ones.
    """

    def __init__(self, ws: Workspace, sorter: PairSorter, tasks: Sequence[StoredTask], among: codec.Phones | None = None) -> None:
        """Args: tasks: in the order of their files; among: only of these phones (sorted)."""
        self._ws, self._sorter, self._tasks, self._among = ws, sorter, tasks, among
        self._ids = pa.array([each.task_id for each in tasks], pa.string())
        self._at_us = np.full(len(tasks), _NEVER)
        self.count, self.lost = 0, 0
        start = 0
        for volume, group in groupby(tasks, key=lambda each: each.volume):
            stop = start + len(list(group))
            if volume is None or not self._read_volume(volume, start, stop):
                self._read_each(range(start, stop))
            start = stop

    def timelines(self) -> Iterator[Timelines]:
        """All of them, in pieces; no phone lies in two."""
        order = age_order(self._ids.to_pylist(), self._at_us.tolist())
        rank = np.empty(len(order), np.int32)
        rank[order] = np.arange(len(order), dtype=np.int32)
        renamed = (rank[:, None] * len(VERDICTS) + np.arange(len(VERDICTS), dtype=np.int32)).ravel().astype(np.int32)
        ids, at_us = self._ids.take(pa.array(order, pa.int64())), self._at_us[order]
        for phones, values in self._sorter.pieces(renamed):
            starts = np.flatnonzero(np.diff(phones, prepend=-1))
            cuts = starts[np.searchsorted(starts, np.arange(VERDICTS_AT_ONCE, len(phones), VERDICTS_AT_ONCE), "right") - 1]
            for mine, some in zip(np.split(phones, np.unique(cuts)), np.split(values, np.unique(cuts)), strict=True):
                task, verdict = np.divmod(some, np.int32(len(VERDICTS)))
                yield Timelines(mine, at_us[task], verdict.astype(np.int8), task, ids)

    def _read_volume(self, volume: str, start: int, stop: int) -> bool:
        """Add what a volume has of some tasks; False where it cannot be read, or lacks one of them."""
        mine, found = self._ids.slice(start, stop - start), list[Pairs]()
        try:
            for batch in self._ws.storage.read_parquet(paths.VOLUMES.of(volume), COLUMNS).batches:
                at = pc.index_in(batch.column(Column.TASK_ID), mine)
                found.append(self._taken(batch.filter(at.is_valid()), at.drop_null().to_numpy() + start))
        except StorageError:
            return False
        if not (self._at_us[start:stop] != _NEVER).all():
            return False
        self._add(found)
        return True

    def _read_each(self, places: Iterable[int]) -> None:
        reader = VerdictReader(self._ws.storage)
        for place in places:
            try:
                table = self._table(self._tasks[place], reader)
            except StorageError as error:
                log.warning("verdicts of chunk %s are left out: %s", self._tasks[place].chunk_key, error)
                self.lost += 1
                continue
            self._add(self._taken(each, np.full(each.num_rows, place)) for each in table.select(COLUMNS).to_batches())

    def _table(self, task: StoredTask, reader: VerdictReader) -> pa.Table:
        try:
            return reader.table(task.task_id, task.volume)
        except StorageError:
            return table_of(self._ws, task.chunk_key)

    def _taken(self, batch: pa.RecordBatch, place: npt.NDArray[np.int64]) -> Pairs:
        """The usable verdicts of a batch; notes when its tasks were exported."""
        self._at_us[place] = batch.column(Column.CHECKED_AT).cast(pa.int64()).to_numpy()
        verdict = pc.index_in(batch.column(Column.FACEBOOK), _WORDS)
        usable = verdict.is_valid()
        phones = codec.from_e164(batch.column(Column.PHONE_E164).filter(usable))
        value = place[usable.to_numpy(zero_copy_only=False)] * len(VERDICTS) + verdict.drop_null().to_numpy()
        if self._among is not None:
            is_wanted = codec.positions(phones, self._among) >= 0
            phones, value = phones[is_wanted], value[is_wanted]
        return phones, value.astype(np.int32)

    def _add(self, found: Iterable[Pairs]) -> None:
        for phones, values in found:
            self._sorter.add(phones, values)
            self.count += len(phones)
