"""The verdict store: a task lies in a file of its own, or in a volume of many. A file is written anew only while its task may answer more."""

from __future__ import annotations

from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from fbcheck_pipeline.files.arrow_text import one_text
from fbcheck_pipeline.files.storage import BatchStream, Storage
from fbcheck_pipeline.ledger import codec
from fbcheck_pipeline.ledger.codec import Phones
from fbcheck_pipeline.ledger.records import Chunk
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.model.columns import Column, columns_of, schema_of
from fbcheck_pipeline.model.statuses import VERDICTS
from fbcheck_pipeline.model.timestamps import timestamp_us
from fbcheck_pipeline.workflow.workspace import Workspace

SCHEMA = schema_of(paths.VERDICTS)
Answers = tuple[Phones, npt.NDArray[np.int8]]
_WORDS = pa.array(VERDICTS)
VOLUMES_KEPT = 8
"""Of so many volumes the row group read last stays in memory, some 6 MB each."""


def write_verdicts(storage: Storage, task_id: str, table: pa.Table, checked_at_us: int) -> None:
    """Write a task's verdicts: `table` has `phone` int64 (sorted), `facebook` and `label` strings."""
    columns = {
        Column.PHONE_E164: codec.to_e164(table["phone"].to_numpy()),
        Column.FACEBOOK: table["facebook"].cast(pa.string()).combine_chunks(),
        Column.FACEBOOK_LABEL: table["label"].cast(pa.string()).combine_chunks(),
        Column.CHECKED_AT: pa.array(np.full(table.num_rows, checked_at_us), pa.timestamp("us", "UTC")),
        Column.TASK_ID: one_text(task_id, table.num_rows),
    }
    batch = pa.RecordBatch.from_arrays([columns[each] for each in columns_of(paths.VERDICTS)], SCHEMA.names)
    storage.write_parquet(paths.VERDICTS.of(task_id), BatchStream(SCHEMA, iter([batch])))


def store_verdicts(ws: Workspace, chunk: Chunk, table: pa.Table) -> None:
    """Write a chunk's verdicts as of their export, or of now where nothing says when that was; `table` as for `write_verdicts`."""
    write_verdicts(ws.storage, chunk.known_task_id, table, exported_at_us(chunk) or int(ws.ledger.clock() * 1_000_000))


def usable_phones(table: pa.Table) -> Phones:
    """The phones of a result that have a verdict, sorted as it is."""
    phones: Phones = table.filter(pc.is_valid(table["facebook"]))["phone"].to_numpy()
    return phones


def exported_at_us(chunk: Chunk) -> int | None:
    """When the vendor exported, or when we saw it where the vendor's word cannot be read or lies ahead; microseconds since 1970 UTC."""
    told, seen = timestamp_us(chunk.vendor_exported_at), None if chunk.exported_at is None else int(chunk.exported_at * 1_000_000)
    return min((each for each in (told, seen) if each is not None), default=None)


def place_of(task_id: str, volume: str | None) -> str:
    """The file that a task's verdicts lie in."""
    return paths.VERDICTS.of(task_id) if volume is None else paths.VOLUMES.of(volume)


class _Group:
    """A row group of a volume. Its rows are sorted by task; the answers of all are made out together."""

    def __init__(self, table: pa.Table) -> None:
        self.table = table
        tasks = table[Column.TASK_ID].combine_chunks().dictionary_encode()
        starts = np.searchsorted(tasks.indices.to_numpy(), np.arange(len(tasks.dictionary) + 1)).tolist()
        self.rows = {
            task_id: slice(*bounds) for task_id, bounds in zip(tasks.dictionary.to_pylist(), pairwise(starts), strict=True)
        }

    @cached_property
    def answers(self) -> Answers:
        return _answers_in(self.table)


class _Volume:
    """An open volume, and the first and last task of each of its row groups where the file says so."""

    def __init__(self, file: pq.ParquetFile) -> None:
        self.file, column = file, SCHEMA.get_field_index(Column.TASK_ID)
        groups = (file.metadata.row_group(each).column(column).statistics for each in range(file.metadata.num_row_groups))
        self._ranges = [None if each is None else (each.min, each.max) for each in groups]

    def groups_with(self, task_id: str) -> list[int]:
        """Row groups that may hold a task."""
        return [number for number, each in enumerate(self._ranges) if each is None or each[0] <= task_id <= each[1]]


class VerdictReader:
    """Reads the verdicts of tasks. Of a volume it keeps the part read last: ask for its tasks in the order of their ids."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._volumes: dict[str, _Volume] = {}
        self._groups: dict[str, tuple[int, _Group]] = {}

    def table(self, task_id: str, volume: str | None, columns: list[str] | None = None) -> pa.Table:
        """The rows of a task, sorted by phone.

        Args:
            columns: those that are needed; others may come along.

        Raises:
            StorageError: the file is lost or damaged.
        """
        if volume is None:
            return self._storage.read_parquet(place_of(task_id, volume), columns).read_all()
        return pa.concat_tables([group.table[rows] for group, rows in self._parts(task_id, volume)])

    def answers(self, task_id: str, volume: str | None) -> Answers:
        """Phones a task answered (sorted) and their verdict as an index in VERDICTS, -1 where it is none.

        Raises:
            StorageError: the file is lost or damaged.
        """
        if volume is None:
            return _answers_in(self.table(task_id, volume, [Column.PHONE_E164, Column.FACEBOOK]))
        parts = [[column[rows] for column in group.answers] for group, rows in self._parts(task_id, volume)]
        phones, codes = (np.concatenate(each) for each in zip(*parts, strict=True))
        return phones, codes

    def _parts(self, task_id: str, volume: str) -> list[tuple[_Group, slice]]:
        """Where in a volume the rows of a task lie."""
        with self._storage.faults_of_parquet_named(place_of(task_id, volume)):
            groups = [self._group(volume, number) for number in self._volume(volume).groups_with(task_id)]
            parts = [(each, each.rows[task_id]) for each in groups if task_id in each.rows]
            if not parts:
                raise pa.ArrowInvalid("it lacks a task")
        return parts

    def _volume(self, volume: str) -> _Volume:
        if volume not in self._volumes:
            places = (paths.VOLUMES.of(volume), paths.NEW_VOLUMES.of(volume))  # published and not yet moved
            name = next((each for each in places if self._storage.exists(each)), places[0])
            self._volumes[volume] = _Volume(self._storage.parquet_file(name))
        return self._volumes[volume]

    def _group(self, volume: str, number: int) -> _Group:
        if self._groups.get(volume, (-1,))[0] != number:
            self._groups.pop(volume, None)  # before the next is read
            if len(self._groups) >= VOLUMES_KEPT:
                del self._groups[next(iter(self._groups))]
            self._groups[volume] = number, _Group(self._volume(volume).file.read_row_group(number, use_threads=False))
        return self._groups[volume][1]


def _answers_in(table: pa.Table) -> Answers:
    codes = pc.index_in(table[Column.FACEBOOK].combine_chunks(), _WORDS).fill_null(-1)
    return codec.from_e164(table[Column.PHONE_E164].combine_chunks()), codes.to_numpy().astype(np.int8)


def united(stored: pa.Table, table: pa.Table) -> tuple[pa.Table, bool]:
    """`table` and what is stored of the same task, by phone: the newest usable verdict stays, else the newest label.

    Returns:
        The table, and whether it differs from what the store has.
    """
    stored = stored.combine_chunks()
    phones = pa.array(codec.from_e164(stored[Column.PHONE_E164].combine_chunks()))
    texts = [stored[name].cast(pa.string()) for name in (Column.FACEBOOK, Column.FACEBOOK_LABEL)]
    known = pa.table([phones, *texts], names=["phone", "facebook", "label"]).cast(table.schema)
    both = pa.concat_tables([table, known])
    phone = both["phone"].to_numpy()
    best_first = np.lexsort((pc.is_null(both["facebook"]).to_numpy(), phone))  # stable: the new before the stored
    phone = phone[best_first]
    best = both.take(pa.array(best_first[np.append(True, phone[1:] != phone[:-1])]))
    return best, not best.equals(known)
