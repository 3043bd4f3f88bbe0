"""What the next run of lists would submit: the run's own planning and sending, up to the POST, on a ledger that forgets it.

Writes no file and contacts nobody.
"""

from __future__ import annotations

from dataclasses import dataclass

from fbcheck_pipeline.workflow.buying.allocation import Again
from fbcheck_pipeline.workflow.buying.doubt import plan_or_hold
from fbcheck_pipeline.workflow.buying.pins import Pins
from fbcheck_pipeline.workflow.buying.plan import wants_planning
from fbcheck_pipeline.workflow.buying.send import rehearse_sending
from fbcheck_pipeline.workflow.content import ListContent
from fbcheck_pipeline.workflow.workspace import Workspace


@dataclass(frozen=True)
class Rehearsed:
    """The pins that a list would have, and the chunks that its run would submit: key -> phones."""

    pins: Pins
    chunks: dict[str, int]


def rehearse_list(
    ws: Workspace, list_key: str, content: ListContent, *, again: Again = Again.NOBODY, is_confirmed: bool = False
) -> Rehearsed:
    """What a run of a registered list would do if the vendor accepted everything; `ws` is of `rehearsing`."""
    pins = plan_or_hold(ws, list_key, content, again=again, is_confirmed=is_confirmed)
    chunks = rehearse_sending(ws, list_key)
    while wants_planning(ws, list_key):
        pins = plan_or_hold(ws, list_key, content, again=again, is_confirmed=is_confirmed)
        chunks |= rehearse_sending(ws, list_key)
    return Rehearsed(pins, chunks)
