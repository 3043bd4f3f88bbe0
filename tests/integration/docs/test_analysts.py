"""The analysts' queries on files that the product wrote, and the pages of its files and JSON documents."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fbcheck_pipeline.sandbox import Sandbox
from fbcheck_pipeline.workflow.shipped_views import VIEWS
from tests.integration.cli.fbcheck import Fbcheck, write_list
from tests.unit.docs.pages import DOCS, ROOT, Block, blocks, first_cells, indented

SAMPLES = ROOT / "data" / "samples"
PAGE = (DOCS / "analysts.md").read_text()
SECTIONS = {part.partition("\n")[0].strip("# "): blocks(part) for part in re.split(r"^(?=## )", PAGE, flags=re.M) if blocks(part)}
SETUP = "All lists as one table"
OPTED_OUT = "+905322373536"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder whose `data` is what three of the sample lists leave: one opt-out, one answer lost."""
    folder = tmp_path_factory.mktemp("analysts")
    with Sandbox(faults={"submit_accepted_then_cut": 1}) as sandbox:
        fbcheck = Fbcheck(folder, sandbox.url)
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
    yield folder


def key_in(document: dict[str, Any]) -> str:
    return str(document["lists"][0]["list_key"])


@pytest.mark.parametrize("section", [name for name in SECTIONS if name != SETUP])
def test_the_queries_of_a_section_answer_and_agree(section: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """DuckDB, pandas and Polars say the same of the same files, and something at all."""
    monkeypatch.chdir(folder)
    answers = [rows_of(answer(block)) for block in SECTIONS[section]]
    assert answers[0] and all(each == answers[0] for each in answers)


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


def test_the_readme_reads_results_as_it_says(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its pandas lines and its one query; a country is a region of ours, not a word of some source list."""
    monkeypatch.chdir(folder)
    code = "\n".join(block.text for block in indented((ROOT / "README.md").read_text()))
    lines = code[code.index("import pandas") :].splitlines()[:3]
    assert rows_of(answer(Block("python", "\n".join(lines))).reset_index(name="phones"))
    (query,) = re.findall(r'duckdb -c "(.*)"', code)
    countries = duckdb.sql(query).df().country.dropna()
    assert len(countries) > 3 and set(map(len, countries)) == {2}


def test_the_page_covers_all_three_ways() -> None:
    """But for what only a database can say."""
    for section, found in SECTIONS.items():
        ways = [way(block) for block in found]
        assert ways in (["duckdb"], ["duckdb", "pandas", "polars"]), section


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


def test_each_folder_of_parquet_reads_as_it_is(folder: Path) -> None:
    """Nothing else lies there; no text is an Arrow dictionary, whose nulls pandas groups with other words."""
    folders = {path.parent for path in (folder / "data").glob("*/*.parquet")} - set((folder / "data").glob("taken*"))
    for each in folders:
        assert all(path.suffix == ".parquet" for path in each.iterdir()), each.name
        for path in each.iterdir():
            assert not any(pa.types.is_dictionary(kind) for kind in pq.read_schema(path).types), path.name
    for reads in (pd.read_parquet, pq.read_table, partial(pd.read_parquet, dtype_backend="pyarrow"), pl.read_parquet):
        for each in folders & {folder / "data" / name for name in ("facebook_answers", "facebook_summary", "verdicts")}:
            assert len(reads(each))


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


def way(block: Block) -> str:
    """Which library a block is for; a block without its name follows the setup's order."""
    if block.language == "sql":
        return "duckdb"
    return "polars" if re.search(r"\bpl\.|polars|\.collect\(\)", block.text) else "pandas"


def answer(block: Block) -> Any:
    """Run the setup for the block's library, then the block; its last expression is the answer."""
    (setup,) = [each for each in SECTIONS[SETUP] if way(each) == way(block)]
    if block.language == "sql":
        connection = duckdb.connect()
        connection.execute(setup.text)
        return connection.sql(block.text).df()
    names: dict[str, Any] = {}
    exec(setup.text, names)
    *before, last = ast.parse(block.text).body
    exec(compile(ast.Module(before, []), "page", "exec"), names)
    assert isinstance(last, ast.Expr)
    return eval(compile(ast.Expression(last.value), "page", "eval"), names)


def rows_of(frame: Any) -> list[tuple[str, ...]]:
    """The rows as text, below the columns' names and in no order, whatever library they come from; none of an empty frame."""
    frame = pd.DataFrame(frame.to_dicts()) if isinstance(frame, pl.DataFrame) else frame
    columns = sorted(frame.columns)
    rows = [tuple(map(cell_of, row)) for row in frame[columns].astype(object).itertuples(index=False)]
    return [tuple(columns), *sorted(rows)] if rows else []


def cell_of(value: Any) -> str:
    return "" if pd.isna(value) else f"{value:.6g}" if isinstance(value, float) else str(value)


def fits(pattern: str, name: str) -> bool:
    """A line of the page: a folder, or a path with `<…>`, `*` and a shortened `….gz`."""
    if pattern.endswith("/"):
        return name.startswith(pattern)
    pieces = [".*" if piece.startswith(("<", "*", "…")) else re.escape(piece) for piece in re.split(r"(<[^>]*>|\*|…)", pattern)]
    return re.fullmatch("".join(pieces), name) is not None
