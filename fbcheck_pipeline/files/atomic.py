"""Local files that appear at their place whole, or not at all; the only writer of them.

Not here: object stores, which show an object only when its upload is complete (storage).
"""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import chain
from pathlib import Path
from typing import IO

from fbcheck_pipeline.errors import StorageError
from fbcheck_pipeline.files.held import abandoned, hold

COPIED_AT_ONCE = 1 << 19
"""Bytes: a buffer that stays in the processor's cache, and takes no new memory."""
_TEMPORARY = f".*.{'[0-9a-f]' * 8}.part"
"""A pattern of our names: who copies files in may call them `.part`, too."""


@contextmanager
def whole_file(to: Path) -> Iterator[IO[bytes]]:
    """A file to be written in pieces, readable by its owner only, that appears at its place when the block ends well.

    Args:
        to: in a folder that exists; what stands there is replaced.

    Raises:
        StorageError: it cannot be written, or the block raised an OSError; what stood there before still stands.
    """
    temporary = to.with_name(f".{to.name}.{secrets.token_hex(4)}.part")
    with write_faults_named(str(to)):
        try:
            with os.fdopen(_created(temporary), "wb") as sink:
                yield sink
                sink.flush()
                os.fsync(sink.fileno())
                os.replace(temporary, to)  # while it is held
        finally:
            temporary.unlink(missing_ok=True)


def _created(temporary: Path) -> int:
    """A descriptor of a new file that is locked as long as its writer lives."""
    while True:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        hold(descriptor, fcntl.LOCK_EX)
        if os.fstat(descriptor).st_nlink:
            return descriptor
        os.close(descriptor)  # `drop_abandoned` was between the two


def drop_abandoned(folder: Path) -> None:
    """Remove what writers that were killed left in a folder, and in the folders in it, beside the files that they wrote."""
    for path in chain(folder.glob(f"*/{_TEMPORARY}"), folder.glob(f"*/*/{_TEMPORARY}")):
        with suppress(OSError), abandoned(path, os.O_WRONLY):  # held, or it has just become a file
            path.unlink()


def move_file(path: Path, to: Path, *, replace: bool) -> None:
    """Rename a file, into a folder that is made where it is missing; onto another file system it is copied, whole, then deleted.

    Raises:
        FileNotFoundError: it is not there.
        FileExistsError: something stands at `to`, and may not be replaced.
    """
    to.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not replace:
        try:
            os.link(path, to)  # a rename would replace what came a moment ago
        except (FileExistsError, FileNotFoundError):
            raise
        except OSError as error:  # a file system without links
            if to.exists():
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(to)) from error
        else:
            path.unlink()
            return
    try:
        os.rename(path, to)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        _copy_then_delete(path, to)


def _copy_then_delete(path: Path, to: Path) -> None:
    with path.open("rb") as stream:
        was = os.fstat(stream.fileno())
        with whole_file(to) as sink:
            shutil.copyfileobj(stream, sink, COPIED_AT_ONCE)
    os.utime(to, ns=(was.st_atime_ns, was.st_mtime_ns))
    now = path.stat()
    if (now.st_ino, now.st_size, now.st_mtime_ns) == (was.st_ino, was.st_size, was.st_mtime_ns):  # else another came meanwhile
        path.unlink()


@contextmanager
def write_faults_named(place: str, faults: tuple[type[Exception], ...] = (OSError,)) -> Iterator[None]:
    """Raise a StorageError that names the place for any of these faults in the block."""
    try:
        yield
    except faults as error:
        raise StorageError(
            f"cannot write {place}: {getattr(error, 'strerror', None) or error}; "
            "free space, fix the permissions or shorten the name, then run again"
        ) from error
