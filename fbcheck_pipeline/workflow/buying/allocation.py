"""What answers each phone of a list: an earlier verdict, a chunk in flight, a settled try, or nothing yet."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from itertools import islice, repeat

import numpy as np
import numpy.typing as npt

from fbcheck_pipeline.ledger import TRAITS, codec
from fbcheck_pipeline.ledger.codec import Numbers, Phones
from fbcheck_pipeline.ledger.records import Chunk, LoadedChunk, SettledTry
from fbcheck_pipeline.model.statuses import AnsweredBy
from fbcheck_pipeline.workflow.buying.pins import Pin, Pins
from fbcheck_pipeline.workflow.index.phone_history import Places
from fbcheck_pipeline.workflow.index.phone_lookup import PhoneLookup
from fbcheck_pipeline.workflow.sent_phones import loaded, with_phones
from fbcheck_pipeline.workflow.workspace import Workspace

log = logging.getLogger(__name__)


class Again(StrEnum):
    """Who asks for phones to be sent again that were sent and got no usable answer."""

    NOBODY = "nobody"
    NIGHT = "night"  # the schedule: tries that settled on an earlier UTC day
    PERSON = "person"  # `--retry`: any settled try, once more even beyond MAX_TRIES


class PhoneAllocation:
    """One planning of one list: each phone gets the first pin that fits."""

    def __init__(self, ws: Workspace, list_key: str, phones: Phones, again: Again) -> None:
        self._ws, self.list_key, self.phones, self._again = ws, list_key, phones, again
        self._pin: Numbers = np.full(len(phones), -1, np.int8)
        self._numbers: dict[Pin, int] = {}
        self._own = ws.ledger.parts_of(list_key)

    def unassigned(self) -> npt.NDArray[np.bool_]:
        """True where a phone has no pin yet."""
        return self._pin < 0

    def next_unassigned(self, start: int, count: int) -> Places:
        """Places of the first `count` phones from a place on that have no pin yet."""
        found = [np.empty(0, np.int64)]
        at_once = max(count, 1 << 16)
        for first in range(start, len(self._pin), at_once) if count else ():
            found.append(first + np.flatnonzero(self._pin[first : first + at_once] < 0)[:count])
            count -= len(found[-1])
            if not count:
                break
        return np.concatenate(found)

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
            self._pin[places] = self._numbered([pin])

    def assign_rest(self, pin: Pin) -> None:
        """Pin all that have no pin yet."""
        is_left = self.unassigned()
        if is_left.any():
            self._pin[is_left] = self._numbered([pin])

    def _assign_chunks(self, places: Places, index: Numbers, pins: Sequence[Pin]) -> None:
        """Pin those of these places that have no pin yet, each to that of `pins` which `index` tells; what its chunk carries for this
        very list, to the chunk.
        """
        for number, pin in enumerate(pins):
            if pin.chunk_key in self._own and len(hit := places[index == number]):
                own = self._own_places(loaded(self._ws, pin.chunk_key))
                self.assign(hit[np.isin(hit, own)], Pin(AnsweredBy.CHUNK, pin.chunk_key))
        is_left = self._pin[places] < 0
        places, index = places[is_left], index[is_left]
        used, numbers = np.flatnonzero(codec.counts(index, len(pins))), np.zeros(len(pins), np.int32)
        numbers[used] = self._numbered([pins[each] for each in used.tolist()])
        self._pin[places] = numbers[index]

    def _numbered(self, pins: Sequence[Pin]) -> list[int]:
        """The number of each pin, for which there is room where pins are kept."""
        numbers = [self._numbers.setdefault(pin, len(self._numbers)) for pin in pins]
        width = np.promote_types(self._pin.dtype, codec.smallest_type(len(self._numbers)))
        self._pin = self._pin.astype(width, copy=False)
        return numbers

    def is_unassigned(self, phones: Phones) -> npt.NDArray[np.bool_]:
        """True for each of some phones that the list has, and that has no pin yet."""
        is_unassigned: npt.NDArray[np.bool_] = self._pins_of(phones) == -1
        return is_unassigned

    def is_bought(self, phones: Phones, chunk_keys: Collection[str]) -> npt.NDArray[np.bool_]:
        """True for each of some phones that the list has, and that one of these chunks carries for it."""
        pins = [Pin(AnsweredBy.CHUNK, key) for key in chunk_keys]
        numbers = [self._numbers[pin] for pin in pins if pin in self._numbers]
        is_bought: npt.NDArray[np.bool_] = np.isin(self._pins_of(phones), numbers)
        return is_bought

    def _pins_of(self, phones: Phones) -> npt.NDArray[np.int32]:
        """For each of some phones the number of its pin, -1 for none, -2 where the list does not have it."""
        at, pins = codec.positions(phones, self.phones), np.full(len(phones), -2, np.int32)
        pins[at >= 0] = self._pin[at[at >= 0]]
        return pins

    def keep_answered(self, earlier: Pins | None) -> None:
        """Keep the pin of every phone that has its verdict, so that a later join gives the same result.

        A chunk answers the phones that are pinned to it, and what was bought for this very list: that stands in no pins where the
        process was killed before it wrote them. To depend on a chunk answers only while the list has no pins at all.
        """
        chunks = {each.chunk_key: each for each in self._ws.ledger.chunks_of(self.list_key)}
        answering = self._answering(chunks, earlier)
        for each in reversed(answering):
            if each.chunk_key in self._own:
                chunk = with_phones(self._ws, each)
                answered = self.places(chunk.answered)
                self.assign(answered[np.isin(answered, self._own_places(chunk))], Pin(AnsweredBy.CHUNK, chunk.chunk_key))
        if earlier is not None:
            self._keep_pins(earlier, chunks, answering)
        else:
            for each in reversed(answering):
                self.assign(self.places(with_phones(self._ws, each).answered), Pin(AnsweredBy.OTHER_CHUNK, each.chunk_key))

    def _answering(self, chunks: dict[str, Chunk], earlier: Pins | None) -> list[LoadedChunk]:
        """The chunks whose answers must be looked at: not those of which the list only reuses verdicts, which never become fewer."""
        if earlier is None:
            return self._ws.ledger.answering_chunks(chunks)
        pinned = {each.chunk_key for each in earlier.pins if each.answered_by is not AnsweredBy.VERDICT} | self._own.keys()
        return self._ws.ledger.answering_chunks(
            each.chunk_key for each in chunks.values() if not pinned.isdisjoint(_lineage(chunks, each))
        )

    def _keep_pins(self, earlier: Pins, chunks: dict[str, Chunk], answering: list[LoadedChunk]) -> None:
        itself, replacing = {each.chunk_key: each for each in answering}, dict[str, list[LoadedChunk]]()
        for each in answering:
            for key in islice(_lineage(chunks, each), 1, None):
                replacing.setdefault(key, []).append(each)
        for number, places in codec.grouped(earlier.index):
            pin, pinned = earlier.pins[number], earlier.phones[places]
            if pin.answered_by is AnsweredBy.VERDICT:
                if pin.chunk_key in chunks and chunks[pin.chunk_key].has_verdicts:  # else it was purged
                    self.assign(self.places(pinned), pin)
                continue
            if pin.chunk_key in itself:  # it carries all that are pinned to it
                self.assign(self.places(codec.without(pinned, itself[pin.chunk_key].unanswered)), pin)
            for each in replacing.get(pin.chunk_key or "", ()):
                self.assign(self.places(pinned[codec.positions(pinned, with_phones(self._ws, each).answered) >= 0]), pin)

    def use_verdicts(self, lookup: PhoneLookup) -> None:
        """A verdict younger than VERDICT_DAYS answers, whoever paid for it."""
        answered = np.flatnonzero(lookup.verdict >= 0)
        pins = list(map(Pin, repeat(AnsweredBy.VERDICT), lookup.tasks.chunk_key, lookup.tasks.task_id))
        self._assign_chunks(self._places_of(lookup, lookup.known[answered]), lookup.verdict[answered], pins)

    def use_chunks_in_flight(self, lookup: PhoneLookup) -> None:
        """Pin phones of open chunks to these chunks: no other chunk may send them meanwhile."""
        for chunk_key, places in lookup.held().items():
            held = codec.positions(lookup.phones[places], self.phones)
            self._assign_chunks(held, np.zeros(len(held), np.int8), [Pin(AnsweredBy.OTHER_CHUNK, chunk_key)])

    def respect_settled_tries(self, lookup: PhoneLookup, today: str) -> None:
        """Pin phones of settled tries without a usable answer, except those that may be tried again now."""
        settled = lookup.tries()
        if not settled:
            return
        max_tries, chunks = self._ws.settings.max_tries, [chunk for chunk, _ in settled]
        number = np.repeat(np.arange(len(settled), dtype=np.int32), [len(places) for _, places in settled])
        places = np.concatenate([places for _, places in settled])
        known = codec.positions(places, lookup.known)
        answered_at = np.where(known >= 0, np.append(lookup.answered_at, -np.inf)[known], -np.inf)
        # a later verdict, even one too old by now, ends the count
        counting = np.flatnonzero(answered_at <= np.array([chunk.settled_at for chunk in chunks])[number])
        counting = counting[np.argsort(places[counting], kind="stable")]  # all of one phone together, oldest first
        number = number[counting]
        tried, first = np.unique(places[counting], return_index=True)
        of_each = np.array([chunk.tries for chunk in chunks])[number]
        tries = np.add.reduceat(of_each, first)
        so_far = np.cumsum(of_each) - np.repeat(np.cumsum(tries) - tries, np.diff(first, append=len(number)))
        # a withdrawn one only counts the tries before it, and binds once these are all
        may_bind = (so_far >= max_tries) | np.array([TRAITS[chunk.state].is_try for chunk in chunks])[number]
        last = np.maximum.reduceat(np.where(may_bind, number, np.int32(-1)), first)
        asked = self._places_of(lookup, tried)
        may_repeat = np.array([self._may_repeat(chunk, today) for chunk in chunks])[last] & (tries < max_tries)
        binds = (last >= 0) & ~may_repeat & (self._again is not Again.PERSON)
        pins = [Pin(AnsweredBy.EARLIER_TRY, chunk.chunk_key) for chunk in chunks]
        self._assign_chunks(asked[binds], last[binds], pins)
        once_more = (self._pin[asked] < 0) & (last >= 0) & (tries >= max_tries)
        if count := np.count_nonzero(once_more):
            log.warning("--retry tries %d phones once more, though FBCHECK_MAX_TRIES=%d is reached", count, max_tries)

    def _places_of(self, lookup: PhoneLookup, places: Places) -> Places:
        """Where the phones at these places of a look-up of the list's phones, or of some of them, stand in the list."""
        return places if lookup.phones is self.phones else codec.positions(lookup.phones[places], self.phones)

    def places(self, phones: Phones) -> Places:
        """Where these phones stand among the list's; those that do not are left out."""
        at = codec.positions(phones, self.phones)
        return at[at >= 0]

    def _may_repeat(self, chunk: SettledTry, today: str) -> bool:
        if self._again is Again.NIGHT:
            settled_on = datetime.fromtimestamp(chunk.settled_at, UTC).date().isoformat()
            return TRAITS[chunk.state].retries == "night" and settled_on < today
        return False

    def _own_places(self, chunk: LoadedChunk) -> Places:
        """Places of the phones that a chunk carries for this very list."""
        own = self._own[chunk.chunk_key]
        return self.places(chunk.phones[own.start : own.start + own.phone_count])


def _lineage(chunks: dict[str, Chunk], chunk: Chunk) -> Iterator[str]:
    """Keys of a chunk and of those that it is a part of."""
    yield chunk.chunk_key
    while chunk.replaces in chunks:
        chunk = chunks[chunk.replaces]
        yield chunk.chunk_key
