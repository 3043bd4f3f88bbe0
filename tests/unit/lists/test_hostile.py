"""Files that are made, or broken, so that a parser raises something of its own: refused in a sentence that quotes no cell."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from fbcheck_pipeline.errors import ListError
from fbcheck_pipeline.lists import open_list

NUMBER = "+41780000001"


def workbook(change: Callable[[bytes], bytes] = lambda sheet: sheet, cell: object = NUMBER) -> bytes:
    """A workbook of one phone, and one formula that was never calculated, so that openpyxl reads it; its sheet's XML changed."""
    book = openpyxl.Workbook()
    for row in (["name", "phone"], ["n", cell], ["=A1", NUMBER]):
        book.active.append(row)
    whole, changed = io.BytesIO(), io.BytesIO()
    book.save(whole)
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            content = source.read(name)
            target.writestr(name, change(content) if name == "xl/worksheets/sheet1.xml" else content)
    return changed.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.xlsx", workbook(lambda sheet: sheet.replace(b'<row r="3"', b'<row r="' + b"9" * 5000 + b'"'))),
        (
            "a.xlsx",
            workbook(lambda sheet: sheet.replace(b't="n"', b"").replace(b"<v>41780000001<", b"<v>41780000001x<"), 41780000001),
        ),
        ("a.xlsx", workbook().replace(b"xl/workbook.xml", b"xl/work\xff\xfe\xfdk.xml")),
    ],
    ids=["a row number of 5000 digits", "a number that is none", "a name that is no text"],
)
def test_whatever_a_parser_raises_becomes_a_sentence(tmp_path: Path, name: str, content: bytes) -> None:
    """And nothing of the parser's own message, which may quote a cell, reaches logs or events by way of the cause."""
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ListError) as refused:
        for _ in open_list(path).batches():
            pass
    assert str(refused.value).startswith(f"{name}: ") and NUMBER[1:] not in str(refused.value)
    assert refused.value.__cause__ is None and refused.value.__suppress_context__
