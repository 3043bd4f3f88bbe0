"""What a run of the sample lists leaves, as an analyst finds it: the views, the README's lines, the pages of files and JSON documents."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from fbcheck_pipeline.sandbox import Sandbox
from fbcheck_pipeline.workflow.tables.shipped_views import VIEWS
from tests.integration.cli.fbcheck import Fbcheck, write_list
from tests.unit.docs.pages import DOCS, ROOT, Block, blocks, first_cells

SAMPLES = ROOT / "data" / "samples"
OPTED_OUT = "+905322373536"


@pytest.fixture(scope="module")
def vendor() -> Iterator[Sandbox]:
    with Sandbox(faults={"submit_accepted_then_cut": 1}) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, vendor: Sandbox) -> Path:
    """A folder whose `data` is what three of the sample lists leave: one opt-out, one answer lost."""
    folder = tmp_path_factory.mktemp("analysts")
    fbcheck = Fbcheck(folder, vendor.url)
    assert fbcheck("suppress", str(write_list(folder / "out.csv", [OPTED_OUT])))[0] == 0
    names = [str(SAMPLES / name) for name in ("customers.csv", "leads.xlsx", "events.csv.gz")]
    code, document, err = fbcheck("run", *names, "--region", "TR", "--json", CHUNK_SIZE="20", PURPOSE="test")
    assert code == 3, err
    assert sum(each["counts"]["unconfirmed"] for each in document["lists"]) > 0
    said = {
        name: fbcheck(*words, "--json")[1]
        for name, words in (("status", ["status", "--all"]), ("lineage", ["lineage", key_in(document)]))
    }
    (folder / "said.json").write_text(json.dumps({"run": document, **said}))
    return folder


def key_in(document: dict[str, Any]) -> str:
    return str(document["lists"][0]["list_key"])


def test_the_shipped_views_read_every_table(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From within the data's folder, or from elsewhere by DuckDB's search path; their names are those of the docs."""
    data = folder / "data"
    monkeypatch.chdir(folder)
    with duckdb.connect() as connection:
        connection.execute(f"SET file_search_path = '{data}'")
        connection.execute((data / "views.sql").read_text())
        found = {str(name): connection.sql(f"FROM {name}") for (name,) in connection.execute("SHOW TABLES").fetchall()}
        have_files = {name for name, table in VIEWS.items() if list((data / table.folder).glob("*.parquet"))}
        assert {name for name in found if not name.endswith("_files")} == have_files
        assert have_files >= {"current_verdicts", "verdict_changes", "summary"}
        rows = found["current_verdicts"].fetchall()
        said = connection.sql(
            f"FROM '{data}/facebook_results/*.parquet' SELECT DISTINCT phone_e164, facebook WHERE facebook IS NOT NULL"
        )
        assert len(rows) > 20 and {(row[0], row[3]) for row in rows} == set(said.fetchall())


def test_the_readme_checks_and_reads_as_it_says(folder: Path, vendor: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its commands, its pandas lines, and its one query, whose countries are regions of ours, not words of some source list."""
    monkeypatch.chdir(folder)
    page = blocks((ROOT / "README.md").read_text())
    run, read, look = (_block(page, begins) for begins in (". .venv/bin/activate", "import pandas", "fbcheck lineage"))
    *before, last = read.splitlines()
    names: dict[str, Any] = {}
    exec("\n".join(before), names)
    assert len(eval(last, names))
    for name in ("customers.csv", "crm.csv"):
        shutil.copy(SAMPLES / "customers.csv", folder / name)
    fbcheck, key = Fbcheck(folder, vendor.url), key_in(json.loads((folder / "said.json").read_text())["run"])
    fbcheck.environment["BROWSER"] = "true"  # it opens nothing
    *lines, query = look.splitlines()
    for line in (*run.splitlines(), *lines):
        words = shlex.split(line.replace("LIST_KEY", key), comments=True)
        assert words[0] != "fbcheck" or fbcheck(*words[1:])[0] in (0, 3), line  # one of its answers was lost
    assert {"customers.xlsx", "crm.parquet"} <= {path.name for path in folder.iterdir()}
    countries = duckdb.sql(shlex.split(query)[2]).df().country.dropna()
    assert len(countries) > 3 and set(map(len, countries)) == {2}


def test_the_readme_adds_to_a_project_what_the_how_to_adds() -> None:
    """Whose lines are run in projects of others."""
    how_to = blocks((DOCS / "how-to" / "add-to-your-project.md").read_text())
    assert _block(blocks((ROOT / "README.md").read_text()), "import dagster") == _block(how_to, "import dagster")


def _block(page: list[Block], begins: str) -> str:
    (text,) = [each.text for each in page if each.text.startswith(begins)][:1]
    return text


def test_every_file_of_a_run_is_on_the_page_of_files(folder: Path) -> None:
    """And what that page calls free of people holds no number of the lists."""
    rows = [line.split(" | ") for line in (DOCS / "reference" / "files.md").read_text().splitlines() if line.startswith("| `")]
    places = [(pattern, row[2]) for row in rows for pattern in re.findall(r"`([^`]+)`", row[0])]
    numbers = [number for path in (folder / "data" / "chunks").iterdir() for number in re.findall(rb"\d+", path.read_bytes())]
    for path in (each for each in (folder / "data").rglob("*") if each.is_file()):
        name = path.relative_to(folder / "data").as_posix()
        people = next((people for pattern, people in places if fits(pattern, name)), None)
        assert people is not None, f"{name} is not on the page"
        assert people == "yes" or not any(number in path.read_bytes() for number in numbers), f"{name} holds a number"


@pytest.mark.parametrize("command", ["run", "status", "lineage"])
def test_every_key_of_a_json_document_is_on_its_page(command: str, folder: Path) -> None:
    """And no other stands there."""
    said = json.loads((folder / "said.json").read_text())[command]
    page = re.split(r"^## ", (DOCS / "reference" / "json.md").read_text(), flags=re.M)
    (section,) = [part for part in page if part.startswith(f"{command}\n")]
    assert {key for cell in first_cells(section) for key in re.findall("`(.*?)`", cell)} == keys_of(said)


def keys_of(document: dict[str, Any]) -> set[str]:
    """Its keys, and those of the objects in its lists; an empty list says nothing."""
    keys = set()
    for name, value in document.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            keys |= {f"{name}[].{key}" for key in value[0]}
        else:
            keys.add(name)
    return keys


def fits(pattern: str, name: str) -> bool:
    """A line of the page: a folder, or a path with `<…>`, `*` and a shortened `….gz`."""
    if pattern.endswith("/"):
        return name.startswith(pattern)
    pieces = [".*" if piece.startswith(("<", "*", "…")) else re.escape(piece) for piece in re.split(r"(<[^>]*>|\*|…)", pattern)]
    return re.fullmatch("".join(pieces), name) is not None
