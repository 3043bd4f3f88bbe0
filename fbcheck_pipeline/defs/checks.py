"""Asset checks: facts that an operator should see without opening a log. The severity is ERROR if a person must act."""

import dagster as dg
import pyarrow.compute as pc

from fbcheck_pipeline.defs.assets import e164_phones, facebook_results, submitted_chunks
from fbcheck_pipeline.defs.partitions import list_check
from fbcheck_pipeline.defs.resources import FbcheckResource
from fbcheck_pipeline.ledger import TRAITS, ChunkState
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.model.columns import Column
from fbcheck_pipeline.model.statuses import CHECK_STATUSES
from fbcheck_pipeline.model.task_ids import shown_task_id
from fbcheck_pipeline.results.counting import coverage_of
from fbcheck_pipeline.results.lineage import read_lineage
from fbcheck_pipeline.results.reading import how_read
from fbcheck_pipeline.workflow.doubt import what_to_do

GOOD_COVERAGE = 0.9
MOST_SAID = 20


@list_check(e164_phones, "No phone is lost. Each phone has either an E.164 or a reason.")
def e164_frame_is_valid(context: dg.AssetCheckExecutionContext, fbcheck: FbcheckResource) -> dg.AssetCheckResult:
    """Check the written file. Every batch was validated by its pandera model before it was written."""
    storage, name = fbcheck.workspace().storage, paths.E164_PHONES.of(context.partition_key)
    raw_rows, rows, torn = storage.row_count(paths.RAW_PHONES.of(context.partition_key)), 0, 0
    for batch in storage.read_parquet(name, [Column.PHONE_E164, Column.REJECT_REASON]).batches:
        rows += batch.num_rows
        torn += pc.equal(batch.column(Column.PHONE_E164).is_null(), batch.column(Column.REJECT_REASON).is_null()).true_count
    metadata = {"raw_rows": raw_rows, "rows": rows, "rows_with_both_or_neither": torn}
    return dg.AssetCheckResult(passed=rows >= raw_rows and torn == 0, metadata=metadata)


@list_check(submitted_chunks, "The list is not held because nearly all of its cells are rejected.")
def reading_is_plausible(context: dg.AssetCheckExecutionContext, fbcheck: FbcheckResource) -> dg.AssetCheckResult:
    """A list that was probably read wrongly waits, unbilled, until a person has it read otherwise or confirms it."""
    ws = fbcheck.workspace()
    phone_list = ws.ledger.phone_list(context.partition_key)
    to_do, read_so = what_to_do(phone_list), "\n".join(how_read(ws, phone_list))
    return dg.AssetCheckResult(
        passed=to_do is None, severity=dg.AssetCheckSeverity.ERROR, description=to_do, metadata={"read_so": read_so}
    )


@list_check(submitted_chunks, "No chunk of the list is unconfirmed.")
def nothing_is_unconfirmed(context: dg.AssetCheckExecutionContext, fbcheck: FbcheckResource) -> dg.AssetCheckResult:
    """A submission whose answer was lost is never repeated automatically: a person must reconcile it."""
    of_list = fbcheck.workspace().ledger.chunks_of(context.partition_key)
    lost = [chunk for chunk in of_list if chunk.state is ChunkState.UNCONFIRMED]
    remedy = TRAITS[ChunkState.UNCONFIRMED].action or ""
    said = "; ".join(
        f"chunk {chunk.chunk_key} ({chunk.phone_count} phones): {remedy.format(chunk_key=chunk.chunk_key)}" for chunk in lost
    )
    return dg.AssetCheckResult(
        passed=not lost, severity=dg.AssetCheckSeverity.ERROR, description=said or None, metadata={"chunks": len(lost)}
    )


@list_check(facebook_results, "Each row has one status, and the counts add up to the rows of e164_phones.")
def counts_add_up(context: dg.AssetCheckExecutionContext, fbcheck: FbcheckResource) -> dg.AssetCheckResult:
    """Check that the join loses no row."""
    counts, key = _counts(context, fbcheck), context.partition_key
    storage = fbcheck.workspace().storage
    written, expected = storage.row_count(paths.FACEBOOK_RESULTS.of(key)), storage.row_count(paths.E164_PHONES.of(key))
    total = sum(counts.get(status, 0) for status in CHECK_STATUSES)
    return dg.AssetCheckResult(
        passed=written == expected == total == counts.get("phones"),
        metadata={"e164_rows": expected, "result_rows": written, "sum_of_statuses": total},
    )


@list_check(facebook_results, f"At least {GOOD_COVERAGE:.0%} of the valid phones have a verdict.")
def coverage_is_good(context: dg.AssetCheckExecutionContext, fbcheck: FbcheckResource) -> dg.AssetCheckResult:
    """Few verdicts say more about the list, or the vendor, than about Facebook."""
    known = coverage_of(_counts(context, fbcheck))
    coverage = 1.0 if known is None else known
    return dg.AssetCheckResult(
        passed=coverage >= GOOD_COVERAGE, severity=dg.AssetCheckSeverity.WARN, metadata={"coverage": coverage}
    )


@list_check(facebook_results, "The vendor's own counts fit what was sent and what came back.")
def vendor_counts_agree(context: dg.AssetCheckExecutionContext, fbcheck: FbcheckResource) -> dg.AssetCheckResult:
    """The vendor's `success` may be wrong. The list's lineage then records the difference; nothing else uses the number."""
    told = read_lineage(fbcheck.workspace(), context.partition_key)["discrepancies"]
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


def _counts(context: dg.AssetCheckExecutionContext, fbcheck: FbcheckResource) -> dict[str, int]:
    return dict(fbcheck.workspace().ledger.phone_list(context.partition_key).counts or {})


CHECKS = [e164_frame_is_valid, reading_is_plausible, nothing_is_unconfirmed, counts_add_up, coverage_is_good, vendor_counts_agree]
