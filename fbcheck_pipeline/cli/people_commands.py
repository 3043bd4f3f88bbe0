"""The commands about people and retention, with their options and help."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from fbcheck_pipeline.cli.arrow_alone import load_arrow_alone
from fbcheck_pipeline.cli.options import Json, PhoneColumn, Quiet, Region
from fbcheck_pipeline.errors import OperatorError


def suppress(
    file: Annotated[
        Path, typer.Argument(help="A file of phones that must never be submitted; any format that `run` reads.", metavar="FILE")
    ],
    region: Region = None,
    column: PhoneColumn = None,
    undo: Annotated[bool, typer.Option("--undo", help="Take these opt-outs back: the phones may be submitted again.")] = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Add opt-outs, or take them back. They are stored as keyed hashes, and each chunk is checked against them again before it is submitted.

    Exit code 2 where rows hold no phone: they are named, and the others are done.

    Example: fbcheck suppress opt-outs.csv --region TR
    """
    from fbcheck_pipeline.cli.people import say_opt_outs
    from fbcheck_pipeline.cli.preparing import command_workspace

    with command_workspace(as_json=as_json, quiet=quiet, region=region) as (reporter, ws):
        exit_code = say_opt_outs(ws, file, column, reporter, undo=undo)
    raise typer.Exit(exit_code)


def person(
    number: Annotated[str, typer.Argument(help="The phone, with + and its country code, or with --region.", metavar="NUMBER")],
    region: Region = None,
    as_json: Json = False,
) -> None:
    """Show what is held about a person's number, and where. Only looks.

    Example: fbcheck person +905320000001
    """
    from fbcheck_pipeline.cli.preparing import command_workspace

    load_arrow_alone()
    from fbcheck_pipeline.cli.people import say_person

    with command_workspace(as_json=as_json, only_to_look=True, region=region) as (reporter, ws):
        say_person(ws, number, reporter)


def erase(
    numbers: Annotated[
        list[str] | None, typer.Argument(help="The phones to erase.", metavar="NUMBER", show_default=False)
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--file", help="A file of phones to erase; any format that `run` reads.", metavar="FILE")
    ] = None,
    region: Region = None,
    column: PhoneColumn = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be erased; erase nothing.")] = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Erase people's numbers from all lists, results, verdicts and the ledger, and suppress them. Stopped half way, run it again.

    Other people's rows and verdicts stay. A number that is with the vendor goes when its chunk settles. Exit code 3 where something is
    left: it is named.

    Example: fbcheck erase +905320000001 --dry-run
    """
    from fbcheck_pipeline.cli.people import phones_to_erase, say_erasure
    from fbcheck_pipeline.cli.preparing import command_workspace

    with command_workspace(as_json=as_json, quiet=quiet, only_to_look=True, region=region) as (reporter, ws):
        phones = phones_to_erase(ws, numbers or [], file, column)
        exit_code, purged = say_erasure(ws, phones, reporter, dry_run=dry_run)
        if purged:
            from fbcheck_pipeline.cli.running import forget_partitions  # Dagster takes its time

            forget_partitions(ws, purged)
    raise typer.Exit(exit_code)


def purge(
    older_than: Annotated[
        float | None, typer.Option(help="Delete lists that were last joined more than this many days ago.", metavar="DAYS", min=0)
    ] = None,
    list_key: Annotated[
        str | None,
        typer.Option(
            "--list",
            help="Delete this list, whatever its age. Its verdicts stay unless you also give --older-than.",
            metavar="LIST_KEY",
        ),
    ] = None,
    is_dagster: Annotated[
        bool,
        typer.Option(
            "--dagster",
            help="Delete no list, but what Dagster keeps of the product's finished runs that began more than --older-than days ago.",
        ),
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be deleted; delete nothing.")] = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Delete personal data past its retention wherever it is stored. Lists with phones at the vendor are skipped; suppressions stay.

    With --dagster it is about runs that Dagster keeps, and about no list.

    Example: fbcheck purge --older-than 90 --dry-run
    """
    from fbcheck_pipeline.cli.output import count_of
    from fbcheck_pipeline.cli.preparing import command_workspace
    from fbcheck_pipeline.cli.running import forget_partitions
    from fbcheck_pipeline.results.report_index import refresh_index
    from fbcheck_pipeline.results.summary import refresh_summary
    from fbcheck_pipeline.workflow.erasing import purge as purging

    if older_than is None and list_key is None:
        raise OperatorError("choose what to delete: --older-than DAYS, or --list LIST_KEY")
    if is_dagster:
        from fbcheck_pipeline.cli.old_runs_purge import purge_runs

        if older_than is None or list_key is not None:
            raise OperatorError("--dagster is about runs of any list: give --older-than DAYS, and leave --list out")
        with command_workspace(as_json=as_json, quiet=quiet, only_to_look=True) as (reporter, ws):
            purge_runs(ws, reporter, older_than_days=older_than, dry_run=dry_run)
        return
    with command_workspace(as_json=as_json, quiet=quiet, only_to_look=True) as (reporter, ws):
        list_key = None if list_key is None else ws.ledger.list_key_of(list_key)
        purged = purging.purge(ws, older_than_days=older_than, list_key=list_key, dry_run=dry_run)
        if purged.list_keys and not dry_run:
            refresh_summary(ws)
            refresh_index(ws)
            forget_partitions(ws, purged.list_keys)
        done = "would delete" if dry_run else "deleted"
        reporter.answer(
            f"{done} {count_of(len(purged.list_keys), 'list')} and {count_of(purged.chunks, 'chunk')} "
            f"with {count_of(purged.phones, 'phone')}, {count_of(purged.files, 'file')}"
        )
        for key in purged.list_keys:
            reporter.answer(f"{done} {key}")
        if purged.moved:
            moved, one = count_of(len(purged.moved), "file"), len(purged.moved) == 1
            reporter.warn(
                f"{moved} of the lists came through the inbox and {'is' if one else 'are'} perhaps the only {'copy' if one else 'copies'}: "
                + (f"keep what you need of {', '.join(purged.moved)}" if dry_run else "deleted with the lists")
            )
        if purged.skipped:
            reporter.answer(
                f"skipped, because the vendor has phones of these lists: {', '.join(purged.skipped)}; "
                "`fbcheck status` says what to do about a task that does not end"
            )
        reporter.result({**asdict(purged), "dry_run": dry_run})
