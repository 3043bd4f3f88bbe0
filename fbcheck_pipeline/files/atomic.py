"""Local files that appear at their place whole, or not at all; the only writer of them.

Not here: object stores, which show an object only when its upload is complete (storage).
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from fbcheck_pipeline.errors import StorageError


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
            with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as sink:
                yield sink
                sink.flush()
                os.fsync(sink.fileno())
            os.replace(temporary, to)
        finally:
            temporary.unlink(missing_ok=True)


@contextmanager
def write_faults_named(place: str) -> Iterator[None]:
    """Raise a StorageError that names the place for any OSError of the block."""
    try:
        yield
    except OSError as error:
        raise StorageError(
            f"cannot write {place}: {error.strerror or error}; "
            "free space, fix the permissions or shorten the name, then run again"
        ) from error
