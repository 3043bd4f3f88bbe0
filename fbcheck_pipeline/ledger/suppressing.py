"""Phones that must never be submitted, as keyed hashes.

There may be millions: what an import or a look-up costs follows from its own phones.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING

import sqlalchemy as sa

from fbcheck_pipeline.ledger import codec
from fbcheck_pipeline.ledger.access import Access
from fbcheck_pipeline.ledger.codec import Phones
from fbcheck_pipeline.ledger.many_keys import among, new_rows
from fbcheck_pipeline.ledger.schema import IS_INCOMPLETE, IS_OPEN, ledger_meta, lists, suppressions
from fbcheck_pipeline.model.statuses import CheckStatus

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
else:
    from fbcheck_pipeline.ledger import arrays as np

_ANY = sa.select(sa.func.min(suppressions.c.digest))
AT_ONCE = 20_000
"""So many digests are named in a statement."""


class Suppressing(Access):
    """Suppressed phones."""

    def suppress(self, phones: Phones) -> int:
        """Add phones that must never be submitted; returns how many were new."""
        digests = codec.digests(phones.tolist(), self.hash_key)
        with self._write() as connection:
            new = opt_out(connection, digests, self.clock())
            if new:
                _count_import(connection)
        return new

    def unsuppress(self, phones: Phones) -> int:
        """Take opt-outs back, of these phones and of the forms they had before a renumbering; returns how many there were.

        Lists that have suppressed phones, and are not complete, are planned again.
        """
        from fbcheck_pipeline.phones.renumbering import with_former_forms

        digests, taken_back = codec.digests(with_former_forms(phones).tolist(), self.hash_key), 0
        with self._write() as connection:
            for some in _portions(digests):
                taken_back += connection.execute(sa.delete(suppressions).where(among(suppressions.c.digest, some))).rowcount
            if taken_back:  # an older ledger would still refuse them
                _count_import(connection)
                has_suppressed = lists.c.counts[CheckStatus.SUPPRESSED.value].as_integer() > 0
                waits = (IS_OPEN, IS_INCOMPLETE, lists.c.held.is_(None), has_suppressed)
                connection.execute(sa.update(lists).where(*waits).values(needs_planning=True))
        return taken_back

    def suppressed_among(self, phones: Phones) -> npt.NDArray[np.bool_]:
        """Which of these phones are suppressed, as they are or in a form that they had before a renumbering."""
        found = np.zeros(len(phones), bool)
        if not len(phones) or self._rows(_ANY)[0][0] is None:
            return found
        from fbcheck_pipeline.phones.renumbering import former_forms  # the package is heavy, and mostly nothing is suppressed

        places, forms = former_forms(phones)
        digests = codec.digests(chain(phones.tolist(), forms.tolist()), self.hash_key)
        is_suppressed = np.isin(digests, self._known_among(digests))
        found[np.concatenate([np.arange(len(phones)), places])[is_suppressed]] = True
        return found

    def _known_among(self, digests: Phones) -> Phones:
        found = list[int]()
        with self.database.reading() as connection:
            for some in _portions(digests):
                found += connection.scalars(sa.select(suppressions.c.digest).where(among(suppressions.c.digest, some)))
        return np.array(found, np.int64)


def opt_out(connection: sa.Connection, digests: Phones, now: float) -> int:
    """Add digests of phones; returns how many were new."""
    column = suppressions.c.digest
    return sum(connection.execute(new_rows(column, some, added_at=sa.literal(now))).rowcount for some in _portions(digests))


def _portions(digests: Phones) -> Iterator[list[int]]:
    """Distinct ones in the order of the table's index, so that neighbours are read and written together."""
    ordered = np.unique(digests)
    for start in range(0, len(ordered), AT_ONCE):
        yield ordered[start : start + AT_ONCE].tolist()


def _count_import(connection: sa.Connection) -> None:
    connection.execute(sa.update(ledger_meta).values(suppressions=ledger_meta.c.suppressions + 1))
