"""The Dagster layer: assets, IO manager, checks, sensors, schedules and resources. Business rules belong to other packages."""
