"""Importing the product, or opening its workspace, changes nothing of the process: it is at home in other people's."""

import subprocess
import sys
from pathlib import Path

import fbcheck_pipeline

LOOK = """
import gc, logging, os, signal, sys, warnings
import dagster, pandas, pandera.pandas, pyarrow, sqlalchemy, uvicorn
import pyarrow.dataset, pyarrow.parquet, alembic.command, phonenumbers, openlineage.client

def state():
    return {
        "filters": list(warnings.filters),
        "pool": pyarrow.default_memory_pool().backend_name,
        "levels": {name: logging.getLogger(name).level for name in ("", "fbcheck_pipeline", "dagster", "sqlalchemy")},
        "handlers": {name: list(logging.getLogger(name).handlers) for name in ("", "fbcheck_pipeline")},
        "environment": dict(os.environ),
        "collector": (gc.isenabled(), gc.get_freeze_count(), gc.get_threshold()),
        "signals": [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)],
        "hooks": (sys.excepthook, sys.getswitchinterval(), sys.getrecursionlimit()),
    }

before = state()
"""
IMPORT = """
import importlib, pkgutil
import fbcheck_pipeline
for each in pkgutil.walk_packages(fbcheck_pipeline.__path__, "fbcheck_pipeline."):
    if not each.name.startswith(("fbcheck_pipeline.cli", "fbcheck_pipeline.ledger.migrations")):
        importlib.import_module(each.name)
"""
OPEN = """
from fbcheck_pipeline.settings import load_settings
from fbcheck_pipeline.workflow.workspace import open_workspace
open_workspace(load_settings(data_uri="data", log_level="DEBUG")).ledger.close()
"""
COMPARE = """
after = state()
changed = [name for name in before if before[name] != after[name]]
assert not changed, changed
"""


def test_importing_and_opening_change_nothing_of_the_process(tmp_path: Path) -> None:
    """Not Arrow's pool, warnings, logging, the environment, the collector, signals or hooks.

    Nor is anybody warned: what Dagster calls a preview is our affair, not that of everybody who loads the location.
    """
    script = LOOK + IMPORT + OPEN + COMPARE
    done = subprocess.run(
        [sys.executable, "-W", "error::FutureWarning", "-c", script], cwd=tmp_path, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_package_alone_is_light_and_shows_its_public_names(tmp_path: Path) -> None:
    """Dagster's tools look through it; a script that asks for its version waits for nothing."""
    script = (
        "import sys, fbcheck_pipeline as fb; heavy = {'dagster', 'pandas', 'pyarrow', 'sqlalchemy'} & set(sys.modules);"
        "assert not heavy, heavy; assert set(fb.__all__) <= set(dir(fb))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert all(getattr(fbcheck_pipeline, name, None) for name in fbcheck_pipeline.__all__)
