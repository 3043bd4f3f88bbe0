"""A file of a list is opened for an erasure only where its bytes may hold the number."""

from __future__ import annotations

import gzip

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from fbcheck_pipeline.workflow.erasing.erased_rows import Person

LONG, SHORT = 905_320_000_010, 4_317_890_123
ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
BETWEEN = st.sampled_from(["", " ", "-", ")(", '"', "\n", "&#160;", "%20", "<b7>", "\u00a0", "\t"])


@st.composite
def written(draw: st.DrawFn) -> tuple[int, str, bytes]:
    """A number as a cell may have it, in a list's bytes."""
    phone = draw(st.sampled_from([LONG, SHORT]))
    cell = "".join(digit + draw(BETWEEN) for digit in f"{phone}")
    if draw(st.booleans()):
        cell = cell.translate(ARABIC)
    content = f"id,phone\n17,{cell},4\n".encode(draw(st.sampled_from(["utf-8", "utf-16", "utf-16-le"])))
    return phone, cell, gzip.compress(content) if draw(st.booleans()) else content


@given(written())
def test_a_file_whose_cell_holds_the_number_may_hold_it(given: tuple[int, str, bytes]) -> None:
    """Where it is passed by, the person's number stays in it."""
    phone, cell, content = given
    person = Person(np.array([phone]))
    assert person.holds(pa.array([cell])).to_pylist() == [True] and person.may_be_in(content)


def test_a_plain_list_of_others_is_passed_by() -> None:
    """An erasure opens each list's file otherwise: a third of its time."""
    others = b"id,phone\r\n1,+90 532 000 00 11\r\n2,0532-000-0012\r\n"
    assert not Person(np.array([LONG])).may_be_in(others) and Person(np.array([LONG])).may_be_in(others.replace(b"11", b"10"))
