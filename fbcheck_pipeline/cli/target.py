"""Which instance a command is about: the standalone one, or one in a Dagster project (`--module`, `--instance`)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fbcheck_pipeline.errors import OperatorError
from fbcheck_pipeline.model.command_line import CommandLine
from fbcheck_pipeline.model.paths import DAGSTER

if TYPE_CHECKING:
    from fbcheck_pipeline.defs.embedded import Embedded
    from fbcheck_pipeline.settings import Settings

_chosen: list[Embedded] = []
"""One, once the command line has named it."""


def choose(module: str | None, instance: str | None) -> None:
    """Let the command be about an instance in the definitions of a module; without any, about the standalone one.

    Raises:
        OperatorError: an instance is named without its module.
        SettingsError: it is not there.
    """
    _chosen.clear()
    if module is not None:
        from dotenv import load_dotenv

        from fbcheck_pipeline.defs.embedded import find_instance

        load_dotenv(".env")  # as `dagster dev` does; what is set stays
        _chosen.append(find_instance(module, instance))
    elif instance is not None:
        raise OperatorError("--instance needs --module: the Python module whose definitions hold the instance")


def embedded() -> Embedded:
    """The instance with the definitions that hold its jobs."""
    from fbcheck_pipeline.defs.embedded import standalone

    return _chosen[0] if _chosen else standalone()


def is_embedded() -> bool:
    """Whether it belongs to a Dagster project."""
    return bool(_chosen)


def instance_name() -> str:
    """The instance's name; empty for one without."""
    return _chosen[0].instance.name or "" if _chosen else ""


def declared_sources() -> dict[str, list[str]]:
    """Names of the instance's sources that are no files, with the assets that each is made of."""
    return _chosen[0].fbcheck.sources() if _chosen else {}


def target_settings(**given: Any) -> Settings:
    """The settings of the instance.

    Args:
        given: fields that win over them.

    Raises:
        SettingsError: a value does not fit.
    """
    from fbcheck_pipeline.settings import load_settings

    return _chosen[0].fbcheck.settings(**given) if _chosen else load_settings(**given)


def dagster_home(settings: Settings) -> Path | None:
    """Where Dagster's instance lies, be it there or not: DAGSTER_HOME, or the data folder's own; None where the data are no folder."""
    if home := os.environ.get("DAGSTER_HOME"):
        return Path(home)
    return Path(settings.data_uri) / DAGSTER.folder if settings.is_local else None


def warnings() -> list[str]:
    """A sentence for each variable that is no setting."""
    from fbcheck_pipeline.settings import unknown_variables

    return _chosen[0].fbcheck.unknown_variables() if _chosen else unknown_variables()


def command_line() -> CommandLine:
    """How a person reaches the instance."""
    return _chosen[0].command_line if _chosen else CommandLine()


def said(told: Any) -> Any:
    """A text, or a document with texts, that names whole commands."""
    if not _chosen:
        return told
    if isinstance(told, str):
        return command_line().said(told)
    if isinstance(told, dict):
        return {name: said(each) for name, each in told.items()}
    return [said(each) for each in told] if isinstance(told, list) else told
