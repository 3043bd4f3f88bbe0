"""Which phones of a list are bought, and what answers the others.

The verdict look-up is done first; then one exclusive transaction checks what is in flight, reserves budget and inserts
chunks. If a verdict is collected or another planning commits in between, the look-up is repeated, so that each phone is seen as
answered or as in flight.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from fbcheck_pipeline.errors import OperatorError
from fbcheck_pipeline.ledger.codec import Phones
from fbcheck_pipeline.ledger.planning import Planning
from fbcheck_pipeline.ledger.records import Part
from fbcheck_pipeline.model.statuses import AnsweredBy
from fbcheck_pipeline.workflow.allocation import Again, PhoneAllocation, is_young, without
from fbcheck_pipeline.workflow.phone_history import history_of
from fbcheck_pipeline.workflow.pins import Pin, Pins, read_pins
from fbcheck_pipeline.workflow.workspace import Workspace

log = logging.getLogger(__name__)


def plan_list(ws: Workspace, list_key: str, phones: Phones, *, again: Again) -> Pins:
    """Plan a list once more; what is already answered stays as it is.

    Args:
        phones: sorted distinct phones of the list.

    Returns:
        The pins of all its phones; chunks for the new ones stand planned in the ledger.

    Raises:
        OperatorError: a purpose is required and the list has none.
    """
    if _lacks_purpose(ws, list_key):
        file = ws.ledger.phone_list(list_key).file
        raise OperatorError(f"{file} has no purpose, and FBCHECK_REQUIRE_PURPOSE asks for one: run it with --purpose TEXT")
    earlier = read_pins(ws.storage, list_key)
    suppressed = ws.ledger.suppressed_among(phones)
    while True:
        with ws.ledger.planning() as tx:
            version, pool = tx.version(), tx.waiting()
        pool.pop(list_key, None)
        allocation = PhoneAllocation(ws, list_key, phones, again)
        allocation.keep_answered(earlier)
        allocation.assign_where(suppressed, AnsweredBy.SUPPRESSED)
        allocation.use_verdicts()
        free = {key: _still_wanted(ws, each) for key, each in pool.items()}
        with ws.ledger.planning() as tx:
            if tx.version() != version:
                continue
            held = allocation.use_chunks_in_flight(tx)
            allocation.respect_settled_tries(tx)
            is_over = _is_over_budget(ws, tx, allocation, again)
            bought = _buy(ws, tx, allocation, {key: without(each, held) for key, each in free.items()}, is_over=is_over)
            if pool:
                _release_waiting(tx, pool, np.sort(np.concatenate([held, *bought])), free)
            tx.depend(list_key, [each.chunk_key for each in allocation.used_pins() if each.chunk_key])
            tx.mark_planned(list_key, is_over_budget=is_over)
            tx.finish()
        return replace(allocation.pins(), planned_at=tx.now)


def wants_planning(ws: Workspace, list_key: str) -> bool:
    """True where a list's own sending took phones back that no limit forbids: those of its chunks that others may not buy, or that opted out."""
    found = ws.ledger.phone_list(list_key)
    return found.needs_planning and not found.is_over_budget and not found.is_complete


def planning_order(ws: Workspace, list_keys: Iterable[str]) -> Iterator[tuple[str, bool]]:
    """The lists of one run as they are planned: each, then once more those whose phones a later one took along, or lost to a limit.

    Yields:
        A list's key, and whether it is planned once more.
    """
    keys = list(dict.fromkeys(list_keys))
    yield from ((key, False) for key in keys)
    for key in keys:
        if wants_planning(ws, key):
            yield key, True


def _lacks_purpose(ws: Workspace, list_key: str) -> bool:
    known = ws.ledger.find_list(list_key)
    return ws.settings.require_purpose and known is not None and not known.purpose


def balanced_sizes(count: int, *, most: int, fewest: int) -> list[int]:
    """Chunk sizes for `count` phones: at most `most`, at least `fewest`, as equal as possible; what fills no chunk waits."""
    chunk_count = -(-count // most)
    if chunk_count and count // chunk_count < fewest:
        chunk_count = count // fewest
        count = min(count, chunk_count * most)
    return [count // chunk_count + (place < count % chunk_count) for place in range(chunk_count)]


def _is_over_budget(ws: Workspace, tx: Planning, allocation: PhoneAllocation, again: Again) -> bool:
    """True when a limit forbids to buy what is left of a list.

    It stays so until a `run` of the list or the night plans it again: else two processes with unequal limits would undo each
    other's plans for ever.
    """
    own, key = int(np.count_nonzero(allocation.unassigned())), allocation.list_key
    if not own:
        return False
    if (most := ws.settings.max_billable_per_day) is not None and own > most:
        log.warning(
            "the %d new phones of list %s never fit into FBCHECK_MAX_BILLABLE_PER_DAY=%d; raise it, or split the list",
            own,
            key,
            most,
        )
    if again is not Again.NIGHT and tx.is_over_budget(key):
        return True
    return not _fits_list(ws, tx, key, own) or own > _room_today(ws, tx)


def _fits_list(ws: Workspace, tx: Planning, list_key: str, count: int) -> bool:
    limit = tx.limit_of(list_key, ws.settings.max_billable)
    return limit is None or tx.bought_for(list_key) + count <= limit


def _room_today(ws: Workspace, tx: Planning) -> float:
    """Phones that today's budget still allows."""
    limit = ws.settings.max_billable_per_day
    return np.inf if limit is None else limit - tx.bought_today()


def _buy(ws: Workspace, tx: Planning, allocation: PhoneAllocation, pool: dict[str, Phones], *, is_over: bool) -> list[Phones]:
    """Turn what is left into chunks, with what waits for other lists, within the limits; returns what was bought."""
    settings, own = ws.settings, allocation.phones[allocation.unassigned()]
    tx.keep_waiting(allocation.list_key, np.empty(0, np.int64))
    if is_over:
        allocation.assign_where(allocation.unassigned(), AnsweredBy.OVER_BUDGET)
        return []
    room = _room_today(ws, tx)
    stretches = [Part(allocation.list_key, own)]
    for key, phones in pool.items():
        if _lacks_purpose(ws, key):
            continue
        phones = without(phones, np.sort(np.concatenate([each.phones for each in stretches])))
        fits_today = sum(len(each.phones) for each in stretches) + len(phones) <= room
        if fits_today and _fits_list(ws, tx, key, len(phones)):
            stretches.append(Part(key, phones))
    bought, start = list[Phones](), 0
    for size in balanced_sizes(
        sum(len(each.phones) for each in stretches), most=settings.chunk_size, fewest=settings.smallest_chunk
    ):
        chunk = _cut(stretches, start, start + size)
        key = tx.add_chunk(chunk)
        for each in chunk:
            bought.append(each.phones)
            if each.list_key == allocation.list_key:
                allocation.assign(allocation.places(each.phones), Pin(AnsweredBy.CHUNK, key))
        start += size
    tx.keep_waiting(allocation.list_key, allocation.phones[allocation.unassigned()])
    allocation.assign_where(allocation.unassigned(), AnsweredBy.WAITING)
    return bought


def _release_waiting(tx: Planning, waiting: dict[str, Phones], in_flight: Phones, free: dict[str, Phones]) -> None:
    """Remove phones that are now answered or in flight from other lists' waiting phones, and mark those lists for planning."""
    for key, phones in waiting.items():
        still = without(free[key], in_flight)
        if len(still) < len(phones):
            tx.keep_waiting(key, still)
            tx.request_planning(key)


def _cut(stretches: list[Part], start: int, stop: int) -> list[Part]:
    """The phones from `start` to `stop` of the stretches laid end to end."""
    cut, offset = [], 0
    for each in stretches:
        cut.append(Part(each.list_key, each.phones[max(0, start - offset) : max(0, stop - offset)]))
        offset += len(each.phones)
    return [each for each in cut if len(each.phones)]


def _still_wanted(ws: Workspace, phones: Phones) -> Phones:
    """Waiting phones that meanwhile got neither a verdict to be reused nor were suppressed."""
    history = history_of(ws, phones)
    ages_ok = np.array([is_young(ws, task) for task in history.tasks], bool)
    answered = np.append(ages_ok, False)[history.verdict]
    return phones[~answered & ~ws.ledger.suppressed_among(phones)]
