"""What is known of phones from before: their usable verdicts, and the settled tries that brought none.

Read from the tiers of the index, and from the ledger where no tier tells yet. Planning reads this outside its transaction; inside it
only looks at chunks with a later change number. What is too old to matter costs nothing: a tier that tells of nothing younger is opened
only where an old verdict may have ended the count of a try, and the ledger is asked only which tries, and which tasks young enough to be
reused, changed since.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from fbcheck_pipeline.files.sorted_pairs import DamagedPairs, Values
from fbcheck_pipeline.ledger import TRAITS, ChunkState, codec
from fbcheck_pipeline.ledger.codec import Phones
from fbcheck_pipeline.ledger.records import LoadedChunk, SettledTry, Tier
from fbcheck_pipeline.workflow.index.index_tiers import open_tier, rows_of, withdraw_unusable
from fbcheck_pipeline.workflow.sent_phones import with_phones
from fbcheck_pipeline.workflow.workspace import Workspace

DAY_S = 86_400
PHONES_AT_ONCE = 1 << 17
"""Of chunks that no tier tells of yet."""
Places = npt.NDArray[np.int64]
"""Where phones stand in the array that was asked about."""
Changes = npt.NDArray[np.int64]
"""Numbers of changes, see `Chunk`."""
Rows = npt.NDArray[np.int64]
"""Numbers of rows of a table."""
_NONE = np.empty(0, np.int64)


class AnsweringTasks(NamedTuple):
    """Tasks whose verdicts lie in the verdict store, in columns: a plan knows of thousands."""

    chunk_key: list[str]
    task_id: list[str]
    exported_at: list[float]  # by our clock


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
    tasks: AnsweringTasks
    tries: list[tuple[SettledTry, Places]]


NOTHING = History(np.empty(0, np.int64), np.empty(0), np.empty(0, np.int32), AnsweringTasks([], [], []), [])


@dataclass(frozen=True)
class TryRule:
    """Which settled tries without an answer count for a list.

    For a list that was added after it settled, a try does not count that is older than VERDICT_DAYS (at least a day), or whose task
    answered no phone at all: an odd night of the vendor's. Only a person sends again what was abandoned.

    Attributes:
        added_at: when the list was.
        oldest: before that, a try does not count.
        binding: keys of chunks that the list depends on: these bind it whatever the settings, and a clock that was set back, say by now.
    """

    added_at: float = -math.inf
    oldest: float = -math.inf
    binding: frozenset[str] = frozenset()

    @classmethod
    def of(cls, ws: Workspace, list_key: str) -> Self:
        """The rule for a list; one that is not registered has always been there."""
        known = ws.ledger.find_list(list_key)
        added_at = -math.inf if known is None else known.added_at
        return cls(added_at, added_at - max(1.0, ws.settings.verdict_days) * DAY_S, ws.ledger.keys_of(list_key))

    def counts(self, chunk: SettledTry) -> bool:
        """True where a try counts."""
        if chunk.chunk_key in self.binding or TRAITS[chunk.state].lasts or chunk.settled_at >= self.added_at:
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
        return NOTHING
    since = reused_since(ws)
    while True:
        state, bound = ws.ledger.index_state(), list(ws.ledger.changes_of(sorted(rule.binding)).values())
        found = _Found(since, rule.oldest, np.array(bound, np.int64))
        for lasting in (False, True):
            for gap in state.gaps(lasting=lasting):
                for some in _together(with_phones(ws, chunk) for chunk in ws.ledger.telling(*gap, lasting=lasting)):
                    table, (known, rows) = rows_of(some, lasting=lasting)
                    at = codec.positions(known, phones)
                    found.add(table, at[at >= 0], rows[at >= 0])
        old = [each for each in state.tiers if each.fresh_at < min(since, rule.oldest) and not any(map(each.tells_of, bound))]
        if all([_read(ws, each, phones, found) for each in state.tiers if each not in old]) and all(
            [_read(ws, each, phones, found, found.doubtful_places(each.fresh_at)) for each in old]
        ):
            break  # else a tier was replaced meanwhile, or could not be used and is a gap now
    if found.is_empty:
        return NOTHING
    known, answered, answered_at = found.answers(len(phones))
    told = found.told(ws)
    verdict, tasks = _newest(told, answered, len(known))
    return History(known, answered_at, verdict, tasks, _tries(told, rule))


def _together(chunks: Iterable[LoadedChunk]) -> Iterator[list[LoadedChunk]]:
    """Chunks in turn, so many together that they have some PHONES_AT_ONCE."""
    some, phone_count = list[LoadedChunk](), 0
    for chunk in chunks:
        some.append(chunk)
        phone_count += chunk.phone_count
        if phone_count >= PHONES_AT_ONCE:
            yield some
            some, phone_count = [], 0
    if some:
        yield some


@dataclass(frozen=True)
class _Told:
    """What is still true of what chunks told of some phones.

    Attributes:
        table: see `SCHEMA` of the tiers.
        young: numbers of answers, and for each the row that tells of it: of those that are young.
        tried: places of phones, and for each the row that tells of it: of their tries that may count.
    """

    table: pa.Table
    young: tuple[npt.NDArray[np.int64], Rows]
    tried: tuple[Places, Rows]


class _Found:
    """What tiers and chunks tell of some phones: by what is younger than `since`, and by tries not older than `oldest` or `bound`."""

    def __init__(self, since: float, oldest: float, bound: Changes) -> None:
        self._since, self._oldest, self._bound = since, oldest, bound
        self._places, self._exported_at, self._doubtful = [_NONE], [np.empty(0)], [(_NONE, np.empty(0))]
        self._tables, self._row_count, self._answer_count = list[pa.Table](), 0, 0
        self._young, self._tried = list[tuple[npt.NDArray[np.int64], Rows]](), list[tuple[Places, Rows]]()

    @property
    def is_empty(self) -> bool:
        """True where nothing was told."""
        return not self._tables

    def doubtful_places(self, fresh_at: float) -> Places:
        """Where the phones stand of whose tries a verdict that is as old as that may have ended the count."""
        places, settled_at = (np.concatenate(each) for each in zip(*self._doubtful, strict=True))
        return np.unique(places[settled_at < fresh_at])

    def add(self, table: pa.Table, places: Places, rows: Values) -> None:
        """Args: table: see `SCHEMA` of the tiers; rows: for each place the row that tells of it."""
        exported_at, fresh_at = (table[name].to_numpy()[rows] for name in ("exported_at", "fresh_at"))
        in_all = self._row_count + rows.astype(np.int64)
        self._tables.append(table)
        self._row_count += table.num_rows
        is_try = np.isneginf(exported_at)
        answers = np.flatnonzero(~is_try)
        self._places.append(places[answers])
        self._exported_at.append(exported_at[answers])
        young = np.flatnonzero(fresh_at[answers] > self._since)
        self._young.append((self._answer_count + young, in_all[answers[young]]))
        self._answer_count += len(answers)
        may_count = is_try & (fresh_at >= self._oldest)
        if len(self._bound):
            may_count |= is_try & np.isin(table["change"].to_numpy()[rows], self._bound)
        self._tried.append((places[may_count], in_all[may_count]))
        doubtful = np.flatnonzero(may_count & ((fresh_at < self._oldest) | np.isposinf(fresh_at)))  # an old verdict may be later
        self._doubtful.append((places[doubtful], table["settled_at"].to_numpy()[rows[doubtful]]))

    def answers(self, phone_count: int) -> tuple[Places, npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        """Places of the phones that have an answer, ascending; for each answer which of them has it; and when the newest of each was exported."""
        places, is_known = np.concatenate(self._places), np.zeros(phone_count, bool)
        is_known[places] = True
        known = np.flatnonzero(is_known)
        answered, answered_at = np.searchsorted(known, places), np.full(len(known), -np.inf)
        np.maximum.at(answered_at, answered, np.concatenate(self._exported_at))
        return known, answered, answered_at

    def told(self, ws: Workspace) -> _Told:
        """Without what was told of chunks that have changed since."""
        table = pa.concat_tables(self._tables)
        young, tried = ([np.concatenate(each) for each in zip(*told, strict=True)] for told in (self._young, self._tried))
        used = np.flatnonzero(codec.counts(np.concatenate([young[1], tried[1]]), table.num_rows))
        changes = table["change"].to_numpy()[used]
        distinct, is_true = codec.distinct(changes), np.zeros(table.num_rows, bool)
        last = ws.ledger.last_changes(distinct.tolist())
        is_true[used] = len(last) == len(distinct) or np.isin(changes, last)
        young, tried = ([each[is_true[told[1]]] for each in told] for told in (young, tried))
        return _Told(table, (young[0], young[1]), (tried[0], tried[1]))


def _read(ws: Workspace, tier: Tier, phones: Phones, found: _Found, only: Places | None = None) -> bool:
    """Add what a tier tells, of the phones at some places only where these are given; False where it cannot be used any more."""
    asked = phones if only is None else phones[only]
    if not len(asked):
        return True
    try:
        with open_tier(ws, tier) as file:
            if pairs := list(file.search(asked)):
                at, rows = (np.concatenate(each) for each in zip(*pairs, strict=True))
                found.add(file.table, at if only is None else only[at], rows)
    except (FileNotFoundError, DamagedPairs) as error:
        withdraw_unusable(ws, tier, error)
        return False
    return True


def _newest(told: _Told, answered: npt.NDArray[np.int64], known_count: int) -> tuple[npt.NDArray[np.int32], AnsweringTasks]:
    """For each known phone the index of its newest task among those that are the newest of some phone, or -1.

    Of tasks that were exported together that one is the newest whose chunk changed last.

    Args:
        answered: for each answer which of the known phones has it.
    """
    answers, rows = told.young
    used = np.flatnonzero(codec.counts(rows, told.table.num_rows))
    change, exported_at = (told.table[name].to_numpy()[used] for name in ("change", "exported_at"))
    oldest_first = used[np.lexsort((change, exported_at))]
    rank = np.empty(told.table.num_rows, np.int32)
    rank[oldest_first] = np.arange(len(used))
    newest = np.full(known_count, -1, np.int32)
    np.maximum.at(newest, answered[answers], rank[rows])
    is_newest = codec.counts(newest, len(used)) > 0
    number = np.append(np.cumsum(is_newest, dtype=np.int32) - 1, np.int32(-1))  # the last one for -1
    found = told.table.select(AnsweringTasks._fields).take(oldest_first[is_newest])
    return number[newest], AnsweringTasks(*(column.to_pylist() for column in found.columns))


def _tries(told: _Told, rule: TryRule) -> list[tuple[SettledTry, Places]]:
    places, rows = told.tried
    order = np.argsort(rows, kind="stable")
    used, first = np.unique(rows[order], return_index=True)
    places, bounds = places[order], [*first.tolist(), len(rows)]
    facts = told.table.select(SettledTry._fields).take(used).to_pydict()
    tries = map(SettledTry, *{**facts, "state": map(ChunkState, facts["state"])}.values())
    found = [(each, places[start:end]) for each, (start, end) in zip(tries, pairwise(bounds), strict=True) if rule.counts(each)]
    return sorted(found, key=lambda each: (each[0].settled_at, each[0].chunk_key))
