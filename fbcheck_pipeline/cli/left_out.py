"""Libraries that others load where they are installed, for what no command does: they take time and memory."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.abc import MetaPathFinder


class _NotThere(MetaPathFinder):
    def __init__(self, names: tuple[str, ...]) -> None:
        self._names = names

    def find_spec(self, fullname: str, path: object, target: object = None) -> None:
        if fullname in self._names:
            raise ModuleNotFoundError(name=fullname)


@contextmanager
def without(*names: str) -> Iterator[None]:
    """Let what is imported meanwhile find none of these libraries; whatever imports them afterwards still gets them."""
    finder = _NotThere(names)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
