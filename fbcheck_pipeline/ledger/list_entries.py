"""The ledger's lists: how each is read, what is known of it, when it is due, and what a purge deletes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import count
from typing import Any

import sqlalchemy as sa

from fbcheck_pipeline.errors import OperatorError
from fbcheck_pipeline.ledger.access import Access
from fbcheck_pipeline.ledger.changes import NEXT_CHANGE, count_change
from fbcheck_pipeline.ledger.many_keys import among
from fbcheck_pipeline.ledger.records import Chunk, NewList, PhoneList, UnreadableFile
from fbcheck_pipeline.ledger.schema import (
    ERASED,
    chunk_phones,
    chunks,
    dependencies,
    ledger_meta,
    lists,
    parts,
    unreadable_files,
    waiting,
)
from fbcheck_pipeline.ledger.states import ChunkState, states_that
from fbcheck_pipeline.model.command_line import flags_of

LISTS_AT_ONCE = 4
_LIST = sa.select(lists).where(lists.c.list_key == sa.bindparam("key"))
_NEWEST_FIRST = lists.c.added_at.desc(), lists.c.list_key.desc()
_NEWEST = (
    sa.select(lists)
    .where(lists.c.source == sa.bindparam("source"))
    .order_by(*_NEWEST_FIRST)
    .limit(LISTS_AT_ONCE)
    .offset(sa.bindparam("start"))
)
_IS_OLDER = sa.tuple_(lists.c.added_at, lists.c.list_key) < sa.tuple_(sa.bindparam("at"), sa.bindparam("key"))
_JOINED_BEFORE = (
    sa.select(lists.c.list_key)
    .where(lists.c.source == sa.bindparam("source"), _IS_OLDER, lists.c.joined_at.is_not(None))
    .order_by(*_NEWEST_FIRST)
    .limit(1)
)
DAY_S = 86_400


class ListEntries(Access):
    """Lists, by their keys."""

    def register_list(
        self,
        list_key: str,
        *,
        file: str,
        source: str,
        sha256: str,
        options: Mapping[str, Any],
        purpose: str | None,
        max_billable: int | None = None,
        was_moved: bool = False,
        at_most: int | None = None,
    ) -> bool:
        """Record how a list is to be read and what may be sent for it, before its file is seen by anybody.

        A list that was never read, or is held, may still be registered otherwise, and is then read anew; every other one keeps its
        options, and its purpose if it has one. The limit is always the last one said. The SHA-256 is kept as a keyed hash.

        Args:
            at_most: so many new lists of the source in a UTC day; None for no bound.

        Returns:
            False where the list is new and the day has as many: nothing is recorded.

        Raises:
            OperatorError: it was read with other options, or the key is that of other content.
        """
        new = NewList(list_key, file, source, sha256)
        with self._write() as connection:
            return self._register(
                connection, new, options, purpose, max_billable=max_billable, was_moved=was_moved, at_most=at_most
            )

    def register_moved(
        self, found: Iterable[NewList], *, options: Mapping[str, Any], purpose: str | None
    ) -> dict[str, OperatorError]:
        """`register_list` for files that leave their place for ours, in one transaction; returns why some were not registered, by key."""
        refused: dict[str, OperatorError] = {}
        with self._write() as connection:
            for each in found:
                try:
                    self._register(connection, each, options, purpose, was_moved=True)
                except OperatorError as error:
                    refused[each.list_key] = error
        return refused

    def _register(
        self,
        connection: sa.Connection,
        new: NewList,
        options: Mapping[str, Any],
        purpose: str | None,
        *,
        was_moved: bool,
        max_billable: int | None = None,
        at_most: int | None = None,
    ) -> bool:
        limit = {"max_billable": max_billable, "forbidden_phones": 0}
        entry = {**limit, "options": dict(options), "purpose": purpose, "error": None}
        row = connection.execute(_LIST, {"key": new.list_key}).one_or_none()
        known = None if row is None else PhoneList.from_row(row)
        update = sa.update(lists).where(lists.c.list_key == new.list_key)
        sha256 = self.keyed_hash(new.sha256)
        if known is None:
            if at_most is not None and connection.execute(self._added_today(new.source)).scalar_one() >= at_most:
                return False
            number = ledger_meta.c.lists_registered
            identity = {**new._asdict(), "sha256": sha256, "number": sa.select(number).scalar_subquery(), "was_moved": was_moved}
            connection.execute(sa.insert(lists).values({**identity, "added_at": self.clock(), **entry}))
            connection.execute(sa.update(ledger_meta).values(lists_registered=number + 1))
        elif known.sha256 not in (sha256, ERASED):
            raise OperatorError(f"another list has the key {new.list_key} already; rename {new.file}")
        elif is_read_anew(known, options):
            unread = {"reading": None, "held": None, "planned_at": None, "counts": None, "is_pinned": False}
            connection.execute(update.values({**entry, **unread, "purpose": purpose or known.purpose}))
        else:
            refuse_other_options(known, options)
            connection.execute(update.values({**limit, "purpose": known.purpose or purpose}))
        return True

    def added_today(self, source: str) -> int:
        """How many lists of a source were added on this UTC day."""
        return int(self._rows(self._added_today(source))[0][0])

    def _added_today(self, source: str) -> sa.Select[Any]:
        midnight = self.clock() // DAY_S * DAY_S
        return sa.select(sa.func.count()).where(lists.c.source == source, lists.c.added_at >= midnight)

    def has_content(self, known: PhoneList, sha256: str) -> bool:
        """True where a list has the content of this SHA-256; of one that somebody was erased from only the key tells."""
        return known.sha256 in (self.keyed_hash(sha256), ERASED)

    def find_list(self, list_key: str) -> PhoneList | None:
        """One list, or None when it is unknown."""
        return next(iter(self._records(PhoneList, _LIST, key=list_key)), None)

    def lists_named(self, list_keys: Iterable[str]) -> dict[str, PhoneList]:
        """Those of these lists that are known, by key."""
        found = self._records(PhoneList, sa.select(lists).where(among(lists.c.list_key, list_keys)))
        return {each.list_key: each for each in found}

    def phone_list(self, list_key: str) -> PhoneList:
        """One list.

        Raises:
            OperatorError: it is unknown.
        """
        found = self.find_list(list_key)
        if found is None:
            raise OperatorError(f"there is no list {list_key}; `fbcheck status` shows all lists")
        return found

    def lists(self) -> list[PhoneList]:
        """All lists, oldest first."""
        return self._records(PhoneList, sa.select(lists).order_by(lists.c.added_at, lists.c.list_key))

    def lists_joined_before(self, time: float) -> list[PhoneList]:
        """Lists whose last join is older than a time (UTC seconds), oldest first."""
        return self._records(PhoneList, sa.select(lists).where(lists.c.joined_at < time).order_by(lists.c.joined_at))

    def joins_of(self, first: int, until: int) -> dict[str, float]:
        """List key -> when it was last joined, for the joined lists of these numbers, `until` left out, in their order."""
        numbered = sa.select(lists.c.list_key, lists.c.joined_at).where(lists.c.number >= first, lists.c.number < until)
        found = self._rows(numbered.where(lists.c.joined_at.is_not(None)).order_by(lists.c.number))
        return {row.list_key: row.joined_at for row in found}

    def newest_of(self, source: str) -> Iterator[PhoneList]:
        """The lists of a source, newest first."""
        for start in count(0, LISTS_AT_ONCE):
            page = self._records(PhoneList, _NEWEST, source=source, start=start)
            yield from page
            if len(page) < LISTS_AT_ONCE:
                return

    def previous_of_source(self, phone_list: PhoneList) -> str | None:
        """The key of the newest joined list of the same source that is older than this one."""
        before = {"source": phone_list.source, "at": phone_list.added_at, "key": phone_list.list_key}
        found = self._rows(_JOINED_BEFORE, **before)
        return str(found[0].list_key) if found else None

    def note_limit(self, list_key: str, max_billable: int | None) -> None:
        """Record the most phones that may ever be sent for a list; what a limit forbade may be planned again."""
        self._update(list_key, {"max_billable": max_billable, "forbidden_phones": 0})

    def hold(self, list_key: str, why: str) -> float | None:
        """Record that nothing of a list is bought until a person confirms how it was read.

        Returns:
            When that was, as the time of its planning; None where a person did confirm it, or where it was planned before.
        """
        now = self.clock()
        is_open = lists.c.confirmed_at.is_(None) & (lists.c.planned_at.is_(None) | lists.c.held.is_not(None))
        held = {"held": why, "planned_at": now, "needs_planning": False, "revision": lists.c.revision + 1}
        held |= {"is_pinned": False, "is_complete": False}
        with self._write() as connection:
            done = connection.execute(sa.update(lists).where(lists.c.list_key == list_key, is_open).values(held))
            return now if done.rowcount else None

    def confirm(self, list_key: str) -> None:
        """Record a person's word that a list may be bought as it was read; where nobody plans it now, the sensors do."""
        now = self.clock()
        planned_at = sa.func.coalesce(lists.c.planned_at, now)
        confirmed = {"confirmed_at": now, "held": None, "planned_at": planned_at, "needs_planning": True, "is_pinned": False}
        self._update(list_key, confirmed)

    def note_read(self, list_key: str, reading: Mapping[str, Any]) -> None:
        """Record what the reader found; from now on the options are fixed."""
        self._update(list_key, {"reading": dict(reading), "error": None})

    def note_unreadable(self, list_key: str, error: str) -> None:
        """Record why a list cannot be read, so that nobody tries it again unchanged."""
        self._update(list_key, {"error": error})

    def forget_error(self, list_key: str) -> None:
        """Let a list that could not be read be tried again."""
        self._update(list_key, {"error": None})

    def unreadable_files(self) -> dict[str, UnreadableFile]:
        """Files of the inbox that could not be read, by name."""
        return {each.name: each for each in self._records(UnreadableFile, sa.select(unreadable_files))}

    def note_unreadable_files(self, files: Sequence[UnreadableFile]) -> None:
        """Record why files of the inbox cannot be read as they are."""
        with self._write() as connection:
            connection.execute(sa.delete(unreadable_files).where(among(unreadable_files.c.name, [each.name for each in files])))
            connection.execute(sa.insert(unreadable_files), [asdict(each) for each in files])

    def forget_unreadable_files(self, names: Iterable[str]) -> None:
        """Forget files that do not lie in the inbox any more."""
        with self._write() as connection:
            connection.execute(sa.delete(unreadable_files).where(among(unreadable_files.c.name, names)))

    def note_counts(self, list_key: str, counts: Mapping[str, int]) -> None:
        """Record what is known of a list's phones before it is joined."""
        self._update(list_key, {"counts": dict(counts)})

    def note_pinned(self, list_key: str, planned_at: float | None, counts: Mapping[str, int] | None = None) -> None:
        """Record that the pins that were planned at that time stand: a join that read the pins before these is stale.

        Where the list was planned again since, these pins are not its last ones.

        Args:
            counts: what is known of its phones by them; None leaves what is recorded.
        """
        pinned = {"is_pinned": lists.c.planned_at == planned_at, "revision": lists.c.revision + 1}
        self._update(list_key, pinned if counts is None else {**pinned, "counts": dict(counts)})

    def note_joined(self, list_key: str, *, revision: int, counts: Mapping[str, int], is_complete: bool) -> None:
        """Record a join of the list as of `revision`."""
        now = self.clock()
        first = sa.func.coalesce(lists.c.first_joined_at, now)
        joined = {"joined_revision": revision, "joined_at": now, "first_joined_at": first}
        is_done = lists.c.is_pinned & lists.c.held.is_(None)
        self._update(list_key, {**joined, "counts": dict(counts), "is_complete": is_done if is_complete else False})

    def unneeded_chunks(self, list_keys: Sequence[str], *, settled_before: float) -> list[Chunk]:
        """Chunks settled before that time (UTC seconds) on which no other list depends, and chunks that an earlier purge marked."""
        is_purged = chunks.c.state == ChunkState.PURGED.value
        return self._records(Chunk, sa.select(chunks).where(is_purged | _unneeded(list_keys, settled_before)))

    def mark_purged(self, list_keys: Sequence[str], *, settled_before: float) -> list[Chunk]:
        """Mark unneeded chunks, whose files are about to be deleted: from now on no planning reads their verdicts or tries.

        A concurrent planning has either committed (its chunks are needed) or has not read yet.

        Returns:
            The marked ones, also those marked before.
        """
        purged = {"state": ChunkState.PURGED.value, "change": NEXT_CHANGE, "unanswered_count": 0}
        with self._write() as connection:
            connection.execute(sa.update(ledger_meta).values(generation=ledger_meta.c.generation + 1))
            connection.execute(sa.update(chunks).where(_unneeded(list_keys, settled_before)).values(purged))
            count_change(connection)
            rows = connection.execute(sa.select(chunks).where(chunks.c.state == ChunkState.PURGED.value))
            return [Chunk.from_row(row) for row in rows]

    def delete(self, list_keys: Sequence[str], chunk_keys: Sequence[str]) -> None:
        """Delete lists and chunks with all that belongs to them; their files must be gone before."""
        with self._write() as connection:
            connection.execute(sa.delete(dependencies).where(_is_of(list_keys)))
            for table in (waiting, parts):
                connection.execute(sa.delete(table).where(among(table.c.list_key, list_keys)))
            deleted = connection.execute(sa.delete(lists).where(among(lists.c.list_key, list_keys))).rowcount
            for table in (dependencies, parts, chunk_phones, chunks):
                connection.execute(sa.delete(table).where(among(table.c.chunk_key, chunk_keys)))
            counted = {"purges": ledger_meta.c.purges + 1, "lists_deleted": ledger_meta.c.lists_deleted + deleted}
            counted |= {"waiting_revision": ledger_meta.c.waiting_revision + 1}
            connection.execute(sa.update(ledger_meta).values(counted))
        self.wipe_deleted()

    def _update(self, list_key: str, values: Mapping[str, object]) -> None:
        with self._write() as connection:
            connection.execute(sa.update(lists).where(lists.c.list_key == list_key).values(values))


def is_read_anew(known: PhoneList, options: Mapping[str, Any]) -> bool:
    """True for a list that was never read, or is held because of how it was read and is asked for with other options."""
    return known.reading is None or (known.held is not None and _differ(known, options))


def refuse_other_options(known: PhoneList, options: Mapping[str, Any]) -> None:
    """A list that was read is read the same way for ever.

    Raises:
        OperatorError: it was read with other options.
    """
    if _differ(known, options):
        raise OperatorError(
            f"list {known.list_key} was already read with other options ({' '.join(flags_of(known.options)) or 'the defaults'}); "
            f"run it with these options, or delete it with `fbcheck purge --list {known.list_key}` and read it anew (its verdicts stay)"
        )


def _differ(known: PhoneList, options: Mapping[str, Any]) -> bool:
    return any(known.options.get(name) != value for name, value in options.items())


def _unneeded(list_keys: Sequence[str], settled_before: float) -> sa.ColumnElement[bool]:
    needed = sa.select(dependencies.c.chunk_key).where(dependencies.c.chunk_key == chunks.c.chunk_key, ~_is_of(list_keys))
    return sa.and_(
        chunks.c.state.not_in(states_that("holds")),
        chunks.c.settled_at < settled_before,
        ~needed.exists(),
    )


def _is_of(list_keys: Sequence[str]) -> sa.ColumnElement[bool]:
    """The condition that a dependency is one of these lists'."""
    return dependencies.c.list_number.in_(sa.select(lists.c.number).where(among(lists.c.list_key, list_keys)))
