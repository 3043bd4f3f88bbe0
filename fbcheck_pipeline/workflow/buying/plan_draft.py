"""One planning of a list, made ready outside the transaction that records it: looked up, allocated, cut, packed and hashed.

A draft knows up to which change of the ledger it is right. Inside the transaction only later changes are looked at.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from fbcheck_pipeline.ledger import codec
from fbcheck_pipeline.ledger.codec import Phones
from fbcheck_pipeline.ledger.planning import NewChunk, Planning, Version
from fbcheck_pipeline.ledger.records import Part
from fbcheck_pipeline.model.statuses import AnsweredBy
from fbcheck_pipeline.workflow.buying.allocation import Again, PhoneAllocation, young_verdicts
from fbcheck_pipeline.workflow.buying.budget import Terms, terms_of
from fbcheck_pipeline.workflow.buying.pins import Pin, Pins, read_pins
from fbcheck_pipeline.workflow.index.phone_history import Places, TryRule
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
        _left: places of the list's phones that nothing answers or holds, and that are not recorded yet.
        _new: what is to be recorded yet; `_drawn_for` the terms on which it may be.
    """

    _version: Version
    _pool: dict[str, Phones]
    _newcomers: dict[str, Phones]
    _is_suppressed_in_pool: npt.NDArray[np.bool_]
    _lookups: tuple[PhoneLookup, PhoneLookup]  # of the list's phones, and of the pool's
    _allocation: PhoneAllocation
    _wanted: dict[str, Phones]
    _offers: dict[str, Phones]
    _left: Places
    _drawn_for: Terms
    _new: list[NewChunk]
    _still_waiting: dict[str, Phones]

    def __init__(self, ws: Workspace, list_key: str, phones: Phones, again: Again) -> None:
        self._ws, self._key, self._phones, self._again = ws, list_key, phones, again
        self._earlier = read_pins(ws.storage, list_key)
        self._rule = TryRule.of(ws, list_key, frozenset() if self._earlier is None else self._earlier.binding_tries)
        self._recorded, self._planned_at = list[NewChunk](), 0.0
        self._look()

    @property
    def is_recorded(self) -> bool:
        """True when nothing of it is left to be recorded."""
        return not self._new

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
        """Look up what changed, and draw it anew."""
        with self._ws.ledger.looking() as tx:
            now, waiting = tx.version(), tx.waiting()
        if now.generation != self._version.generation:
            self._look()
            return
        note_all(self._ws, self._lookups, self._ws.ledger.changed_since(self._version.changes))
        self._see_who_waits(waiting)
        self._version = now
        with self._ws.ledger.looking() as tx:
            self._draw(tx, self._kept())

    def record(self, tx: Planning) -> None:
        """Record it, or of very many chunks the next ones; what is reserved for the others counts as planned."""
        step, self._new = self._new[:MOST_AT_ONCE], self._new[MOST_AT_ONCE:]
        tx.add_chunks(step)
        self._version = replace(self._version, changes=self._version.changes + len(step))
        self._recorded += step
        for chunk in step:
            own = self._own_count([chunk])
            self._allocation.assign(self._left[:own], Pin(AnsweredBy.CHUNK, chunk.chunk_key))
            self._left = self._left[own:]
        is_over, held, waits = self._drawn_for.is_over_budget, self._drawn_for.held, _NONE
        if self.is_recorded:
            waits = _NONE if is_over or held else self._phones[self._left]
            self._allocation.assign(self._left, Pin(AnsweredBy.OVER_BUDGET if is_over else AnsweredBy.WAITING))
            self._release_waiting(tx)
            self._warn_of_what_never_fits()
        tx.keep_waiting(self._key, waits)
        tx.depend(self._key, [each.chunk_key for each in self._allocation.used_pins() if each.chunk_key])
        tx.mark_planned(self._key, is_over_budget=is_over, reserved=self._own_count(self._new), held=held)
        self._planned_at = tx.now

    def hold_what_was_recorded(self) -> None:
        """Know of the chunks that were recorded that they hold their phones; the next ones are still to be recorded."""
        for chunk in self._recorded[-MOST_AT_ONCE:]:
            for lookup in self._lookups:
                lookup.hold(chunk.chunk_key, np.concatenate([each.phones for each in chunk.parts]))

    def _look(self) -> None:
        """Look everything up from the beginning."""
        with self._ws.ledger.looking() as tx:  # before all else: what changes later is found by it
            self._version, self._pool = tx.version(), tx.waiting()
        self._pool.pop(self._key, None)
        self._suppressed = self._ws.ledger.suppressed_among(self._phones)
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
        allocation.assign_where(self._suppressed, AnsweredBy.SUPPRESSED)
        return allocation

    def _draw(self, tx: Planning, kept: PhoneAllocation) -> None:
        """Allocate all phones by what is known now, and prepare what is bought; `kept` has what is answered for good."""
        of_list, of_pool = self._lookups
        self._allocation = kept
        self._allocation.use_verdicts(of_list)
        self._allocation.use_chunks_in_flight(of_list)
        self._allocation.respect_settled_tries(of_list, tx.day)
        self._left = np.flatnonzero(self._allocation.unassigned())
        is_reused = young_verdicts(self._ws, of_pool) >= 0
        is_wanted = ~(is_reused | of_pool.is_held() | self._is_suppressed_in_pool)
        wanted, own = of_pool.phones[is_wanted], self._phones[self._left]
        self._wanted = {key: phones[codec.positions(phones, wanted) >= 0] for key, phones in self._pool.items()}
        self._offers = {
            key: codec.without(phones, own) for key, phones in self._wanted.items() if not lacks_purpose(self._ws, key)
        }
        self._prepare(self._terms(tx))

    def _prepare(self, terms: Terms) -> None:
        """Cut what is bought on these terms into chunks; the list's own phones come first."""
        self._drawn_for = terms
        stretches, settings = list[Part](), self._ws.settings
        if not (terms.is_over_budget or terms.held):
            stretches.append(Part(self._key, self._phones[self._left]))
            for key in terms.others:
                others = np.sort(np.concatenate([_NONE, *(each.phones for each in stretches[1:])]))
                stretches.append(Part(key, codec.without(self._offers[key], others)))
        sizes = balanced_sizes(
            sum(len(each.phones) for each in stretches), most=settings.chunk_size, fewest=settings.smallest_chunk
        )
        ends = np.cumsum([0, *sizes]).tolist()
        self._new = [NewChunk.of(_cut(stretches, start, stop)) for start, stop in pairwise(ends)]
        bought = _phones_of(self._new)
        self._still_waiting = {key: codec.without(phones, bought) for key, phones in self._wanted.items()}

    def _terms(self, tx: Planning) -> Terms:
        return terms_of(self._ws, tx, self._key, len(self._left), self._offers, self._again)

    def _warn_of_what_never_fits(self) -> None:
        most = self._ws.settings.max_billable_per_day
        if self._drawn_for.is_over_budget and most is not None and len(self._left) > most:
            log.warning(
                "the %d new phones of list %s never fit into FBCHECK_MAX_BILLABLE_PER_DAY=%d; raise it, or split the list",
                len(self._left),
                self._key,
                most,
            )

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
        still = dict(self._still_waiting)
        if self._newcomers:  # their own plannings saw all that was in flight before this one
            bought = _phones_of(self._recorded)
            still |= {key: codec.without(phones, bought) for key, phones in self._newcomers.items()}
        for key, phones in {**self._pool, **self._newcomers}.items():
            if len(still[key]) < len(phones):
                tx.keep_waiting(key, still[key])
                tx.request_planning(key)

    def _own_count(self, chunks: Sequence[NewChunk]) -> int:
        return sum(len(part.phones) for chunk in chunks for part in chunk.parts if part.list_key == self._key)


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


def _phones_of(chunks: Sequence[NewChunk]) -> Phones:
    """The phones of some chunks, sorted."""
    return np.sort(np.concatenate([_NONE, *(part.phones for chunk in chunks for part in chunk.parts)]))
