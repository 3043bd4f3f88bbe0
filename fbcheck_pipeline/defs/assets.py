"""The six assets: each loads, calls the business, saves and describes."""

from collections.abc import Iterator
from contextlib import ExitStack
from itertools import chain
from typing import Any, Optional

import dagster as dg
import pyarrow as pa

from fbcheck_pipeline.defs.metadata import column_lineage, describe_output
from fbcheck_pipeline.defs.resources import FbcheckResource
from fbcheck_pipeline.errors import ListError, OperatorError
from fbcheck_pipeline.files.storage import BatchStream, release_unused_memory
from fbcheck_pipeline.ledger import ChunkState
from fbcheck_pipeline.ledger.access import Row
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.model.columns import Column, schema_of
from fbcheck_pipeline.model.frames import validate
from fbcheck_pipeline.phones import Normaliser
from fbcheck_pipeline.progress import report
from fbcheck_pipeline.results.counting import Breakdown, summed_result_counts
from fbcheck_pipeline.results.join import Tally, join_batches, resolve, result_schema
from fbcheck_pipeline.results.lineage import FOOTER_KEY, as_json, build_lineage
from fbcheck_pipeline.results.openlineage import send_event, write_event
from fbcheck_pipeline.results.report import render_report
from fbcheck_pipeline.results.summary import refresh_summary
from fbcheck_pipeline.workflow.collect import collect_exported
from fbcheck_pipeline.workflow.intake import reading
from fbcheck_pipeline.workflow.pins import pins_from
from fbcheck_pipeline.workflow.plan import Again, phones_of, plan_list
from fbcheck_pipeline.workflow.submit import Patience, submit_chunks
from fbcheck_pipeline.workflow.workspace import Workspace

lists = dg.DynamicPartitionsDefinition(name="lists")
"""One partition a list, named by its list key; never one a task or chunk."""

VOTING_CELLS = 100_000
OWNERS = ["team:data-engineering"]


class SubmitConfig(dg.Config):
    """How a list is planned in this run."""

    again: str = Again.NOBODY.value
    max_billable: Optional[int] = None
    timeout_s: Optional[float] = None


@dg.asset(partitions_def=lists, group_name="lists", kinds={"parquet"}, owners=OWNERS, code_version="1")
def raw_phones(context: dg.AssetExecutionContext, fbcheck: FbcheckResource) -> BatchStream:
    """One row per phone cell of the list, with its source row number and all columns of that row, as text."""
    ws = fbcheck.workspace()
    row = _list_row(ws, context.partition_key)
    stack = ExitStack()
    try:
        reader = stack.enter_context(reading(ws, row))
    except ListError as error:
        ws.ledger.note_unreadable(row.list_key, str(error))
        raise

    def batches() -> Iterator[pa.RecordBatch]:
        try:
            with stack:
                for batch in reader.batches():
                    validate(paths.RAW_PHONES, batch)
                    yield batch
                    report("reading", reader.rows_read, reader.expected_rows)
        except ListError as error:
            ws.ledger.note_unreadable(row.list_key, str(error))
            raise

    def on_written(row_count: int) -> dict[str, Any]:
        source = {**reader.source.to_json(), **reader.counts}
        ws.ledger.note_read(row.list_key, source)
        return {"source": source}

    return BatchStream(reader.schema, batches(), on_written=on_written)


@dg.asset(partitions_def=lists, group_name="phones", kinds={"parquet", "pandas"}, owners=OWNERS, code_version="1")
def e164_phones(context: dg.AssetExecutionContext, raw_phones: BatchStream, fbcheck: FbcheckResource) -> BatchStream:
    """One row per phone of the list: its E.164, or the reason why it has none."""
    ws = fbcheck.workspace()
    row = _list_row(ws, context.partition_key)
    source = row.source or {}
    normaliser = Normaliser(
        region=row.options.get("region") or ws.settings.region,
        region_column=source.get("region_column"),
        extra_line_types=ws.settings.extra_line_types,
    )
    head: list[pa.RecordBatch] = []
    voting_rows = VOTING_CELLS * max(1, len(source.get("phone_columns", ())))
    for batch in raw_phones.batches:
        head.append(batch)
        if sum(each.num_rows for each in head) >= voting_rows:
            break
    normaliser.learn(head)

    def batches() -> Iterator[pa.RecordBatch]:
        nonlocal done
        for batch in normaliser.normalise_all(chain(head, raw_phones.batches), workers=2):
            validate(paths.E164_PHONES, batch)
            yield batch
            done += batch.num_rows
            report("normalising", done, total)

    done, total = 0, (row.source or {}).get("phones")
    return BatchStream(Normaliser.output_schema(raw_phones.schema), batches())


@dg.asset(
    partitions_def=lists,
    group_name="vendor",
    kinds={"parquet"},
    owners=OWNERS,
    code_version="1",
    ins={paths.E164_PHONES.folder: dg.AssetIn(metadata={"columns": [Column.PHONE_E164]})},
)
def submitted_chunks(
    context: dg.AssetExecutionContext, config: SubmitConfig, e164_phones: BatchStream, fbcheck: FbcheckResource
) -> BatchStream:
    """One row per distinct phone of the list: what answers it (a new chunk, another list's, an earlier verdict, or nothing)."""
    ws, client, key = fbcheck.workspace(), fbcheck.client(), context.partition_key
    phones, occurrences, rejected = phones_of(e164_phones.batches)
    max_billable = config.max_billable if config.max_billable is not None else ws.settings.max_billable
    pins = plan_list(ws, key, phones, again=Again(config.again), max_billable=max_billable)
    try:
        outcome = submit_chunks(ws, client, key, patience=Patience(total_s=config.timeout_s))
    finally:
        tally = Tally(resolve(ws, key, pins))
        tally.add_repeated(occurrences, rejected)
        counts = tally.counts(_source_rows(ws, key))
        ws.ledger.note_counts(key, counts)
    if outcome.postponed:
        context.log.warning(outcome.postponed)

    def batches() -> Iterator[pa.RecordBatch]:
        for batch in stream.batches:
            validate(paths.SUBMITTED_CHUNKS, batch)
            yield batch

    stream = pins.with_tasks({row.chunk_key: row.task_id for row in ws.ledger.chunks() if row.task_id}).stream()
    facts = {
        "counts": counts,
        "chunks_sent": outcome.sent,
        "chunks_unconfirmed": outcome.unconfirmed,
        "postponed": outcome.postponed,
    }

    def on_written(row_count: int) -> dict[str, Any]:
        ws.ledger.note_pinned(key)
        return facts

    return BatchStream(stream.schema, batches(), on_written=on_written)


@dg.asset(group_name="vendor", kinds={"parquet"}, owners=OWNERS, code_version="1", deps=[submitted_chunks])
def verdicts(context: dg.AssetExecutionContext, fbcheck: FbcheckResource) -> dg.MaterializeResult:
    """One immutable file per task, one row per phone the vendor answered; each run collects what has been exported."""
    ws = fbcheck.workspace()
    before = {row.chunk_key for row in ws.ledger.collected()}
    collected = collect_exported(ws, fbcheck.client())
    new = [row for row in ws.ledger.chunks(states=[ChunkState.COLLECTED]) if row.chunk_key not in before]
    for chunk_key, problem in collected.problems.items():
        context.log.warning(f"chunk {chunk_key}: {problem}")
    return dg.MaterializeResult(
        metadata={
            "fbcheck/tasks": collected.tasks,
            "fbcheck/phones": collected.phones,
            "fbcheck/problems": len(collected.problems),
            "fbcheck/verdict_counts": summed_result_counts(new),
            "dagster/uri": ws.storage.uri(paths.VERDICTS.folder),
        }
    )


@dg.asset(partitions_def=lists, group_name="results", kinds={"parquet"}, owners=OWNERS, code_version="1", deps=[verdicts])
def facebook_results(
    context: dg.AssetExecutionContext, e164_phones: BatchStream, submitted_chunks: BatchStream, fbcheck: FbcheckResource
) -> BatchStream:
    """One row per phone of the list, in its order: the source's columns, the phone, and what Facebook knows of it."""
    ws = fbcheck.workspace()
    row = _list_row(ws, context.partition_key)
    resolved = resolve(ws, row.list_key, pins_from(submitted_chunks.batches))
    release_unused_memory()
    tally, breakdown = Tally(resolved), Breakdown()
    schema = result_schema(e164_phones.schema)
    lineage: dict[str, Any] = {}

    done = 0

    def batches() -> Iterator[pa.RecordBatch]:
        nonlocal done
        for batch in breakdown.counted(join_batches(schema, e164_phones.batches, resolved, tally)):
            validate(paths.FACEBOOK_RESULTS, batch)
            yield batch
            done += batch.num_rows
            report("joining", done, (row.counts or {}).get("phones"))

    def footer() -> dict[str, str]:
        lineage.update(build_lineage(ws, row, schema, resolved, tally, breakdown, context.run.run_id))
        return {FOOTER_KEY: as_json(lineage)}

    def on_written(row_count: int) -> dict[str, Any]:
        ws.storage.write_bytes(paths.LINEAGE.of(row.list_key), as_json(lineage).encode())
        ws.storage.write_bytes(paths.REPORT.of(row.list_key), render_report(lineage).encode())
        event = write_event(ws, lineage, schema, row.inbox_name)
        ws.ledger.note_joined(row.list_key, revision=row.revision, counts=lineage["counts"], is_complete=tally.is_complete)
        send_event(event)
        places = {"lineage": paths.LINEAGE, "report": paths.REPORT, "openlineage": paths.OPENLINEAGE}
        return {
            **{name: lineage[name] for name in ("counts", "complete", "verdicts", "verdict_counts", "billing")},
            "discrepancies": len(lineage["discrepancies"]),
            **{name: ws.storage.uri(place.of(row.list_key)) for name, place in places.items()},
            "column_lineage": column_lineage(lineage["columns"]),
        }

    return BatchStream(schema, batches(), footer, on_written)


@dg.asset(group_name="results", kinds={"parquet"}, owners=OWNERS, code_version="1", deps=[facebook_results])
def facebook_summary(context: dg.AssetExecutionContext, fbcheck: FbcheckResource) -> dg.MaterializeResult:
    """One row per joined list: how many phones it has, with which status and verdict, and what was billed for it."""
    ws = fbcheck.workspace()
    rows = refresh_summary(ws)
    return dg.MaterializeResult(
        metadata=describe_output(schema_of(paths.FACEBOOK_SUMMARY), rows, ws.storage.uri(paths.FACEBOOK_SUMMARY.path), {})
    )


def _list_row(ws: Workspace, list_key: str) -> Row:
    row = ws.ledger.list_row(list_key)
    if row is None:
        raise OperatorError(f"the ledger knows no list {list_key}; drop its file into the inbox, or use `fbcheck run`")
    return row


def _source_rows(ws: Workspace, list_key: str) -> int:
    source = _list_row(ws, list_key).source or {}
    return int(source.get("rows", 0))


ASSETS = [raw_phones, e164_phones, submitted_chunks, verdicts, facebook_results, facebook_summary]
