"""One vendor for all tests of money: a process of its own."""

from collections.abc import Iterator

import pytest

from tests.integration.money.killable_worker import Vendor


@pytest.fixture(scope="session")
def lasting_vendor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vendor]:
    """Accepts everything and exports it at once."""
    vendor = Vendor(tmp_path_factory.mktemp("vendor"))
    yield vendor
    vendor.close()
