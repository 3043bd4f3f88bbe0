"""What commands do first: read the settings, warn about unknown variables, show the logs, open the workspace."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from fbcheck_pipeline.cli import target
from fbcheck_pipeline.cli.output import Reporter
from fbcheck_pipeline.errors import SettingsError
from fbcheck_pipeline.settings import PREFIX, Settings

if TYPE_CHECKING:
    from fbcheck_pipeline.workflow.workspace import Workspace


def load_command_settings(reporter: Reporter, **options: Any) -> Settings:
    """The settings, those given on the command line first.

    Args:
        options: fields of the settings; None means: not given.

    Raises:
        SettingsError: a value does not fit.
    """
    given = {name: value for name, value in options.items() if value is not None}
    try:
        settings = target.target_settings(**given)
    except SettingsError as error:
        message = str(error)
        for name in given:
            spelled = f"{PREFIX}{name.upper()}: " if PREFIX in message else f"{name}: "
            message = message.replace(spelled, f"--{name.replace('_', '-')}: ")
        raise SettingsError(message) from None
    for sentence in target.warnings():
        reporter.warn(f"warning: {sentence}")
    reporter.show_logs(settings.log_level, settings.log_format)
    return settings


@contextmanager
def command_workspace(
    *, as_json: bool = False, quiet: bool = False, only_to_look: bool = False, **options: Any
) -> Iterator[tuple[Reporter, Workspace]]:
    """Where a command prints, and the workspace of its settings, whose ledger is closed at the end.

    Args:
        options: see `load_command_settings`.
    """
    from fbcheck_pipeline.workflow.workspace import open_workspace

    reporter = Reporter(as_json=as_json, quiet=quiet)
    ws = open_workspace(
        load_command_settings(reporter, **options),
        instance=target.instance_name(),
        only_to_look=only_to_look,
        declared_sources=target.declared_sources(),
    )
    try:
        yield reporter, ws
    finally:
        ws.ledger.close()


@contextmanager
def gc_paused() -> Iterator[None]:
    """Pause garbage collection during imports; imported objects are never freed."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
