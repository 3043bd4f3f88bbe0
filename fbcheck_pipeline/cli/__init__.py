"""The `fbcheck` command. Everything heavy is imported by the command that needs it."""

from fbcheck_pipeline.cli.entry import main

__all__ = ["main"]
