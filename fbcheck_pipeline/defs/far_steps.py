"""Steps that Dagster runs on other machines see neither a local data folder nor an SQLite ledger of this one."""

from typing import Union

import dagster as dg

from fbcheck_pipeline.errors import SettingsError
from fbcheck_pipeline.settings import Settings

FAR_EXECUTORS = frozenset({"k8s", "celery", "celery-k8s", "docker", "ecs", "dask"})
"""Names of Dagster's executors that run steps in other containers or on other machines."""
FAR_LAUNCHERS = frozenset({"K8sRunLauncher", "CeleryK8sRunLauncher", "EcsRunLauncher"})
"""Classes of Dagster's launchers that run whole runs there."""


def refuse_far_steps(context: Union[dg.AssetExecutionContext, dg.AssetCheckExecutionContext], settings: Settings) -> None:
    """Raise where the step may be on another machine than its data: it would begin an empty ledger there, and buy again.

    Raises:
        SettingsError: it is so.
    """
    is_sqlite = settings.ledger_address.startswith("sqlite")
    if not (settings.is_local or is_sqlite):
        return
    executor, launcher = context.job_def.executor_def.name, type(context.instance.run_launcher).__name__
    far = next((each for each, known in ((executor, FAR_EXECUTORS), (launcher, FAR_LAUNCHERS)) if each in known), None)
    if far is not None:
        raise SettingsError(
            f"{far} runs steps on other machines, which do not see {'a local FBCHECK_DATA_URI' if settings.is_local else 'an SQLite ledger'}; "
            "set FBCHECK_DATA_URI to an object store and FBCHECK_LEDGER_URL to PostgreSQL, or run these assets on one machine"
        )
