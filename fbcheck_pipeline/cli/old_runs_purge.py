"""`fbcheck purge --dagster`: the product's old runs leave Dagster's storage."""

from __future__ import annotations

from fbcheck_pipeline.cli import target
from fbcheck_pipeline.cli.output import Reporter, count_of
from fbcheck_pipeline.cli.running import open_instance
from fbcheck_pipeline.defs.old_runs import delete_run, old_runs
from fbcheck_pipeline.progress import report_progress
from fbcheck_pipeline.workflow.workspace import Workspace

DAY_S = 86_400.0


def purge_runs(ws: Workspace, reporter: Reporter, *, older_than_days: float, dry_run: bool) -> None:
    """Delete finished runs of the product's jobs with events and logs. Stopped half way, the next call goes on.

    Raises:
        SettingsError: there is no Dagster instance.
    """
    count, before = 0, ws.ledger.clock() - older_than_days * DAY_S
    with open_instance(ws.settings) as dagster, reporter.progress():
        for batch in old_runs(dagster, target.embedded(), ws, before):
            for run_id in batch:
                if not dry_run:
                    delete_run(dagster, run_id)
                count += 1
                report_progress("purging", count, None)
    reporter.answer(f"{'would delete' if dry_run else 'deleted'} {count_of(count, 'run')} from Dagster's storage")
    reporter.result({"runs": count, "dry_run": dry_run})
