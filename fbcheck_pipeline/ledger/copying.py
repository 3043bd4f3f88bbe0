"""A ledger's rows as a file: an SQLite ledger whatever the database they come from, so that they go back into any."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from fbcheck_pipeline.errors import LedgerError
from fbcheck_pipeline.ledger.database import Database, connect
from fbcheck_pipeline.ledger.opening import migrate
from fbcheck_pipeline.ledger.schema import metadata, senders
from fbcheck_pipeline.ledger.versions import HEAD

ROWS_AT_ONCE = 100
"""A row may have megabytes of phones."""


@contextmanager
def ledger_file(path: Path) -> Iterator[Database]:
    """A ledger in a file of its own, which is made or migrated; nothing of it lies beside it afterwards.

    Raises:
        LedgerError: it is of a newer version.
    """
    database = connect(f"sqlite:///{path}")
    try:
        migrate(database)
        see_that_all_is_known(database)
        yield database
        database.wipe_deleted(())
    finally:
        database.engine.dispose()


def see_that_all_is_known(database: Database) -> None:
    """A newer program's columns would be left out, also where this one may go on beside it.

    Raises:
        LedgerError: a newer program migrated the ledger.
    """
    if (found := database.version()) != HEAD:
        raise LedgerError(
            f"a newer fbcheck-pipeline migrated the ledger to version {found}, and this one would leave out what it does not know; "
            "back up and restore with the newer one"
        )


def copy_rows(source: sa.Connection, target: sa.Connection, tables: Iterable[sa.Table] | None = None) -> None:
    """Put rows in the place of those that are there.

    Args:
        tables: these alone; None for all, without who lives now.
    """
    for table in [each for each in metadata.sorted_tables if each is not senders] if tables is None else tables:
        columns = [each for each in table.c if each.computed is None]
        target.execute(sa.delete(table))
        insert = sa.insert(table).values({each.name: sa.bindparam(f"_{each.name}", type_=_as_it_is(each)) for each in columns})
        rows = source.execute(sa.select(*columns).execution_options(yield_per=ROWS_AT_ONCE))
        for some in rows.mappings().partitions():
            target.execute(insert, [{f"_{name}": value for name, value in row.items()} for row in some])


def _as_it_is(column: sa.Column[Any]) -> sa.types.TypeEngine[Any]:
    """Nothing stays nothing, and does not become JSON's null."""
    return sa.JSON(none_as_null=True) if isinstance(column.type, sa.JSON) else column.type
