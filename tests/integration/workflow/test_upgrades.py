"""Two versions of the program at one ledger: a rolling deploy, and what comes after it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from fbcheck_pipeline.errors import LedgerError
from tests.conftest import phones
from tests.fake_vendor import FakeVendor
from tests.integration.workflow.workflow_driver import WorkflowDriver
from tests.newer_program import OLDER_GO_ON, OLDER_STOP, newer_program

OpenDriver = Callable[..., WorkflowDriver]


@pytest.mark.parametrize("version", [OLDER_GO_ON, OLDER_STOP])
def test_a_list_begun_by_an_older_program_is_ended_by_a_newer_one(
    open_driver: OpenDriver, vendor: FakeVendor, tmp_path: Path, version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newer one migrates the ledger while the older one's POST is out: its answer is kept, nothing more leaves, nothing is paid twice."""
    monkeypatch.setattr("tenacity.nap.time", SimpleNamespace(sleep=lambda _: pytest.fail("waits for what will never be")))

    def migrated_meanwhile(index: int, payload: bytes) -> str:
        if index == 1:
            with newer_program(version, tmp_path):
                open_driver(chunk_size=5)
        return "accept"

    vendor.script = migrated_meanwhile
    older = open_driver(chunk_size=5)
    if version == OLDER_STOP:
        with pytest.raises(LedgerError, match=f"a newer fbcheck-pipeline migrated the ledger to version {version}"):
            older.run("a", phones(20))
        assert len(vendor.posts) == 2, "nothing is sent that cannot be recorded"
    else:
        older.run("a", phones(20))
    with newer_program(version, tmp_path):
        newer = open_driver(chunk_size=5)
        assert newer.states().count("submitted") == len(vendor.posts), "the answer that came too late was taken in"
        newer.run("a", phones(20))
        newer.finish()
        newer.run("a", phones(20))
        assert newer.counts("a") == {"checked": 20} and newer.is_complete("a")
    assert len(vendor.posts) == 4 and vendor.most_per_phone == 1
