"""Phones that must never be submitted, as keyed hashes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from fbcheck_pipeline.ledger import codec
from fbcheck_pipeline.ledger.access import Access
from fbcheck_pipeline.ledger.codec import Phones
from fbcheck_pipeline.ledger.schema import ledger_meta, suppressions


class Suppressing(Access):
    """Suppressed phones."""

    def suppress(self, phones: Phones) -> int:
        """Add phones that must never be submitted; returns how many were new."""
        digests = set(codec.digests(phones.tolist(), self.hash_key).tolist())
        with self._write() as connection:
            new = digests.difference(connection.scalars(sa.select(suppressions.c.digest)))
            if new:
                now = self.clock()
                connection.execute(sa.insert(suppressions), [{"digest": digest, "added_at": now} for digest in sorted(new)])
                connection.execute(sa.update(ledger_meta).values(suppressions=ledger_meta.c.suppressions + 1))
        return len(new)

    def suppressed_among(self, phones: Phones) -> npt.NDArray[np.bool_]:
        """Which of these phones are suppressed."""
        known = [row.digest for row in self._rows(sa.select(suppressions.c.digest))]
        if not known:
            return np.zeros(len(phones), bool)
        return np.isin(codec.digests(phones.tolist(), self.hash_key), np.array(known, np.int64))
