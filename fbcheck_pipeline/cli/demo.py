"""`fbcheck demo`: the sample lists against a sandbox vendor, in its own data folder, which each demo creates anew."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path
from typing import Any

from rich.markup import escape
from rich.table import Table

from fbcheck_pipeline.cli.interrupts import Interrupts
from fbcheck_pipeline.cli.output import Reporter
from fbcheck_pipeline.cli.tables import plain_table, say_outcome
from fbcheck_pipeline.errors import SettingsError
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.model.columns import Column
from fbcheck_pipeline.settings import PREFIX, load_settings

DELAY_S = 2.0
SAMPLES = ("*.csv", "*.xlsx", "*.txt", "*.parquet", "*.gz")
EXCERPT_ROWS = 12
EXCERPT = [Column.PHONE_RAW, Column.PHONE_E164, Column.REJECT_REASON, Column.FACEBOOK, Column.CHECK_STATUS]
"""As many as stand beside each other in eighty columns."""


def run_demo(reporter: Reporter) -> int:
    """Run the demo; returns the exit code."""
    samples = sample_lists()
    reporter.say(f"checking {len(samples)} sample lists against a sandbox vendor on this machine; this takes some seconds")
    from fbcheck_pipeline.cli import running
    from fbcheck_pipeline.cli.run_options import RunOptions
    from fbcheck_pipeline.lists import ReadOptions
    from fbcheck_pipeline.sandbox import Sandbox

    folder = fresh_folder("demo")
    with Interrupts() as interrupts, Sandbox(delay_s=DELAY_S) as sandbox:
        environment = sandbox_environment(folder, sandbox.url)
        os.environ.clear()  # the Dagster resource reads the settings anew, in this process
        os.environ |= environment
        settings = load_settings()
        reporter.say(f"sandbox vendor at {sandbox.url}, data in {folder}")
        code, document = running.run_lists(
            settings, samples, RunOptions(ReadOptions(region="TR"), purpose="demonstration"), reporter, interrupts
        )
    say_outcome(reporter, document)
    if not reporter.as_json and document["lists"]:
        reporter.answer(excerpt(document["lists"][0]))
        reporter.answer("the verdicts are invented by the sandbox; the lineage says so (`synthetic: true`)")
        _say_what_next(reporter, folder, document["lists"][0])
    reporter.result(document)
    return code


def _say_what_next(reporter: Reporter, folder: Path, first: dict[str, Any]) -> None:
    """Print commands that work without the sandbox, ready to be copied."""
    called = sys.argv[0]
    is_found = Path(called).name != "fbcheck" or shutil.which("fbcheck") == called
    program = "fbcheck" if is_found else shlex.quote(os.path.relpath(called))
    data = shlex.quote(os.path.relpath(folder))
    reporter.answer(f"to look around, run:\n  export FBCHECK_DATA_URI={data}\n  {program} status")
    reporter.answer(
        f"  {program} lineage {first['list_key']} --row 4\n  {program} export {first['list_key']} --to {data}/demo.xlsx"
    )
    reporter.answer(f"  and open {folder / paths.REPORT.of(first['list_key'])}")


def sample_lists() -> list[Path]:
    """The sample lists: in the checkout, or packed into the wheel.

    Raises:
        SettingsError: neither exists.
    """
    package = Path(__file__).parents[1]
    for folder in (package.parent / "data" / "samples", package / "samples"):
        found = sorted(path for pattern in SAMPLES for path in folder.glob(pattern))
        if found:
            return found
    raise SettingsError("the sample lists are missing; install the package again")


def fresh_folder(name: str) -> Path:
    """A new folder in the local data folder. An earlier sandbox's folder is deleted, because its tasks ended with it."""
    settings = load_settings()
    folder = Path(settings.data_uri if settings.is_local else "data").resolve() / name
    shutil.rmtree(folder, ignore_errors=True)
    return folder


def sandbox_environment(folder: Path, url: str, **others: str) -> dict[str, str]:
    """This process's environment with the settings of a sandbox in place of the user's, and without DAGSTER_HOME."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX) and name != "DAGSTER_HOME"}
    chosen = {
        "data_uri": str(folder),
        "api_url": url,
        "api_key": "sandbox",
        "protocol": "simple",
        "poll_seconds": "0.5",
        "max_tries": "1",
        "ledger_url": f"sqlite:///{folder}/{paths.LEDGER.path}",
        "chunk_size": "50",
        "price_per_10k": "0.3",
        "min_chunk": "1",
        **others,
    }
    return ours | {f"{PREFIX}{name.upper()}": value for name, value in chosen.items()}


def excerpt(document: dict[str, Any]) -> Table:
    """The first phones of a list with what was found. Args: document: what `run --json` says of it."""
    import pyarrow.parquet as pq

    rows = pq.read_table(document["results"], columns=EXCERPT).slice(0, EXCERPT_ROWS).to_pylist()
    title = f"{escape(document['file'])}: the first {len(rows)} of {document['counts']['phones']} phones"
    table = plain_table(title, *EXCERPT)
    table.columns[0].no_wrap = False  # a cell may be long
    for row in rows:
        table.add_row(*("" if row[name] is None else escape(str(row[name])) for name in EXCERPT))
    return table
