"""Parquet of the world's tools, read back: rows, texts, types, phones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.world.chance import chance_of
from tests.world.parquet_tools import ARROW_TYPES, PARQUET_TOOLS
from tests.world.people import E164, INTERNATIONAL, REGIONS, TEXTS, people, valid_numbers, written
from tests.world.product import Product

LEFT_OUT = {"uuid", "record of days", "moment of no zone", "far moment", "json"}
"""Of ARROW_TYPES; each costs itself alone, and it is said."""


@pytest.mark.parametrize("texts", ["latin", "ascii", "arabic", "chinese"])
@pytest.mark.parametrize("name", PARQUET_TOOLS)
def test_what_a_tool_wrote_is_what_is_read(product: Product, tmp_path: Path, name: str, texts: str) -> None:
    """Every row with its texts; every number is the one that was written, or the cell is rejected."""
    chance = chance_of(name, texts)
    region = chance.choice(REGIONS)
    wrote = people(chance, region, 40, texts)
    PARQUET_TOOLS[name](wrote, tmp_path / "list.parquet")
    reading = product.read(tmp_path / "list.parquet", region).read()
    assert reading.rows == len(wrote) and reading.phone_columns == ("phone",) and reading.region_column == "country_source"
    assert reading.columns["name"] == [each.name for each in wrote] and reading.columns["id"] == [each.id for each in wrote]
    assert [phone.raw for phone in reading.phones] == [each.phone for each in wrote]
    pairs = zip(wrote, reading.numbers(), strict=True)
    assert [(each.phone, each.e164) for each, e164s in pairs if e164s - {each.e164}] == []


@pytest.mark.parametrize("name", ARROW_TYPES)
def test_one_type_beside_phones(product: Product, tmp_path: Path, name: str) -> None:
    """The column is there with its values, or it is left out by name; the list is read in any case."""
    kind, value = ARROW_TYPES[name]
    storage = kind.storage_type if isinstance(kind, pa.BaseExtensionType) else kind
    column = pa.array([value, None, value], storage)
    column = pa.ExtensionArray.from_storage(kind, column) if storage is not kind else column
    wrote = people(chance_of(name), "TR", 3, style=INTERNATIONAL)
    pq.write_table(pa.table({"odd one": column, "tel": [each.phone for each in wrote]}), tmp_path / "list.parquet")
    reading = product.read(tmp_path / "list.parquet").read()
    assert reading.numbers() == [frozenset({each.e164}) for each in wrote]
    said = any("odd one" in reason for reason in reading.reasons)
    assert said != ("odd one" in reading.columns), reading.reasons


def _as_numbers(digits: list[str]) -> dict[str, Any]:
    return {
        "int64": pa.array(map(int, digits), pa.int64()),
        "uint64": pa.array(map(int, digits), pa.uint64()),
        "double": pa.array(map(float, digits), pa.float64()),
        "decimal": pa.array(digits).cast(pa.decimal128(20, 0)),
        "decimal with a fraction": pa.array(digits).cast(pa.decimal128(24, 2)),
        "text": pa.array([f"+{each}" for each in digits]),
        "large text": pa.array([f"+{each}" for each in digits], pa.large_string()),
        "text view": pa.array([f"+{each}" for each in digits], pa.string_view()),
        "dictionary": pa.array([f"+{each}" for each in digits]).dictionary_encode(),
        "binary": pa.array([f"+{each}".encode() for each in digits]),
        "list": pa.array([[f"+{each}"] for each in digits]),
        "list of numbers": pa.array([[int(each)] for each in digits]),
        "fixed list": pa.array([[f"+{each}"] for each in digits], pa.list_(pa.string(), 1)),
        "list view": pa.array([[f"+{each}"] for each in digits], pa.large_list(pa.string())),
    }


@pytest.mark.parametrize("kind", _as_numbers(["1"]))
def test_phones_of_one_type(product: Product, tmp_path: Path, kind: str) -> None:
    """However a pipeline keeps its phones: whole, or said why not."""
    numbers = [written(each, E164) for each in chance_of(kind).sample(valid_numbers("TR"), 30)]
    columns = _as_numbers([number[1:] for number in numbers])
    pq.write_table(pa.table({"n": range(30), "telefon": columns[kind]}), tmp_path / "list.parquet")
    reading = product.read(tmp_path / "list.parquet", "TR").read()
    assert reading.numbers() == [frozenset({each}) for each in numbers]


def test_several_phones_of_a_cell(product: Product, tmp_path: Path) -> None:
    """A list of texts in each row, some empty, some null, some with null among them."""
    chance = chance_of("several")
    lists = [[written(chance.choice(valid_numbers("TR")), E164) for _ in range(row % 4)] for row in range(40)]
    cells = [[*each, None] if row % 3 else each or None for row, each in enumerate(lists)]
    pq.write_table(pa.table({"telefonlar": cells, "n": range(40)}), tmp_path / "list.parquet")
    reading = product.read(tmp_path / "list.parquet", "TR").read()
    assert reading.rows == 40 and reading.numbers() == [frozenset(each) for each in lists]


def test_all_texts_survive(product: Product, tmp_path: Path) -> None:
    """Nothing of a text is changed, whatever the script."""
    texts = [text for each in TEXTS.values() for text in each]
    wrote = people(chance_of("all"), "DE", len(texts), style=INTERNATIONAL)
    pq.write_table(pa.table({"text": texts, "phone": [each.phone for each in wrote]}), tmp_path / "list.parquet")
    reading = product.read(tmp_path / "list.parquet").read()
    assert reading.columns["text"] == texts


@pytest.mark.xfail(
    strict=True, reason="pyarrow does not open a file whose Arrow schema names such a type: the list is refused as damaged"
)
def test_integers_of_128_bits_cost_themselves_alone(product: Product, tmp_path: Path) -> None:
    """Polars writes them, and sums of DuckDB become them."""
    wrote = people(chance_of("int128"), "TR", 3, style=INTERNATIONAL)
    table = pl.DataFrame({"tel": [each.phone for each in wrote], "sum": [1, 2, 3]}).with_columns(pl.col("sum").cast(pl.Int128))
    table.write_parquet(tmp_path / "list.parquet")
    assert product.read(tmp_path / "list.parquet").read().numbers() == [frozenset({each.e164}) for each in wrote]
