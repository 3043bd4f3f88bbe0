"""Volumes: files with the verdicts of many tasks, so that a query over all verdicts opens few files.

A task whose verdicts change no more lies in its own file or in one volume. A volume is written outside `verdicts/`, published by a
guarded update in the ledger, put in its place, and only then are the files that it replaces deleted. Whoever is killed in between
leaves the rest to `finish_files`.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Collection, Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from fbcheck_pipeline.errors import StorageError
from fbcheck_pipeline.files.storage import ROWS_PER_BATCH, BatchStream
from fbcheck_pipeline.ledger import codec
from fbcheck_pipeline.ledger.records import VerdictPlace, Volume
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.model.columns import Column
from fbcheck_pipeline.workflow.file_upkeep import finish_files
from fbcheck_pipeline.workflow.merge_policy import MergePolicy
from fbcheck_pipeline.workflow.sent_phones import loaded
from fbcheck_pipeline.workflow.verdict_files.lost_verdicts import make_anew
from fbcheck_pipeline.workflow.verdict_files.verdicts import SCHEMA, VerdictReader
from fbcheck_pipeline.workflow.workspace import Workspace

log = logging.getLogger(__name__)

MAX_FILES = 256
"""So many tasks have a file of their own before a volume is made of them."""
MERGING = MergePolicy(ratio=8, largest=1 << 23)
"""Of volumes, in rows."""


def bind_verdicts(ws: Workspace, *, max_files: int = MAX_FILES, policy: MergePolicy = MERGING) -> bool:
    """Make a volume of small verdict files where these are many, and one of several volumes; True when any was published."""
    finish_files(ws)
    generation, is_new = ws.ledger.generation(), False
    unbound = ws.ledger.unbound(policy.largest)
    if len(unbound) > max_files:
        is_new = _bind(ws, generation, unbound, [])
    volumes = ws.ledger.volumes()
    if chosen := volumes[policy.worth_merging([each.row_count for each in volumes])]:
        try:
            is_new |= _bind(ws, generation, ws.ledger.bound_in([each.key for each in chosen]), chosen)
        except StorageError as error:
            log.warning("volumes of verdicts are not merged: %s", error)
    return is_new


def remove_from_volumes(ws: Workspace) -> None:
    """Write anew each volume that holds verdicts of purged chunks, without them; marking these has raised the generation.

    Raises:
        StorageError: answers that are to stay cannot be read from it. Where the file is gone altogether, nothing is left to delete.
    """
    finish_files(ws)  # each is in its place then: none with these chunks is published any more
    while volumes := [each for each in ws.ledger.volumes_with_purged() if ws.storage.exists(paths.VOLUMES.of(each.key))]:
        for each in volumes:
            _write_anew(ws, each)


def remove_erased_from_volumes(ws: Workspace, keys: Collection[str]) -> None:
    """Write these volumes anew without the phones that were erased, which has raised the generation."""
    finish_files(ws)
    for each in [each for each in ws.ledger.volumes() if each.key in keys]:
        _write_anew(ws, each)


def without_erased(ws: Workspace, chunk_key: str, table: pa.Table) -> pa.Table:
    """A chunk's verdicts, those of the phones alone that it still has."""
    there = codec.to_e164(loaded(ws, chunk_key).there)
    return table.filter(pc.is_in(table[Column.PHONE_E164], there))


def _write_anew(ws: Workspace, volume: Volume) -> None:
    generation = ws.ledger.generation()
    _bind(ws, generation, ws.ledger.bound_in([volume.key]), [volume])


def _bind(ws: Workspace, generation: int, verdicts: Sequence[VerdictPlace], instead_of: Sequence[Volume]) -> bool:
    """Write one volume and publish it in the place of files or volumes; False when somebody else was first.

    Raises:
        StorageError: a volume lacks verdicts, and they cannot be made anew; it is not replaced.
    """
    key, bound = secrets.token_hex(8), list[VerdictPlace]()
    file = paths.NEW_VOLUMES.of(key)
    with ws.ledger.sender() as writer:
        ws.ledger.begin_file(file, writer)
        rows = ws.storage.write_parquet(file, BatchStream(SCHEMA, _batches(ws, verdicts, bound)))
        replaced = [paths.VERDICTS.of(each.task_id) for each in bound if each.volume is None]
        replaced += [kind.of(each.key) for each in instead_of for kind in (paths.VOLUMES, paths.NEW_VOLUMES)]
        is_new = ws.ledger.publish_volume(
            Volume(key, rows), bound, file=file, instead_of=instead_of, replaced=replaced, generation=generation
        )
    finish_files(ws)
    return is_new


def _batches(ws: Workspace, verdicts: Sequence[VerdictPlace], bound: list[VerdictPlace]) -> Iterator[pa.RecordBatch]:
    """The rows of tasks, sorted by task, which are added to `bound`; those without a readable file of their own are left out."""
    reader, some, count = VerdictReader(ws.storage), list[pa.Table](), 0
    erased = {each.chunk_key for each in ws.ledger.erased_chunks()}
    for each in sorted(verdicts, key=lambda each: each.task_id):
        try:
            table = reader.table(each.task_id, each.volume)
            some.append(without_erased(ws, each.chunk_key, table) if each.chunk_key in erased else table)
        except StorageError as error:
            places = [now.volume for now in ws.ledger.chunks_named([each.chunk_key])]
            if places != [each.volume]:  # another process was first
                continue
            if each.volume is not None:
                make_anew(ws, each.chunk_key)  # in a file of its own, or the volume stays
            log.warning("verdicts of chunk %s cannot be read: %s", each.chunk_key, error)
            continue
        bound.append(each)
        count += some[-1].num_rows
        if count >= ROWS_PER_BATCH:
            yield from pa.concat_tables(some).combine_chunks().to_batches()
            some, count = [], 0
    yield from pa.concat_tables([SCHEMA.empty_table(), *some]).combine_chunks().to_batches()
