"""The blocks of docs/analysts.md, and what runs them: DuckDB, pandas with either backend, Polars, Spark where it is."""

from __future__ import annotations

import ast
import importlib.util
import re
import shutil
from datetime import datetime
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pytest

from tests.unit.docs.pages import DOCS, Block, blocks

PAGE = (DOCS / "analysts.md").read_text()
SECTIONS = {part.partition("\n")[0].strip("# "): blocks(part) for part in re.split(r"^(?=## )", PAGE, flags=re.M) if blocks(part)}
SETUP = {
    each: block for block in SECTIONS.pop("Set up") for each in ("duckdb", "pandas", "polars", "spark") if each in block.text
}
ENGINES = ["duckdb", "pandas", "pandas with NumPy", "polars", "spark"]
WHY_NO_SPARK = (
    "pyspark is not installed; it is large: pip install --group spark"
    if importlib.util.find_spec("pyspark") is None
    else "" if shutil.which("java") else "no Java on this machine"
)  # fmt: skip
needs_spark = pytest.mark.skipif(bool(WHY_NO_SPARK), reason=WHY_NO_SPARK)
EVERY_ENGINE = [pytest.param(each, marks=needs_spark if each == "spark" else ()) for each in ENGINES]

Rows = list[tuple[str, ...]]


def way(block: Block) -> str:
    """Which library a block of a section is for."""
    if block.language == "sql":
        return "duckdb"
    return "polars" if re.search(r"\bpl\.|\.collect\(\)", block.text) else "spark" if "spark." in block.text else "pandas"


def block_for(section: str, engine: str) -> Block | None:
    """None where only another engine can say it; Spark takes the SQL where it has no block of its own."""
    found = {way(block): block for block in SECTIONS[section]}
    if engine == "spark":
        return found.get("spark") or (found["duckdb"] if len(found) > 1 else None)
    return found.get(engine.partition(" ")[0])


class Engine:
    """One library after the page's setup; the working folder holds `data` and `crm.parquet`."""

    def __init__(self, name: str) -> None:
        self.name = name
        setup = next(block.text for key, block in SETUP.items() if key == name.partition(" ")[0])
        text = setup.replace(', dtype_backend="pyarrow"', "") if name == "pandas with NumPy" else setup
        self.known: dict[str, Any] = {}
        exec(text, self.known)

    def answer(self, block: Block) -> Rows:
        """Run a block; its last expression is the answer."""
        if block.language == "sql":
            is_spark = self.name == "spark"
            return rows_of(self.known["spark"].sql(block.text).toPandas() if is_spark else duckdb.execute(block.text).df())
        text = block.text.replace(', dtype_backend="pyarrow"', "") if self.name == "pandas with NumPy" else block.text
        names = dict(self.known)
        *before, last = ast.parse(text).body
        exec(compile(ast.Module(before, []), "page", "exec"), names)
        assert isinstance(last, ast.Expr)
        return rows_of(eval(compile(ast.Expression(last.value), "page", "eval"), names))


def rows_of(frame: Any) -> Rows:
    """The rows as text, below the columns' names and in no order, whatever library they come from; none of an empty frame."""
    if hasattr(frame, "toPandas"):
        frame = frame.toPandas()
    frame = pd.DataFrame(frame.to_dicts()) if isinstance(frame, pl.DataFrame) else frame
    columns = sorted(frame.columns)
    rows = [tuple(map(cell_of, row)) for row in frame[columns].astype(object).itertuples(index=False)]
    return [tuple(columns), *sorted(rows)] if rows else []


def cell_of(value: Any) -> str:
    """A moment in UTC; Spark's have no zone, and are UTC here."""
    if pd.isna(value):
        return ""
    if isinstance(value, datetime):
        at = pd.Timestamp(value)
        return str(at.tz_localize("UTC") if at.tzinfo is None else at.tz_convert("UTC"))
    return f"{value:.6g}" if isinstance(value, int | float) else str(value)
