"""What is known of phones from before: their usable verdicts, and the settled tries that brought none.

Read from the tiers of the index, and from the ledger where no tier tells yet. Planning reads this outside its transaction; inside it
only looks at chunks with a later change number. What is too old to matter costs nothing: a tier that tells of nothing younger is opened
only where an old verdict may have ended the count of a try, and the ledger is asked only of tasks young enough to be reused, and of tries.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from fbcheck_pipeline.files.sorted_pairs import DamagedPairs, Values
from fbcheck_pipeline.ledger import TRAITS, codec
from fbcheck_pipeline.ledger.codec import Phones
from fbcheck_pipeline.ledger.records import AnsweringTask, SettledTry, Tier
from fbcheck_pipeline.workflow.index.index_tiers import fresh_at, open_tier, rows_of, withdraw_unusable
from fbcheck_pipeline.workflow.sent_phones import with_phones
from fbcheck_pipeline.workflow.workspace import Workspace

DAY_S = 86_400
Places = npt.NDArray[np.int64]
"""Where phones stand in the array that was asked about."""


@dataclass(frozen=True)
class History:
    """What was known of some phones.

    Attributes:
        known: places of phones that have a usable verdict, ascending: of all whose verdict is young or later than one of their `tries`.
        answered_at: for each of them when its newest was exported, by our clock; where that is neither, perhaps an earlier one.
        verdict: for each of them the index in `tasks` of the newest task that is young, or -1.
        tasks: those that are the newest for some phone.
        tries: settled tries that count and left some of the phones without a usable answer, oldest first, with the places of these.
    """

    known: Places
    answered_at: npt.NDArray[np.float64]
    verdict: npt.NDArray[np.int32]
    tasks: list[AnsweringTask]
    tries: list[tuple[SettledTry, Places]]


Mark = tuple[str, int]
"""A chunk key, and the change number after which something is true of the chunk."""


@dataclass(frozen=True)
class TryRule:
    """Which settled tries without an answer count for a list.

    For a list that was added after it settled, a try does not count that is older than VERDICT_DAYS (at least a day), or whose task
    answered no phone at all: an odd night of the vendor's. Only a person sends again what was abandoned.

    Attributes:
        added_at: when the list was.
        oldest: before that, a try does not count.
        binding: keys of chunks that the list is pinned to as tries: these bind it whatever the settings say by now.
    """

    added_at: float = -math.inf
    oldest: float = -math.inf
    binding: frozenset[str] = frozenset()

    @classmethod
    def of(cls, ws: Workspace, list_key: str, binding: frozenset[str]) -> Self:
        """The rule for a list; one that is not registered has always been there."""
        known = ws.ledger.find_list(list_key)
        added_at = -math.inf if known is None else known.added_at
        return cls(added_at, added_at - max(1.0, ws.settings.verdict_days) * DAY_S, binding)

    def counts(self, chunk: SettledTry) -> bool:
        """True where a try counts."""
        if chunk.chunk_key in self.binding or TRAITS[chunk.state].retries != "night" or chunk.settled_at >= self.added_at:
            return True
        answered_none = chunk.task_id is not None and chunk.unanswered_count == chunk.phone_count
        return chunk.settled_at >= self.oldest and not answered_none

    def may_count(self, table: pa.Table) -> npt.NDArray[np.bool_]:
        """For each row of a tier's table whether it tells of a try that counts, as far as the tier knows."""
        is_bound = np.asarray(pc.is_in(table["chunk_key"], pa.array(sorted(self.binding), pa.string())), bool)
        may_count: npt.NDArray[np.bool_] = table["is_try"].to_numpy() & ((table["fresh_at"].to_numpy() >= self.oldest) | is_bound)
        return may_count

    def may_be_ended(self, table: pa.Table) -> npt.NDArray[np.bool_]:
        """For each row that `may_count` whether a verdict from before `oldest` may have come after the try, as far as the tier knows."""
        settled_at = table["fresh_at"].to_numpy()
        may_be_ended: npt.NDArray[np.bool_] = self.may_count(table) & ((settled_at < self.oldest) | np.isposinf(settled_at))
        return may_be_ended


EVERY_TRY = TryRule()


def reused_since(ws: Workspace) -> float:
    """A verdict that was exported after this moment, by the later of both clocks, is reused, not bought again."""
    return ws.ledger.clock() - ws.settings.verdict_days * DAY_S


def is_young(ws: Workspace, task: AnsweringTask) -> bool:
    """True where a verdict of this task is reused."""
    since = reused_since(ws)
    return task.exported_at > since or fresh_at(task) > since


def history_of(ws: Workspace, phones: Phones, rule: TryRule = EVERY_TRY) -> History:
    """What is known of these phones (sorted, distinct).

    Args:
        rule: which tries count.

    Raises:
        StorageError: the index was lost, and with it the phones of a chunk, see `with_phones`; or a file of it may not be read.
    """
    since = reused_since(ws)
    while True:
        state, found = ws.ledger.index_state(), _Found(since, rule)
        for gap in state.gaps() if len(phones) else ():
            for chunk in ws.ledger.telling(*gap):
                table, (known, rows) = rows_of([with_phones(ws, chunk)])
                at = codec.positions(known, phones)
                found.add(table, at[at >= 0], rows[at >= 0])
        bound = ws.ledger.changes_of(sorted(rule.binding)).values()
        old = [each for each in state.tiers if each.fresh_at < min(since, rule.oldest) and not any(map(each.tells_of, bound))]
        if all([_read(ws, each, phones, found) for each in state.tiers if each not in old]) and all(
            [_read(ws, each, phones, found, found.doubtful_places()) for each in old]
        ):
            break  # else a tier was replaced meanwhile, or could not be used and is a gap now
    places, answered_at = found.answers(len(phones))
    verdict, tasks = _newest(ws, found.young, places)
    return History(places, answered_at, verdict, tasks, _tries(ws, found.tried, rule))


class _Told:
    """Places of phones, and for each the number of a mark."""

    def __init__(self) -> None:
        self.marks = list[Mark]()
        self.places, self.numbers = [np.empty(0, np.int64)], [np.empty(0, np.int32)]

    def add(self, table: pa.Table, places: Places, rows: Values) -> None:
        """Args: rows: for each place the row of the table that tells of it."""
        if not len(places):
            return
        is_used = np.zeros(table.num_rows, bool)
        is_used[rows] = True
        number = np.cumsum(is_used, dtype=np.int32) + np.int32(len(self.marks) - 1)
        used = table.filter(pa.array(is_used))
        self.places.append(places)
        self.numbers.append(number[rows])
        self.marks.extend(zip(used["chunk_key"].to_pylist(), used["change"].to_pylist(), strict=True))

    def keys(self) -> list[str]:
        """Each chunk once."""
        return list(dict.fromkeys(key for key, _ in self.marks))


class _Found:
    """What tiers and chunks tell of some phones."""

    def __init__(self, since: float, rule: TryRule) -> None:
        self._since, self._rule = since, rule
        self._places, self._exported_at = [np.empty(0, np.int64)], [np.empty(0)]
        self.young, self.tried = _Told(), _Told()
        self._doubtful = [np.empty(0, np.int64)]

    def doubtful_places(self) -> Places:
        """Where the phones stand of whose tries an old verdict may have ended the count."""
        return np.unique(np.concatenate(self._doubtful))

    def add(self, table: pa.Table, places: Places, rows: Values) -> None:
        """Args: table: see `SCHEMA` of the tiers; rows: for each place the row that tells of it."""
        is_answer = ~table["is_try"].to_numpy()
        self._places.append(places[is_answer[rows]])
        self._exported_at.append(table["exported_at"].to_numpy()[rows[is_answer[rows]]])
        is_young = is_answer & (table["fresh_at"].to_numpy() > self._since)
        for told, is_meant in ((self.young, is_young), (self.tried, self._rule.may_count(table))):
            mine = is_meant[rows]
            told.add(table, places[mine], rows[mine])
        self._doubtful.append(places[self._rule.may_be_ended(table)[rows]])

    def answers(self, phone_count: int) -> tuple[Places, npt.NDArray[np.float64]]:
        """Places of the phones that have an answer, ascending, and when the newest of each was exported."""
        places, is_known = np.concatenate(self._places), np.zeros(phone_count, bool)
        is_known[places] = True
        known = np.flatnonzero(is_known)
        answered_at = np.full(len(known), -np.inf)
        np.maximum.at(answered_at, np.searchsorted(known, places), np.concatenate(self._exported_at))
        return known, answered_at


def _read(ws: Workspace, tier: Tier, phones: Phones, found: _Found, only: Places | None = None) -> bool:
    """Add what a tier tells, of the phones at some places only where these are given; False where it cannot be used any more."""
    asked = phones if only is None else phones[only]
    if not len(asked):
        return True
    try:
        with open_tier(ws, tier) as file:
            pairs = list(file.search(asked))
            table = file.table
    except (FileNotFoundError, DamagedPairs) as error:
        withdraw_unusable(ws, tier, error)
        return False
    if pairs:
        at, rows = (np.concatenate(each) for each in zip(*pairs, strict=True))
        found.add(table, at if only is None else only[at], rows)
    return True


def _newest(ws: Workspace, young: _Told, known: Places) -> tuple[npt.NDArray[np.int32], list[AnsweringTask]]:
    """For each known phone the index of its newest task among those that are the newest of some phone, or -1."""
    tasks = ws.ledger.tasks_at(young.keys())  # what is stale, or purged, is not there
    order = sorted((task.exported_at, mark) for mark, task in tasks.items())
    rank = {mark: number for number, (_, mark) in enumerate(order)}
    ranks = np.array([rank.get(mark, -1) for mark in young.marks], np.int32)[np.concatenate(young.numbers)]
    newest = np.full(len(known), -1, np.int32)
    np.maximum.at(newest, np.searchsorted(known, np.concatenate(young.places)), ranks)
    used = np.unique(newest[newest >= 0])
    number = np.full(len(order) + 1, -1, np.int32)  # one more, at -1
    number[used] = np.arange(len(used))
    return number[newest], [tasks[order[each][1]] for each in used.tolist()]


def _tries(ws: Workspace, tried: _Told, rule: TryRule) -> list[tuple[SettledTry, Places]]:
    known = ws.ledger.tries_at(tried.keys())
    places, tries = np.concatenate(tried.places), list[tuple[SettledTry, Places]]()
    for number, at in codec.grouped(np.concatenate(tried.numbers)):
        found = known.get(tried.marks[number])
        if found is not None and rule.counts(found):
            tries.append((found, places[at]))
    return sorted(tries, key=lambda each: (each[0].settled_at, each[0].chunk_key))
