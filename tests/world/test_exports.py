"""Exports of address books, CRMs, shops and forms: every column of phones is found, and no other number is taken for one."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import openpyxl
import pytest

from tests.world.chance import chance_of
from tests.world.exports import LAYOUTS, Export, export_of
from tests.world.product import Product, Reading

AT_HOME = {
    "German": "DE", "Turkish": "TR", "French": "FR", "Spanish": "ES", "Russian": "RU", "Ukrainian": "UA", "Japanese": "JP", "Chinese": "CN",
    "Korean": "KR", "Arabic": "SA", "Portuguese": "BR", "Polish": "PL", "Italian": "IT",
}  # fmt: skip
ABROAD = ("TR", "DE", "US", "GB", "FR", "ES", "IN", "BR", "NL", "PL", "AU", "IT")


def checked(export: Export, reading: Reading) -> None:
    """No row is lost, no stranger is read, and nearly all numbers are found."""
    assert reading.rows == len(export.rows) and reading.has_header
    found = reading.numbers()
    strangers = [(row, numbers - allowed) for row, numbers, allowed in zip(export.rows, found, export.allowed, strict=True)]
    assert [each for each in strangers if each[1]] == [], reading.reasons
    rejected = [phone for phone in reading.phones if phone.reason not in ("empty", None)]
    in_rejected_rows = {phone.row for phone in rejected}
    missed = [row for row, (numbers, phones) in enumerate(zip(found, export.phones, strict=True), 1) if phones - numbers]
    assert set(missed) <= in_rejected_rows, reading.phone_columns
    assert len(rejected) <= len(reading.phones) // 4, rejected[:9]


@pytest.mark.parametrize("kind", ["comma", "semicolon and mark", "tabs in UTF-16", "workbook"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_an_export_is_read(product: Product, tmp_path: Path, layout: str, kind: str) -> None:
    """As the tool writes it, and as a person saves it from a spreadsheet."""
    chance = chance_of(layout, kind)
    home = next((region for word, region in AT_HOME.items() if word in layout), None)
    region = home or chance.choice(ABROAD)
    export = export_of(layout, chance, region, 50)
    path = tmp_path / ("list.xlsx" if kind == "workbook" else "list.csv")
    if kind == "workbook":
        book = openpyxl.Workbook()
        for row in (export.header, *export.rows):
            book.worksheets[0].append(list(row))
        book.save(path)
    else:
        out = io.StringIO()
        delimiter, encoding = {"comma": (",", "utf-8"), "semicolon and mark": (";", "utf-8-sig")}.get(kind, ("\t", "utf-16"))
        csv.writer(out, delimiter=delimiter).writerows([export.header, *export.rows])
        path.write_bytes(out.getvalue().encode(encoding))
    checked(export, product.read(path, region).read())
