"""What is known of phones from before: their usable verdicts, and the settled tries that brought none.

Read from the tiers of the index, and from the ledger where no tier tells yet. Planning reads this outside its transaction; inside it
only looks at chunks with a later change number. What is too old to matter costs nothing: a tier that tells of nothing younger is opened
only where an old verdict may have ended the count of a try, and the ledger is asked only of tasks young enough to be reused, and of tries.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import compress
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from fbcheck_pipeline.files.sorted_pairs import DamagedPairs, Values
from fbcheck_pipeline.ledger import TRAITS, codec
from fbcheck_pipeline.ledger.codec import Numbers, Phones
from fbcheck_pipeline.ledger.records import AnsweringTask, SettledTry, Tier
from fbcheck_pipeline.workflow.index.index_tiers import open_tier, rows_of, withdraw_unusable
from fbcheck_pipeline.workflow.sent_phones import with_phones
from fbcheck_pipeline.workflow.workspace import Workspace

DAY_S = 86_400
Places = npt.NDArray[np.int64]
"""Where phones stand in the array that was asked about."""
Changes = npt.NDArray[np.int64]
"""Numbers of changes, see `Chunk`."""


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


EVERY_TRY = TryRule()


def reused_since(ws: Workspace) -> float:
    """A verdict that was exported after this moment, by the later of both clocks, is reused, not bought again."""
    return ws.ledger.clock() - ws.settings.verdict_days * DAY_S


def history_of(ws: Workspace, phones: Phones, rule: TryRule = EVERY_TRY) -> History:
    """What is known of these phones (sorted, distinct).

    Args:
        rule: which tries count.

    Raises:
        StorageError: the index was lost, and with it the phones of a chunk, see `with_phones`; or a file of it may not be read.
    """
    if not len(phones):
        return History(np.empty(0, np.int64), np.empty(0), np.empty(0, np.int32), [], [])
    since = reused_since(ws)
    while True:
        state, bound = ws.ledger.index_state(), list(ws.ledger.changes_of(sorted(rule.binding)).values())
        found = _Found(since, rule.oldest, np.array(bound, np.int64))
        for gap in state.gaps():
            for chunk in ws.ledger.telling(*gap):
                table, (known, rows) = rows_of([with_phones(ws, chunk)])
                at = codec.positions(known, phones)
                found.add(table, at[at >= 0], rows[at >= 0])
        old = [each for each in state.tiers if each.fresh_at < min(since, rule.oldest) and not any(map(each.tells_of, bound))]
        if all([_read(ws, each, phones, found) for each in state.tiers if each not in old]) and all(
            [_read(ws, each, phones, found, found.doubtful_places()) for each in old]
        ):
            break  # else a tier was replaced meanwhile, or could not be used and is a gap now
    places, answered_at = found.answers(len(phones))
    verdict, tasks = _newest(ws, found.young, places)
    return History(places, answered_at, verdict, tasks, _tries(ws, found.tried, rule))


class _Told:
    """Places of phones, and for each the number of the change by which its chunk told of it, which no other chunk has."""

    def __init__(self) -> None:
        self._places, self._changes = [np.empty(0, np.int64)], [np.empty(0, np.int64)]

    def add(self, places: Places, changes: Changes) -> None:
        self._places.append(places)
        self._changes.append(changes)

    def whole(self) -> tuple[Places, Numbers, list[int]]:
        """Places, for each of them the index of its change, and these changes, each once."""
        changes, index = np.unique(np.concatenate(self._changes), return_inverse=True)
        return np.concatenate(self._places), index, changes.tolist()


class _Found:
    """What tiers and chunks tell of some phones: by what is younger than `since`, and by tries not older than `oldest` or `bound`."""

    def __init__(self, since: float, oldest: float, bound: Changes) -> None:
        self._since, self._oldest, self._bound = since, oldest, bound
        self._places, self._exported_at = [np.empty(0, np.int64)], [np.empty(0)]
        self.young, self.tried = _Told(), _Told()
        self._doubtful = [np.empty(0, np.int64)]

    def doubtful_places(self) -> Places:
        """Where the phones stand of whose tries an old verdict may have ended the count."""
        return np.unique(np.concatenate(self._doubtful))

    def add(self, table: pa.Table, places: Places, rows: Values) -> None:
        """Args: table: see `SCHEMA` of the tiers; rows: for each place the row that tells of it."""
        changes, exported_at, fresh_at = (table[name].to_numpy()[rows] for name in ("change", "exported_at", "fresh_at"))
        is_try = np.isneginf(exported_at)
        self._places.append(places[~is_try])
        self._exported_at.append(exported_at[~is_try])
        is_young = ~is_try & (fresh_at > self._since)
        self.young.add(places[is_young], changes[is_young])
        may_count = is_try & ((fresh_at >= self._oldest) | np.isin(changes, self._bound))
        self.tried.add(places[may_count], changes[may_count])
        # A verdict from before may have come after it.
        self._doubtful.append(places[may_count & ((fresh_at < self._oldest) | np.isposinf(fresh_at))])

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
    places, index, changes = young.whole()
    found = ws.ledger.tasks_at(changes)  # what is stale, or purged, is not there
    rank = {change: number for number, change in enumerate(found)}
    newest = np.full(len(known), -1, np.int32)
    ranks = np.array([rank.get(change, -1) for change in changes], np.int32)
    np.maximum.at(newest, np.searchsorted(known, places), ranks[index])
    is_used = np.zeros(len(found), bool)
    is_used[newest[newest >= 0]] = True
    number = np.append(np.cumsum(is_used, dtype=np.int32) - 1, np.int32(-1))  # the last one for -1
    return number[newest], list(compress(found.values(), is_used))


def _tries(ws: Workspace, tried: _Told, rule: TryRule) -> list[tuple[SettledTry, Places]]:
    places, index, changes = tried.whole()
    of_each = {changes[number]: at for number, at in codec.grouped(index)}
    return [(found, places[of_each[change]]) for change, found in ws.ledger.tries_at(changes).items() if rule.counts(found)]
