"""The pages for people in a real browser: three widths, light and dark, judged by axe-core and by what is drawn beside what.

`SCREENSHOTS=folder pytest tests/integration/results/test_pages_in_a_browser.py` keeps the pictures.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from fbcheck_pipeline.results.report import render_report
from fbcheck_pipeline.results.report_index import render_index
from tests.unit.results.documents import COUNTS, lineage

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
WIDTHS = (360, 768, 1280)
MOST_BYTES = 40_000
FILLS = """[...document.querySelectorAll('svg.bar')].map(bar => [...bar.querySelectorAll('rect:not(.track):not(.hatch)')].map(
  part => [part.getAttribute('class'), getComputedStyle(part).fill, part.nextElementSibling?.matches('.hatch') ?? false]))"""


def documents() -> dict[str, str]:
    """Pages of every kind: usual, with a list before, open in every way, junk, and the index."""
    previous = {
        **{name: lineage()[name] for name in ("list_key", "created_at", "counts", "verdicts")},
        "file": "before.csv",
        "phone_columns": ["mobile"],
        "distinct": {"yes": 90, "no": 20, "ban": 5, "none": 3},
    }
    kinds = ("yes", "no", "ban", "none")
    every = {f"C{n}": dict(zip(kinds, (n & 1, n >> 1 & 1, n >> 2 & 1, n >> 3 & 1), strict=True)) for n in range(1, 16)}
    some = {code: {kind: 10 * count for kind, count in row.items()} for code, row in list(every.items())[:12]}
    waiting = {**COUNTS, "checked": 30, "waiting": 30, "unconfirmed": 10, "over_budget": 5, "undetermined": 20, "refused": 5}
    breakdown = {**lineage()["breakdown"], "country": some}
    junk = {**COUNTS, "checked": 0, "reused": 0, "rejected": 115, "undetermined": 0, "waiting": 5}
    rows = [
        {
            **COUNTS, "list_key": f"list-{n}", "file": f"a-very-long-name-of-a-file-{n}.csv", "source": f"source {n % 2}", "synthetic": n == 3,
            "added_at": datetime(2026, 11, 24, tzinfo=UTC) - timedelta(days=n), "complete": n > 0, "yes": 50 + n, "no": 20, "ban": 10,
        }
        for n in range(6)
    ]  # fmt: skip
    return {
        "usual": render_report(lineage(previous=previous, settings={"price_per_10k": 3.0, "verdict_days": 2})),
        "open": render_report(
            lineage(complete=False, synthetic=True, counts=waiting, verdicts={"yes": 25, "no": 0, "ban": 20}, breakdown=breakdown)
        ),
        "held": render_report(
            lineage(complete=False, counts=junk, held="held, nothing of it is billed\n  `fbcheck run x --yes`")
        ),
        "index": render_index(rows, 12, 1_795_521_600.0),
    }


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """The browser; the test is skipped where there is none."""
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine (Debian: apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield found
        found.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_read_well_for_everybody(browser: Any, scheme: str, tmp_path: Path, subtests: pytest.Subtests) -> None:
    """No violation that axe knows, no sideways scroll, and no two neighbours in a bar that only a colour tells apart."""
    from axe_playwright_python.sync_playwright import Axe

    page = browser.new_page(color_scheme=scheme)
    for name, html in documents().items():
        with subtests.test(name):
            assert len(html.encode()) < MOST_BYTES
            file = tmp_path / f"{name}.html"
            file.write_text(html)
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": 800})
                page.goto(file.as_uri())
                assert page.evaluate("document.documentElement.scrollWidth") <= width
                if "SCREENSHOTS" in os.environ:
                    page.screenshot(path=f"{os.environ['SCREENSHOTS']}/{name}-{width}-{scheme}.png", full_page=True)
            found = Axe().run(page)
            assert found.violations_count == 0, found.generate_report()
            bars = page.evaluate(FILLS)
            assert bars
            for one, other in (pair for bar in bars for pair in pairwise(bar)):
                assert contrast(one[1], other[1]) >= 3, f"{one[0]} beside {other[0]}"
            kinds = {part[0]: part[2] for bar in bars for part in bar}
            assert not kinds.get("yes") and kinds.get("no", True) and kinds.get("ban", True)


def contrast(one: str, other: str) -> float:
    """WCAG's contrast of two colours as the browser computes them."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    shares = [int(part) / 255 for part in colour.removeprefix("rgb(").removesuffix(")").split(",")]
    red, green, blue = (share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
