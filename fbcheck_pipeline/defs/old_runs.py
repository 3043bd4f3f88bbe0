"""Old runs of ours in Dagster's storage: Dagster keeps runs for ever, and has no setting for that."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Optional

import dagster as dg

from fbcheck_pipeline.defs.embedded import Embedded
from fbcheck_pipeline.defs.instance import INSTANCE_TAG, LEDGER_TAG
from fbcheck_pipeline.defs.requests import PARTITION_TAG
from fbcheck_pipeline.ledger import ChunkState
from fbcheck_pipeline.workflow.workspace import Workspace

FINISHED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
BATCH = 100


def old_runs(dagster: dg.DagsterInstance, ours: Embedded, ws: Workspace, before: float) -> Iterator[list[str]]:
    """The ids of finished runs of our jobs on this ledger, in batches, oldest first; each may be deleted before the next is asked for.

    Args:
        before: UTC seconds; all of them were created earlier.
    """
    whose = {INSTANCE_TAG: ours.instance.name or "", LEDGER_TAG: ws.ledger.uuid}
    old = dg.RunsFilter(statuses=FINISHED, tags=whose, created_before=datetime.fromtimestamp(before, UTC))

    def page_after(run_id: Optional[str]) -> Sequence[dg.RunRecord]:
        return dagster.get_run_records(old, limit=BATCH, cursor=run_id, ascending=True)

    is_needed = _needed(dagster, ours, ws)
    page = page_after(None)
    while page:
        following = page_after(page[-1].dagster_run.run_id)  # while that run is there
        yield [each.dagster_run.run_id for each in page if not is_needed(each.dagster_run)]
        page = following


def _needed(dagster: dg.DagsterInstance, ours: Embedded, ws: Workspace) -> Callable[[dg.DagsterRun], bool]:
    """Tells which runs must stay.

    Of open lists, and where results lie ready to be collected: attempts are counted, and the next has a run key of its own. And the one
    that materialized an asset last: what is downstream of it asks when that was.
    """
    open_lists = {each.list_key for each in ws.ledger.open_lists()}
    is_collecting = bool(ws.ledger.chunks(states=[ChunkState.EXPORTED]))
    keys = [
        each.key
        for each in ours.definitions.resolve_all_asset_specs()
        if each.tags.get(INSTANCE_TAG) == (ours.instance.name or "")
    ]
    newest = {event.run_id for key in keys if (event := dagster.get_latest_materialization_event(key))}

    def is_needed(run: dg.DagsterRun) -> bool:
        list_key = run.tags.get(PARTITION_TAG)
        is_attempt = list_key in open_lists or (list_key is None and is_collecting)
        return is_attempt or run.run_id in newest

    return is_needed


def delete_run(dagster: dg.DagsterInstance, run_id: str) -> None:
    """Delete a run with its events and what its steps printed."""
    dagster.compute_log_manager.delete_logs(prefix=[run_id])
    dagster.delete_run(run_id)
    path_of = getattr(dagster.event_log_storage, "path_for_shard", None)  # on SQLite a file a run, which Dagster only empties
    if path_of is not None:
        for suffix in ("", "-wal", "-shm", "-journal"):
            with suppress(FileNotFoundError):
                Path(path_of(run_id) + suffix).unlink()
