"""Asset checks: facts that an operator should see without opening a log. The severity is ERROR if a person must act."""

from collections.abc import Mapping
from datetime import UTC, datetime

import dagster as dg
import pyarrow.compute as pc

from fbcheck_pipeline.defs.instance import Instance, ListLook
from fbcheck_pipeline.ledger import TRAITS, ChunkState
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.model.columns import Column, repeated_texts
from fbcheck_pipeline.model.statuses import CHECK_STATUSES
from fbcheck_pipeline.model.task_ids import shown_task_id
from fbcheck_pipeline.results.counting import coverage_of
from fbcheck_pipeline.results.lineage_file import read_lineage
from fbcheck_pipeline.results.reading import how_read
from fbcheck_pipeline.results.source_change import unlike_previous
from fbcheck_pipeline.workflow.buying.held import what_to_do
from fbcheck_pipeline.workflow.workspace import Workspace

GOOD_COVERAGE = 0.9
MOST_SAID = 20
DAY_S = 86_400


def build_checks(instance: Instance) -> list[dg.AssetChecksDefinition]:
    """The checks of one list, one step for each asset."""
    return [instance.list_checks(file, looks) for file, looks in CHECKS.items()]


def e164_frame_is_valid(ws: Workspace, list_key: str) -> dg.AssetCheckResult:
    """Check the written file. Every batch was validated by its pandera model before it was written."""
    storage, name = ws.storage, paths.E164_PHONES.of(list_key)
    raw_rows, rows, torn = storage.row_count(paths.RAW_PHONES.of(list_key)), 0, 0
    columns, encoded = [str(Column.PHONE_E164), str(Column.REJECT_REASON)], repeated_texts(paths.E164_PHONES)
    for batch in storage.read_parquet(name, columns, dictionaries=encoded).batches:
        rows += batch.num_rows
        torn += pc.equal(batch.column(Column.PHONE_E164).is_null(), batch.column(Column.REJECT_REASON).is_null()).true_count
    metadata = {"raw_rows": raw_rows, "rows": rows, "rows_with_both_or_neither": torn}
    return dg.AssetCheckResult(passed=rows >= raw_rows and torn == 0, metadata=metadata)


def reading_is_plausible(ws: Workspace, list_key: str) -> dg.AssetCheckResult:
    """A list that was probably read wrongly waits, unbilled, until a person has it read otherwise or confirms it."""
    phone_list = ws.ledger.phone_list(list_key)
    to_do, read_so = what_to_do(phone_list), "\n".join(how_read(ws, phone_list))
    return dg.AssetCheckResult(
        passed=to_do is None, severity=dg.AssetCheckSeverity.ERROR, description=to_do, metadata={"read_so": read_so}
    )


def nothing_is_unconfirmed(ws: Workspace, list_key: str) -> dg.AssetCheckResult:
    """A submission whose answer was lost is never repeated automatically: a person must reconcile it."""
    of_list = ws.ledger.chunks_of(list_key)
    lost = [chunk for chunk in of_list if chunk.state is ChunkState.UNCONFIRMED]
    remedy = TRAITS[ChunkState.UNCONFIRMED].action or ""
    said = "; ".join(
        f"chunk {chunk.chunk_key} ({chunk.phone_count} phones): {remedy.format(chunk_key=chunk.chunk_key)}" for chunk in lost
    )
    return dg.AssetCheckResult(
        passed=not lost, severity=dg.AssetCheckSeverity.ERROR, description=said or None, metadata={"chunks": len(lost)}
    )


def counts_add_up(ws: Workspace, list_key: str) -> dg.AssetCheckResult:
    """Check that the join loses no row."""
    counts = _counts(ws, list_key)
    written = ws.storage.row_count(paths.FACEBOOK_RESULTS.of(list_key))
    expected = ws.storage.row_count(paths.E164_PHONES.of(list_key))
    total = sum(counts.get(status, 0) for status in CHECK_STATUSES)
    return dg.AssetCheckResult(
        passed=written == expected == total == counts.get("phones"),
        metadata={"e164_rows": expected, "result_rows": written, "sum_of_statuses": total},
    )


def coverage_is_good(ws: Workspace, list_key: str) -> dg.AssetCheckResult:
    """Few verdicts say more about the list, or the vendor, than about Facebook."""
    known = coverage_of(_counts(ws, list_key))
    coverage = 1.0 if known is None else known
    return dg.AssetCheckResult(
        passed=coverage >= GOOD_COVERAGE, severity=dg.AssetCheckSeverity.WARN, metadata={"coverage": coverage}
    )


def vendor_counts_agree(ws: Workspace, list_key: str) -> dg.AssetCheckResult:
    """The vendor's `success` may be wrong. The list's lineage then records the difference; nothing else uses the number."""
    told = read_lineage(ws, list_key)["discrepancies"]
    found = [each for each in told if each["bought"]]  # another list's task is that list's to warn of
    said = [
        f"task {shown_task_id(each['task_id'])}: the vendor reports {each['vendor']:,} as `{each['count']}`, we counted {each['ours']:,}"
        for each in found
    ]
    return dg.AssetCheckResult(
        passed=not found,
        severity=dg.AssetCheckSeverity.WARN,
        description="; ".join(said[:MOST_SAID]) or None,
        metadata={"discrepancies": len(found)},
    )


def source_is_as_before(ws: Workspace, list_key: str) -> dg.AssetCheckResult:
    """Half a delivery, or another file under the same name, replaces the source's latest list all the same; a person should look."""
    said = unlike_previous(read_lineage(ws, list_key))
    return dg.AssetCheckResult(passed=not said, severity=dg.AssetCheckSeverity.WARN, description="; ".join(said) or None)


def verdicts_are_fresh(ws: Workspace, list_key: str) -> dg.AssetCheckResult:
    """A join that is repeated months later still shows the old verdicts; only a new list buys fresh ones."""
    batches = ws.storage.read_parquet(paths.FACEBOOK_RESULTS.of(list_key), [Column.CHECKED_AT]).batches
    oldest = min((found for batch in batches if (found := pc.min(batch.column(Column.CHECKED_AT)).as_py())), default=None)
    if oldest is None:
        return dg.AssetCheckResult(passed=True, severity=dg.AssetCheckSeverity.WARN)
    age_days = (datetime.fromtimestamp(ws.ledger.clock(), UTC) - oldest).total_seconds() / DAY_S
    return dg.AssetCheckResult(
        passed=age_days <= ws.settings.verdict_days,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"oldest_verdict": dg.MetadataValue.timestamp(oldest), "oldest_verdict_days": round(age_days, 2)},
    )


def _counts(ws: Workspace, list_key: str) -> dict[str, int]:
    return dict(ws.ledger.phone_list(list_key).counts or {})


CHECKS: Mapping[paths.DataFile, Mapping[ListLook, str]] = {
    paths.E164_PHONES: {e164_frame_is_valid: "No phone is lost. Each phone has either an E.164 or a reason."},
    paths.SUBMITTED_CHUNKS: {
        reading_is_plausible: "The list is not held because nearly all of its cells are rejected.",
        nothing_is_unconfirmed: "No chunk of the list is unconfirmed.",
    },
    paths.FACEBOOK_RESULTS: {
        counts_add_up: "Each row has one status, and the counts add up to the rows of e164_phones.",
        coverage_is_good: f"At least {GOOD_COVERAGE:.0%} of the valid phones have a verdict.",
        vendor_counts_agree: "The vendor's own counts fit what was sent and what came back.",
        source_is_as_before: "The list has the phone columns of its source's last list, and half its rows or more.",
        verdicts_are_fresh: "No verdict of the list is older than FBCHECK_VERDICT_DAYS.",
    },
}
"""What is looked at of an asset's file, and the description."""
