"""Which files of the index are published, what of the ledger they do not tell yet, and which files are to be deleted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from fbcheck_pipeline.ledger.access import Access
from fbcheck_pipeline.ledger.many_keys import among, among_bound
from fbcheck_pipeline.ledger.records import LoadedChunk, Tier
from fbcheck_pipeline.ledger.schema import ERASED, LASTS, LOADED, chunk_phones, chunks, doomed_files, index_tiers, ledger_meta
from fbcheck_pipeline.ledger.states import MOVES, TRAITS, ChunkState, states_that

_MAY_HOLD_AGAIN = {from_ for from_, to in MOVES if TRAITS[to].holds}
_SENT_AND_SETTLED = [
    state for state, traits in TRAITS.items() if traits.is_try and not traits.holds and state not in _MAY_HOLD_AGAIN
]
_STATES_THAT_AGE = [state for state, traits in TRAITS.items() if not traits.holds and not traits.lasts]
PAGE = 64
"""So many chunks are loaded together."""
_GENERATION = sa.select(ledger_meta.c.generation)
_LASTING = sa.select(sa.func.coalesce(sa.func.max(chunks.c.change), 0)).where(LASTS, chunks.c.change > sa.bindparam("told"))
_NOW = sa.select(ledger_meta.c.changes, ledger_meta.c.generation, _LASTING.scalar_subquery().label("lasting_change"))
_TIERS = sa.select(index_tiers).order_by(index_tiers.c.through_change)
_HOLDING = sa.select(chunks.c.chunk_key).where(chunks.c.state.in_(states_that("holds")))
_NAMED = LOADED.where(chunks.c.chunk_key.in_(sa.bindparam("keys", expanding=True)))
_DOOMED = sa.select(doomed_files).order_by(doomed_files.c.name)

_IS_KEPT = chunks.c.state != ChunkState.PURGED
_ANSWERS = sa.and_(chunks.c.result_sha256.is_not(None), chunks.c.task_id.is_not(None), _IS_KEPT)
_LAST_CHANGES = sa.select(chunks.c.change).where(among_bound(chunks.c.change, "changes"))
_COUNT_OF_LAST = _LAST_CHANGES.with_only_columns(sa.func.count(chunks.c.change))
_TELLS = sa.or_(_ANSWERS, sa.and_(chunks.c.unanswered_count > 0, chunks.c.state.in_(_STATES_THAT_AGE)))

_AFTER = LOADED.where(chunks.c.change > sa.bindparam("after")).order_by(chunks.c.change).limit(PAGE)
_KEPT_AFTER = _AFTER.where(_IS_KEPT)
_TELLING, _LASTING_TELLING = (_AFTER.where(chunks.c.change <= sa.bindparam("through"), tells) for tells in (_TELLS, LASTS))


@dataclass(frozen=True)
class IndexState:
    """What was published at one moment.

    Attributes:
        change: the greatest change number of any chunk.
        lasting_change: the greatest of a chunk with a try that counts however old it is, or 0 where a tier tells of it.
        generation: rises before anything personal is deleted; what was read before may not be published after.
        tiers: in the order of the changes they tell of.
    """

    change: int
    lasting_change: int
    generation: int
    tiers: list[Tier]

    def gaps(self, *, lasting: bool) -> list[tuple[int, int]]:
        """Changes that no tier tells of: after one number, through another.

        Args:
            lasting: of the tries that count however old they are, else of all other things.
        """
        told = (bound for each in self.tiers if each.lasts == lasting for bound in (each.after_change, each.through_change))
        bounds = [0, *told, self.lasting_change if lasting else self.change]
        return [(after, through) for after, through in zip(bounds[::2], bounds[1::2], strict=True) if after < through]


class Indexing(Access):
    """The index over verdicts and tries, as far as the ledger knows it."""

    def index_state(self) -> IndexState:
        """What is published now."""
        with self.database.reading() as connection:
            tiers = Tier.from_rows(connection.execute(_TIERS).all())
            told = max((each.through_change for each in tiers if each.lasts), default=0)
            meta = connection.execute(_NOW, {"told": told}).one()
        return IndexState(meta.changes, meta.lasting_change, meta.generation, tiers)

    def generation(self) -> int:
        """Rises before anything personal is deleted: whoever publishes what was read before one asks `undisturbed`."""
        return self._number(_GENERATION)

    @contextmanager
    def undisturbed(self, generation: int) -> Iterator[bool]:
        """Nobody writes to the ledger meanwhile; yields False where something was deleted since `generation`."""
        with self._write() as connection:
            yield connection.scalar(_GENERATION) == generation

    def raise_generation(self) -> None:
        """What was read so far of verdicts may be published no more."""
        with self._write() as connection:
            connection.execute(sa.update(ledger_meta).values(generation=ledger_meta.c.generation + 1))

    def is_published(self, tier: Tier) -> bool:
        """True while a file is a part of the index."""
        return bool(self._rows(sa.select(index_tiers.c.name).where(index_tiers.c.name == tier.name)))

    def count_telling(self, after: int, through: int, *, lasting: bool) -> int:
        """How many chunks that tell something, see `gaps`, changed last after one number and through another; at most PAGE + 1."""
        where = (chunks.c.change > after, chunks.c.change <= through, LASTS if lasting else _TELLS)
        return len(self._rows(sa.select(chunks.c.chunk_key).where(*where).limit(PAGE + 1)))

    def telling(self, after: int, through: int, *, lasting: bool) -> Iterator[LoadedChunk]:
        """The same chunks, in the order of their changes."""
        return self._pages(_LASTING_TELLING if lasting else _TELLING, after, through=through)

    def holding(self) -> Iterator[LoadedChunk]:
        """Chunks whose phones nobody else may send; one that moves meanwhile comes as it is then."""
        keys = [row.chunk_key for row in self._rows(_HOLDING)]
        for start in range(0, len(keys), PAGE):
            yield from self._records(LoadedChunk, _NAMED, keys=keys[start : start + PAGE])

    def changed_since(self, change: int) -> Iterator[LoadedChunk]:
        """Chunks that changed after a number and were not purged, in the order of their changes."""
        return self._pages(_KEPT_AFTER, change)

    def changes_of(self, chunk_keys: Sequence[str]) -> dict[str, int]:
        """Change number of each of these chunks that is still known."""
        if not chunk_keys:
            return {}
        found = sa.select(chunks.c.chunk_key, chunks.c.change).where(among(chunks.c.chunk_key, chunk_keys), _IS_KEPT)
        return {row.chunk_key: row.change for row in self._rows(found)}

    def last_changes(self, changes: Sequence[int]) -> Sequence[int]:
        """Those of these distinct numbers by which a chunk changed last: what was told of it then still holds."""
        if not changes or self._rows(_COUNT_OF_LAST, changes=changes)[0][0] == len(changes):
            return changes  # mostly; to count them costs half as much
        return [row.change for row in self._rows(_LAST_CHANGES, changes=changes)]

    def begin_file(self, name: str, writer: str) -> None:
        """Record that a file is being written, which is deleted when its writer is gone and did not publish it."""
        with self._write() as connection:
            connection.execute(sa.insert(doomed_files).values(name=name, writer=writer))

    def publish_tier(self, tier: Tier, *, instead_of: Sequence[Tier], generation: int) -> bool:
        """Publish a file that was begun, in the place of others.

        Returns:
            False, and it is to be deleted, when one of the others is no longer published, another one tells of the same changes,
            something was deleted since `generation`, or its writer was taken for gone.
        """
        names = [each.name for each in instead_of]
        with self._write() as connection:
            tiers = Tier.from_rows(connection.execute(_TIERS).all())
            known = {each.name for each in tiers if each.name in names or each.overlaps(tier)}
            is_current = connection.scalar(_GENERATION) == generation and known == set(names)
            is_current &= connection.execute(sa.delete(doomed_files).where(is_being_written(tier.name))).rowcount == 1
            doom(connection, names if is_current else [tier.name])
            if is_current:
                connection.execute(sa.insert(index_tiers).values(**asdict(tier)))
            if is_current and not instead_of and not tier.lasts:
                _forget_phones(connection, tier)
            return is_current

    def withdraw_tier(self, tier: Tier) -> None:
        """Take a file out of the index that cannot be read; what it told is a gap from now on."""
        with self._write() as connection:
            doom(connection, [tier.name])

    def doomed(self) -> list[str]:
        """Files that are to be deleted now; whoever wrote one of them, and was taken for gone, can publish it no more."""
        rows = self._rows(_DOOMED)
        writers = {row.writer for row in rows if row.writer is not None}
        if gone := writers - self.database.liveness.living(writers):
            with self._write() as connection:
                connection.execute(sa.update(doomed_files).where(doomed_files.c.writer.in_(gone)).values(writer=None))
            rows = self._rows(_DOOMED)
        return [row.name for row in rows if row.writer is None]

    def files_in_use(self) -> set[str]:
        """Files that are published, or that somebody writes or deletes."""
        return {row.name for table in (index_tiers, doomed_files) for row in self._rows(sa.select(table.c.name))}

    def note_deleted(self, names: Sequence[str]) -> None:
        """Record that doomed files are there no more."""
        with self._write() as connection:
            connection.execute(sa.delete(doomed_files).where(among(doomed_files.c.name, names)))

    def _pages(self, query: sa.Select[Any], after: int, **parameters: int) -> Iterator[LoadedChunk]:
        """Chunks in the order of their changes, after one; no two of them may have the same number, as purged ones do."""
        while True:
            page = self._records(LoadedChunk, query, after=after, **parameters)
            yield from page
            if len(page) < PAGE:
                return
            after = page[-1].change


def _forget_phones(connection: sa.Connection, tier: Tier) -> None:
    """Keep no phones of the settled chunks that a new file tells of: what was sent has a file of its own."""
    changed = (chunks.c.change > tier.after_change, chunks.c.change <= tier.through_change)
    told = sa.select(chunks.c.chunk_key).where(*changed, chunks.c.state.in_(_SENT_AND_SETTLED), chunks.c.payload_sha256 != ERASED)
    connection.execute(sa.update(chunk_phones).where(chunk_phones.c.chunk_key.in_(told)).values(phones=None))


def is_being_written(name: str) -> sa.ColumnElement[bool]:
    """The condition that a file was begun, is not published, and its writer was not taken for gone."""
    return sa.and_(doomed_files.c.name == name, doomed_files.c.writer.is_not(None))


def doom(connection: sa.Connection, names: Sequence[str]) -> None:
    """Take files out of the index and have them deleted."""
    connection.execute(sa.delete(index_tiers).where(among(index_tiers.c.name, names)))
    known = set(connection.scalars(sa.select(doomed_files.c.name)))
    if new := set(names) - known:
        connection.execute(sa.insert(doomed_files), [{"name": name, "writer": None} for name in sorted(new)])
