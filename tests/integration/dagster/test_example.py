"""`examples/crm`, a Dagster project with an instance of ours, from its contacts to the people who can be reached."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import duckdb
import pyarrow.parquet as pq
import pytest
from dagster._core.remote_representation.external_data import RepositorySnap
from dagster_shared.serdes import serialize_value

from fbcheck_pipeline.defs.embedded import find_instance
from fbcheck_pipeline.errors import SettingsError
from fbcheck_pipeline.sandbox import Sandbox, verdict_of
from tests.integration.dagster.test_sources import follow
from tests.integration.dagster.their_project import EmbeddedDriver
from tests.unit.docs.pages import DOCS, ROOT, blocks

CRM = ROOT / "examples" / "crm"
PAGE = DOCS / "how-to" / "add-to-your-project.md"

PEOPLE = """
import dagster as dg
import pandas as pd


@dg.asset
def contacts() -> pd.DataFrame:
    return pd.DataFrame({"contact_id": [7, 8], "mobile": ["078 000 01 01", "078 000 01 02"]})
"""
BOTH_KINDS = """
type: fbcheck_pipeline.FbcheckComponent
attributes:
  name: facebook
  settings:
    api_key_env: FACEBOOK_KEY
    ledger_url_env: FACEBOOK_LEDGER
    webhook_url_env: FACEBOOK_HOOK
    api_url: "{{ env.FACEBOOK_URL }}"
    data_uri: "{{ env.FACEBOOK_DATA }}"
    region: CH
  sources:
    - {key: contacts, phone_columns: [mobile], keep_columns: [contact_id], type: pandas.DataFrame}
    - {name: leads, url_env: WAREHOUSE_URL, query: "SELECT id, phone FROM leads ORDER BY id", deps: [contacts]}
"""


@pytest.fixture
def sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """The example's variables point at it."""
    monkeypatch.syspath_prepend(str(CRM))
    with Sandbox() as sandbox:
        places = {"CRM_DATA": str(tmp_path), "FACEBOOK_DATA": str(tmp_path / "facebook")}
        for name, value in (places | {"FACEBOOK_KEY": "any", "FACEBOOK_URL": sandbox.url}).items():
            monkeypatch.setenv(name, value)
        yield sandbox


def test_the_example_joins_verdicts_to_its_contacts(instance: dg.DagsterInstance, sandbox: Sandbox, tmp_path: Path) -> None:
    """By its own assets and our sensor; the component in YAML is the same instance."""
    from crm.make_contacts import make_contacts

    make_contacts()
    found, in_yaml = (find_instance(module, "facebook") for module in ("crm.definitions", "crm.from_yaml"))
    keys, keys_in_yaml = (each.definitions.resolve_asset_graph().get_all_asset_keys() for each in (found, in_yaml))
    assert keys == keys_in_yaml and in_yaml.fbcheck.settings() == found.fbcheck.settings()
    commands = [str(each) for made in (found, in_yaml) for each in (made.command_line, made.fbcheck.command_line)]
    assert [each.split()[2] for each in commands] == ["crm.definitions", "crm.definitions", "crm.from_yaml", "crm.definitions"]
    driver = EmbeddedDriver(instance, found.definitions, "facebook")
    theirs = found.definitions.resolve_implicit_global_asset_job_def()
    assert theirs.execute_in_process(instance=instance, asset_selection=[dg.AssetKey("contacts")]).success
    assert follow(driver, "contacts") == ["facebook_take_contacts_list", "facebook_submit_list"]
    driver.finish()
    assert theirs.execute_in_process(instance=instance, asset_selection=[dg.AssetKey("reachable")]).success
    driver.fbcheck.close()
    with duckdb.connect(str(tmp_path / "crm.duckdb")) as crm:
        reachable = dict(crm.sql("SELECT contact_id, has_account FROM reachable").fetchall())
    numbers = {n: [f"+41780000{100 + n}"] for n in range(1, 9)} | {9: ["+41780000109", "+41780000110"], 10: ["+61491570156"]}
    verdicts = {n: {*map(verdict_of, numbers.get(n, []))} - {None} for n in range(1, 13)}
    assert reachable == {n: "yes" in each if each else None for n, each in verdicts.items()}
    assert [n for n, each in verdicts.items() if not each] == [11, 12]
    assert sandbox.accepted()["phones"] == 11


def test_a_project_of_yaml_takes_each_kind_of_source_through_and_shows_no_secret(
    instance: dg.DagsterInstance, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dagster loads its folder by itself: a message that named a module of definitions would lead nowhere."""
    (project := tmp_path / "project").mkdir()
    monkeypatch.syspath_prepend(str(project))
    (project / "pyproject.toml").write_text('[tool.dg.project]\nroot_module = "loaded_alone"\n')
    (project / "loaded_alone" / "defs" / "facebook").mkdir(parents=True)
    (project / "loaded_alone" / "defs" / "contacts.py").write_text(PEOPLE)
    (project / "loaded_alone" / "defs" / "facebook" / "defs.yaml").write_text(BOTH_KINDS)
    secrets = {
        "FACEBOOK_KEY": "key-of-theirs", "FACEBOOK_LEDGER": f"sqlite:///{tmp_path}/theirs.db", "FACEBOOK_HOOK": f"{sandbox.url}/hook",
        "WAREHOUSE_URL": f"duckdb:///{tmp_path}/warehouse.duckdb",
    }  # fmt: skip
    for name, value in secrets.items():
        monkeypatch.setenv(name, value)
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as warehouse:
        warehouse.sql("CREATE TABLE leads AS SELECT '+4178000020' || n AS phone, n AS id FROM range(1, 4) AS t(n)")
    found = find_instance("loaded_alone.defs", None)
    assert found.fbcheck.module == "loaded_alone.defs"
    snapshot = serialize_value(RepositorySnap.from_def(found.definitions.get_repository_def()))
    assert [name for name in secrets if name not in snapshot and name != "WAREHOUSE_URL"] == []
    assert [name for name, value in secrets.items() if value in snapshot] == []

    driver = EmbeddedDriver(instance, found.definitions, "facebook")
    theirs = found.definitions.resolve_implicit_global_asset_job_def()
    assert theirs.execute_in_process(instance=instance, asset_selection=[dg.AssetKey("contacts")]).success
    assert [len(follow(driver, source)) for source in ("contacts", "leads")] == [2, 2]
    driver.finish()
    driver.fbcheck.close()
    for source, kept, ids in (("contacts", "contact_id", [7, 8]), ("leads", "id", [1, 2, 3])):
        table = pq.read_table(tmp_path / "facebook" / "facebook_latest" / f"{source}.parquet")
        assert table[kept].to_pylist() == ids and set(table["check_status"].to_pylist()) == {"checked"}
    (tmp_path / "of_no_project").mkdir()
    with pytest.raises(SettingsError, match="of_no_project has no definitions"):
        find_instance("of_no_project", None)


def test_the_page_shows_the_examples_yaml_and_its_python_loads() -> None:
    """Block after block in one module."""
    shown = {
        language: [each.text for each in blocks(PAGE.read_text()) if each.language == language] for language in ("yaml", "python")
    }
    assert shown["yaml"] == [(CRM / "crm" / "defs" / "facebook" / "defs.yaml").read_text()]
    module = {"__name__": "their_project"}
    for block in shown["python"]:
        exec(block, module)
    import fbcheck_pipeline as fb

    settings = fb.FbcheckResource(data_uri="data")
    facebook = fb.build_definitions("facebook", settings=settings, sources=module["sources"])
    contacts, leads = (dg.AssetSpec(each).with_io_manager_key("io_manager") for each in ("contacts", "leads"))
    theirs = dg.Definitions(assets=[contacts, leads, module["reachable"], module["each_list"]], jobs=[module["nightly_job"]])
    whole = dg.Definitions.merge(theirs, facebook)
    keys = whole.resolve_job_def("all_of_ours").asset_layer.asset_graph.executable_asset_keys
    assert {each.to_user_string() for each in keys} == {"reachable", "each_list"}
    assert module["facebook"]().resolve_job_def("facebook_take_contacts_list")
