"""`fbcheck export`: a list's result as a spreadsheet."""

from __future__ import annotations

from pathlib import Path

from fbcheck_pipeline.cli.output import Reporter
from fbcheck_pipeline.results.export import export_results
from fbcheck_pipeline.settings import Settings
from fbcheck_pipeline.workflow.workspace import open_workspace


def export_list(settings: Settings, list_key: str, to: Path, *, pseudonymise: bool, reporter: Reporter) -> None:
    """Write the export and say where it is.

    Raises:
        OperatorError, StorageError: see `export_results`.
    """
    ws = open_workspace(settings, only_to_look=True)
    try:
        with reporter.progress():
            rows = export_results(ws, list_key, to, pseudonymise=pseudonymise)
    finally:
        ws.ledger.close()
    reporter.say(f"{rows:,} rows in {to}" + ("; numbers are replaced, other personal data are not" if pseudonymise else ""))
    reporter.result({"list_key": list_key, "file": str(to.resolve()), "rows": rows, "pseudonymised": pseudonymise})
