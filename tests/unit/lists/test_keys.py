"""The name of a list."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fbcheck_pipeline.errors import ListError
from fbcheck_pipeline.lists import ReadOptions, file_sha256, list_key


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Customers 2026-11.csv", "customers-2026-11"),
        ("müşteri_listesi.CSV.GZ", "musteri-listesi"),
        ("列表.txt", "lie-biao"),
        ("a.b.tsv.gz", "a-b"),
        ("---.xlsx", "list"),
        ("x" * 100 + ".parquet", "x" * 60),
        ("a b,c\td.csv", "a-b-c-d"),
    ],
)
def test_a_list_is_called_by_its_name_and_content(tmp_path: Path, name: str, slug: str) -> None:
    """Readable, and new when the content is."""
    (tmp_path / name).write_bytes(b"x")
    assert list_key(tmp_path / name) == f"{slug}-{hashlib.sha256(b'x').hexdigest()[:8]}"
    assert file_sha256(tmp_path / name) == hashlib.sha256(b"x").hexdigest()


@given(st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=60))
@settings(max_examples=50, deadline=None)
def test_a_key_is_safe_in_any_path_or_page(tmp_path_factory: pytest.TempPathFactory, stem: str) -> None:
    """Dagster accepts partition keys that later break its storage."""
    path = tmp_path_factory.mktemp("keys") / f"{stem.encode()[:200].decode(errors='ignore')}.csv"
    path.write_bytes(b"x")
    assert re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,58}[a-z0-9])?-[0-9a-f]{8}", list_key(path))


def test_a_missing_file_has_no_key(tmp_path: Path) -> None:
    """It is an error of the person's, not of the program's."""
    with pytest.raises(ListError, match=r"x\.csv: cannot be read"):
        list_key(tmp_path / "x.csv")


def test_options_go_through_json_and_back() -> None:
    """They wait in the ledger until a run reads the list."""
    options = ReadOptions(delimiter=";", has_header=False, region="TR")
    assert options.to_json() == {"delimiter": ";", "has_header": False, "region": "TR"}
    assert ReadOptions.from_json(options.to_json()) == options
    with pytest.raises(ListError, match="unknown reading options colour"):
        ReadOptions.from_json({"colour": "red"})
