"""The seven assets: each loads, calls the business, saves and describes."""

import hashlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, replace
from functools import partial
from typing import Any, Optional

import dagster as dg
import pyarrow as pa

from fbcheck_pipeline.defs.instance import Instance, list_name
from fbcheck_pipeline.defs.latest import latest
from fbcheck_pipeline.defs.metadata import column_lineage, describe_output, lineage_from_list, lineage_from_raw, maybe
from fbcheck_pipeline.defs.taking import ALWAYS_THE_SAME
from fbcheck_pipeline.errors import ListError
from fbcheck_pipeline.files.storage import BatchStream
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.model.columns import repeated_texts, schema_of
from fbcheck_pipeline.model.frames import validate
from fbcheck_pipeline.phones import Normaliser
from fbcheck_pipeline.phones.reading_version import reading_version
from fbcheck_pipeline.progress import report_progress, reported
from fbcheck_pipeline.results.counting import summed_result_counts
from fbcheck_pipeline.results.joined_list import INPUTS, joined_list
from fbcheck_pipeline.results.report_index import refresh_index
from fbcheck_pipeline.results.summary import refresh_summary
from fbcheck_pipeline.workflow.arrival.intake import open_registered_list
from fbcheck_pipeline.workflow.arrival.rereading import normaliser_of
from fbcheck_pipeline.workflow.buying.allocation import Again
from fbcheck_pipeline.workflow.buying.send import RetryPolicy
from fbcheck_pipeline.workflow.buying.submit import submit_list
from fbcheck_pipeline.workflow.collection.collect import collect_exported
from fbcheck_pipeline.workflow.content import stored_content
from fbcheck_pipeline.workflow.publishing import guarded
from fbcheck_pipeline.workflow.tables.verdict_tables import AT_ONCE, refresh_verdict_tables
from fbcheck_pipeline.workflow.workspace import Workspace

VERSION_TAG = "dagster/data_version"


class SubmitConfig(dg.Config):
    """How a list is planned in this run.

    Attributes:
        confirmed: a person's word that a held list was read rightly.
        balance: what the vendor has left in USD, where an earlier list of the same command learnt it.
    """

    again: str = Again.NOBODY.value
    confirmed: bool = False
    max_billable: Optional[int] = None
    timeout_s: Optional[float] = None
    balance: Optional[float] = None


def build_assets(instance: Instance) -> list[dg.AssetsDefinition]:
    """The assets of one instance, in the order of the flow."""
    of_list = (raw_phones, e164_phones, submitted_chunks, verdicts, current_verdicts, facebook_results, facebook_summary)
    return [*(build(instance) for build in of_list), *(latest(instance, source) for source in instance.sources)]


def raw_phones(instance: Instance) -> dg.AssetsDefinition:
    """A list's rows as they came."""

    @instance.asset(paths.RAW_PHONES, deps=[instance.key(list_name(each)) for each in instance.sources])
    def raw_phones(context: dg.AssetExecutionContext) -> BatchStream:
        """One row per phone cell of the list, with its source row number and all columns of that row, as they were."""
        with instance.working(context) as fbcheck:
            ws = fbcheck.workspace()
            phone_list, as_of = ws.ledger.phone_list(instance.list_key(context)), ws.ledger.generation()
            stack = ExitStack()
            with _noted_if_unreadable(instance, context, ws):
                reader = stack.enter_context(open_registered_list(ws, phone_list))

        def batches() -> Iterator[pa.RecordBatch]:
            with _noted_if_unreadable(instance, context, ws), stack:
                for batch in reader.batches():
                    yield validate(paths.RAW_PHONES, batch)
                    report_progress("reading", reader.rows_read, reader.expected_rows)

        def on_written() -> dict[str, Any]:
            reading = {**asdict(reader.source), **reader.counts, "sha256": phone_list.sha256 or None}
            ws.ledger.note_read(phone_list.list_key, reading)
            if phone_list.source not in instance.sources:
                return {"source": reading}
            return {"source": reading, "column_lineage": lineage_from_list(instance.key(list_name(phone_list.source)), reader)}

        return guarded(ws, phone_list.list_key, BatchStream(reader.schema, batches(), on_written=on_written), as_of)

    return raw_phones


@contextmanager
def _noted_if_unreadable(instance: Instance, context: dg.AssetExecutionContext, ws: Workspace) -> Iterator[None]:
    """Note an error of the list's; its partition goes, since what waits for the results of all partitions would wait for ever."""
    try:
        yield
    except ListError as error:
        key = instance.list_key(context)
        ws.ledger.note_unreadable(key, str(error))
        context.instance.delete_dynamic_partition(instance.partition_set, key)
        raise


def e164_phones(instance: Instance) -> dg.AssetsDefinition:
    """A list's phones, normalised."""

    wishes = {"dictionaries": repeated_texts(paths.RAW_PHONES)}
    ins = {"raw_phones": dg.AssetIn(instance.key(paths.RAW_PHONES), metadata=wishes)}

    @instance.asset(paths.E164_PHONES, "pandas", ins=ins, code_version="+".join(reading_version().values()))
    def e164_phones(context: dg.AssetExecutionContext, raw_phones: BatchStream) -> BatchStream:
        """One row per phone of the list: its E.164, or the reason why it has none."""
        with instance.working(context) as fbcheck:
            ws = fbcheck.workspace()
            phone_list = ws.ledger.phone_list(instance.list_key(context))
        reading = phone_list.reading or {}
        normaliser = normaliser_of(ws, phone_list)
        normalised = normaliser.normalise_all(normaliser.learn(raw_phones.batches))
        batches = reported("normalising", map(partial(validate, paths.E164_PHONES), normalised), reading.get("phones"))
        schema = Normaliser.output_schema(raw_phones.schema)
        lineage = lineage_from_raw(instance.key(paths.RAW_PHONES), raw_phones.schema, schema, reading.get("region_column"))
        stream = BatchStream(schema, batches, reading_version, on_written=lambda: {"column_lineage": lineage})
        return guarded(ws, phone_list.list_key, stream, raw_phones.as_of)

    return e164_phones


def submitted_chunks(instance: Instance) -> dg.AssetsDefinition:
    """The asset that buys. It loads its frame itself: in a run without a list Dagster would fail to, in words of its own."""
    deps = [instance.key(paths.E164_PHONES)]

    @instance.asset(paths.SUBMITTED_CHUNKS, deps=deps)
    def submitted_chunks(context: dg.AssetExecutionContext, config: SubmitConfig) -> dg.MaterializeResult[None]:
        """One row per distinct phone of the list: what answers it (a new chunk, another list's, an earlier verdict, or nothing)."""
        with instance.working(context) as fbcheck:
            key, ws = instance.list_key(context), fbcheck.workspace()
            as_of = ws.ledger.generation()
            submission = submit_list(
                ws,
                fbcheck.client(),
                key,
                stored_content(ws.storage, key),
                again=Again(config.again),
                is_confirmed=config.confirmed,
                max_billable=config.max_billable,
                policy=RetryPolicy(total_s=config.timeout_s),
                as_of=as_of,
                balance=config.balance,
            )
        sent = submission.sent
        if sent.postponed:
            context.log.warning(fbcheck.command_line.said(str(sent.postponed)))
        facts = {
            "counts": submission.counts,
            "chunks_sent": sent.chunks,
            "chunks_unconfirmed": sent.unconfirmed,
            "postponed": sent.postponed,
            "balance": sent.balance,
        }
        uri = ws.storage.uri(paths.SUBMITTED_CHUNKS.of(key))
        return dg.MaterializeResult(metadata=describe_output(schema_of(paths.SUBMITTED_CHUNKS), submission.pinned, uri, facts))

    return submitted_chunks


def verdicts(instance: Instance) -> dg.AssetsDefinition:
    """What the vendor answered, of all lists."""

    @instance.asset(paths.VERDICTS, is_of_list=False, deps=[instance.key(paths.SUBMITTED_CHUNKS)])
    def verdicts(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        """One immutable file per task, one row per phone the vendor answered; each run collects what has been exported."""
        with instance.working(context) as fbcheck:
            ws = fbcheck.workspace()
            collected = collect_exported(ws, fbcheck.client())
        for chunk_key, problem in collected.problems.items():
            context.log.warning(fbcheck.command_line.said(f"chunk {chunk_key}: {problem}"))
        return dg.MaterializeResult(
            metadata={
                "fbcheck/tasks": collected.tasks,
                "fbcheck/phones": collected.phones,
                "fbcheck/problems": len(collected.problems),
                "fbcheck/verdict_counts": summed_result_counts(ws.ledger.chunks_named(collected.chunk_keys)),
                "dagster/uri": ws.storage.uri(paths.VERDICTS.folder),
            },
            data_version=ALWAYS_THE_SAME,
        )

    return verdicts


def current_verdicts(instance: Instance) -> dg.AssetsDefinition:
    """The newest of all verdicts."""

    key = instance.key(paths.CURRENT_VERDICTS)
    skippable: dict[str, Any] = {"dagster_type": dg.Nothing, "output_required": False}

    @instance.asset(paths.CURRENT_VERDICTS, is_of_list=False, deps=[instance.key(paths.VERDICTS)], **skippable)
    def current_verdicts(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
        """One row per phone that ever got a verdict, in whatever list; and `verdict_changes`, one row per change of a verdict."""
        is_join = context.has_partition_key  # which leaves a large store to the night
        with instance.working(context) as fbcheck:
            ws = fbcheck.workspace()
            written = refresh_verdict_tables(ws, most=AT_ONCE if is_join else None)
            files = [f"{each.name} {each.version}" for each in ws.storage.files(paths.CURRENT_VERDICTS.folder)]
        version = dg.DataVersion(hashlib.sha256("\n".join(files).encode()).hexdigest())
        event = context.instance.get_latest_materialization_event(key)
        before = event and event.asset_materialization and event.asset_materialization.tags
        if is_join and before and before.get(VERSION_TAG) == version.value:
            return maybe(None)  # what is downstream of it need not run again
        metadata: dict[str, Any] = {"dagster/uri": ws.storage.uri(paths.CURRENT_VERDICTS.folder), "fbcheck/rows_written": written}
        return maybe(dg.MaterializeResult(metadata=metadata, data_version=version))

    return current_verdicts


def facebook_results(instance: Instance) -> dg.AssetsDefinition:
    """The joined result of a list."""
    ins = {
        each.folder: dg.AssetIn(instance.key(each), metadata={"columns": columns, "dictionaries": repeated_texts(each)})
        for each, columns in INPUTS
    }
    deps = [instance.key(paths.VERDICTS)]

    @instance.asset(paths.FACEBOOK_RESULTS, ins=ins, deps=deps)
    def facebook_results(
        context: dg.AssetExecutionContext, e164_phones: BatchStream, submitted_chunks: BatchStream
    ) -> BatchStream:
        """One row per phone of the list, in its order: the source's columns, the phone, and what Facebook knows of it."""
        with instance.working(context) as fbcheck:
            ws = fbcheck.workspace()
            key, run = instance.list_key(context), context.run
            joined = joined_list(ws, key, e164_phones, submitted_chunks, run.run_id, run.job_name)

        def on_written() -> dict[str, Any]:
            facts = dict(joined.on_written())
            return {**facts, "column_lineage": column_lineage(facts.pop("columns"), instance.key)}

        return replace(joined, on_written=on_written)

    return facebook_results


def facebook_summary(instance: Instance) -> dg.AssetsDefinition:
    """All lists at a glance."""

    @instance.asset(paths.FACEBOOK_SUMMARY, is_of_list=False, deps=[instance.key(paths.FACEBOOK_RESULTS)])
    def facebook_summary(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        """One row per joined list: how many phones it has, with which status and verdict, and what was billed for it."""
        with instance.working(context) as fbcheck:
            ws = fbcheck.workspace()
            written = refresh_summary(ws, context.partition_key if context.has_partition_key else None)
            refresh_index(ws)
        place = next(iter(written)) if len(written) == 1 else paths.FACEBOOK_SUMMARY.folder
        metadata = describe_output(schema_of(paths.FACEBOOK_SUMMARY), sum(written.values()), ws.storage.uri(place), {})
        return dg.MaterializeResult(metadata=metadata)

    return facebook_summary
