"""`fbcheck run --dry-run`: shows what a run would send and what it would cost. Records nothing and contacts nobody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
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
from fbcheck_pipeline.ledger.codec import Phones
from fbcheck_pipeline.lists import ReadOptions, open_list
from fbcheck_pipeline.model import paths as places
from fbcheck_pipeline.model.columns import Column
from fbcheck_pipeline.model.reasons import RejectReason
from fbcheck_pipeline.model.statuses import CHECK_STATUSES
from fbcheck_pipeline.phones import Normaliser
from fbcheck_pipeline.progress import report_progress, reported
from fbcheck_pipeline.settings import Settings
from fbcheck_pipeline.workflow.allocation import Again
from fbcheck_pipeline.workflow.answers import Tally, resolve
from fbcheck_pipeline.workflow.foresight import rehearse_list
from fbcheck_pipeline.workflow.intake import known_list, register, with_defaults
from fbcheck_pipeline.workflow.plan import phones_of
from fbcheck_pipeline.workflow.workspace import Workspace, open_workspace, rehearsing


@dataclass(frozen=True)
class _Content:
    """What a list holds: its distinct phones, ascending, the number of rows of each, counts of rows, and how it was read."""

    region: str | None
    phones: Phones
    occurrences: npt.NDArray[np.int32]
    rejected: int
    rows: int
    reasons: dict[str, int]
    read_so: tuple[str, ...]


def dry_run(settings: Settings, paths: Sequence[Path], options: RunOptions, reporter: Reporter) -> tuple[int, dict[str, Any]]:
    """Show what a run would send and what it would cost. Records nothing; does not call the vendor."""
    ws = open_workspace(settings, only_to_look=True)
    outcome, contents = RunOutcome(), dict[Path, _Content]()
    try:
        for path in paths:
            try:
                with reporter.progress():
                    contents[path] = _content(ws, path, with_defaults(options.reading, settings))
            except FbcheckError as error:
                outcome.fail(str(path), error)
        with rehearsing(ws) as trial:
            documents, would_bill = _rehearse(trial, contents, options, outcome)
    finally:
        ws.ledger.close()
    document = {
        "lists": documents,
        "dry_run": True,
        "would_bill": would_bill,
        "billed_phones": 0,
        "cost_estimate": settings.cost_of(would_bill),
        "errors": {file: str(error) for file, error in outcome.errors.items()},
    }
    return outcome.exit_code, document


def _rehearse(
    ws: Workspace, contents: dict[Path, _Content], options: RunOptions, outcome: RunOutcome
) -> tuple[list[dict[str, Any]], int]:
    """What a run would do with all lists, in its order; the phones of a shared chunk count once in all, and in each list its own."""
    for path in contents:
        try:
            reading, purpose = with_defaults(options.reading, ws.settings), options.purpose or ws.settings.purpose
            outcome.keys[str(path)] = register(ws, path, reading, purpose, options.max_billable)
        except FbcheckError as error:
            outcome.fail(str(path), error)
    sent, documents = dict[str, int](), dict[str, dict[str, Any]]()
    for path, found in contents.items():
        key = outcome.keys.get(str(path))
        if key is None or key in documents:
            continue
        try:
            counts = _run_list(ws, key, found, sent, is_retry=options.retry)
        except FbcheckError as error:
            outcome.fail(str(path), error)
            continue
        documents[key] = {
            "list_key": None,
            "file": path.name,
            "results": None,
            "lineage": None,
            "complete": False,
            "counts": counts,
            "read_so": list(found.read_so),
            "reject_reasons": found.reasons,
            "hint": None
            if found.region
            else region_hint(found.reasons.get(RejectReason.NO_REGION, 0), counts, is_recorded=False),
        }
    for key, document in documents.items():
        own = ws.ledger.parts_of(key)
        document["would_bill"] = sum(own[chunk_key].phone_count for chunk_key in sent if chunk_key in own)
    return list(documents.values()), sum(sent.values())


def _run_list(ws: Workspace, key: str, found: _Content, sent: dict[str, int], *, is_retry: bool) -> dict[str, int]:
    """Rehearse one list; returns its counts, and adds the chunks it would submit to `sent`."""
    known = ws.ledger.phone_list(key)
    if known.is_complete and not is_retry:
        return {name: known.count(name) for name in ("rows", "phones", *CHECK_STATUSES)}
    rehearsed = rehearse_list(ws, key, found.phones, again=Again.PERSON if is_retry else Again.NOBODY)
    sent |= rehearsed.chunks
    tally = Tally(resolve(ws, key, rehearsed.pins))
    tally.add_repeated(found.occurrences, found.rejected)
    return tally.counts(found.rows)


def _content(ws: Workspace, path: Path, options: ReadOptions) -> _Content:
    """Read and normalise a list as a run would, or take what an earlier run has read."""
    reader = open_list(path, options)
    known, reasons = known_list(ws, path, reader.source.sha256), Counter[str]()
    if known is not None and known.source is not None:
        options = ReadOptions.from_json(known.options)
        frame = places.E164_PHONES.of(known.list_key)
        if ws.storage.exists(frame):
            stored = ws.storage.read_parquet(frame, [Column.PHONE_E164, Column.REJECT_REASON]).batches
            phones = phones_of(_counted(stored, reasons, known.count("phones") or None))
            return _Content(options.region, *phones, known.source_rows, dict(reasons.most_common()), ())
        reader = open_list(path, options)
    source, region = reader.source, options.region or ws.settings.region
    normaliser = Normaliser(region=region, region_column=source.region_column, extra_line_types=ws.settings.extra_line_types)

    def raw() -> Iterator[pa.RecordBatch]:
        for batch in reader.batches():
            yield batch
            report_progress("reading", reader.rows_read, reader.expected_rows)

    phones = phones_of(_counted(normaliser.normalise_all(normaliser.learn(raw())), reasons, None))
    return _Content(region, *phones, reader.counts["rows"], dict(reasons.most_common()), source.reasons)


def _counted(batches: Iterable[pa.RecordBatch], reasons: Counter[str], total: int | None) -> Iterator[pa.RecordBatch]:
    """The same batches, whose rows are reported and whose reject reasons are counted on the way."""
    for batch in reported("normalising", batches, total):
        for each in pc.value_counts(batch.column(Column.REJECT_REASON).drop_null()).to_pylist():
            reasons[each["values"]] += each["counts"]
        yield batch
