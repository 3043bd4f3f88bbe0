import time
from pathlib import Path

import pytest

from tests.fake_vendor import FakeVendor
from tests.integration.cli.fbcheck import Fbcheck


@pytest.fixture
def fbcheck(tmp_path: Path, vendor: FakeVendor) -> Fbcheck:
    vendor.clock = time.time  # as the command's own
    return Fbcheck(tmp_path, vendor.url)
