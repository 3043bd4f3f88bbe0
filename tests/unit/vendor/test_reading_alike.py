"""A list and a result of the same bytes are the same cells: there is one reading of CSV and one of workbooks."""

from __future__ import annotations

import io
from pathlib import Path

import openpyxl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fbcheck_pipeline.lists import ReadOptions, open_list
from fbcheck_pipeline.vendor.result_containers import find_tables

CELL = st.text(st.sampled_from('ab",;\n\r\t 0ş'), max_size=8)
SOUP = st.lists(st.sampled_from(["a", '"', '""', ",", "\n", "\r\n", " ", "+41780000001"]), max_size=30).map("".join)
SCHEMA = pa.schema([("number", pa.string()), ("label", pa.string())])
HEADER = "number,facebook,note\n+41780000000,yes,x\n"


def as_list(folder: Path, name: str, content: bytes) -> list[tuple[str, str]]:
    path = folder / name
    path.write_bytes(content)
    delimiter = None if name.endswith(".xlsx") else ","
    batches = open_list(path, ReadOptions(delimiter=delimiter, column="number", has_header=True)).batches()
    return [
        (n or "", label or "")
        for batch in batches
        for n, label in zip(*(batch.column(at).to_pylist() for at in (0, 1)), strict=True)
    ]


def as_result(folder: Path, content: bytes) -> list[tuple[str, str]]:
    path = folder / "result"
    path.write_bytes(content)
    ((numbers, labels),) = find_tables(
        path, 10_000_000, lambda batches: pa.Table.from_batches(list(batches), schema=SCHEMA).to_pydict().values()
    )
    return [(n or "", label or "") for n, label in zip(numbers, labels, strict=True)]


@given(SOUP, st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1254"]))
@settings(max_examples=80)
def test_text_of_any_kind_is_cut_into_the_same_cells(tmp_path_factory: pytest.TempPathFactory, soup: str, code: str) -> None:
    """Quotes anywhere, rows of any length, every encoding."""
    content = f"{HEADER}+41780000002,no,ış\n{soup}".encode(code)
    folder = tmp_path_factory.mktemp("list")
    assert as_list(folder, "a.csv", content) == as_result(folder, content)


@pytest.mark.parametrize(
    "note",
    ['"two\nlines"', '"two\n+41780000009,no,lines"', '"a ""b""\nc"', '"never closed', '5" pipe', '"two\nlines" and more'],
)
def test_a_note_over_two_lines_gives_no_phone_the_label_of_another_row(tmp_path: Path, note: str) -> None:
    """A result was once read again without quotes when one was odd, and each line of a note became a row."""
    rows = [f"+4178000000{row},{'yes' if row % 2 else 'no'},{note if row == 3 else 'x'}" for row in range(1, 8)]
    content = (HEADER + "\n".join(rows) + '\nx,ban,5" x\n').encode()
    found = as_result(tmp_path, content)
    assert found == as_list(tmp_path, "a.csv", content)
    expected = {f"+4178000000{row}": "yes" if row % 2 else "no" for row in range(1, 8)}
    assert {number: label for number, label in found if number in expected} == expected
    assert "+41780000009" not in dict(found)


@pytest.mark.parametrize("is_slow", [False, True])
def test_a_workbook_is_the_same_cells(tmp_path: Path, is_slow: bool) -> None:
    """Also where a formula was never calculated, so that openpyxl reads it."""
    book = openpyxl.Workbook()
    for row in [
        ("number", "facebook"),
        (41780000001, "yes"),
        (41780000002.0, True),
        (1 / 3, None),
        ("=A2" if is_slow else 7, 1.5),
    ]:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    assert as_list(tmp_path, "a.xlsx", out.getvalue()) == as_result(tmp_path, out.getvalue())
    assert as_result(tmp_path, out.getvalue())[:3] == [
        ("41780000001", "yes"),
        ("41780000002", "true"),
        ("0.3333333333333333", ""),
    ]
