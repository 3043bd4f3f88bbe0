"""Delimited text as tools write it: each writer takes people and gives the bytes of a file, with the name the tool gives it."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
from pyarrow import csv as arrow_csv

from tests.world.people import Person

HEADER = ("id", "name", "phone", "country")


class Tool(NamedTuple):
    """A way to write a file.

    Attributes:
        keeps_blanks: False where the tool itself trims or changes texts, so that only phones are compared.
        texts: which of `people.TEXTS` it can write.
    """

    suffix: str
    write: Callable[[Sequence[Person], Path], None]
    texts: str = "latin"
    keeps_texts: bool = True


def rows_of(people: Sequence[Person]) -> list[tuple[Any, ...]]:
    """As tuples in the order of HEADER."""
    return [(each.id, each.name, each.phone, each.country) for each in people]


def frame_of(people: Sequence[Person]) -> pd.DataFrame:
    """For pandas."""
    return pd.DataFrame(rows_of(people), columns=list(HEADER))


def arrow_of(people: Sequence[Person]) -> pa.Table:
    """For Arrow, Polars and DuckDB."""
    return pa.Table.from_pandas(frame_of(people), preserve_index=False)


def by_module(people: Sequence[Person], path: Path, encoding: str = "utf-8", start: str = "", **dialect: Any) -> None:
    """Python's csv module in a dialect."""
    out = io.StringIO()
    out.write(start)
    writer = csv.writer(out, **dialect)
    writer.writerow(HEADER)
    writer.writerows(rows_of(people))
    content = out.getvalue().encode(encoding)
    path.write_bytes(gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)


def by_pandas(people: Sequence[Person], path: Path, **options: Any) -> None:
    """`to_csv`."""
    frame_of(people).to_csv(path, **options)


def by_polars(people: Sequence[Person], path: Path, **options: Any) -> None:
    """`write_csv`."""
    table = pl.from_arrow(arrow_of(people))
    assert isinstance(table, pl.DataFrame)
    table.write_csv(path, **options)


def by_duckdb(people: Sequence[Person], path: Path, options: str = "") -> None:
    """`COPY … TO`."""
    people_table = arrow_of(people)
    with duckdb.connect() as connection:
        connection.register("people", people_table)
        connection.execute(f"COPY people TO '{path}' (FORMAT csv{options})")


def by_arrow(people: Sequence[Person], path: Path, **options: Any) -> None:
    """`pyarrow.csv.write_csv`."""
    arrow_csv.write_csv(arrow_of(people), path, arrow_csv.WriteOptions(**options))


def numbers_a_line(people: Sequence[Person], path: Path, end: str = "\n", encoding: str = "utf-8") -> None:
    """A text file without header."""
    path.write_bytes(end.join(each.phone for each in people).encode(encoding))


_CODES = {
    "utf-8-sig": "turkish", "utf-16": "greek", "utf-16-le": "cyrillic", "utf-16-be": "latin", "utf-32": "latin", "cp1252": "latin",
    "cp1254": "turkish", "iso8859_9": "turkish", "cp1251": "cyrillic", "koi8_r": "cyrillic", "cp1253": "greek", "shift_jis": "japanese",
    "euc_jp": "japanese", "gb18030": "chinese", "gbk": "chinese", "big5": "taiwanese", "euc_kr": "korean", "cp1256": "arabic",
    "cp1255": "hebrew", "mac_roman": "latin", "cp850": "latin", "iso8859_15": "latin",
}  # fmt: skip
_GUESSED = ("koi8_r", "euc_jp", "big5", "mac_roman", "cp850", "shift_jis", "gbk", "cp1255")
"""Without a mark these are told from their likes by some words only; the numbers are read in any case."""

TEXT_TOOLS: dict[str, Tool] = {
    "excel": Tool(".csv", by_module),
    "excel, tabs": Tool(".tsv", partial(by_module, dialect="excel-tab")),
    "excel, semicolons and a mark": Tool(".csv", partial(by_module, delimiter=";", encoding="utf-8-sig")),
    "excel, sep=": Tool(".csv", partial(by_module, delimiter=";", start="sep=;\r\n")),
    "excel, Unicode text": Tool(".txt", partial(by_module, delimiter="\t", encoding="utf-16")),
    "excel, texts like formulas": Tool(".csv", by_module, "formulas"),
    "unix": Tool(".csv", partial(by_module, dialect="unix")),
    "bars": Tool(".txt", partial(by_module, delimiter="|")),
    "all quoted, gzip": Tool(".csv.gz", partial(by_module, quoting=csv.QUOTE_ALL)),
    "texts quoted": Tool(".csv", partial(by_module, quoting=csv.QUOTE_NONNUMERIC)),
    "carriage returns": Tool(".csv", partial(by_module, lineterminator="\r"), "without line feeds"),
    "pandas": Tool(".csv", partial(by_pandas, index=False)),
    "pandas with its index": Tool(".csv", by_pandas),
    "pandas, German": Tool(".csv", partial(by_pandas, sep=";", decimal=",", index=False)),
    "pandas, gzip": Tool(".csv.gz", partial(by_pandas, index=False)),
    "pandas, tabs": Tool(".tsv", partial(by_pandas, sep="\t", index=False)),
    "polars": Tool(".csv", by_polars),
    "polars, always quoted": Tool(".csv", partial(by_polars, quote_style="always", separator=";")),
    "polars with a mark": Tool(".csv", partial(by_polars, include_bom=True)),
    "duckdb": Tool(".csv", by_duckdb),
    "duckdb, bars": Tool(".txt", partial(by_duckdb, options=", DELIMITER '|'")),
    "duckdb, gzip": Tool(".csv.gz", partial(by_duckdb, options=", COMPRESSION gzip, FORCE_QUOTE *")),
    "arrow": Tool(".csv", by_arrow),
    "arrow, tabs": Tool(".tsv", partial(by_arrow, delimiter="\t")),
    **{
        f"csv in {code}": Tool(".csv", partial(by_module, encoding=code, delimiter=";"), texts, code not in _GUESSED)
        for code, texts in _CODES.items()
    },
}
