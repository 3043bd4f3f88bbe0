"""The report of a list: one self-contained HTML page with SVG charts; it loads nothing from elsewhere.

A pure function of the lineage document, which holds no phone number and no cell of the source. The template is `report.html.j2`;
reading and writing files does not belong here.
"""

from __future__ import annotations

import importlib.resources
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from fbcheck_pipeline.model.columns import Column
from fbcheck_pipeline.model.reasons import label_of
from fbcheck_pipeline.model.statuses import ANSWERED_STATUSES, OPEN_STATUSES, VERDICTS, CheckStatus, Verdict
from fbcheck_pipeline.results.counting import NO_VERDICT, ODDITIES, coverage_of
from fbcheck_pipeline.results.reading import shown_delimiter
from fbcheck_pipeline.vendor import timestamp_us
from fbcheck_pipeline.workflow.content import CellCounts
from fbcheck_pipeline.workflow.doubt import doubt_about

MOST_BARS = 12
MOST_TASK_BARS = 20
MOST_REJECTS = 30
SHORT_S = 600


@dataclass(frozen=True)
class Segment:
    """A stretch of a bar; `start` and `width` in percent of its whole length."""

    kind: str
    count: int
    start: float
    width: float


@dataclass(frozen=True)
class Bar:
    """One line of a chart; `note` stands after its total."""

    label: str
    total: int
    segments: tuple[Segment, ...]
    note: str = ""


def render_report(lineage: Mapping[str, Any]) -> str:
    """Render the page as HTML. Args: lineage: the document of `build_lineage`."""
    return str(template().render(_view(lineage)))


@cache
def template() -> Any:
    """The page's template, from the package's data."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("fbcheck_pipeline.results", "."),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"n": "{:,}".format, "money": _money, "percent": _percent, "commands": _commands}
    return environment.get_template("report.html.j2")


def _view(lineage: Mapping[str, Any]) -> dict[str, Any]:
    counts, breakdown, tasks = lineage["counts"], lineage["breakdown"], lineage["tasks"]
    answered = sum(counts[each] for each in ANSWERED_STATUSES)
    valid = counts["phones"] - counts[CheckStatus.REJECTED]
    verdicts = {**lineage["verdicts"], NO_VERDICT: valid - answered}
    odd = lineage["verdict_counts"]
    bought = [task for task in tasks if task["bought"]]
    task_bars, task_axis = _task_chart(bought)
    return {
        "lineage": lineage,
        "counts": counts,
        "created": _shown_time(_seconds(lineage["created_at"])),
        "meanings": {**{each: each.meaning for each in Verdict}, NO_VERDICT: "not known"},
        "answered": answered,
        "valid": valid,
        "coverage": coverage_of(counts) or 0.0,
        "verdicts": verdicts,
        "verdict_bar": _bar("all", verdicts),
        "countries": _bars({_country(code): row for code, row in breakdown[Column.COUNTRY].items()}, "other countries"),
        "line_types": _bars({name.replace("_", " "): row for name, row in breakdown[Column.LINE_TYPE].items()}, "other types"),
        "read": _how_read(lineage["source"]),
        "confirmed": _shown_time(_seconds(lineage["confirmed_at"])),
        "doubt": _doubt(lineage, valid),
        "rejects": [{**each, "label": label_of(each["reason"])} for each in lineage["rejects"][:MOST_REJECTS]],
        "reasons": _reason_bars(breakdown[Column.REJECT_REASON]),
        "still_open": [(counts[each], each, each.meaning) for each in OPEN_STATUSES if counts[each]],
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
    return [_bar(label, row, _share_of_yes(row)) for label, row in kept.items()]


def _share_of_yes(row: Mapping[str, int]) -> str:
    answered = sum(row[verdict] for verdict in VERDICTS)
    return f"{_percent(row[Verdict.YES] / answered)} yes" if answered else "no verdict"


def _how_read(source: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What was chosen of a file, by name; what its format has not is left out."""
    delimiter = shown_delimiter(source["delimiter"])
    header = "yes" if source["has_header"] else "no"
    chosen = {"header": header, "sheet": source["sheet"], "encoding": source["encoding"], "delimiter": delimiter}
    chosen |= {"country column": source["region_column"], "region": source["region"] or "none"}
    return [(name, value) for name, value in chosen.items() if value]


def _doubt(lineage: Mapping[str, Any], valid: int) -> list[str]:
    """Lines to begin with where nearly all of a list is rejected: why, and what to do; none otherwise."""
    told = lineage["held"] or doubt_about(_cells_of_columns(lineage["rejects"], valid)) or ""
    return [line.strip() for line in told.splitlines()]


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


def _bar(label: str, row: Mapping[str, int], note: str = "") -> Bar:
    total = sum(row.values())
    segments, start = [], 0.0
    for kind, count in row.items():
        width = 100 * count / total if total else 0.0
        if count:
            segments.append(Segment(kind, count, start, width))
        start += width
    return Bar(label, total, tuple(segments), note)


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
    return bars, (_shown_time(first, style), _shown_time(last, style), _duration(last - first))


def _task_bar(number: int, group: list[tuple[float, float, float, int]], first: float, whole: float) -> Bar:
    begin, exported, end = min(span[0] for span in group), max(span[1] for span in group), max(span[2] for span in group)
    phones = sum(span[3] for span in group)
    segments = (
        Segment("with-vendor", phones, 100 * (begin - first) / whole, 100 * (exported - begin) / whole),
        Segment("to-collect", phones, 100 * (exported - first) / whole, 100 * (end - exported) / whole),
    )
    label = f"task {number}" if len(group) == 1 else f"tasks {number}\u2013{number + len(group) - 1}"
    return Bar(label, phones, segments, _duration(end - begin))


def _span(task: Mapping[str, Any]) -> tuple[float, float, float]:
    """The times of submission, export and collection in seconds. The vendor's time is clamped between our two."""
    submitted, collected = _seconds(task["submitted_at"]), _seconds(task["collected_at"])
    exported = _seconds(task["exported_at"])
    begin = submitted or collected or exported or 0.0
    end = max(begin, collected or exported or begin)
    return begin, min(max(exported or end, begin), end), end


def _seconds(rfc3339: str | None) -> float | None:
    microseconds = timestamp_us(rfc3339)
    return None if microseconds is None else microseconds / 1e6


def _shown_time(seconds: float | None, style: str = "%H:%M") -> str:
    return "" if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime(f"%Y-%m-%d {style} UTC")


def _duration(seconds: float) -> str:
    for unit, size in (("days", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 1.5 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"


def _money(amount: float) -> str:
    return f"{amount:,.2f}" if amount >= 0.1 or not amount else f"{amount:.4f}"


def _commands(text: str) -> Any:
    """A text as HTML; what stands between backticks is code."""
    from markupsafe import Markup, escape

    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))


def _percent(share: float) -> str:
    """A share in percent, rounded, but never to 0 % or 100 % unless it is exact."""
    if 0 < share < 0.001 or 0.999 < share < 1:
        return "under 0.1 %" if share < 0.5 else "over 99.9 %"
    return f"{share:.1%}".replace("%", "\u202f%").replace(".0\u202f", "\u202f")


@cache
def _country_names() -> dict[str, str]:
    """English names by ISO code, from the time zone data that pandas brings; phonenumbers' own take 0.3 s to load."""
    text = (importlib.resources.files("tzdata") / "zoneinfo" / "iso3166.tab").read_text("utf-8")
    return dict(line.split("\t") for line in text.splitlines() if line and not line.startswith("#"))


def _country(code: str) -> str:
    return _country_names().get(code, "no country" if code in ("001", "unknown") else code)
