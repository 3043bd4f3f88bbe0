"""Opt-outs: phones that must never be submitted, read from a list like any other and kept as keyed hashes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fbcheck_pipeline.errors import ListError
from fbcheck_pipeline.ledger.opening import stamp
from fbcheck_pipeline.lists import ReadOptions, open_list
from fbcheck_pipeline.phones import Normaliser
from fbcheck_pipeline.workflow.content import ListContent, content_of
from fbcheck_pipeline.workflow.workspace import Workspace


@dataclass(frozen=True)
class Suppressed:
    """Distinct phones read, those of them that were new, and rows that hold no phone."""

    phones: int
    new: int
    rejected_rows: int


@dataclass(frozen=True)
class TakenBack:
    """Distinct phones read, opt-outs that are there no more, and rows that hold no phone."""

    phones: int
    taken_back: int
    rejected_rows: int


def suppress_file(ws: Workspace, path: Path, options: ReadOptions) -> Suppressed:
    """Add every phone of a file to the suppressions.

    Raises:
        ListError: the file cannot be read, or holds no phone at all.
    """
    content = _phones_of(ws, path, options)
    new = ws.ledger.suppress(content.phones)
    stamp(ws.storage, ws.ledger)
    return Suppressed(len(content.phones), new, content.rejected_rows)


def take_back_file(ws: Workspace, path: Path, options: ReadOptions) -> TakenBack:
    """Remove every phone of a file from the suppressions: it may be submitted again.

    Raises:
        ListError: the file cannot be read, or holds no phone at all.
    """
    content = _phones_of(ws, path, options)
    taken_back = ws.ledger.unsuppress(content.phones)
    stamp(ws.storage, ws.ledger)
    return TakenBack(len(content.phones), taken_back, content.rejected_rows)


def _phones_of(ws: Workspace, path: Path, options: ReadOptions) -> ListContent:
    """Opt-outs that were read wrongly must not pass for stored ones."""
    content = read_phones(ws, path, options)
    if not len(content.phones):
        raise ListError(f"{path.name}: no row holds a phone number; nothing is changed: check --region and --column")
    return content


def read_phones(ws: Workspace, path: Path, options: ReadOptions) -> ListContent:
    """The phones of a file that is no list to be checked.

    Raises:
        ListError: the file cannot be read.
    """
    reader = open_list(path, options)
    region_column = reader.source.region_column
    normaliser = Normaliser(region=options.region, region_column=region_column, extra_line_types=ws.settings.extra_line_types)
    batches = list(reader.batches())
    normaliser.learn(batches)
    return content_of(normaliser.normalise_all(batches))
