"""Which settled try binds a phone, or none, is what a walk over its tries says, phone by phone."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fbcheck_pipeline.ledger.codec import Phones
from fbcheck_pipeline.model.statuses import AnsweredBy
from fbcheck_pipeline.workflow.buying.allocation import Again, PhoneAllocation
from fbcheck_pipeline.workflow.index.index_upkeep import update_index
from fbcheck_pipeline.workflow.index.phone_history import EVERY_TRY
from fbcheck_pipeline.workflow.index.phone_lookup import PhoneLookup
from fbcheck_pipeline.workflow.workspace import Workspace
from tests.conftest import DAY_S, Clock, phones
from tests.unit.workflow.past_chunks import Past, PastChunks

SOME = phones(4)
MAX_TRIES = 3
number = itertools.count()

subsets = st.sets(st.sampled_from(SOME.tolist())).map(lambda chosen: np.array(sorted(chosen), np.int64))
outcomes = st.sampled_from(["collected", "collected", "withdrawn", "abandoned"])
nights = st.lists(st.tuples(outcomes, subsets.filter(len), subsets, st.integers(0, 2), st.booleans()), min_size=1, max_size=6)


@pytest.fixture
def ws(open_ws: Callable[..., Workspace]) -> Workspace:
    return open_ws(max_tries=MAX_TRIES)


def live(past: PastChunks, outcome: str, sent: Phones, answered: Phones, resubmissions: int) -> None:
    """One chunk, until it settles."""
    if outcome == "withdrawn":
        past.withdrawn(sent, max(1, resubmissions))
    elif outcome == "abandoned":
        past.abandon(past.exported(sent, resubmissions))
    else:
        past.collect(past.exported(sent, resubmissions), np.intersect1d(sent, answered))


def binding(known: list[Past], phone: int, again: Again, today: int) -> str | None:
    """The chunk that binds a phone."""
    answered_at = max((each.exported_at for each in known if phone in each.answered), default=-np.inf)
    tries, last = 0, None
    for each in sorted(known, key=lambda each: each.settled_at):
        if phone in each.phones and phone not in each.answered and each.settled_at >= answered_at:
            tries += each.resubmissions + (each.state != "withdrawn")
            if each.state != "withdrawn" or tries >= MAX_TRIES:
                last = each
    if last is None or again is Again.PERSON:
        return None
    is_the_nights = again is Again.NIGHT and last.state == "collected" and last.settled_at // DAY_S < today
    return None if is_the_nights and tries < MAX_TRIES else last.key


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(nights, st.sampled_from(Again), st.booleans())
def test_a_phone_is_bound_by_its_last_try_since_its_last_verdict(
    ws: Workspace, clock: Clock, history: list[tuple[str, Phones, Phones, int, bool]], again: Again, is_indexed: bool
) -> None:
    """Sent too often it is billed for nothing; too seldom, its answer is never had."""
    past, shift = PastChunks(ws, clock), 100 * next(number)
    for outcome, sent, answered, resubmissions, is_last_of_day in history:
        live(past, outcome, sent + shift, answered + shift, resubmissions)
        clock.advance(DAY_S * is_last_of_day)
    if is_indexed:
        update_index(ws, max_loose=0)
    asked = SOME + shift
    allocation = PhoneAllocation(ws, "new", asked, again)
    today = datetime.fromtimestamp(clock.now, UTC).date().isoformat()
    allocation.respect_settled_tries(PhoneLookup(ws, asked, EVERY_TRY), today)
    pins = allocation.pins()
    found = [pins.pins[pin].chunk_key if pin >= 0 else None for pin in pins.index.tolist()]
    assert found == [binding(past.known, phone, again, int(clock.now // DAY_S)) for phone in asked.tolist()]
    assert {each.answered_by for each in pins.pins} <= {AnsweredBy.EARLIER_TRY}
