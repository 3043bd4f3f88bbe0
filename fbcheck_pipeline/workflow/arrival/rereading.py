"""Which lists this program would read otherwise than they were read: after an update of phonenumbers, or of our own rules.

What was read stays as it is, and so does what was joined of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from fbcheck_pipeline.ledger.records import PhoneList
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.model.columns import Column
from fbcheck_pipeline.phones import Normaliser
from fbcheck_pipeline.phones.reading_version import reading_version
from fbcheck_pipeline.phones.votes import CELLS_HEARD
from fbcheck_pipeline.workflow.workspace import Workspace

MOST_LISTS = 10
_COMPARED = [str(each) for each in (Column.SOURCE_ROW, Column.PHONE_INDEX, Column.PHONE_E164, Column.REJECT_REASON)]


@dataclass(frozen=True)
class Rereading:
    """How many of the first rows of a list, of so many, would be read otherwise."""

    list_key: str
    differing: int
    rows: int


def normaliser_of(ws: Workspace, phone_list: PhoneList) -> Normaliser:
    """What reads the phones of a list."""
    return Normaliser(
        region=phone_list.options.get("region") or ws.settings.region,
        region_column=(phone_list.reading or {}).get("region_column"),
        extra_line_types=ws.settings.extra_line_types,
    )


def reread_lists(ws: Workspace) -> list[Rereading]:
    """Read the first 100,000 cells once more of those of the newest ten finished lists that were read by other rules or metadata.

    Raises:
        StorageError: a file of one of them is damaged.
    """
    found = []
    for each in ws.ledger.newest_finished(MOST_LISTS):
        name = paths.E164_PHONES.of(each.list_key)
        if not (ws.storage.exists(name) and ws.storage.exists(paths.RAW_PHONES.of(each.list_key))):
            continue
        read = ws.storage.read_parquet(name, _COMPARED)
        if reading_version().items() - read.footer().items():
            found.append(_reread(ws, each, read.batches))
    return found


def _reread(ws: Workspace, phone_list: PhoneList, read: Iterable[pa.RecordBatch]) -> Rereading:
    normaliser = normaliser_of(ws, phone_list)
    needed = [Column.SOURCE_ROW, Column.PHONE_INDEX, Column.PHONE_COLUMN, Column.PHONE_RAW, normaliser.region_column]
    raw = ws.storage.read_parquet(paths.RAW_PHONES.of(phone_list.list_key), [str(each) for each in needed if each])
    cells = pa.Table.from_batches(_first(raw.batches), raw.schema)
    again = [batch.select(_COMPARED) for batch in normaliser.normalise_all(normaliser.learn(cells.to_batches()))]
    last = pc.max(cells[Column.SOURCE_ROW]).as_py() or 0
    end = last if cells.num_rows >= CELLS_HEARD else last + 1  # the last row may have been cut
    before, after = (set(_rows_before(end, batches)) for batches in (read, again))
    return Rereading(phone_list.list_key, len({row for row, *_ in before ^ after}), len({row for row, *_ in after}))


def _first(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """All that what bare digits mean is learnt from."""
    count = 0
    for batch in batches:
        yield batch
        count += batch.num_rows
        if count >= CELLS_HEARD:
            return


def _rows_before(end: int, batches: Iterable[pa.RecordBatch]) -> Iterator[tuple[int, ...]]:
    for batch in batches:
        rows = batch.filter(pc.less(batch.column(Column.SOURCE_ROW), end))
        yield from zip(*(column.to_pylist() for column in rows.columns), strict=True)
        if rows.num_rows < batch.num_rows:
            return
