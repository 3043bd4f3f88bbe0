"""Counts a list's result: its rows while they stream past, the phones bought for it, and differences from the vendor's counts.

No phone number leaves this module, and nothing is written here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from fbcheck_pipeline.files.row_counts import row_counts
from fbcheck_pipeline.ledger import codec
from fbcheck_pipeline.ledger.records import Chunk, Purchase
from fbcheck_pipeline.model.columns import Column
from fbcheck_pipeline.model.oddities import ODDITIES
from fbcheck_pipeline.model.reasons import by_reason
from fbcheck_pipeline.model.statuses import ANSWERED_STATUSES, CHECK_STATUSES, VERDICTS, CheckStatus
from fbcheck_pipeline.results.rejects import Rejects
from fbcheck_pipeline.workflow.answers import Resolved
from fbcheck_pipeline.workflow.verdict_files.verdicts import exported_at_us
from fbcheck_pipeline.workflow.workspace import Workspace

NO_VERDICT = "none"
UNKNOWN = "unknown"
RESULT_COUNTS = (Column.ROWS, *ODDITIES, CheckStatus.UNDETERMINED)
"""Everything that collecting counts in a task's result."""


_COUNTED = (Column.COUNTRY, Column.LINE_TYPE, Column.FACEBOOK, Column.REJECT_REASON)


class Breakdown:
    """Counts the rows of a result by country, line type and verdict, and the rejected rows by reason, while the batches pass.

    Attributes:
        rejects: the rejected rows, also by column.
    """

    def __init__(self) -> None:
        self._kept: Counter[tuple[str, ...]] = Counter()
        self.rejects = Rejects()

    def counted(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Yield the same batches of facebook_results and count each of them."""
        for batch in batches:
            self._add(batch)
            yield batch

    def _add(self, batch: pa.RecordBatch) -> None:
        self.rejects.add(batch)
        for (*key, reason), count in row_counts(batch, _COUNTED):
            if reason is None:
                self._kept[tuple(name or UNKNOWN for name in key)] += count

    def verdicts(self) -> dict[str, int]:
        """Rows by verdict."""
        return {verdict: sum(count for key, count in self._kept.items() if key[2] == verdict) for verdict in VERDICTS}

    def to_json(self) -> dict[str, Any]:
        """`country` and `line_type` (rows that were not rejected, by verdict) and `reject_reason`, the largest count first."""
        return {
            str(Column.COUNTRY): self._by(0),
            str(Column.LINE_TYPE): self._by(1),
            str(Column.REJECT_REASON): by_reason(self.rejects.to_json()),
        }

    def _by(self, place: int) -> dict[str, dict[str, int]]:
        found: dict[str, dict[str, int]] = {}
        for key, count in self._kept.items():
            row = found.setdefault(key[place], dict.fromkeys((*VERDICTS, NO_VERDICT), 0))
            row[NO_VERDICT if key[2] == UNKNOWN else key[2]] += count
        return dict(sorted(found.items(), key=lambda item: (-sum(item[1].values()), item[0])))


def coverage_of(counts: Mapping[str, int]) -> float | None:
    """The share of phones with a verdict among those neither rejected nor suppressed; None if there are none."""
    never_asked = (CheckStatus.REJECTED, CheckStatus.SUPPRESSED)
    asked = sum(counts.get(each, 0) for each in CHECK_STATUSES if each not in never_asked)
    return sum(counts.get(each, 0) for each in ANSWERED_STATUSES) / asked if asked else None


def answers_by_chunk(resolved: Resolved) -> Counter[str]:
    """Distinct phones of the list that each chunk answers."""
    counts = np.zeros(len(resolved.tasks), np.int64)
    for start in range(0, len(resolved.task), codec.AT_ONCE):
        some = slice(start, start + codec.AT_ONCE)
        counts += codec.counts(resolved.task[some][resolved.facebook[some] >= 0], len(counts))
    return Counter({task.chunk_key: count for task, count in zip(resolved.tasks, counts.tolist(), strict=True) if count})


def distinct_verdicts(resolved: Resolved) -> dict[str, int]:
    """Distinct phones of the list by verdict, and as `none` those without; together all that are not rejected."""
    found = dict(zip(map(str, VERDICTS), codec.counts(resolved.facebook, len(VERDICTS)).tolist(), strict=True))
    return {**found, NO_VERDICT: len(resolved.phones) - sum(found.values())}


def verdict_times(resolved: Resolved) -> dict[str, float] | None:
    """When the vendor exported the oldest, the median and the newest verdict of the list's distinct phones, UTC seconds; None without any."""
    answers = answers_by_chunk(resolved)
    known = ((exported_at_us(task), answers[task.chunk_key]) for task in resolved.tasks)
    times = sorted((at / 1e6, count) for at, count in known if at is not None and count)
    if not times:
        return None
    middle = np.searchsorted(np.cumsum([count for _, count in times]), sum(count for _, count in times) / 2)
    return {"oldest": times[0][0], "median": times[int(middle)][0], "newest": times[-1][0]}


def charged_for(ws: Workspace, list_key: str) -> dict[str, Any]:
    """What was bought for a list until now: every number of money in lineage, report, summary and `run --json` comes from here.

    Returns:
        `billed`: phones the vendor accepted for this list, counted again for each further try and each resubmission.
        `perhaps_billed`: the same of chunks whose answer was lost. `cost`: of what is billed, null without a price.
    """
    return charges(ws, ws.ledger.purchases_of(list_key))


def charges(ws: Workspace, bought: Collection[Purchase]) -> dict[str, Any]:
    """What these purchases cost, as `charged_for` says it of all of a list's."""
    billed = sum(each.charged for each in bought if each.task_id is not None)
    perhaps = sum(each.charged for each in bought if each.task_id is None)
    return {"billed": billed, "perhaps_billed": perhaps, "cost": ws.settings.cost_of(billed)}


def billing(ws: Workspace, bought: Collection[Purchase], resolved: Resolved, answered_rows: int) -> dict[str, Any]:
    """What the list cost in phones and, if a price is set, in money.

    Args:
        bought: all purchases of the list.
        answered_rows: rows of the result that have a verdict.

    Returns:
        As `charged_for`, and: `distinct`: distinct phones of the list. `reused`: phones answered by what was paid for before.
        `repeats`: answered rows beyond the first of their phone. `saved`: what these two would have cost, null without a price.
    """
    by_status = codec.counts(resolved.status, len(CHECK_STATUSES)).tolist()
    checked, reused = (by_status[CHECK_STATUSES.index(each)] for each in ANSWERED_STATUSES)
    repeats = answered_rows - reused - checked
    return {
        "distinct": len(resolved.phones),
        **charges(ws, bought),
        str(CheckStatus.REUSED): reused,
        "repeats": repeats,
        "saved": ws.settings.cost_of(reused + repeats),
    }


def summed_result_counts(tasks: Iterable[Chunk]) -> dict[str, int]:
    """The sums of the counts of all tasks' results; `tasks` is the number of tasks."""
    counted = [task.result_counts for task in tasks if task.result_counts]
    return {"tasks": len(counted), **{str(name): sum(int(each.get(name, 0)) for each in counted) for name in RESULT_COUNTS}}


def discrepancies(tasks: Iterable[Chunk]) -> list[dict[str, Any]]:
    """Per collected task, where the vendor's `total`, `success` and `failure` differ from what was sent and received.

    A phone without a usable verdict may be absent from the result, or be there with an unknown label. The vendor does not say which
    of the two its `failure` counts, so both are accepted.
    """
    found = []
    for task in tasks:
        if task.result_counts is None:
            continue
        sent, counts = task.phone_count, task.result_counts
        without = {counts.get("missing", 0), counts.get(CheckStatus.UNDETERMINED, 0)}
        compared = (
            ("total", task.total, {sent}),
            ("success", task.success, {sent - each for each in without}),
            ("failure", task.failure, without),
        )
        for name, theirs, ours in compared:
            if theirs is not None and theirs not in ours:
                nearest = max(ours) if name == "success" else min(ours)
                where = {"task_id": task.task_id, "chunk_key": task.chunk_key}
                found.append({**where, "count": name, "vendor": theirs, "ours": nearest})
    return found
