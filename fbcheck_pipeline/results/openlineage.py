"""A list's join as OpenLineage run events: written beside the result, and sent to the address in OpenLineage's own configuration.

Everything in them comes from our lineage document, so the two cannot disagree. Without a configuration nothing is sent, and OpenLineage's
client, which takes longer to load than a small list to join, is left alone: events are plain documents here. All lists of one
source are one data set; which file of it a run read or wrote is said by a subset. Every field that an output's column is made of stands in
the schema of an input, so that a consumer can draw each edge.
"""

from __future__ import annotations

import json
import logging
import os
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
SPEC = "https://openlineage.io/spec"
RUN_EVENT = f"{SPEC}/2-0-2/OpenLineage.json#/$defs/RunEvent"
FACETS = {
    "ColumnLineageDatasetFacet": "1-2-0/ColumnLineageDatasetFacet",
    "DatasetVersionDatasetFacet": "1-0-1/DatasetVersionDatasetFacet",
    "InputStatisticsInputDatasetFacet": "1-0-0/InputStatisticsInputDatasetFacet",
    "InputSubsetInputDatasetFacet": "1-0-0/BaseSubsetDatasetFacet",
    "JobTypeJobFacet": "2-0-4/JobTypeJobFacet",
    "OutputStatisticsOutputDatasetFacet": "1-0-2/OutputStatisticsOutputDatasetFacet",
    "OutputSubsetOutputDatasetFacet": "1-0-0/BaseSubsetDatasetFacet",
    "ParentRunFacet": "1-2-0/ParentRunFacet",
    "ProcessingEngineRunFacet": "1-1-1/ProcessingEngineRunFacet",
    "SchemaDatasetFacet": "1-2-0/SchemaDatasetFacet",
}
"""The facets that we write, with the versions and files of their schemas."""


def write_events(ws: Workspace, lineage: dict[str, Any], schema: pa.Schema, job_name: str) -> list[dict[str, Any]]:
    """Write the events of a join beside its result, a JSON array, and return them for `send_events`.

    Args:
        lineage: the document of `build_lineage`.
        schema: of the result.
        job_name: Dagster's job that joined the list.

    Raises:
        StorageError: they cannot be written.
    """
    events = build_events(ws, lineage, schema, job_name)
    told = ",\n".join(json.dumps(each, sort_keys=True) for each in events)
    ws.storage.write_bytes(paths.OPENLINEAGE.of(lineage["list_key"]), f"[{told}]\n".encode())
    return events


def build_events(ws: Workspace, lineage: dict[str, Any], schema: pa.Schema, job_name: str) -> list[dict[str, Any]]:
    """Two run events: START with the inputs, COMPLETE with the inputs and the output, its schema, column lineage and counts.

    The run is the join of the list; its parent is the Dagster run.
    """
    key, run_id = lineage["list_key"], lineage["run_id"]
    parent = {"run": {"runId": run_id}, "job": {"namespace": NAMESPACE, "name": job_name}}
    of_run = {
        "processing_engine": _facet("ProcessingEngineRunFacet", version=__version__, name=NAMESPACE),
        "parent": _facet("ParentRunFacet", **parent),
    }
    kind = _facet("JobTypeJobFacet", processingType="BATCH", integration="DAGSTER", jobType="ASSET")
    same = {
        "producer": PRODUCER,
        "schemaURL": RUN_EVENT,
        "run": {"runId": str(uuid5(UUID(run_id), f"{paths.FACEBOOK_RESULTS.folder}/{key}")), "facets": of_run},
        "job": {"namespace": NAMESPACE, "name": paths.FACEBOOK_RESULTS.folder, "facets": {"jobType": kind}},
        "inputs": [*_origins(ws, lineage, schema), *(_input(ws, lineage, each, schema) for each in UPSTREAM)],
    }
    name = paths.FACEBOOK_RESULTS.of(key)
    rows, size = lineage["counts"]["phones"], ws.storage.size_bytes(name)
    output = {
        **_place(ws, _dataset(paths.FACEBOOK_RESULTS, lineage)),
        "facets": {
            "schema": _schema_facet(schema),
            "columnLineage": _column_lineage(ws, lineage),
            "version": _facet("DatasetVersionDatasetFacet", datasetVersion=f"{key}@{run_id}"),
        },
        "outputFacets": {
            "outputStatistics": _facet("OutputStatisticsOutputDatasetFacet", rowCount=rows, size=size),
            "subset": _facet("OutputSubsetOutputDatasetFacet", outputCondition=_file_condition(ws, name)),
        },
    }
    return [
        {"eventType": "START", "eventTime": lineage["started_at"], "outputs": [], **same},
        {"eventType": "COMPLETE", "eventTime": lineage["created_at"], "outputs": [output], **same},
    ]


def send_events(events: list[dict[str, Any]]) -> None:
    """Send events to the address in OpenLineage's own configuration (OPENLINEAGE_URL, openlineage.yml …), if there is one.

    A failure is only logged, because the result does not depend on it. The client itself retries for some seconds.
    """
    if not _is_configured():
        return
    from openlineage.client import OpenLineageClient

    log_of_client = logging.getLogger("openlineage.client.client")
    log_of_client.disabled = True  # it warns if what is configured is no destination
    try:
        client = OpenLineageClient()
        if client.transport.kind != "console":  # its default transport
            for event in events:
                client.emit(_as_client_takes_it(event))
            client.close(timeout=10)
    except Exception as error:
        log.warning("OpenLineage events not sent error=%s", type(error).__name__)
    finally:
        log_of_client.disabled = False


def _is_configured() -> bool:
    """Whether OpenLineage's client would find any configuration."""
    places = ("openlineage.yml", os.path.expanduser("~/.openlineage/openlineage.yml"))
    return any(each.startswith("OPENLINEAGE_") for each in os.environ) or any(map(os.path.exists, places))


def _as_client_takes_it(event: dict[str, Any]) -> Any:
    """The client's own event. Of its facets it looks into the column lineage, so that is its own, too; it sends the others as they are."""
    from openlineage.client import event_v2 as own
    from openlineage.client.facet_v2 import column_lineage_dataset as of_columns

    def column_lineage(facet: dict[str, Any]) -> Any:
        fields = {
            column: of_columns.Fields(
                inputFields=[of_columns.InputField(**each, transformations=None) for each in made["inputFields"]]
            )
            for column, made in facet["fields"].items()
        }
        return of_columns.ColumnLineageDatasetFacet(producer=PRODUCER, fields=fields, dataset=None)

    outputs = [
        own.OutputDataset(
            **{**each, "facets": {**each["facets"], "columnLineage": column_lineage(each["facets"]["columnLineage"])}}
        )
        for each in event["outputs"]
    ]
    return own.RunEvent(
        eventType=own.RunState(event["eventType"]),
        eventTime=event["eventTime"],
        producer=PRODUCER,
        run=own.Run(**event["run"]),
        job=own.Job(**event["job"]),
        inputs=[own.InputDataset(**each) for each in event["inputs"]],
        outputs=outputs,
    )


def _facet(name: str, /, **fields: Any) -> dict[str, Any]:
    """A facet by the name of its schema; a field without a value is left out."""
    given = {field: value for field, value in fields.items() if value is not None}
    version, _, file = FACETS[name].partition("/")
    return {"_producer": PRODUCER, "_schemaURL": f"{SPEC}/facets/{version}/{file}.json#/$defs/{name}", **given}


def _origins(ws: Workspace, lineage: dict[str, Any], result: pa.Schema) -> list[dict[str, Any]]:
    """The list's own file, or the assets of the project that a declared source's lists are made of, under their own names."""
    taken = _input(ws, lineage, paths.TAKEN, result)
    theirs = ws.declared_sources.get(lineage["source"]["name"], ())
    facets = {"schema": taken["facets"]["schema"]}
    return [{"namespace": ORCHESTRATOR, "name": each, "facets": facets, "inputFacets": {}} for each in theirs] or [taken]


def _input(ws: Workspace, lineage: dict[str, Any], kind: DataFile, result: pa.Schema) -> dict[str, Any]:
    """A data set that the join read, with the fields that its file has. Args: result: schema of the result."""
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
        of_input["inputStatistics"] = _facet("InputStatisticsInputDatasetFacet", rowCount=rows[kind], size=size)
    if kind is not paths.VERDICTS:  # of these the tasks name their parts
        condition = _file_condition(ws, kind.of(f"{key}/{source['file']}" if kind is paths.TAKEN else key))
        of_input["subset"] = _facet("InputSubsetInputDatasetFacet", inputCondition=condition)
        dataset["version"] = _facet("DatasetVersionDatasetFacet", datasetVersion=source["sha256"] or key)
    return {**_place(ws, _dataset(kind, lineage)), "facets": dataset, "inputFacets": of_input}


def _file_condition(ws: Workspace, name: str) -> dict[str, Any]:
    """Of a subset: this file alone."""
    return {"type": "location", "locations": [ws.storage.uri(name)]}


def _dataset(kind: DataFile, lineage: dict[str, Any]) -> str:
    """The data set of a kind that a source's lists make up; the verdicts are one for all sources."""
    return kind.folder if kind is paths.VERDICTS else f"{kind.folder}/{lineage['source']['name']}"


def _place(ws: Workspace, name: str) -> dict[str, str]:
    """Namespace and name of a data set, by OpenLineage's naming: `file` and a path, or the bucket's URL and a key."""
    if ws.storage.is_local:
        return {"namespace": "file", "name": ws.storage.uri(name)}
    url = urlsplit(ws.storage.uri(name))
    return {"namespace": f"{url.scheme}://{url.netloc}", "name": url.path.lstrip("/")}


def _schema_facet(schema: pa.Schema) -> dict[str, Any]:
    """The fields, ours with their meanings."""
    meanings = {str(each): {"description": each.meaning} for each in Column}
    fields = [{"name": each.name, "type": str(each.type), **meanings.get(each.name, {})} for each in schema]
    return _facet("SchemaDatasetFacet", fields=fields)


def _column_lineage(ws: Workspace, lineage: dict[str, Any]) -> dict[str, Any]:
    upstream = {each.folder: each for each in UPSTREAM}

    def field(place: str) -> dict[str, str]:
        asset, _, column = place.partition(".")
        return {**_place(ws, _dataset(upstream[asset], lineage)), "field": column}

    columns = lineage["columns"].items()
    return _facet(
        "ColumnLineageDatasetFacet", fields={column: {"inputFields": [*map(field, places)]} for column, places in columns}
    )
