"""`fbcheck backup` and `fbcheck restore`: a copy of ledger and data of one moment, and back again."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Any

from fbcheck_pipeline.cli import target
from fbcheck_pipeline.cli.output import Reporter, count_of
from fbcheck_pipeline.cli.preparing import command_workspace, load_command_settings
from fbcheck_pipeline.errors import OperatorError
from fbcheck_pipeline.ledger.opening import stamp
from fbcheck_pipeline.ledger.restored import HELD
from fbcheck_pipeline.model.timestamps import rfc3339
from fbcheck_pipeline.results.joined_list import rejoin
from fbcheck_pipeline.workflow.backups.back_up import back_up
from fbcheck_pipeline.workflow.backups.restore import restore
from fbcheck_pipeline.workflow.backups.resume import resume
from fbcheck_pipeline.workflow.backups.target import BackupTarget


def run_backup(to: str, reporter_options: dict[str, bool]) -> None:
    """Make a backup and say what it is.

    Raises:
        FbcheckError: see `back_up`; LedgerError where there is no ledger.
    """
    with command_workspace(only_to_look=True, **reporter_options) as (reporter, ws):
        stamp(ws.storage, ws.ledger)  # without a ledger there is nothing to back up
        with reporter.progress():
            done = back_up(ws, to)
        made_at = rfc3339(done.made_at)
        reporter.answer(
            f"{done.target} has ledger and {count_of(done.files, 'file')} as of {made_at}; {count_of(done.copied, 'file')} copied now"
        )
        reporter.result({**asdict(done), "made_at": made_at})


def forget_backup(to: str, reporter_options: dict[str, bool]) -> None:
    """Tell a target no more of opt-outs and erasures; what lies there stays.

    Raises:
        OperatorError: no backup was made there.
    """
    with command_workspace(only_to_look=True, **reporter_options) as (reporter, ws):
        address = BackupTarget(to).address
        if not ws.ledger.forget_backup(address):
            known = ", ".join(ws.ledger.backup_targets()) or "none"
            raise OperatorError(f"no backup was made to {address}; backups: {known}")
        reporter.answer(f"{address} is told no more of opt-outs and erasures; delete what lies there")
        reporter.result({"target": address, "forgotten": True})


def run_restore(from_: str, reporter: Reporter) -> int:
    """Restore a backup and say what comes next; returns the exit code.

    Raises:
        FbcheckError: see `restore`.
    """
    settings = load_command_settings(reporter)
    with reporter.progress():
        done = restore(settings, from_, rejoin, instance=target.instance_name(), declared_sources=target.declared_sources())
    made_at = rfc3339(done.made_at)
    reporter.answer(f"restored ledger and {count_of(done.files, 'file')} as of {made_at}")
    if done.opt_outs_since:
        reporter.answer(f"{count_of(done.opt_outs_since, 'import')} of opt-outs or erasures after that hold, too")
    if done.erased:
        reporter.answer(f"{count_of(done.erased, 'phone')} that somebody had erased: erased again")
    for name in done.unread:
        reporter.warn(
            f"{settings.data_uri}/{name} was not read yet and holds an erased number: delete it, or take the person out of it"
        )
    reporter.warn(HELD)
    document: dict[str, Any] = {**asdict(done), "made_at": made_at, "buying_held": HELD}
    reporter.result({**document, "unread": [f"{settings.data_uri}/{name}" for name in done.unread]})
    return 3 if done.unread else 0


def run_resume(day: str, reporter_options: dict[str, bool]) -> int:
    """Let a restored store buy again; returns the exit code.

    Raises:
        OperatorError: that is no day, or nothing was restored.
    """
    try:
        since = datetime.combine(date.fromisoformat(day), datetime.min.time(), UTC)
    except ValueError:
        raise OperatorError("--resume takes a day, such as 2026-11-24") from None
    with command_workspace(**reporter_options) as (reporter, ws):
        unconfirmed = resume(ws, since.timestamp())
        is_known = ws.ledger.unknown_time().restored_at is None
        if is_known:
            reporter.answer("all submissions are known: buying goes on")
        else:
            reporter.answer(
                f"submissions are unknown from {day} until the restore: what may be among them is not bought by itself. Lists that would "
                "buy anything are held until you confirm each with `fbcheck run LIST --yes`"
            )
        for key in unconfirmed:
            reporter.warn(f"chunk {key} was planned and perhaps sent: look for it at the vendor, then `fbcheck reconcile {key}`")
        reporter.result({"unknown_from": None if is_known else day, "unconfirmed": unconfirmed})
    return 3 if unconfirmed else 0
