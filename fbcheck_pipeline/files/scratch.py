"""Folders for a while, where the machine keeps temporary files. What lies in them may be people's: a killed process's do not stay.

Each is locked as long as its process lives. One that nobody holds is a dead process's, and goes when another process wants one.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

_PREFIX, _SUFFIX = "fbcheck-", ".scratch"


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder that only its owner may read, and that goes with the context."""
    _drop_abandoned_once()
    unlocked = tempfile.mkdtemp(prefix=_PREFIX)
    with _opened(unlocked) as descriptor:
        with suppress(OSError):  # where nothing can be locked, nobody finds it abandoned either
            fcntl.flock(descriptor, fcntl.LOCK_SH)  # NFS has no other for what is only read
        folder = Path(unlocked + _SUFFIX)
        os.rename(unlocked, folder)  # only now others take it for one, and see that it is held
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def drop_abandoned_scratch() -> None:
    """Remove the folders of processes of this user that were killed."""
    for each in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*{_SUFFIX}"):
        with suppress(OSError):  # held, another user's, or another process was quicker
            if each.lstat().st_uid == os.getuid():
                with _opened(each) as descriptor:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(each)


@contextmanager
def _opened(folder: str | Path) -> Iterator[int]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


_drop_abandoned_once = cache(drop_abandoned_scratch)
