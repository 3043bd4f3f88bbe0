"""The ledger's tests need no syncing to disk either."""

from tests.unit.workflow.conftest import no_sync  # noqa: F401
