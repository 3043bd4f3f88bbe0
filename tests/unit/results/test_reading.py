"""How a list was read, in words."""

from __future__ import annotations

import pytest

from fbcheck_pipeline.results.reading import line_of


@pytest.mark.parametrize(
    ("delimiter", "shown"), [(";", "delimiter ';'; "), (",", "delimiter ','; "), ("\t", "delimiter tab; "), (None, "utf-8; ")]
)
def test_a_delimiter_is_told_from_the_marks_of_the_sentence(delimiter: str | None, shown: str) -> None:
    """`delimiter ;; phones in Tel` looked like one of two characters."""
    source = {"encoding": "utf-8", "delimiter": delimiter, "phone_columns": ["Tel"]}
    assert f"{shown}phones in Tel" in line_of(source, "TR")
