"""The index of reports: one page over the newest lists, by source, with the trend of each source.

It is made from the newest files of the summary, a bounded number of rows however many lists there are: the older ones are in the
summary alone, and the page says so. Nothing of a list's own file is read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fbcheck_pipeline.model import paths
from fbcheck_pipeline.model.columns import Column
from fbcheck_pipeline.model.statuses import VERDICTS, CheckStatus, Verdict
from fbcheck_pipeline.results.counting import NO_VERDICT
from fbcheck_pipeline.results.pages import Bar, bar_of, percent, shown_time, template
from fbcheck_pipeline.results.summary import newest_rows
from fbcheck_pipeline.workflow.workspace import Workspace

MOST_LISTS = 500
MOST_OF_A_TREND = 24


@dataclass(frozen=True)
class Source:
    """The lists of one source, the newest first.

    Attributes:
        trend: points of a line, x and y in percent from the upper left: the share of yes of its last lists, oldest first.
        change: since the list before in words.
    """

    name: str
    bars: Sequence[tuple[Mapping[str, Any], Bar]]
    trend: Sequence[tuple[float, float]]
    share: str
    change: str


def refresh_index(ws: Workspace) -> None:
    """Write the page anew, after a list was joined or deleted.

    Raises:
        StorageError: it cannot be written.
    """
    rows = None
    while rows != (rows := newest_rows(ws, MOST_LISTS)):  # of two at once, the last page has both lists
        page = render_index(rows.to_pylist()[::-1], ws.ledger.list_count(), ws.ledger.clock())
        ws.storage.write_bytes(paths.REPORT_INDEX.path, page.encode())


def render_index(rows: Sequence[Mapping[str, Any]], list_count: int, now: float) -> str:
    """The page as HTML.

    Args:
        rows: of the summary, the newest list first.
        list_count: of all lists.
        now: UTC seconds.
    """
    of_source: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        of_source.setdefault(row[Column.SOURCE], []).append(row)
    view = {
        "sources": [_source(name, found) for name, found in of_source.items()],
        "shown": len(rows),
        "list_count": list_count,
        "open_count": sum(not row[Column.COMPLETE] for row in rows),
        "made": shown_time(now),
        "is_synthetic": any(row[Column.SYNTHETIC] for row in rows),
    }
    return str(template("report_index.html.j2").render(view))


def _source(name: str, rows: Sequence[Mapping[str, Any]]) -> Source:
    shares = [share for row in reversed(rows[:MOST_OF_A_TREND]) if (share := _share_of_yes(row)) is not None]
    step = 100 / max(len(shares) - 1, 1)
    points = [(place * step, 100 * (1 - share)) for place, share in enumerate(shares)]
    newest = _share_of_yes(rows[0])
    is_compared = newest is not None and len(shares) > 1
    change = f"{100 * (shares[-1] - shares[-2]):+.1f} points since the list before" if is_compared else ""
    return Source(name, [(_shown(row), _bar(row)) for row in rows], points, "" if newest is None else percent(newest), change)


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row, "added": shown_time(row[Column.ADDED_AT].timestamp())}


def _bar(row: Mapping[str, Any]) -> Bar:
    answered = {str(each): row[each] for each in VERDICTS}
    without = row[Column.PHONES] - row[CheckStatus.REJECTED] - sum(answered.values())
    share = _share_of_yes(row)
    return bar_of(row[Column.FILE], {**answered, NO_VERDICT: without}, "no verdict" if share is None else f"{percent(share)} yes")


def _share_of_yes(row: Mapping[str, Any]) -> float | None:
    answered = sum(row[each] for each in VERDICTS)
    return row[Verdict.YES] / answered if answered else None
