"""What `run` and `status` show: documents for programs, tables for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from rich import box
from rich.markup import escape
from rich.table import Table

from fbcheck_pipeline.cli.output import Reporter, count_of
from fbcheck_pipeline.model.paths import LINEAGE, REPORT
from fbcheck_pipeline.model.statuses import CHECK_STATUSES, OPEN_STATUSES, VERDICTS, CheckStatus


def say_outcome(reporter: Reporter, document: Mapping[str, Any]) -> None:
    """Print the result of a run as a table, what is still open, and where the files are."""
    is_dry = document.get("dry_run", False)
    if document["lists"]:
        statuses = [status for status in CHECK_STATUSES if any(each["counts"][status] for each in document["lists"])]
        table = plain_table(
            "what would be sent" if is_dry else None, "list", *(f"{name}>" for name in ("rows", "phones", *statuses)),
            "would bill>" if is_dry else "complete>",
        )  # fmt: skip
        for each in document["lists"]:
            last = f"{each['would_bill']:,}" if is_dry else ("yes" if each["complete"] else "no")
            figures = [f"{each['counts'][name]:,}" for name in ("rows", "phones", *statuses)]
            table.add_row(each["list_key"] or escape(each["file"]), *figures, last)
        reporter.say(table)
    for each in document["lists"]:
        _say_reading(reporter, each)
        verdicts = each.get("verdicts") or {}
        if any(verdicts.values()):
            told = ", ".join(f"{verdicts[name]:,} {name}" for name in VERDICTS)
            without = each["counts"][CheckStatus.UNDETERMINED]
            reporter.say(
                f"{each['list_key']}: {told}" + (f"; {count_of(without, 'phone')} without a usable answer" if without else "")
            )
        if each["results"]:
            reporter.say(f"results  {each['results']}")
        if each["held"]:
            reporter.warn(f"{each['list_key'] or each['file']} {'would be' if is_dry else 'is'} {each['held']}")
        elif not each["complete"] and not is_dry:
            reporter.say(f"{each['list_key']} is not complete: {still_open(each['counts']) or 'not planned yet'}")
        if each["hint"]:
            reporter.say(f"{each['file']}: {each['hint']}")
    if any(each["results"] for each in document["lists"]):
        reporter.say(
            f"each result has a lineage file in {LINEAGE.folder}/ and a report page in {REPORT.folder}/, beside its own folder"
        )
    count = document["would_bill"] if is_dry else document["billed_phones"]
    cost = "" if document["cost_estimate"] is None else f", about {document['cost_estimate']:.4g}"
    perhaps = "" if is_dry or not document["perhaps_billed_phones"] else (
        f"; perhaps billed: {document['perhaps_billed_phones']:,} more phones whose answer was lost; see `fbcheck status`"
    )  # fmt: skip
    reporter.say(f"{'would bill' if is_dry else 'billed'} {count_of(count, 'phone')}{cost}{perhaps}")
    for file, error in document["errors"].items():
        reporter.warn(f"error: {error}" if Path(file).name in error else f"error: {file}: {error}" if file else f"error: {error}")


def _say_reading(reporter: Reporter, each: Mapping[str, Any]) -> None:
    """Print how a list was read, and why some of its numbers are rejected."""
    if each["read_so"]:
        reporter.say(f"{each['file']}: " + " ".join(each["read_so"]))
    for column, rejects in by_column(each["rejects"]).items():
        reporter.say(f"{each['file']}: rejected in column {column!r}, of {rejects[0]['cells']:,} entries: {told_of(rejects)}")


def by_column(rejects: Iterable[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    """The same rejects, as `Rejects.to_json` gives them, by column."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for each in rejects:
        found.setdefault(each["column"], []).append(each)
    return found


def told_of(rejects: Iterable[Mapping[str, Any]]) -> str:
    """Counts by reason, each with shapes of such cells: `12 too_short (##, # ##)`."""
    return ", ".join(
        f"{each['count']:,} {each['reason']}" + (f" ({' | '.join(each['examples'])})" if each["examples"] else "")
        for each in rejects
    )


def region_hint(without_region: int, counts: Mapping[str, int], *, recorded_as: str | None = None) -> str | None:
    """What to do about numbers without a known country; None if there are none.

    Args:
        recorded_as: the key of a list that was read, so that its reading options are fixed.
    """
    if not without_region:
        return None
    purge = f"keep its file, delete the list with `fbcheck purge --list {recorded_as}`, then run the file again with"
    return (
        f"{without_region:,} of {counts['phones']:,} numbers have no country code and no region is set; "
        f"{purge if recorded_as else 'use'} --region, for Turkish numbers --region TR"
    )


def still_open(counts: Mapping[str, int]) -> str:
    """What phones of a list wait for, by status."""
    return "; ".join(f"{counts[each]:,} {each} ({each.meaning}; {each.next_step})" for each in OPEN_STATUSES if counts[each])


def plain_table(title: str | None, *headings: str) -> Table:
    """A table for eighty columns. A column whose heading ends with > is right-aligned. Keys are never cut, so that they can be copied."""
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for place, heading in enumerate(headings):
        is_key = place == 0 or heading in ("task", "chunk")
        table.add_column(
            heading.rstrip(">"), justify="right" if heading.endswith(">") else "left", overflow="fold", no_wrap=is_key
        )
    return table
