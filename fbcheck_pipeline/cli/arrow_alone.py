"""Arrow without pandas, for commands that only look: it would import pandas when it makes its first value."""

from __future__ import annotations

import sys
from importlib.abc import MetaPathFinder


class _NoPandas(MetaPathFinder):
    def find_spec(self, fullname: str, path: object, target: object = None) -> None:
        if fullname == "pandas":
            raise ModuleNotFoundError(name=fullname)


def load_arrow_alone() -> None:
    """Load Arrow, and let it find no pandas when it looks; whatever imports pandas afterwards still gets it."""
    import pyarrow as pa

    finder = _NoPandas()
    sys.meta_path.insert(0, finder)
    try:
        pa.scalar(0)
    finally:
        sys.meta_path.remove(finder)
