"""The assets of our jobs, which refuse an automation condition on one that has a partition a list.

Dagster has no hook that says no when a project sets one, in YAML or in Python; a selection sees the graph as it is in the end.
"""

from collections.abc import Set
from dataclasses import dataclass
from typing import Any

import dagster as dg

from fbcheck_pipeline.errors import SettingsError


@dataclass(frozen=True)
class Unautomated(dg.AssetSelection):
    """A selection of partitioned assets without conditions.

    Raises:
        SettingsError: when the location is loaded, one of them has a condition.
    """

    selected: dg.AssetSelection

    def resolve_inner(self, asset_graph: Any, allow_missing: bool) -> Set[dg.AssetKey]:
        """The keys, as Dagster asks for them."""
        keys = self.selected.resolve_inner(asset_graph, allow_missing=allow_missing)
        for key in sorted(keys):
            node = asset_graph.get(key)
            if node.automation_condition is not None and node.partitions_def is not None:
                raise SettingsError(
                    f"{key.to_user_string()} must have no automation condition, which would ask for every list again; "
                    f"set it on assets downstream, and leave {key.path[-1]} out of the target"
                )
        return keys

    def resolve_checks_inner(self, asset_graph: Any, allow_missing: bool) -> Set[dg.AssetCheckKey]:
        """The checks, as Dagster asks for them: those of a selection of checks belong to no selected asset."""
        return self.selected.resolve_checks_inner(asset_graph, allow_missing=allow_missing)

    def to_serializable_asset_selection(self, asset_graph: Any) -> dg.AssetSelection:
        """What Dagster stores of it."""
        return self.selected.to_serializable_asset_selection(asset_graph)

    def to_selection_str(self) -> str:
        """What Dagster shows of it."""
        return self.selected.to_selection_str()
