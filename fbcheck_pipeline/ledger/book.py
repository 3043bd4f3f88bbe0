"""The ledger as one object, and the transaction in which chunks are planned."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from fbcheck_pipeline.ledger.backups import Backups
from fbcheck_pipeline.ledger.beginnings import Beginnings
from fbcheck_pipeline.ledger.binding import Binding
from fbcheck_pipeline.ledger.collecting import Collecting
from fbcheck_pipeline.ledger.erasing import Erasing
from fbcheck_pipeline.ledger.indexing import Indexing
from fbcheck_pipeline.ledger.list_entries import ListEntries
from fbcheck_pipeline.ledger.open_work import OpenWork
from fbcheck_pipeline.ledger.planning import Planning
from fbcheck_pipeline.ledger.restored import Restored
from fbcheck_pipeline.ledger.sending import Sending
from fbcheck_pipeline.ledger.sizes import Sizes
from fbcheck_pipeline.ledger.suppressing import Suppressing
from fbcheck_pipeline.ledger.vitals import Vitals


class Ledger(
    ListEntries,
    Beginnings,
    OpenWork,
    Sending,
    Collecting,
    Indexing,
    Binding,
    Suppressing,
    Erasing,
    Sizes,
    Backups,
    Restored,
    Vitals,
):
    """One open ledger; safe to share between threads."""

    @contextmanager
    def rehearsing(self) -> Iterator[Ledger]:
        """The same ledger for trying out: all that is recorded there is forgotten in the end; meanwhile nobody else writes.

        What receipts hold is taken in there, as by any opening that may write.

        Raises:
            LedgerError: see `take_in_receipts`.
        """
        with self.database.rehearsing() as database:
            ledger = Ledger(database, self.clock)
            ledger.receipts = self.receipts.rehearsing()
            ledger.take_in_receipts(with_copies=True)
            yield ledger

    @contextmanager
    def looking(self) -> Iterator[Planning]:
        """What planning may ask, outside of its transaction: others may write meanwhile."""
        with self.database.reading() as connection:
            yield Planning(connection, self.clock())

    @contextmanager
    def planning(self) -> Iterator[Planning]:
        """The transaction in which chunks are added; nothing in the ledger moves meanwhile."""
        with self._write() as connection:
            yield Planning(connection, self.clock())
