"""The commands of `fbcheck`, their options and their help; what they do is in the modules beside this one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from fbcheck_pipeline.cli import completing

app = typer.Typer(
    name="fbcheck",
    help="Which numbers of a phone list have a Facebook account: raw lists in, a joined Parquet table and its lineage out.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)

READING = "How the list is read"


def _reading(help_: str, metavar: str) -> Any:
    return typer.Option(help=help_, metavar=metavar, rich_help_panel=READING)


Json = Annotated[bool, typer.Option("--json", help="Print exactly one JSON object on standard output.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but warnings and errors.")]
ListKey = Annotated[
    str, typer.Argument(help="The list; `fbcheck status` shows it.", metavar="LIST_KEY", autocompletion=completing.list_keys)
]


def _say_version(wanted: bool) -> None:
    if wanted:
        from fbcheck_pipeline import __version__

        typer.echo(__version__)
        raise typer.Exit()


@app.callback()
def _common(
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and stop.", is_eager=True, callback=_say_version)
    ] = False,
) -> None:
    pass


@app.command()
def demo(as_json: Json = False, quiet: Quiet = False) -> None:
    """The whole pipeline on the sample lists against a sandbox vendor that it starts itself.

    Example: fbcheck demo
    """
    from fbcheck_pipeline.cli.demo import run_demo
    from fbcheck_pipeline.cli.output import Reporter

    raise typer.Exit(run_demo(Reporter(as_json=as_json, quiet=quiet)))


@app.command()
def run(
    lists: Annotated[
        list[Path],
        typer.Argument(help="Files: .csv .tsv .txt .xlsx .parquet, also gzipped text.", metavar="LIST...", show_default=False),
    ],
    region: Annotated[
        str | None, _reading("ISO 3166 region of numbers without a country code, e.g. TR.", metavar="REGION")
    ] = None,
    column: Annotated[str | None, _reading("The phone column, when it is not found by itself.", metavar="NAME")] = None,
    region_column: Annotated[str | None, _reading("The column that holds each row's country.", metavar="NAME")] = None,
    encoding: Annotated[str | None, _reading("Text encoding, e.g. cp1254.", metavar="NAME")] = None,
    delimiter: Annotated[str | None, _reading("Column separator of a text file.", metavar="CHARACTER")] = None,
    sheet: Annotated[str | None, _reading("The sheet of a workbook.", metavar="NAME")] = None,
    no_header: Annotated[bool, typer.Option("--no-header", help="The first row is data.", rich_help_panel=READING)] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be sent and cost; call nobody.")] = False,
    max_billable: Annotated[
        int | None, typer.Option(help="Most phones that may be submitted per list.", metavar="PHONES", min=0)
    ] = None,
    no_wait: Annotated[bool, typer.Option("--no-wait", help="Submit, and do not wait for the vendor.")] = False,
    timeout: Annotated[
        float | None, typer.Option(help="Stop after so many seconds; run again to go on.", metavar="SECONDS", min=0)
    ] = None,
    retry: Annotated[bool, typer.Option("--retry", help="Send phones again that got no usable answer.")] = False,
    purpose: Annotated[
        str | None, typer.Option(help="Why the numbers are checked; recorded with the list.", metavar="TEXT")
    ] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Take lists through the Dagster assets to their joined results; run again, it resumes.

    Example: fbcheck run customers.csv --region TR
    """
    from fbcheck_pipeline.cli import tables
    from fbcheck_pipeline.cli.opening import gc_paused, load_command_settings
    from fbcheck_pipeline.cli.output import Reporter
    from fbcheck_pipeline.cli.run_options import RunOptions
    from fbcheck_pipeline.lists import ReadOptions

    reporter = Reporter(as_json=as_json, quiet=quiet)
    settings = load_command_settings(reporter, region=region)
    reading = ReadOptions(
        encoding=encoding,
        delimiter=delimiter,
        column=column,
        region_column=region_column,
        sheet=sheet,
        has_header=False if no_header else None,
        region=settings.region if region else None,
    )
    options = RunOptions(reading, not no_wait, timeout, max_billable, retry, purpose)
    if dry_run:
        from fbcheck_pipeline.cli.estimating import dry_run as perform
    else:
        with gc_paused():
            from fbcheck_pipeline.cli.running import run_lists as perform
    exit_code, document = perform(settings, lists, options, reporter)
    tables.say_outcome(reporter, document)
    reporter.result(document)
    raise typer.Exit(exit_code)


@app.command()
def status(as_json: Json = False) -> None:
    """Lists, chunks and tasks with their state and progress, oldest first.

    Example: fbcheck status --json
    """
    from fbcheck_pipeline.cli import tables
    from fbcheck_pipeline.cli.opening import load_command_settings
    from fbcheck_pipeline.cli.output import Reporter
    from fbcheck_pipeline.workflow.workspace import open_workspace

    reporter = Reporter(as_json=as_json)
    ws = open_workspace(load_command_settings(reporter), only_to_look=True)
    ws.ledger.recover_gone_senders()
    document = tables.status_document(ws)
    tables.say_status(reporter, document, ws.storage.data_uri)
    reporter.result(document)


@app.command()
def reconcile(
    chunk_key: Annotated[
        str,
        typer.Argument(
            help="The unconfirmed chunk (or, to abandon, an overdue one); `fbcheck status` shows it.",
            metavar="CHUNK_KEY",
            autocompletion=completing.chunk_keys,
        ),
    ],
    task_id: Annotated[str | None, typer.Option(help="The vendor accepted it as this task.", metavar="ID")] = None,
    resubmit: Annotated[bool, typer.Option("--resubmit", help="The vendor never got it: send it once more.")] = False,
    abandon: Annotated[bool, typer.Option("--abandon", help="Nobody knows: its phones are undetermined.")] = False,
    quiet: Quiet = False,
) -> None:
    """Decide about a chunk that was sent and whose answer was lost.

    Example: fbcheck reconcile 3f0c2a9b7d5e1846 --task-id cs9viu7i61pkfs4oavvg
    """
    from fbcheck_pipeline.cli.opening import load_command_settings
    from fbcheck_pipeline.cli.output import Reporter
    from fbcheck_pipeline.errors import OperatorError
    from fbcheck_pipeline.vendor import VendorClient
    from fbcheck_pipeline.workflow import reconcile as decisions
    from fbcheck_pipeline.workflow.workspace import open_workspace

    if [task_id is not None, resubmit, abandon].count(True) != 1:
        raise OperatorError("say exactly one of --task-id ID, --resubmit, --abandon")
    reporter = Reporter(as_json=False, quiet=quiet)
    settings = load_command_settings(reporter)
    ws = open_workspace(settings)
    if task_id is not None:
        with VendorClient(settings) as client:
            decisions.attach_task(ws, client, chunk_key, task_id)
    elif resubmit:
        decisions.resubmit(ws, chunk_key)
    else:
        decisions.abandon(ws, chunk_key)
    reporter.say(f"chunk {chunk_key} is {ws.ledger.chunk(chunk_key).state} now; run its list again, or leave it to the sensors")


@app.command()
def export(
    list_key: ListKey,
    to: Annotated[Path, typer.Option(help="The file to write: .xlsx or .csv; one that is there is replaced.", metavar="FILE")],
    pseudonymise: Annotated[
        bool,
        typer.Option("--pseudonymise", help="Keyed hashes in place of phone numbers, in every column; other personal data stay."),
    ] = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """A list's result as a spreadsheet, readable by you only.

    Cells that a spreadsheet would take for a formula (they begin with = + - @, a tab or a line break; so does every phone)
    are made harmless: in XLSX they are plain text, in CSV an apostrophe stands in front, also of long numbers and of those that
    begin with 0, which would be shortened. Programs read the Parquet file.
    XLSX goes on in a further sheet after 1,048,576 rows; CSV is UTF-8 with a byte-order mark.

    Example: fbcheck export customers-17904e64 --to customers.xlsx
    """
    from fbcheck_pipeline.cli.exporting import export_list
    from fbcheck_pipeline.cli.opening import load_command_settings
    from fbcheck_pipeline.cli.output import Reporter

    reporter = Reporter(as_json=as_json, quiet=quiet)
    export_list(load_command_settings(reporter), list_key, to, pseudonymise=pseudonymise, reporter=reporter)


@app.command()
def lineage(
    list_key: ListKey,
    row: Annotated[int | None, typer.Option(help="Explain this data row of it, counted from 1.", metavar="ROW", min=1)] = None,
    as_json: Json = False,
) -> None:
    """Where a list's result comes from, or everything about one row: cell, rules, chunk, task, result file, verdict.

    Example: fbcheck lineage customers-17904e64 --row 4
    """
    from fbcheck_pipeline.cli.explaining import say_lineage
    from fbcheck_pipeline.cli.opening import load_command_settings
    from fbcheck_pipeline.cli.output import Reporter

    reporter = Reporter(as_json=as_json)
    say_lineage(load_command_settings(reporter), list_key, row, reporter)


@app.command()
def suppress(
    file: Annotated[
        Path, typer.Argument(help="A list of phones that must never be submitted, of any kind that `run` reads.", metavar="FILE")
    ],
    region: Annotated[
        str | None, typer.Option(help="ISO 3166 region of numbers without a country code.", metavar="REGION")
    ] = None,
    column: Annotated[str | None, typer.Option(help="The phone column, when it is not found by itself.", metavar="NAME")] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Add opt-outs; they are kept as keyed hashes and looked at once more before each submission.

    Example: fbcheck suppress opt-outs.csv --region TR
    """
    from dataclasses import asdict

    from fbcheck_pipeline.cli.opening import load_command_settings
    from fbcheck_pipeline.cli.output import Reporter, count_of
    from fbcheck_pipeline.lists import ReadOptions
    from fbcheck_pipeline.workflow.suppress import suppress_file
    from fbcheck_pipeline.workflow.workspace import open_workspace

    reporter = Reporter(as_json=as_json, quiet=quiet)
    settings = load_command_settings(reporter, region=region)
    suppressed = suppress_file(open_workspace(settings), file, ReadOptions(column=column, region=settings.region))
    reporter.say(
        f"{count_of(suppressed.phones, 'phone')}, {suppressed.new:,} of them new; "
        f"{count_of(suppressed.rejected_rows, 'row')} without a phone"
    )
    reporter.result(asdict(suppressed))


@app.command()
def purge(
    older_than: Annotated[float | None, typer.Option(help="Days since a list was last joined.", metavar="DAYS", min=0)] = None,
    list_key: Annotated[
        str | None,
        typer.Option("--list", help="This list alone, however old; verdicts stay unless --older-than.", metavar="LIST_KEY"),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be deleted.")] = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Delete personal data past retention, everywhere it lies; lists with phones at the vendor are skipped, suppressions stay.

    Example: fbcheck purge --older-than 90 --dry-run
    """
    from dataclasses import asdict

    from fbcheck_pipeline.cli.opening import load_command_settings
    from fbcheck_pipeline.cli.output import Reporter, count_of
    from fbcheck_pipeline.cli.running import forget_partitions
    from fbcheck_pipeline.errors import OperatorError
    from fbcheck_pipeline.results.summary import refresh_summary
    from fbcheck_pipeline.workflow import purge as purging
    from fbcheck_pipeline.workflow.workspace import open_workspace

    reporter = Reporter(as_json=as_json, quiet=quiet)
    settings = load_command_settings(reporter)
    if older_than is None and list_key is None:
        raise OperatorError("say what to delete: --older-than DAYS, or --list LIST_KEY")
    ws = open_workspace(settings, only_to_look=True)
    purged = purging.purge(ws, older_than_days=older_than, list_key=list_key, dry_run=dry_run)
    if purged.list_keys and not dry_run:
        refresh_summary(ws)
        forget_partitions(settings, purged.list_keys)
    done = "would delete" if dry_run else "deleted"
    reporter.say(
        f"{done} {count_of(len(purged.list_keys), 'list')} and {count_of(purged.chunks, 'chunk')} "
        f"with {count_of(purged.phones, 'phone')}, {count_of(purged.files, 'file')}"
    )
    if purged.skipped:
        reporter.say(f"skipped, since phones of them are with the vendor: {', '.join(purged.skipped)}")
    reporter.result({**asdict(purged), "dry_run": dry_run})


@app.command()
def doctor(as_json: Json = False) -> None:
    """Check settings, storage, ledger, key, vendor and clock; say what to do about each fault.

    Example: fbcheck doctor
    """
    from fbcheck_pipeline.cli.doctor import examine
    from fbcheck_pipeline.cli.output import Reporter

    raise typer.Exit(examine(Reporter(as_json=as_json)))


@app.command()
def dev(port: Annotated[int, typer.Option(help="Port of Dagster's pages on 127.0.0.1.", metavar="PORT")] = 3000) -> None:
    """Dagster's pages with the sandbox vendor and the sample lists in an inbox; Ctrl-C ends everything.

    Example: fbcheck dev --port 3000
    """
    from fbcheck_pipeline.cli.dev import run_dev
    from fbcheck_pipeline.cli.output import Reporter

    raise typer.Exit(run_dev(port, Reporter(as_json=False)))


@app.command()
def sandbox(
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 takes a free one.", metavar="PORT")] = 8750,
    delay: Annotated[float, typer.Option(help="Seconds from submission to export.", metavar="SECONDS", min=0)] = 5.0,
    faults: Annotated[str, typer.Option(help='Faults by name as JSON, e.g. {"submit_500": 0.2}.', metavar="JSON")] = "{}",
) -> None:
    """The local vendor, for tests and trials; it speaks both protocols.

    Example: fbcheck sandbox --port 8750 --delay 2
    """
    import json

    from fbcheck_pipeline.errors import OperatorError
    from fbcheck_pipeline.sandbox import serve

    try:
        chosen: dict[str, Any] = json.loads(faults)
        serve(port=port, delay_s=delay, faults=chosen, announce=lambda url: typer.echo(f"sandbox vendor at {url}", err=True))
    except ValueError as error:
        raise OperatorError(f"--faults: {error}") from None
