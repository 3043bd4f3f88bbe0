"""What Dagster loads: `defs`, and `build_definitions` for callers with their own resources."""

from typing import Any

import dagster as dg

from fbcheck_pipeline.defs.assets import ASSETS
from fbcheck_pipeline.defs.checks import CHECKS
from fbcheck_pipeline.defs.io_manager import ParquetIOManager
from fbcheck_pipeline.defs.jobs import JOBS
from fbcheck_pipeline.defs.operations import OPERATOR_CHECKS, OPERATOR_SENSORS, morning_checks, operator_checks
from fbcheck_pipeline.defs.resources import FbcheckResource
from fbcheck_pipeline.defs.sensors import SCHEDULES, SENSORS


def build_definitions(**resources: Any) -> dg.Definitions:
    """The product's definitions.

    Args:
        resources: replace ours by name: `fbcheck` (settings, ledger, vendor), `io_manager` (the Parquet files).
    """
    fbcheck = resources.get("fbcheck", FbcheckResource())
    return dg.Definitions(
        assets=ASSETS,
        asset_checks=[*CHECKS, *OPERATOR_CHECKS],
        jobs=[*JOBS, operator_checks],
        sensors=[*SENSORS, *OPERATOR_SENSORS],
        schedules=[*SCHEDULES, morning_checks],
        resources={"fbcheck": fbcheck, "io_manager": ParquetIOManager(fbcheck=fbcheck), **resources},
        executor=dg.in_process_executor,
    )


defs = build_definitions()
