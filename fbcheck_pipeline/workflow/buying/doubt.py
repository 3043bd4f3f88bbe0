"""The gate before the first bill: where nearly all cells of a list are rejected, it was probably read wrongly.

The few phones that are left are then numbers of strangers as likely as not. So they are where half of the cells are rejected, and
nearly all would be numbers of another region. Such a list is held until a person, who was told what
was read, confirms it or has it read otherwise. A column of its own that reads well is no misreading, whatever the others say.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import numpy as np

from fbcheck_pipeline.ledger.records import PhoneList
from fbcheck_pipeline.model.reasons import RejectReason, label_of, remedy_of
from fbcheck_pipeline.model.statuses import AnsweredBy
from fbcheck_pipeline.workflow.buying.allocation import Again
from fbcheck_pipeline.workflow.buying.other_region import likelier_regions
from fbcheck_pipeline.workflow.buying.pins import Pin, Pins
from fbcheck_pipeline.workflow.buying.plan import plan_list
from fbcheck_pipeline.workflow.content import CellCounts, ListContent
from fbcheck_pipeline.workflow.workspace import Workspace

NEARLY_ALL, HALF = 0.9, 0.5
FEWEST_CELLS = 10
"""Of fewer cells only a list that is rejected whole would be nearly all rejected, and that bills nothing."""
MOST_REMEDIES = 2
_READ_RIGHTLY = frozenset(each for each in RejectReason if not each.is_misreading)


def plan_or_hold(ws: Workspace, list_key: str, content: ListContent, *, again: Again, is_confirmed: bool) -> Pins:
    """Plan a list, or hold it: then nothing is bought, and its phones wait for a person.

    Args:
        is_confirmed: a person knows how the list was read; recorded where there is a doubt about it.

    Raises:
        OperatorError: a purpose is required and the list has none.
    """
    doubt = _doubt_about(ws, ws.ledger.phone_list(list_key), content)
    if is_confirmed and (doubt is not None or ws.ledger.is_unsure(list_key, ws.settings.verdict_days)):
        ws.ledger.confirm(list_key)
    elif doubt is not None and (held_at := ws.ledger.hold(list_key, doubt)) is not None:
        return Pins(content.phones, np.zeros(len(content.phones), np.int32), [Pin(AnsweredBy.WAITING)], held_at)
    return plan_list(ws, list_key, content.phones, again=again)


def _doubt_about(ws: Workspace, phone_list: PhoneList, content: ListContent) -> str | None:
    doubt, region = doubt_about(content.columns), phone_list.options.get("region") or ws.settings.region
    if (phone_list.reading or {}).get("region_column") is not None:
        return doubt
    return doubt_about_region(content, region, doubt) if region else doubt


def doubt_about_region(content: ListContent, region: str, doubt: str | None) -> str | None:
    """The doubt about a list whose rows do not say their country, and the region to try where half of it is rejected, but not there.

    Args:
        region: in which it was read.
        doubt: there is already.
    """
    every = _together(content.columns)
    wrong, cells = sum(_misread(every).values()), every.total() - every[RejectReason.EMPTY]
    if cells < FEWEST_CELLS or wrong < HALF * cells or any(map(_reads_well, content.columns.values())):
        return doubt
    others = likelier_regions(content.some_cells(), region)
    if not others:
        return doubt
    told = doubt or f"{wrong:,} of {cells:,} cells that are not empty hold no usable number in {region}"
    return f"{told}\n  nearly all would be numbers of {' or '.join(others)}: where they are, `--region {others[0]}` reads them so"


def _together(columns: Mapping[str, CellCounts]) -> Counter[str | None]:
    every = Counter[str | None]()
    for each in columns.values():
        every.update(each)
    return every


def doubt_about(columns: Mapping[str, CellCounts]) -> str | None:
    """Why a list was probably read wrongly, and what to try; None where that is not likely.

    Empty cells say nothing. Cells of lines that own no account were read rightly. Where a column of phones reads well, another
    that says `0` or `no phone` in most rows makes no doubt.

    Args:
        columns: the cells of each phone column.
    """
    every = _together(columns)
    misread = _misread(every)
    wrong, cells = sum(misread.values()), every.total() - every[RejectReason.EMPTY]
    if cells < FEWEST_CELLS or wrong < NEARLY_ALL * cells or any(map(_reads_well, columns.values())):
        return None
    largest = sorted(misread, key=lambda reason: (-misread[reason], reason))
    told = ", ".join(f"{misread[reason]:,} {label_of(reason)}" for reason in largest)
    remedies = [
        f"  what may help where it is {label_of(each)!r}: {remedy}"
        for each in largest[:MOST_REMEDIES]
        if (remedy := remedy_of(each))
    ]
    return "\n".join((f"{wrong:,} of {cells:,} cells that are not empty hold no usable number ({told})", *remedies))


def _misread(cells: CellCounts) -> dict[str, int]:
    return {reason: count for reason, count in cells.items() if reason is not None and reason not in _READ_RIGHTLY}


def _reads_well(cells: CellCounts) -> bool:
    """True for a column that has some phones, and more of them than cells that were probably read wrongly."""
    return FEWEST_CELLS <= cells.get(None, 0) > sum(_misread(cells).values())
