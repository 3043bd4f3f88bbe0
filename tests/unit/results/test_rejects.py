"""What is said of rejected cells: counts that add up, and shapes that tell on nobody."""

import re
import unicodedata
from collections import Counter

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fbcheck_pipeline.model.reasons import REASONS, RejectReason, by_reason, remedy_of
from fbcheck_pipeline.results.rejects import LONGEST_SHAPE, Rejects, shape_of

ROWS = st.lists(
    st.tuples(
        st.sampled_from(["phone", "tel 2"]), st.one_of(st.none(), st.text(max_size=12)), st.sampled_from([*REASONS[:3], None])
    )
)


def batch_of(rows: list[tuple[str, str | None, str | None]]) -> pa.RecordBatch:
    """Each batch with dictionaries of its own, as Parquet gives them."""
    column, raw, reason = zip(*rows, strict=True) if rows else ((), (), ())
    words = [pa.array(each, pa.string()) for each in (column, reason)]
    return pa.record_batch([words[0], pa.array(raw, pa.string()), words[1]], names=["phone_column", "phone_raw", "reject_reason"])


@given(st.text(max_size=60))
def test_a_shape_keeps_no_digit_and_no_letter(text: str) -> None:
    """In whatever script: a number, a name or an address of a person can't be read back from it."""
    shape = shape_of(text)
    told = [mark for mark in shape if mark not in "#a?… "]
    assert all(mark.isascii() and unicodedata.category(mark)[0] in "PS" for mark in told)
    assert not re.search(r"\d", shape) and len(shape) <= LONGEST_SHAPE + 1
    digits = re.findall(r"\d+", text)
    assert not any(run in shape for run in digits)


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("0532 123 45 67", "#### ### ## ##"),
        ("Ayşe Öztürk, +90", "aaaa aaaaaa, +##"),
        ("٠٥٣٢\t一二³½", "####\u0020####"),
        ("ayse@example.org", "aaaa@aaaaaaa.aaa"),
        ("\u202a0532\u202c ☎", "?####? ?"),
        ("1" * 50, "#" * 40 + "…"),
        ("  ", ""),
    ],
)
def test_shapes_show_what_is_odd(text: str, shape: str) -> None:
    """Blanks, marks and lengths stay: they are why a cell was rejected."""
    assert shape_of(text) == shape


@given(st.lists(ROWS, max_size=4))
@settings(max_examples=60)
def test_rejects_are_counted_by_column_and_reason(batches: list[list[tuple[str, str | None, str | None]]]) -> None:
    """They add up to the rejected rows, whatever the dictionaries of their batches."""
    rejects = Rejects()
    list(rejects.counted(batch_of(rows) for rows in batches))
    rows = [row for batch in batches for row in batch]
    found = rejects.to_json()
    assert {(each["column"], each["reason"]): each["count"] for each in found} == Counter(
        (column, reason) for column, _, reason in rows if reason
    )
    assert by_reason(found) == Counter(reason for *_, reason in rows if reason)
    cells = Counter(column for column, *_ in rows)
    for each in found:
        assert (
            each["cells"] == cells[each["column"]] and each["remedy"] == remedy_of(each["reason"]) and len(each["examples"]) <= 3
        )


def test_the_commonest_shapes_come_first() -> None:
    """One odd cell at the top says nothing of the others."""
    rejects = Rejects()
    rejects.add(batch_of([("phone", "x1", "too_short"), *[("phone", "12", "too_short")] * 5, ("phone", "", "too_short")]))
    assert rejects.to_json()[0]["examples"] == ["##", "a#"]


def test_every_reason_says_what_helps() -> None:
    """A reason of another version does not."""
    assert all(each.remedy for each in RejectReason) and remedy_of("of another version") is None
