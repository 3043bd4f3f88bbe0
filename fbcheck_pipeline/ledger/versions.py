"""Versions of the ledger's tables, and which program may use a ledger that another version migrated.

`0002.3` is the third migration since older programs had to stop for the last time. A migration says by its number whether they
may go on beside it: `0002.4` where what they read and write keeps its meaning (a new table or index, a new column that may be null
or has a default), `0003.1` where it does not.
"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from fbcheck_pipeline.errors import LedgerError, NewerLedger

HEAD = "0001.1"
"""The migration this code was written for."""
FIRST = "0001.1"
"""The first migration; no version with another layout of ledger and files was ever released."""
MIGRATIONS = Path(__file__).with_name("migrations")
VERSION = sa.text("SELECT version_num FROM alembic_version")


def is_before(version: str, other: str) -> bool:
    """True where a version is the older one of two."""
    return _parsed(version) < _parsed(other)


def refuse_newer(version: str) -> None:
    """See that this program may use a ledger of a version.

    Raises:
        NewerLedger: a newer program migrated it to tables that this one does not know.
    """
    if _parsed(version)[0] > _parsed(HEAD)[0]:
        raise NewerLedger(
            f"a newer fbcheck-pipeline migrated the ledger to version {version}, this program knows {HEAD}; "
            "end it wherever it still runs, and install the newer one"
        )


def _parsed(version: str) -> list[int]:
    try:
        return [int(part) for part in version.split(".")]
    except ValueError:
        raise LedgerError(
            f"the database at FBCHECK_LEDGER_URL holds another program's tables (version {version}); name one of the ledger's own"
        ) from None
