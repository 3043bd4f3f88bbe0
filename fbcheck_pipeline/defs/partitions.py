"""The partitions: one per list, named by its list key. Tasks and chunks are no partitions."""

import warnings
from collections.abc import Callable
from typing import Any

import dagster as dg

PARTITIONS = "lists"
lists = dg.DynamicPartitionsDefinition(name=PARTITIONS)


def list_check(asset: dg.AssetsDefinition, description: str) -> Callable[[Callable[..., Any]], dg.AssetChecksDefinition]:
    """An asset check that runs for one list. Dagster warns that partitioned checks are a preview; the warning is silenced here only."""

    def decorate(check: Callable[..., Any]) -> dg.AssetChecksDefinition:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", dg.PreviewWarning)
            return dg.asset_check(asset=asset, partitions_def=lists, description=description)(check)

    return decorate
