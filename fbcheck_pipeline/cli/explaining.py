"""`fbcheck lineage`: prints a list's lineage, or explains one row."""

from __future__ import annotations

from typing import Any

from rich.markup import escape
from rich.table import Table

from fbcheck_pipeline.cli.arrow_alone import load_arrow_alone
from fbcheck_pipeline.cli.output import Reporter, count_of, plain
from fbcheck_pipeline.cli.tables import counts_shown, plain_table
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.model.columns import Column
from fbcheck_pipeline.model.oddities import ODDITIES
from fbcheck_pipeline.model.reasons import RejectReason, by_reason, label_of, remedy_of
from fbcheck_pipeline.model.task_ids import shown_task_id
from fbcheck_pipeline.results.lineage_file import read_lineage
from fbcheck_pipeline.results.reading import shown_delimiter
from fbcheck_pipeline.workflow.workspace import Workspace

MOST_TASKS = 20
MOST_REJECTS = 20
SOURCE = (
    "file",
    "sha256",
    "rows",
    "format",
    "encoding",
    "delimiter",
    "sheet",
    "header",
    "phone_columns",
    "region_column",
    "region",
)


def say_lineage(ws: Workspace, list_key: str, row: int | None, reporter: Reporter) -> None:
    """Explain a list, or one row of it.

    Raises:
        OperatorError: there is no such list or row, or it is not joined yet.
    """
    if row is not None:
        load_arrow_alone()
        from fbcheck_pipeline.results.explain import explain_row  # reads the list's Parquet files

        document = explain_row(ws, list_key, row)
        _say_row(reporter, document)
    else:
        document = read_lineage(ws, list_key)
        _say_list(reporter, document, ws.storage.uri(paths.FACEBOOK_RESULTS.of(list_key)))
    reporter.result(document)


def _say_list(reporter: Reporter, lineage: dict[str, Any], results: str) -> None:
    source = {**lineage["source"], "header": "yes" if lineage["source"]["has_header"] else "no"}
    source["delimiter"] = shown_delimiter(source["delimiter"])
    facts = {name: source[name] for name in SOURCE if source.get(name) not in (None, [], "")}
    reporter.answer(_pairs("source", {**facts, "read so": "\n".join(source.get("reasons", ())), "purpose": lineage["purpose"]}))
    if rejects := [each for each in lineage["rejects"] if each["reason"] != RejectReason.EMPTY]:
        reporter.answer(_rejects(rejects))
    if lineage["held"]:
        reporter.answer(f"{lineage['list_key']} is {lineage['held']}")
    shown = counts_shown(lineage["counts"], by_reason(lineage["rejects"]))
    counts = {name: count for name, count in shown.items() if count or name in ("rows", "phones")}
    counts |= {"erased": lineage["erased"]} if lineage["erased"] else {}
    reporter.answer(
        _pairs("phones", {**counts, **{f"facebook {verdict}": count for verdict, count in lineage["verdicts"].items()}})
    )
    billing = {name: value for name, value in lineage["billing"].items() if value is not None}
    reporter.answer(_pairs("bought", billing))
    odd = {why: lineage["verdict_counts"][name] for name, why in ODDITIES.items() if lineage["verdict_counts"][name]}
    reporter.answer(_pairs("in the vendor's results", odd or {"nothing unusual": f"{lineage['verdict_counts']['rows']} rows"}))
    for each in lineage["discrepancies"][:MOST_TASKS]:
        whose = "" if each["bought"] else " (bought for another list)"
        reporter.answer(
            f"task {shown_task_id(each['task_id'])}{whose}: the vendor reports {each['vendor']:,} as `{each['count']}`, "
            f"we counted {each['ours']:,}"
        )
    if lineage["tasks"]:
        reporter.answer(_tasks(lineage["tasks"]))
    reporter.answer(_pairs("columns", {name: ", ".join(made_of) for name, made_of in lineage["columns"].items()}))
    if lineage["synthetic"]:
        reporter.answer("the verdicts are invented by a sandbox")
    reporter.answer(f"results  {results}\n--row N explains one row")


def _rejects(rejects: list[dict[str, Any]]) -> Table:
    table = plain_table(
        "rejected cells, each digit shown as #, each letter as a", "column", "reason", "cells>", "such as", "what may help"
    )
    for each in rejects[:MOST_REJECTS]:
        column, examples, remedy = (
            escape(text) for text in (each["column"], "\n".join(each["examples"]), plain(each["remedy"] or ""))
        )
        table.add_row(column, each["reason"], f"{each['count']:,}", examples, remedy)
    if len(rejects) > MOST_REJECTS:
        table.add_row(f"and {len(rejects) - MOST_REJECTS} more; --json shows all")
    return table


def _tasks(tasks: list[dict[str, Any]]) -> Table:
    table = plain_table("tasks (times in UTC)", "task", "chunk", "phones", "submitted", "exported", "collected")
    table.padding = (0, 0)  # otherwise the last column is cut at eighty characters
    for column in table.columns[3:]:
        column.min_width = len("2026-11-25")
    for each in tasks[:MOST_TASKS]:
        times = ((each[name] or "")[:19].replace("T", " ") for name in ("submitted_at", "exported_at", "collected_at"))
        table.add_row(
            *(escape(str(text)) for text in (shown_task_id(each["task_id"]), each["chunk_key"], f"{each['phones']:,}", *times))
        )
    if len(tasks) > MOST_TASKS:
        table.add_row(f"and {len(tasks) - MOST_TASKS} more; --json shows all")
    return table


def _say_row(reporter: Reporter, document: dict[str, Any]) -> None:
    reporter.answer(" ".join(document["read_so"]))
    reporter.answer(_pairs(f"row {document[Column.SOURCE_ROW]} of {document['file']}", document["cells"]))
    for phone in document["phones"]:
        chunk, result, reason = phone["chunk"] or {}, phone["result"] or {}, phone[Column.REJECT_REASON]
        reporter.answer(
            _pairs(
                f"phone {phone[Column.PHONE_INDEX]}, from column {phone[Column.PHONE_COLUMN]}",
                {
                    "cell": phone[Column.PHONE_RAW],
                    "region": phone["region"],
                    "rules": "\n".join(phone["rules"]) or "no rule changed the cell",
                    "phone": phone[Column.PHONE_E164],
                    "rejected": f"{reason}: {label_of(reason)}" if reason else None,
                    "rejected alike": f"{count_of(phone['rejected_alike'], 'cell')} of this column" if reason else None,
                    "what may help": plain(remedy_of(reason) or "") if reason else None,
                    "country, line type": f"{phone[Column.COUNTRY] or ''} {phone[Column.LINE_TYPE] or ''}".strip() or None,
                    "answered by": phone[Column.ANSWERED_BY],
                    "chunk": f"{chunk['chunk_key']} ({chunk['state']}, {chunk['phones']:,} phones)" if chunk else None,
                    "submitted": chunk.get("submitted_at"),
                    "task": chunk.get("task_id"),
                    "exported": chunk.get("exported_at"),
                    "result file": result.get("file"),
                    "keyed hash of it": result.get("sha256"),
                    "label in the file": result.get("label"),
                    "status": phone[Column.CHECK_STATUS],
                    "facebook": phone[Column.FACEBOOK],
                },
            )
        )


def _pairs(title: str, pairs: dict[str, Any]) -> Table:
    """A table of two columns; pairs without a value are left out."""
    table = Table(title=escape(title), show_header=False, title_justify="left")
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    for name, value in pairs.items():
        if value is not None and value != "":
            table.add_row(escape(name), escape(", ".join(value) if isinstance(value, list) else str(value)))
    return table
