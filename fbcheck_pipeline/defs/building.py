"""The definitions of one instance, for a Dagster project to merge with its own; the standalone ones are a call of this, too."""

import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Literal, Optional, Protocol

import dagster as dg

from fbcheck_pipeline.defs.assets import build_assets
from fbcheck_pipeline.defs.checks import build_checks
from fbcheck_pipeline.defs.hooks import Hooks
from fbcheck_pipeline.defs.instance import INSTANCE_TAG, Instance, Job
from fbcheck_pipeline.defs.io_manager import io_manager_of
from fbcheck_pipeline.defs.jobs import build_jobs
from fbcheck_pipeline.defs.operations import build_operations
from fbcheck_pipeline.defs.places import places_of
from fbcheck_pipeline.defs.resources import FbcheckResource
from fbcheck_pipeline.defs.sensors import exported_sensor, inbox_sensor, nightly_enrichment, nightly_tables
from fbcheck_pipeline.defs.times import Nightly, Times, nightly_times
from fbcheck_pipeline.defs.webhooks import Steps, build_webhooks
from fbcheck_pipeline.errors import SettingsError

STANDALONE = "fbcheck_pipeline.definitions"
BRANCH_VARIABLE = "DAGSTER_CLOUD_IS_BRANCH_DEPLOYMENT"

Automation = Literal["running", "stopped", "always"]


class Source(Protocol):
    """Where lists come from besides the inbox: an asset that takes a snapshot as a list, and what launches it."""

    @property
    def name(self) -> str:
        """Of the source; an instance has each once."""

    @property
    def upstream(self) -> Sequence[dg.AssetKey]:
        """The assets that it is made of."""

    def build(self, instance: Instance, jobs: Mapping[str, Job]) -> dg.Definitions:
        """Its asset, its job, and what launches it, named and keyed by the instance, whose own jobs are given by their plain names."""


def build_definitions(
    name: Optional[str] = None,
    *,
    settings: Optional[FbcheckResource] = None,
    key_prefix: Optional[Sequence[str]] = None,
    group_name: Optional[str] = None,
    owners: Optional[Sequence[str]] = None,
    tags: Optional[Mapping[str, str]] = None,
    sources: Sequence[Source] = (),
    nightly: Optional[Nightly] = None,
    automation: Automation = "running",
    inbox: bool = False,
    executor: Optional[dg.ExecutorDefinition] = None,
    run_tags: Optional[Mapping[str, str]] = None,
    op_tags: Optional[Mapping[str, Any]] = None,
    module: Optional[str] = None,
    hooks: Optional[Hooks] = None,
) -> dg.Definitions:
    """The definitions of one instance. Merged with others they change none of these.

    Args:
        name: part of everything that Dagster wants unique; an instance without one has plain names. It is unique in a Dagster
            instance, as names of partition sets are.
        settings: of this instance, and of no other; without them all have their defaults.
        key_prefix: of every asset key; by default the name.
        group_name: of all assets; by default the name, or `fbcheck`.
        owners, tags: of all assets.
        sources: where lists come from besides the inbox.
        nightly: when the night plans again what is incomplete; None for no schedule.
        automation: "running": sensors and schedules run by default, but in a branch deployment none that buys; "always": in a branch
            deployment, too; "stopped": none runs by default.
        inbox: whether lists are taken up from the inbox below DATA_URI.
        executor: of our jobs; by default all steps of a run share its process.
        run_tags: of our jobs' runs.
        op_tags: of our assets' steps.
        module: whose definitions hold these, for the commands that messages name; by default the caller's.
        hooks: what a subclass of the component changes of our assets.

    Raises:
        SettingsError: the name cannot be used, two sources have one name, or the night has no cron line or time zone.
    """
    if automation not in ("running", "stopped", "always"):
        raise SettingsError(f'automation={automation!r} is unknown; it is "running", "stopped" or "always"')
    is_branch = os.environ.get(BRANCH_VARIABLE) == "1"
    instance = Instance(
        name=name,
        key_prefix=tuple(key_prefix if key_prefix is not None else [name] if name else []),
        group_name=group_name or name or "fbcheck",
        owners=owners,
        tags=tags or {},
        run_tags=run_tags or {},
        op_tags=op_tags or {},
        executor=executor or dg.in_process_executor,
        is_running=automation != "stopped",
        is_buying=automation == "always" or (automation == "running" and not is_branch),
        sources=_named(sources),
        hooks=hooks or Hooks(),
        places=places_of(settings) if settings else "",
    )
    module = str(sys._getframe(1).f_globals.get("__name__", "")) if module is None else module
    fbcheck = (settings or FbcheckResource()).of_instance(name, "" if module == STANDALONE else module, instance.sources)
    jobs = build_jobs(instance)
    parts = [
        _lists(instance, jobs, nightly_times(nightly, fbcheck) if nightly else None, inbox=inbox),
        build_operations(instance),
        *(each.build(instance, jobs) for each in sources),
    ]
    resources = {
        instance.fbcheck_key: fbcheck,
        instance.io_manager_key: io_manager_of(instance.fbcheck_key),
    }
    built = dg.Definitions.merge(*parts, dg.Definitions(resources=resources))
    return dg.Definitions.merge(built, dg.Definitions(sensors=build_webhooks(instance, _steps(built))))


def selection(name: Optional[str] = None) -> dg.AssetSelection:
    """All assets of an instance, e.g. to leave them out: `dg.AssetSelection.all() - selection("facebook")`."""
    return dg.AssetSelection.tag(INSTANCE_TAG, name or "")


def partitions(name: Optional[str] = None) -> dg.DynamicPartitionsDefinition:
    """The partitions of an instance's lists, for partitioned assets downstream of them."""
    return Instance(name).lists


def _lists(instance: Instance, jobs: Mapping[str, Job], times: Optional[Times], *, inbox: bool) -> dg.Definitions:
    """A list from wherever it comes to its result."""
    return dg.Definitions(
        assets=build_assets(instance),
        asset_checks=build_checks(instance),
        jobs=list(jobs.values()),
        sensors=[*([inbox_sensor(instance, jobs)] if inbox else []), exported_sensor(instance, jobs)],
        schedules=[each(instance, times, jobs) for each in (nightly_enrichment, nightly_tables)] if times else [],
    )


def _named(sources: Sequence[Source]) -> dict[str, list[str]]:
    """Their names, with the assets that each is made of."""
    if not isinstance(sources, (list, tuple)) or not all(hasattr(each, "upstream") for each in sources):
        raise SettingsError("sources= is a list of AssetSource and SqlSource, also where it is one: [fb.AssetSource(…)]")
    names = [each.name for each in sources]
    if twice := sorted({each for each in names if names.count(each) > 1}):
        raise SettingsError(f"two sources are named {twice[0]}; give one of them another name=")
    return {each.name: [key.to_user_string() for key in each.upstream] for each in sources}


def _steps(built: dg.Definitions) -> Steps:
    assets = [each for each in built.assets or () if isinstance(each, dg.AssetsDefinition)]
    checks = list(built.asset_checks or ())
    return Steps(
        names=frozenset(each.node_def.name for each in (*assets, *checks)),
        assets=frozenset(key for each in assets for key in each.keys),
    )
