"""Minutes of files, and a night with kills: collected only where the command names this folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.world.chance import SEED, TIMES
from tests.world.product import Product

HERE = Path(__file__).parent


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """`pytest tests` passes it by."""
    named = [Path(each.partition("::")[0]).resolve() for each in config.args]
    return None if any(HERE in (path, *path.parents) for path in named) else True


def pytest_report_header() -> str:
    """What to give to `make world` to have the same again."""
    return f"world: SEED={SEED} TIMES={TIMES}"


@pytest.fixture(scope="session")
def product() -> Iterator[Product]:
    """The product's reading in a process of its own."""
    reading = Product()
    yield reading
    reading.close()
