"""The lineage of a list's result: where each of its numbers comes from, as JSON beside the Parquet file and in its footer.

It holds no phone number and no cell of the source, only masked shapes of rejected ones.
"""

from __future__ import annotations

import json
import platform
import subprocess
from collections.abc import Collection, Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyarrow as pa

from fbcheck_pipeline import __version__
from fbcheck_pipeline.ledger import ChunkState, codec
from fbcheck_pipeline.ledger.records import Chunk, PhoneList, Purchase
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.model.columns import RESULT_COLUMNS, Column
from fbcheck_pipeline.model.statuses import ANSWERED_STATUSES
from fbcheck_pipeline.model.timestamps import rfc3339
from fbcheck_pipeline.phones.reading_version import READ_BY
from fbcheck_pipeline.results.counting import (
    Breakdown,
    answers_by_chunk,
    billing,
    discrepancies,
    distinct_verdicts,
    summed_result_counts,
    verdict_times,
)
from fbcheck_pipeline.results.reading import sentences_of
from fbcheck_pipeline.workflow.answers import Resolved, Tally
from fbcheck_pipeline.workflow.buying.held import what_to_do
from fbcheck_pipeline.workflow.workspace import Workspace

FOOTER_KEY = "fbcheck.lineage"


def made_of(schema: pa.Schema, region_column: str | None) -> dict[str, list[str]]:
    """Every column of a result -> the columns it is made of, as `asset.column`; a source column is made of itself."""
    raw = f"{paths.RAW_PHONES.folder}.{{}}".format
    made = {name: [*RESULT_COLUMNS[name].made_of] if name in RESULT_COLUMNS else [raw(name)] for name in schema.names}
    if region_column:
        for name in (Column.PHONE_E164, Column.REJECT_REASON):
            made[name].append(raw(region_column))
    return made


def build_lineage(
    ws: Workspace,
    phone_list: PhoneList,
    schema: pa.Schema,
    resolved: Resolved,
    tally: Tally,
    breakdown: Breakdown,
    run_id: str,
    read_by: Mapping[str, str],
) -> dict[str, Any]:
    """Build the lineage of one list's result, after all its batches have passed.

    Args:
        phone_list: the list's entry in the ledger.
        tally, breakdown: the counts of those batches.
        read_by: the footer of `e164_phones`; the list may have been read by an older program than this.
    """
    region = phone_list.options.get("region") or ws.settings.region
    source: dict[str, Any] = {"name": phone_list.source, **(phone_list.reading or {})}
    source |= {"region": region, "reasons": sentences_of(source, region)}
    counts = tally.counts(phone_list.source_rows)
    purchases = ws.ledger.purchases_of(phone_list.list_key)
    bought = {each.chunk_key: each for each in purchases if each.task_id is not None}
    answers, times = answers_by_chunk(resolved), verdict_times(resolved)
    tasks = _tasks_of(ws, resolved, bought)
    own = [each for each in tasks if each.chunk_key in bought]
    return {
        "list_key": phone_list.list_key,
        "source": source,
        "counts": counts,
        "erased": phone_list.erased,
        "complete": tally.is_complete and phone_list.held is None,
        "held": what_to_do(phone_list),
        "confirmed_at": rfc3339(phone_list.confirmed_at),
        "verdicts": breakdown.verdicts(),
        "distinct": distinct_verdicts(resolved),
        "verdict_times": times and {name: rfc3339(at) for name, at in times.items()},
        "previous": _previous(ws, phone_list),
        "breakdown": breakdown.to_json(),
        "rejects": breakdown.rejects.to_json(),
        "billing": billing(ws, purchases, resolved, sum(counts[each] for each in ANSWERED_STATUSES)),
        "verdict_counts": summed_result_counts(own),
        "discrepancies": [{**each, "bought": each["chunk_key"] in bought} for each in discrepancies(tasks)],
        "tasks": [_task(each, bought.get(each.chunk_key), answers[each.chunk_key]) for each in tasks],
        "columns": made_of(schema, source.get("region_column")),
        "settings": ws.settings.without_secrets(),
        "versions": {**versions(), **{name: read_by[key] for name, key in READ_BY.items() if key in read_by}},
        "run_id": run_id,
        "purpose": phone_list.purpose,
        "synthetic": any(each.is_synthetic for each in tasks),
        "created_at": rfc3339(ws.ledger.clock()),
    }


def as_json(lineage: dict[str, Any]) -> str:
    """The document as JSON text, on one line: indented, it would take Python a tenth of a small list's join."""
    return json.dumps(lineage, ensure_ascii=False)


@cache
def versions() -> dict[str, str | None]:
    """The versions that determine the result; `git_commit` is null outside a checkout of the project."""
    return {
        "fbcheck_pipeline": __version__,
        "phonenumbers": version("phonenumbers"),
        "pyarrow": pa.__version__,
        "python": platform.python_version(),
        "git_commit": _git_commit(),
    }


def _previous(ws: Workspace, phone_list: PhoneList) -> dict[str, Any] | None:
    """What the last list of the same source said, as far as it was joined; None for the first of a source."""
    key = ws.ledger.previous_of_source(phone_list)
    if key is None or not ws.storage.exists(paths.LINEAGE.of(key)):
        return None
    then = json.loads(ws.storage.read_bytes(paths.LINEAGE.of(key)))
    return {name: then[name] for name in ("list_key", "created_at", "counts", "verdicts", "distinct")} | {
        "file": then["source"]["file"],
        "phone_columns": then["source"].get("phone_columns"),
    }


def _tasks_of(ws: Workspace, resolved: Resolved, bought: Collection[str]) -> list[Chunk]:
    """The tasks that carry phones of the list, and those that were bought for it and answer none of them any more, oldest first."""
    counts = codec.counts(resolved.task, len(resolved.tasks))
    carrying = [task for task, count in zip(resolved.tasks, counts.tolist(), strict=True) if count]
    others = ws.ledger.chunks_named(set(bought).difference(each.chunk_key for each in carrying))
    return sorted([*carrying, *others], key=lambda each: (each.planned_at, each.chunk_key))


def _task(chunk: Chunk, bought: Purchase | None, answers: int) -> dict[str, Any]:
    return {
        "task_id": chunk.task_id,
        "chunk_key": chunk.chunk_key,
        "phones": chunk.phone_count,
        "bought": bought.phone_count if bought else 0,
        "tries": bought.tries if bought else 0,
        "answers": answers,
        "state": chunk.state,
        "submitted_at": rfc3339(chunk.submitted_at),
        "exported_at": chunk.vendor_exported_at,
        "collected_at": rfc3339(chunk.settled_at) if chunk.state is ChunkState.COLLECTED else None,
        "total": chunk.total,
        "success": chunk.success,
        "failure": chunk.failure,
        "result_sha256": chunk.result_sha256 or None,
        "result_counts": chunk.result_counts,
    }


def _git_commit() -> str | None:
    here = Path(__file__).parents[2]
    if not (here / ".git").exists():
        return None
    try:
        found = subprocess.run(
            ["git", "-C", str(here), "rev-parse", "HEAD"], capture_output=True, text=True, timeout=5, check=False
        )
    except OSError:
        return None
    return found.stdout.strip() or None
