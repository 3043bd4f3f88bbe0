"""The workflow's tests need no syncing to disk either."""

from tests.integration.workflow.conftest import no_sync  # noqa: F401
