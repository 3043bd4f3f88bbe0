"""Which key a person means who names its beginning, or a list's file."""

from __future__ import annotations

from difflib import get_close_matches

import sqlalchemy as sa

from fbcheck_pipeline.errors import OperatorError
from fbcheck_pipeline.ledger.access import Access
from fbcheck_pipeline.ledger.schema import chunks, lists

MOST_NAMED = 5
MOST_LIKE_IT = 50


class Beginnings(Access):
    """Lists and chunks, by what a person types; keys and sources are in lower case, however it is typed."""

    def list_key_of(self, named: str) -> str:
        """The key of a list.

        Args:
            named: its key, the name of its file or of its source (then the newest list), or any beginning of the key that no other has.

        Raises:
            OperatorError: no list is named so, or several are.
        """
        newest = sa.select(lists.c.list_key).order_by(lists.c.added_at.desc(), lists.c.list_key.desc()).limit(1)
        if self._beginning(lists.c.list_key, named.lower(), 1) != [named.lower()]:
            for is_named in (lists.c.file == named, lists.c.source == named.lower()):
                if found := self._rows(newest.where(is_named)):
                    return str(found[0].list_key)
        return self._only(lists.c.list_key, named, "list")

    def chunk_key_of(self, named: str) -> str:
        """The key of a chunk.

        Args:
            named: its key, or any beginning of it that no other key has.

        Raises:
            OperatorError: no chunk is named so, or several are.
        """
        return self._only(chunks.c.chunk_key, named, "chunk")

    def _only(self, column: sa.Column[str], named: str, what: str) -> str:
        found = self._beginning(column, named.lower(), MOST_NAMED + 1) if named else []
        if len(found) == 1 or found[:1] == [named.lower()]:
            return found[0]
        if found:
            more = " and others" if len(found) > MOST_NAMED else ""
            raise OperatorError(f"several {what}s begin with {named}: {', '.join(found[:MOST_NAMED])}{more}; name one of them")
        near = ", ".join(self._nearest(column, named)) or "none"
        raise OperatorError(
            f"there is no {what} {named or repr(named)}; the nearest: {near}; `fbcheck status --all` shows all of them"
        )

    def _nearest(self, column: sa.Column[str], named: str) -> list[str]:
        """Keys like this one, among those that share the longest beginning with it; where none does, what is alike, or all if they are few."""
        named = named.lower()
        for length in range(len(named), -1, -1):
            if alike := self._beginning(column, named[:length], MOST_LIKE_IT):
                is_near = length or len(alike) <= MOST_NAMED
                return get_close_matches(named, alike, MOST_NAMED, cutoff=0.5) or (alike[:MOST_NAMED] if is_near else [])
        return []

    def _beginning(self, column: sa.Column[str], text: str, most: int) -> list[str]:
        query = sa.select(column).where(self.database.begins_with(column, text)).order_by(column).limit(most)
        return [row[0] for row in self._rows(query)]
