"""A result for people: a spreadsheet or a file of their own, with the verdict first, on request without phone numbers.

Programs read the joined result itself. How each format is written is in `export_formats`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fbcheck_pipeline.errors import OperatorError
from fbcheck_pipeline.files.atomic import whole_file
from fbcheck_pipeline.files.storage import BatchStream
from fbcheck_pipeline.ledger import codec
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.model.columns import RESULT_COLUMNS, Column, result_name
from fbcheck_pipeline.model.statuses import CHECK_STATUSES
from fbcheck_pipeline.progress import reported
from fbcheck_pipeline.results.export_formats import WRITERS, write_csv
from fbcheck_pipeline.results.lineage_file import read_lineage
from fbcheck_pipeline.results.number_search import KnownNumbers
from fbcheck_pipeline.results.pseudonyms import Pseudonyms
from fbcheck_pipeline.results.source_text import source_as_text, with_source_text
from fbcheck_pipeline.results.wide_rows import one_row_per_source_row
from fbcheck_pipeline.workflow.workspace import Workspace

FIRST = [
    str(each)
    for each in (
        Column.FACEBOOK, Column.CHECK_STATUS, Column.CHECKED_AT, Column.PHONE_E164, Column.COUNTRY, Column.LINE_TYPE, Column.REJECT_REASON,
    )
]  # fmt: skip
"""What a person looks for; then the source's own columns, then the rest of ours."""


@dataclass(frozen=True)
class ExportOptions:
    """How a result is exported.

    Attributes:
        recipient: numbers are replaced by this one's pseudonyms; None keeps them.
        delimiter: of a CSV, one ASCII character.
        is_wide: one row per row of the source.
        may_replace: what stands at the place may be replaced.
    """

    recipient: str | None = None
    delimiter: str | None = None
    is_wide: bool = False
    may_replace: bool = False


def export_results(ws: Workspace, list_key: str, to: Path, options: ExportOptions = ExportOptions()) -> int:
    """Write a list's result for a person, whole or not at all; only its owner can read it.

    Args:
        to: a file that ends with .xlsx, .csv or .parquet.

    Returns:
        The number of rows written.

    Raises:
        OperatorError: the list is unknown or not joined, the name or folder of the file does not fit, or a file is there.
        StorageError: it cannot be written.
    """
    write = _writer(to, options)
    lineage = read_lineage(ws, list_key)
    name, about = paths.FACEBOOK_RESULTS.of(list_key), list(_about(lineage, options))
    stream = ws.storage.read_parquet(name)
    stream.batches = reported("exporting", stream.batches, lineage["counts"]["phones"])
    stream = _in_order(stream)
    if options.recipient is not None or to.suffix.lower() != ".parquet":
        stream = BatchStream(with_source_text(stream.schema), map(source_as_text, stream.batches))
    if options.recipient is not None:
        pseudonyms = _pseudonyms(ws, name, lineage, options.recipient)
        stream = pseudonyms.applied_to(stream)
        about = list(zip(*(pseudonyms.without_numbers(texts) for texts in zip(*about, strict=True)), strict=True))
    if options.is_wide:
        stream = one_row_per_source_row(stream, _most_phones(ws, name))
    with whole_file(to) as sink:
        return int(write(stream, sink, about))


def refuse_place(to: Path, suffixes: Collection[str], *, may_replace: bool) -> None:
    """Refuse a place where such a file cannot or may not be written.

    Raises:
        OperatorError: its suffix or folder does not fit, or a file is there and may not be replaced.
    """
    if to.suffix.lower() not in suffixes:
        raise OperatorError(f"{to.name} does not end with {' or '.join(suffixes)}; use such a suffix")
    if not to.parent.is_dir():
        raise OperatorError(f"{to.parent} is no folder; create it first")
    if to.is_dir():
        raise OperatorError(f"{to} is a folder; name a file in it")
    if to.exists() and not may_replace:
        raise OperatorError(f"{to} is there already; name another file, or replace it with --force")


def _writer(to: Path, options: ExportOptions) -> Any:
    refuse_place(to, WRITERS, may_replace=options.may_replace)
    write = WRITERS[to.suffix.lower()]
    if options.delimiter is None:
        return write
    delimiter = {"tab": "\t", "\\t": "\t"}.get(options.delimiter, options.delimiter)
    if write is not write_csv:
        raise OperatorError(f"--delimiter is for .csv; {to.name} has none")
    if len(delimiter) != 1 or not delimiter.isascii() or delimiter.isalnum() or delimiter in "\"'\r\n+-.":
        raise OperatorError("--delimiter is one character that separates columns, such as ; or tab")
    return partial(write, delimiter=delimiter)


def _in_order(stream: BatchStream) -> BatchStream:
    """The same rows with the verdict first."""
    names = stream.schema.names
    source = [name for name in names if name not in RESULT_COLUMNS]
    order = [*(name for name in FIRST if name in names), *source]
    order += [name for name in names if name not in order]
    schema = pa.schema([stream.schema.field(name) for name in order])
    return BatchStream(schema, (each.select(order) for each in stream.batches))


def _pseudonyms(ws: Workspace, name: str, lineage: Mapping[str, Any], recipient: str) -> Pseudonyms:
    batches = ws.storage.read_parquet(name, [Column.PHONE_E164]).batches
    phones = [codec.from_e164(pc.drop_null(each.column(0))) for each in batches]
    known = KnownNumbers(np.unique(np.concatenate([np.empty(0, np.int64), *phones])))
    columns = map(result_name, lineage["source"].get("phone_columns", ()))
    return Pseudonyms(ws.ledger.hash_key, recipient, columns, known, lineage["source"].get("region"))


def _most_phones(ws: Workspace, name: str) -> int:
    """The most phones that a source row has."""
    batches = ws.storage.read_parquet(name, [Column.PHONE_INDEX]).batches
    return 1 + max((pc.max(each.column(0)).as_py() or 0 for each in batches), default=0)


def _about(lineage: Mapping[str, Any], options: ExportOptions) -> Iterator[tuple[str, str]]:
    """What a reader of the file should know of the list, by name."""
    source, counts = lineage["source"], lineage["counts"]
    facts: Iterable[tuple[str, Any]] = (
        ("list", lineage["list_key"]),
        ("file", source["file"]),
        ("source", source.get("name")),
        ("purpose", lineage["purpose"]),
        ("joined at", lineage["created_at"]),
        ("complete", "yes" if lineage["complete"] else "no: some phones may still get a verdict"),
        ("invented data", "yes: at least one verdict comes from a sandbox" if lineage["synthetic"] else None),
        (
            "numbers",
            None
            if options.recipient is None
            else f"replaced by pseudonyms{f' for {options.recipient}' * bool(options.recipient)}",
        ),
        ("rows of the list", counts["rows"]),
        ("phones", counts["phones"]),
        *((f"phones {each}", counts[each] or None) for each in CHECK_STATUSES),
        *((f"facebook {name}", count) for name, count in lineage["verdicts"].items()),
        *((f"column {name}", column.meaning) for name, column in RESULT_COLUMNS.items()),
    )
    yield from ((name, str(value)) for name, value in facts if value is not None)
