"""Events without OpenLineage's client, which loads only to send them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from openlineage.client import event_v2, facet_v2

from fbcheck_pipeline.results.openlineage import FACETS, RUN_EVENT, _facet

SENDING = """
import json, sys
from fbcheck_pipeline.results.openlineage import send_events
send_events(json.loads(sys.argv[1]))
print(sorted({each.partition(".")[0] for each in sys.modules} & {"openlineage", "requests"}))
"""
PLACE = {"namespace": "file", "name": "/a"}
COLUMNS = {"phone": {"inputFields": [{**PLACE, "field": "phone"}]}}
EVENT = {
    "eventType": "COMPLETE",
    "eventTime": "2026-11-29T01:00:00Z",
    "producer": "p",
    "schemaURL": RUN_EVENT,
    "run": {"runId": "67ad58c8-7f4e-5950-a266-a3d223962397", "facets": {}},
    "job": {"namespace": "n", "name": "j", "facets": {}},
    "inputs": [{**PLACE, "facets": {"version": _facet("DatasetVersionDatasetFacet", datasetVersion="1")}, "inputFacets": {}}],
    "outputs": [{**PLACE, "facets": {"columnLineage": _facet("ColumnLineageDatasetFacet", fields=COLUMNS)}, "outputFacets": {}}],
}


def send(folder: Path, home: str = "") -> str:
    """Send the event in a process that works in a folder, which is its home, too, unless another is named; what that says."""
    command = [sys.executable, "-c", SENDING, json.dumps([EVENT])]
    done = subprocess.run(command, cwd=folder, env={"HOME": home or str(folder)}, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_the_schemas_are_those_of_the_client() -> None:
    """They stand here, so that a join need not load the client; a newer client may have newer ones."""
    modules = [each for each in vars(facet_v2).values() if hasattr(each, "__file__")]
    theirs = {name: getattr(module, name)._get_schema() for name in FACETS for module in modules if hasattr(module, name)}
    assert {name: _facet(name)["_schemaURL"] for name in FACETS} == theirs
    assert event_v2.RunEvent._get_schema() == RUN_EVENT


def test_without_a_configuration_the_client_is_not_loaded(tmp_path: Path) -> None:
    """It takes longer than a small list's join."""
    assert send(tmp_path) == "[]"


def test_a_home_that_cannot_be_looked_into_fails_no_join(tmp_path: Path) -> None:
    """A container's user often has the home of root. Here it is no name that a file may have, for root may look everywhere."""
    assert send(tmp_path, home="/" + "x" * 5000) == "[]"


@pytest.mark.parametrize("place", ["openlineage.yml", ".openlineage/openlineage.yml"])
def test_an_event_goes_where_a_file_says_as_it_was_written(place: str, tmp_path: Path) -> None:
    """OpenLineage's own file, in the working directory or at home."""
    (tmp_path / place).parent.mkdir(exist_ok=True)
    to = tmp_path / "events"
    (tmp_path / place).write_text(f"transport: {{type: file, log_file_path: {to}, append: true}}\n")
    assert "openlineage" in send(tmp_path)
    sent = json.loads(to.read_text())
    assert {name: sent[name] for name in ("eventType", "inputs", "outputs", "schemaURL")} == {
        name: EVENT[name] for name in ("eventType", "inputs", "outputs", "schemaURL")
    }
