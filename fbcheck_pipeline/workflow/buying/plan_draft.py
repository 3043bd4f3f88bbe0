"""One planning of a list, made ready outside the transaction that records it: looked up, allocated, cut, packed and hashed.

A draft knows up to which change of the ledger it is right. Inside the transaction only later changes are looked at.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from fbcheck_pipeline.ledger import codec
from fbcheck_pipeline.ledger.codec import Phones
from fbcheck_pipeline.ledger.planning import NewChunk, Planning, Version
from fbcheck_pipeline.ledger.records import Part
from fbcheck_pipeline.model.statuses import AnsweredBy
from fbcheck_pipeline.workflow.buying.allocation import Again, PhoneAllocation
from fbcheck_pipeline.workflow.buying.budget import Terms, terms_of
from fbcheck_pipeline.workflow.buying.held import never_fits_a_day
from fbcheck_pipeline.workflow.buying.pins import Pin, Pins, read_pins
from fbcheck_pipeline.workflow.index.phone_history import TryRule
from fbcheck_pipeline.workflow.index.phone_lookup import PhoneLookup, note_all
from fbcheck_pipeline.workflow.workspace import Workspace

log = logging.getLogger(__name__)

MOST_AT_ONCE = 100
"""So many chunks are inserted by one transaction."""
_NONE = np.empty(0, np.int64)


class PlanDraft:
    """What will be recorded of one list, if nothing changes that matters to it.

    Attributes:
        _version: of the ledger; what changed later is not known here.
        _pool: other lists' waiting phones, by list key, as they were looked up; `_newcomers` began to wait since.
        _wanted, _offers: those of the pool that nothing answers or holds, and those that may be bought with the list's own.
        _left: so many of the list's phones nothing answers or holds, and they are not recorded yet.
        _drawn_for: the terms on which they may be bought, with the phones of `_others`.
        _step: the chunks that the next transaction records; `_recorded_to` the place from which on they carry phones of the list.
        _sizes: of the chunks after these; `_uncut` of the list's phones, from `_cut_to` on, go into them, and others from `_others_cut` on.
        _recorded: keys of the chunks that are recorded; `_taken_along` the other lists' phones in them.
    """

    _version: Version
    _pool: dict[str, Phones]
    _newcomers: dict[str, Phones]
    _is_suppressed_in_pool: npt.NDArray[np.bool_]
    _lookups: tuple[PhoneLookup, PhoneLookup]  # of the list's phones, and of the pool's
    _allocation: PhoneAllocation
    _wanted: dict[str, Phones]
    _offers: dict[str, Phones]
    _left: int
    _drawn_for: Terms
    _others: list[Part]
    _step: list[NewChunk]
    _sizes: list[int]
    _uncut: int
    _recorded_to: int
    _cut_to: int
    _others_cut: int

    def __init__(self, ws: Workspace, list_key: str, phones: Phones, again: Again) -> None:
        self._ws, self._key, self._phones, self._again = ws, list_key, phones, again
        self._earlier = read_pins(ws.storage, list_key)
        self._rule = TryRule.of(ws, list_key)
        self._recorded, self._taken_along, self._planned_at = set[str](), list[Phones](), 0.0
        self._look()

    @property
    def is_recorded(self) -> bool:
        """True when nothing of it is left to be recorded."""
        return not (self._step or self._sizes)

    def pins(self) -> Pins:
        """What answers each phone, once it is recorded."""
        return replace(self._allocation.pins(), planned_at=self._planned_at)

    def is_current(self, tx: Planning, *, may_redraw: bool) -> bool:
        """True where it may be recorded: nothing changed that matters to it.

        Args:
            may_redraw: draw it anew here where a few chunks changed that do. Other writers wait for that.
        """
        now = tx.version()
        if now.generation != self._version.generation:
            return False
        is_touched = False
        if now.changes != self._version.changes:
            if (changed := tx.changed_since(self._version.changes)) is None:
                return False
            is_touched = note_all(self._ws, self._lookups, changed)
        if now.waiting != self._version.waiting:
            is_touched |= self._see_who_waits(tx.waiting())
        self._version = now
        if is_touched and may_redraw:
            self._draw(tx, self._kept())
        elif is_touched:
            return False
        elif (terms := self._terms(tx)) != self._drawn_for:
            if not may_redraw or terms.day != self._drawn_for.day or self._recorded:
                return False
            self._prepare(terms)
        return True

    def renew(self) -> None:
        """Look up what changed, and draw it anew.

        Raises:
            OperatorError: the list was purged meanwhile.
        """
        with self._ws.ledger.looking() as tx:
            now, waiting = tx.version(), tx.waiting()
        if now.generation != self._version.generation:
            self._ws.ledger.phone_list(self._key)
            self._look()
            return
        note_all(self._ws, self._lookups, self._ws.ledger.changed_since(self._version.changes))
        self._see_who_waits(waiting)
        self._version = now
        with self._ws.ledger.looking() as tx:
            self._draw(tx, self._kept())

    def record(self, tx: Planning) -> None:
        """Record it, or of very many chunks the next ones; what is reserved for the others counts as planned."""
        step, self._step = self._step, []
        tx.add_chunks(step)
        self._version = replace(self._version, changes=self._version.changes + len(step))
        for chunk in step:
            self._recorded.add(chunk.chunk_key)
            self._record_pins(chunk)
        is_over, held, waits = self._drawn_for.is_over_budget, self._drawn_for.held, _NONE
        if self.is_recorded:
            waits = _NONE if is_over or held else self._phones[self._allocation.next_unassigned(0, self._left)]
            self._allocation.assign_rest(Pin(AnsweredBy.OVER_BUDGET if is_over else AnsweredBy.WAITING))
            self._release_waiting(tx)
            self._warn_of_what_never_fits()
        tx.keep_waiting(self._key, waits)
        tx.depend(self._key, [each.chunk_key for each in self._allocation.used_pins() if each.chunk_key])
        tx.mark_planned(self._key, forbidden_phones=self._left if is_over else 0, reserved=self._uncut, held=held)
        self._planned_at, self._just_recorded = tx.now, step

    def _record_pins(self, chunk: NewChunk) -> None:
        for part in chunk.parts:
            if part.list_key != self._key:
                self._taken_along.append(part.phones)
                continue
            own = self._allocation.next_unassigned(self._recorded_to, len(part.phones))
            self._allocation.assign(own, Pin(AnsweredBy.CHUNK, chunk.chunk_key))
            self._left, self._recorded_to = self._left - len(own), int(own[-1]) + 1

    def go_on(self) -> None:
        """Know of the chunks that were just recorded that they hold their phones, and make the next ones ready."""
        for chunk in self._just_recorded:
            for lookup in self._lookups:
                lookup.hold(chunk.chunk_key, np.concatenate([each.phones for each in chunk.parts]))
        self._cut_step()

    def _look(self) -> None:
        """Look everything up from the beginning."""
        with self._ws.ledger.looking() as tx:  # before all else: what changes later is found by it
            self._version, self._pool = tx.version(), tx.waiting()
        self._pool.pop(self._key, None)
        self._suppressed = np.flatnonzero(self._ws.ledger.suppressed_among(self._phones))
        self._newcomers = {}
        kept = self._kept()
        left = kept.unassigned()
        asked = self._phones if left.all() else self._phones[left]  # no copy of all of them
        of_pool = codec.distinct(np.concatenate([_NONE, *self._pool.values()]))
        self._is_suppressed_in_pool = self._ws.ledger.suppressed_among(of_pool)
        self._lookups = PhoneLookup(self._ws, asked, self._rule), PhoneLookup(self._ws, of_pool, self._rule)
        note_all(self._ws, self._lookups, self._ws.ledger.holding())
        with self._ws.ledger.looking() as tx:
            self._draw(tx, kept)

    def _kept(self) -> PhoneAllocation:
        """What is answered for good, or suppressed; this only becomes more while nothing is purged."""
        allocation = PhoneAllocation(self._ws, self._key, self._phones, self._again)
        allocation.keep_answered(self._earlier)
        allocation.assign(self._suppressed, Pin(AnsweredBy.SUPPRESSED))
        return allocation

    def _draw(self, tx: Planning, kept: PhoneAllocation) -> None:
        """Allocate all phones by what is known now, and prepare what is bought; `kept` has what is answered for good."""
        of_list, of_pool = self._lookups
        self._allocation = kept
        self._allocation.use_verdicts(of_list)
        self._allocation.use_chunks_in_flight(of_list)
        self._allocation.respect_settled_tries(of_list, tx.day)
        self._left = int(np.count_nonzero(self._allocation.unassigned()))
        is_wanted = ~(of_pool.is_held() | self._is_suppressed_in_pool)
        is_wanted[of_pool.known[of_pool.verdict >= 0]] = False
        wanted = of_pool.phones[is_wanted]
        self._wanted = {key: phones[codec.positions(phones, wanted) >= 0] for key, phones in self._pool.items()}
        self._offers = {
            key: phones[~self._allocation.is_unassigned(phones)]
            for key, phones in self._wanted.items()
            if not lacks_purpose(self._ws, key)
        }
        self._prepare(self._terms(tx))

    def _prepare(self, terms: Terms) -> None:
        """See into how many chunks is cut what is bought on these terms; the list's own phones come first."""
        self._drawn_for, self._others, settings = terms, [], self._ws.settings
        for key in terms.others:
            taken = np.sort(np.concatenate([_NONE, *(each.phones for each in self._others)]))
            self._others.append(Part(key, codec.without(self._offers[key], taken)))
        own = 0 if terms.is_over_budget or terms.held else self._left
        count = own + sum(len(each.phones) for each in self._others)
        self._sizes = balanced_sizes(count, most=settings.chunk_size, fewest=settings.smallest_chunk)
        self._uncut, self._recorded_to, self._cut_to, self._others_cut = min(own, sum(self._sizes)), 0, 0, 0
        self._cut_step()

    def _cut_step(self) -> None:
        """Cut, pack and hash the chunks that the next transaction records."""
        sizes, self._sizes = self._sizes[:MOST_AT_ONCE], self._sizes[MOST_AT_ONCE:]
        self._step = [self._cut(size) for size in sizes]

    def _cut(self, size: int) -> NewChunk:
        own = self._allocation.next_unassigned(self._cut_to, min(size, self._uncut))
        parts, others = [], size - len(own)
        if len(own):
            parts.append(Part(self._key, self._phones[codec.stretch(own)]))
            self._uncut, self._cut_to = self._uncut - len(own), int(own[-1]) + 1
        parts += _cut(self._others, self._others_cut, self._others_cut + others)
        self._others_cut += others
        return NewChunk.of(parts, self._ws.ledger.clock())

    def _terms(self, tx: Planning) -> Terms:
        return terms_of(self._ws, tx, self._key, self._left, self._offers, self._again)

    def _warn_of_what_never_fits(self) -> None:
        why = never_fits_a_day(self._left, self._ws.settings) if self._drawn_for.is_over_budget else None
        if why is not None:
            log.warning("list %s: %s", self._key, why)

    def _see_who_waits(self, waiting: dict[str, Phones]) -> bool:
        """Leave to themselves the lists whose waiting phones are not those that were looked up; True where there are such."""
        waiting.pop(self._key, None)
        same = {key: phones for key, phones in self._pool.items() if np.array_equal(phones, waiting.get(key, _NONE))}
        is_changed = len(same) < len(self._pool)
        self._pool = same
        self._newcomers = {key: phones for key, phones in waiting.items() if key not in same}
        return is_changed

    def _release_waiting(self, tx: Planning) -> None:
        """Remove phones that are now answered or in flight from other lists' waiting phones, and mark those lists for planning."""
        waiting = {**self._pool, **self._newcomers}  # newcomers' own plannings saw all that was in flight before this one
        wanted = [self._wanted.get(key, phones) for key, phones in waiting.items()]
        every, along = np.concatenate([_NONE, *wanted]), np.sort(np.concatenate([_NONE, *self._taken_along]))
        is_gone = self._allocation.is_bought(every, self._recorded) | (codec.positions(every, along) >= 0)
        of_each = np.split(is_gone, np.cumsum([len(each) for each in wanted])[:-1])
        for (key, phones), each, gone in zip(waiting.items(), wanted, of_each if wanted else (), strict=True):
            if len(still := each[~gone]) < len(phones):
                tx.keep_waiting(key, still)
                tx.request_planning(key)


def lacks_purpose(ws: Workspace, list_key: str) -> bool:
    """True where nothing may be bought for a list, because a purpose is required and it has none."""
    known = ws.ledger.find_list(list_key) if ws.settings.require_purpose else None
    return known is not None and not known.purpose


def balanced_sizes(count: int, *, most: int, fewest: int) -> list[int]:
    """Chunk sizes for `count` phones: at most `most`, at least `fewest`, as equal as possible; what fills no chunk waits."""
    chunk_count = -(-count // most)
    if chunk_count and count // chunk_count < fewest:
        chunk_count = count // fewest
        count = min(count, chunk_count * most)
    return [count // chunk_count + (place < count % chunk_count) for place in range(chunk_count)]


def _cut(stretches: Sequence[Part], start: int, stop: int) -> list[Part]:
    """The phones from `start` to `stop` of the stretches laid end to end."""
    cut, offset = [], 0
    for each in stretches:
        cut.append(Part(each.list_key, each.phones[max(0, start - offset) : max(0, stop - offset)]))
        offset += len(each.phones)
    return [each for each in cut if len(each.phones)]
