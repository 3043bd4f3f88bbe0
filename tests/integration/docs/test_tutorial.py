"""The tutorial, as a reader goes through it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.integration.dagster.dagster_driver import free_port
from tests.integration.docs.shell import BIN, assert_says, filled_in, run_blocks
from tests.unit.docs.pages import DOCS, ROOT, blocks


@pytest.mark.timeout(400)
@pytest.mark.long(seconds=50)
def test_the_tutorial_does_what_it_says(tmp_path: Path) -> None:
    """Every command of it, in one shell, from `make demo` to the cleaning up; and what it shows is what is said, as in the README."""
    clone = an_installed_clone(tmp_path / "clone")
    page = filled_in(blocks((DOCS / "tutorial.md").read_text()), {"8750": str(free_port())})
    promises = run_blocks(page, clone)
    assert len(promises) >= 8
    promises.append((blocks((ROOT / "README.md").read_text())[1].text, promises[0][1]))
    for promise, said in promises:
        assert_says(promise, said)
    assert not (clone / "tutorial").exists()


def an_installed_clone(folder: Path) -> Path:
    """What `make` needs to see, with an environment that is ready: the tests install nothing."""
    (folder / ".venv").mkdir(parents=True)
    (folder / ".venv" / "bin").symlink_to(BIN)
    for name in ("Makefile", "pyproject.toml", "requirements.lock", "requirements.run.lock"):
        shutil.copy(ROOT / name, folder)
        os.utime(folder / name, (0, 0))
    for stamp in (".ready-to-run", ".ready"):
        (folder / ".venv" / stamp).touch()
    return folder
