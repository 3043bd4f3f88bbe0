"""What answers each phone of a list: an earlier verdict, a chunk in flight, a settled try, or nothing yet."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from fbcheck_pipeline.ledger import TRAITS, codec
from fbcheck_pipeline.ledger.codec import Phones
from fbcheck_pipeline.ledger.records import AnsweringTask, Chunk, LoadedChunk, SettledTry
from fbcheck_pipeline.model.statuses import AnsweredBy
from fbcheck_pipeline.vendor import timestamp_us
from fbcheck_pipeline.workflow.phone_history import Places
from fbcheck_pipeline.workflow.phone_lookup import PhoneLookup
from fbcheck_pipeline.workflow.pins import Pin, Pins
from fbcheck_pipeline.workflow.sent_phones import loaded, with_phones
from fbcheck_pipeline.workflow.workspace import Workspace

log = logging.getLogger(__name__)

DAY_S = 86_400


class Again(StrEnum):
    """Who asks for phones to be sent again that were sent and got no usable answer."""

    NOBODY = "nobody"
    NIGHT = "night"  # the schedule: tries that settled on an earlier UTC day
    PERSON = "person"  # `--retry`: any settled try, once more even beyond MAX_TRIES


class PhoneAllocation:
    """One planning of one list: each phone gets the first pin that fits."""

    def __init__(self, ws: Workspace, list_key: str, phones: Phones, again: Again) -> None:
        self._ws, self.list_key, self.phones, self._again = ws, list_key, phones, again
        self._pin = np.full(len(phones), -1, np.int32)
        self._numbers: dict[Pin, int] = {}
        self._own = ws.ledger.parts_of(list_key)
        self._binding = frozenset[str]()

    def unassigned(self) -> npt.NDArray[np.bool_]:
        """True where a phone has no pin yet."""
        return self._pin < 0

    def used_pins(self) -> list[Pin]:
        """Each pin that answers some phone, once."""
        return list(self._numbers)

    def pins(self) -> Pins:
        """What was assigned so far; the phones that are left have no pin yet."""
        return Pins(self.phones, self._pin, list(self._numbers))

    def assign(self, places: Places, pin: Pin) -> None:
        """Pin those of these places that have no pin yet."""
        places = places[self._pin[places] < 0]
        if len(places):
            self._pin[places] = self._numbers.setdefault(pin, len(self._numbers))

    def assign_where(self, chosen: npt.NDArray[np.bool_], why: AnsweredBy) -> None:
        """Pin those of the chosen that have no pin yet."""
        self.assign(np.flatnonzero(chosen), Pin(why))

    def keep_answered(self, earlier: Pins | None) -> None:
        """Keep the pin of every phone that has its verdict, so that a later join gives the same result.

        A chunk answers the phones that are pinned to it, and what was bought for this very list: that stands in no pins where the
        process was killed before it wrote them. To depend on a chunk answers only while the list has no pins at all.
        """
        chunks = {each.chunk_key: each for each in self._ws.ledger.chunks_of(self.list_key)}
        answering = [with_phones(self._ws, each) for each in self._ws.ledger.answering_chunks_of(self.list_key)]
        for each in reversed(answering):
            if each.chunk_key in self._own:
                answered = self.places(each.answered)
                self.assign(answered[np.isin(answered, self._own_places(each))], Pin(AnsweredBy.CHUNK, each.chunk_key))
        if earlier is not None:
            self._binding = earlier.binding_tries
            self._keep_pins(earlier, chunks, answering)
        else:
            for each in reversed(answering):
                self.assign(self.places(each.answered), Pin(AnsweredBy.OTHER_CHUNK, each.chunk_key))

    def _keep_pins(self, earlier: Pins, chunks: dict[str, Chunk], answering: list[LoadedChunk]) -> None:
        answered: dict[str, list[Phones]] = {}  # by a chunk, and by each chunk that it is a part of
        for each in answering:
            key: str | None = each.chunk_key
            while key in chunks:
                answered.setdefault(key, []).append(each.answered)
                key = chunks[key].replaces
        for number, places in codec.grouped(earlier.index):
            pin = earlier.pins[number]
            pinned = earlier.phones[places]
            if pin.chunk_key in answered:  # a purged chunk has no verdicts left
                known = np.sort(np.concatenate(answered[pin.chunk_key]))
                self.assign(self.places(pinned[codec.positions(pinned, known) >= 0]), pin)

    def use_verdicts(self, lookup: PhoneLookup) -> None:
        """A verdict younger than VERDICT_DAYS answers, whoever paid for it."""
        young = young_verdicts(self._ws, lookup)
        answered = np.flatnonzero(young >= 0)
        asked = codec.positions(lookup.phones[answered], self.phones)
        for number, places in codec.grouped(young[answered]):
            task, hit = lookup.tasks[number], asked[places]
            if task.chunk_key in self._own:
                own = self._own_places(loaded(self._ws, task.chunk_key))
                self.assign(hit[np.isin(hit, own)], Pin(AnsweredBy.CHUNK, task.chunk_key))
            self.assign(hit, Pin(AnsweredBy.VERDICT, task.chunk_key, task.task_id))

    def use_chunks_in_flight(self, lookup: PhoneLookup) -> None:
        """Pin phones of open chunks to these chunks: no other chunk may send them meanwhile."""
        for chunk_key, places in lookup.held().items():
            held = codec.positions(lookup.phones[places], self.phones)
            self._assign_chunk(chunk_key, held, AnsweredBy.CHUNK, AnsweredBy.OTHER_CHUNK)

    def respect_settled_tries(self, lookup: PhoneLookup, today: str) -> None:
        """Pin phones of settled tries without a usable answer, except those that may be tried again now."""
        settled = tries_that_count(self._ws, self.list_key, lookup.tries(), self._binding)
        if not settled:
            return
        max_tries = self._ws.settings.max_tries
        answered_at = np.append([task.exported_at for task in lookup.tasks], -np.inf)[lookup.verdict]
        asked = codec.positions(lookup.phones, self.phones)
        tries = np.zeros(len(asked), np.int16)
        last = np.full(len(asked), -1, np.int32)
        for number, (chunk, places) in enumerate(settled):
            # a later verdict, even one too old by now, ends the count
            places = places[answered_at[places] <= chunk.settled_at]
            tries[places] += chunk.tries
            # a withdrawn one only counts the tries before it, and binds once these are all
            last[places[(tries[places] >= max_tries) | TRAITS[chunk.state].is_try]] = number
        tried = np.flatnonzero(last >= 0)
        for number, places in codec.grouped(last[tried]):
            chunk, _ = settled[number]
            may_repeat = (tries[tried[places]] < max_tries) & self._may_repeat(chunk, today) | (self._again is Again.PERSON)
            bound = asked[tried[places[~may_repeat]]]
            self._assign_chunk(chunk.chunk_key, bound, AnsweredBy.CHUNK, AnsweredBy.EARLIER_TRY)
        once_more = self.unassigned()[asked] & (last >= 0) & (tries >= max_tries)
        if count := np.count_nonzero(once_more):
            log.warning("--retry tries %d phones once more, though FBCHECK_MAX_TRIES=%d is reached", count, max_tries)

    def places(self, phones: Phones) -> Places:
        """Where these phones stand among the list's; those that do not are left out."""
        at = codec.positions(phones, self.phones)
        return at[at >= 0]

    def _may_repeat(self, chunk: SettledTry, today: str) -> bool:
        if self._again is Again.NIGHT:
            settled_on = datetime.fromtimestamp(chunk.settled_at, UTC).date().isoformat()
            return TRAITS[chunk.state].retries == "night" and settled_on < today
        return False

    def _assign_chunk(self, chunk_key: str, places: Places, own: AnsweredBy, other: AnsweredBy) -> None:
        if chunk_key in self._own:
            self.assign(places[np.isin(places, self._own_places(loaded(self._ws, chunk_key)))], Pin(own, chunk_key))
        self.assign(places, Pin(other, chunk_key))

    def _own_places(self, chunk: LoadedChunk) -> Places:
        """Places of the phones that a chunk carries for this very list."""
        own = self._own[chunk.chunk_key]
        return self.places(chunk.phones[own.start : own.start + own.phone_count])


def tries_that_count(
    ws: Workspace, list_key: str, settled: Iterable[tuple[SettledTry, Places]], binding: Collection[str]
) -> list[tuple[SettledTry, Places]]:
    """Those of settled tries without an answer that bind a list.

    For a list that was added after it settled, a try does not count that is older than VERDICT_DAYS (at least a day), or whose task
    answered no phone at all: an odd night of the vendor's. Only a person sends again what was abandoned.

    Args:
        binding: keys of chunks that the list is pinned to as tries: these bind it whatever the settings say by now.
    """
    known = ws.ledger.find_list(list_key)
    added_at = -np.inf if known is None else known.added_at
    oldest = added_at - max(1.0, ws.settings.verdict_days) * DAY_S

    def counts(chunk: SettledTry) -> bool:
        if chunk.chunk_key in binding or TRAITS[chunk.state].retries != "night" or chunk.settled_at >= added_at:
            return True
        answered_none = chunk.task_id is not None and chunk.unanswered_count == chunk.phone_count
        return chunk.settled_at >= oldest and not answered_none

    return [(chunk, places) for chunk, places in settled if counts(chunk)]


def young_verdicts(ws: Workspace, lookup: PhoneLookup) -> npt.NDArray[np.int32]:
    """For each phone of a look-up the index in its `tasks` of a verdict that is reused, or -1."""
    is_reused = np.array([is_young(ws, task) for task in lookup.tasks], bool)
    return np.where(np.append(is_reused, False)[lookup.verdict], lookup.verdict, np.int32(-1))


def is_young(ws: Workspace, task: AnsweringTask) -> bool:
    """True where a verdict of this task is reused, not bought again.

    Both clocks must call it old, ours and the vendor's: one that was wrong for a while must not buy twice.
    """
    told_us = timestamp_us(task.vendor_exported_at)
    newest = task.exported_at if told_us is None else max(task.exported_at, told_us / 1_000_000)
    return newest > ws.ledger.clock() - ws.settings.verdict_days * DAY_S
