"""Which phones of a list are bought, and what answers the others.

The verdict look-up is done first; then one exclusive transaction checks what is in flight, reserves budget and inserts
chunks. Should a verdict be collected or another planning happen in between, the look-up is repeated: a phone is either seen
as answered or as in flight, never as neither.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from fbcheck_pipeline.errors import OperatorError
from fbcheck_pipeline.files.storage import release_unused_memory
from fbcheck_pipeline.ledger import TRAITS, ChunkState, codec
from fbcheck_pipeline.ledger.access import Row
from fbcheck_pipeline.ledger.codec import Phones
from fbcheck_pipeline.ledger.planning import Part, Planning
from fbcheck_pipeline.model.columns import Column
from fbcheck_pipeline.model.statuses import AnsweredBy
from fbcheck_pipeline.workflow.pins import Answer, Pins, read_pins
from fbcheck_pipeline.workflow.verdicts import look_up
from fbcheck_pipeline.workflow.workspace import Workspace

DAY_S = 86_400


class Again(StrEnum):
    """Who asks for phones to be sent again that were sent and got no usable answer."""

    NOBODY = "nobody"
    NIGHT = "night"  # the schedule: tries that settled on an earlier UTC day
    PERSON = "person"  # `--retry`: any settled try


def phones_of(batches: Iterable[pa.RecordBatch]) -> tuple[Phones, npt.NDArray[np.int32], int]:
    """Sorted distinct phones of a list, how many rows each has, and the number of rejected rows."""
    found, rejected = [np.empty(0, np.int64)], 0
    for batch in batches:
        column = batch.column(Column.PHONE_E164)
        rejected += column.null_count
        found.append(codec.from_e164(column))
    every = np.concatenate(found)
    found.clear()
    release_unused_memory()
    every.sort()
    return *codec.runs(every), rejected


def plan_list(ws: Workspace, list_key: str, phones: Phones, *, again: Again, max_billable: int | None) -> Pins:
    """Plan a list once more; what is already answered stays as it is.

    Args:
        phones: sorted distinct phones of the list.
        max_billable: most phones that may ever be submitted for it, None for no limit.

    Returns:
        The pins of all its phones; chunks for the new ones stand planned in the ledger.

    Raises:
        OperatorError: a purpose is required and the list has none.
    """
    row = ws.ledger.list_row(list_key)
    if ws.settings.require_purpose and row is not None and not row.purpose:
        raise OperatorError(f"{row.file} has no purpose, and FBCHECK_REQUIRE_PURPOSE asks for one: run it with --purpose TEXT")
    earlier = read_pins(ws.storage, list_key)
    suppressed = ws.ledger.suppressed_among(phones)
    while True:
        with ws.ledger.planning() as tx:
            version, pool = tx.version(), tx.waiting()
        pool.pop(list_key, None)
        desk = _Desk(ws, list_key, phones, again)
        desk.keep_answered(earlier)
        desk.set_aside(suppressed, AnsweredBy.SUPPRESSED)
        desk.use_verdicts()
        free = {key: _still_wanted(ws, each) for key, each in pool.items()}
        with ws.ledger.planning() as tx:
            if tx.version() != version:
                continue
            held = desk.use_chunks_in_flight(tx)
            desk.respect_settled_tries(tx)
            bought = _buy(ws, tx, desk, {key: _without(each, held) for key, each in free.items()}, max_billable)
            if pool:
                _release_waiting(tx, pool, np.sort(np.concatenate([held, *bought])), free)
            tx.depend(list_key, [each.chunk_key for each in desk.used_answers() if each.chunk_key])
            tx.touch(list_key, planned_at=tx.now, needs_planning=False)
            tx.finish()
        return desk.pins()


def estimate_new_phones(ws: Workspace, phones: Phones, elsewhere: Phones) -> Phones:
    """The phones that a first planning would buy, without recording anything.

    Args:
        elsewhere: phones that lists estimated before would buy.
    """
    desk = _Desk(ws, "", phones, Again.NOBODY)
    desk.set_aside(ws.ledger.suppressed_among(phones), AnsweredBy.SUPPRESSED)
    desk.set_aside(codec.positions(phones, elsewhere) >= 0, AnsweredBy.OTHER_CHUNK)
    desk.use_verdicts()
    with ws.ledger.planning() as tx:
        desk.use_chunks_in_flight(tx)
        desk.respect_settled_tries(tx)
    return phones[desk.left()]


def balanced_sizes(count: int, *, most: int, fewest: int) -> list[int]:
    """Chunk sizes for `count` phones: none above `most`, none below `fewest`, alike as can be; what does not fit waits."""
    chunk_count = -(-count // most)
    if chunk_count and count // chunk_count < fewest:
        chunk_count = count // fewest
        count = min(count, chunk_count * most)
    return [count // chunk_count + (place < count % chunk_count) for place in range(chunk_count)]


class _Desk:
    """One planning of one list: each phone gets the first answer that fits."""

    def __init__(self, ws: Workspace, list_key: str, phones: Phones, again: Again) -> None:
        self._ws, self.list_key, self.phones, self._again = ws, list_key, phones, again
        self._answer = np.full(len(phones), -1, np.int32)
        self._tasks: list[Row] = []
        self._task = np.full(len(phones), -1, np.int32)  # the newest that answered, however long ago
        self._numbers: dict[Answer, int] = {}
        self._own = ws.ledger.parts_of(list_key)

    def left(self) -> npt.NDArray[np.bool_]:
        """True where a phone has no answer yet."""
        return self._answer < 0

    def used_answers(self) -> list[Answer]:
        return list(self._numbers)

    def pins(self) -> Pins:
        return Pins(self.phones, self._answer, list(self._numbers))

    def give(self, places: npt.NDArray[np.int64], answer: Answer) -> None:
        """Answer those of these places that have no answer yet."""
        places = places[self._answer[places] < 0]
        if len(places):
            self._answer[places] = self._numbers.setdefault(answer, len(self._numbers))

    def set_aside(self, chosen: npt.NDArray[np.bool_], why: AnsweredBy) -> None:
        """Answer those of the chosen that have no answer yet."""
        self.give(np.flatnonzero(chosen), Answer(why))

    def keep_answered(self, earlier: Pins | None) -> None:
        """A phone that has its verdict keeps its pin: joining again must say the same for ever."""
        rows = {row.chunk_key: row for row in self._ws.ledger.chunks_of(self.list_key, with_phones=True)}
        collected = [row for row in rows.values() if row.state == ChunkState.COLLECTED]
        if earlier is not None:
            self._keep_pins(earlier, rows, collected)
        for row in reversed(collected):  # these stand in no pins where the process was killed before it wrote them
            self._give_chunk(row, _answered_phones(row), AnsweredBy.CHUNK, AnsweredBy.OTHER_CHUNK)

    def _keep_pins(self, earlier: Pins, rows: dict[str, Row], collected: list[Row]) -> None:
        with_verdicts = {row.chunk_key for row in self._ws.ledger.collected()}  # of a purged chunk no verdict is left
        answered: dict[str, list[Phones]] = {}  # by a chunk, and by each chunk that it is a part of
        for row in collected:
            key: str | None = row.chunk_key
            while key in rows:
                answered.setdefault(key, []).append(_answered_phones(row))
                key = rows[key].replaces
        for number, answer in enumerate(earlier.answers):
            pinned = earlier.phones[earlier.answer == number]
            if answer.answered_by is AnsweredBy.VERDICT:
                if answer.chunk_key in with_verdicts:
                    self.give(self.places(pinned), answer)
            elif answer.chunk_key in answered:
                known = np.sort(np.concatenate(answered[answer.chunk_key]))
                self.give(self.places(pinned[codec.positions(pinned, known) >= 0]), answer)

    def use_verdicts(self) -> None:
        """A verdict younger than VERDICT_DAYS answers, whoever paid for it."""
        left = self.left()
        asked = self.phones if left.all() else self.phones[left]  # no copy of all of them
        found = look_up(self._ws.storage, self._ws.ledger, asked)
        self._tasks, self._task[left] = found.tasks, found.task
        for number in np.unique(found.task[found.task >= 0]).tolist():
            task = found.tasks[number]
            if _is_young(self._ws, task):
                hit = np.flatnonzero(left)[found.task == number]
                own = self._own_places(task.chunk_key)
                self.give(hit[np.isin(hit, own)], Answer(AnsweredBy.CHUNK, task.chunk_key))
                self.give(hit, Answer(AnsweredBy.VERDICT, task.chunk_key, task.task_id))

    def use_chunks_in_flight(self, tx: Planning) -> Phones:
        """A phone in an open chunk is waited for, never sent beside it; returns all phones in flight, sorted."""
        held = [np.empty(0, np.int64)]
        for row in tx.holding():
            phones = codec.unpack(row.phones, row.phone_count)
            held.append(phones)
            self._give_chunk(row, phones, AnsweredBy.CHUNK, AnsweredBy.OTHER_CHUNK)
        return np.sort(np.concatenate(held))

    def respect_settled_tries(self, tx: Planning) -> None:
        """A phone that was sent and got no usable answer is sent again only when somebody may ask for it."""
        rows = tx.unanswered()
        if not rows:
            return
        answered_at = np.append([task.exported_at for task in self._tasks], -np.inf)
        tries = np.zeros(len(self.phones), np.int16)
        last = np.full(len(self.phones), -1, np.int32)
        for number, row in enumerate(rows):
            places = self.places(codec.unpack(row.unanswered, row.unanswered_count))
            # a later verdict, even one too old by now, ends the count
            places = places[answered_at[self._task[places]] <= row.settled_at]
            tries[places] += 1 + row.resubmissions
            last[places] = number
        for number, row in enumerate(rows):
            stays = (last == number) & ~((tries < self._ws.settings.max_tries) & self._may_repeat(row, tx.day))
            phones = self.phones[np.flatnonzero(stays)]
            self._give_chunk(row, phones, AnsweredBy.CHUNK, AnsweredBy.EARLIER_TRY)

    def _may_repeat(self, row: Row, today: str) -> bool:
        if self._again is Again.NIGHT:
            return (
                TRAITS[ChunkState(row.state)].retries == "night"
                and datetime.fromtimestamp(row.settled_at, UTC).date().isoformat() < today
            )
        return self._again is Again.PERSON

    def _give_chunk(self, row: Row, phones: Phones, own: AnsweredBy, other: AnsweredBy) -> None:
        places = self.places(phones)
        ours = self._own_places(row.chunk_key, row) if row.chunk_key in self._own else np.empty(0, np.int64)
        self.give(places[np.isin(places, ours)], Answer(own, row.chunk_key))
        self.give(places, Answer(other, row.chunk_key))

    def _own_places(self, chunk_key: str, row: Row | None = None) -> npt.NDArray[np.int64]:
        """Places of the phones that a chunk carries for this very list."""
        if chunk_key not in self._own:
            return np.empty(0, np.int64)
        row = row or self._ws.ledger.chunk(chunk_key)
        start, count = self._own[chunk_key]
        return self.places(codec.unpack(row.phones, row.phone_count)[start : start + count])

    def places(self, phones: Phones) -> npt.NDArray[np.int64]:
        at = codec.positions(phones, self.phones)
        return at[at >= 0]


def _buy(ws: Workspace, tx: Planning, desk: _Desk, pool: dict[str, Phones], max_billable: int | None) -> list[Phones]:
    """Turn what is left into chunks, with what waits for other lists, within the budgets; returns what was bought."""
    settings, own = ws.settings, desk.phones[desk.left()]
    tx.keep_waiting(desk.list_key, np.empty(0, np.int64))
    room = None if settings.max_billable_per_day is None else settings.max_billable_per_day - tx.bought_on(tx.day)
    over_list = max_billable is not None and len(own) and tx.bought_for(desk.list_key) + len(own) > max_billable
    if over_list or (room is not None and len(own) > room):
        desk.set_aside(desk.left(), AnsweredBy.OVER_BUDGET)
        return []
    stretches = [Part(desk.list_key, own)]
    for key, phones in pool.items():
        phones = _without(phones, np.sort(np.concatenate([each.phones for each in stretches])))
        fits = settings.max_billable is None or tx.bought_for(key) + len(phones) <= settings.max_billable
        if fits and (room is None or sum(len(each.phones) for each in stretches) + len(phones) <= room):
            stretches.append(Part(key, phones))
    bought, start = list[Phones](), 0
    for size in balanced_sizes(
        sum(len(each.phones) for each in stretches), most=settings.chunk_size, fewest=settings.smallest_chunk
    ):
        chunk = _cut(stretches, start, start + size)
        key = tx.add_chunk(chunk)
        for each in chunk:
            bought.append(each.phones)
            if each.list_key == desk.list_key:
                desk.give(desk.places(each.phones), Answer(AnsweredBy.CHUNK, key))
        start += size
    tx.keep_waiting(desk.list_key, desk.phones[desk.left()])
    desk.set_aside(desk.left(), AnsweredBy.WAITING)
    return bought


def _release_waiting(tx: Planning, waiting: dict[str, Phones], in_flight: Phones, free: dict[str, Phones]) -> None:
    """Other lists' waiting phones that are answered or in flight by now wait no longer; those lists are planned anew."""
    for key, phones in waiting.items():
        still = _without(free[key], in_flight)
        if len(still) < len(phones):
            tx.keep_waiting(key, still)
            tx.touch(key, needs_planning=True)


def _cut(stretches: list[Part], start: int, stop: int) -> list[Part]:
    """The phones from `start` to `stop` of the stretches laid end to end."""
    cut, offset = [], 0
    for each in stretches:
        cut.append(Part(each.list_key, each.phones[max(0, start - offset) : max(0, stop - offset)]))
        offset += len(each.phones)
    return [each for each in cut if len(each.phones)]


def _still_wanted(ws: Workspace, phones: Phones) -> Phones:
    """Waiting phones that meanwhile got neither a verdict to be reused nor were suppressed."""
    found = look_up(ws.storage, ws.ledger, phones)
    ages_ok = np.array([_is_young(ws, task) for task in found.tasks], bool)
    answered = np.append(ages_ok, False)[found.task]
    return phones[~answered & ~ws.ledger.suppressed_among(phones)]


def _is_young(ws: Workspace, task: Row) -> bool:
    """Is a verdict of this task reused?"""
    return bool(task.exported_at > ws.ledger.clock() - ws.settings.verdict_days * DAY_S)


def _answered_phones(row: Row) -> Phones:
    phones, _ = codec.distinct(codec.unpack(row.phones, row.phone_count))
    return _without(phones, codec.unpack(row.unanswered, row.unanswered_count))


def _without(phones: Phones, among: Phones) -> Phones:
    return phones[codec.positions(phones, among) < 0]
