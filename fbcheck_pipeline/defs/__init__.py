"""Dagster's side of the house: assets, IO manager, checks, sensors, schedule, resources. The business is elsewhere."""

import warnings

# Partitioned asset checks work in the pinned version, which is what the warning is about.
warnings.filterwarnings("ignore", message="Specifying a partitions_def on an AssetCheckSpec")
