"""Dagster's pages in a real browser, served by `fbcheck dev`: what an operator sees is there, and reads well.

`SCREENSHOTS=docs/images pytest tests/integration/dagster/test_pages.py tests/integration/dagster/test_dagster_dev.py` renews the pictures
of the documentation.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.integration.dagster.dagster_driver import ask, free_port, serving, wait_until

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
QUIET += ["--disable-background-networking", "--disable-component-update"]
GROUPS = ("fbcheck",)
ASSETS = ("raw_phones", "e164_phones", "submitted_chunks", "verdicts", "facebook_results")
PATIENCE_MS = 60_000
MOST_BYTES = 300_000
SKIPS = """{ sensorOrError(sensorSelector: {repositoryName: "__repository__", repositoryLocationName: "fbcheck_pipeline.definitions",
  sensorName: "inbox_sensor"}) { ... on Sensor { sensorState { ticks(limit: 5) { status skipReason } } } } }"""


def is_skipping(url: str) -> bool:
    """True once the inbox sensor has said why it does nothing."""
    return any(tick["status"] == "SKIPPED" for tick in ask(url, SKIPS)["sensorOrError"]["sensorState"]["ticks"])


@pytest.fixture
def page() -> Iterator[Any]:
    """A browser's page; the test is skipped where there is no browser."""
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine (Debian: apt-get install chromium)")
    with browsing() as found:
        yield found


@contextmanager
def browsing() -> Iterator[Any]:
    """A page of a browser."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        found = browser.new_page(viewport={"width": 1600, "height": 760})
        found.set_default_timeout(PATIENCE_MS)
        yield found
        browser.close()


@pytest.mark.long(seconds=110)
@pytest.mark.timeout(400)
def test_the_pages_show_the_graph_the_checks_and_why_a_sensor_skips(page: Any, tmp_path: Path) -> None:
    """And Ctrl-C ends all of it."""
    port, log = free_port(), tmp_path / "dev.log"
    url, results = f"http://127.0.0.1:{port}", tmp_path / "data" / "dev" / "facebook_results"
    code = "import sys; from fbcheck_pipeline.cli import main; sys.argv = ['fbcheck', 'dev', '--port', sys.argv[1]]; main()"
    with serving(["-c", code, str(port)], log) as process:
        wait_until(lambda: len(list(results.glob("*.parquet"))) == 5, log, 240, "results of all samples")
        wait_until(lambda: is_skipping(url), log, 60, "a tick that skips")
        see_the_first_page(page, url, log)
        see_the_graph(page, url, tmp_path)
        see_an_asset(page, url, tmp_path)
        see_the_sensor(page, url, tmp_path)
    assert process.returncode == 0 and "Traceback" not in log.read_text()
    assert not list((tmp_path / "data").glob("inbox")), "the samples went into dev's own inbox"


def see_the_first_page(page: Any, url: str, log: Path) -> None:
    """No dialog of Dagster's makers stands before it, and nothing warned on the way."""
    page.goto(url)
    page.get_by_text("Materialize an asset").or_(page.get_by_text("submit_list")).first.wait_for()
    assert not page.get_by_role("dialog").count() and not ask(url, "{ shouldShowNux }")["shouldShowNux"]
    assert "warning" not in log.read_text().lower()


def see_the_graph(page: Any, url: str, tmp_path: Path) -> None:
    page.goto(f"{url}/asset-groups?expanded={','.join(f'global@global:{group}' for group in GROUPS)}")
    page.get_by_label("panel_show_right").last.click()
    for asset in ASSETS:
        page.get_by_text(asset, exact=True).first.wait_for()
    keep(page, "graph.png", tmp_path)


def see_an_asset(page: Any, url: str, tmp_path: Path) -> None:
    page.goto(f"{url}/assets/facebook_results?view=overview")
    for text in ("One row per phone of the list", "a column of the list, as it was", "check_status", "join_list"):
        page.get_by_text(text).first.wait_for()
    keep(page, "asset.png", tmp_path)
    page.goto(f"{url}/assets/facebook_results?view=checks")
    for text in ("counts_add_up", "coverage_is_good", "verdicts_are_fresh", "sum_of_statuses"):
        page.get_by_text(text).first.wait_for()
    keep(page, "checks.png", tmp_path)


def see_the_sensor(page: Any, url: str, tmp_path: Path) -> None:
    page.goto(f"{url}/locations/fbcheck_pipeline.definitions/sensors/inbox_sensor")
    page.get_by_text("whose file has not changed for some seconds").first.wait_for()
    page.get_by_text("0 runs requested").nth(1).wait_for()
    keep(page, "sensor.png", tmp_path)
    page.get_by_text("0 runs requested").nth(2).click()
    page.get_by_text("files in the inbox, none of them new").first.wait_for()


def keep(page: Any, name: str, tmp_path: Path) -> None:
    """A picture, once the page has come to rest."""
    folder = Path(__file__).parents[3] / os.environ["SCREENSHOTS"] if "SCREENSHOTS" in os.environ else tmp_path
    folder.mkdir(parents=True, exist_ok=True)
    page.wait_for_timeout(2_000)
    page.screenshot(path=str(folder / name))
    assert 10_000 < (folder / name).stat().st_size < MOST_BYTES
