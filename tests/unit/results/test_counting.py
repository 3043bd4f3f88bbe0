"""What a result adds up to, against plain Python."""

from collections import Counter
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fbcheck_pipeline.results.counting import Breakdown, discrepancies, summed_result_counts

NAMES = ("reject_reason", "country", "line_type", "facebook", "phone_column")
ROWS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["empty", "too_short"]), st.sampled_from([None, "TR"]), st.none(), st.none()),
        st.tuples(
            st.none(),
            st.sampled_from(["TR", "CH", "US", None]),
            st.sampled_from(["mobile", "fixed_line"]),
            st.sampled_from(["yes", "no", "ban", None]),
        ),
    )
)


def batch_of(rows: list[Any]) -> pa.RecordBatch:
    """Each batch with dictionaries of its own, as Parquet gives them."""
    columns: list[Any] = list(zip(*rows, strict=True)) if rows else [()] * (len(NAMES) - 1)
    columns.insert(len(NAMES) - 1, ["phone"] * len(rows))
    batch = pa.record_batch([pa.array(each, pa.string()) for each in columns[: len(NAMES)]], names=list(NAMES))
    return batch.append_column("phone_raw", pa.array(["12"] * len(rows), pa.string()))


@given(st.lists(ROWS, max_size=4))
@settings(max_examples=60)
def test_every_row_is_counted_once_whatever_the_dictionaries_of_its_batch(batches: list[list[Any]]) -> None:
    """The charts and the summary rest on it, and nobody counts ten million rows again."""
    breakdown = Breakdown()
    passed = list(breakdown.counted(batch_of(rows) for rows in batches))
    rows = [row for batch in batches for row in batch]
    assert sum(batch.num_rows for batch in passed) == len(rows)
    found = breakdown.to_json()
    assert found["reject_reason"] == Counter(row[0] for row in rows if row[0])
    kept = [row for row in rows if row[0] is None]
    for name, place in (("country", 1), ("line_type", 2)):
        expected = Counter((row[place] or "unknown", row[3] or "none") for row in kept)
        counted = {(key, verdict): count for key, row in found[name].items() for verdict, count in row.items() if count}
        assert counted == expected
    assert breakdown.verdicts() == {verdict: sum(row[3] == verdict for row in kept) for verdict in ("yes", "no", "ban")}


def task(**given: Any) -> Any:
    """A collected task of 100 phones of which 3 are absent and 1 has an odd label."""
    counts = {"rows": 97, "missing": 3, "undetermined": 4, "unknown_labels": 1}
    facts = {
        "task_id": "t",
        "chunk_key": "c",
        "phone_count": 100,
        "total": 100,
        "success": 97,
        "failure": 3,
        "result_counts": counts,
    }
    return SimpleNamespace(**{**facts, **given})


@pytest.mark.parametrize(
    ("facts", "named"),
    [
        ({}, []),
        ({"success": 96, "failure": 4}, []),
        ({"success": 100, "failure": 0}, ["success", "failure"]),
        ({"total": 101}, ["total"]),
        ({"success": 20_010}, ["success"]),
        ({"total": None, "success": None, "failure": None}, []),
        ({"result_counts": None, "total": 7}, []),
    ],
)
def test_counts_of_the_vendor_that_do_not_fit_are_named(facts: dict[str, Any], named: list[str]) -> None:
    """Its documentation shows success 20010 of total 20000: recorded, never asserted; odd labels may be its failures or not."""
    found = discrepancies([task(**facts)])
    assert [each["count"] for each in found] == named
    assert all(each["vendor"] == facts[each["count"]] and each["task_id"] == "t" for each in found)


def test_counts_of_tasks_are_summed_and_an_uncollected_task_has_none() -> None:
    """A count that an older version did not know is nought."""
    found = summed_result_counts([task(), task(), task(result_counts=None)])
    assert (found["tasks"], found["rows"], found["missing"], found["extra"]) == (2, 194, 6, 0)
