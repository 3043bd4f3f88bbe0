"""A list's lineage as an OpenLineage run event: written beside the result, and sent to the address in OpenLineage's own configuration.

Everything in it comes from our lineage document, so the two cannot disagree. Without a configuration nothing is sent.
"""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa

from fbcheck_pipeline import __version__
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.model.paths import DataFile
from fbcheck_pipeline.workflow.workspace import Workspace

log = logging.getLogger(__name__)

PRODUCER = f"urn:fbcheck-pipeline:{__version__}"
NAMESPACE = "fbcheck_pipeline"
UPSTREAM = (paths.RAW_PHONES, paths.E164_PHONES, paths.SUBMITTED_CHUNKS, paths.VERDICTS)


def write_event(ws: Workspace, lineage: dict[str, Any], schema: pa.Schema) -> Any:
    """Write the event of a join beside its result, and return it for `send_event`.

    Args:
        lineage: the document of `build_lineage`.
        schema: of the result.

    Raises:
        StorageError: it cannot be written.
    """
    from openlineage.client.serde import Serde

    event = build_event(ws, lineage, schema)
    ws.storage.write_bytes(paths.OPENLINEAGE.of(lineage["list_key"]), Serde.to_json(event).encode())
    return event


def build_event(ws: Workspace, lineage: dict[str, Any], schema: pa.Schema) -> Any:
    """The event: inputs, output with schema, column lineage and row count; an `openlineage` RunEvent."""
    from openlineage.client import facet_v2 as facets
    from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState

    key, counts, file = lineage["list_key"], lineage["counts"], lineage["source"]
    version = facets.dataset_version_dataset.DatasetVersionDatasetFacet
    source = InputDataset(
        *_place(ws, paths.taken_file(key, file["file"])),
        facets={"version": version(producer=PRODUCER, datasetVersion=file["sha256"])} if file["sha256"] else {},
        inputFacets={"inputStatistics": _statistics_in(file.get("rows"), file.get("size_bytes"))},
    )
    row_counts = {paths.RAW_PHONES: file.get("phones"), paths.E164_PHONES: counts["phones"]}
    inputs = [source]
    for kind in UPSTREAM:
        rows = row_counts.get(kind)
        statistics = {} if rows is None else {"inputStatistics": _statistics_in(rows, None)}
        inputs.append(InputDataset(*_place(ws, _dataset(kind, key)), inputFacets=statistics))
    output = OutputDataset(
        *_place(ws, paths.FACEBOOK_RESULTS.of(key)),
        facets={"schema": _schema_facet(schema), "columnLineage": _column_lineage(ws, lineage)},
        outputFacets={
            "outputStatistics": facets.output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(
                producer=PRODUCER,
                rowCount=counts["phones"],
                size=ws.storage.size_bytes(paths.FACEBOOK_RESULTS.of(key)),
            )
        },
    )
    engine = facets.processing_engine_run.ProcessingEngineRunFacet(producer=PRODUCER, version=__version__, name=NAMESPACE)
    kind = facets.job_type_job.JobTypeJobFacet(producer=PRODUCER, processingType="BATCH", integration="DAGSTER", jobType="ASSET")
    return RunEvent(
        eventTime=lineage["created_at"],
        producer=PRODUCER,
        run=Run(runId=lineage["run_id"], facets={"processing_engine": engine}),
        job=Job(namespace=NAMESPACE, name=paths.FACEBOOK_RESULTS.folder, facets={"jobType": kind}),
        eventType=RunState.COMPLETE,
        inputs=inputs,
        outputs=[output],
    )


def send_event(event: Any) -> None:
    """Send an event to the address in OpenLineage's own configuration (OPENLINEAGE_URL, openlineage.yml …), if there is one.

    A failure is only logged, because the result does not depend on it. The client itself retries for some seconds.
    """
    from openlineage.client import OpenLineageClient

    log_of_client = logging.getLogger("openlineage.client.client")
    log_of_client.disabled = True  # it warns if it finds no configuration, which is the usual case here
    try:
        client = OpenLineageClient()
        if client.transport.kind != "console":  # its default transport
            client.emit(event)
            client.close(timeout=10)
    except Exception as error:
        log.warning("OpenLineage event not sent error=%s", type(error).__name__)
    finally:
        log_of_client.disabled = False


def _dataset(kind: DataFile, list_key: str) -> str:
    """A list's file of one kind; the verdicts are one data set of many files."""
    return kind.folder if kind is paths.VERDICTS else kind.of(list_key)


def _place(ws: Workspace, name: str) -> tuple[str, str]:
    """Namespace and name of a data set, by OpenLineage's naming: `file` and a path, or the bucket's URL and a key."""
    if ws.storage.is_local:
        return "file", ws.storage.uri(name)
    url = urlsplit(ws.storage.uri(name))
    return f"{url.scheme}://{url.netloc}", url.path.lstrip("/")


def _statistics_in(row_count: int | None, size_bytes: int | None) -> Any:
    from openlineage.client.facet_v2 import input_statistics_input_dataset

    return input_statistics_input_dataset.InputStatisticsInputDatasetFacet(producer=PRODUCER, rowCount=row_count, size=size_bytes)


def _schema_facet(schema: pa.Schema) -> Any:
    from openlineage.client.facet_v2 import schema_dataset

    fields = [schema_dataset.SchemaDatasetFacetFields(name=each.name, type=str(each.type), fields=None) for each in schema]
    return schema_dataset.SchemaDatasetFacet(producer=PRODUCER, fields=fields)


def _column_lineage(ws: Workspace, lineage: dict[str, Any]) -> Any:
    from openlineage.client.facet_v2 import column_lineage_dataset as module

    upstream = {each.folder: each for each in UPSTREAM}

    def field(place: str) -> Any:
        asset, _, column = place.partition(".")
        return module.InputField(*_place(ws, _dataset(upstream[asset], lineage["list_key"])), field=column, transformations=None)

    columns = lineage["columns"].items()
    fields = {column: module.Fields(inputFields=[field(each) for each in places]) for column, places in columns}
    return module.ColumnLineageDatasetFacet(producer=PRODUCER, fields=fields, dataset=None)
