"""Finding an instance in the definitions of a Dagster project, for the command line."""

import importlib
import os
import sys
from dataclasses import dataclass
from types import ModuleType
from typing import Optional

import dagster as dg

from fbcheck_pipeline.defs.building import build_definitions
from fbcheck_pipeline.defs.instance import Instance
from fbcheck_pipeline.defs.jobs import SUBMIT
from fbcheck_pipeline.defs.resources import FbcheckResource
from fbcheck_pipeline.errors import SettingsError
from fbcheck_pipeline.model import paths

_LAZY = type(dg.definitions(lambda: dg.Definitions()))
"""What `@dg.definitions` makes of a function."""


@dataclass(frozen=True)
class Embedded:
    """An instance, its settings, and the definitions that hold its jobs."""

    instance: Instance
    fbcheck: FbcheckResource
    definitions: dg.Definitions


def standalone() -> Embedded:
    """The instance without a name, whose settings come from the environment."""
    fbcheck = FbcheckResource.from_env()
    return Embedded(Instance(), fbcheck, build_definitions(settings=fbcheck, module=""))


def find_instance(module: str, name: Optional[str]) -> Embedded:
    """The instance of a module's definitions.

    Args:
        module: as `dagster dev -m` takes it; it may lie in the working directory.
        name: None where the definitions hold one instance only.

    Raises:
        SettingsError: the module cannot be imported or has no definitions, or they do not hold this instance.
    """
    definitions = _definitions_of(_imported(module), module)
    found = {
        each.instance_name or "": each for each in (definitions.resources or {}).values() if isinstance(each, FbcheckResource)
    }
    if name is None and len(found) == 1:
        (name,) = found
    if name is None or name not in found:
        there = ", ".join(sorted(each or "one without a name" for each in found)) or "none"
        raise SettingsError(f"--instance must name an instance in the definitions of {module}; there: {there}")
    plain = Instance(name or None)
    job = definitions.resolve_job_def(plain.named(SUBMIT))
    keys = job.asset_layer.asset_graph.executable_asset_keys
    (prefix,) = {tuple(key.path[:-1]) for key in keys if key.path[-1] == paths.SUBMITTED_CHUNKS.folder}
    return Embedded(Instance(name or None, prefix), found[name], definitions)


def _imported(module: str) -> ModuleType:
    sys.path.insert(0, os.getcwd())
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name and module.startswith(error.name):
            raise SettingsError(f"--module {module} is not there; name it as `dagster dev -m` takes it") from None
        raise


def _definitions_of(loaded: ModuleType, module: str) -> dg.Definitions:
    """The definitions that a module holds as Dagster finds them: an object, or a function under `@dg.definitions`."""
    found = [each for each in vars(loaded).values() if isinstance(each, (dg.Definitions, _LAZY))]
    found = [each for each in found if not getattr(each, "has_context_arg", False)]  # a part, which only its project can load
    if len(found) != 1:
        many = "no" if not found else "several"
        raise SettingsError(f"--module {module} has {many} definitions; name the module that `dagster dev -m` loads")
    definitions = found[0] if isinstance(found[0], dg.Definitions) else found[0]()
    assert isinstance(definitions, dg.Definitions)
    return definitions
