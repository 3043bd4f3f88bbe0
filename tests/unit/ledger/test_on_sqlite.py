"""The ledger on SQLite, as it is by default."""

from tests.unit.ledger.both import *  # noqa: F403
