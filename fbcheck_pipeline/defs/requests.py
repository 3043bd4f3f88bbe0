"""Run requests from the ledger's state: the same state gives the same run key, so nothing is launched twice.

Dagster never launches a run key a second time, not even after a failed run. So the key contains the attempt, which rises
after each unsuccessful run, up to a limit. A crashed run counts unless Dagster has retried it; the tag
`dagster/will_retry` alone is no proof that it did.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Optional

import dagster as dg

from fbcheck_pipeline.defs.jobs import collect_verdicts, join_list, submit_list
from fbcheck_pipeline.ledger.records import PhoneList
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.workflow.allocation import Again
from fbcheck_pipeline.workflow.due import DueWork
from fbcheck_pipeline.workflow.workspace import Workspace

WORK_TAG = "fbcheck/work"
RETRIED_AS_TAG = "dagster/auto_retry_run_id"
MOST_ATTEMPTS = 5


def missing_assets(ws: Workspace, list_key: str) -> list[dg.AssetKey]:
    """The assets that a run must materialise to submit a list: its missing frames and the submission itself.

    Frames of which the ledger knows no source are of an earlier reading, or of one that was killed.
    """
    is_read = ws.ledger.phone_list(list_key).source is not None
    frames = [each for each in (paths.RAW_PHONES, paths.E164_PHONES) if not (is_read and ws.storage.exists(each.of(list_key)))]
    if paths.RAW_PHONES in frames:
        frames = [paths.RAW_PHONES, paths.E164_PHONES]
    return [dg.AssetKey(each.folder) for each in (*frames, paths.SUBMITTED_CHUNKS)]


def submit_request(
    instance: dg.DagsterInstance, ws: Workspace, phone_list: PhoneList, *, work: str, again: Again = Again.NOBODY
) -> Optional[dg.RunRequest]:
    """Request a run that reads, plans and sends a list; None if this work has failed too often."""
    config = {"ops": {paths.SUBMITTED_CHUNKS.folder: {"config": {"again": again.value}}}}
    return _request(instance, work, submit_list.name, phone_list.list_key, missing_assets(ws, phone_list.list_key), config)


def due_requests(instance: dg.DagsterInstance, ws: Workspace, due: DueWork) -> list[dg.RunRequest]:
    """Request runs for everything that is due."""
    requests = []
    if due.collect:
        state = ",".join(f"{chunk_key}:{fetches}" for chunk_key, fetches in due.collect)
        work = f"collect:{hashlib.sha256(state.encode()).hexdigest()[:16]}"
        requests.append(_request(instance, work, collect_verdicts.name))
    half_done = [each for each in due.joins if not _has_what_a_join_reads(ws, each[0])]
    for list_key, revision in due.joins:
        if (list_key, revision) not in half_done:
            requests.append(_request(instance, f"join:{list_key}:{revision}", join_list.name, list_key))
    for list_key, revision in dict.fromkeys([*half_done, *due.sends]):
        phone_list = ws.ledger.find_list(list_key)
        if phone_list is not None:
            requests.append(submit_request(instance, ws, phone_list, work=f"send:{list_key}:{revision}"))
    return [request for request in requests if request is not None]


def _has_what_a_join_reads(ws: Workspace, list_key: str) -> bool:
    """False for a list whose run was killed after planning: it is due for a join, but its pins were never written."""
    return all(ws.storage.exists(each.of(list_key)) for each in (paths.E164_PHONES, paths.SUBMITTED_CHUNKS))


def _request(
    instance: dg.DagsterInstance,
    work: str,
    job_name: str,
    list_key: Optional[str] = None,
    assets: Optional[Sequence[dg.AssetKey]] = None,
    config: Optional[Mapping[str, Any]] = None,
) -> Optional[dg.RunRequest]:
    unsuccessful = [dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
    runs = instance.get_runs(dg.RunsFilter(tags={WORK_TAG: work}, statuses=unsuccessful))
    attempt = sum(RETRIED_AS_TAG not in run.tags for run in runs)
    if attempt >= MOST_ATTEMPTS:
        return None
    return dg.RunRequest(
        run_key=f"{work}:{attempt}",
        tags={WORK_TAG: work},
        job_name=job_name,
        partition_key=list_key,
        asset_selection=assets,
        run_config=config,
    )
