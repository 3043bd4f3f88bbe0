"""Writes a list, reads it, and gives what the tests assert on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa

from fbcheck_pipeline.lists import ListReader, ReadOptions, open_list


def read(path: Path, content: bytes | str | None = None, **options: Any) -> tuple[ListReader, pa.Table]:
    """The exhausted reader and all its batches as one table; writes `content` first, where given."""
    if content is not None:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    reader = open_list(path, ReadOptions(**options))
    table = pa.Table.from_batches(list(reader.batches()), reader.schema)
    table.validate(full=True)
    return reader, table


def column(table: pa.Table, name: str) -> list[Any]:
    """One column as Python values."""
    values: list[Any] = table.column(name).to_pylist()
    return values
