"""Results that were kept: one may want nothing but a person's word, and then no later word of the vendor's releases its phones.

Fetching and recording results is done elsewhere.
"""

from __future__ import annotations

import contextlib
import filecmp
import gzip
import re
import zlib
from collections.abc import Iterator
from pathlib import Path

from fbcheck_pipeline.errors import ResultError, StorageError
from fbcheck_pipeline.files.scratch import scratch_folder
from fbcheck_pipeline.ledger import codec
from fbcheck_pipeline.ledger.records import Chunk, LoadedChunk
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.vendor.result_table import ResultTable, read_result
from fbcheck_pipeline.workflow.sent_phones import loaded
from fbcheck_pipeline.workflow.workspace import Workspace

READY = "it can be read by now, and is used by the next collection"
_LIKE_A_PHONE = re.compile(rb"[0-9](?:[\s().\-]{0,2}[0-9]){6}")


def keep(ws: Workspace, chunk: LoadedChunk, path: Path) -> None:
    """A person can look, and take it as it is, without the vendor; one that says less takes no earlier one's place."""
    with kept(ws, chunk.known_task_id) as earlier:
        if earlier is not None and (
            filecmp.cmp(earlier, path, shallow=False) or _extent(ws, chunk, earlier) > _extent(ws, chunk, path)
        ):
            return
    content = path.read_bytes()
    is_archive = content.startswith(b"PK")  # compressed already
    kind, other = paths.RESULT_FILES if is_archive else reversed(paths.RESULT_FILES)
    packed = content if is_archive else gzip.compress(content, compresslevel=1, mtime=0)
    ws.storage.write_bytes(kind.of(chunk.known_task_id), packed)
    ws.storage.delete(other.of(chunk.known_task_id))


def _extent(ws: Workspace, chunk: LoadedChunk, path: Path) -> tuple[int, int]:
    """How many phones of the chunk a result names, and of how many it has a verdict."""
    try:
        table = read_for(ws, chunk, path).table
    except ResultError:
        return 0, 0
    return table.num_rows, table.num_rows - table["facebook"].null_count


@contextlib.contextmanager
def kept(ws: Workspace, task_id: str) -> Iterator[Path | None]:
    """The result of a task as it came, in a file for as long as it is looked at; None where none was kept.

    Raises:
        StorageError: it cannot be read, or is damaged.
    """
    names = [name for kind in paths.RESULT_FILES if ws.storage.exists(name := kind.of(task_id))]
    if not names:
        yield None
        return
    content = ws.storage.read_bytes(names[0])
    if not names[0].endswith(paths.RESULT_ARCHIVES.suffix):
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError, zlib.error) as error:
            remedy = "restore it from a backup, or delete it, and the vendor is asked for it again"
            raise StorageError(f"{ws.storage.uri(names[0])} is damaged ({error}); {remedy}") from None
    with scratch_folder() as folder:
        path = folder / "result"
        path.write_bytes(content)
        yield path


def read_for(ws: Workspace, chunk: LoadedChunk, path: Path) -> ResultTable:
    """What a result says of a chunk's phones.

    Raises:
        ResultError: see `read_result`.
    """
    sent = codec.distinct(chunk.there)
    return read_result(path, sent, max_bytes=ws.settings.max_result_mb * 1_000_000)


def doubt_of(chunk: Chunk, result: ResultTable) -> str | None:
    """Why a person should look at a result before it settles anything; None where there is no need."""
    if not result.doubts:
        return None
    return (
        f"many labels of the result have no meaning ({', '.join(map(repr, result.doubts))}): nothing of it is used; look at the file, "
        f"which is kept, and to use it as it is, run fbcheck reconcile {chunk.chunk_key} --accept"
    )


def kept_for(ws: Workspace, chunk: Chunk) -> str | None:
    """Why the result that was kept of a chunk holds its phones, whatever the vendor says later; None where it holds none.

    A person may accept it, or a later version read it (READY where this one can). A text without anything like a phone is none.
    """
    if chunk.has_verdicts:
        return None
    with kept(ws, chunk.known_task_id) as path:
        if path is None:
            return None
        try:
            result = read_for(ws, loaded(ws, chunk.chunk_key), path)
        except ResultError as error:
            content = path.read_bytes()
            return str(error) if b"\0" in content or _LIKE_A_PHONE.search(content) else None
    return doubt_of(chunk, result) or (READY if result.table.num_rows else None)
