"""`fbcheck run --dry-run`: shows what a run would send and what it would cost. Records nothing and contacts nobody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from fbcheck_pipeline.cli.output import Reporter
from fbcheck_pipeline.cli.run_options import RunOptions, RunOutcome
from fbcheck_pipeline.cli.tables import region_hint
from fbcheck_pipeline.errors import FbcheckError
from fbcheck_pipeline.ledger import codec
from fbcheck_pipeline.lists import ListReader, ReadOptions, open_list
from fbcheck_pipeline.model.columns import Column
from fbcheck_pipeline.model.reasons import RejectReason
from fbcheck_pipeline.model.statuses import CHECK_STATUSES, CheckStatus
from fbcheck_pipeline.phones import Normaliser
from fbcheck_pipeline.progress import report_progress
from fbcheck_pipeline.settings import Settings
from fbcheck_pipeline.workflow.intake import see_that_options_fit, with_defaults
from fbcheck_pipeline.workflow.plan import estimate_new_phones, phones_of
from fbcheck_pipeline.workflow.workspace import Workspace, open_workspace


def dry_run(settings: Settings, paths: Sequence[Path], options: RunOptions, reporter: Reporter) -> tuple[int, dict[str, Any]]:
    """Estimate what a run would send and what it would cost. Records nothing; does not call the vendor."""
    ws = open_workspace(settings, only_to_look=True)
    outcome, documents, elsewhere = RunOutcome(), [], np.empty(0, np.int64)
    try:
        for path in paths:
            try:
                with reporter.progress():
                    document, new = _estimate(ws, path, options, elsewhere)
            except FbcheckError as error:
                outcome.fail(str(path), error)
                continue
            documents.append(document)
            elsewhere = np.sort(np.concatenate([elsewhere, new]))
    finally:
        ws.ledger.close()
    would_bill = sum(each["would_bill"] for each in documents)
    document = {
        "lists": documents,
        "dry_run": True,
        "would_bill": would_bill,
        "billed_phones": 0,
        "cost_estimate": settings.cost_of(would_bill),
        "errors": {file: str(error) for file, error in outcome.errors.items()},
    }
    return outcome.exit_code, document


@dataclass(frozen=True)
class _Content:
    """What a list holds: its distinct phones, ascending, the number of rows of each, and counts of rows."""

    phones: codec.Phones
    occurrences: npt.NDArray[np.int32]
    rows: int
    reasons: dict[str, int]
    read_so: tuple[str, ...]

    @property
    def rejected(self) -> int:
        return sum(self.reasons.values())


def _content(reader: ListReader, options: ReadOptions, settings: Settings) -> _Content:
    normaliser = Normaliser(
        region=options.region, region_column=reader.source.region_column, extra_line_types=settings.extra_line_types
    )
    raw = []
    for batch in reader.batches():
        raw.append(batch)
        report_progress("reading", reader.rows_read, reader.expected_rows)
    normaliser.learn(raw)
    done, reasons = 0, Counter[str]()

    def normalised() -> Iterator[pa.RecordBatch]:
        nonlocal done
        for batch in normaliser.normalise_all(raw):
            for each in pc.value_counts(batch.column(Column.REJECT_REASON).drop_null()).to_pylist():
                reasons[each["values"]] += each["counts"]
            yield batch
            done += batch.num_rows
            report_progress("normalising", done, reader.counts["phones"])

    phones, occurrences, _ = phones_of(normalised())
    return _Content(phones, occurrences, reader.counts["rows"], dict(reasons.most_common()), reader.source.reasons)


def _estimate(ws: Workspace, path: Path, options: RunOptions, elsewhere: codec.Phones) -> tuple[dict[str, Any], codec.Phones]:
    """What a run of one list would do, and the phones that it would buy and earlier lists of this command would not."""
    reading = with_defaults(options.reading, ws.settings)
    reader = open_list(path, reading)
    see_that_options_fit(ws, path, reader.source.sha256, reading)
    found = _content(reader, reading, ws.settings)
    new = estimate_new_phones(ws, found.phones, elsewhere)
    limit = options.max_billable if options.max_billable is not None else ws.settings.max_billable
    over = limit is not None and len(new) > limit
    accepted, of_new = int(found.occurrences.sum()), int(found.occurrences[codec.positions(found.phones, new) >= 0].sum())
    suppressed = int(found.occurrences[ws.ledger.suppressed_among(found.phones)].sum())
    counts = dict.fromkeys(("rows", "phones", *CHECK_STATUSES), 0)
    counts |= {"rows": found.rows, "phones": accepted + found.rejected}
    counts |= {CheckStatus.REJECTED: found.rejected, CheckStatus.SUPPRESSED: suppressed}
    counts[CheckStatus.OVER_BUDGET if over else CheckStatus.WAITING] = of_new
    counts[CheckStatus.REUSED] = accepted - of_new - suppressed
    document = {
        "list_key": None,
        "file": path.name,
        "results": None,
        "lineage": None,
        "complete": False,
        "counts": counts,
        "would_bill": 0 if over else len(new),
        "read_so": list(found.read_so),
        "reject_reasons": found.reasons,
        "hint": None if reading.region else region_hint(found.reasons.get(RejectReason.NO_REGION, 0), counts, is_recorded=False),
    }
    return document, np.empty(0, np.int64) if over else new
