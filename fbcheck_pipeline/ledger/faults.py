"""What a fault of a database is called, and what a person can do about it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from fbcheck_pipeline.errors import LedgerError

_TIMEOUTS = ("57014", "25P03", "25P04")
"""PostgreSQL ended a statement, an idle transaction, or any transaction, by a time-out of its own."""


def reason_of(error: sa.exc.SQLAlchemyError) -> str:
    """The database's own words, one line; they hold no parameters."""
    return str(getattr(error, "orig", None) or error).splitlines()[0]


def remedy_of(error: sa.exc.SQLAlchemyError) -> str:
    """What a person can do about a fault of a database, by what failed."""
    original, said = getattr(error, "orig", None), reason_of(error).lower()
    state = getattr(original, "sqlstate", "")  # PostgreSQL's code; None where the connection itself failed
    if state == "25006" or "readonly" in said:
        return "it may only be read at present: make it writable, or name the server that is"
    if state == "53100" or "full" in said:
        return "free space on its disk"
    if state == "55P03" or "locked" in said:
        return "another process holds it: end that process, or wait for it"
    if state in _TIMEOUTS:
        return "a time-out of its server ended the work: raise statement_timeout and idle_in_transaction_session_timeout for its user"
    if state is None or state.startswith(("08", "57P")):
        return "the connection to its server failed: see that the server runs and can be reached"
    return "check its address, its permissions and its disk"


@contextmanager
def faults_named(attempt: str) -> Iterator[None]:
    """Raise a LedgerError that says what failed for any fault of the database itself; a broken constraint is none."""
    try:
        yield
    except (sa.exc.OperationalError, sa.exc.InternalError, sa.exc.InterfaceError) as error:
        raise LedgerError(f"the ledger cannot be {attempt} ({reason_of(error)}); {remedy_of(error)}, then run again") from error
