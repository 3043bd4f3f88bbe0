"""`examples/crm`, a Dagster project with an instance of ours, from its contacts to the people who can be reached."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from fbcheck_pipeline.defs.embedded import find_instance
from fbcheck_pipeline.errors import SettingsError
from fbcheck_pipeline.sandbox import Sandbox, verdict_of
from tests.integration.dagster.test_sources import follow
from tests.integration.dagster.their_project import EmbeddedDriver
from tests.unit.docs.pages import DOCS, ROOT, blocks

CRM = ROOT / "examples" / "crm"
PAGE = DOCS / "how-to" / "add-to-your-project.md"


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


def test_a_folder_that_dagster_loads_by_itself_is_reached_by_its_own_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where there is no module of definitions, a message that named one would lead nowhere; a command names what the person named."""
    (project := tmp_path / "project").mkdir()
    monkeypatch.syspath_prepend(str(project))
    (project / "pyproject.toml").write_text('[tool.dg.project]\nroot_module = "loaded_alone"\n')
    place = project / "loaded_alone" / "defs" / "facebook" / "defs.yaml"
    place.parent.mkdir(parents=True)
    place.write_text("type: fbcheck_pipeline.FbcheckComponent\nattributes: {name: facebook}\n")
    alone = find_instance("loaded_alone.defs", None)
    assert alone.fbcheck.module == "loaded_alone.defs"
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
