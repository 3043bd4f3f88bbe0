"""`fbcheck normalise`: reads a table as a run would and writes it with its phones in E.164. No vendor, no key, no ledger."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from fbcheck_pipeline.cli.output import Reporter, count_of
from fbcheck_pipeline.cli.tables import told_by_column, told_by_country, what_may_help
from fbcheck_pipeline.files.atomic import whole_file
from fbcheck_pipeline.lists import ReadOptions, open_list
from fbcheck_pipeline.model.columns import Column
from fbcheck_pipeline.model.reasons import by_reason
from fbcheck_pipeline.phones import Normaliser
from fbcheck_pipeline.progress import report_progress
from fbcheck_pipeline.results.export import refuse_place
from fbcheck_pipeline.results.number_kinds import NumberKinds
from fbcheck_pipeline.results.reading import line_of, sentences_of
from fbcheck_pipeline.results.rejects import Rejects
from fbcheck_pipeline.settings import Settings


def normalise_file(settings: Settings, file: Path, to: Path, options: ReadOptions, *, may_replace: bool) -> dict[str, Any]:
    """Write the source's own columns and, for each phone, what `e164_phones` says of it.

    Args:
        options: its region, else that of the settings.
        to: a .parquet file, readable by its owner only.

    Returns:
        What `--json` prints.

    Raises:
        ListError: the file cannot be read.
        OperatorError: the place does not fit, or a file is there.
        StorageError: it cannot be written.
    """
    refuse_place(to, (".parquet",), may_replace=may_replace)
    reader, rejects, kinds = open_list(file, options), Rejects(), NumberKinds()
    region = options.region or settings.region
    normaliser = Normaliser(region, reader.source.region_column, settings.extra_line_types)

    def raw() -> Iterator[pa.RecordBatch]:
        for batch in reader.batches():
            yield batch
            report_progress("reading", reader.rows_read, reader.expected_rows)

    phones = valid = 0
    schema = Normaliser.output_schema(reader.schema)
    with whole_file(to) as sink, pq.ParquetWriter(sink, schema, compression="zstd") as writer:
        for batch in kinds.counted(rejects.counted(normaliser.normalise_all(normaliser.learn(raw())))):
            writer.write_batch(batch.cast(schema))
            phones += batch.num_rows
            valid += pc.count(batch.column(Column.PHONE_E164)).as_py()
    told = rejects.to_json()
    return {
        "file": file.name,
        "to": str(to.resolve()),
        "rows": reader.counts["rows"],
        "phones": phones,
        "valid": valid,
        "read_as": line_of(asdict(reader.source), region),
        "read_so": sentences_of(asdict(reader.source), region),
        "reject_reasons": by_reason(told),
        "rejects": told,
        "countries": kinds.to_json(),
    }


def say_normalised(reporter: Reporter, document: dict[str, Any]) -> None:
    """Print what was read, and why some of its numbers are rejected."""
    reporter.answer(f"{document['file']}: {document['read_as']}")
    reporter.detail(f"{document['file']}: {' '.join(document['read_so'])}")
    for told in (
        *told_by_country(document["countries"]),
        *told_by_column(document["rejects"]),
        *what_may_help(document["rejects"]),
    ):
        reporter.answer(told)
    reporter.answer(
        f"{count_of(document['rows'], 'row')}, {document['valid']:,} valid of {count_of(document['phones'], 'phone')}"
    )
    reporter.answer(f"phones   {document['to']}")
    reporter.result(document)
