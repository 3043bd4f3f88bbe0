"""Run requests from the ledger's state: the same state gives the same run key, so nothing is launched twice.

Dagster never launches a run key a second time, not even after a failed run. So the key contains the attempt, which rises
after each unsuccessful run, up to a limit. A crashed run counts unless Dagster has retried it; the tag
`dagster/will_retry` alone is no proof that it did.

Dagster is asked in bulk, once for all works of a tick; the storage is asked only where a run failed, or pins may be missing.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Optional, Union

import dagster as dg

from fbcheck_pipeline.defs.instance import Instance
from fbcheck_pipeline.defs.jobs import COLLECT, JOIN, SUBMIT, join_assets
from fbcheck_pipeline.ledger.access import batched
from fbcheck_pipeline.ledger.records import PhoneList
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.model.paths import DataFile
from fbcheck_pipeline.workflow.buying.allocation import Again
from fbcheck_pipeline.workflow.collection.due import DueWork
from fbcheck_pipeline.workflow.workspace import Workspace

WORK_TAG = "fbcheck/work"
RETRIED_AS_TAG = "dagster/auto_retry_run_id"
MOST_ATTEMPTS = 5
MOST_REQUESTS = 200
"""Of a kind, in one tick of a sensor; the next tick finds what is left."""
PLANNING_ONLY = [paths.SUBMITTED_CHUNKS]


@dataclass(frozen=True)
class Work:
    """A run that the ledger's state asks for.

    Attributes:
        name: the same for the same state; plain, see `Instance.labelled`.
        job: the plain name of a job.
        list_key: whose run it is; None for a run of all lists.
        again: who asks for a list to be submitted; None where nothing is submitted.
        assets: what it materialises; none for all of the job.
    """

    name: str
    job: str
    list_key: Optional[str] = None
    again: Optional[Again] = None
    assets: tuple[Union[DataFile, str], ...] = ()


def missing_assets(ws: Workspace, list_key: str) -> list[DataFile]:
    """The assets that a run must materialise to submit a list: its missing frames and the submission itself.

    Frames of which the ledger knows no source are of an earlier reading, or of one that was killed.
    """
    is_read = ws.ledger.phone_list(list_key).reading is not None
    frames = [each for each in (paths.RAW_PHONES, paths.E164_PHONES) if not (is_read and ws.storage.exists(each.of(list_key)))]
    if paths.RAW_PHONES in frames:
        frames = [paths.RAW_PHONES, paths.E164_PHONES]
    return [*frames, paths.SUBMITTED_CHUNKS]


def submission(phone_list: PhoneList, name: str, again: Again = Again.NOBODY) -> Work:
    """The work that submits a list: what of it was never planned is read and normalised first."""
    frames = [paths.RAW_PHONES, paths.E164_PHONES] if phone_list.reading is None else [paths.E164_PHONES]
    before = [] if phone_list.planned_at is not None else frames
    return Work(name, SUBMIT, phone_list.list_key, again, (*before, *PLANNING_ONLY))


def first_submission(phone_list: PhoneList) -> Work:
    """The work that reads a list and submits it; once more where it was held and is to be read otherwise."""
    anew = f":anew{phone_list.revision}" if phone_list.revision else ""
    return submission(phone_list, f"submit:{phone_list.list_key}{anew}")


def due_requests(dagster: dg.DagsterInstance, instance: Instance, ws: Workspace, due: DueWork) -> list[dg.RunRequest]:
    """Request runs for what is due, up to `MOST_REQUESTS` of a kind; none that sends where the instance only collects."""
    state = ",".join(f"{chunk_key}:{fetches}" for chunk_key, fetches in due.collect)
    works = [Work(f"collect:{hashlib.sha256(state.encode()).hexdigest()[:16]}", COLLECT)] if state else []
    works += [Work(f"join:{key}:{revision}", JOIN, key) for key, revision in due.joins]
    wanted = requests_for(dagster, instance, ws, works)
    half_done = {
        each.partition_key for each in wanted if each.partition_key and not _has_what_a_join_reads(ws, each.partition_key)
    }
    if instance.only_collects:
        return [each for each in wanted if each.partition_key not in half_done]
    sends = [_sending(key, revision, missing_assets(ws, key)) for key, revision in due.joins if key in half_done]
    sends += [_sending(key, revision, PLANNING_ONLY) for key, revision in due.sends if key not in half_done]
    return [each for each in wanted if each.partition_key not in half_done] + requests_for(dagster, instance, ws, sends)


def requests_for(
    dagster: dg.DagsterInstance,
    instance: Instance,
    ws: Workspace,
    works: Sequence[Work],
    *,
    most: Optional[int] = MOST_REQUESTS,
) -> list[dg.RunRequest]:
    """Request runs for the first of these works that have not failed too often; their lists become partitions."""
    attempts = _failed_attempts(dagster, (instance.labelled(each.name) for each in works))
    able = [each for each in works if attempts[instance.labelled(each.name)] < MOST_ATTEMPTS][:most]
    for keys in batched(each.list_key for each in able if each.list_key is not None):
        dagster.add_dynamic_partitions(
            instance.partition_set, keys
        )  # also those that somebody deleted: one missing would fail the whole tick
    return [_request(instance, ws, each, attempts[instance.labelled(each.name)]) for each in able]


def _sending(list_key: str, revision: int, assets: Sequence[DataFile]) -> Work:
    return Work(f"send:{list_key}:{revision}", SUBMIT, list_key, Again.NOBODY, tuple(assets))


def _has_what_a_join_reads(ws: Workspace, list_key: str) -> bool:
    """False for a list whose run was killed after planning: it is due for a join, but its pins were never written."""
    return all(ws.storage.exists(each.of(list_key)) for each in (paths.E164_PHONES, paths.SUBMITTED_CHUNKS))


def _failed_attempts(dagster: dg.DagsterInstance, names: Iterable[str]) -> Counter[str]:
    """How many runs of each work were unsuccessful and were not retried by Dagster."""
    unsuccessful = [dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
    found: Counter[str] = Counter()
    for some in batched(names):
        runs = dagster.get_runs(dg.RunsFilter(tags={WORK_TAG: some}, statuses=unsuccessful))
        found.update(run.tags[WORK_TAG] for run in runs if RETRIED_AS_TAG not in run.tags)
    return found


def _request(instance: Instance, ws: Workspace, work: Work, attempt: int) -> dg.RunRequest:
    """The request of a work; after a failed run the storage says what is missing, whatever the ledger believes."""
    assets: list[Union[DataFile, str]] = [*work.assets]
    config, label = None, instance.labelled(work.name)
    if work.job == JOIN and work.list_key is not None and instance.sources:
        source = ws.ledger.phone_list(work.list_key).source  # the newest results of other sources stay as they are
        assets = join_assets(instance, {source} & instance.sources.keys())
    if work.list_key is not None and work.again is not None:
        assets = [*missing_assets(ws, work.list_key)] if attempt else assets
        config = {"ops": {instance.step(paths.SUBMITTED_CHUNKS): {"config": {"again": work.again.value}}}}
    return dg.RunRequest(
        run_key=f"{label}:{attempt}",
        tags={WORK_TAG: label},
        job_name=instance.named(work.job),
        partition_key=work.list_key,
        asset_selection=[instance.key(each) for each in assets] or None,
        run_config=config,
    )
