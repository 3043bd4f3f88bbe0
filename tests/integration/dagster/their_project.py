"""A Dagster project of somebody else, which merges an instance of ours: its own IO manager, executor, resources, sensor and jobs.

Steps of the multiprocess executor import this module anew, so its settings come from variables.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dagster as dg

import fbcheck_pipeline as fb
from fbcheck_pipeline.defs.instance import Instance
from tests.integration.dagster.dagster_driver import DagsterDriver

VARIABLES = ("THEIR_PLACE", "THEIR_VENDOR", "THEIR_KEY", "THEIR_HOOK", "OTHER_PLACE")
OURS = ("raw_phones", "e164_phones", "submitted_chunks")


def settings(place: str, **given: Any) -> fb.FbcheckResource:
    """Whose place, vendor and key are named by variables."""
    return fb.FbcheckResource(
        data_uri=dg.EnvVar(place), api_url=dg.EnvVar("THEIR_VENDOR"), api_key=dg.EnvVar("THEIR_KEY"), poll_seconds=0.01, region="CH",
        **given,
    )  # fmt: skip


def facebook() -> dg.Definitions:
    """An instance of ours with a prefix of the project's."""
    return fb.build_definitions(
        name="facebook", key_prefix=["enrichment"], group_name="marketing", owners=["team:crm"], tags={"domain": "crm"},
        settings=settings("THEIR_PLACE", webhook_url=dg.EnvVar("THEIR_HOOK")), nightly=fb.Nightly(), inbox=True,
        run_tags={"cost": "crm"}, op_tags={"tier": "crm"},
    )  # fmt: skip


class TextFiles(dg.IOManager):
    """Their IO manager: what an asset returns is a line of a file."""

    def handle_output(self, context: dg.OutputContext, obj: object) -> None:
        """Write it."""
        Path(os.environ["THEIR_PLACE"] + "." + context.asset_key.path[-1]).write_text(f"theirs: {obj} of {os.getpid()}")

    def load_input(self, context: dg.InputContext) -> str:
        """Read it."""
        return Path(os.environ["THEIR_PLACE"] + "." + context.asset_key.path[-1]).read_text()


@dg.asset
def contacts() -> str:
    """An asset without any argument."""
    return "contacts"


@dg.asset(automation_condition=dg.AutomationCondition.eager(), required_resource_keys={"fbcheck", "fbcheck_io_manager"})
def letters(context: dg.AssetExecutionContext, contacts: str) -> str:
    """An asset with resources that bear our plain names."""
    assert (context.resources.fbcheck, context.resources.fbcheck_io_manager) == ("their fbcheck", "their other")
    return f"letters to {contacts}"


def plain() -> dg.Definitions:
    """A project on Dagster's defaults."""
    return dg.Definitions(assets=[contacts])


def own() -> dg.Definitions:
    """A project that has all of its own. Its executor is Dagster's multiprocess one; its steps see the variables of the moment."""
    return dg.Definitions(
        assets=[contacts, letters],
        jobs=[
            dg.define_asset_job("everything", dg.AssetSelection.all()),
            dg.define_asset_job("all_of_theirs", dg.AssetSelection.all() - fb.selection("facebook")),
        ],
        sensors=[dg.AutomationConditionSensorDefinition("eagerly", target=dg.AssetSelection.all())],
        resources={"io_manager": TextFiles(), "fbcheck": "their fbcheck", "fbcheck_io_manager": "their other"},
        executor=dg.multiprocess_executor.configured({"max_concurrent": 2}, name="their_executor"),
    )


def merged() -> dg.Definitions:
    """The second project with an instance of ours."""
    return dg.Definitions.merge(own(), facebook())


def far() -> dg.Definitions:
    """An instance whose jobs' executor has the name of the one that runs steps on Kubernetes."""
    return fb.build_definitions(
        "far", settings=settings("OTHER_PLACE"), executor=dg.in_process_executor.configured({}, name="k8s")
    )


class EmbeddedDriver(DagsterDriver):
    """Takes lists through the jobs of an instance in their definitions."""

    def __init__(self, dagster: dg.DagsterInstance, definitions: dg.Definitions, name: str, *prefix: str) -> None:
        self.instance, self.definitions, self.ours = dagster, definitions, Instance(name, prefix or (name,))
        self.fbcheck = (definitions.resources or {})[f"{name}_fbcheck"]
        self.ws = self.fbcheck.workspace()


def keys(*assets: str, prefix: str = "enrichment") -> list[dg.AssetKey]:
    """Of assets of ours."""
    return [dg.AssetKey([prefix, each]) for each in assets]


def environment(folder: Path, url: str, hook: str = "") -> Mapping[str, str]:
    """Values of the variables."""
    return dict(zip(VARIABLES, (str(folder / "theirs"), url, "their-secret-key", hook, str(folder / "other")), strict=True))
