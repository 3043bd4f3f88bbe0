"""Dagster's side: assets, IO manager, checks, sensors, schedule, resources. The business is elsewhere."""
