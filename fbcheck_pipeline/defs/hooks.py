"""What a project may change of our assets by a subclass of the component: their specs, and what runs around each step."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

import dagster as dg

from fbcheck_pipeline.errors import SettingsError


@dataclass(frozen=True)
class AssetProps:
    """One asset of ours before a project changes it.

    Attributes:
        name: of the asset, without prefix, e.g. `facebook_results`.
        spec: what `get_asset_spec` gives unless it is overridden.
    """

    name: str
    spec: dg.AssetSpec


def same_spec(props: AssetProps) -> dg.AssetSpec:
    """The spec as we made it."""
    return props.spec


def compute_alone(context: dg.AssetExecutionContext, compute: Callable[[], Any]) -> Any:
    """Nothing runs around a step."""
    return compute()


@dataclass(frozen=True)
class Hooks:
    """Both, for `build_definitions`; `FbcheckComponent` says what they take and give."""

    get_asset_spec: Callable[[AssetProps], dg.AssetSpec] = same_spec
    execute: Callable[[dg.AssetExecutionContext, Callable[[], Any]], Any] = compute_alone

    def around(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function of an asset, run by `execute`."""

        @wraps(function)
        def run(context: dg.AssetExecutionContext, *inputs: Any, **named: Any) -> Any:
            return self.execute(context, lambda: function(context, *inputs, **named))

        return run

    def changed(self, made: dg.AssetsDefinition) -> dg.AssetsDefinition:
        """An asset with the spec of the project.

        Raises:
            SettingsError: the spec changes what our jobs, sensors and files rest on.
        """

        def change(spec: dg.AssetSpec) -> dg.AssetSpec:
            name = spec.key.path[-1]
            new = self.get_asset_spec(AssetProps(name, spec))
            for fixed, remedy in (("key", "key_prefix moves all assets"), ("partitions_def", "it has one partition a list")):
                if getattr(new, fixed) != getattr(spec, fixed):
                    raise SettingsError(f"get_asset_spec changes the {fixed} of {name}, which stays as it is: {remedy}")
            return new

        return made.map_asset_specs(change)
