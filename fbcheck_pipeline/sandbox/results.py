"""Result files as the vendor exports them, sound or faulty; nothing about HTTP."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Sequence
from functools import lru_cache

from .faults import Faults
from .tasks import Task

Row = tuple[str | int, str]
_HEADERS = {"simple": ("Number", "facebook"), "v1": ("number", "activated")}
# Fictional numbers of the North American plan, set aside for films.
_NEVER_SENT = ("+12025550191", "+12025550192", "+12025550193")
_ODD = {"yes": "YES", "no": " No ", "ban": "Ban"}
# What stands before a cell's value, and behind it.
_NUMBER, _TEXT = ("><v>", "</v></c>"), (' t="inlineStr"><is><t xml:space="preserve">', "</t></is></c>")


def result_file(task: Task, faults: Faults) -> bytes:
    """The task's result: a workbook in the simple protocol, a zip of several members in v1.

    Args:
        task: an exported task.
        faults: content faults (see `FAULTS`) are drawn here, once per call.
    """
    rows: list[Row] = [
        (f"+{phone}", verdict) for phone, verdict in zip(task.phones, task.verdicts, strict=True) if verdict is not None
    ]
    for name, change in _CHANGES.items():
        if faults.strikes(name):
            rows = change(rows)
    header = _HEADERS[task.protocol]
    if faults.strikes("result_csv"):
        return _csv(header, rows)
    workbook = _workbook(header, rows, with_summary=faults.strikes("result_summary_sheet"))
    return workbook if task.protocol == "simple" else _zip(header, rows, workbook)


def _extra_rows(rows: list[Row]) -> list[Row]:
    sent = {number for number, _ in rows}
    return rows + [(number, "yes") for number in _NEVER_SENT if number not in sent]


def _conflicts(rows: list[Row]) -> list[Row]:
    return rows + [(number, "no" if label == "yes" else "yes") for number, label in rows[::10]]


def _odd_labels(rows: list[Row]) -> list[Row]:
    return [(number, "maybe" if place % 20 == 0 else _ODD[label]) for place, (number, label) in enumerate(rows)]


_CHANGES: dict[str, Callable[[list[Row]], list[Row]]] = {
    "result_missing_rows": lambda rows: [row for place, row in enumerate(rows) if place % 10],
    "result_extra_rows": _extra_rows,
    "result_conflicts": _conflicts,
    "result_odd_labels": _odd_labels,
    "result_numbers": lambda rows: [(int(number), label) for number, label in rows],
}


def _workbook(header: tuple[str, str], rows: Sequence[Row], *, with_summary: bool) -> bytes:
    """openpyxl makes the workbook; the rows go into its last sheet as text, 20 times faster than cell by cell."""
    *parts, (table, begin, end) = _frame(header, len(rows) if with_summary else None)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as whole:
        for name, part, _ in parts:
            whole.writestr(name, part)
        whole.writestr(table, b"".join((begin, _cells(rows).encode(), end)))
    return out.getvalue()


@lru_cache
def _frame(header: tuple[str, str], summary_of: int | None) -> list[tuple[str, bytes, bytes]]:
    """The parts of a workbook: name, content, and of the last one, its table, what comes behind the rows.

    Args:
        summary_of: how many rows a sheet before the table tells; None for no such sheet.
    """
    import openpyxl

    book = openpyxl.Workbook(write_only=True)
    if summary_of is not None:
        summary = book.create_sheet("Summary")
        summary.append(["Report", "Facebook"])
        summary.append(["Rows", summary_of])
    book.create_sheet("Result").append(header)
    table = f"xl/worksheets/sheet{len(book.worksheets)}.xml"
    written = io.BytesIO()
    book.save(written)
    with zipfile.ZipFile(written) as parts:
        others = [(name, parts.read(name), b"") for name in parts.namelist() if name != table]
        begin, *end = parts.read(table).partition(b"</sheetData>")
    return [*others, (table, begin, b"".join(end))]


def _cells(rows: Sequence[Row]) -> str:
    (first, last), (before, behind) = _NUMBER if rows and isinstance(rows[0][0], int) else _TEXT, _TEXT
    return "".join(
        [
            f'<row r="{line}"><c r="A{line}"{first}{number}{last}<c r="B{line}"{before}{label}{behind}</row>'
            for line, (number, label) in enumerate(rows, 2)
        ]
    )


def _csv(header: Sequence[str], rows: Sequence[Row]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows([header, *rows])
    return out.getvalue().encode()


def _zip(header: Sequence[str], rows: Sequence[Row], workbook: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as members:
        members.writestr("all.csv", _csv(header, rows))
        members.writestr("result.xlsx", workbook)
        for name, wanted in (("registered.txt", "yes"), ("unregistered.txt", "no")):
            members.writestr(name, "".join(f"{number}\n" for number, label in rows if label.strip().lower() == wanted))
    return out.getvalue()
