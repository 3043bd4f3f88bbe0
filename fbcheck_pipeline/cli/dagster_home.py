"""A DAGSTER_HOME with the settings of deploy/dagster.yaml: no telemetry, no invitations, runs that are limited, watched and tried again."""

from __future__ import annotations

import shutil
from pathlib import Path

CONFIG = "dagster.yaml"


def prepare_dagster_home(home: Path) -> None:
    """Create the folder and its `dagster.yaml`; a file that is there stays as it is."""
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not (home / CONFIG).exists():
        shutil.copyfile(_shipped(), home / CONFIG)


def _shipped() -> Path:
    """In the checkout, or packed into the wheel."""
    package = Path(__file__).parents[1]
    checkout = package.parent / "deploy" / CONFIG
    return checkout if checkout.exists() else package / CONFIG
