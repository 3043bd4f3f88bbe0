"""The sample lists are what their README says."""

from __future__ import annotations

import runpy
from pathlib import Path

import phonenumbers

from tests.unit.lists.reading import column, read

SAMPLES = Path(__file__).parents[3] / "data" / "samples"
LISTS = {"customers.csv": 36, "leads.xlsx": 29, "numbers.txt": 36, "newsletter.parquet": 24, "events.csv.gz": 23}


def test_the_samples_are_what_their_generator_writes(tmp_path: Path) -> None:
    """Nobody edits them by hand; Parquet names the library that wrote it, so its rows are compared."""
    runpy.run_path(str(SAMPLES / "make_samples.py"))["make"](tmp_path)
    for name in LISTS:
        if not name.endswith((".parquet", ".gz", ".xlsx")):
            assert (tmp_path / name).read_bytes() == (SAMPLES / name).read_bytes()
        assert read(tmp_path / name)[1].equals(read(SAMPLES / name)[1])


def test_every_sample_is_read_without_any_option() -> None:
    """A demo should need none."""
    for name, rows in LISTS.items():
        reader, _ = read(SAMPLES / name)
        assert reader.counts["rows"] == rows


def test_numbers_stand_in_more_than_one_sample() -> None:
    """So that the demo shows a verdict reused."""
    found = []
    for name in LISTS:
        reader, table = read(SAMPLES / name)
        default = "TR" if name == "customers.csv" else None
        regions = column(table, reader.source.region_column) if reader.source.region_column else [default] * len(table)
        pairs = zip(column(table, "phone_raw"), regions, strict=True)
        found.append({key for raw, region in pairs if (key := _e164(raw, region or default))})
    assert sum(len(found[left] & found[right]) for left in range(5) for right in range(left)) >= 12


def _e164(raw: str | None, region: str | None) -> str | None:
    try:
        number = phonenumbers.parse(raw or "", region)
    except phonenumbers.NumberParseException:
        return None
    return (
        phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) if phonenumbers.is_valid_number(number) else None
    )
