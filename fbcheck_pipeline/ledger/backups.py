"""Where backups lie, who makes one now, and which opt-outs and erasures each has been told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from fbcheck_pipeline.errors import OperatorError
from fbcheck_pipeline.ledger.access import Access
from fbcheck_pipeline.ledger.schema import backups, erased_phones, erasures, ledger_meta

CLOCKS_DIFFER_S = 86_400.0


class Backups(Access):
    """The targets of backups, by their address."""

    @contextmanager
    def backing_up(self, target: str) -> Iterator[str]:
        """The one backup that is made there now; yields its writer. From now on the target is told of opt-outs and erasures.

        Raises:
            OperatorError: another one is being made there.
        """
        with self.database.liveness.sender() as writer:
            with self._write() as connection:
                known = connection.execute(sa.select(backups.c.writer).where(backups.c.target == target)).one_or_none()
                if known is None:
                    connection.execute(sa.insert(backups).values(target=target))
                elif known.writer is not None and self.database.liveness.living([known.writer]):
                    raise OperatorError(f"another backup to {target} is being made now; let it end")
                connection.execute(sa.update(backups).where(backups.c.target == target).values(writer=writer))
            try:
                yield writer
            finally:
                with self._write() as connection:
                    ours = (backups.c.target == target, backups.c.writer == writer)
                    connection.execute(sa.update(backups).where(*ours).values(writer=None))

    @contextmanager
    def publishing_backup(self, target: str, writer: str, *, made_at: float, told: int) -> Iterator[None]:
        """A backup is named in its target meanwhile, and recorded in the end; what every backup lacks by then need not be told any more.

        Args:
            told: the last import of opt-outs that it has.

        Raises:
            OperatorError: its writer was taken for gone.
        """
        with self._write() as connection:
            update = sa.update(backups).where(backups.c.target == target, backups.c.writer == writer)
            if not connection.execute(update.values(made_at=made_at)).rowcount:
                raise OperatorError(f"another backup to {target} took the place of this one; let it end")
            yield
            _note_told(connection, target, told)
            oldest = connection.execute(sa.select(sa.func.min(sa.func.coalesce(backups.c.made_at, 0)))).scalar_one()
            connection.execute(sa.delete(erased_phones).where(erased_phones.c.asked_at < oldest - CLOCKS_DIFFER_S))

    def backup_targets(self) -> list[str]:
        """Where backups lie."""
        return [row.target for row in self._rows(sa.select(backups.c.target).order_by(backups.c.target))]

    def untold_backups(self) -> list[str]:
        """Those that lack opt-outs or erasures."""
        imported = sa.select(ledger_meta.c.suppressions).scalar_subquery()
        return [row.target for row in self._rows(sa.select(backups.c.target).where(backups.c.told < imported))]

    def note_told(self, target: str, told: int) -> None:
        """Record up to which import of opt-outs a backup has these, and the erasures until then."""
        with self._write() as connection:
            _note_told(connection, target, told)

    def forget_backup(self, target: str) -> bool:
        """Tell a target no more; False where it is none."""
        with self._write() as connection:
            return bool(connection.execute(sa.delete(backups).where(backups.c.target == target)).rowcount)

    def digests_to_erase(self) -> list[int]:
        """Keyed hashes of phones that were erased, or are being erased: a backup may still hold them."""
        both = sa.union(sa.select(erased_phones.c.digest), sa.select(erasures.c.digest))
        with self.database.reading() as connection:
            return list(connection.scalars(both))


def _note_told(connection: sa.Connection, target: str, told: int) -> None:
    connection.execute(sa.update(backups).where(backups.c.target == target, backups.c.told < told).values(told=told))
