"""A person leaves the files of one list: their rows, and cells of other rows that hold their number.

A list's result is not written here: it is joined anew from what is left. Killed at any point, all of it may be done again: the rows that
go are known until the last file lacks them, and how many rows were erased stands in the file that lacks them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fbcheck_pipeline.files.storage import BatchStream
from fbcheck_pipeline.ledger.records import PhoneList
from fbcheck_pipeline.ledger.schema import ERASED
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.model.columns import Column, result_name
from fbcheck_pipeline.workflow.erasing.erased_rows import Person, Place, without_places
from fbcheck_pipeline.workflow.workspace import Workspace

ERASED_KEY = "fbcheck.erased"
"""In the footer of `e164_phones`: how many rows were erased from it."""
_FILES = (paths.RAW_PHONES, paths.E164_PHONES, paths.SUBMITTED_CHUNKS, paths.FACEBOOK_RESULTS)


@dataclass
class InList:
    """What a list holds of a person.

    Attributes:
        rows: of `e164_phones`, with the person's phone; `source_rows` are the rows of the list they came from.
        cells: others, with the person's number in their text.
        places: where the person's phone was read; `gone` are those of which no phone is left once the rows are gone.
        rows_left: source rows that have a phone cell then.
        is_stale: no file that the result is made of has any of it, and the result, or a file beside it, may.
    """

    rows: int = 0
    source_rows: list[int] = field(default_factory=list)
    cells: int = 0
    places: set[Place] = field(default_factory=set)
    gone: set[Place] = field(default_factory=set)
    rows_left: int = 0
    is_stale: bool = False

    def __bool__(self) -> bool:
        return bool(self.rows or self.cells or self.is_stale)


def find_in_list(ws: Workspace, phone_list: PhoneList, person: Person) -> InList:
    """Look through a list's files; one that was not normalised yet has cells only.

    Raises:
        StorageError: a file is damaged.
    """
    key, found = phone_list.list_key, InList()
    e164, result = paths.E164_PHONES.of(key), paths.FACEBOOK_RESULTS.of(key)
    if ws.storage.exists(e164):
        places: dict[bool, set[Place]] = {True: set(), False: set()}
        rows_left, cells = set[int](), set[Place]()
        for batch in ws.storage.read_parquet(e164).batches:
            is_gone = person.rows(batch.column(Column.PHONE_E164))
            cells |= person.cells(batch.filter(pc.invert(is_gone)))
            found.rows += pc.sum(is_gone).as_py() or 0
            for gone, some in ((True, batch.filter(is_gone)), (False, batch.filter(pc.invert(is_gone)))):
                source_rows = some.column(Column.SOURCE_ROW).to_pylist()
                if gone:
                    places[True] |= set(zip(source_rows, some.column(Column.PHONE_COLUMN).to_pylist(), strict=True))
                else:
                    rows_left |= set(source_rows)
        if places[True]:
            places[False] = _kept_places(ws, e164, person, {row for row, _ in places[True]})
        found.source_rows, found.rows_left = sorted({row for row, _ in places[True]}), len(rows_left)
        found.places, found.gone = places[True], places[True] - places[False]
        found.cells = len(cells - {(row, result_name(name)) for row, name in places[True]})
    elif ws.storage.exists(raw := paths.RAW_PHONES.of(key)):
        found.cells = len(set[Place]().union(*map(person.cells, ws.storage.read_parquet(raw).batches)))
    if (
        not found and phone_list.sha256 == ERASED and ws.storage.exists(result)
    ):  # an erasure was perhaps stopped before it was joined
        found.is_stale = phone_list.revision != phone_list.joined_revision or has_person(ws, result, person)
    return found


def _kept_places(ws: Workspace, e164: str, person: Person, source_rows: set[int]) -> set[Place]:
    """Places of these source rows that have another phone, or a rejected one."""
    names = [Column.SOURCE_ROW, Column.PHONE_COLUMN, Column.PHONE_E164]
    wanted, kept = pa.array(sorted(source_rows), pa.int64()), set[Place]()
    for batch in ws.storage.read_parquet(e164, [str(each) for each in names]).batches:
        mine = pc.and_(pc.is_in(batch.column(0), wanted), pc.invert(person.rows(batch.column(2))))
        some = batch.filter(mine)
        kept |= set(zip(some.column(0).to_pylist(), some.column(1).to_pylist(), strict=True))
    return kept


def erase_from_list(
    ws: Workspace, phone_list: PhoneList, person: Person, found: InList, rejoin: Callable[[Workspace, str], object]
) -> None:
    """Take what was found of a person out of a list.

    Args:
        rejoin: joins a list anew, with all that is written beside its result.

    Raises:
        StorageError: a file cannot be read or written; called again, it goes on.
    """
    key = phone_list.list_key
    raw, e164, pins, result = (kind.of(key) for kind in _FILES)
    erased, reading = found.rows, dict[str, int]()
    if ws.storage.exists(e164):
        erased += erased_before(ws, e164)
        reading = {"rows": found.rows_left, "phones": _raw_rows(ws, raw, found.gone)}
    ws.ledger.note_list_erased(key, erased=erased, reading=reading)
    ws.storage.delete(paths.taken_file(key, phone_list.file))
    if ws.storage.exists(raw):
        rewrite(ws, raw, person, lambda batch: _at(batch, found.gone), places=found.places)
    if ws.storage.exists(pins):
        rewrite(ws, pins, person)
    if ws.storage.exists(e164):
        rewrite(ws, e164, person, footer={ERASED_KEY: str(erased)}, places=found.places)
    if ws.storage.exists(result):
        rewrite(ws, result, person, places=found.places)  # also where it cannot be joined anew
        rejoin(ws, key)


def erased_before(ws: Workspace, e164: str) -> int:
    """How many rows were erased from an `e164_phones` file."""
    return int(ws.storage.read_parquet(e164).footer().get(ERASED_KEY, 0))


def _raw_rows(ws: Workspace, raw: str, gone: set[Place]) -> int:
    """How many rows of `raw_phones` are at none of these places."""
    if not ws.storage.exists(raw):
        return 0
    batches = ws.storage.read_parquet(raw, [Column.SOURCE_ROW, Column.PHONE_COLUMN]).batches
    return sum(batch.num_rows - (pc.sum(_at(batch, gone)).as_py() or 0) for batch in batches)


def _at(batch: pa.RecordBatch, places: set[Place]) -> pa.BooleanArray:
    rows = batch.column(batch.schema.get_field_index(Column.SOURCE_ROW)).to_numpy()
    hit = np.isin(rows, [row for row, _ in places])
    columns = batch.column(batch.schema.get_field_index(Column.PHONE_COLUMN))
    for at in np.flatnonzero(hit).tolist():
        hit[at] = (int(rows[at]), columns[at].as_py()) in places
    return pa.array(hit)


def has_person(ws: Workspace, name: str, person: Person) -> bool:
    """True for a Parquet file that has a row of a person, or a cell with their number."""
    stream = ws.storage.read_parquet(name)
    has_phones = Column.PHONE_E164 in stream.schema.names
    for batch in stream.batches:
        if has_phones and pc.any(person.rows(batch.column(Column.PHONE_E164))).as_py():
            return True
        if person.cells(batch):
            return True
    return False


def rewrite(
    ws: Workspace,
    name: str,
    person: Person,
    is_gone: Callable[[pa.RecordBatch], pa.BooleanArray] | None = None,
    footer: dict[str, str] | None = None,
    places: Collection[Place] = (),
) -> None:
    """Write a Parquet file anew without a person; everything else of it stays as it is.

    Args:
        is_gone: which rows go; by default those with the person's phone.
        footer: what changes in its key-value metadata.
        places: of a list's file, where cells are the person's whatever stands there.
    """
    stream = ws.storage.read_parquet(name)

    def batches() -> Iterator[pa.RecordBatch]:
        for batch in stream.batches:
            gone = is_gone(batch) if is_gone else person.rows(batch.column(Column.PHONE_E164))
            yield person.without(without_places(batch.filter(pc.invert(gone)), places))

    def metadata() -> dict[str, Any]:
        return {**stream.footer(), **(footer or {})}

    ws.storage.write_parquet(name, BatchStream(stream.schema, batches(), metadata))


def emptied_lists(ws: Workspace) -> list[PhoneList]:
    """Lists that have no phone since somebody was erased from them."""
    return [each for each in ws.ledger.lists() if each.erased and not _has_phones(ws, each.list_key)]


def _has_phones(ws: Workspace, list_key: str) -> bool:
    name = paths.E164_PHONES.of(list_key)
    stream = ws.storage.read_parquet(name, [Column.PHONE_E164]) if ws.storage.exists(name) else None
    return stream is None or any(batch.column(0).null_count < batch.num_rows for batch in stream.batches)
