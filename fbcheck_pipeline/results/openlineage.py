"""A list's join as OpenLineage run events: written beside the result, and sent to the address in OpenLineage's own configuration.

Everything in them comes from our lineage document, so the two cannot disagree. Without a configuration nothing is sent. All lists of one
source are one data set; which file of it a run read or wrote is said by a subset. Every field that an output's column is made of stands in
the schema of an input, so that a consumer can draw each edge.
"""

from __future__ import annotations

import json
import logging
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid5

import pyarrow as pa

from fbcheck_pipeline import __version__
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.model.columns import RESULT_COLUMNS, Column, schema_of
from fbcheck_pipeline.model.paths import DataFile
from fbcheck_pipeline.workflow.workspace import Workspace

log = logging.getLogger(__name__)

PRODUCER = f"urn:fbcheck-pipeline:{__version__}"
NAMESPACE = "fbcheck_pipeline"
ORCHESTRATOR = "dagster"
"""The namespace of assets that are not ours."""
UPSTREAM = (paths.RAW_PHONES, paths.E164_PHONES, paths.SUBMITTED_CHUNKS, paths.VERDICTS)
OF_THE_SOURCE = (paths.TAKEN, paths.RAW_PHONES, paths.E164_PHONES)
"""Their files have the source's own columns, too."""


def write_events(ws: Workspace, lineage: dict[str, Any], schema: pa.Schema, job_name: str) -> list[Any]:
    """Write the events of a join beside its result, a JSON array, and return them for `send_events`.

    Args:
        lineage: the document of `build_lineage`.
        schema: of the result.
        job_name: Dagster's job that joined the list.

    Raises:
        StorageError: they cannot be written.
    """
    from openlineage.client.serde import Serde

    start, complete = events = build_events(ws, lineage, schema, job_name)
    of_complete = Serde.to_dict(complete)  # which takes most of the time; of run, job and inputs both tell the same
    of_start = {**of_complete, "eventType": start.eventType.value, "eventTime": start.eventTime, "outputs": []}
    told = ",\n".join(json.dumps(each, sort_keys=True) for each in (of_start, of_complete))
    ws.storage.write_bytes(paths.OPENLINEAGE.of(lineage["list_key"]), f"[{told}]\n".encode())
    return events


def build_events(ws: Workspace, lineage: dict[str, Any], schema: pa.Schema, job_name: str) -> list[Any]:
    """`openlineage` RunEvents: START with the inputs, COMPLETE with the inputs and the output, its schema, column lineage and counts.

    The run is the join of the list; its parent is the Dagster run.
    """
    from openlineage.client import facet_v2 as facets
    from openlineage.client.event_v2 import Job, OutputDataset, Run, RunEvent, RunState

    key, run_id = lineage["list_key"], lineage["run_id"]
    parent = facets.parent_run
    kind = facets.job_type_job.JobTypeJobFacet(producer=PRODUCER, processingType="BATCH", integration="DAGSTER", jobType="ASSET")
    of_run = {
        "processing_engine": facets.processing_engine_run.ProcessingEngineRunFacet(
            producer=PRODUCER, version=__version__, name=NAMESPACE
        ),
        "parent": parent.ParentRunFacet(
            producer=PRODUCER, run=parent.Run(runId=run_id), job=parent.Job(namespace=NAMESPACE, name=job_name)
        ),
    }
    same = {
        "producer": PRODUCER,
        "run": Run(runId=str(uuid5(UUID(run_id), f"{paths.FACEBOOK_RESULTS.folder}/{key}")), facets=of_run),
        "job": Job(namespace=NAMESPACE, name=paths.FACEBOOK_RESULTS.folder, facets={"jobType": kind}),
        "inputs": [*_origins(ws, lineage, schema), *(_input(ws, lineage, each, schema) for each in UPSTREAM)],
    }
    subset, statistics = facets.base_subset_dataset, facets.output_statistics_output_dataset
    name = paths.FACEBOOK_RESULTS.of(key)
    output = OutputDataset(
        *_place(ws, _dataset(paths.FACEBOOK_RESULTS, lineage)),
        facets={
            "schema": _schema_facet(schema),
            "columnLineage": _column_lineage(ws, lineage),
            "version": facets.dataset_version_dataset.DatasetVersionDatasetFacet(
                producer=PRODUCER, datasetVersion=f"{key}@{run_id}"
            ),
        },
        outputFacets={
            "outputStatistics": statistics.OutputStatisticsOutputDatasetFacet(
                producer=PRODUCER, rowCount=lineage["counts"]["phones"], size=ws.storage.size_bytes(name)
            ),
            "subset": subset.OutputSubsetOutputDatasetFacet(
                producer=PRODUCER, outputCondition=subset.LocationSubsetCondition(locations=[ws.storage.uri(name)])
            ),
        },
    )
    return [
        RunEvent(eventType=RunState.START, eventTime=lineage["started_at"], outputs=[], **same),
        RunEvent(eventType=RunState.COMPLETE, eventTime=lineage["created_at"], outputs=[output], **same),
    ]


def send_events(events: list[Any]) -> None:
    """Send events to the address in OpenLineage's own configuration (OPENLINEAGE_URL, openlineage.yml …), if there is one.

    A failure is only logged, because the result does not depend on it. The client itself retries for some seconds.
    """
    from openlineage.client import OpenLineageClient

    log_of_client = logging.getLogger("openlineage.client.client")
    log_of_client.disabled = True  # it warns if it finds no configuration, which is the usual case here
    try:
        client = OpenLineageClient()
        if client.transport.kind != "console":  # its default transport
            for event in events:
                client.emit(event)
            client.close(timeout=10)
    except Exception as error:
        log.warning("OpenLineage events not sent error=%s", type(error).__name__)
    finally:
        log_of_client.disabled = False


def _origins(ws: Workspace, lineage: dict[str, Any], result: pa.Schema) -> list[Any]:
    """The list's own file, or the assets of the project that a declared source's lists are made of, under their own names."""
    from openlineage.client.event_v2 import InputDataset

    taken = _input(ws, lineage, paths.TAKEN, result)
    theirs = ws.declared_sources.get(lineage["source"]["name"], ())
    facets = {"schema": taken.facets["schema"]}
    return [InputDataset(namespace=ORCHESTRATOR, name=each, facets=facets, inputFacets={}) for each in theirs] or [taken]


def _input(ws: Workspace, lineage: dict[str, Any], kind: DataFile, result: pa.Schema) -> Any:
    """A data set that the join read, with the fields that its file has. Args: result: schema of the result."""
    from openlineage.client import facet_v2 as facets
    from openlineage.client.event_v2 import InputDataset

    key, source = lineage["list_key"], lineage["source"]
    own = [each for each in result if each.name not in RESULT_COLUMNS] if kind in OF_THE_SOURCE else []
    dataset = {"schema": _schema_facet(pa.schema([*own, *schema_of(kind)]))}
    of_input: dict[str, Any] = {}
    rows = {
        paths.TAKEN: source.get("rows"),
        paths.RAW_PHONES: source.get("phones"),
        paths.E164_PHONES: lineage["counts"]["phones"],
    }
    if kind in rows:
        size = source.get("size_bytes") if kind is paths.TAKEN else None
        statistics = facets.input_statistics_input_dataset.InputStatisticsInputDatasetFacet
        of_input["inputStatistics"] = statistics(producer=PRODUCER, rowCount=rows[kind], size=size)
    if kind is not paths.VERDICTS:  # of these the tasks name their parts
        file, subset = kind.of(f"{key}/{source['file']}" if kind is paths.TAKEN else key), facets.base_subset_dataset
        condition = subset.LocationSubsetCondition(locations=[ws.storage.uri(file)])
        of_input["subset"] = subset.InputSubsetInputDatasetFacet(producer=PRODUCER, inputCondition=condition)
        version = facets.dataset_version_dataset.DatasetVersionDatasetFacet
        dataset["version"] = version(producer=PRODUCER, datasetVersion=source["sha256"] or key)
    return InputDataset(*_place(ws, _dataset(kind, lineage)), facets=dataset, inputFacets=of_input)


def _dataset(kind: DataFile, lineage: dict[str, Any]) -> str:
    """The data set of a kind that a source's lists make up; the verdicts are one for all sources."""
    return kind.folder if kind is paths.VERDICTS else f"{kind.folder}/{lineage['source']['name']}"


def _place(ws: Workspace, name: str) -> tuple[str, str]:
    """Namespace and name of a data set, by OpenLineage's naming: `file` and a path, or the bucket's URL and a key."""
    if ws.storage.is_local:
        return "file", ws.storage.uri(name)
    url = urlsplit(ws.storage.uri(name))
    return f"{url.scheme}://{url.netloc}", url.path.lstrip("/")


def _schema_facet(schema: pa.Schema) -> Any:
    """The fields, ours with their meanings."""
    from openlineage.client.facet_v2 import schema_dataset

    meanings = {str(each): each.meaning for each in Column}
    fields = [
        schema_dataset.SchemaDatasetFacetFields(
            name=each.name, type=str(each.type), description=meanings.get(each.name), fields=None
        )
        for each in schema
    ]
    return schema_dataset.SchemaDatasetFacet(producer=PRODUCER, fields=fields)


def _column_lineage(ws: Workspace, lineage: dict[str, Any]) -> Any:
    from openlineage.client.facet_v2 import column_lineage_dataset as module

    upstream = {each.folder: each for each in UPSTREAM}

    def field(place: str) -> Any:
        asset, _, column = place.partition(".")
        return module.InputField(*_place(ws, _dataset(upstream[asset], lineage)), field=column, transformations=None)

    columns = lineage["columns"].items()
    fields = {column: module.Fields(inputFields=[field(each) for each in places]) for column, places in columns}
    return module.ColumnLineageDatasetFacet(producer=PRODUCER, fields=fields, dataset=None)
