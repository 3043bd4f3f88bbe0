"""Finding an instance in the definitions of a Dagster project, for the command line."""

import importlib
import os
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType
from typing import Optional

import dagster as dg

from fbcheck_pipeline.defs.building import build_definitions
from fbcheck_pipeline.defs.dg_project import dg_project
from fbcheck_pipeline.defs.instance import Instance
from fbcheck_pipeline.defs.jobs import SUBMIT
from fbcheck_pipeline.defs.resources import FbcheckResource
from fbcheck_pipeline.defs.times import Nightly
from fbcheck_pipeline.errors import SettingsError
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.model.command_line import CommandLine

_LAZY = type(dg.definitions(lambda: dg.Definitions()))
"""What `@dg.definitions` makes of a function."""


@dataclass(frozen=True)
class Embedded:
    """An instance, its settings, the definitions that hold its jobs, and how a person reaches it."""

    instance: Instance
    fbcheck: FbcheckResource
    definitions: dg.Definitions
    command_line: CommandLine = field(default_factory=CommandLine)


def standalone() -> Embedded:
    """The instance without a name, whose settings come from the environment."""
    fbcheck = FbcheckResource.from_env()
    return Embedded(Instance(), fbcheck, build_definitions(settings=fbcheck, inbox=True, nightly=Nightly(), module=""))


def find_instance(module: str, name: Optional[str]) -> Embedded:
    """The instance of a module's definitions.

    Args:
        module: as `dagster dev -m` takes it, or the package that Dagster loads by itself; it may lie in the working directory.
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
    reached = replace(found[name].command_line, module=module)
    return Embedded(Instance(name or None, prefix), found[name], definitions, reached)


def _imported(module: str) -> ModuleType:
    sys.path.insert(0, os.getcwd())
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name and module.startswith(error.name):
            raise SettingsError(f"--module {module} is not there; name it as `dagster dev -m` takes it") from None
        raise


def _definitions_of(loaded: ModuleType, module: str) -> dg.Definitions:
    """The definitions that a module holds as Dagster finds them: an object, a function under `@dg.definitions`, or a folder of parts."""
    found = [each for each in vars(loaded).values() if isinstance(each, (dg.Definitions, _LAZY))]
    found = [each for each in found if not getattr(each, "has_context_arg", False)]  # a part, which only its project can load
    folder = next((Path(each).absolute() for each in getattr(loaded, "__path__", ())), None)
    if not found and folder is not None and dg_project(folder) is not None:
        return dg.load_from_defs_folder(path_within_project=folder)
    if len(found) != 1:
        many = "no" if not found else "several"
        raise SettingsError(f"--module {module} has {many} definitions; name the module that `dagster dev -m` loads")
    definitions = found[0] if isinstance(found[0], dg.Definitions) else found[0]()
    assert isinstance(definitions, dg.Definitions)
    return definitions
