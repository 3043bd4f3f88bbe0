"""One compiled fast path for all tests of phones: compiling every region costs a second. No cell is read carefully because there are few."""

from __future__ import annotations

import pytest

from fbcheck_pipeline.phones import phone_reader
from fbcheck_pipeline.phones.dirty import countries_named
from fbcheck_pipeline.phones.fast import fast_path as fast_module
from fbcheck_pipeline.phones.fast.fast_path import FastPath
from tests.unit.phones.corpus import fast_path


@pytest.fixture(scope="session")
def path() -> FastPath:
    """Compiles a region as soon as it is asked for, so that small corpora take the fast path, too."""
    fast_module.CELLS_WORTH_COMPILING = 1
    return fast_path()


@pytest.fixture(autouse=True)
def every_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few cells are read in all the ways of many."""
    monkeypatch.setattr(phone_reader, "CELLS_WORTH_LOOKING", 1)
    monkeypatch.setattr(phone_reader, "CELLS_WORTH_ARRAYS", 1)
    monkeypatch.setattr(countries_named, "TEXTS_WORTH_LOOKING", 1)
