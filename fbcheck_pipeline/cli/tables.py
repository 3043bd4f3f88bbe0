"""What `run` and `status` show: documents for programs, tables for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich import box
from rich.markup import escape
from rich.table import Table

from fbcheck_pipeline.cli.output import Reporter, count_of, plain
from fbcheck_pipeline.model.columns import Column
from fbcheck_pipeline.model.paths import LINEAGE, REPORT
from fbcheck_pipeline.model.reasons import RejectReason
from fbcheck_pipeline.model.statuses import OPEN_STATUSES, VERDICTS, CheckStatus

MOST_COUNTRIES = 5


def say_outcome(reporter: Reporter, document: Mapping[str, Any]) -> None:
    """Print the result of a run as a table, what is still open, and where the files are; first, on standard error, what failed."""
    is_dry = document.get("dry_run", False)
    for file, error in document["errors"].items():
        reporter.warn(f"error: {error}" if Path(file).name in error else f"error: {file}: {error}" if file else f"error: {error}")
    if not document["lists"]:
        return
    reporter.answer(_table_of_outcomes(document["lists"], is_dry=is_dry), _lines_of_outcomes(document["lists"], is_dry=is_dry))
    for each in document["lists"]:
        _say_list(reporter, each, is_dry=is_dry)
    if any(each["results"] for each in document["lists"]):
        reporter.answer(
            f"each result has a lineage file in {LINEAGE.folder}/ and a report page in {REPORT.folder}/, beside its own folder"
        )
    count = document["would_bill"] if is_dry else document["billed_phones"]
    cost = "" if document["cost_estimate"] is None else f", about {document['cost_estimate']:.4g}"
    perhaps = "" if is_dry or not document["perhaps_billed_phones"] else (
        f"; perhaps billed: {document['perhaps_billed_phones']:,} more phones whose answer was lost; see `fbcheck status`"
    )  # fmt: skip
    reporter.answer(f"{'would bill' if is_dry else 'billed'} {count_of(count, 'phone')}{cost}{perhaps}")


def _table_of_outcomes(lists: Sequence[Mapping[str, Any]], *, is_dry: bool) -> Table:
    counts = [counts_shown(each["counts"], each["reject_reasons"]) for each in lists]
    names = [name for name in counts[0] if name in ("rows", "phones") or any(each[name] for each in counts)]
    title, last = ("what would be sent", "would bill>") if is_dry else (None, "complete>")
    table = plain_table(title, "list", *(f"{name}>" for name in names), last)
    for each, shown in zip(lists, counts, strict=True):
        outcome = f"{each['would_bill']:,}" if is_dry else ("yes" if each["complete"] else "no")
        table.add_row(escape(each["list_key"] or each["file"]), *(f"{shown[name]:,}" for name in names), outcome)
    return table


def _lines_of_outcomes(lists: Iterable[Mapping[str, Any]], *, is_dry: bool) -> Iterator[str]:
    """The same as a line for each list, without statuses that none of its phones has."""
    for each in lists:
        shown = counts_shown(each["counts"], each["reject_reasons"]).items()
        told = ", ".join(f"{count:,} {name}" for name, count in shown if count or name in ("rows", "phones"))
        outcome = f"would bill {each['would_bill']:,}" if is_dry else "complete" if each["complete"] else "not complete"
        yield f"{each['list_key'] or each['file']}: {told}; {outcome}"


def _say_list(reporter: Reporter, each: Mapping[str, Any], *, is_dry: bool) -> None:
    """Print how a list was read, why some of its numbers are rejected, its verdicts, and what it waits for."""
    name = each["list_key"] or each["file"]
    if each["read_so"]:
        reporter.answer(f"{name}: {each['read_as']}")
        reporter.detail(f"{name}: {' '.join(each['read_so'])}")
    for told in (*told_by_country(each.get("countries") or {}), *told_by_column(each["rejects"])):
        reporter.answer(f"{name}: {told}")
    if not each["held"] and not each["hint"]:  # these say it themselves
        for told in what_may_help(each["rejects"]):
            reporter.answer(f"{name}: {told}")
    verdicts = each.get("verdicts") or {}
    if any(verdicts.values()):
        told = ", ".join(f"{verdicts[verdict]:,} {verdict}" for verdict in VERDICTS)
        without = each["counts"][CheckStatus.UNDETERMINED]
        reporter.answer(f"{name}: {told}" + (f"; {count_of(without, 'phone')} without a usable answer" if without else ""))
    if each["results"]:
        reporter.answer(f"results  {each['results']}")
    if each["held"]:
        reporter.warn(f"{name} {'would be' if is_dry else 'is'} {each['held']}")
    elif not each["complete"] and not is_dry:
        reporter.answer(f"{name} is not complete: {still_open(each['counts']) or 'not planned yet'}")
    if each["hint"]:
        reporter.say(f"{name}: {each['hint']}")


def counts_shown(counts: Mapping[str, int], reasons: Mapping[str, int]) -> dict[str, int]:
    """Counts for people: empty cells are no rejected numbers, and stand apart.

    Args:
        reasons: rejected cells by reason.
    """
    empty = min(reasons.get(RejectReason.EMPTY, 0), counts[CheckStatus.REJECTED])
    return {**counts, CheckStatus.REJECTED: counts[CheckStatus.REJECTED] - empty, str(RejectReason.EMPTY): empty}


def told_by_country(countries: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
    """One line of what `NumberKinds.to_json` gives: `valid numbers: 28 in TR (25 mobile, 3 fixed_line)`; none where there are none."""
    told = [
        f"{sum(kinds.values()):,} in {country} ({', '.join(f'{count:,} {kind}' for kind, count in kinds.items())})"
        for country, kinds in countries.items()
    ]
    if len(told) > MOST_COUNTRIES:
        others = sum(sum(kinds.values()) for kinds in list(countries.values())[MOST_COUNTRIES:])
        told[MOST_COUNTRIES:] = [f"{others:,} in {len(countries) - MOST_COUNTRIES} other countries"]
    if told:
        yield f"valid numbers: {', '.join(told)}"


def told_by_column(rejects: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """A line for each column with rejected cells, as `Rejects.to_json` gives them; cells that are merely empty are left out."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for each in rejects:
        if each["reason"] != RejectReason.EMPTY:
            found.setdefault(each["column"], []).append(each)
    for column, ours in found.items():
        yield f"rejected in column {column!r}, of {ours[0]['cells']:,} entries: {told_of(ours)}"


def what_may_help(rejects: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """The remedy of the commonest reason of a column, where it alone rejects half of the entries or more."""
    for each in rejects:
        if each["reason"] != RejectReason.EMPTY and 2 * each["count"] >= each["cells"] and each["remedy"]:
            yield f"what may help where it is {each['reason']}: {plain(each['remedy'])}"


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
        is_key = place == 0 or heading in ("task", "chunk", Column.PHONE_E164)
        table.add_column(
            heading.rstrip(">"), justify="right" if heading.endswith(">") else "left", overflow="fold", no_wrap=is_key
        )
    return table
