"""What is known of phones from before: the newest usable verdict of each, and the settled tries that brought none.

Read from the tiers of the index, and from the ledger where no tier tells yet. Planning reads this outside its transaction; inside it
only looks at chunks with a later change number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from fbcheck_pipeline.files.sorted_pairs import DamagedPairs, Values
from fbcheck_pipeline.ledger import codec
from fbcheck_pipeline.ledger.codec import Phones
from fbcheck_pipeline.ledger.records import AnsweringTask, SettledTry, Tier
from fbcheck_pipeline.workflow.index_tiers import open_tier, told_by, withdraw_unusable
from fbcheck_pipeline.workflow.sent_phones import with_phones
from fbcheck_pipeline.workflow.workspace import Workspace

Places = npt.NDArray[np.int64]
"""Where phones stand in the array that was asked about."""


@dataclass(frozen=True)
class History:
    """What was known of some phones.

    Attributes:
        change: every change up to this number is in it; of a chunk that changed later it may tell nothing.
        verdict: for each phone the index in `tasks` of the newest task with a usable verdict, or -1; its age is the caller's to judge.
        tasks: those that are the newest for some phone.
        tries: settled tries that left some of the phones without a usable answer, oldest first, with the places of these phones.
    """

    change: int
    verdict: npt.NDArray[np.int32]
    tasks: list[AnsweringTask]
    tries: list[tuple[SettledTry, Places]]


Mark = tuple[str, int]
"""A chunk key, and the change number after which something is true of the chunk."""


def history_of(ws: Workspace, phones: Phones) -> History:
    """What is known of these phones (sorted, distinct).

    Raises:
        StorageError: the index was lost, and with it the phones of a chunk, see `with_phones`.
    """
    while True:
        state, answered, tried = ws.ledger.index_state(), _Told(), _Told()
        if all([_read(ws, tier, phones, answered, tried) for tier in state.tiers]):
            break  # else a tier was replaced meanwhile, or could not be used and is a gap now
    for gap in state.gaps():
        for chunk in ws.ledger.telling(*gap):
            for known, is_try in told_by(with_phones(ws, chunk)):
                at = codec.positions(known, phones)
                told = tried if is_try else answered
                told.add(at[at >= 0], np.zeros(np.count_nonzero(at >= 0), np.int32), [(chunk.chunk_key, chunk.change)])
    verdict, tasks = _newest(ws, len(phones), answered)
    return History(state.change, verdict, tasks, _tries(ws, tried))


@dataclass
class _Told:
    """Places of phones, and for each the number of a mark."""

    marks: list[Mark] = field(default_factory=list)
    places: list[Places] = field(default_factory=lambda: [np.empty(0, np.int64)])
    numbers: list[Values] = field(default_factory=lambda: [np.empty(0, np.int32)])

    def add(self, places: Places, numbers: Values, marks: Sequence[Mark]) -> None:
        """Args: numbers: for each place the index of its mark in `marks`."""
        self.places.append(places)
        self.numbers.append(numbers + np.int32(len(self.marks)))
        self.marks.extend(marks)

    def keys(self) -> list[str]:
        """Each chunk once."""
        return list(dict.fromkeys(key for key, _ in self.marks))


def _read(ws: Workspace, tier: Tier, phones: Phones, answered: _Told, tried: _Told) -> bool:
    """Add what a tier tells; False where it cannot be used any more."""
    try:
        with open_tier(ws, tier) as file:
            found = list(file.search(phones))
            table = file.table
    except (FileNotFoundError, DamagedPairs) as error:
        withdraw_unusable(ws, tier, error)
        return False
    places = np.concatenate([np.empty(0, np.int64), *(each[0] for each in found)])
    values = np.concatenate([np.empty(0, np.int32), *(each[1] for each in found)])
    is_try = table["is_try"].to_numpy()
    for told, mine in ((answered, ~is_try[values]), (tried, is_try[values])):
        used, numbers = np.unique(values[mine], return_inverse=True)
        rows = table.take(pa.array(used))
        marks = zip(rows["chunk_key"].to_pylist(), rows["change"].to_pylist(), strict=True)
        told.add(places[mine], numbers.astype(np.int32), list(marks))
    return True


def _newest(ws: Workspace, phone_count: int, answered: _Told) -> tuple[npt.NDArray[np.int32], list[AnsweringTask]]:
    """For each phone the index of its newest task among those that are the newest of some phone, or -1."""
    known = ws.ledger.tasks_at(answered.keys())  # what is stale, or purged, is not there
    order = sorted((task.exported_at, mark) for mark, task in known.items())
    rank = {mark: number for number, (_, mark) in enumerate(order)}
    ranks = np.array([rank.get(mark, -1) for mark in answered.marks], np.int32)[np.concatenate(answered.numbers)]
    newest_last = np.argsort(ranks, kind="stable")
    newest = np.full(phone_count, -1, np.int32)
    newest[np.concatenate(answered.places)[newest_last]] = ranks[newest_last]
    used = np.unique(newest[newest >= 0])
    number = np.full(len(order) + 1, -1, np.int32)  # one more, at -1
    number[used] = np.arange(len(used))
    return number[newest], [known[order[each][1]] for each in used.tolist()]


def _tries(ws: Workspace, tried: _Told) -> list[tuple[SettledTry, Places]]:
    known = ws.ledger.tries_at(tried.keys())
    places, tries = np.concatenate(tried.places), list[tuple[SettledTry, Places]]()
    for number, at in codec.grouped(np.concatenate(tried.numbers)):
        found = known.get(tried.marks[number])
        if found is not None:
            tries.append((found, places[at]))
    return sorted(tries, key=lambda each: (each[0].settled_at, each[0].chunk_key))
