"""Run requests from the ledger's state: the same state gives the same run key, so nothing is launched twice.

Dagster never launches a run key a second time, not even after a failed run. So the key contains the attempt, which rises
after each unsuccessful run. How many there are on one UTC day is limited, and each waits longer than the one before. A crashed run
counts unless Dagster has retried it; the tag `dagster/will_retry` alone is no proof that it did.

A ledger that was restored from a backup knows nothing of the runs since that backup: its runs are counted anew.

Dagster is asked in bulk, once for all works of a tick; the storage is asked only where a run failed, or a join is asked for the first time.
"""

import hashlib
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple, Optional, Union

import dagster as dg

from fbcheck_pipeline.defs.instance import LEDGER_TAG, Instance
from fbcheck_pipeline.defs.jobs import COLLECT, JOIN, SUBMIT, join_assets
from fbcheck_pipeline.ledger.access import batched
from fbcheck_pipeline.ledger.records import PhoneList
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.model.paths import DataFile
from fbcheck_pipeline.workflow.buying.allocation import Again
from fbcheck_pipeline.workflow.collection.due import DueWork
from fbcheck_pipeline.workflow.workspace import Workspace

WORK_TAG = "fbcheck/work"
LEDGER_FROM_TAG = "fbcheck/ledger_from"
"""When the ledger was made, or restored (UTC seconds); older runs have no such tag."""
RETRIED_AS_TAG = "dagster/auto_retry_run_id"
PARTITION_TAG, PARTITION_SET_TAG = "dagster/partition", "dagster/partition_set"
MOST_ATTEMPTS = 5
"""Of one piece of work: on one UTC day by the sensors, or in one `fbcheck run`."""
FIRST_PAUSE_S, LATER_PAUSE = 60.0, 4.0
"""Between two attempts by the sensors; each later pause is so many times as long."""
DAY_S = 86_400
MOST_REQUESTS = 200
"""Of a kind, in one tick of a sensor; the next tick finds what is left."""
PLANNING_ONLY = [paths.SUBMITTED_CHUNKS]
UNSUCCESSFUL = (dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED)
IN_HAND = "what else is due has its run already"


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


class Requests(NamedTuple):
    """What a tick asks for.

    Attributes:
        wanted: the runs to launch now.
        put_off: a sentence for each work that has failed and waits for its next attempt, one for those that have their run, and why nothing is
            bought after a restore.
    """

    wanted: list[dg.RunRequest]
    put_off: list[str]


def pause_s(failures: int, first_s: float) -> float:
    """Seconds to wait after so many failures in a row before the next attempt."""
    return first_s * LATER_PAUSE ** (failures - 1)


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


def due_requests(dagster: dg.DagsterInstance, instance: Instance, ws: Workspace, due: DueWork) -> Requests:
    """Request runs for what is due, up to `MOST_REQUESTS` of a kind; none that sends where the instance only collects."""
    state = ",".join(f"{chunk_key}:{fetches}" for chunk_key, fetches in due.collect)
    works = [Work(f"collect:{hashlib.sha256(state.encode()).hexdigest()[:16]}", COLLECT)] if state else []
    works += [Work(f"join:{key}:{revision}", JOIN, key) for key, revision in due.joins]
    wanted, put_off = requests_for(dagster, instance, ws, works)
    half_done = {
        each.partition_key for each in wanted if each.partition_key and not _has_what_a_join_reads(ws, each.partition_key)
    }
    whole = [each for each in wanted if each.partition_key not in half_done]
    if instance.only_collects:
        return Requests(whole, put_off)
    sends = [_sending(key, revision, missing_assets(ws, key)) for key, revision in due.joins if key in half_done]
    sends += [_sending(key, revision, PLANNING_ONLY) for key, revision in due.sends if key not in half_done]
    sending = requests_for(dagster, instance, ws, sends)
    return Requests([*whole, *sending.wanted], [*dict.fromkeys([*put_off, *sending.put_off])])


def requests_for(
    dagster: dg.DagsterInstance,
    instance: Instance,
    ws: Workspace,
    works: Sequence[Work],
    *,
    most: Optional[int] = MOST_REQUESTS,
) -> Requests:
    """Request runs for the first of these works that have none and do not wait after a failure; their lists become partitions.

    None that submits while nothing is bought after a restore.
    """
    held = ws.ledger.why_nothing_is_bought() if any(each.again is not None for each in works) else None
    works = [each for each in works if held is None or each.again is None]
    failures, in_hand = _runs_so_far(dagster, ws, (instance.labelled(each.name) for each in works))
    due, now = [each for each in works if instance.labelled(each.name) not in in_hand], time.time()
    failed_at = {each.name: failures[label] for each in due if (label := instance.labelled(each.name)) in failures}
    waits = {name: why for name, times in failed_at.items() if (why := _why_it_waits(times, now))}
    able = [each for each in due if each.name not in waits][:most]
    for keys in batched(each.list_key for each in able if each.list_key is not None):
        dagster.add_dynamic_partitions(
            instance.partition_set, keys
        )  # also those that somebody deleted: one missing would fail the whole tick
    wanted = [_request(instance, ws, each, len(failed_at.get(each.name, ()))) for each in able]
    put_off = [*([held] if held else []), *(f"{name} {why}" for name, why in waits.items()), *([IN_HAND] if in_hand else [])]
    return Requests(wanted, put_off)


def _sending(list_key: str, revision: int, assets: Sequence[DataFile]) -> Work:
    return Work(f"send:{list_key}:{revision}", SUBMIT, list_key, Again.NOBODY, tuple(assets))


def _has_what_a_join_reads(ws: Workspace, list_key: str) -> bool:
    """False for a list whose files somebody deleted."""
    return all(ws.storage.exists(each.of(list_key)) for each in (paths.E164_PHONES, paths.SUBMITTED_CHUNKS))


def _runs_so_far(dagster: dg.DagsterInstance, ws: Workspace, names: Iterable[str]) -> tuple[Mapping[str, list[float]], set[str]]:
    """When the unsuccessful runs of each work ended (UTC seconds), the oldest first, without those that Dagster has retried.

    And the works that have another run, which is under way or succeeded: Dagster would launch none for them, after looking for each.
    One that was only created, by a daemon that was killed then, it launches when it is asked for again.
    """
    failures, in_hand = defaultdict[str, list[float]](list), set[str]()
    ours = ws.ledger.uuid, _ledger_from(ws)
    for some in batched(names):
        for record in dagster.get_run_records(dg.RunsFilter(tags={WORK_TAG: some}), ascending=True):
            run = record.dagster_run
            if (run.tags.get(LEDGER_TAG), run.tags.get(LEDGER_FROM_TAG, ours[1])) != ours:
                continue
            if run.status not in (*UNSUCCESSFUL, dg.DagsterRunStatus.NOT_STARTED):
                in_hand.add(run.tags[WORK_TAG])
            elif run.status in UNSUCCESSFUL and RETRIED_AS_TAG not in run.tags:
                failures[run.tags[WORK_TAG]].append(record.end_time or record.create_timestamp.timestamp())
    return failures, in_hand


def _why_it_waits(failed_at: Sequence[float], now: float) -> Optional[str]:
    """Why a work that has failed is not tried now; None where it may be. A day begins it anew, so an outage of a night costs no list its turn."""
    today = [each for each in failed_at if each // DAY_S == now // DAY_S]
    if not today:
        return None
    times = f"has failed {len(today)} times today" if len(today) > 1 else "has failed"
    if len(today) >= MOST_ATTEMPTS:
        return f"{times} and is tried again tomorrow; its last run says why"
    again_at = max(today) + pause_s(len(today), FIRST_PAUSE_S)
    return None if now >= again_at else f"{times} and is tried again at {datetime.fromtimestamp(again_at, UTC):%H:%M:%S} UTC"


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
    job_name = instance.named(work.job)
    return dg.RunRequest(
        run_key=f"{label}:{attempt}:{ws.ledger.uuid}@{_ledger_from(ws)}",
        tags={
            WORK_TAG: label,
            LEDGER_TAG: ws.ledger.uuid,
            LEDGER_FROM_TAG: _ledger_from(ws),
            **_partition_tags(job_name, work.list_key),
        },
        job_name=job_name,
        partition_key=work.list_key,
        asset_selection=[instance.key(each) for each in assets] or None,
        run_config=config,
    )


def _ledger_from(ws: Workspace) -> str:
    return str(ws.ledger.created_at)


def _partition_tags(job_name: str, list_key: Optional[str]) -> dict[str, str]:
    """What Dagster would add itself, after asking its storage twice for each request; the partitions were just made, all at once."""
    return {PARTITION_TAG: list_key, PARTITION_SET_TAG: f"{job_name}_partition_set"} if list_key is not None else {}
