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

from fbcheck_pipeline.files.held import abandoned, hold

_PREFIX, _SUFFIX = "fbcheck-", ".scratch"
_AS_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder that only its owner may read, and that goes with the context."""
    _drop_abandoned_once()
    unlocked = tempfile.mkdtemp(prefix=_PREFIX)
    descriptor = os.open(unlocked, _AS_FOLDER)
    try:
        hold(descriptor, fcntl.LOCK_SH)
        folder = Path(unlocked + _SUFFIX)
        os.rename(unlocked, folder)  # only now others take it for one, and see that it is held
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(descriptor)


def drop_abandoned_scratch() -> None:
    """Remove the folders of processes of this user that were killed."""
    for each in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*{_SUFFIX}"):
        with suppress(OSError):  # held, another user's, or another process was quicker
            if each.lstat().st_uid == os.getuid():
                with abandoned(each, _AS_FOLDER):
                    shutil.rmtree(each)


_drop_abandoned_once = cache(drop_abandoned_scratch)
