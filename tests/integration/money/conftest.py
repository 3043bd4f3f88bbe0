"""What all tests of money share: one vendor in a process of its own, and a ledger on PostgreSQL."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from fbcheck_pipeline.workflow.workspace import Workspace
from tests.integration.money.killable_worker import Vendor


@pytest.fixture(scope="session")
def lasting_vendor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vendor]:
    """Accepts everything and exports it at once."""
    vendor = Vendor(tmp_path_factory.mktemp("vendor"))
    yield vendor
    vendor.close()


@pytest.fixture
def open_on_postgres(open_ws: Callable[..., Workspace], postgres_url: str) -> Callable[..., Workspace]:
    """`open_ws` with the ledger on PostgreSQL."""

    def make(**given: Any) -> Workspace:
        return open_ws(**{"ledger_url": postgres_url, **given})

    return make
