"""What is generated from the code is as the code says."""

from __future__ import annotations

import pytest

from docs.reference.generate import pages
from tests.unit.docs.pages import DOCS


@pytest.mark.parametrize(("name", "text"), pages().items(), ids=list(pages()))
def test_a_page_of_the_reference_is_current(name: str, text: str) -> None:
    """`make docs` writes it anew."""
    assert (DOCS / "reference" / name).read_text() == text, "run `make docs`"
