"""The asset of a source: it takes a snapshot of somebody's table as a list."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import dagster as dg
import pyarrow as pa

from fbcheck_pipeline.defs.instance import Instance, Job, list_name
from fbcheck_pipeline.defs.metadata import column_lineage, describe_output
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.workflow.arrival.snapshots import Snapshot, SnapshotRules, take_snapshot
from fbcheck_pipeline.workflow.workspace import Workspace

ALWAYS_THE_SAME = dg.DataVersion("1")
"""Of assets that all lists share: a list depends on its own part of them alone, and is not stale because another came."""
Tables = Callable[[dg.AssetExecutionContext], Iterator[pa.RecordBatch]]


def list_asset(
    instance: Instance, rules: SnapshotRules, upstream: Sequence[dg.AssetKey], tables: Tables, *, has_their_columns: bool
) -> dg.AssetsDefinition:
    """The asset `<source>_list`.

    Args:
        upstream: what it depends on.
        tables: reads the table, in a run.
        has_their_columns: its columns are those of the one asset that it depends on.
    """

    @instance.asset(
        list_name(rules.source),
        is_of_list=False,
        deps=upstream,
        description=f"A snapshot of {rules.source}, taken as a list; the same content is the same list, of which nothing is bought again.",
    )
    def take(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        with instance.working(context) as fbcheck:
            ws = fbcheck.workspace()
            snapshot = take_snapshot(ws, rules, tables(context))
        if snapshot.list_key is None:
            context.log.warning(
                f"source {rules.source} has its {rules.at_most} new list(s) of this UTC day, so this content is not taken; "
                "materialize it again tomorrow, or raise at_most"
            )
        else:
            context.instance.add_dynamic_partitions(instance.partition_set, [snapshot.list_key])
        origin = upstream[0] if has_their_columns else None
        return dg.MaterializeResult(metadata=_described(ws, rules, snapshot, origin), data_version=ALWAYS_THE_SAME)

    return take


def take_job(instance: Instance, source: str) -> Job:
    """The job that takes a snapshot of a source."""
    selection = dg.AssetSelection.assets(instance.key(list_name(source)))
    return instance.job(take_job_name(source), selection, f"Take a snapshot of {source} as a list.")


def take_job_name(source: str) -> str:
    """Its plain name."""
    return f"take_{list_name(source)}"


def _described(ws: Workspace, rules: SnapshotRules, snapshot: Snapshot, origin: dg.AssetKey | None) -> dict[str, Any]:
    key = snapshot.list_key
    facts: dict[str, Any] = {"list_key": key, "is_new": snapshot.is_new}
    if origin is not None:
        facts["column_lineage"] = column_lineage({name: [f".{name}"] for name in snapshot.schema.names}, lambda _: origin)
    uri = ws.storage.uri(paths.taken_file(key, f"{rules.source}.parquet")) if key else ws.storage.uri(paths.TAKEN.folder)
    return describe_output(snapshot.schema, snapshot.rows, uri, facts)
