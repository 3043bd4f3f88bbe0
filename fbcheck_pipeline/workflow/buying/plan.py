"""Which phones of a list are bought, and what answers the others.

All that takes time is done first, see `plan_draft`. One exclusive transaction then looks at what changed meanwhile, reserves budget
and inserts chunks. What changed is mostly nothing, and never depends on how much was done before: other writers wait for a moment.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fbcheck_pipeline.errors import OperatorError
from fbcheck_pipeline.ledger.codec import Phones
from fbcheck_pipeline.workflow.buying.allocation import Again
from fbcheck_pipeline.workflow.buying.pins import Pins
from fbcheck_pipeline.workflow.buying.plan_draft import PlanDraft, lacks_purpose
from fbcheck_pipeline.workflow.workspace import Workspace

MOST_RENEWALS = 3
"""So often a draft is made anew outside the transaction where others were faster; then what a few others did is met inside."""


def plan_list(ws: Workspace, list_key: str, phones: Phones, *, again: Again) -> Pins:
    """Plan a list once more; what is already answered stays as it is.

    A list of many chunks is recorded in several transactions; killed between them, it is planned again as far as it is not.

    Args:
        phones: sorted distinct phones of the list.

    Returns:
        The pins of all its phones; chunks for the new ones stand planned in the ledger.

    Raises:
        OperatorError: a purpose is required and the list has none; the list was purged meanwhile; or the ledger was restored, and nobody
            said since when submissions are unknown.
    """
    if (held := ws.ledger.why_nothing_is_bought()) is not None:
        raise OperatorError(held)
    if lacks_purpose(ws, list_key):
        file = ws.ledger.phone_list(list_key).file
        raise OperatorError(f"{file} has no purpose, and FBCHECK_REQUIRE_PURPOSE asks for one: run it with --purpose TEXT")
    draft, renewals = PlanDraft(ws, list_key, phones, again), 0
    while True:
        with ws.ledger.planning() as tx:
            is_current = draft.is_current(tx, may_redraw=renewals >= MOST_RENEWALS)
            if is_current:
                draft.record(tx)
        if not is_current:
            draft.renew()
            renewals += 1
        elif draft.is_recorded:
            return draft.pins()
        else:
            draft.go_on()


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
