"""Hostile files: each is read, or refused in a sentence; nothing else is ever raised, and nothing hangs.

The same mutants each time; whoever changes a reader raises `max_examples` to thousands and sets `derandomize=False` once.
"""

import warnings
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fbcheck_pipeline.errors import ListError
from fbcheck_pipeline.lists import open_list
from tests.integration.hostile.mutating import NUMBERS, mutated, mutated_archive, packed, parquet, table, workbook

HOSTILE = settings(
    max_examples=120,
    derandomize=True,
    deadline=5000,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
XLSX, PARQUET, CSV = workbook(), parquet(), table()


def read(folder: Path, name: str, content: bytes) -> int:
    """Rows read, or -1 where the list was refused with its name and without any of its numbers."""
    path = folder / name
    path.write_bytes(content)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return sum(batch.num_rows for batch in open_list(path).batches())
    except ListError as error:
        assert str(error).startswith(f"{name}: ")
        assert not any(number[1:] in str(error) for number in NUMBERS)
        assert error.__cause__ is None or not any(number[1:] in str(error.__cause__) for number in NUMBERS)
        return -1


@pytest.mark.parametrize(
    ("name", "content"), [("a.csv", CSV), ("a.csv.gz", packed(CSV)), ("a.xlsx", XLSX), ("a.parquet", PARQUET)]
)
def test_the_originals_are_read(tmp_path: Path, name: str, content: bytes) -> None:
    """Else the mutants would prove nothing."""
    assert read(tmp_path, name, content) >= len(NUMBERS)


@HOSTILE
@given(st.one_of(mutated(CSV), mutated(CSV.decode().encode("utf-16"))), st.sampled_from(["a.csv", "a.txt", "a.tsv", "a.xlsx"]))
def test_text(tmp_path: Path, content: bytes, name: str) -> None:
    """Broken quotes, zero bytes, half characters, the name of something else."""
    read(tmp_path, name, content)


@HOSTILE
@given(st.one_of(mutated(packed(CSV)), mutated(CSV).map(packed)))
def test_gzip(tmp_path: Path, content: bytes) -> None:
    """Damaged outside and inside."""
    read(tmp_path, "a.csv.gz", content)


@HOSTILE
@given(st.one_of(mutated(XLSX), mutated_archive(XLSX), mutated_archive(XLSX)))
def test_workbooks(tmp_path: Path, content: bytes) -> None:
    """Damaged archives, and whole ones whose XML is damaged."""
    read(tmp_path, "a.xlsx", content)


@HOSTILE
@given(mutated(PARQUET))
def test_parquet(tmp_path: Path, content: bytes) -> None:
    """Footers that lie."""
    read(tmp_path, "a.parquet", content)
