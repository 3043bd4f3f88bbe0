"""What a command loads before it says anything: most of its time, and as Python itself tells it."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.cli.fbcheck import Fbcheck, swiss, write_list

COMMAND = "import sys; from fbcheck_pipeline.cli import main; sys.argv = ['fbcheck', *sys.argv[1:]]; main()"
ENGINE = {"dagster", "pandas.core", "pandera", "alembic", "openpyxl", "openlineage", "jinja2", "uvicorn"}
WIRE = {"requests", "urllib3"}
UNUSED = {"hypothesis.core", "openlineage.client", "pygments.token", "pyarrow._acero", "pyarrow._dataset"}
OF_WORKBOOKS = {"fastexcel"}
READERS = {"numpy", "pyarrow", "fastexcel", "phonenumbers"}


def loaded_by(fbcheck: Fbcheck, *arguments: str, code: int = 0) -> set[str]:
    """The modules that a command loads from its start to its end, and those that it looks for in vain."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", COMMAND, *arguments],
        cwd=fbcheck.folder, env=fbcheck.environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == code and done.stdout, done.stderr[-2000:]
    return {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}


@pytest.mark.timeout(200)
def test_commands_that_only_look_load_only_what_they_look_with(fbcheck: Fbcheck, tmp_path: Path) -> None:
    """A person who asks what is open waits for the ledger's database and nothing else; one row's story needs its files, no engine.

    A run loads nearly all, but not what libraries of others load in case somebody wants it.
    """
    list_file = str(write_list(tmp_path / "a.csv", [swiss(1), "12"]))
    dry_run = ["run", list_file, "--dry-run", "--json"]
    assert not loaded_by(fbcheck, *dry_run) & (ENGINE | WIRE), "before there is a ledger"
    assert not loaded_by(fbcheck, "run", list_file, "--no-wait", "--json", code=3) & (UNUSED | OF_WORKBOOKS), "no workbook yet"
    assert not loaded_by(fbcheck, "run", list_file, "--json") & UNUSED
    key = fbcheck("status", "--all", "--json")[1]["lists"][0]["list_key"]
    for asked in (["status"], ["lineage", key]):
        assert not loaded_by(fbcheck, *asked) & (ENGINE | WIRE | READERS), asked
    for asked in (["lineage", key, "--row", "1"], dry_run):
        loaded = loaded_by(fbcheck, *asked)
        assert {"numpy", "pyarrow"} <= loaded and not loaded & (ENGINE | WIRE), asked
