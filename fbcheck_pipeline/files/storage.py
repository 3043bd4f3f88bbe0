"""Where data lies: one root, local folder or object store, and how Parquet gets there whole.

An object store shows an object only when its upload is complete; local files are written by `atomic`. What the data mean is
not known here. Arrow is loaded by what reads or writes Parquet: commands that only look need none of it.
"""

from __future__ import annotations

import base64
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import fsspec

from fbcheck_pipeline.errors import StorageError
from fbcheck_pipeline.files.atomic import COPIED_AT_ONCE, drop_abandoned, move_file, whole_file, write_faults_named
from fbcheck_pipeline.files.parquet_copy import Copied, CopyingWriter, EncodedFile
from fbcheck_pipeline.files.scratch import scratch_folder

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

MOST_DISTINCT = 0.5
"""A Parquet dictionary pays for a column while less than this share of its values are distinct, judged by the first `ROWS_JUDGED` rows."""
ROWS_JUDGED = 8192
ROWS_PER_BATCH = 65_536
ROWS_UNTIL_RELEASED = 1 << 20
"""Of a long file: what batches free lies all over the heap, and would come to be a hundred megabytes in ten million rows."""


def release_unused_memory() -> None:
    """Return what was freed to the system, between two stages that each need much: the C library would keep it."""
    import pyarrow as pa

    pa.default_memory_pool().release_unused()


@dataclass(frozen=True)
class StoredFile:
    """A file as a listing tells it.

    Attributes:
        name: relative to the folder that was listed.
        modified: UTC seconds.
        version: changes whenever the content does.
    """

    name: str
    modified: float
    version: str


@dataclass(frozen=True)
class View:
    """The same rows in another schema: what each batch is there, without the columns that are `copied`, which come first."""

    schema: pa.Schema
    of: Callable[[pa.RecordBatch], pa.RecordBatch]
    copied: Copied | None = None


@dataclass
class BatchStream:
    """Record batches of one schema, read once. In a batch a text may be an Arrow dictionary, which costs less than to write it out.

    Attributes:
        footer: asked when the last batch has passed; becomes the file's key-value metadata.
        on_written: called once the file stands at its place; returns facts worth showing of it.
        guard: entered once all is written, left once the file stands; what it raises keeps the file from appearing.
        as_of: the ledger's generation before the file was opened, where whoever opened it asked.
        copied: the first columns of the schema, where they are copied from a file; the batches need not have them.
        beside: views of it that are written with it, by the names of their files.
        file: the file that it is read from, if it is.
    """

    schema: pa.Schema
    batches: Iterator[pa.RecordBatch]
    footer: Callable[[], Mapping[str, str]] = dict
    on_written: Callable[[], Mapping[str, Any]] = dict
    guard: Callable[[], AbstractContextManager[object]] = nullcontext
    as_of: int | None = None
    copied: Copied | None = None
    beside: Mapping[str, View] = field(default_factory=dict)
    file: EncodedFile | None = None

    def read_all(self) -> pa.Table:
        """All batches as one table; for small data."""
        import pyarrow as pa

        return pa.Table.from_batches(list(self.batches), self.schema)


class Storage:
    """Files below DATA_URI, named by paths relative to it."""

    def __init__(self, data_uri: str) -> None:
        """Args: data_uri: an absolute folder or an fsspec URL such as `s3://bucket/prefix`."""
        self.data_uri = data_uri
        self.is_local = "://" not in data_uri
        # An object store's listing that was remembered would hide what another process has written since.
        self.fs, self.root = fsspec.core.url_to_fs(data_uri, **({} if self.is_local else {"use_listings_cache": False}))
        self._faults = _faults_of(self.fs)

    def uri(self, name: str) -> str:
        """Absolute path or URL of a file, as a user may open it."""
        return f"{self.data_uri}/{name}"

    def exists(self, name: str) -> bool:
        """True when the file is there, whole."""
        with self.faults_named(name):
            return bool(self.fs.exists(self._path(name)))

    def names(self, folder: str) -> list[str]:
        """Names of the finished files in a folder, sorted; empty when the folder is not there."""
        return [each.name for each in self.files(folder)]

    def files(self, folder: str, *, is_deep: bool = False) -> list[StoredFile]:
        """The finished files in a folder, by name, from one listing; empty when the folder is not there.

        Args:
            is_deep: and in the folders below it.
        """
        root = self._path(folder)
        try:
            with self.faults_named(folder):
                found = self._below(root) if is_deep else self.fs.ls(root, detail=True)
        except FileNotFoundError:
            return []
        files = [_stored(each["name"].removeprefix(f"{root}/"), each) for each in found if each["type"] == "file"]
        return sorted((each for each in files if not each.name.rpartition("/")[2].startswith(".")), key=lambda each: each.name)

    def _below(self, root: str) -> Iterable[Mapping[str, Any]]:
        if "s3" not in self.fs.protocol:
            return list(self.fs.find(root, detail=True).values())
        parent, _, name = root.rpartition("/")  # by the root alone it would ask twice more where nothing lies
        return list(self.fs.find(parent, detail=True, prefix=f"{name}/").values())

    def file(self, name: str) -> StoredFile | None:
        """What a listing would tell of one file; None when it is not there."""
        try:
            with self.faults_named(name):
                return _stored(name, self.fs.info(self._path(name)))
        except FileNotFoundError:
            return None

    def size_bytes(self, name: str) -> int:
        """The size of a file."""
        with self.faults_named(name):
            return int(self.fs.info(self._path(name))["size"])

    def move(self, name: str, to: str, *, version: str, replace: bool = True, keep_folder: bool = False) -> bool:
        """Rename a file, whole at each moment; where the place allows no rename (an object store), copy it, then delete the original.

        Args:
            version: what is to be moved; where only a copy is possible, another content that came meanwhile stays.
            replace: what stands at `to` is replaced.
            keep_folder: the folder that it was alone in stays.

        Returns:
            False when it is not there any more, or something stands at `to` that may not be replaced.

        Raises:
            StorageError: the place lets nothing be moved.
        """
        with write_faults_named(self.uri(to), self._faults):
            try:
                if self.is_local:
                    move_file(Path(self._path(name)), Path(self._path(to)), replace=replace)
                elif not replace and self.exists(to):
                    return False
                else:
                    return self._copy_then_delete(name, to, version)
            except (FileNotFoundError, FileExistsError):
                return False
        if not keep_folder:
            self._drop_own_folder(name)
        return True

    def _copy_then_delete(self, name: str, to: str, version: str) -> bool:
        is_s3 = "s3" in self.fs.protocol
        try:
            self.fs.cp_file(self._path(name), self._path(to), **({"CopySourceIfMatch": version} if is_s3 else {}))
        except OSError as error:
            if isinstance(error, FileNotFoundError) or "precondition" in str(error).lower():
                return False
            raise
        now = self.file(name)
        if now is not None and now.version == version:
            self.fs.rm_file(self._path(name))
        return True

    def _drop_own_folder(self, name: str) -> None:
        """On a local disk remove the folder of a file that was alone in a folder of its own."""
        if self.is_local and name.count("/") > 1:
            with suppress(OSError):
                Path(self._path(name)).parent.rmdir()

    def delete(self, name: str) -> bool:
        """Remove a file; False when it was not there."""
        try:
            if not self.is_local and not self.exists(name):  # an object store is content to remove nothing
                return False
            with self.faults_named(name):
                self.fs.rm_file(self._path(name))
        except FileNotFoundError:
            return False
        self._drop_own_folder(name)
        return True

    def drop_leftovers(self) -> None:
        """Remove what killed writers left beside their files; an object store keeps none."""
        if self.is_local:
            drop_abandoned(Path(self.root))

    def read_bytes(self, name: str) -> bytes:
        """The whole file."""
        with self.faults_named(name):
            return bytes(self.fs.cat_file(self._path(name)))

    def write_bytes(self, name: str, data: bytes) -> None:
        """Write a file atomically.

        Raises:
            StorageError: the place cannot be written; what stood there before still stands.
        """
        with self.writing(name) as sink:
            sink.write(data)

    def copy_in(self, source: Path, name: str, *, before_it_appears: Callable[[], object] = lambda: None) -> None:
        """Copy a local file to `name`, atomically and streamed.

        Args:
            before_it_appears: called once all is copied; where it fails, nothing appears.
        """
        with self.writing(name) as sink, source.open("rb") as stream:
            shutil.copyfileobj(stream, sink, COPIED_AT_ONCE)
            before_it_appears()

    @contextmanager
    def local_copy(self, name: str) -> Iterator[Path]:
        """The file as a local path that lives as long as the context; only to be read, for on a local disk it is the file itself."""
        if self.is_local:
            yield Path(self._path(name))
            return
        with scratch_folder() as folder:
            path = folder / name.rsplit("/", 1)[-1]
            with self.faults_named(name):
                self.fs.get_file(self._path(name), str(path))
            yield path

    def write_parquet(self, name: str, stream: BatchStream) -> int:
        """Write a stream as zstd Parquet, atomically, each batch while the next one is made; the views beside it appear when it does.

        Returns:
            The number of rows written.

        Raises:
            StorageError: the place cannot be written; what stood there before still stands.
        """
        import pyarrow as pa

        files = {**stream.beside, name: View(stream.schema, lambda batch: batch, stream.copied)}
        first = next(stream.batches, None)
        batches = chain([] if first is None else [first], stream.batches)
        with ExitStack() as guarded, ExitStack() as sinks:
            with ExitStack() as opened:
                places, writers = {each: sinks.enter_context(self.writing(each)) for each in files}, {}
                for each, view in files.items():
                    sample = pa.RecordBatch.from_pylist([], view.schema) if first is None else view.of(first)
                    writers[each] = opened.enter_context(_writer(places[each], view, sample))
                del first, sample  # or they would stay for as long as all is written

                def write(batch: pa.RecordBatch) -> None:
                    for each, writer in writers.items():
                        writer.write_batch(files[each].of(batch))

                rows = _each_behind(write, batches)
                writers[name].add_key_value_metadata(dict(stream.footer()))
            for sink in places.values():
                sink.flush()  # a disk without room for the last bytes of one keeps all from appearing
            guarded.enter_context(stream.guard())
        return rows

    def read_parquet(self, name: str, columns: list[str] | None = None, *, dictionaries: Sequence[str] = ()) -> BatchStream:
        """Read a Parquet file lazily, batch by batch.

        Args:
            dictionaries: columns of texts that come as Arrow dictionaries.

        Raises:
            StorageError: there is no such file, or it is damaged; reading the batches raises it, too.
        """
        import pyarrow as pa

        opened, file = self._open_parquet(name, dictionaries)
        with self.faults_of_parquet_named(name):
            metadata = {
                key.decode(): value.decode() for key, value in (file.metadata.metadata or {}).items() if key != b"ARROW:schema"
            }
            there = pa.schema([each.with_type(pa.string()) if each.name in dictionaries else each for each in file.schema_arrow])
        schema = there if columns is None else pa.schema([there.field(column) for column in columns])

        def batches() -> Iterator[pa.RecordBatch]:
            for group in range(file.num_row_groups):  # batches as they were written, whatever their size
                with self.faults_of_parquet_named(name):  # threads would win nothing here, and each would keep memory of its own
                    yield from file.read_row_group(group, columns, use_threads=False).to_batches()

        encoded = EncodedFile(opened, there, partial(self.faults_of_parquet_named, name))
        return BatchStream(schema, batches(), lambda: metadata, file=encoded)

    def row_count(self, name: str) -> int:
        """Rows of a Parquet file, from its metadata."""
        with self.parquet_file(name) as file:
            return int(file.metadata.num_rows)

    @contextmanager
    def faults_of_parquet_named(self, name: str) -> Iterator[None]:
        """Raise a StorageError that names the file for any fault in reading it."""
        try:
            yield
        except (LookupError, ValueError, NotImplementedError, OSError) as error:  # Arrow's are of these kinds
            raise self._damaged(name, error) from None

    def parquet_file(self, name: str) -> pq.ParquetFile:
        """One version of the file, whoever writes it anew meanwhile: an object store forgets the old one between two reads.

        Raises:
            StorageError: there is no such file, or it is damaged.
        """
        return self._open_parquet(name)[1]

    def _open_parquet(self, name: str, dictionaries: Sequence[str] = ()) -> tuple[pa.NativeFile, pq.ParquetFile]:
        import pyarrow as pa
        import pyarrow.parquet as pq

        with self.faults_of_parquet_named(name):
            try:
                with self.local_copy(name) as path:
                    opened = pa.OSFile(str(path))  # stays readable when the copy is removed
            except FileNotFoundError:
                raise StorageError(f"{self.uri(name)} is not there; materialize the asset that writes it first") from None
            return opened, pq.ParquetFile(opened, read_dictionary=list(dictionaries), page_checksum_verification=True)

    def _damaged(self, name: str, error: Exception) -> StorageError:
        if isinstance(error, OSError) and error.errno:  # the system's, not Arrow's
            return self._unreadable(name, error)
        return StorageError(f"{self.uri(name)} is no readable Parquet file ({error}); delete it and materialize it again")

    @contextmanager
    def faults_named(self, name: str) -> Iterator[None]:
        """Raise a StorageError that names the file for any fault in looking at it, save that it is not there."""
        try:
            yield
        except FileNotFoundError:
            raise
        except self._faults as error:
            raise self._unreadable(name, error) from error

    def _unreadable(self, name: str, error: Exception) -> StorageError:
        return StorageError(f"{self.uri(name)} cannot be read ({error}); see to its disk or its store, then run again")

    def _path(self, name: str) -> str:
        return f"{self.root}/{name}"

    @contextmanager
    def writing(self, name: str) -> Iterator[IO[bytes]]:
        """A file to be written in pieces; it appears under its name, whole, when the context ends well.

        Raises:
            StorageError: the place cannot be written; what stood there before still stands.
        """
        path = self._path(name)
        with write_faults_named(self.uri(name), self._faults):
            if self.is_local:
                Path(path).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with whole_file(Path(path)) if self.is_local else self._uploading(path) as sink:
                yield sink

    @contextmanager
    def _uploading(self, path: str) -> Iterator[IO[bytes]]:
        sink = self.fs.open(path, "wb")
        try:
            yield sink
        except BaseException:
            sink.discard()
            sink.closed = True  # or its finaliser would try to finish the upload
            raise
        sink.close()


def _faults_of(fs: Any) -> tuple[type[Exception], ...]:
    """What is raised where a disk or a store does not answer, or refuses."""
    if "s3" not in fs.protocol:
        return (OSError,)
    from botocore.exceptions import BotoCoreError
    from s3fs.core import S3_RETRYABLE_ERRORS

    return (OSError, BotoCoreError, *S3_RETRYABLE_ERRORS)


def _stored(name: str, info: Mapping[str, Any]) -> StoredFile:
    modified = float(info["mtime"]) if "mtime" in info else float(info["LastModified"].timestamp())
    return StoredFile(name, modified, str(info.get("ETag") or info.get("etag") or f"{info['size']}:{modified}"))


def _writer(sink: IO[bytes], view: View, sample: pa.RecordBatch) -> pq.ParquetWriter | CopyingWriter:
    """The file says nothing of Arrow dictionaries in the batches: what reads it gets plain texts.

    Args:
        sample: the first batch.
    """
    names = view.schema.names[len(view.copied.names) if view.copied else 0 :]
    writer_of = partial(_encoding_writer, sample=sample.select(names).slice(0, ROWS_JUDGED), types=view.schema)
    writer = CopyingWriter(sink, view.copied, writer_of) if view.copied else writer_of(sink)
    writer.add_key_value_metadata({**(view.schema.metadata or {}), "ARROW:schema": base64.b64encode(view.schema.serialize())})
    return writer


def _encoding_writer(sink: IO[bytes], *, sample: pa.RecordBatch, types: pa.Schema) -> pq.ParquetWriter:
    """Of integers without a dictionary the differences are written: half the time, and a hundredth of the bytes where they count.

    Args:
        sample: some rows of the columns that are written.
        types: what they are in the file.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    dictionaries = _repetitive(sample)
    integers = [each.name for each in sample.schema if pa.types.is_integer(each.type) and each.name not in dictionaries]
    fields = ((types.field(came.name), came.type) for came in sample.schema)
    written = pa.schema(
        [
            each.with_type(type_) if pa.types.is_dictionary(type_) and type_.value_type == each.type else each
            for each, type_ in fields
        ]
    )
    options: dict[str, Any] = {"compression": "zstd", "use_dictionary": dictionaries, "write_page_checksum": True}
    options["column_encoding"] = dict.fromkeys(integers, "DELTA_BINARY_PACKED")
    return pq.ParquetWriter(sink, written, **options, store_schema=False)


def _each_behind(write: Callable[[pa.RecordBatch], None], batches: Iterable[pa.RecordBatch]) -> int:
    """Write each batch while the next one is made, but the first at once: it may be the only one. Returns the rows."""
    rows, last = 0, Future[None]()
    last.set_result(None)
    with ThreadPoolExecutor(1, "write") as executor:
        for batch in batches:
            last.result()
            if rows:
                last = executor.submit(write, batch)
            elif batch.num_rows:
                write(batch)
            before, rows = rows, rows + batch.num_rows
            del batch  # or it would stay in memory until the next one is made
            if before // ROWS_UNTIL_RELEASED < rows // ROWS_UNTIL_RELEASED:
                release_unused_memory()
        last.result()
    return rows


def _repetitive(sample: pa.RecordBatch) -> list[str]:
    """Columns for which a dictionary pays, judged by the first rows."""
    import pyarrow as pa
    import pyarrow.compute as pc

    most = MOST_DISTINCT * sample.num_rows
    return [
        each.name
        for each, column in zip(sample.schema, sample.columns, strict=True)
        if pa.types.is_dictionary(each.type) or (_is_countable(each.type) and pc.count_distinct(column).as_py() < most)
    ]


def _is_countable(type_: pa.DataType) -> bool:
    """False for what Arrow cannot tell apart: lists, and floats of two bytes."""
    import pyarrow as pa

    return not (pa.types.is_nested(type_) or pa.types.is_float16(type_))
