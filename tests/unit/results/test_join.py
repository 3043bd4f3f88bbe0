"""What the join makes of e164_phones, also of those that an older version wrote."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fbcheck_pipeline.files.storage import BatchStream, Storage
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.model.columns import RESULT_COLUMNS, Column, result_names, schema_of
from fbcheck_pipeline.model.frames import validate
from fbcheck_pipeline.model.statuses import CHECK_STATUSES, VERDICTS, CheckStatus, Verdict
from fbcheck_pipeline.results import join
from fbcheck_pipeline.workflow.answers import Resolved, Tally

PHONE = 41_780_000_001


def joined(**source: str) -> pa.RecordBatch:
    """The result of one phone that was checked; `source` are the columns and cells of its list."""
    ours = {"source_row": 1, "phone_index": 0, "phone_column": "tel", "phone_raw": "a", "phone_e164": f"+{PHONE}"}
    schema = pa.schema([*(pa.field(name, pa.string()) for name in source), *schema_of(paths.E164_PHONES)])
    batch = pa.RecordBatch.from_pylist([{**source, **ours}], schema=schema)
    task = SimpleNamespace(task_id="t", vendor_exported_at="2026-11-24T12:00:00Z", exported_at=0.0)
    status = np.array([CHECK_STATUSES.index(CheckStatus.CHECKED), *_of_no_phone()], np.int8)
    verdict = np.array([VERDICTS.index(Verdict.YES), -1, -1], np.int8)
    task_at = np.array([0, -1, -1], np.int32)
    resolved = Resolved(np.array([PHONE]), status, verdict, task_at, cast("list[Any]", [task]))
    (result,) = join.join_batches(join.result_schema(schema), [batch], resolved, Tally(resolved))
    return validate(paths.FACEBOOK_RESULTS, result)


def _of_no_phone() -> list[int]:
    return [CHECK_STATUSES.index(each) for each in (CheckStatus.WAITING, CheckStatus.REJECTED)]


def test_the_join_computes_every_column_of_a_result() -> None:
    """One that is declared and not computed would be noticed only after the list was paid for."""
    result = joined(name="Ada")
    assert result.schema.names == ["name", *RESULT_COLUMNS]
    (row,) = result.to_pylist()
    assert (row["name"], row["phone_e164"], row["facebook"], row["task_id"]) == ("Ada", f"+{PHONE}", "yes", "t")


def test_a_column_without_computation_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The developer who added it learns where it is missing."""
    monkeypatch.setitem(RESULT_COLUMNS, "planted_column", Column.COUNTRY)
    with pytest.raises(NotImplementedError, match=r"results/join\.py does not compute planted_column"):
        joined()


def test_a_source_column_is_kept_that_is_called_like_a_younger_column_of_ours() -> None:
    """Its list was read before `facebook` was a result column; the cell must be neither lost nor taken for ours."""
    (row,) = joined(name="Ada", facebook="ada.l").to_pylist()
    assert (row["name"], row["facebook_source"], row["facebook"]) == ("Ada", "ada.l", "yes")


ODD_NAMES = ["name", "Name", "NAME", "name_2", "filename", "FileName", "filename_source", "list_key", "Source", "source_source", "ADDED_AT",
    "country", "Country", "country_source", "Country_Source", "country_source_2", "PHONE_E164", "\u00df", "ss", "\u0130d", "x"]  # fmt: skip


@given(st.lists(st.lists(st.sampled_from(ODD_NAMES), unique=True, max_size=12), min_size=2, max_size=3))
@settings(max_examples=40)
def test_every_engine_can_hold_the_names_of_all_lists_together(
    tmp_path_factory: pytest.TempPathFactory, lists: list[list[str]]
) -> None:
    """To SQL `Country` and `country` are one name; DuckDB refuses a column `filename` beside its own."""
    folder = tmp_path_factory.mktemp("names")
    for number, names in enumerate(lists):
        final = result_names(names)
        assert len({each.casefold() for each in (*final, *RESULT_COLUMNS)}) == len(names) + len(RESULT_COLUMNS)
        assert [name for name, own in zip(final, names, strict=True) if name == own or name.startswith(own)] == [*final]
        assert result_names(final) == final
        table = pa.Table.from_batches([joined(**dict.fromkeys(final, "a"))])
        assert table.schema.names == [*final, *RESULT_COLUMNS]
        pq.write_table(table, folder / f"{number}.parquet")
    everything = f"SELECT * FROM read_parquet('{folder}/*.parquet', union_by_name = true, filename = true)"
    found = duckdb.sql(everything).fetchall()
    assert len(found) == len(lists) and {Path(str(row[-1])).name for row in found} == {f"{n}.parquet" for n in range(len(lists))}


def test_a_result_says_of_each_column_what_it_means_and_what_it_is_made_of(tmp_path: Path) -> None:
    """Also to whoever has nothing but the file."""
    batch = joined(name="Ada")
    e164_schema = pa.schema([pa.field("name", pa.string()), *schema_of(paths.E164_PHONES)])
    Storage(str(tmp_path)).write_parquet("a/a.parquet", BatchStream(join.result_schema(e164_schema), iter([batch])))
    schema = pq.read_schema(tmp_path / "a" / "a.parquet")
    assert not any(pa.types.is_dictionary(field.type) for field in schema), "readers treat dictionaries in ways of their own"
    said = {field.name: field.metadata for field in schema}
    assert said["name"][b"origin"] == b"raw_phones.name" and said["country"][b"origin"] == b"e164_phones.phone_e164"
    assert {name: said[name][b"meaning"].decode() for name in RESULT_COLUMNS} == {
        name: each.meaning for name, each in RESULT_COLUMNS.items()
    }
