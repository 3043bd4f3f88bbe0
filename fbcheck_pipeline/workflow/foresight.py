"""What the next run of lists would submit: the run's own planning and sending, up to the POST, on a ledger that forgets it.

Writes no file and contacts nobody.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from fbcheck_pipeline.ledger.codec import Phones
from fbcheck_pipeline.workflow.allocation import Again
from fbcheck_pipeline.workflow.pins import Pins
from fbcheck_pipeline.workflow.plan import plan_list
from fbcheck_pipeline.workflow.send import begin_sending, chunks_to_send
from fbcheck_pipeline.workflow.workspace import Workspace


@dataclass(frozen=True)
class Rehearsed:
    """The pins that a list would have, and the chunks that its run would submit: key -> phones."""

    pins: Pins
    chunks: dict[str, int]


@contextmanager
def rehearsing(ws: Workspace) -> Iterator[Workspace]:
    """The workspace with a ledger that forgets in the end what was recorded there; meanwhile nobody else writes to the ledger."""
    with ws.ledger.rehearsing() as ledger:
        yield replace(ws, ledger=ledger)


def rehearse_list(ws: Workspace, list_key: str, phones: Phones, *, again: Again = Again.NOBODY) -> Rehearsed:
    """What a run of a registered list would do if the vendor accepted everything; `ws` is of `rehearsing`."""
    pins = plan_list(ws, list_key, phones, again=again)
    chunks = {}
    with ws.ledger.sender() as sender:
        for chunk_key in chunks_to_send(ws, list_key):
            if begin_sending(ws, chunk_key, sender, keep=lambda _: None) is not None:
                chunks[chunk_key] = ws.ledger.chunk(chunk_key).phone_count
    return Rehearsed(pins, chunks)
