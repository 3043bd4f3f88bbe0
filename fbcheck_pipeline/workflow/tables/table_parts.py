"""The files of a table that is made of all kept verdicts: what each tells of, which are believed, and how one appears.

The part `all` tells of the verdicts of every task up to a change number of the ledger; each later part tells of the tasks that changed
after the one before it. A part's footer says so. A part that is missing, cut, of another ledger or schema, or from before something was
deleted, ends the chain: what stands behind it is told anew.

A part appears while nobody else writes to the ledger, and only where nothing was deleted since its verdicts were read and nobody has
published another one meanwhile: who is late, begins again. What it replaces is deleted then; whoever is killed before leaves that to
the next, who finds parts that tell what another one tells, too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace

import pyarrow as pa

from fbcheck_pipeline.errors import StorageError
from fbcheck_pipeline.files.storage import ROWS_PER_BATCH, BatchStream, StoredFile
from fbcheck_pipeline.model.columns import schema_of
from fbcheck_pipeline.model.paths import DataFile
from fbcheck_pipeline.workflow.workspace import Workspace

FOOTER_KEY = "fbcheck_table"
WHOLE = "all"


class Overtaken(Exception):
    """Somebody published or deleted something meanwhile: begin again."""


@dataclass(frozen=True)
class Origin:
    """What a part tells of.

    Attributes:
        generation: what was deleted after it may be in the part.
        after, change: the verdicts of the tasks are in it that changed last after one number and up to another.
        verdicts: how many these are.
        rows: of the part; 0 until it is written.
        open: keys of those tasks that may answer more, and the hash of the result that is in the part.
        lost: tasks whose verdicts could not be read.
    """

    ledger: str
    generation: int
    after: int
    change: int
    verdicts: int
    open: Mapping[str, str]
    lost: int = 0
    rows: int = 0

    @property
    def part(self) -> str:
        """The part's name."""
        return f"{self.after:012}-{self.change:012}" if self.after else WHOLE


@dataclass(frozen=True)
class Chain:
    """The parts of a table that are believed, in order, and all files of its folder as they were seen before."""

    table: DataFile
    parts: tuple[Origin, ...]
    seen: tuple[StoredFile, ...]

    @property
    def change(self) -> int:
        """Verdicts of tasks that changed last up to this number are told."""
        return self.parts[-1].change if self.parts else 0

    @property
    def verdicts(self) -> int:
        """How many verdicts are told."""
        return sum(each.verdicts for each in self.parts)

    @property
    def is_whole(self) -> bool:
        """True where one file tells all that is told, of which nothing was lost, and no other lies beside it."""
        return len(self.parts) == len(self.seen) == 1 and not self.parts[0].lost

    def told_before(self) -> dict[str, str]:
        """As `Origin.open`, of all parts."""
        return {key: told for each in self.parts for key, told in each.open.items()}


def chain_of(ws: Workspace, table: DataFile, generation: int) -> Chain:
    """What is told by now."""
    seen = tuple(ws.storage.files(table.folder))
    origins = [each for file in seen if (each := _origin(ws, table, file.name, generation)) is not None]
    parts, change = list[Origin](), 0
    for each in sorted(origins, key=lambda each: (each.after, -each.change)):
        if each.after == change:
            parts.append(each)
            change = each.change
    return Chain(table, tuple(parts), seen)


def publish(ws: Workspace, chain: Chain, origin: Origin, batches: Iterator[pa.RecordBatch]) -> int:
    """Write a part in the place of all parts whose range it covers; returns its rows.

    Args:
        batches: of any size.

    Raises:
        Overtaken: begin again.
        StorageError: it cannot be written.
    """
    table, name, rows = chain.table, chain.table.of(origin.part), 0

    def counted() -> Iterator[pa.RecordBatch]:
        nonlocal rows
        for batch in batches:
            rows += batch.num_rows
            yield from (batch.slice(start, ROWS_PER_BATCH) for start in range(0, batch.num_rows, ROWS_PER_BATCH))

    with ExitStack() as publishing:

        def footer() -> dict[str, str]:
            is_valid = publishing.enter_context(ws.ledger.undisturbed(origin.generation))
            if not is_valid or tuple(ws.storage.files(table.folder)) != chain.seen:
                raise Overtaken
            return {FOOTER_KEY: json.dumps(asdict(replace(origin, rows=rows)))}

        ws.storage.write_parquet(name, BatchStream(schema_of(table), counted(), footer))
        kept = {table.of(each.part) for each in chain.parts if each.change <= origin.after or each.after >= origin.change}
        for each in chain.seen:
            if (path := f"{table.folder}/{each.name}") != name and path not in kept:
                ws.storage.delete(path)
    return rows


def drop_strangers(ws: Workspace, chain: Chain, generation: int) -> None:
    """Delete what lies in the folder and is no part: what a killed writer has replaced, or a file that somebody put there.

    Raises:
        Overtaken: begin again.
    """
    strangers = {each.name for each in chain.seen} - {chain.table.of(each.part).rpartition("/")[2] for each in chain.parts}
    if strangers:
        with ws.ledger.undisturbed(generation) as is_valid:
            if not is_valid or tuple(ws.storage.files(chain.table.folder)) != chain.seen:
                raise Overtaken
            for name in strangers:
                ws.storage.delete(f"{chain.table.folder}/{name}")


def rows_of(ws: Workspace, table: DataFile, parts: Sequence[Origin]) -> pa.Table:
    """The rows of some parts.

    Raises:
        StorageError: one is lost or damaged.
    """
    return pa.concat_tables([ws.storage.read_parquet(table.of(each.part)).read_all() for each in parts])


def _origin(ws: Workspace, table: DataFile, name: str, generation: int) -> Origin | None:
    """What a part says of itself; None where it is not to be believed."""
    try:
        with ws.storage.parquet_file(f"{table.folder}/{name}") as file:
            told = (file.metadata.metadata or {}).get(FOOTER_KEY.encode(), b"{}")
            origin, is_ours = Origin(**json.loads(told)), file.schema_arrow.equals(schema_of(table))
    except (StorageError, ValueError, TypeError):
        return None
    is_valid = is_ours and (origin.ledger, origin.generation) == (ws.ledger.uuid, generation)
    return origin if is_valid and name == table.of(origin.part).rpartition("/")[2] else None
