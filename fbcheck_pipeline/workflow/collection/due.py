"""What is to be done next, read from the ledger's state alone: the sensors, the schedule and `fbcheck run` all ask here."""

from __future__ import annotations

from dataclasses import dataclass

from fbcheck_pipeline.ledger import Ledger


@dataclass(frozen=True)
class DueWork:
    """What is ready.

    Attributes:
        collect: (chunk key, fetches) of results that lie ready.
        joins, sends: (list key, revision) of lists to join, to send.
    """

    collect: tuple[tuple[str, int], ...]
    joins: tuple[tuple[str, int], ...]
    sends: tuple[tuple[str, int], ...]

    def __bool__(self) -> bool:
        return bool(self.collect or self.joins or self.sends)


def due_work(ledger: Ledger) -> DueWork:
    """Everything that may be done now without waiting for the vendor."""
    return DueWork(
        collect=tuple((each.chunk_key, each.fetches) for each in ledger.due_for_fetch()),
        joins=tuple((each.list_key, each.revision) for each in ledger.lists_to_join()),
        sends=tuple((each.list_key, each.revision) for each in ledger.lists_to_send()),
    )
