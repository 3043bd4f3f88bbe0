"""How the command begins and ends: exit codes, one sentence for an error, a traceback only with `--debug`."""

from __future__ import annotations

import atexit
import gc
import os
import sys
import traceback
from contextlib import suppress
from io import TextIOWrapper
from typing import Any, NoReturn

import typer

from fbcheck_pipeline.cli.app import app
from fbcheck_pipeline.cli.interrupts import ignored_ones_raised
from fbcheck_pipeline.errors import FbcheckError, LedgerError

INTERRUPTED = 130
NOTHING_DONE: dict[str, dict[str, Any]] = {
    "run": {"lists": [], "billed_phones": 0, "cost_estimate": None},
    "demo": {"lists": [], "billed_phones": 0, "cost_estimate": None},
    "status": {"lists": [], "chunks": []},
}
"""What `--json` prints beside `error` if a command could not begin."""


def run_command() -> None:
    """Run the command of this process's arguments, and end the process."""
    # pyarrow reads it when it is loaded, here and in child processes. Arrow's own pools keep freed memory: a tenth more in all.
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    # So does numpy. Its linear algebra, which nothing here needs, has a thread for each further core, which spins before it sleeps.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    gc.set_threshold(50_000)  # the default, 700, is for a small heap; Dagster's and pandas' half a million objects stay
    atexit.register(gc.freeze)  # else Python looks through all of them once more before the process ends
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a name may have letters that the terminal's encoding lacks
    try:
        with ignored_ones_raised():
            code = app(standalone_mode=False, prog_name="fbcheck")
    except FbcheckError as error:
        _stop(str(error), error.exit_code)
    except typer.TyperException as error:
        said = error.format_message().rstrip(".")
        if not said:  # no argument: typer has already printed the help
            sys.exit(error.exit_code)
        _stop(f"{said}; see {_command_path(error)} --help", error.exit_code)
    except Exception as error:
        why = f" ({error.strerror})" if isinstance(error, OSError) and error.strerror else ""
        _stop(
            f"unexpected {type(error).__name__}{why}; run again with fbcheck --debug to see where it came from, and please report it",
            1,
        )
    if code == INTERRUPTED:
        _stop("interrupted; all progress is recorded: run the same command again to continue", INTERRUPTED)
    sys.exit(code)


def _stop(message: str, exit_code: int) -> NoReturn:
    if "--debug" in sys.argv and sys.exc_info()[0]:
        traceback.print_exc()
    from fbcheck_pipeline.cli.output import plain, print_json

    message = plain(message)
    sys.stderr.write(f"error: {message}\n")
    if "--json" in sys.argv:
        document = {"error": message, **NOTHING_DONE.get(_command(), {})}
        is_unknown = exit_code in (1, INTERRUPTED) or isinstance(sys.exc_info()[1], LedgerError)
        if is_unknown and "billed_phones" in document:
            document["billed_phones"] = None  # unknown: something may have been sent; `fbcheck status` shows it
        with suppress(OSError):  # the disk may be full
            print_json(document)
    sys.exit(exit_code)


def _command() -> str:
    given = iter(sys.argv[1:])
    for each in given:
        if each in ("--module", "--instance"):
            next(given, None)
        elif not each.startswith("-"):
            return each
    return ""


def _command_path(error: typer.TyperException) -> str:
    context = getattr(error, "ctx", None)
    return context.command_path if context else "fbcheck"
