"""For each source the asset of its newest result: one file, without partitions, for what is downstream of it."""

from collections.abc import Iterator

import dagster as dg

from fbcheck_pipeline.defs.instance import Instance, latest_name
from fbcheck_pipeline.defs.metadata import column_lineage, describe_output, maybe
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.workflow.tables.latest_lists import refresh_latest, shown_list


def latest(instance: Instance, source: str) -> dg.AssetsDefinition:
    """The asset `<source>_latest`."""
    results = instance.key(paths.FACEBOOK_RESULTS)

    @instance.asset(
        latest_name(source),
        is_of_list=False,
        deps=[results],
        dagster_type=dg.Nothing,
        output_required=False,
        description=f"One row per phone of the newest list of {source} of which no phone waits, as in {results.path[-1]}.",
    )
    def latest(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
        with instance.working(context) as fbcheck:
            ws = fbcheck.workspace()
            refresh_latest(ws, source)
            shown = shown_list(ws, source)
            if shown is None or (context.has_partition_key and shown != context.partition_key):
                context.log.info(f"the newest result of {source} is still {shown or 'to come'}")
                return maybe(None)
            name = paths.FACEBOOK_LATEST.of(source)
            schema, rows = ws.storage.read_parquet(name).schema, ws.storage.row_count(name)
            made_of = column_lineage({column: [f".{column}"] for column in schema.names}, lambda _: results)
            facts = {"list_key": shown, "column_lineage": made_of}
        result = dg.MaterializeResult[None](metadata=describe_output(schema, rows, ws.storage.uri(name), facts))
        return maybe(result)

    return latest
