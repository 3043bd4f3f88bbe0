"""The join of e164_phones with its pins and verdicts, batch by batch in the order of the source. A repeated join gives the same result.

What answers each phone is found in `workflow.answers`; nothing is read or written here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from fbcheck_pipeline.ledger import codec
from fbcheck_pipeline.ledger.codec import Phones
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.model.columns import RESULT_COLUMNS, Column, columns_of, described, result_names, schema_of
from fbcheck_pipeline.model.statuses import CHECK_STATUSES, VERDICTS
from fbcheck_pipeline.workflow.answers import NO_PIN, REJECTED, Resolved, Tally
from fbcheck_pipeline.workflow.verdict_files.verdicts import exported_at_us

OF_E164 = frozenset(columns_of(paths.E164_PHONES))
MOST_ROWS = 100_000
"""Of a batch: it is in memory with the one that is written meanwhile."""


def result_schema(e164_schema: pa.Schema) -> pa.Schema:
    """Columns of facebook_results: the source's own first, then ours.

    A name of ours that is younger than the list's reading may still be a source column's in e164_phones; it is renamed here.
    """
    own = [each for each in e164_schema if each.name not in OF_E164]
    names = result_names([each.name for each in own])
    origins = [f"{paths.RAW_PHONES.folder}.{each.name}" for each in own]
    source = [
        described(each.with_name(name), "a column of the list itself", [origin])
        for each, name, origin in zip(own, names, origins, strict=True)
    ]
    return pa.schema([*source, *schema_of(paths.FACEBOOK_RESULTS)])


def join_batches(
    schema: pa.Schema, batches: Iterable[pa.RecordBatch], resolved: Resolved, tally: Tally
) -> Iterator[pa.RecordBatch]:
    """Join e164 batches with the resolved answers of their phones.

    Raises:
        NotImplementedError: a result column is not computed here.
    """
    verdicts, statuses = pa.array(VERDICTS), pa.array(CHECK_STATUSES)
    checked_at = pa.array([exported_at_us(task) for task in resolved.tasks], pa.timestamp("us", "UTC"))
    task_ids = pa.array([task.task_id for task in resolved.tasks], pa.string())
    for batch in _parts(batches):
        at = _places(batch.column(Column.PHONE_E164), resolved.phones)
        status, verdict, number = resolved.status[at], resolved.facebook[at], resolved.task[at]
        tally.is_complete &= not bool((at == NO_PIN).any())
        tally.add(status)
        numbers = pa.array(number, mask=(number < 0) | (verdict < 0))
        ours: dict[str, pa.Array] = {
            **{name: batch.column(name) for name in OF_E164},
            Column.FACEBOOK: pa.DictionaryArray.from_arrays(pa.array(verdict, mask=verdict < 0), verdicts),
            Column.CHECK_STATUS: pa.DictionaryArray.from_arrays(pa.array(status), statuses),
            Column.CHECKED_AT: checked_at.take(numbers),
            Column.TASK_ID: pa.DictionaryArray.from_arrays(pa.array(number, mask=number < 0), task_ids),
        }
        if missing := RESULT_COLUMNS.keys() - ours.keys():
            raise NotImplementedError(f"results/join.py does not compute {', '.join(sorted(missing))}")
        source = [column for name, column in zip(batch.schema.names, batch.columns, strict=True) if name not in OF_E164]
        yield pa.RecordBatch.from_arrays([*source, *(ours[name] for name in RESULT_COLUMNS)], schema.names)


def _parts(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        yield from (batch.slice(begin, MOST_ROWS) for begin in range(0, batch.num_rows, MOST_ROWS))


def _places(texts: pa.Array, phones: Phones) -> npt.NDArray[np.int64]:
    numbers = np.asarray(pc.cast(pc.utf8_ltrim(texts.fill_null("0"), characters="+"), pa.int64()))
    order, at = np.argsort(numbers), np.empty(len(numbers), np.int64)
    at[order] = codec.positions(numbers[order], phones)  # in order they are found four times as fast
    return np.where(at >= 0, at, np.where(numbers > 0, NO_PIN, REJECTED))
