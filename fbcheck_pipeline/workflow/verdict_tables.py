"""The tables of current verdicts and of their changes: when they are made, and what of them is believed.

Both say what the kept verdicts say, and are made from these alone. Each is one file, replaced whole, so that its folder has one row a
phone (one a change) at every moment. Its footer says of which ledger, generation and change number it tells; a file that is missing, cut,
of another ledger or schema, or from before something was deleted is made anew, and nobody reads it to make another.

A file appears while nobody else writes to the ledger, and only where nothing was deleted since its verdicts were read and nobody has
published another one meanwhile: who is late, begins again. Whoever is killed leaves the last file as it was.

A purge, or an erasure, first changes what is kept and then calls `remake_verdict_tables`.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass

import pyarrow as pa

from fbcheck_pipeline.errors import StorageError
from fbcheck_pipeline.files.pair_sorting import PAIRS_IN_MEMORY, PairSorter
from fbcheck_pipeline.files.storage import ROWS_PER_BATCH, BatchStream
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.model.columns import schema_of
from fbcheck_pipeline.model.paths import DataFile
from fbcheck_pipeline.phones import NumberFacts
from fbcheck_pipeline.workflow.shipped_views import write_views
from fbcheck_pipeline.workflow.timelines import Timelines
from fbcheck_pipeline.workflow.verdict_log import VerdictLog
from fbcheck_pipeline.workflow.workspace import Workspace

log = logging.getLogger(__name__)

AT_ONCE = 1 << 18
"""So many verdicts at most are told of as soon as they come; with more the tables wait for the night."""
WHOLE = "all"
"""The part that tells everything."""
FOOTER_KEY = "fbcheck_table"


@dataclass(frozen=True)
class Origin:
    """What a file tells of.

    Attributes:
        generation: what was deleted after it may be in the file.
        change: the verdicts of each task are in it that changed last up to this number.
        verdicts: how many verdicts it was made of.
        lost: tasks whose verdicts could not be read.
    """

    ledger: str
    generation: int
    change: int
    verdicts: int
    lost: int


class _Overtaken(Exception):
    """Somebody published or deleted something meanwhile."""


def refresh_verdict_tables(ws: Workspace, *, most: int | None = None) -> dict[str, int] | None:
    """Bring the tables up to date, where anything has come.

    Args:
        most: do nothing where more verdicts than these are kept; None for any number.

    Returns:
        The rows of each table that was written, by its folder; None where nothing was to be done.

    Raises:
        StorageError: a table cannot be written.
    """
    while _is_due(ws, most):
        try:
            written = _make(ws)
            write_views(ws)
            return written
        except _Overtaken:  # it has published, or deleted, something: each time around there is one the less
            continue
    return None


def remake_verdict_tables(ws: Workspace) -> None:
    """Make the tables anew, where there are any, after what is kept has become less; who read it before cannot publish any more.

    Raises:
        StorageError: a table cannot be written; call again.
    """
    ws.ledger.raise_generation()
    if any(ws.storage.names(each.folder) for each in _MADE):
        refresh_verdict_tables(ws)


def refresh_at_once(ws: Workspace) -> None:
    """Bring the tables up to date while that is cheap; what cannot be written now, the night writes."""
    try:
        refresh_verdict_tables(ws, most=AT_ONCE)
    except StorageError as error:
        log.warning("the tables of verdicts are not brought up to date: %s", error)


def _is_due(ws: Workspace, most: int | None) -> bool:
    generation = ws.ledger.index_state().generation
    origins = [_origin(ws, each) for each in _MADE]
    believed = [each for each in origins if each is not None and each.generation == generation]
    if len(believed) < len(origins):
        return most is None or ws.ledger.count_stored(0) <= most
    new = ws.ledger.count_stored(min(each.change for each in believed))
    is_whole = not any(each.lost for each in believed)
    return not (is_whole and not new) and (most is None or new + max(each.verdicts for each in believed) <= most)


def _origin(ws: Workspace, table: DataFile) -> Origin | None:
    """What a table says of itself; None where it is not to be believed."""
    if ws.storage.names(table.folder) != [table.of(WHOLE).rpartition("/")[2]]:
        return None
    try:
        with ws.storage.parquet_file(table.of(WHOLE)) as file:
            told = (file.metadata.metadata or {}).get(FOOTER_KEY.encode())
            origin = Origin(**json.loads(told or "{}"))
            return origin if origin.ledger == ws.ledger.uuid and file.schema_arrow.equals(schema_of(table)) else None
    except (StorageError, ValueError, TypeError):
        return None


def _make(ws: Workspace) -> dict[str, int]:
    """Make both tables from all verdicts.

    Raises:
        _Overtaken: begin again.
    """
    seen = {each: ws.storage.file(each.of(WHOLE)) for each in _MADE}  # first: who publishes after it has read no less
    state = ws.ledger.index_state()
    with PairSorter(PAIRS_IN_MEMORY) as sorter:
        told = VerdictLog(ws, sorter, ws.ledger.stored_tasks())
        origin = Origin(ws.ledger.uuid, state.generation, state.change, told.count, told.lost)
        written = dict[str, int]()
        for table, rows_of in _MADE.items():
            with ExitStack() as publishing:

                def footer(table: DataFile = table, publishing: ExitStack = publishing) -> dict[str, str]:
                    is_valid = publishing.enter_context(ws.ledger.undisturbed(state.generation))
                    if not is_valid or ws.storage.file(table.of(WHOLE)) != seen[table]:
                        raise _Overtaken
                    return {FOOTER_KEY: json.dumps(asdict(origin))}

                stream = BatchStream(schema_of(table), _in_batches(map(rows_of(), told.timelines())), footer)
                written[table.folder] = ws.storage.write_parquet(table.of(WHOLE), stream)
                for name in ws.storage.names(table.folder):
                    if (path := f"{table.folder}/{name}") != table.of(WHOLE):
                        ws.storage.delete(path)
    return written


def _in_batches(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        yield from (batch.slice(start, ROWS_PER_BATCH) for start in range(0, batch.num_rows, ROWS_PER_BATCH))


def _current() -> Callable[[Timelines], pa.RecordBatch]:
    numbers = NumberFacts()
    return lambda timelines: timelines.current(numbers)


_MADE: dict[DataFile, Callable[[], Callable[[Timelines], pa.RecordBatch]]] = {
    paths.VERDICT_CHANGES: lambda: Timelines.changes,
    paths.CURRENT_VERDICTS: _current,
}
"""The tables in the order that they are written, and what makes their rows."""
