"""What a join needs of the ledger before it reads, and what the ledger is told after it has written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pyarrow as pa

from fbcheck_pipeline.ledger.records import PhoneList
from fbcheck_pipeline.workflow.answers import Resolved, resolve
from fbcheck_pipeline.workflow.buying.pins import pins_from
from fbcheck_pipeline.workflow.workspace import Workspace


@dataclass(frozen=True)
class Join:
    """A list as one join sees it: the ledger's entry, read before the answers, and what is known of each phone."""

    phone_list: PhoneList
    resolved: Resolved


def begin_join(ws: Workspace, list_key: str, submitted_chunks: Iterable[pa.RecordBatch]) -> Join:
    """Follow a list's pins.

    Args:
        submitted_chunks: batches of the pins as they were written.

    Raises:
        OperatorError: the list is unknown.
    """
    phone_list = ws.ledger.phone_list(list_key)  # before the answers: what comes in between makes the join stale
    return Join(phone_list, resolve(ws, list_key, pins_from(submitted_chunks)))


def finish_join(ws: Workspace, join: Join, *, counts: Mapping[str, int], is_complete: bool) -> None:
    """Record the join once its files stand: the list is due again only when it changes."""
    list_key, revision = join.phone_list.list_key, join.phone_list.revision
    ws.ledger.note_joined(list_key, revision=revision, counts=counts, is_complete=is_complete)
