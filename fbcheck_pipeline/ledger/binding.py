"""Which verdicts lie together in volumes, and which volumes are published."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import sqlalchemy as sa

from fbcheck_pipeline.ledger.access import Access, batched
from fbcheck_pipeline.ledger.indexing import doom, is_being_written
from fbcheck_pipeline.ledger.records import StoredTask, VerdictPlace, Volume
from fbcheck_pipeline.ledger.schema import chunks, doomed_files, ledger_meta, volumes
from fbcheck_pipeline.ledger.states import FINAL_STATES, ChunkState

_PLACE = [chunks.c[name] for name in VerdictPlace.__dataclass_fields__]
_ANSWERS = sa.and_(
    chunks.c.result_sha256.is_not(None),
    chunks.c.task_id.is_not(None),
    chunks.c.unanswered_count < chunks.c.phone_count,  # else nothing would tell that a volume lacks it
)
_IS_FINAL = sa.and_(chunks.c.state.in_(FINAL_STATES), _ANSWERS)
_IS_KEPT = sa.and_(chunks.c.state != ChunkState.PURGED, _ANSWERS)


class _Overtaken(Exception):
    """Some of the verdicts lie elsewhere by now, or the file is no more."""


class Binding(Access):
    """Volumes of verdicts, as far as the ledger knows them."""

    def volumes(self) -> list[Volume]:
        """All that are published, the largest first."""
        return self._records(Volume, sa.select(volumes).order_by(volumes.c.row_count.desc(), volumes.c.key))

    def unbound(self, most: int) -> list[VerdictPlace]:
        """Verdicts that change no more and lie in files of their own: those that changed first, of some `most` phones."""
        query = sa.select(*_PLACE).where(chunks.c.volume.is_(None), _IS_FINAL).order_by(chunks.c.change)
        found, count = list[VerdictPlace](), 0
        for each in self._records(VerdictPlace, query):
            count += each.phone_count
            if count > most:
                break
            found.append(each)
        return found

    def bound_in(self, keys: Sequence[str]) -> list[VerdictPlace]:
        """Verdicts in these volumes, without purged ones."""
        return self._records(VerdictPlace, sa.select(*_PLACE).where(chunks.c.volume.in_(keys), _IS_FINAL))

    def stored_tasks(self) -> list[StoredTask]:
        """Every task of which a usable verdict is kept, by the file that these lie in."""
        columns = [chunks.c[name] for name in StoredTask.__dataclass_fields__]
        return self._records(StoredTask, sa.select(*columns).where(_IS_KEPT).order_by(chunks.c.volume, chunks.c.task_id))

    def count_stored(self, after: int) -> int:
        """How many usable verdicts are kept of tasks that changed last after a number."""
        count = sa.func.coalesce(sa.func.sum(chunks.c.phone_count - chunks.c.unanswered_count), 0)
        return self._number(sa.select(count).where(chunks.c.change > after, _IS_KEPT))

    def unbind(self, chunk_key: str, volume: str) -> None:
        """Record that a chunk's verdicts lie in a file of their own again: the volume lacks them."""
        with self._write() as connection:
            known = sa.and_(chunks.c.chunk_key == chunk_key, chunks.c.volume == volume)
            connection.execute(sa.update(chunks).where(known).values(volume=None))

    def volumes_with_purged(self) -> list[Volume]:
        """Published volumes that hold verdicts of purged chunks."""
        purged = sa.select(chunks.c.volume).where(chunks.c.state == ChunkState.PURGED, chunks.c.volume.is_not(None))
        return self._records(Volume, sa.select(volumes).where(volumes.c.key.in_(purged)))

    def publish_volume(
        self,
        volume: Volume,
        verdicts: Sequence[VerdictPlace],
        *,
        file: str,
        instead_of: Sequence[Volume],
        replaced: Sequence[str],
        generation: int,
    ) -> bool:
        """Publish a file that was begun as the one place of these verdicts; one without rows only replaces.

        Args:
            file: its name; doomed where it is not published, or empty.
            replaced: files that are to be deleted then.

        Returns:
            False when some of the verdicts lie elsewhere by now, something was deleted since `generation`, or its writer was
            taken for gone.
        """
        old = chunks.c.volume.in_([each.key for each in instead_of]) if instead_of else chunks.c.volume.is_(None)
        try:
            with self._write() as connection:
                if connection.scalar(sa.select(ledger_meta.c.generation)) != generation:
                    raise _Overtaken
                for some in batched(each.chunk_key for each in verdicts):
                    update = sa.update(chunks).where(chunks.c.chunk_key.in_(some), old, _IS_FINAL)
                    if connection.execute(update.values(volume=volume.key)).rowcount != len(some):
                        raise _Overtaken
                gone = volumes.c.key.in_([each.key for each in instead_of])
                if connection.execute(sa.delete(volumes).where(gone)).rowcount != len(instead_of):
                    raise _Overtaken
                if connection.execute(sa.delete(doomed_files).where(is_being_written(file))).rowcount != 1:
                    raise _Overtaken
                if volume.row_count:
                    connection.execute(sa.insert(volumes).values(**asdict(volume)))
                doom(connection, [*replaced, *([] if volume.row_count else [file])])
                return True
        except _Overtaken:
            with self._write() as connection:
                connection.execute(sa.delete(doomed_files).where(doomed_files.c.name == file))
                doom(connection, [file])
            return False
