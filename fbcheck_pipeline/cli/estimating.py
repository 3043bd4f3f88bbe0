"""`fbcheck run --dry-run`: shows what a run would send and what it would cost. Records nothing and contacts nobody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from fbcheck_pipeline.cli.output import Reporter
from fbcheck_pipeline.cli.run_options import RunOptions, RunOutcome
from fbcheck_pipeline.cli.tables import region_hint
from fbcheck_pipeline.errors import FbcheckError
from fbcheck_pipeline.ledger.list_entries import is_read_anew
from fbcheck_pipeline.lists import ReadOptions, open_list
from fbcheck_pipeline.model import paths as places
from fbcheck_pipeline.model.columns import Column
from fbcheck_pipeline.model.reasons import RejectReason, by_reason
from fbcheck_pipeline.model.statuses import CHECK_STATUSES
from fbcheck_pipeline.phones import Normaliser
from fbcheck_pipeline.progress import report_progress, reported
from fbcheck_pipeline.results.number_kinds import KIND_COLUMNS, NumberKinds
from fbcheck_pipeline.results.reading import line_of, sentences_of
from fbcheck_pipeline.results.rejects import COLUMNS, Rejects
from fbcheck_pipeline.settings import Settings
from fbcheck_pipeline.workflow.answers import Tally, resolve
from fbcheck_pipeline.workflow.arrival.intake import as_its_source_says, file_named, known_list, known_snapshot, register
from fbcheck_pipeline.workflow.buying.allocation import Again
from fbcheck_pipeline.workflow.buying.foresight import rehearse_list
from fbcheck_pipeline.workflow.buying.held import what_to_do, why_it_never_fits
from fbcheck_pipeline.workflow.buying.plan import planning_order
from fbcheck_pipeline.workflow.content import ListContent, content_of
from fbcheck_pipeline.workflow.workspace import Workspace, open_workspace, rehearsing


@dataclass(frozen=True)
class _Reading:
    """What a list holds, why cells were rejected, and how it was read; nothing is said of that where an earlier run has read it."""

    region: str | None
    content: ListContent
    rows: int
    rejects: Rejects
    kinds: NumberKinds
    line: str | None
    sentences: list[str]


def dry_run(settings: Settings, paths: Sequence[Path], options: RunOptions, reporter: Reporter) -> tuple[int, dict[str, Any]]:
    """Show what a run would send and what it would cost. Records nothing; does not call the vendor."""
    ws = open_workspace(settings, only_to_look=True)
    outcome, readings = RunOutcome(), dict[Path, _Reading]()
    try:
        for path in paths:
            try:
                with reporter.progress(), file_named(ws, path) as file:
                    readings[path] = _read(ws, file, options.reading)
            except FbcheckError as error:
                outcome.fail(str(path), error)
        with rehearsing(ws) as trial:
            documents, would_bill = _rehearse(trial, readings, options, outcome)
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
    ws: Workspace, readings: dict[Path, _Reading], options: RunOptions, outcome: RunOutcome
) -> tuple[list[dict[str, Any]], int]:
    """What a run would do with all lists, in its order; the phones of a shared chunk count once in all, and in each list its own."""
    for path in readings:
        try:
            purpose = options.purpose or ws.settings.purpose
            with file_named(ws, path) as file:
                outcome.keys[str(path)] = register(ws, file, options.reading, purpose, options.max_billable, options.source)
        except FbcheckError as error:
            outcome.fail(str(path), error)
    sent, documents = dict[str, int](), dict[str, dict[str, Any]]()
    paths = {key: path for path in readings if (key := outcome.keys.get(str(path)))}
    names = Counter(path.name for path in readings)
    for key, is_once_more in planning_order(ws, paths):
        path, found = paths[key], readings[paths[key]]
        try:
            counts = _run_list(ws, key, found, sent, options, is_once_more=is_once_more)
        except FbcheckError as error:
            outcome.fail(str(path), error)
            continue
        phone_list = ws.ledger.phone_list(key)
        told, held = found.rejects.to_json(), what_to_do(phone_list, named=str(path))
        reasons = by_reason(told)
        without_region = 0 if found.region or held else reasons.get(RejectReason.NO_REGION, 0)
        documents[key] = {
            "list_key": None,
            "file": path.name if names[path.name] == 1 else str(path),
            "results": None,
            "lineage": None,
            "complete": False,
            "held": held,
            "counts": counts,
            "read_as": found.line,
            "read_so": found.sentences,
            "reject_reasons": reasons,
            "rejects": told,
            "countries": found.kinds.to_json(),
            "hint": region_hint(without_region, counts) or why_it_never_fits(ws, phone_list),
        }
    for key, document in documents.items():
        own = ws.ledger.parts_of(key)
        document["would_bill"] = sum(own[chunk_key].phone_count for chunk_key in sent if chunk_key in own)
    return list(documents.values()), sum(sent.values())


def _run_list(
    ws: Workspace, key: str, found: _Reading, sent: dict[str, int], options: RunOptions, *, is_once_more: bool
) -> dict[str, int]:
    """Rehearse one list; returns its counts, and adds the chunks it would submit to `sent`."""
    known = ws.ledger.phone_list(key)
    if known.is_complete and not options.retry:
        return {name: known.count(name) for name in ("rows", "phones", *CHECK_STATUSES)}
    again = Again.PERSON if options.retry and not is_once_more else Again.NOBODY
    rehearsed = rehearse_list(ws, key, found.content, again=again, is_confirmed=options.yes)
    sent |= rehearsed.chunks
    tally = Tally(resolve(ws, key, rehearsed.pins))
    tally.add_repeated(found.content.repeats, found.content.rejected_rows)
    return tally.counts(found.rows)


def _read(ws: Workspace, path: Path, options: ReadOptions) -> _Reading:
    """Read and normalise a list as a run would, or take what an earlier run has read."""
    snapshot = known_snapshot(ws, path)
    options = as_its_source_says(ws, snapshot, options)
    reader, rejects, kinds = open_list(path, options), Rejects(), NumberKinds()
    known = snapshot or known_list(ws, path, reader.source.sha256)
    if known is not None and not is_read_anew(known, options.to_json()):
        options = ReadOptions.from_json(known.options)
        frame = places.E164_PHONES.of(known.list_key)
        if ws.storage.exists(frame):
            stored = ws.storage.read_parquet(frame, [Column.PHONE_E164, *COLUMNS, *KIND_COLUMNS]).batches
            counted = kinds.counted(rejects.counted(stored))
            content = content_of(reported("normalising", counted, known.count("phones") or None))
            return _Reading(options.region, content, known.source_rows, rejects, kinds, None, [])
        reader = open_list(path, options)
    source, region = reader.source, options.region or ws.settings.region
    normaliser = Normaliser(region=region, region_column=source.region_column, extra_line_types=ws.settings.extra_line_types)

    def raw() -> Iterator[pa.RecordBatch]:
        for batch in reader.batches():
            yield batch
            report_progress("reading", reader.rows_read, reader.expected_rows)

    normalised = normaliser.normalise_all(normaliser.learn(raw()))
    content = content_of(reported("normalising", kinds.counted(rejects.counted(normalised)), None))
    if source.region_column is not None:
        content = replace(content, some_cells=tuple)  # its rows say their countries
    facts = asdict(source)
    return _Reading(region, content, reader.counts["rows"], rejects, kinds, line_of(facts, region), sentences_of(facts, region))
