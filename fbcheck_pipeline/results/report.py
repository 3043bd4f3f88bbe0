"""The report of a list: one self-contained HTML page with SVG charts; it loads nothing from elsewhere.

A pure function of the lineage document, which holds no phone number and no cell of the source. The template is `report.html.j2`;
reading and writing files does not belong here.
"""

from __future__ import annotations

import importlib.resources
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from fbcheck_pipeline.model.columns import Column
from fbcheck_pipeline.model.oddities import ODDITIES
from fbcheck_pipeline.model.reasons import RejectReason, label_of
from fbcheck_pipeline.model.statuses import ANSWERED_STATUSES, OPEN_STATUSES, VERDICTS, CheckStatus, Verdict
from fbcheck_pipeline.results.counting import NO_VERDICT, coverage_of
from fbcheck_pipeline.results.pages import Bar, Segment, bar_of, duration, percent, seconds_of, shown_time, template
from fbcheck_pipeline.results.reading import shown_delimiter
from fbcheck_pipeline.results.source_change import unlike_previous
from fbcheck_pipeline.workflow.buying.doubt import MOST_REMEDIES, NEARLY_ALL, doubt_about
from fbcheck_pipeline.workflow.content import CellCounts

MOST_BARS = 12
MOST_TASK_BARS = 20
MOST_REJECTS = 30
SHORT_S = 600
COMMANDS = {
    CheckStatus.WAITING: "`fbcheck run {}`",
    CheckStatus.UNDETERMINED: "`fbcheck run {} --retry`",
    CheckStatus.REFUSED: "`fbcheck run {} --retry`",
    CheckStatus.UNCONFIRMED: "`fbcheck status {}` names the chunk and its command",
    CheckStatus.OVER_BUDGET: "`fbcheck run {} --max-billable PHONES`",
}
"""The next command for each open status."""
SHARES = ((Verdict.YES, "on Facebook"), (Verdict.NO, "no account"), (Verdict.BAN, "banned"))


def render_report(lineage: Mapping[str, Any]) -> str:
    """Render the page as HTML. Args: lineage: the document of `build_lineage`."""
    return str(template("report.html.j2").render(_view(lineage)))


def _view(lineage: Mapping[str, Any]) -> dict[str, Any]:
    counts, breakdown, tasks = lineage["counts"], lineage["breakdown"], lineage["tasks"]
    answered = sum(counts[each] for each in ANSWERED_STATUSES)
    valid = counts["phones"] - counts[CheckStatus.REJECTED]
    verdicts = {**lineage["verdicts"], NO_VERDICT: valid - answered}
    odd = lineage["verdict_counts"]
    bought = [task for task in tasks if task["bought"]]
    rejects = [each for each in lineage["rejects"] if each["reason"] != RejectReason.EMPTY]
    reasons = {name: count for name, count in breakdown[Column.REJECT_REASON].items() if name != RejectReason.EMPTY}
    task_bars, task_axis = _task_chart(bought)
    return {
        "lineage": lineage,
        "counts": counts,
        "created": shown_time(seconds_of(lineage["created_at"])),
        "meanings": {**{each: each.meaning for each in Verdict}, NO_VERDICT: "not known"},
        "answered": answered,
        "valid": valid,
        "coverage": coverage_of(counts) or 0.0,
        "verdicts": verdicts,
        "verdict_bar": bar_of("all", verdicts),
        "countries": _bars({_country(code): row for code, row in breakdown[Column.COUNTRY].items()}, "other countries"),
        "line_types": _bars({name.replace("_", " "): row for name, row in breakdown[Column.LINE_TYPE].items()}, "other types"),
        "read": _how_read(lineage["source"]),
        "confirmed": shown_time(seconds_of(lineage["confirmed_at"])),
        "doubt": _doubt(lineage, valid),
        "rejects": [{**each, "label": label_of(each["reason"])} for each in rejects[:MOST_REJECTS]],
        "more_rejects": len(rejects[MOST_REJECTS:]),
        "reasons": _reason_bars(reasons),
        "rejected": sum(reasons.values()),
        "empty": breakdown[Column.REJECT_REASON].get(RejectReason.EMPTY, 0),
        "still_open": [
            (counts[each], each, each.meaning, each.next_step, COMMANDS[each].format(lineage["list_key"]))
            for each in OPEN_STATUSES
            if counts[each]
        ],
        "distinct": lineage["distinct"],
        "age": _age(lineage),
        "previous": lineage["previous"],
        "unlike": unlike_previous(lineage),
        "previous_joined": shown_time(seconds_of((lineage["previous"] or lineage)["created_at"])),
        "changes": list(_changes(lineage)),
        "billing": lineage["billing"],
        "price": lineage["settings"]["price_per_10k"],
        "task_bars": task_bars,
        "task_axis": task_axis,
        "bought_tasks": len(bought),
        "earlier_tasks": len(tasks) - len(bought),
        "oddities": [(odd[name], why) for name, why in ODDITIES.items() if odd[name]],
    }


def _bars(rows: Mapping[str, Mapping[str, int]], rest: str) -> list[Bar]:
    """A bar of verdicts for each of the largest rows, and one for all the others."""
    kept = dict(list(rows.items())[:MOST_BARS])
    others = list(rows.values())[MOST_BARS:]
    if others:
        kept[f"{len(others)} {rest}"] = {kind: sum(row[kind] for row in others) for kind in (*VERDICTS, NO_VERDICT)}
    return [bar_of(label, row, _share_of_yes(row)) for label, row in kept.items()]


def _share_of_yes(row: Mapping[str, int]) -> str:
    answered = sum(row[verdict] for verdict in VERDICTS)
    return f"{percent(row[Verdict.YES] / answered)} yes" if answered else "no verdict"


def _age(lineage: Mapping[str, Any]) -> str | None:
    """How old the verdicts were when the list was joined."""
    times = lineage["verdict_times"]
    if times is None:
        return None
    oldest, median, newest = (seconds_of(times[name]) or 0.0 for name in ("oldest", "median", "newest"))
    days = [max(0.0, ((seconds_of(lineage["created_at"]) or at) - at) / 86_400) for at in (oldest, median)]
    told = f"The verdicts date from {shown_time(oldest)} to {shown_time(newest)}. When the list was joined"
    keeps = lineage["settings"].get("verdict_days")
    old = f"; a new list would buy those older than {keeps:g} days again" if keeps is not None and days[0] > keeps else ""
    return f"{told}, the oldest was {_days(days[0])} old, the median {_days(days[1])}{old}."


def _days(number: float) -> str:
    return "less than a day" if number < 1 else f"{number:.0f} day{'' if round(number) == 1 else 's'}"


def _changes(lineage: Mapping[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    """What a reader compares with the source's last list: name, then, now, change."""
    if lineage["previous"] is None:
        return
    then, now = (_compared(each) for each in (lineage["previous"], lineage))
    for name, value in now.items():
        before = then[name]
        if isinstance(value, int):
            yield name, f"{before:,}", f"{value:,}", f"{value - before:+,}" if value != before else "the same"
        elif value is not None or before is not None:
            points = "" if value is None or before is None else f"{100 * (value - before):+.1f} points"
            points = "the same" if value == before else points
            shown = ["none" if each is None else percent(each) for each in (before, value)]
            yield name, shown[0], shown[1], points


def _compared(document: Mapping[str, Any]) -> dict[str, Any]:
    counts, distinct = document["counts"], document["distinct"]
    answered = sum(distinct[each] for each in VERDICTS)
    shares = {f"{name}, of those with a verdict": distinct[each] / answered if answered else None for each, name in SHARES}
    return {
        "phone entries": counts["phones"],
        "rejected entries": counts[CheckStatus.REJECTED] / counts["phones"] if counts["phones"] else None,
        "numbers": sum(distinct.values()),
        "with a verdict": answered,
        **shares,
    }


def _how_read(source: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What was chosen of a file, by name; what its format has not is left out."""
    delimiter = shown_delimiter(source["delimiter"])
    header = "yes" if source["has_header"] else "no"
    chosen = {"header": header, "sheet": source["sheet"], "encoding": source["encoding"], "delimiter": delimiter}
    chosen |= {"country column": source["region_column"], "region": source["region"] or "none"}
    return [(name, value) for name, value in chosen.items() if value]


def _doubt(lineage: Mapping[str, Any], valid: int) -> list[str]:
    """Lines to begin with where much of a list is rejected: a headline, why, and what to do; none otherwise."""
    counts = lineage["counts"]
    is_nearly_all = counts[CheckStatus.REJECTED] >= NEARLY_ALL * max(counts["phones"], 1)
    headline = f"{'Nearly all' if is_nearly_all else 'Much'} of this list was rejected"
    if told := lineage["held"] or doubt_about(_cells_of_columns(lineage["rejects"], valid)):
        return [f"{headline}: it was probably read wrongly.", *(line.strip() for line in told.splitlines())]
    if not is_nearly_all:
        return []
    largest = sorted(lineage["rejects"], key=lambda each: -int(each["count"]))[:MOST_REMEDIES]
    told_of = (f"{each['count']:,} entries of {each['column']!r} are {label_of(each['reason'])!r}" for each in largest)
    remedies = (f"; what may help: {each['remedy']}" if each["remedy"] else "" for each in largest)
    return [f"{headline}.", *map(str.__add__, told_of, remedies)]


def _cells_of_columns(rejects: Iterable[Mapping[str, Any]], valid: int) -> dict[str, CellCounts]:
    """As in `ListContent`; the columns that have no rejected cell are one."""
    columns: dict[str, dict[str | None, int]] = {}
    for each in rejects:
        cells = columns.setdefault(each["column"], {None: each["cells"]})
        cells[each["reason"]] = each["count"]
        cells[None] -= each["count"]
    return {**columns, "": {None: valid - sum(cells[None] for cells in columns.values())}}


def _reason_bars(reasons: Mapping[str, int]) -> list[Bar]:
    most = max(reasons.values(), default=1)
    return [
        Bar(label_of(reason), count, (Segment("rejected", count, 0, 100 * count / most),)) for reason, count in reasons.items()
    ]


def _task_chart(tasks: Iterable[Mapping[str, Any]]) -> tuple[list[Bar], tuple[str, str, str] | None]:
    """A bar for each task from its submission to its collection, many grouped with their neighbours; and begin, end and length in words."""
    spans = sorted((*_span(task), task["bought"]) for task in tasks)
    if not spans:
        return [], None
    first, last = spans[0][0], max(span[2] for span in spans)
    size = -(-len(spans) // MOST_TASK_BARS)
    groups = [spans[at : at + size] for at in range(0, len(spans), size)]
    bars = [_task_bar(number * size + 1, group, first, max(last - first, 1e-3)) for number, group in enumerate(groups)]
    style = "%H:%M:%S" if last - first < SHORT_S else "%H:%M"
    return bars, (shown_time(first, style), shown_time(last, style), duration(last - first))


def _task_bar(number: int, group: list[tuple[float, float, float, int]], first: float, whole: float) -> Bar:
    begin, exported, end = min(span[0] for span in group), max(span[1] for span in group), max(span[2] for span in group)
    phones = sum(span[3] for span in group)
    segments = (
        Segment("with-vendor", phones, 100 * (begin - first) / whole, 100 * (exported - begin) / whole),
        Segment("to-collect", phones, 100 * (exported - first) / whole, 100 * (end - exported) / whole),
    )
    label = f"task {number}" if len(group) == 1 else f"tasks {number}\u2013{number + len(group) - 1}"
    return Bar(label, phones, segments, duration(end - begin))


def _span(task: Mapping[str, Any]) -> tuple[float, float, float]:
    """The times of submission, export and collection in seconds. The vendor's time is clamped between our two."""
    submitted, collected = seconds_of(task["submitted_at"]), seconds_of(task["collected_at"])
    exported = seconds_of(task["exported_at"])
    begin = submitted or collected or exported or 0.0
    end = max(begin, collected or exported or begin)
    return begin, min(max(exported or end, begin), end), end


@cache
def _country_names() -> dict[str, str]:
    """English names by ISO code, from the time zone data that pandas brings; phonenumbers' own take 0.3 s to load."""
    text = (importlib.resources.files("tzdata") / "zoneinfo" / "iso3166.tab").read_text("utf-8")
    return dict(line.split("\t") for line in text.splitlines() if line and not line.startswith("#"))


def _country(code: str) -> str:
    return _country_names().get(code, "no country" if code in ("001", "unknown") else code)
