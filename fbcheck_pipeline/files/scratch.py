"""Folders for a while, where the machine keeps temporary files. What lies in them may be people's: a killed process's do not stay.

Each is locked as long as its process lives. One that nobody holds is a dead process's, and goes when another process wants one.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from pathlib import Path

from fbcheck_pipeline.files.held import abandoned, hold

_PREFIX, _SUFFIX = "fbcheck-", ".scratch"
_AS_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder that only its owner may read, and that goes with the context."""
    _drop_abandoned_once()
    folder, descriptor = _held_folder()
    with ExitStack() as at_last:
        at_last.callback(os.close, descriptor)
        at_last.callback(shutil.rmtree, folder, ignore_errors=True)
        yield folder


def _held_folder() -> tuple[Path, int]:
    """A new folder, and what holds it; from its first moment on others may take it for abandoned, so that a killed process leaves none."""
    while True:
        folder = Path(tempfile.mkdtemp(_SUFFIX, _PREFIX))
        with suppress(FileNotFoundError):
            descriptor = os.open(folder, _AS_FOLDER)
            hold(descriptor, fcntl.LOCK_SH)
            if folder.exists():
                return folder, descriptor
            os.close(descriptor)


def drop_abandoned_scratch() -> None:
    """Remove the folders of processes of this user that were killed."""
    for each in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*{_SUFFIX}"):
        with suppress(OSError):  # held, another user's, or another process was quicker
            if each.lstat().st_uid == os.getuid():
                with abandoned(each, _AS_FOLDER):
                    shutil.rmtree(each)


_drop_abandoned_once = cache(drop_abandoned_scratch)
