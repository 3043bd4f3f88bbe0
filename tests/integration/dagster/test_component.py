"""The component in a project of another name, which has the product from a wheel: `dg` finds, makes, checks and launches it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.fake_vendor import FakeVendor

DG = Path(__file__).with_name("their_dg.py")
SECRET = "a-secret-of-theirs"
IN_PROCESS = json.dumps({"execution": {"config": {"in_process": {}}}})
PYPROJECT = '[tool.dg]\ndirectory_type = "project"\n[tool.dg.project]\nroot_module = "their_crm"\n'
DEFINITIONS = """
from pathlib import Path

import dagster as dg


@dg.definitions
def defs() -> dg.Definitions:
    return dg.load_from_defs_folder(path_within_project=Path(__file__).parent)
"""
SUBCLASS = """
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import dagster as dg

import fbcheck_pipeline as fb

T = TypeVar("T")


class OurFacebook(fb.FbcheckComponent):
    def get_asset_spec(self, props: fb.AssetProps) -> dg.AssetSpec:
        return super().get_asset_spec(props).replace_attributes(description=f"Ours: {props.name}")

    def execute(self, context: dg.AssetExecutionContext, compute: Callable[[], T]) -> T:
        computed = super().execute(context, compute)
        Path("executed").write_text(context.asset_key.to_user_string())
        return computed

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        theirs = dg.define_asset_job("their_job", selection=fb.selection(self.name))
        return dg.Definitions.merge(super().build_defs(context), dg.Definitions(jobs=[theirs]))
"""
YAML = """
type: their_crm.components.OurFacebook
attributes:
  name: facebook
  key_prefix: [enrichment]
  owners: [team:crm]
  sources:
    - key: crm/contacts
      phone_columns: [mobile]
      type: pandas.DataFrame
    - name: leads
      url_env: WAREHOUSE_URL
      query: SELECT id, phone FROM leads
      cron: "0 1 * * *"
      deps: [crm/leads]
  nightly: {{timezone: Europe/Istanbul}}
  settings:
    api_key_env: FACEBOOK_KEY
    api_url: {url}
    data_uri: "{{{{ env.THEIR_DATA }}}}"
    region: TR
post_processing:
  assets:
    - target: "*"
      attributes:
        tags: {{domain: crm}}
"""
MISTAKES = {
    "settings: {regin: TR}": "'regin' was unexpected",
    "nightly: {timezon: UTC}": "'timezon' was unexpected",
    "autmation: stopped": "'autmation' was unexpected",
}
FAULTS = {
    "settings: {region: UK}": "region: 'UK' is no ISO 3166 region such as TR, DE or US; did you mean GB?",
    'settings: {api_key_env: "{{ env.FACEBOOK_KEY }}"}': "api_key_env must be the name of an environment variable alone",
    "sources: [{key: a}, {key: b, phone_column: [c]}]": "entry 2 of sources: phone_column is no field of a source; did you mean phone_columns",
    'sources: [{name: leads, query: SELECT 1, url_env: "{{ env.FACEBOOK_KEY }}"}]': "entry 1 of sources: url_env must be the name",
    "sources: [{name: leads, query: SELECT 1, url: sqlite://}]": "entry 1 of sources: url is no field of a source; did you mean url_env?",
    "sources: [{query: SELECT 1, url_env: URL}]": "entry 1 of sources: the field name is needed",
    "sources: [{kee: contacts}]": "entry 1 of sources: kee is no field of a source; did you mean key?",
    "sources: [{key: contacts, region: UK}]": "entry 1 of sources: source contacts: region: 'UK' is no ISO 3166 region",
    "automation: sometimes": 'it is "running", "stopped" or "always"',
}
EAGER = """
type: fbcheck_pipeline.FbcheckComponent
attributes: {name: wrong}
post_processing:
  assets:
    - {target: "*", attributes: {automation_condition: "{{ automation_condition.eager() }}"}}
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, wheel_site: Path) -> Path:
    """A small project; its own modules lie beside its `pyproject.toml`."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "their_crm" / "defs").mkdir(parents=True)
    for name in ("__init__.py", "defs/__init__.py"):
        (folder / "their_crm" / name).touch()
    (folder / "pyproject.toml").write_text(PYPROJECT)
    (folder / "their_crm" / "definitions.py").write_text(DEFINITIONS)
    (folder / "their_crm" / "components.py").write_text(SUBCLASS)
    return folder


def run_dg(project: Path, site: Path, items: list[Any], **environment: str) -> list[dict[str, Any]]:
    """What each command said; first of all, whence the product comes."""
    (project / "items.json").write_text(json.dumps(items))
    paths = {
        "PYTHONPATH": f"{site}{os.pathsep}{project}",
        "DAGSTER_HOME": str(project),
        "DAGSTER_DISABLE_TELEMETRY": "1",
        "COLUMNS": "200",
        "NO_COLOR": "1",
    }
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(DG), "items.json"], cwd=project, env={**os.environ, **paths, **environment},
        capture_output=True, text=True, timeout=200,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    said: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    assert said[0]["file"].startswith(str(site))
    return said[1:]


def test_dg_finds_scaffolds_checks_and_launches_it(project: Path, wheel_site: Path, vendor: FakeVendor, tmp_path: Path) -> None:
    """What is scaffolded loads as it is; a subclass of theirs changes specs, steps and definitions; no secret is shown."""
    place = "their_crm/defs/facebook/defs.yaml"
    listed, made, checked, loaded, of_theirs, shown, stored, launched = run_dg(
        project,
        wheel_site,
        [
            ["list", "components", "--json"],
            ["scaffold", "defs", "fbcheck_pipeline.FbcheckComponent", "facebook"],
            ["check", "yaml"],
            ["check", "defs"],
            {place: YAML.format(url=vendor.url)},
            ["check", "defs"],
            ["list", "defs", "--json"],
            ["snapshot"],
            ["launch", "--assets", 'key:"enrichment/verdicts"', "--config-json", IN_PROCESS],
        ],
        FACEBOOK_KEY=SECRET,
        THEIR_DATA=str(tmp_path / "data"),
    )
    assert "fbcheck_pipeline.FbcheckComponent" in listed["said"]
    assert [each["code"] for each in (listed, made, checked, loaded, of_theirs, shown, stored, launched)] == [0] * 8, launched[
        "said"
    ]
    assets = {each["asset_key"]: each for each in json.loads(shown["said"][shown["said"].index("{") :])["assets"]}
    assert assets["enrichment/raw_phones"]["description"] == "Ours: raw_phones"
    assert '"domain"' in str(assets["enrichment/raw_phones"]["tags"]).replace("'", '"')
    assert assets["enrichment/contacts_list"]["dependency_keys"] == ["crm/contacts"]
    assert assets["enrichment/leads_list"]["dependency_keys"] == ["crm/leads"]
    assert "their_job" in shown["said"] and "facebook_nightly_enrichment" in shown["said"]
    assert (project / "executed").read_text() == "enrichment/verdicts" and (tmp_path / "data" / "ledger.db").exists()
    assert not any(SECRET in each["said"] for each in (of_theirs, shown, stored, launched)) and "FACEBOOK_KEY" in stored["said"]


def test_mistakes_in_yaml_are_named(project: Path, wheel_site: Path) -> None:
    """Unknown fields at their line, by `dg check yaml`; what the schema cannot know by `dg check defs`, in our sentences."""
    (project / "their_crm/defs/wrong").mkdir()
    place = "their_crm/defs/wrong/defs.yaml"
    attributes = "type: fbcheck_pipeline.FbcheckComponent\nattributes:\n  name: wrong\n  {}\n"
    items: list[Any] = []
    for each in MISTAKES:
        items += [{place: attributes.format(each)}, ["check", "yaml"]]
    for each in FAULTS:
        items += [{place: attributes.format(each)}, ["check", "defs"]]
    items += [{place: EAGER}, ["check", "defs"]]
    said = run_dg(project, wheel_site, items, FACEBOOK_KEY=SECRET, THEIR_DATA="data")
    (project / place).unlink()
    expected = [*MISTAKES.values(), *FAULTS.values(), "wrong/e164_phones must have no automation condition"]
    for each, sentence in zip(said, expected, strict=True):
        assert each["code"] == 1 and sentence in each["said"], each["said"]
    assert not any(SECRET in each["said"] for each in said)
