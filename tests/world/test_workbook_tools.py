"""Workbooks of the world's tools, read back: rows, texts, phones; numbers that were stored as numbers."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import phonenumbers
import pytest

from tests.world.chance import chance_of
from tests.world.people import E164, REGIONS, TEXTS, people, valid_numbers, written
from tests.world.product import Product
from tests.world.workbook_tools import OFFICE, WORKBOOK_TOOLS


@pytest.mark.parametrize("texts", [each for each in TEXTS if each != "formulas"])
@pytest.mark.parametrize("name", WORKBOOK_TOOLS)
def test_what_a_tool_wrote_is_what_is_read(product: Product, tmp_path: Path, name: str, texts: str) -> None:
    """Every row with its texts; every number is the one that was written, or the cell is rejected."""
    if name == "LibreOffice" and not OFFICE:
        pytest.skip("LibreOffice is not installed")
    chance = chance_of(name, texts)
    region = chance.choice(REGIONS)
    wrote = people(chance, region, 40, texts)
    WORKBOOK_TOOLS[name](wrote, tmp_path / "list.xlsx")
    reading = product.read(tmp_path / "list.xlsx", region).read()
    assert reading.rows == len(wrote) and reading.phone_columns == ("phone",) and reading.region_column == "country_source"
    assert reading.columns["country_source"] == [each.country for each in wrote]
    assert [phone.raw for phone in reading.phones] == [each.phone for each in wrote]
    names = zip(reading.columns["name"], (each.name for each in wrote), strict=True)
    assert [pair for pair in names if pair[0] != pair[1]] == []
    found = reading.numbers()
    assert [(each.phone, each.e164) for each, e164s in zip(wrote, found, strict=True) if e164s - {each.e164}] == []


@pytest.mark.parametrize(
    "form", ["General", "0", "0.00", "#,##0", "@", "0000000000", "yyyy-mm-dd", "[h]:mm", "0%", "0.00E+00", "# ?/?"]
)
@pytest.mark.parametrize("with_code", [True, False])
def test_numbers_stored_as_numbers(product: Product, tmp_path: Path, form: str, with_code: bool) -> None:
    """However they are formatted: the stored number counts, a leading zero is lost and found, none becomes another."""
    chance = chance_of(form, with_code)
    region = chance.choice(("TR", "GB", "FR", "IN", "EG", "PL"))
    numbers = [chance.choice(valid_numbers(region)) for _ in range(60)]
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(["müşteri", "telefon"])
    for number in numbers:
        national = phonenumbers.national_significant_number(number)
        sheet.append(["x", int(f"{number.country_code}{national}" if with_code else national)])
        sheet.cell(sheet.max_row, 2).number_format = form
    book.save(tmp_path / "list.xlsx")
    reading = product.read(tmp_path / "list.xlsx", region).read()
    wanted = [written(number, E164) for number in numbers]
    pairs = list(zip(reading.numbers(), wanted, strict=True))
    assert [(found, want) for found, want in pairs if found - {want}] == []
    assert sum(not found for found, _ in pairs) < 20, [phone for phone in reading.phones if phone.reason]
