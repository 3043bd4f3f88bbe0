"""What every unit test has: syncing to disk is slow and not in question here."""

from collections.abc import Iterator

import pytest

from tests.prepared import nothing_synced


@pytest.fixture(autouse=True)
def no_sync() -> Iterator[None]:
    with nothing_synced():
        yield
