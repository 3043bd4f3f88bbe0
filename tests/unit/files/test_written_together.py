"""A table and the view beside it appear together, whole, or neither does: a reader who joins them must not see two nights."""

from __future__ import annotations

import resource
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

import pyarrow as pa
import pytest

from fbcheck_pipeline.errors import StorageError
from fbcheck_pipeline.files.storage import BatchStream, Storage, View

SCHEMA, BESIDE = pa.schema({"number": pa.int64()}), pa.schema({"text": pa.string()})
TABLE, ANSWERS = "results/list.parquet", "answers/list.parquet"


class Fault(Exception):
    """What goes wrong."""


def batches(of: range, fails_after: int = 9) -> Iterator[pa.RecordBatch]:
    for batch in of:
        if batch == fails_after:
            raise Fault
        yield pa.record_batch([pa.array(range(batch * 1000, (batch + 1) * 1000))], schema=SCHEMA)


def view(fails_at: int = 9) -> View:
    def of(batch: pa.RecordBatch) -> pa.RecordBatch:
        if batch.column(0)[0].as_py() == fails_at * 1000:
            raise Fault
        return pa.record_batch(
            [pa.array([f"{number * number}/{number**7}" for number in batch.column(0).to_pylist()])], schema=BESIDE
        )

    return View(BESIDE, of)


def write(
    storage: Storage, made: Iterator[pa.RecordBatch], seen: View, guard: Callable[[], AbstractContextManager[object]]
) -> None:
    storage.write_parquet(TABLE, BatchStream(SCHEMA, made, guard=guard, beside={ANSWERS: seen}))


@contextmanager
def forbidding() -> Iterator[None]:
    raise Fault
    yield


def files(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("made", "seen", "guard"),
    [
        (batches(range(5), 0), view(), nullcontext),
        (batches(range(5), 3), view(), nullcontext),
        (batches(range(5)), view(0), nullcontext),
        (batches(range(5)), view(2), nullcontext),
        (batches(range(5)), view(4), nullcontext),
        (batches(range(5)), view(), forbidding),
    ],
)
def test_what_fails_leaves_both_as_they_were(
    made: Iterator[pa.RecordBatch], seen: View, guard: Callable[[], AbstractContextManager[object]], tmp_path: Path
) -> None:
    """Whether a batch cannot be made, or not be written, which happens meanwhile."""
    storage = Storage(str(tmp_path))
    write(storage, batches(range(1)), view(), nullcontext)
    before = files(tmp_path)
    with pytest.raises(Fault):
        write(storage, made, seen, guard)
    assert files(tmp_path) == before


def test_a_disk_without_room_for_the_last_bytes_of_one_leaves_both_as_they_were(tmp_path: Path) -> None:
    """Those are written when all else is."""
    storage = Storage(str(tmp_path))
    write(storage, batches(range(1, 5)), view(), nullcontext)
    size = {name: len(content) for name, content in files(tmp_path).items()}
    assert size[ANSWERS] > size[TABLE]
    write(storage, batches(range(1)), view(), nullcontext)
    before, limits = files(tmp_path), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size[ANSWERS] - 1, limits[1]))
    try:
        with pytest.raises(StorageError, match="free space"):
            write(storage, batches(range(1, 5)), view(), nullcontext)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert files(tmp_path) == before


@pytest.mark.parametrize("column", [pa.array([1, 2**40]), pa.array([1, 2]).dictionary_encode(), pa.array(["a"])])
def test_what_is_not_of_the_schema_is_not_written(column: pa.Array, tmp_path: Path) -> None:
    """An Arrow dictionary may stand for its texts; another type would be another file than all readers were told."""
    stream = BatchStream(pa.schema({"number": pa.int32()}), iter([pa.record_batch({"number": column})]))
    with pytest.raises(ValueError, match="schema"):
        Storage(str(tmp_path)).write_parquet(TABLE, stream)
    assert not (tmp_path / TABLE).exists()
