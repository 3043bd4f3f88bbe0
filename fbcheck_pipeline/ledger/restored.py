"""What a restored ledger does not know: what was submitted after its backup was made.

Nothing is bought until a person says since when submissions are unknown. From then on nothing that may be among them is bought by
itself: chunks that were planned are unconfirmed, and a list that would buy anything is held until a person confirms it; a list that
came later only for as long as a verdict of the unknown time would be reused.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa

from fbcheck_pipeline.errors import OperatorError
from fbcheck_pipeline.ledger.access import Access
from fbcheck_pipeline.ledger.moves import move
from fbcheck_pipeline.ledger.schema import chunks, ledger_meta, lists
from fbcheck_pipeline.ledger.states import ChunkState

HELD = (
    "these data were restored from a backup, and nothing is bought until you say from which day on submissions are not known "
    "here: `fbcheck restore --resume DAY`"
)
UNKNOWN = "phones of it may have been submitted in a time that the restored ledger does not know"
"""With these words begins why a list is held."""
DAY_S = 86_400.0
_UNKNOWN_TIME = sa.select(ledger_meta.c.unknown_from, ledger_meta.c.restored_at)


@dataclass(frozen=True, slots=True)
class UnknownTime:
    """Times in UTC seconds: submissions from the one until the other are not known here; both null where all are known."""

    unknown_from: float | None
    restored_at: float | None


class Restored(Access):
    """The unknown time, and a person's word about it."""

    def why_nothing_is_bought(self) -> str | None:
        """A sentence with its remedy while nobody has said since when submissions are unknown; else None."""
        with self.database.reading() as connection:
            return HELD if is_held(connection) else None

    def unknown_time(self) -> UnknownTime:
        """What nobody knows of submissions."""
        with self.database.reading() as connection:
            return unknown_time(connection)

    def end_restoring(self) -> None:
        """Let the ledger be opened: its data are restored whole."""
        with self._write() as connection:
            connection.execute(sa.update(ledger_meta).values(is_restoring=False))

    def is_unsure(self, list_key: str, verdict_days: float) -> bool:
        """True where phones of a list may have been submitted in the unknown time, and nobody confirmed it since."""
        with self.database.reading() as connection:
            return why_unknown(connection, list_key, now=self.clock(), verdict_days=verdict_days) is not None

    def resume(self, unknown_from: float) -> list[str]:
        """Record since when submissions are unknown (UTC seconds), and let go on what cannot be among them.

        Where that is later than the restore, all are known; what an earlier word held goes on, too, save unconfirmed chunks.

        Returns:
            Keys of the chunks that are unconfirmed by it.

        Raises:
            OperatorError: nothing was restored.
        """
        now, unconfirmed = self.clock(), list[str]()
        with self._write() as connection:
            before = unknown_time(connection)
            if before.restored_at is None:
                raise OperatorError(
                    "these data were not restored from a backup, or you have said that all is known; nothing is held"
                )
            if unknown_from > before.restored_at:
                connection.execute(sa.update(ledger_meta).values(restored_at=None, unknown_from=None))
                released = {"held": None, "needs_planning": True}
                connection.execute(sa.update(lists).where(lists.c.held.startswith(UNKNOWN)).values(released))
                return []
            connection.execute(sa.update(ledger_meta).values(unknown_from=unknown_from))
            if before.unknown_from is not None:  # what is planned since then is known
                return []
            planned = sa.select(chunks.c.chunk_key).where(chunks.c.state == ChunkState.PLANNED).order_by(chunks.c.chunk_key)
            perhaps: dict[str, object] = {
                "first_sent_at": sa.func.coalesce(chunks.c.first_sent_at, chunks.c.planned_at),
                "last_sent_at": before.restored_at,
                "note": f"it was planned, and {_described(unknown_from, before.restored_at)}",
            }
            for chunk_key in connection.scalars(planned).all():
                move(connection, chunk_key, ChunkState.PLANNED, ChunkState.UNCONFIRMED, perhaps, now=now)
                unconfirmed.append(chunk_key)
        return unconfirmed


def is_held(connection: sa.Connection) -> bool:
    """True while nothing may be bought at all."""
    now = unknown_time(connection)
    return now.restored_at is not None and now.unknown_from is None


def unknown_time(connection: sa.Connection) -> UnknownTime:
    """What nobody knows of submissions."""
    row = connection.execute(_UNKNOWN_TIME).one()
    return UnknownTime(row.unknown_from, row.restored_at)


def why_unknown(connection: sa.Connection, list_key: str, *, now: float, verdict_days: float) -> str | None:
    """Why phones of a list may have been submitted in the unknown time; None where that cannot be, or a person confirmed the list since.

    For a list that came after the restore it matters only while a verdict of the unknown time would be reused.
    """
    time = unknown_time(connection)
    if time.restored_at is None or time.unknown_from is None:
        return None
    known = connection.execute(sa.select(lists.c.added_at, lists.c.confirmed_at).where(lists.c.list_key == list_key)).one()
    is_past = known.added_at > time.restored_at and now > time.restored_at + max(1.0, verdict_days) * DAY_S
    if is_past or (known.confirmed_at is not None and known.confirmed_at > time.restored_at):
        return None
    return f"{UNKNOWN}: {_described(time.unknown_from, time.restored_at)}"


def _described(begin: float, end: float) -> str:
    first, last = (datetime.fromtimestamp(each, UTC) for each in (begin, end))
    return f"what was submitted from {first:%Y-%m-%d} until {last:%Y-%m-%d %H:%M} UTC is not known here"
