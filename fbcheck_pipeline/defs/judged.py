"""The assets of our jobs, judged when a code location is loaded: what a project makes of them by automation, and by merging instances.

Dagster has no hook that says no to a condition in YAML or in Python, or to a merge; a selection sees the graph as it is in the end.
"""

from collections.abc import Set
from dataclasses import dataclass
from typing import Any

import dagster as dg

from fbcheck_pipeline.defs.places import PLACES
from fbcheck_pipeline.errors import SettingsError


@dataclass(frozen=True)
class Judged(dg.AssetSelection):
    """A selection of assets of an instance.

    Raises:
        SettingsError: when the location is loaded, a partitioned one has a condition, or another instance has the same place.
    """

    selected: dg.AssetSelection

    def resolve_inner(self, asset_graph: Any, allow_missing: bool) -> Set[dg.AssetKey]:
        """The keys, as Dagster asks for them."""
        keys = self.selected.resolve_inner(asset_graph, allow_missing=allow_missing)
        for key in sorted(keys):
            _refuse_condition(asset_graph.get(key))
            _refuse_shared_place(asset_graph, key)
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


def _refuse_condition(node: Any) -> None:
    if node.automation_condition is not None and node.partitions_def is not None:
        raise SettingsError(
            f"{node.key.to_user_string()} must have no automation condition, which would ask for every list again; "
            f"set it on assets downstream, and leave {node.key.path[-1]} out of the target"
        )


def _refuse_shared_place(asset_graph: Any, key: dg.AssetKey) -> None:
    places = _places(asset_graph, key)
    for other in asset_graph.get_all_asset_keys() if places else ():
        if other != key and places & _places(asset_graph, other):
            raise SettingsError(
                f"{key.to_user_string()} and {other.to_user_string()} share a data root or a ledger, and each instance needs its own; "
                "give one of the two another data_uri and ledger_url"
            )


def _places(asset_graph: Any, key: dg.AssetKey) -> Set[str]:
    return set(str(asset_graph.get(key).metadata.get(PLACES, "")).split())
