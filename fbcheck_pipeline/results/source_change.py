"""What of a list makes one doubt that it is what its source delivered before: pure, from its lineage."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

LEAST_SHARE = 0.5


def unlike_previous(lineage: Mapping[str, Any]) -> list[str]:
    """Sentences for a list with less than half the rows of its source's last list, or other phone columns; none for a source's first."""
    then = lineage["previous"]
    if then is None:
        return []
    said, rows, before = [], lineage["counts"]["rows"], then["counts"]["rows"]
    if rows < LEAST_SHARE * before:
        said.append(f"it has {rows:,} rows, less than half of the {before:,} rows of {then['file']}")
    columns, other = lineage["source"].get("phone_columns") or (), then["phone_columns"] or ()
    if list(columns) != list(other):
        said.append(f"its phones stand in {_named(columns)}; those of {then['file']} stood in {_named(other)}")
    return said


def _named(columns: Any) -> str:
    return ", ".join(f"'{each}'" for each in columns) or "no column"
