"""The tables of current verdicts and of their changes: when they are made, and of what.

Both say what the kept verdicts say, and are made from these alone. Up to `MOST_WHOLE` verdicts each is made of all of them, as one file that
is replaced whole: its folder has one row a phone (one a change) at every moment. With more, what is new becomes a further part: the
complete rows of the phones that it tells of, for which the other verdicts of just these phones are read. The newest part overrules what
those before it say of a phone, so that a verdict may come late or become another one; the shipped views read it so. Parts of like size
are merged, within memory.

A purge, or an erasure, first changes what is kept and then calls `remake_verdict_tables`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa

from fbcheck_pipeline.errors import StorageError
from fbcheck_pipeline.files.pair_sorting import PAIRS_IN_MEMORY, PairSorter
from fbcheck_pipeline.files.storage import BatchStream
from fbcheck_pipeline.ledger.indexing import IndexState
from fbcheck_pipeline.ledger.records import StoredTask
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.model.columns import Column
from fbcheck_pipeline.model.paths import DataFile
from fbcheck_pipeline.phones import NumberFacts
from fbcheck_pipeline.workflow.index.phone_answers import tasks_of_phones
from fbcheck_pipeline.workflow.merge_policy import MergePolicy
from fbcheck_pipeline.workflow.tables.shipped_views import write_views
from fbcheck_pipeline.workflow.tables.table_parts import Chain, Origin, Overtaken, chain_of, drop_strangers, publish, rows_of
from fbcheck_pipeline.workflow.tables.timelines import Timelines
from fbcheck_pipeline.workflow.tables.verdict_log import VerdictLog
from fbcheck_pipeline.workflow.workspace import Workspace

log = logging.getLogger(__name__)

AT_ONCE = 1 << 18
"""So many verdicts at most are told of as soon as they come; with more the tables wait for the night."""
MOST_CHANGES = 1 << 8
"""At once, tables that are so far behind are not even counted up: they are no small store's."""
MOST_WHOLE = 1 << 24
MERGING = MergePolicy(ratio=8, largest=1 << 21)
"""Of parts, in rows."""
TABLES = (paths.VERDICT_CHANGES, paths.CURRENT_VERDICTS)


def refresh_verdict_tables(ws: Workspace, *, most: int | None = None) -> dict[str, int]:
    """Bring the tables up to date, where anything has come.

    Args:
        most: do nothing where more verdicts than these are kept; None for any number.

    Returns:
        The rows of each file that was written, by its path; empty where nothing was to be done.

    Raises:
        StorageError: a table cannot be written.
    """
    while True:
        try:
            written = _refresh(ws, most)
            break
        except Overtaken:  # it has published, or deleted, something: each time around there is one the less
            continue
    if written:
        write_views(ws)
    return written


def read_current_verdicts(ws: Workspace, columns: list[str] | None = None) -> BatchStream:
    """The newest verdict of each phone; of a store of several parts in memory, since a part may overrule another.

    Raises:
        StorageError: nothing was collected yet, or a part is damaged.
    """
    folder = paths.CURRENT_VERDICTS.folder
    names = [f"{folder}/{each}" for each in ws.storage.names(folder) if each.endswith(paths.CURRENT_VERDICTS.suffix)]
    if len(names) < 2:
        return ws.storage.read_parquet(names[0] if names else paths.CURRENT_VERDICTS.of("all"), columns)
    rows = _newest(pa.concat_tables([ws.storage.read_parquet(each).read_all() for each in names]))
    table = rows if columns is None else rows.select(columns)
    return BatchStream(table.schema, iter(table.to_batches()))


def remake_verdict_tables(ws: Workspace) -> None:
    """Make the tables anew, where there are any, after what is kept has become less; who read it before cannot publish any more.

    Raises:
        StorageError: a table cannot be written; call again.
    """
    ws.ledger.raise_generation()
    if any(ws.storage.names(each.folder) for each in TABLES):
        refresh_verdict_tables(ws)


def refresh_at_once(ws: Workspace) -> None:
    """Bring the tables up to date while that is cheap; what cannot be written now, the night writes."""
    try:
        refresh_verdict_tables(ws, most=AT_ONCE)
    except StorageError as error:
        log.warning("the tables of verdicts are not brought up to date: %s", error)


def _refresh(ws: Workspace, most: int | None) -> dict[str, int]:
    generation = ws.ledger.generation()
    chains = [chain_of(ws, table, generation) for table in TABLES]
    state = ws.ledger.index_state()  # after what is there: who publishes meanwhile may have read more
    if most is not None and state.change - min(each.change for each in chains) > MOST_CHANGES:
        return {}
    new = {each.table: ws.ledger.count_stored(each.change) for each in chains}
    kept = max(each.verdicts + new[each.table] for each in chains)
    if most is not None and kept > most:
        return {}
    if kept <= MOST_WHOLE:
        return _make_whole(ws, [each for each in chains if new[each.table] or not each.is_whole], state)
    written = _make_whole(ws, [each for each in chains if not each.parts], state)
    stored = ws.ledger.stored_tasks() if any(new.values()) else []
    for chain in chains:
        if chain.parts and new[chain.table]:
            written |= _extend(ws, chain, stored, state)
        elif chain.parts:
            drop_strangers(ws, chain, state.generation)
    for table in TABLES:
        written |= _merge(ws, table, state.generation)
    return written


def _make_whole(ws: Workspace, chains: Sequence[Chain], state: IndexState) -> dict[str, int]:
    """Make tables of all verdicts."""
    written = dict[str, int]()
    if not chains:
        return written
    with PairSorter(PAIRS_IN_MEMORY) as sorter:
        tasks = ws.ledger.stored_tasks()
        told = VerdictLog(ws, sorter, tasks)
        origin = _origin(ws, state, 0, tasks, told)
        for chain in chains:
            written[chain.table.of(origin.part)] = publish(
                ws, chain, origin, map(_rows_of(chain.table, origin), told.timelines())
            )
    return written


def _extend(ws: Workspace, chain: Chain, stored: Sequence[StoredTask], state: IndexState) -> dict[str, int]:
    """Add a part: all that is known of the phones of which something new came."""
    before = chain.told_before()
    changed = [each for each in stored if chain.change < each.change <= state.change]
    new = {each.chunk_key: each for each in changed if before.get(each.chunk_key) != each.result_sha256}
    with PairSorter(PAIRS_IN_MEMORY) as sorter, PairSorter(PAIRS_IN_MEMORY) as all_of_them:
        told = VerdictLog(ws, sorter, list(new.values()))
        phones = np.unique(np.concatenate([np.empty(0, np.int64), *(each.phones for each in told.timelines())]))
        known = [each for each in stored if each.chunk_key in new or each.change <= chain.change or each.chunk_key in before]
        both = VerdictLog(ws, all_of_them, tasks_of_phones(ws, phones, known), phones)
        origin = _origin(ws, state, chain.change, changed, told)
        corrected = [each.task_id for key, each in new.items() if key in before]
        rows = publish(ws, chain, origin, map(_rows_of(chain.table, origin, corrected), both.timelines()))
    return {chain.table.of(origin.part): rows}


def _merge(ws: Workspace, table: DataFile, generation: int) -> dict[str, int]:
    """Merge parts that are worth it, but the first."""
    chain = chain_of(ws, table, generation)
    parts = chain.parts[1:]
    chosen = parts[MERGING.worth_merging([each.rows for each in parts])]
    if not chosen:
        return {}
    rows = _newest(rows_of(ws, table, chosen))
    opened = {key: told for each in chosen for key, told in each.open.items()}
    verdicts, lost = sum(each.verdicts for each in chosen), sum(each.lost for each in chosen)
    origin = Origin(ws.ledger.uuid, generation, chosen[0].after, chosen[-1].change, verdicts, opened, lost)
    return {table.of(origin.part): publish(ws, chain, origin, iter(rows.combine_chunks().to_batches()))}


def _newest(rows: pa.Table) -> pa.Table:
    """Of each phone what the newest part says."""
    ordered = rows.sort_by([(Column.PHONE_E164, "ascending"), (Column.REVISION, "descending")])
    phones = ordered[Column.PHONE_E164].combine_chunks().dictionary_encode().indices.to_numpy()
    first = np.maximum.accumulate(np.where(np.diff(phones, prepend=-1), np.arange(len(phones)), 0))
    revision = ordered[Column.REVISION].to_numpy()
    return ordered.filter(pa.array(revision == revision[first]))


def _origin(ws: Workspace, state: IndexState, after: int, tasks: Sequence[StoredTask], told: VerdictLog) -> Origin:
    may_change = {each.chunk_key: each.result_sha256 for each in tasks if not each.is_final or each.change > state.change}
    return Origin(ws.ledger.uuid, state.generation, after, state.change, told.count, may_change, told.lost)


def _rows_of(table: DataFile, origin: Origin, corrected: Sequence[str] = ()) -> Callable[[Timelines], pa.RecordBatch]:
    """What makes a part's rows; `corrected` are the tasks that told something else in an earlier part."""
    if table is paths.VERDICT_CHANGES:
        task_ids = pa.array(corrected, pa.string())
        return lambda timelines: timelines.changes(origin.change, task_ids)
    numbers = NumberFacts()
    return lambda timelines: timelines.current(numbers, origin.change)
