"""What a command compiles of phonenumbers' metadata, kept beside our compiled modules for the next: half a second of a list from many countries.

As with those, nothing is kept where Python may not write such files, and what other code or another phonenumbers left is not used.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import cache_from_source
from pathlib import Path
from typing import Any

import numpy as np
import phonenumbers

from fbcheck_pipeline.errors import StorageError
from fbcheck_pipeline.files.atomic import whole_file
from fbcheck_pipeline.phones import fast
from fbcheck_pipeline.phones.fast.fast_path import compiled_here

_PLACE = Path(cache_from_source(__file__)).with_name("phone-metadata.npz")
_KEY = "made_by"


@contextmanager
def metadata_kept() -> Iterator[None]:
    """Begin with what was kept, and keep what was compiled besides."""
    compiled = compiled_here()
    if not sys.dont_write_bytecode:
        with suppress(Exception), np.load(_PLACE) as kept:  # whatever numpy raises for a damaged file: each array has a checksum
            if kept[_KEY] == _key():
                compiled.take({name: kept[name] for name in kept.files})
    count = np.count_nonzero(compiled.is_ready)
    try:
        yield
    finally:
        if np.count_nonzero(compiled.is_ready) > count and not sys.dont_write_bytecode:
            arrays: dict[str, Any] = {_KEY: _key(), **compiled.arrays()}
            with suppress(StorageError), whole_file(_PLACE) as sink:  # a command needs none of it
                np.savez(sink, **arrays)


def _key() -> str:
    """Of all that the arrays are made by."""
    code = [path.read_bytes() for path in sorted(Path(fast.__path__[0]).glob("*.py"))]
    return hashlib.sha256(b"".join([phonenumbers.__version__.encode(), np.__version__.encode(), *code])).hexdigest()
