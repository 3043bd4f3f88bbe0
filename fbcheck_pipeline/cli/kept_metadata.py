"""What a command compiles of phonenumbers' metadata, kept beside our compiled modules for the next: half a second of a list from many countries.

As with those, nothing is kept where Python may not write such files, and what other code or another phonenumbers left is not used.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import version
from importlib.util import cache_from_source
from pathlib import Path
from typing import Any

import numpy as np
import phonenumbers

from fbcheck_pipeline.files.atomic import drop_abandoned, whole_file
from fbcheck_pipeline.phones import fast
from fbcheck_pipeline.phones.fast.fast_path import compiled_here

_PLACE = Path(cache_from_source(__file__)).with_name("phone-metadata.npz")
_KEY = "made_by"


@contextmanager
def metadata_kept() -> Iterator[None]:
    """Begin with what was kept, and keep what was compiled besides, where the block ends well."""
    compiled, is_kept = compiled_here(), not sys.dont_write_bytecode
    key = _key() if is_kept else ""
    if is_kept:
        with suppress(Exception), np.load(_PLACE) as kept:  # whatever numpy raises for a damaged file: each array has a checksum
            if kept[_KEY] == key:
                compiled.take({name: kept[name] for name in kept.files})
    count = np.count_nonzero(compiled.is_ready)
    yield
    if is_kept and np.count_nonzero(compiled.is_ready) > count:
        with suppress(Exception):  # a command needs none of it; in the midst of an update, files are missing
            if _key() == key:  # else what was compiled is not of what lies there now
                arrays: dict[str, Any] = {_KEY: key, **compiled.arrays()}
                drop_abandoned(_PLACE.parents[1])
                with whole_file(_PLACE) as sink:
                    np.savez(sink, **arrays)


def _key() -> str:
    """Of all that the arrays are made by, as it lies on the disk now; phonenumbers reads a country when it is asked for."""
    code = [path.read_bytes() for path in sorted(Path(fast.__path__[0]).glob("*.py"))]
    versions = (phonenumbers.__version__, version("phonenumbers"), np.__version__)
    return hashlib.sha256(b"".join([*map(str.encode, versions), *code])).hexdigest()
