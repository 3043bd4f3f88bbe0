from pathlib import Path

import pytest

from tests.integration.cli.fbcheck import Fbcheck
from tests.standin import StandIn


@pytest.fixture
def fbcheck(tmp_path: Path, vendor: StandIn) -> Fbcheck:
    return Fbcheck(tmp_path, vendor.url)
