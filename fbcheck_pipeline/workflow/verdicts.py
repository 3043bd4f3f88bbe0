"""The verdict store: one file a task. A file is written anew only while its task may still answer more."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from fbcheck_pipeline.files.storage import BatchStream, Storage
from fbcheck_pipeline.ledger import codec
from fbcheck_pipeline.ledger.codec import Phones
from fbcheck_pipeline.ledger.records import Chunk
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.model.columns import Column, schema_of
from fbcheck_pipeline.model.statuses import VERDICTS
from fbcheck_pipeline.vendor import timestamp_us

SCHEMA = schema_of(paths.VERDICTS)


def write_verdicts(storage: Storage, task_id: str, table: pa.Table, checked_at_us: int) -> None:
    """Write a task's verdicts: `table` has `phone` int64 (sorted), `facebook` and `label` strings."""
    count = table.num_rows
    columns = [
        codec.to_e164(table["phone"].to_numpy()),
        _encoded(table["facebook"], SCHEMA.field(Column.FACEBOOK).type),
        _encoded(table["label"], SCHEMA.field(Column.FACEBOOK_LABEL).type),
        pa.array(np.full(count, checked_at_us), pa.timestamp("us", "UTC")),
        pa.DictionaryArray.from_arrays(pa.array(np.zeros(count, np.int8)), pa.array([task_id])),
    ]
    batch = pa.RecordBatch.from_arrays(columns, schema=SCHEMA)
    storage.write_parquet(paths.VERDICTS.of(task_id), BatchStream(SCHEMA, iter([batch])))


def exported_at_us(chunk: Chunk) -> int | None:
    """When the vendor exported, or when we saw it where the vendor's word cannot be read; microseconds since 1970 UTC."""
    told = timestamp_us(chunk.vendor_exported_at)
    return told if told is not None or chunk.exported_at is None else int(chunk.exported_at * 1_000_000)


def read_verdicts(storage: Storage, task_id: str) -> tuple[Phones, npt.NDArray[np.int8]]:
    """Phones a task answered (sorted) and their verdict as an index in VERDICTS, -1 where it is none.

    Raises:
        StorageError: the file is lost or damaged.
    """
    table = storage.read_parquet(paths.VERDICTS.of(task_id), [Column.PHONE_E164, Column.FACEBOOK]).read_all().combine_chunks()
    codes = pc.index_in(table[Column.FACEBOOK].cast(pa.string()), pa.array(VERDICTS)).fill_null(-1)
    return codec.from_e164(table[Column.PHONE_E164].combine_chunks()), codes.to_numpy().astype(np.int8)


def united(storage: Storage, task_id: str, table: pa.Table) -> tuple[pa.Table, bool]:
    """`table` and what the store has of the same task, by phone: the newest usable verdict stays, else the newest label.

    Returns:
        The table, and whether it differs from what the store has.
    """
    stored = storage.read_parquet(paths.VERDICTS.of(task_id)).read_all().combine_chunks()
    phones = pa.array(codec.from_e164(stored[Column.PHONE_E164].combine_chunks()))
    texts = [stored[name].cast(pa.string()) for name in (Column.FACEBOOK, Column.FACEBOOK_LABEL)]
    known = pa.table([phones, *texts], names=["phone", "facebook", "label"]).cast(table.schema)
    both = pa.concat_tables([table, known])
    phone = both["phone"].to_numpy()
    best_first = np.lexsort((pc.is_null(both["facebook"]).to_numpy(), phone))  # stable: the new before the stored
    phone = phone[best_first]
    best = both.take(pa.array(best_first[np.append(True, phone[1:] != phone[:-1])]))
    return best, not best.equals(known)


def _encoded(values: pa.ChunkedArray, type_: pa.DataType) -> pa.Array:
    return values.combine_chunks().cast(pa.string()).dictionary_encode().cast(type_)
