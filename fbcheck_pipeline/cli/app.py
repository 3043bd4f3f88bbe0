"""`fbcheck` and its commands, in the order of its help. What they do is in the modules beside this one."""

import inspect
import re
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from fbcheck_pipeline.cli.list_commands import export, lineage, normalise, report, run, status
from fbcheck_pipeline.cli.operator_commands import backup, demo, dev, doctor, metrics, reconcile, restore, sandbox
from fbcheck_pipeline.cli.people_commands import erase, person, purge, suppress
from fbcheck_pipeline.errors import OperatorError


class _PlainFlags:
    """Options that take no value show none, and arguments no Python type."""

    def get_params(self, ctx: Any) -> list[Any]:
        """The parameters of a command."""
        params: list[Any] = super().get_params(ctx)  # type: ignore[misc]
        for each in params:
            if getattr(each, "is_flag", False):
                each.metavar = ""
            if each.param_type_name == "argument":
                each.display_type_rich = lambda ctx: None
        return params


class _Command(_PlainFlags, TyperCommand):
    pass


class _Group(_PlainFlags, TyperGroup):
    pass


app = typer.Typer(
    name="fbcheck",
    cls=_Group,
    help="Find out which numbers of a phone list have a Facebook account. Reads raw lists; writes a joined Parquet table and its lineage.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)

ON_THEIR_OWN = ("demo", "dev", "sandbox")
"""Commands with a vendor and data of their own."""


def _say_version(wanted: bool) -> None:
    if wanted:
        import platform
        from importlib.metadata import version

        from fbcheck_pipeline import __version__

        others = (f"{name} {version(name)}" for name in ("dagster", "phonenumbers"))
        typer.echo(f"fbcheck {__version__} (Python {platform.python_version()}, {', '.join(others)})")
        raise typer.Exit()


@app.callback()
def _common(
    context: typer.Context,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
    module: Annotated[
        str | None,
        typer.Option(help="The Python module of a Dagster project whose definitions hold the instance.", metavar="MODULE"),
    ] = None,
    instance: Annotated[
        str | None, typer.Option(help="The instance in that project, by the name it was built with.", metavar="NAME")
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and stop.", is_eager=True, callback=_say_version)
    ] = False,
) -> None:
    from fbcheck_pipeline.cli.target import choose

    if module and context.invoked_subcommand in ON_THEIR_OWN:
        raise OperatorError(f"{context.invoked_subcommand} is about no instance; leave --module out")
    choose(module, instance)


def _flowing(docstring: str | None) -> str:
    """The help of a command: each paragraph is one line, to be broken where the terminal ends."""
    return re.sub(r"(?<!\n)\n(?!\n)", " ", inspect.cleandoc(docstring or ""))


for title, commands in {
    "Lists": (demo, run, status, reconcile, export, report, normalise, lineage),
    "People": (suppress, person, erase, purge),
    "Operation": (backup, restore, doctor, metrics, dev, sandbox),
}.items():
    for each in commands:
        app.command(cls=_Command, help=_flowing(each.__doc__), rich_help_panel=title)(each)
