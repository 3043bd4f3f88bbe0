"""The commands of whoever operates a store, with their options and help; and those with a vendor and data of their own."""

import errno
import json
from typing import Annotated, Any

import typer

from fbcheck_pipeline.cli import completing
from fbcheck_pipeline.cli.options import (
    Json,
    Quiet,
)
from fbcheck_pipeline.errors import OperatorError, PortTaken


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
    from fbcheck_pipeline.vendor.client import VendorClient
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
        reporter.answer(f"chunk {chunk_key} is now {state}; run its list again, or let the sensors continue")


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


def doctor(as_json: Json = False) -> None:
    """Check settings, storage, ledger, key, vendor and clock, and report how to fix each fault; say how much there is, and how fast it grows.

    Example: fbcheck doctor
    """
    from fbcheck_pipeline.cli.doctor import examine
    from fbcheck_pipeline.cli.output import Reporter

    raise typer.Exit(examine(Reporter(as_json=as_json)))


def metrics() -> None:
    """Print what an operator's alarms ask, as Prometheus reads it: work, money, room, vendor, Dagster. Asks the vendor twice, for nothing.

    Example: fbcheck metrics > fbcheck.prom
    """
    from fbcheck_pipeline.cli.metrics import metrics_page
    from fbcheck_pipeline.cli.preparing import command_workspace

    with command_workspace(quiet=True, only_to_look=True) as (_, ws):
        typer.echo(metrics_page(ws), nl=False)


def demo(as_json: Json = False, quiet: Quiet = False) -> None:
    """Run the whole pipeline on the sample lists against a sandbox vendor that the demo starts itself.

    Example: fbcheck demo
    """
    from fbcheck_pipeline.cli.demo import run_demo
    from fbcheck_pipeline.cli.output import Reporter

    raise typer.Exit(run_demo(Reporter(as_json=as_json, quiet=quiet)))


def dev(port: Annotated[int, typer.Option(help="Port of Dagster's pages on 127.0.0.1.", metavar="PORT")] = 3000) -> None:
    """Serve Dagster's pages with the sandbox vendor and the sample lists in an inbox. Ctrl-C ends everything.

    Example: fbcheck dev --port 3000
    """
    from fbcheck_pipeline.cli.dev import run_dev
    from fbcheck_pipeline.cli.output import Reporter

    raise typer.Exit(run_dev(port, Reporter(as_json=False)))


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
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise PortTaken(port) from None
