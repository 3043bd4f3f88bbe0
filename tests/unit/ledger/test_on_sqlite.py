"""The ledger on SQLite, as it is by default."""

from collections.abc import Iterator

import pytest

from fbcheck_pipeline.ledger import Ledger, open_ledger
from fbcheck_pipeline.settings import load_settings
from fbcheck_pipeline.storage import Storage
from tests.unit.ledger.both import *  # noqa: F403


@pytest.fixture(scope="module")
def shared_ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    """For tests that write nothing."""
    settings = load_settings(data_uri=str(tmp_path_factory.mktemp("shared")))
    ledger = open_ledger(settings, Storage(settings.data_uri))
    yield ledger
    ledger.close()
