"""The commands of `fbcheck`, their options and their help; what they do is in the modules beside this one."""

import json
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from fbcheck_pipeline.cli import completing
from fbcheck_pipeline.cli.arrow_alone import load_arrow_alone
from fbcheck_pipeline.errors import OperatorError


class _PlainFlags:
    """Options that take no value show none."""

    def get_params(self, ctx: Any) -> list[Any]:
        """The parameters of a command."""
        params: list[Any] = super().get_params(ctx)  # type: ignore[misc]
        for each in params:
            if getattr(each, "is_flag", False):
                each.metavar = ""
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

command = partial(app.command, cls=_Command)

ON_THEIR_OWN = ("demo", "dev", "sandbox")
"""Commands with a vendor and data of their own."""
READING = "How the list is read"


def _reading(help_: str, metavar: str) -> Any:
    return typer.Option(help=help_, metavar=metavar, rich_help_panel=READING)


Json = Annotated[bool, typer.Option("--json", help="Print exactly one JSON object on standard output.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Say also why the list was read so.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print warnings and errors only.")]
ListKey = Annotated[
    str,
    typer.Argument(
        help="The list: its key, a beginning of it, or the name of its file or source.",
        metavar="LIST_KEY",
        autocompletion=completing.list_keys,
    ),
]
Region = Annotated[str | None, _reading("ISO 3166 region of numbers without a country code, e.g. TR.", metavar="REGION")]
PhoneColumn = Annotated[str | None, _reading("The phone column, if it is not detected automatically.", metavar="NAME")]

RegionColumn = Annotated[str | None, _reading("The column that holds each row's country.", metavar="NAME")]
Encoding = Annotated[str | None, _reading("Text encoding, e.g. cp1254.", metavar="NAME")]
Delimiter = Annotated[str | None, _reading("Column separator of a text file.", metavar="CHARACTER")]
Sheet = Annotated[str | None, _reading("The sheet of a workbook.", metavar="NAME")]
Header = Annotated[
    bool | None,
    typer.Option(
        "--header/--no-header",
        help="The first row holds the column names, or is data.",
        rich_help_panel=READING,
        show_default=False,
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Replace the file if it is there.")]


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


@command()
def demo(as_json: Json = False, quiet: Quiet = False) -> None:
    """Run the whole pipeline on the sample lists against a sandbox vendor that the demo starts itself.

    Example: fbcheck demo
    """
    from fbcheck_pipeline.cli.demo import run_demo
    from fbcheck_pipeline.cli.output import Reporter

    raise typer.Exit(run_demo(Reporter(as_json=as_json, quiet=quiet)))


@command()
def run(
    lists: Annotated[
        list[Path],
        typer.Argument(
            help="Files: .csv .tsv .txt .xlsx .parquet, also gzipped text; or keys of lists that were taken up.",
            metavar="LIST...",
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
    from fbcheck_pipeline.cli.run_options import RunOptions
    from fbcheck_pipeline.lists import ReadOptions

    reporter = Reporter(as_json=as_json, quiet=quiet, verbose=verbose)
    settings = load_command_settings(reporter, region=region)
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
        from fbcheck_pipeline.cli.estimating import dry_run as perform
    else:
        with gc_paused():
            from fbcheck_pipeline.cli.running import run_lists as perform
    exit_code, document = perform(settings, lists, options, reporter)
    tables.say_outcome(reporter, document)
    reporter.result(document)
    raise typer.Exit(exit_code)


@command()
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


@command()
def reconcile(
    chunk_key: Annotated[
        str,
        typer.Argument(
            help="The unconfirmed chunk, or one whose result does not settle it; `fbcheck status` shows it.",
            metavar="CHUNK_KEY",
            autocompletion=completing.chunk_keys,
        ),
    ],
    task_id: Annotated[str | None, typer.Option(help="The vendor has the chunk, as this task.", metavar="ID")] = None,
    resubmit: Annotated[bool, typer.Option("--resubmit", help="The vendor never received the chunk: submit it again.")] = False,
    abandon: Annotated[bool, typer.Option("--abandon", help="Give the chunk up: its phones become undetermined.")] = False,
    accept: Annotated[
        bool, typer.Option("--accept", help="Use the result as it is, though many of its labels have no meaning.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Decide what happens to a chunk whose answer was lost, or whose result does not settle it.

    Example: fbcheck reconcile 3f0c2a9b7d5e1846 --task-id cs9viu7i61pkfs4oavvg
    """
    from fbcheck_pipeline.cli.preparing import command_workspace
    from fbcheck_pipeline.vendor import VendorClient
    from fbcheck_pipeline.workflow.collection import reconcile as decisions

    if [task_id is not None, resubmit, abandon, accept].count(True) != 1:
        raise OperatorError("give exactly one of --task-id ID, --resubmit, --abandon, --accept")
    with command_workspace(quiet=quiet) as (reporter, ws):
        chunk_key = ws.ledger.chunk_key_of(chunk_key)
        if task_id is not None:
            with VendorClient(ws.settings) as client:
                decisions.attach_task(ws, client, chunk_key, task_id)
        elif resubmit:
            decisions.resubmit(ws, chunk_key)
        elif accept:
            decisions.accept(ws, chunk_key)
        else:
            decisions.abandon(ws, chunk_key)
        state = ws.ledger.chunk(chunk_key).state
        reporter.say(f"chunk {chunk_key} is now {state}; run its list again, or let the sensors continue")


@command()
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
        reporter.say(
            f"{rows:,} rows in {to}" + ("; numbers are replaced, other personal data are not" if is_pseudonymised else "")
        )
        reporter.result({"list_key": list_key, "file": str(to.resolve()), "rows": rows, "pseudonymised": is_pseudonymised})


@command()
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


@command()
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


@command()
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


@command()
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


@command()
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


@command()
def erase(
    numbers: Annotated[
        list[str] | None, typer.Argument(help="The phones to erase.", metavar="NUMBER...", show_default=False)
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


@command()
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
        reporter.say(
            f"{done} {count_of(len(purged.list_keys), 'list')} and {count_of(purged.chunks, 'chunk')} "
            f"with {count_of(purged.phones, 'phone')}, {count_of(purged.files, 'file')}"
        )
        for key in purged.list_keys:
            reporter.say(f"{done} {key}")
        if purged.moved:
            moved, one = count_of(len(purged.moved), "file"), len(purged.moved) == 1
            reporter.warn(
                f"{moved} of the lists came through the inbox and {'is' if one else 'are'} perhaps the only {'copy' if one else 'copies'}: "
                + (f"keep what you need of {', '.join(purged.moved)}" if dry_run else "deleted with the lists")
            )
        if purged.skipped:
            reporter.say(f"skipped, because the vendor has phones of these lists: {', '.join(purged.skipped)}")
        reporter.result({**asdict(purged), "dry_run": dry_run})


@command()
def backup(
    to: Annotated[
        str, typer.Argument(help="A folder, or an object store such as s3://bucket/prefix; one for each store.", metavar="TO")
    ],
    forget: Annotated[
        bool, typer.Option("--forget", help="Make no backup; tell the one there no more of opt-outs and erasures.")
    ] = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Copy ledger and data, as of one moment, in the place of the backup before; runs may go on meanwhile. Only what is new is copied.

    Opt-outs and erasures reach the backup when they are made. Dagster's own runs are left out.

    Example: fbcheck backup s3://backups/fbcheck
    """
    from fbcheck_pipeline.cli.backing_up import forget_backup, run_backup

    perform = forget_backup if forget else run_backup
    perform(to, {"as_json": as_json, "quiet": quiet})


@command()
def restore(
    from_: Annotated[str | None, typer.Argument(help="Where a backup lies.", metavar="FROM", show_default=False)] = None,
    resume: Annotated[
        str | None,
        typer.Option(
            help="After the restore: submissions from this UTC day on are unknown. A day after the restore: all are known.",
            metavar="DAY",
        ),
    ] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Bring a backup back into an empty DATA_URI and an empty ledger, then hold all buying until you say which submissions are unknown.

    With --resume, what may have been submitted in the unknown time is never bought by itself: chunks that were planned become
    unconfirmed, and a list that would buy anything is held until you confirm it. Exit code 3 where something waits for you.

    Example: fbcheck restore s3://backups/fbcheck
    """
    from fbcheck_pipeline.cli import backing_up
    from fbcheck_pipeline.cli.output import Reporter

    if (from_ is None) == (resume is None):
        raise OperatorError("give either FROM, to restore, or --resume DAY, to go on after it")
    if resume is not None:
        raise typer.Exit(backing_up.run_resume(resume, {"as_json": as_json, "quiet": quiet}))
    raise typer.Exit(backing_up.run_restore(str(from_), Reporter(as_json=as_json, quiet=quiet)))


@command()
def doctor(as_json: Json = False) -> None:
    """Check settings, storage, ledger, key, vendor and clock, and report how to fix each fault; say how much there is, and how fast it grows.

    Example: fbcheck doctor
    """
    from fbcheck_pipeline.cli.doctor import examine
    from fbcheck_pipeline.cli.output import Reporter

    raise typer.Exit(examine(Reporter(as_json=as_json)))


@command()
def metrics() -> None:
    """Print what an operator's alarms ask, as Prometheus reads it: work, money, room, vendor, Dagster. Asks the vendor twice, for nothing.

    Example: fbcheck metrics > fbcheck.prom
    """
    from fbcheck_pipeline.cli.metrics import metrics_page
    from fbcheck_pipeline.cli.preparing import command_workspace

    with command_workspace(quiet=True, only_to_look=True) as (_, ws):
        typer.echo(metrics_page(ws), nl=False)


@command()
def dev(port: Annotated[int, typer.Option(help="Port of Dagster's pages on 127.0.0.1.", metavar="PORT")] = 3000) -> None:
    """Serve Dagster's pages with the sandbox vendor and the sample lists in an inbox. Ctrl-C ends everything.

    Example: fbcheck dev --port 3000
    """
    from fbcheck_pipeline.cli.dev import run_dev
    from fbcheck_pipeline.cli.output import Reporter

    raise typer.Exit(run_dev(port, Reporter(as_json=False)))


@command()
def sandbox(
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 selects a free port.", metavar="PORT")] = 8750,
    delay: Annotated[float, typer.Option(help="Seconds from submission to export.", metavar="SECONDS", min=0)] = 5.0,
    faults: Annotated[str, typer.Option(help='Faults by name as JSON, e.g. {"submit_500": 0.2}.', metavar="JSON")] = "{}",
) -> None:
    """Start a local vendor for tests and trials. It supports both protocols.

    Example: fbcheck sandbox --port 8750 --delay 2
    """
    from fbcheck_pipeline.sandbox import serve

    try:
        chosen: dict[str, Any] = json.loads(faults)
        serve(port=port, delay_s=delay, faults=chosen, announce=lambda url: typer.echo(f"sandbox vendor at {url}", err=True))
    except ValueError as error:
        raise OperatorError(f"--faults cannot be used: {error}") from None
