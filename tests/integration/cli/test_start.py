"""What a command loads before it says anything: most of its time, and as Python itself tells it."""

import subprocess
import sys
from pathlib import Path

import pytest

from fbcheck_pipeline.cli import completing
from tests.integration.cli.fbcheck import Fbcheck, swiss, write_list

COMMAND = "import sys; from fbcheck_pipeline.cli import main; sys.argv = ['fbcheck', *sys.argv[1:]]; main()"
ENGINE = {"dagster", "pandas.core", "pandera", "alembic", "openpyxl", "openlineage", "jinja2", "uvicorn"}
WIRE = {"requests", "urllib3"}
UNUSED = {"hypothesis.core", "openlineage.client", "pygments.token", "pyarrow._acero", "pyarrow._dataset"}
OF_WORKBOOKS = {"fastexcel"}
HEAVY = ("pandas", "pyarrow", "numpy", "dagster", "phonenumbers", "sqlalchemy", "pydantic_settings", "requests", "openpyxl")
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


def test_the_help_imports_nothing_heavy() -> None:
    """It must be there before a person wonders, 0.4 s at most; the command that needs a library imports it."""
    code = "import sys; from fbcheck_pipeline.cli import main; sys.argv = ['fbcheck', sys.argv[1], '--help']\n"
    code += f"try: main()\nfinally: print('loaded:', *[each for each in {HEAVY} if each in sys.modules], file=sys.stderr)"
    for command in ("--debug", "run"):
        shown = subprocess.run([sys.executable, "-c", code, command], capture_output=True, text=True, check=True)
        assert "Usage: fbcheck" in shown.stdout
        assert shown.stderr.split() == ["loaded:"]


def test_naming_columns_and_files_loads_nothing_heavy() -> None:
    """`fbcheck --help` and the shell's completion name them too."""
    code = "import sys, fbcheck_pipeline.model.columns; print({'pyarrow', 'pandas', 'pandera', 'numpy'} & {*sys.modules})"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"


def test_importing_the_room_is_light_and_knows_nothing_of_ours() -> None:
    """The command line's help imports it; and a wrong field must not agree with itself."""
    code = (
        "import sys, fbcheck_pipeline.sandbox; "
        "heavy = {'starlette', 'uvicorn', 'openpyxl', 'numpy', 'pandas', 'pyarrow', 'requests'} & set(sys.modules); "
        "ours = [m for m in sys.modules if m.startswith('fbcheck_pipeline.') and '.sandbox' not in m]; "
        "from fbcheck_pipeline.sandbox import endpoints; "
        "ours += [m for m in sys.modules if m.startswith('fbcheck_pipeline.') and '.sandbox' not in m]; "
        "print(heavy, ours)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30)
    assert told.stdout.strip() == "set() []"


def test_the_shell_completes_list_keys_and_chunk_keys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """From the names of the files alone; without a data folder, or with broken settings, there is nothing to offer."""
    assert completing.list_keys() == []
    for name in ("raw_phones/a-1.parquet", "raw_phones/b-2.parquet", "chunks/3f0c.txt"):
        (tmp_path / "data" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "data" / name).touch()
    ask = {"_FBCHECK_COMPLETE": "complete_bash", "COMP_WORDS": "fbcheck lineage ", "COMP_CWORD": "2"}
    for name, value in ask.items():
        monkeypatch.setenv(name, value)
    code = "from fbcheck_pipeline.cli import main; main()"
    offered = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert offered.stdout.split() == ["a-1", "b-2"]
    assert completing.chunk_keys() == ["3f0c"]
    monkeypatch.setenv("FBCHECK_CHUNK_SIZE", "none")
    assert completing.list_keys() == []
