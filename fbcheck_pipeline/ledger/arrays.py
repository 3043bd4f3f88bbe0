"""numpy, which its first use loads: commands that only look at the ledger have none.

Its importers name it as they would name numpy, which type checkers see in its place.
"""

from __future__ import annotations

from typing import Any


def __getattr__(name: str) -> Any:
    import numpy

    found = globals()[name] = getattr(numpy, name)
    return found
