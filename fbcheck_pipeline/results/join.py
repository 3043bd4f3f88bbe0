"""The join of e164_phones with its pins and verdicts, batch by batch in the order of the source. A repeated join gives the same result.

All columns of e164_phones stand in the result as they are in its file; a join reads only those that it looks at.

What answers each phone is found in `workflow.answers`; nothing is read or written here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

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
LOOKED_AT = [
    str(each)
    for each in columns_of(paths.E164_PHONES)
    if each in (Column.PHONE_COLUMN, Column.PHONE_RAW) or each not in columns_of(paths.RAW_PHONES)
]
"""Columns of e164_phones that a join reads, its counts and its model included."""


def names_in_result(e164_names: Sequence[str]) -> dict[str, str]:
    """What columns of e164_phones are called in facebook_results, in the order there.

    A name of ours that is younger than the list's reading may still be a source column's in e164_phones; it is renamed here.
    """
    own = [each for each in e164_names if each not in OF_E164]
    return dict(zip(own, result_names(own), strict=True)) | {each: each for each in RESULT_COLUMNS if each in OF_E164}


def result_schema(e164_schema: pa.Schema) -> pa.Schema:
    """Columns of facebook_results: the source's own first, then ours."""
    source = [
        described(e164_schema.field(there).with_name(name), "a column of the list itself", [f"{paths.RAW_PHONES.folder}.{there}"])
        for there, name in names_in_result(e164_schema.names).items()
        if there not in OF_E164
    ]
    return pa.schema([*source, *schema_of(paths.FACEBOOK_RESULTS)])


def join_batches(
    schema: pa.Schema, batches: Iterable[pa.RecordBatch], resolved: Resolved, tally: Tally
) -> Iterator[pa.RecordBatch]:
    """Join e164 batches with the resolved answers of their phones.

    Args:
        schema: of facebook_results.
        batches: with the columns of `LOOKED_AT`; what others they have, their joined batches have.

    Raises:
        NotImplementedError: a result column is not computed here.
    """
    verdicts, statuses = pa.array(VERDICTS), pa.array(CHECK_STATUSES)
    checked_at = pa.array([exported_at_us(task) for task in resolved.tasks], pa.timestamp("us", "UTC"))
    task_ids = pa.array([task.task_id for task in resolved.tasks], pa.string())
    for batch in batches:
        at = _places(batch.column(Column.PHONE_E164), resolved.phones)
        status, verdict, number = resolved.status[at], resolved.facebook[at], resolved.task[at]
        tally.is_complete &= not bool((at == NO_PIN).any())
        tally.add(status)
        numbers = pa.array(number, mask=(number < 0) | (verdict < 0))
        names = names_in_result(batch.schema.names)
        columns: dict[str, pa.Array] = {
            **{names[there]: batch.column(there) for there in batch.schema.names},
            Column.FACEBOOK: pa.DictionaryArray.from_arrays(pa.array(verdict, mask=verdict < 0), verdicts),
            Column.CHECK_STATUS: pa.DictionaryArray.from_arrays(pa.array(status), statuses),
            Column.CHECKED_AT: checked_at.take(numbers),
            Column.TASK_ID: pa.DictionaryArray.from_arrays(pa.array(number, mask=number < 0), task_ids),
        }
        if missing := RESULT_COLUMNS.keys() - OF_E164 - columns.keys():
            raise NotImplementedError(f"results/join.py does not compute {', '.join(sorted(missing))}")
        there = [name for name in schema.names if name in columns]
        yield pa.RecordBatch.from_arrays([columns[name] for name in there], there)


def _places(texts: pa.Array, phones: Phones) -> npt.NDArray[np.int64]:
    numbers = np.asarray(pc.cast(pc.utf8_ltrim(texts.fill_null("0"), characters="+"), pa.int64()))
    order, at = np.argsort(numbers), np.empty(len(numbers), np.int64)
    at[order] = codec.positions(numbers[order], phones)  # in order they are found four times as fast
    return np.where(at >= 0, at, np.where(numbers > 0, NO_PIN, REJECTED))
