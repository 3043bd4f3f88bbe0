"""Explains one row of a list, from its cells to its verdicts: which rules applied, and which chunk, task and result file answered.

It only reads what the assets wrote. Its answer holds the row's own numbers and is meant for the person who asked.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.dataset as dataset

from fbcheck_pipeline.errors import OperatorError
from fbcheck_pipeline.ledger.records import Chunk
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.model.columns import RESULT_COLUMNS, Column, columns_of, result_name
from fbcheck_pipeline.model.timestamps import rfc3339
from fbcheck_pipeline.phones import Normaliser
from fbcheck_pipeline.results.lineage_file import read_lineage
from fbcheck_pipeline.results.source_text import source_as_text
from fbcheck_pipeline.workflow.verdict_files.verdicts import place_of
from fbcheck_pipeline.workflow.workspace import Workspace

ANSWER = [
    str(each) for each in columns_of(paths.FACEBOOK_RESULTS) if paths.E164_PHONES not in each.types and each is not Column.TASK_ID
]
OUTCOME = [str(each) for each in columns_of(paths.E164_PHONES) if each is not Column.SOURCE_ROW]


def explain_row(ws: Workspace, list_key: str, source_row: int) -> dict[str, Any]:
    """Explain where everything about one row of a list comes from.

    Args:
        source_row: 1-based number of the data row.

    Returns:
        `list_key`, `file`, `read_so` (how the list was read, in sentences), `source_row`, `cells` (the source's columns), and one
        entry in `phones` per phone of the row; `rejected_alike` counts the cells of its column with its reason.

    Raises:
        OperatorError: there is no such list or row, or the list is not joined yet.
    """
    lineage = read_lineage(ws, list_key)
    rows = _rows_where(ws, paths.FACEBOOK_RESULTS.of(list_key), Column.SOURCE_ROW, source_row)
    if not rows:
        rows, erased = lineage["counts"]["rows"], lineage["erased"]
        raise OperatorError(
            f"list {list_key} has no row {source_row}; {f'{erased:,} of its rows were erased' if erased else f'its rows are 1 to {rows}'}"
        )
    alike = {(each["column"], each["reason"]): each["count"] for each in lineage["rejects"]}
    normaliser = _normaliser(ws, list_key, lineage)
    return {
        "list_key": list_key,
        "file": lineage["source"]["file"],
        "read_so": lineage["source"]["reasons"],
        str(Column.SOURCE_ROW): source_row,
        "cells": {name: value for name, value in rows[0].items() if name not in RESULT_COLUMNS},
        "phones": [
            {
                **{name: _text(row.get(name)) for name in OUTCOME},
                **_rules(normaliser, row, rows),
                **_answer(ws, list_key, row),
                "rejected_alike": alike.get((row[Column.PHONE_COLUMN], row[Column.REJECT_REASON]), 0),
            }
            for row in rows
        ],
    }


def _normaliser(ws: Workspace, list_key: str, lineage: dict[str, Any]) -> Normaliser:
    """The normaliser with the settings of the join, without the votes of the columns."""
    settings = ws.settings.model_copy(update={"allow_line_types": lineage["settings"]["allow_line_types"]})
    region = ws.ledger.phone_list(list_key).options.get("region") or lineage["settings"]["region"]
    return Normaliser(region, lineage["source"].get("region_column"), settings.extra_line_types)


def _rules(normaliser: Normaliser, row: dict[str, Any], rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The assumed region, and a sentence for each rule that changed or decided the cell."""
    region = normaliser.region_of_row(row[result_name(normaliser.region_column)] if normaliser.region_column else None)
    said = normaliser.explain(row[Column.PHONE_RAW], region)
    of_cell = [each for each in rows if each[Column.PHONE_COLUMN] == row[Column.PHONE_COLUMN]]
    if not _agree(said[-len(of_cell) :], of_cell):
        said.append("The other bare numbers of its column decided otherwise how this one is read.")
    return {"region": region, "rules": said}


def _agree(said: list[str], of_cell: list[dict[str, Any]]) -> bool:
    """True if the cell alone gives the phone that the result has."""
    words = [each[Column.REJECT_REASON] or f"{each[Column.COUNTRY]}, {each[Column.LINE_TYPE]}" for each in of_cell]
    return len(said) == len(words) and all(word in sentence for word, sentence in zip(words, said, strict=True))


def _answer(ws: Workspace, list_key: str, row: dict[str, Any]) -> dict[str, Any]:
    """What answered a phone: its pin, the chunk with its task and result file, and the verdict."""
    answer: dict[str, Any] = {name: _text(row.get(name)) for name in ANSWER}  # an older result lacks newer columns
    if row[Column.PHONE_E164] is None:
        return {**answer, Column.ANSWERED_BY: None, "chunk": None, "result": None}
    pins = _rows_where(ws, paths.SUBMITTED_CHUNKS.of(list_key), Column.PHONE_E164, row[Column.PHONE_E164])
    pinned = [pins[0][Column.CHUNK_KEY]] if pins and pins[0][Column.CHUNK_KEY] else []
    chunk = ws.ledger.chunk_of_task(row[Column.TASK_ID]) if row[Column.TASK_ID] else None
    chunk = chunk or next(iter(ws.ledger.chunks_named(pinned)), None)
    return {
        **answer,
        Column.ANSWERED_BY: pins[0][Column.ANSWERED_BY] if pins else None,
        "chunk": _chunk(chunk) if chunk is not None else None,
        "result": _result(ws, chunk, row[Column.PHONE_E164]) if chunk is not None and chunk.result_sha256 is not None else None,
    }


def _chunk(chunk: Chunk) -> dict[str, Any]:
    return {
        "chunk_key": chunk.chunk_key,
        "phones": chunk.phone_count,
        "state": chunk.state,
        "submitted_at": rfc3339(chunk.submitted_at),
        "task_id": chunk.task_id,
        "exported_at": chunk.vendor_exported_at,
    }


def _result(ws: Workspace, chunk: Chunk, phone_e164: str) -> dict[str, Any]:
    """The task's original file and the phone's label in it; the label is null if the phone is absent."""
    names = [each.of(chunk.known_task_id) for each in paths.RESULT_FILES]
    kept = [ws.storage.uri(name) for name in names if ws.storage.exists(name)]
    place = place_of(chunk.known_task_id, chunk.volume)
    found = [each for each in _rows_where(ws, place, Column.PHONE_E164, phone_e164) if each[Column.TASK_ID] == chunk.task_id]
    return {
        "file": kept[0] if kept else None,
        "sha256": chunk.result_sha256 or None,
        "collected_at": rfc3339(chunk.settled_at),
        "label": found[0][Column.FACEBOOK_LABEL] if found else None,
    }


def _rows_where(ws: Workspace, name: str, column: str, value: Any) -> list[dict[str, Any]]:
    """The rows of a file that have this value in a column, in order; row groups that cannot hold it are skipped."""
    if not ws.storage.exists(name):
        return []
    source = dataset.dataset(f"{ws.storage.root}/{name}", format="parquet", filesystem=ws.storage.fs)
    batches = source.to_table(filter=dataset.field(column) == pa.scalar(value)).to_batches()
    return [row for batch in batches for row in source_as_text(batch).to_pylist()]


def _text(value: Any) -> Any:
    """A value in JSON's types."""
    if isinstance(value, datetime):
        return rfc3339(value.timestamp())
    return value.isoformat() if isinstance(value, date) else value
