"""The partitions: one a list, named by its list key; never one a task or chunk. And what is defined by them elsewhere."""

import warnings
from collections.abc import Callable
from typing import Any

import dagster as dg

PARTITIONS = "lists"
lists = dg.DynamicPartitionsDefinition(name=PARTITIONS)


def list_check(asset: dg.AssetsDefinition, description: str) -> Callable[[Callable[..., Any]], dg.AssetChecksDefinition]:
    """An asset check that runs for one list. Dagster still calls partitioned checks a preview: it need not tell that to everybody."""

    def decorate(check: Callable[..., Any]) -> dg.AssetChecksDefinition:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", dg.PreviewWarning)
            return dg.asset_check(asset=asset, partitions_def=lists, description=description)(check)

    return decorate
