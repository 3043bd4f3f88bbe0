"""The commands about a list, with their options and help: run it, see where it is, read and explain its result."""

from pathlib import Path
from typing import Annotated

import typer

from fbcheck_pipeline.cli import completing
from fbcheck_pipeline.cli.arrow_alone import load_arrow_alone
from fbcheck_pipeline.cli.interrupts import Interrupts
from fbcheck_pipeline.cli.left_out import without
from fbcheck_pipeline.cli.options import (
    Delimiter,
    Encoding,
    Force,
    Header,
    Json,
    ListKey,
    PhoneColumn,
    Quiet,
    Region,
    RegionColumn,
    Sheet,
    Verbose,
)


def run(
    lists: Annotated[
        list[Path],
        typer.Argument(
            help="Files: .csv .tsv .txt .xlsx .parquet, also gzipped text; or keys of lists that were taken up.",
            metavar="LIST",
            show_default=False,
        ),
    ],
    region: Region = None,
    column: PhoneColumn = None,
    region_column: RegionColumn = None,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    sheet: Sheet = None,
    header: Header = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what a run would send and what it would cost; contact nobody.")
    ] = False,
    max_billable: Annotated[
        int | None,
        typer.Option(help="The maximum number of phones that may be submitted for each list.", metavar="PHONES", min=0),
    ] = None,
    no_wait: Annotated[
        bool, typer.Option("--no-wait", help="Collect what is ready, submit and exit; do not wait for the vendor.")
    ] = False,
    timeout: Annotated[
        float | None, typer.Option(help="Stop after this many seconds; run again to continue.", metavar="SECONDS", min=0)
    ] = None,
    retry: Annotated[
        bool,
        typer.Option("--retry", help="Submit phones again that have no usable answer, once more even beyond FBCHECK_MAX_TRIES."),
    ] = False,
    purpose: Annotated[
        str | None, typer.Option(help="Why the numbers are checked; recorded with the list.", metavar="TEXT")
    ] = None,
    source: Annotated[
        str,
        typer.Option(
            help="What the lists are deliveries of; by default told by each file's name, without date and counter.",
            metavar="NAME",
            show_default=False,
        ),
    ] = "",
    yes: Annotated[
        bool,
        typer.Option(
            "--yes",
            help="Go on with a list that would be held: you know how it was read, and what was submitted of it.",
        ),
    ] = False,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Run lists through the Dagster assets to their joined results. Run the same command again to resume.

    Example: fbcheck run customers.csv --region TR
    """
    from fbcheck_pipeline.cli import tables
    from fbcheck_pipeline.cli.output import Reporter
    from fbcheck_pipeline.cli.preparing import gc_paused, load_command_settings

    reporter = Reporter(as_json=as_json, quiet=quiet, verbose=verbose)
    settings = load_command_settings(reporter, region=region)
    with gc_paused():
        from fbcheck_pipeline.cli.run_options import RunOptions
        from fbcheck_pipeline.lists import ReadOptions
    reading = ReadOptions(
        encoding=encoding,
        delimiter=delimiter,
        column=column,
        region_column=region_column,
        sheet=sheet,
        has_header=header,
        region=settings.region if region else None,
    )
    options = RunOptions(reading, not no_wait, timeout, max_billable, retry, purpose, yes, source)
    if dry_run:
        load_arrow_alone()
        from fbcheck_pipeline.cli.estimating import dry_run as estimate

        exit_code, document = estimate(settings, lists, options, reporter)
    else:
        with Interrupts() as interrupts:
            with gc_paused(), without("hypothesis", "pygments"):  # pandera's examples, and errors in colour
                import pandera.strategies.pandas_strategies  # noqa: F401  its first check would

                import fbcheck_pipeline.defs.embedded  # noqa: F401  `target` would
                from fbcheck_pipeline.cli.running import run_lists
            exit_code, document = run_lists(settings, lists, options, reporter, interrupts)
    tables.say_outcome(reporter, document)
    reporter.result(document)
    raise typer.Exit(exit_code)


def status(
    list_key: Annotated[
        str | None,
        typer.Argument(help="Only this list, with all its chunks.", metavar="LIST", autocompletion=completing.list_keys),
    ] = None,
    is_all: Annotated[bool, typer.Option("--all", help="Show every list and chunk, also what is finished.")] = False,
    limit: Annotated[
        int | None, typer.Option(help="The maximum number of lists; without it the tables have 20.", metavar="N", min=0)
    ] = None,
    as_json: Json = False,
) -> None:
    """Show what is open, oldest first, and the newest finished lists: state, progress, and what a person should do.

    LIST is a list key, a beginning of one, or the name of a file or source. --json has what is open, with --all everything.

    Example: fbcheck status customers.csv
    """
    from fbcheck_pipeline.cli.preparing import command_workspace
    from fbcheck_pipeline.cli.status import say_status, status_document

    with command_workspace(as_json=as_json, only_to_look=True) as (reporter, ws):
        ws.ledger.recover_gone_senders()
        key = None if list_key is None else ws.ledger.list_key_of(list_key)
        if as_json:
            reporter.result(status_document(ws, list_key=key, is_all=is_all, limit=limit))
        else:
            say_status(reporter, ws, list_key=key, is_all=is_all, limit=limit)


def export(
    list_key: ListKey,
    to: Annotated[Path, typer.Option(help="The file to write: .xlsx, .csv or .parquet.", metavar="FILE")],
    wide: Annotated[
        bool,
        typer.Option(
            "--one-row-per-source-row",
            help="One row per row of the list: its phones side by side, and `facebook` is yes if any of them has an account.",
        ),
    ] = False,
    delimiter: Annotated[str | None, typer.Option(help="Column separator of a .csv, e.g. ; or tab.", metavar="CHARACTER")] = None,
    pseudonymise: Annotated[
        bool,
        typer.Option("--pseudonymise", help="Replace phone numbers in every text by keyed hashes. Other personal data stay."),
    ] = False,
    recipient: Annotated[
        str | None,
        typer.Option("--for", help="Who gets the pseudonymised file; everybody gets other pseudonyms.", metavar="NAME"),
    ] = None,
    force: Force = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Export a list's result as a spreadsheet or a file that only you can read. The columns of the verdict come first.

    A spreadsheet would run cells that begin with = + - @, a tab or a line break as formulas.
    XLSX writes them as plain text. CSV puts an apostrophe in front of them, of long numbers, and of numbers that begin with 0; a plus
    and digits (+905…) stay as they are. XLSX continues in another sheet after 1,048,576 rows, and a last sheet is about the list.
    CSV is UTF-8 with a byte-order mark.

    Example: fbcheck export customers-17904e64 --to customers.xlsx
    """
    from fbcheck_pipeline.cli.preparing import command_workspace

    load_arrow_alone()
    from fbcheck_pipeline.results.export import ExportOptions, export_results

    is_pseudonymised = pseudonymise or recipient is not None
    options = ExportOptions((recipient or "") if is_pseudonymised else None, delimiter, wide, force)
    with command_workspace(as_json=as_json, quiet=quiet, only_to_look=True) as (reporter, ws):
        with reporter.progress():
            list_key = ws.ledger.list_key_of(list_key)
            rows = export_results(ws, list_key, to, options)
        reporter.answer(
            f"{rows:,} rows in {to}" + ("; numbers are replaced, other personal data are not" if is_pseudonymised else "")
        )
        reporter.result({"list_key": list_key, "file": str(to.resolve()), "rows": rows, "pseudonymised": is_pseudonymised})


def report(
    list_key: ListKey,
    is_opened: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
    as_json: Json = False,
) -> None:
    """Say where a list's report is: one page that tells what was found, what it cost, and what is still to do.

    Example: fbcheck report customers-17904e64 --open
    """
    from fbcheck_pipeline.cli.preparing import command_workspace
    from fbcheck_pipeline.cli.reporting import open_page, report_of

    with command_workspace(as_json=as_json, only_to_look=True) as (reporter, ws):
        place = report_of(ws, ws.ledger.list_key_of(list_key))
        reporter.answer(place)
        if is_opened:
            open_page(ws, place)
        reporter.result({"report": place})


def normalise(
    file: Annotated[Path, typer.Argument(help="Any table that `run` reads.", metavar="FILE")],
    to: Annotated[Path, typer.Option(help="The .parquet file to write.", metavar="FILE")],
    region: Region = None,
    column: PhoneColumn = None,
    region_column: RegionColumn = None,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    sheet: Sheet = None,
    header: Header = None,
    force: Force = False,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Read a table as `run` would, and write it with its phones in E.164. Needs no vendor, key or ledger, and costs nothing.

    The columns of the table come first, then one row's phone: phone_e164 or reject_reason, country, line_type.

    Example: fbcheck normalise customers.csv --region TR --to customers.parquet
    """
    from fbcheck_pipeline.cli.output import Reporter
    from fbcheck_pipeline.cli.preparing import load_command_settings

    load_arrow_alone()
    from fbcheck_pipeline.cli.normalising import normalise_file, say_normalised
    from fbcheck_pipeline.lists import ReadOptions

    reporter = Reporter(as_json=as_json, quiet=quiet, verbose=verbose)
    settings = load_command_settings(reporter, region=region)
    reading = ReadOptions(encoding, delimiter, column, region_column, sheet, header, settings.region)
    with reporter.progress():
        document = normalise_file(settings, file, to, reading, may_replace=force)
    say_normalised(reporter, document)


def lineage(
    list_key: ListKey,
    row: Annotated[
        int | None, typer.Option(help="Explain this data row of the list (rows count from 1).", metavar="ROW", min=1)
    ] = None,
    as_json: Json = False,
) -> None:
    """Explain where a list's result comes from, or everything about one row: cell, rules, chunk, task, result file, verdict.

    Example: fbcheck lineage customers-17904e64 --row 4
    """
    from fbcheck_pipeline.cli.explaining import say_lineage
    from fbcheck_pipeline.cli.preparing import command_workspace

    with command_workspace(as_json=as_json, only_to_look=True) as (reporter, ws):
        say_lineage(ws, ws.ledger.list_key_of(list_key), row, reporter)
