"""The six assets: each loads, calls the business, saves and describes."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, replace
from functools import partial
from typing import Any, Optional

import dagster as dg
import pyarrow as pa

from fbcheck_pipeline.defs.metadata import column_lineage, describe_output
from fbcheck_pipeline.defs.partitions import lists
from fbcheck_pipeline.defs.resources import FbcheckResource
from fbcheck_pipeline.errors import ListError
from fbcheck_pipeline.files.storage import BatchStream
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.model.columns import Column, schema_of
from fbcheck_pipeline.model.frames import validate
from fbcheck_pipeline.phones import Normaliser
from fbcheck_pipeline.progress import report_progress, reported
from fbcheck_pipeline.results.counting import summed_result_counts
from fbcheck_pipeline.results.joined_list import joined_list
from fbcheck_pipeline.results.summary import refresh_summary
from fbcheck_pipeline.workflow.allocation import Again
from fbcheck_pipeline.workflow.collect import collect_exported
from fbcheck_pipeline.workflow.intake import open_registered_list
from fbcheck_pipeline.workflow.send import RetryPolicy
from fbcheck_pipeline.workflow.submit import submit_list

OWNERS = ["team:data-engineering"]


class SubmitConfig(dg.Config):
    """How a list is planned in this run; `confirmed` is a person's word that a held list was read rightly."""

    again: str = Again.NOBODY.value
    confirmed: bool = False
    max_billable: Optional[int] = None
    timeout_s: Optional[float] = None


@dg.asset(partitions_def=lists, group_name="lists", kinds={"parquet"}, owners=OWNERS, code_version="1")
def raw_phones(context: dg.AssetExecutionContext, fbcheck: FbcheckResource) -> BatchStream:
    """One row per phone cell of the list, with its source row number and all columns of that row, as they were."""
    ws = fbcheck.workspace()
    phone_list = ws.ledger.phone_list(context.partition_key)
    stack = ExitStack()
    try:
        reader = stack.enter_context(open_registered_list(ws, phone_list))
    except ListError as error:
        ws.ledger.note_unreadable(phone_list.list_key, str(error))
        raise

    def batches() -> Iterator[pa.RecordBatch]:
        try:
            with stack:
                for batch in reader.batches():
                    yield validate(paths.RAW_PHONES, batch)
                    report_progress("reading", reader.rows_read, reader.expected_rows)
        except ListError as error:
            ws.ledger.note_unreadable(phone_list.list_key, str(error))
            raise

    def on_written() -> dict[str, Any]:
        reading = {**asdict(reader.source), **reader.counts, "sha256": phone_list.sha256 or None}
        ws.ledger.note_read(phone_list.list_key, reading)
        return {"source": reading}

    return BatchStream(reader.schema, batches(), on_written=on_written)


@dg.asset(partitions_def=lists, group_name="phones", kinds={"parquet", "pandas"}, owners=OWNERS, code_version="1")
def e164_phones(context: dg.AssetExecutionContext, raw_phones: BatchStream, fbcheck: FbcheckResource) -> BatchStream:
    """One row per phone of the list: its E.164, or the reason why it has none."""
    ws = fbcheck.workspace()
    phone_list = ws.ledger.phone_list(context.partition_key)
    reading = phone_list.reading or {}
    normaliser = Normaliser(
        region=phone_list.options.get("region") or ws.settings.region,
        region_column=reading.get("region_column"),
        extra_line_types=ws.settings.extra_line_types,
    )
    normalised = normaliser.normalise_all(normaliser.learn(raw_phones.batches))
    batches = reported("normalising", map(partial(validate, paths.E164_PHONES), normalised), reading.get("phones"))
    return BatchStream(Normaliser.output_schema(raw_phones.schema), batches)


@dg.asset(
    partitions_def=lists,
    group_name="vendor",
    kinds={"parquet"},
    owners=OWNERS,
    code_version="1",
    ins={
        paths.E164_PHONES.folder: dg.AssetIn(metadata={"columns": [Column.PHONE_COLUMN, Column.PHONE_E164, Column.REJECT_REASON]})
    },
)
def submitted_chunks(
    context: dg.AssetExecutionContext, config: SubmitConfig, e164_phones: BatchStream, fbcheck: FbcheckResource
) -> dg.MaterializeResult[None]:
    """One row per distinct phone of the list: what answers it (a new chunk, another list's, an earlier verdict, or nothing)."""
    ws, key = fbcheck.workspace(), context.partition_key
    submission = submit_list(
        ws,
        fbcheck.client(),
        key,
        e164_phones.batches,
        again=Again(config.again),
        is_confirmed=config.confirmed,
        max_billable=config.max_billable,
        policy=RetryPolicy(total_s=config.timeout_s),
    )
    sent = submission.sent
    if sent.postponed:
        context.log.warning(sent.postponed)
    facts = {
        "counts": submission.counts,
        "chunks_sent": sent.chunks,
        "chunks_unconfirmed": sent.unconfirmed,
        "postponed": sent.postponed,
    }
    uri = ws.storage.uri(paths.SUBMITTED_CHUNKS.of(key))
    return dg.MaterializeResult(metadata=describe_output(schema_of(paths.SUBMITTED_CHUNKS), submission.pinned, uri, facts))


@dg.asset(group_name="vendor", kinds={"parquet"}, owners=OWNERS, code_version="1", deps=[submitted_chunks])
def verdicts(context: dg.AssetExecutionContext, fbcheck: FbcheckResource) -> dg.MaterializeResult[None]:
    """One immutable file per task, one row per phone the vendor answered; each run collects what has been exported."""
    ws = fbcheck.workspace()
    collected = collect_exported(ws, fbcheck.client())
    for chunk_key, problem in collected.problems.items():
        context.log.warning(f"chunk {chunk_key}: {problem}")
    return dg.MaterializeResult(
        metadata={
            "fbcheck/tasks": collected.tasks,
            "fbcheck/phones": collected.phones,
            "fbcheck/problems": len(collected.problems),
            "fbcheck/verdict_counts": summed_result_counts(ws.ledger.chunks_named(collected.chunk_keys)),
            "dagster/uri": ws.storage.uri(paths.VERDICTS.folder),
        }
    )


@dg.asset(partitions_def=lists, group_name="results", kinds={"parquet"}, owners=OWNERS, code_version="1", deps=[verdicts])
def facebook_results(
    context: dg.AssetExecutionContext, e164_phones: BatchStream, submitted_chunks: BatchStream, fbcheck: FbcheckResource
) -> BatchStream:
    """One row per phone of the list, in its order: the source's columns, the phone, and what Facebook knows of it."""
    ws = fbcheck.workspace()
    joined = joined_list(ws, context.partition_key, e164_phones, submitted_chunks, context.run.run_id, context.run.job_name)

    def on_written() -> dict[str, Any]:
        facts = dict(joined.on_written())
        return {**facts, "column_lineage": column_lineage(facts.pop("columns"))}

    return replace(joined, on_written=on_written)


@dg.asset(group_name="results", kinds={"parquet"}, owners=OWNERS, code_version="1", deps=[facebook_results])
def facebook_summary(context: dg.AssetExecutionContext, fbcheck: FbcheckResource) -> dg.MaterializeResult[None]:
    """One row per joined list: how many phones it has, with which status and verdict, and what was billed for it."""
    ws = fbcheck.workspace()
    written = refresh_summary(ws, context.partition_key if context.has_partition_key else None)
    place = next(iter(written)) if len(written) == 1 else paths.FACEBOOK_SUMMARY.folder
    metadata = describe_output(schema_of(paths.FACEBOOK_SUMMARY), sum(written.values()), ws.storage.uri(place), {})
    return dg.MaterializeResult(metadata=metadata)


ASSETS = [raw_phones, e164_phones, submitted_chunks, verdicts, facebook_results, facebook_summary]
