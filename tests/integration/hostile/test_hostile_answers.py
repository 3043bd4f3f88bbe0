"""What a vendor, or somebody in between, may send: each answer means something, or is a named error; nothing else is raised."""

import contextlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fbcheck_pipeline.errors import ResultError, UnreadableAnswer, VendorError
from fbcheck_pipeline.vendor.outcomes import ACCEPTED, outcome_of, raise_outcome
from fbcheck_pipeline.vendor.result_table import read_result
from fbcheck_pipeline.vendor.task_snapshots import TaskStatus, balance_of, snapshot_of
from fbcheck_pipeline.vendor.wire_answers import Answer
from tests.integration.hostile.mutating import NUMBERS, mutated, mutated_archive, packed, table, workbook, zipped

HOSTILE = settings(
    max_examples=120,
    derandomize=True,
    deadline=5000,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
KEY = "very-secret-key"
CSV = table(("facebook", "Number"))
XLSX, ZIP = workbook(("facebook", "Number")), zipped({"all.csv": CSV, "result.xlsx": workbook(("facebook", "Number"))})
TASK = {"task_id": "cs9viu7i61pkfs4oavvg", "status": "exported", "total": 40, "success": 40, "failure": 0,
        "created_at": "2024-10-19T18:24:56.450567423Z", "result_url": "https://example.com/r.xlsx", "message": "done"}  # fmt: skip

ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just(KEY) | st.sampled_from(NUMBERS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*TASK, "error", "amount"]), inner, max_size=3),
    max_leaves=6,
)
FIELDS = st.dictionaries(st.sampled_from([*TASK, "error", "balance", "actual_amount"]), ODD).map(lambda odd: {**TASK, **odd})
BODIES = st.one_of(
    st.binary(max_size=200), mutated(json.dumps(TASK).encode()), FIELDS.map(lambda fields: json.dumps(fields).encode()),
    st.sampled_from([b"[" * 100_000, b'{"a":' * 50_000, b"9" * 5000, b'{"total": ' + b"9" * 5000 + b"}", b'"\\ud800"']),
)  # fmt: skip
HEADERS = st.fixed_dictionaries(
    {},
    optional={name: st.text(max_size=30) | st.just("9" * 400) for name in ("Content-Type", "Retry-After", "Date", "X-Synthetic")},
)


@HOSTILE
@given(st.integers(100, 599), HEADERS, BODIES)
def test_every_answer_to_a_submission_has_an_outcome(status: int, headers: dict[str, str], body: bytes) -> None:
    """And what it says is shown without the key and without a number."""
    answer = Answer(status, headers, body)
    outcome = outcome_of(answer)
    answer.retry_after_s()
    if outcome is not ACCEPTED:
        with pytest.raises(VendorError) as raised:
            raise_outcome(outcome, answer, KEY)
        assert KEY not in str(raised.value)
        assert not any(number[1:] in str(raised.value) for number in NUMBERS)


@HOSTILE
@given(FIELDS | st.dictionaries(st.text(max_size=12), ODD, max_size=4))
def test_every_task_answer_is_a_snapshot_or_unreadable(fields: dict[str, Any]) -> None:
    """Also that of a balance."""
    for read in (
        lambda: snapshot_of(fields, is_synthetic=False, secret=KEY),
        lambda: snapshot_of(fields, is_synthetic=False, secret=KEY, unknown_status_is=TaskStatus.PENDING).updated_at_us,
        lambda: balance_of(fields),
    ):
        with contextlib.suppress(UnreadableAnswer):
            read()


def answers(folder: Path, content: bytes) -> int:
    """Phones of a result, or -1 where it was refused in a sentence without any number."""
    path = folder / "result"
    path.write_bytes(content)
    try:
        return len(read_result(path, np.array(sorted(map(int, NUMBERS))), max_bytes=5_000_000).table)
    except ResultError as error:
        assert not any(number[1:] in str(error) for number in NUMBERS)
        return -1


@pytest.mark.parametrize("content", [CSV, packed(CSV), XLSX, ZIP], ids=["csv", "gzip", "xlsx", "zip"])
def test_the_originals_are_read(tmp_path: Path, content: bytes) -> None:
    """Else the mutants would prove nothing."""
    assert answers(tmp_path, content) >= len(NUMBERS)


@HOSTILE
@given(st.one_of(mutated(CSV), mutated(CSV).map(packed), mutated(packed(CSV)), mutated(CSV.decode().encode("utf-16"))))
def test_text_results(tmp_path: Path, content: bytes) -> None:
    """CSV, also gzipped."""
    answers(tmp_path, content)


@HOSTILE
@given(st.one_of(mutated(XLSX), mutated(ZIP), mutated_archive(XLSX), mutated_archive(ZIP), mutated_archive(XLSX)))
def test_archived_results(tmp_path: Path, content: bytes) -> None:
    """Workbooks and archives, damaged outside and inside."""
    answers(tmp_path, content)
