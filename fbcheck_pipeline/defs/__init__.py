"""Dagster's side of the house: assets, IO manager, checks, sensors, schedule, resources. The business is elsewhere."""
