"""Opt-outs: phones that must never be submitted, read from a list like any other and kept as keyed hashes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from fbcheck_pipeline.errors import ListError
from fbcheck_pipeline.ledger.codec import Phones
from fbcheck_pipeline.ledger.opening import stamp
from fbcheck_pipeline.lists import ReadOptions, open_list
from fbcheck_pipeline.model.columns import Column
from fbcheck_pipeline.model.reasons import RejectReason
from fbcheck_pipeline.phones import Normaliser
from fbcheck_pipeline.workflow.backups.telling import tell_backups
from fbcheck_pipeline.workflow.content import content_of
from fbcheck_pipeline.workflow.workspace import Workspace

NAMED = 10
"""So many rows are named; the others are counted."""


@dataclass(frozen=True)
class PhonesRead:
    """The phones of a file that is no list to be checked.

    Attributes:
        phones: sorted, distinct.
        unread_rows: data rows, from 1, that hold no phone, or hold something else where one is expected.
    """

    phones: Phones
    unread_rows: npt.NDArray[np.int64]

    @property
    def said_unread(self) -> str:
        """These rows in words, e.g. `2 rows (3, 17)`."""
        count = len(self.unread_rows)
        named = ", ".join(map(str, self.unread_rows[:NAMED].tolist())) + (" …" if count > NAMED else "")
        return f"{count:,} row{'' if count == 1 else 's'} ({named})"


@dataclass(frozen=True)
class OptOuts:
    """What was read of a file of opt-outs, and how many of them were added or taken back."""

    read: PhonesRead
    changed: int


def suppress_file(ws: Workspace, path: Path, options: ReadOptions) -> OptOuts:
    """Add every phone of a file to the suppressions; rows that hold none stop no other.

    Raises:
        ListError: the file cannot be read, or holds no phone at all.
    """
    return _change(ws, path, options, ws.ledger.suppress)


def take_back_file(ws: Workspace, path: Path, options: ReadOptions) -> OptOuts:
    """Remove every phone of a file from the suppressions: it may be submitted again.

    Raises:
        ListError: the file cannot be read, or holds no phone at all.
    """
    return _change(ws, path, options, ws.ledger.unsuppress)


def _change(ws: Workspace, path: Path, options: ReadOptions, change: Callable[[Phones], int]) -> OptOuts:
    """Opt-outs that were read wrongly must not pass for stored ones."""
    read = read_phones(ws, path, options)
    if not len(read.phones):
        raise ListError(f"{path.name}: no row holds a phone number; nothing is changed: check --region and --column")
    changed = change(read.phones)
    stamp(ws.storage, ws.ledger)
    tell_backups(ws)
    return OptOuts(read, changed)


def read_phones(ws: Workspace, path: Path, options: ReadOptions) -> PhonesRead:
    """The phones of a file that is no list to be checked.

    Raises:
        ListError: the file cannot be read.
    """
    reader = open_list(path, options)
    region_column = reader.source.region_column
    normaliser = Normaliser(region=options.region, region_column=region_column, extra_line_types=ws.settings.extra_line_types)
    rows = _Rows()
    content = content_of(rows.seen(normaliser.normalise_all(normaliser.learn(reader.batches()))))
    return PhonesRead(content.phones, rows.unread())


class _Rows:
    """Which source rows were read: a cell may be empty where another one of its row holds a phone."""

    def __init__(self) -> None:
        self._with_phone, self._empty, self._other = ([np.empty(0, np.int64)] for _ in range(3))

    def seen(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            rows, reason = batch.column(Column.SOURCE_ROW), batch.column(Column.REJECT_REASON)
            is_empty = pc.equal(reason, str(RejectReason.EMPTY))
            for found, chosen in (
                (self._with_phone, pc.is_null(reason)),
                (self._empty, is_empty),
                (self._other, pc.invert(is_empty)),
            ):
                found.append(rows.filter(chosen).to_numpy(zero_copy_only=False))
            yield batch

    def unread(self) -> npt.NDArray[np.int64]:
        with_phone, empty, other = map(np.concatenate, (self._with_phone, self._empty, self._other))
        return np.union1d(np.setdiff1d(empty, with_phone), other)
