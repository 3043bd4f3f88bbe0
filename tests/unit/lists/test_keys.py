"""The name of a list."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fbcheck_pipeline.errors import ListError
from fbcheck_pipeline.lists import ReadOptions, file_sha256, list_key, source_named, source_of_file


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
@settings(max_examples=50)
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


@pytest.mark.parametrize(
    ("source", "files"),
    [
        ("customers", "customers-2026-11-01.csv customers-2026-11-02.csv.gz customers_01.11.26.txt customers20261101.csv"),
        (
            "customers",
            "customers_20261101T103000Z.csv customers-20261101103000.csv customers-1764328000.csv customers_2026-W45.csv",
        ),
        ("customers", "customers-nov-2026.csv 01_Mayis_2026_customers.csv Customers-Q4-2026.xlsx customers_2026-11-01_10h30.csv"),
        ("customers", "customers(1).csv customers-copy.csv customers_copy_2.csv customers_-_Kopie_(2).csv Copy_of_customers.csv"),
        (
            "customers",
            "customers-kopya.csv customers-0001.csv customers-part-3.csv customers-2026-11-01(1).csv Kopie_von_customers.csv",
        ),
        ("musteri_listesi", "müşteri_listesi.CSV.GZ müşteri-listesi-2026.csv"),
        ("list", "2026-11-01.csv 20261102.csv 12345.csv (1).csv copy.csv ---.xlsx"),
        ("b2b_leads", "b2b-leads.csv"),
        ("360_degrees", "360_degrees.csv"),
        ("mart_sales", "mart-sales.csv"),
        ("store12", "store12.csv"),
        ("photocopy", "photocopy.csv"),
        ("copy_center", "copy-center.csv"),
        ("customers_v2", "customers_v2.csv"),
        ("lie_biao", "列表.txt"),
    ],
)
def test_the_deliveries_of_a_source_have_one_name(source: str, files: str) -> None:
    """When it came, and the how manieth it is, says nothing of what it is."""
    assert {source_of_file(each) for each in files.split()} == {source}


@given(st.text(min_size=1, max_size=80))
def test_a_source_is_safe_in_any_path_page_or_query(text: str) -> None:
    """Whatever a file or a folder is called."""
    name = source_of_file(f"{text}.csv")
    assert re.fullmatch(r"[a-z0-9](?:[a-z0-9_]{0,58}[a-z0-9])?", name)
    assert source_named(name) == name
