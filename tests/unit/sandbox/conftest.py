"""One sandbox for all tests of this package; each test starts with every fault switched off."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fbcheck_pipeline.sandbox import Sandbox

from .client import Client


@pytest.fixture(scope="package")
def running() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: Sandbox) -> Sandbox:
    running.switch_faults({})
    return running


@pytest.fixture
def client(sandbox: Sandbox) -> Client:
    return Client(sandbox.url)
