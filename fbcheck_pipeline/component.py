"""An instance as a Dagster component: what `build_definitions` takes, in YAML. What a list's way looks like is no matter of this.

A secret stands in YAML by the name of its variable alone: `{{ env.X }}` would put its value into the snapshot that Dagster stores.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import Annotated, Any, Optional, TypeVar, get_type_hints

import dagster as dg
from dagster.components.component_scaffolding import scaffold_component
from pydantic import BaseModel, Field, create_model

from fbcheck_pipeline.defs.building import Automation, Source, build_definitions
from fbcheck_pipeline.defs.dg_project import dg_project
from fbcheck_pipeline.defs.hooks import AssetProps, Hooks, compute_alone, same_spec
from fbcheck_pipeline.defs.resources import SECRETS, FbcheckResource, named_variable
from fbcheck_pipeline.defs.source_entries import CLASSES, fields_of, source_of
from fbcheck_pipeline.defs.times import Nightly
from fbcheck_pipeline.settings import Settings

Computed = TypeVar("Computed")


def _settings_schema() -> type[BaseModel]:
    """All settings with their meanings; a secret is called `…_env`."""
    types, fields = get_type_hints(Settings), dict[str, Any]()
    for name, info in Settings.model_fields.items():
        if name in SECRETS:
            fields[f"{name}_env"] = (
                Optional[str],
                Field(None, description=f"The name of the variable that holds it. {info.description}"),
            )
        else:
            fields[name] = (types[name] | str | None, Field(None, description=info.description))
    return create_model("FbcheckSettings", __base__=dg.Model, **fields)


SettingsSchema = _settings_schema()


def _resource(context: dg.ResolutionContext, given: BaseModel) -> FbcheckResource:
    settings: dict[str, Any] = {}
    for name in given.model_fields_set:
        value = getattr(given, name)
        is_secret = name.endswith("_env")
        settings[name.removesuffix("_env")] = named_variable(name, value) if is_secret else context.resolve_value(value)
    return FbcheckResource(**settings)


def _sources(context: dg.ResolutionContext, entries: Sequence[Mapping[str, Any]]) -> list[Source]:
    return [source_of(number, entry, context.resolve_value) for number, entry in enumerate(entries, 1)]


def _loaded_module(context: dg.ComponentLoadContext) -> str:
    """The module that the project is loaded by, as its `pyproject.toml` or Dagster's default has it; else the folder's own."""
    project = dg_project(context.project_root) or {}
    package = context.defs_module_name.partition(".")[0]
    module = str(project.get("code_location_target_module", f"{package}.definitions"))
    return module if find_spec(module) else context.defs_module_name


def _described(meaning: str) -> dg.Resolver:
    resolver: dg.Resolver = dg.Resolver.default(description=meaning)
    return resolver


class FbcheckScaffolder(dg.Scaffolder[Any]):
    """Writes a `defs.yaml` that loads: an instance with the folder's name."""

    def scaffold(self, request: dg.ScaffoldRequest[Any]) -> None:
        """Write it, or `component.py` where Python was asked for."""
        place = request.target_path
        name = re.sub(r"\W", "_", place.parent.name if request.append else place.name)
        settings = {"api_key_env": "FACEBOOK_API_KEY", "data_uri": f"data/{name}"}
        scaffold_component(request, {"name": name, "settings": settings})


@dg.scaffold_with(FbcheckScaffolder)
@dataclass
class FbcheckComponent(dg.Component, dg.Resolvable):
    """Which numbers of your phone lists have a Facebook account: assets, jobs, sensors and schedules of one instance.

    A subclass may override `get_asset_spec`, `execute` and `build_defs`.
    """

    name: Annotated[
        Optional[str],
        _described("Part of everything that Dagster wants unique; unique in a Dagster instance. Without it all names are plain."),
    ] = None
    settings: Annotated[
        Optional[FbcheckResource],
        dg.Resolver(
            _resource,
            model_field_type=SettingsSchema,
            description="Of this instance alone; neither the environment nor `.env` is read. A secret is given by the name of its variable.",
        ),
    ] = None
    key_prefix: Annotated[Optional[Sequence[str]], _described("Of every asset key; by default the name.")] = None
    group_name: Annotated[Optional[str], _described("Of all assets; by default the name, or `fbcheck`.")] = None
    owners: Annotated[Optional[Sequence[str]], _described("Of all assets: e-mail addresses, or teams as `team:crm`.")] = None
    tags: Annotated[Optional[Mapping[str, str]], _described("Of all assets.")] = None
    sources: Annotated[
        Sequence[Source],
        dg.Resolver(
            _sources,
            model_field_type=list[dict[str, Any]],
            description="Where lists come from besides the inbox. Fields of an entry: "
            + "; or ".join(", ".join(fields_of(each)) for each in CLASSES.values()),
        ),
    ] = ()
    nightly: Annotated[
        Optional[Nightly],
        _described(
            "When the night plans again what is incomplete; `{}` for 02:15 UTC, or as the settings say. Without it: no schedule."
        ),
    ] = None
    automation: Annotated[
        Automation,
        _described(
            "running: sensors and schedules run by default, but in a branch deployment none that buys; always: there, too; stopped: none."
        ),
    ] = "running"
    inbox: Annotated[bool, _described("Whether lists are taken up from the inbox below `data_uri`.")] = False
    executor: Annotated[
        Optional[dg.ExecutorDefinition],
        dg.Resolver.default(
            model_field_type=str,
            description="Of our jobs: a template variable, e.g. `{{ executor }}`. By default all steps of a run share its process.",
        ),
    ] = None
    run_tags: Annotated[Optional[Mapping[str, str]], _described("Of our jobs' runs.")] = None
    op_tags: Annotated[Optional[Mapping[str, Any]], _described("Of our assets' steps.")] = None

    @classmethod
    @cache
    def model(cls) -> type[BaseModel]:
        """The schema. A mistake inside `settings` or `nightly` is shown at its line, which "or a template" would prevent."""
        base = super().model()
        inner: dict[str, Any] = {
            name: (schema, Field(None, description=base.model_fields[name].description))
            for name, schema in (("settings", SettingsSchema), ("nightly", Nightly.model()))
        }
        return create_model(base.__name__, __base__=base, **inner)

    def get_asset_spec(self, props: AssetProps) -> dg.AssetSpec:
        """The spec of an asset; its key and partitions stay as they are. Called once for each asset at definition time."""
        return same_spec(props)

    def execute(self, context: dg.AssetExecutionContext, compute: Callable[[], Computed]) -> Computed:
        """Run a step and give what `compute()` gives. Rows of large tables are computed while they are written, thereafter."""
        computed: Computed = compute_alone(context, compute)
        return computed

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """The definitions of the instance.

        Raises:
            SettingsError: see `build_definitions`.
        """
        return build_definitions(
            self.name,
            settings=self.settings,
            key_prefix=self.key_prefix,
            group_name=self.group_name,
            owners=self.owners,
            tags=self.tags,
            sources=self.sources,
            nightly=self.nightly,
            automation=self.automation,
            inbox=self.inbox,
            executor=self.executor,
            run_tags=self.run_tags,
            op_tags=self.op_tags,
            module=_loaded_module(context),
            hooks=Hooks(self.get_asset_spec, self.execute),
        )
