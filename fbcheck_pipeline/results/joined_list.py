"""One list's result as a stream, with the documents that are written beside it and the ledger's note of the join."""

from __future__ import annotations

import uuid
from dataclasses import replace
from functools import partial
from typing import Any

from fbcheck_pipeline.files.parquet_copy import Copied
from fbcheck_pipeline.files.storage import BatchStream, release_unused_memory
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.model.columns import repeated_texts
from fbcheck_pipeline.model.frames import validate
from fbcheck_pipeline.model.statuses import CheckStatus
from fbcheck_pipeline.model.timestamps import rfc3339
from fbcheck_pipeline.progress import reported
from fbcheck_pipeline.results.answer_rows import answers_view
from fbcheck_pipeline.results.counting import Breakdown
from fbcheck_pipeline.results.join import LOOKED_AT, join_batches, names_in_result, result_schema
from fbcheck_pipeline.results.lineage import FOOTER_KEY, as_json, build_lineage
from fbcheck_pipeline.results.openlineage import send_events, write_events
from fbcheck_pipeline.results.report import render_report
from fbcheck_pipeline.workflow.answers import Tally
from fbcheck_pipeline.workflow.joining import begin_join, finish_join
from fbcheck_pipeline.workflow.publishing import guarded
from fbcheck_pipeline.workflow.tables.latest_lists import LIST_KEY_KEY, refresh_latest
from fbcheck_pipeline.workflow.workspace import Workspace

INPUTS = ((paths.E164_PHONES, LOOKED_AT), (paths.SUBMITTED_CHUNKS, None))
"""The files of a list that a join reads, and which of their columns; None for all."""
_PLACES = {"lineage": paths.LINEAGE, "report": paths.REPORT, "openlineage": paths.OPENLINEAGE}


def joined_list(
    ws: Workspace, list_key: str, e164_phones: BatchStream, submitted_chunks: BatchStream, run_id: str, job_name: str
) -> BatchStream:
    """The rows of `facebook_results`, the columns of `e164_phones` copied where that is a file.

    Once the file stands, `on_written` writes its documents, notes the join, and returns its facts.

    Args:
        run_id, job_name: of the Dagster run that joins.

    Raises:
        OperatorError: the list is unknown.
        StorageError: verdicts that it needs are lost.
    """
    opened = [each.as_of for each in (e164_phones, submitted_chunks) if each.as_of is not None]
    started_at, as_of = rfc3339(ws.ledger.clock()), min(opened) if opened else ws.ledger.generation()
    release_unused_memory()
    join = begin_join(ws, list_key, submitted_chunks.batches)
    phone_list, resolved = join.phone_list, join.resolved
    release_unused_memory()
    tally, breakdown = Tally(resolved), Breakdown()
    whole = e164_phones.schema if e164_phones.file is None else e164_phones.file.schema
    schema, names = result_schema(whole), names_in_result(whole.names)
    copied = None if e164_phones.file is None else Copied(e164_phones.file, names)
    lineage, told = dict[str, Any](), ""
    joined = breakdown.counted(join_batches(schema, e164_phones.batches, resolved, tally))
    batches = reported("joining", map(partial(validate, paths.FACEBOOK_RESULTS), joined), phone_list.count("phones") or None)

    def footer() -> dict[str, str]:
        nonlocal told
        lineage.update(build_lineage(ws, phone_list, schema, resolved, tally, breakdown, run_id, e164_phones.footer()))
        lineage["started_at"] = started_at
        told = as_json(lineage)
        return {FOOTER_KEY: told, LIST_KEY_KEY: list_key}

    def on_written() -> dict[str, Any]:
        refresh_latest(ws, phone_list.source, joined=(list_key, lineage["counts"][CheckStatus.WAITING]))
        ws.storage.write_bytes(paths.LINEAGE.of(list_key), told.encode())
        ws.storage.write_bytes(paths.REPORT.of(list_key), render_report(lineage).encode())
        events = write_events(ws, lineage, schema, job_name)
        finish_join(ws, join, counts=lineage["counts"], is_complete=tally.is_complete)
        send_events(events)
        facts = ("counts", "complete", "verdicts", "verdict_counts", "billing", "columns")
        return {
            **{name: lineage[name] for name in facts},
            "discrepancies": len(lineage["discrepancies"]),
            **{name: ws.storage.uri(place.of(list_key)) for name, place in _PLACES.items()},
        }

    answers = {paths.FACEBOOK_ANSWERS.of(list_key): answers_view(phone_list, copied)}
    return guarded(ws, list_key, BatchStream(schema, batches, footer, on_written, copied=copied, beside=answers), as_of)


def rejoin(ws: Workspace, list_key: str) -> None:
    """Write a list's result, and all that is written with it, from what there is now.

    Raises:
        StorageError: verdicts that it needs are lost, or something personal was deleted meanwhile; the former result stands.
    """
    as_of = ws.ledger.generation()
    opened = (ws.storage.read_parquet(kind.of(list_key), names, dictionaries=repeated_texts(kind)) for kind, names in INPUTS)
    e164_phones, pins = (replace(each, as_of=as_of) for each in opened)
    stream = joined_list(ws, list_key, e164_phones, pins, str(uuid.uuid4()), "erase")
    ws.storage.write_parquet(paths.FACEBOOK_RESULTS.of(list_key), stream)
    stream.on_written()
