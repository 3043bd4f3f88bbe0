"""Delimited text of the world's tools, read back: rows, names of columns, texts, phones."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.world.chance import chance_of
from tests.world.people import INTERNATIONAL, REGIONS, people
from tests.world.product import Product
from tests.world.text_tools import TEXT_TOOLS, numbers_a_line


@pytest.mark.parametrize("turn", range(2))
@pytest.mark.parametrize("name", TEXT_TOOLS)
def test_what_a_tool_wrote_is_what_is_read(product: Product, tmp_path: Path, name: str, turn: int) -> None:
    """Every row with its texts; every number is the one that was written, or the cell is rejected."""
    tool, chance = TEXT_TOOLS[name], chance_of(name, turn)
    region = chance.choice(REGIONS)
    wrote = people(chance, region, 60, tool.texts)
    path = tmp_path / f"list{tool.suffix}"
    tool.write(wrote, path)
    reading = product.read(path, region).read()
    assert reading.rows == len(wrote) and reading.phone_columns == ("phone",) and reading.region_column == "country_source"
    if tool.keeps_texts:
        assert reading.columns["name"] == [each.name for each in wrote]
    assert reading.columns["country_source"] == [each.country for each in wrote]
    assert [phone.raw for phone in reading.phones] == [each.phone for each in wrote]
    found = reading.numbers()
    assert [(each.phone, each.e164) for each, e164s in zip(wrote, found, strict=True) if e164s - {each.e164}] == []
    lost = [each.phone for each, e164s in zip(wrote, found, strict=True) if not e164s]
    assert not any(phone.startswith("+") for phone in lost) and len(lost) <= len(wrote) // 3, lost


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_number_a_line(product: Product, tmp_path: Path, end: str, encoding: str) -> None:
    """The simplest file there is."""
    wrote = people(chance_of(end, encoding), "TR", 30, style=INTERNATIONAL)
    path = tmp_path / "list.txt"
    numbers_a_line(wrote, path, end, encoding)
    reading = product.read(path, "TR").read()
    assert not reading.has_header
    assert reading.numbers() == [frozenset({each.e164}) for each in wrote]
