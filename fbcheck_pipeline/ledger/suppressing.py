"""Phones that must never be submitted, as keyed hashes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from fbcheck_pipeline.ledger import codec
from fbcheck_pipeline.ledger.access import Access, batched
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

    def unsuppress(self, phones: Phones) -> int:
        """Take opt-outs back, of these phones and of the forms they had before a renumbering; returns how many there were."""
        from fbcheck_pipeline.phones.renumbering import with_former_forms

        digests = codec.digests(with_former_forms(phones).tolist(), self.hash_key)
        with self._write() as connection:
            known = np.array(connection.scalars(sa.select(suppressions.c.digest)).all(), np.int64)
            taken_back = np.intersect1d(digests, known).tolist()
            for some in batched(taken_back):
                connection.execute(sa.delete(suppressions).where(suppressions.c.digest.in_(some)))
            if taken_back:  # an older ledger would still refuse them
                connection.execute(sa.update(ledger_meta).values(suppressions=ledger_meta.c.suppressions + 1))
        return len(taken_back)

    def suppressed_among(self, phones: Phones) -> npt.NDArray[np.bool_]:
        """Which of these phones are suppressed, as they are or in a form that they had before a renumbering."""
        known = np.array([row.digest for row in self._rows(sa.select(suppressions.c.digest))], np.int64)
        if not len(known):
            return np.zeros(len(phones), bool)
        from fbcheck_pipeline.phones.renumbering import former_forms  # the package is heavy, and mostly nothing is suppressed

        found = self._are_among(known, phones)
        places, forms = former_forms(phones)
        found[places[self._are_among(known, forms)]] = True
        return found

    def _are_among(self, digests: Phones, phones: Phones) -> npt.NDArray[np.bool_]:
        return np.isin(codec.digests(phones.tolist(), self.hash_key), digests)
