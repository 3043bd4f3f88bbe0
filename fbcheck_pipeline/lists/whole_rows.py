"""Cells that hold whole rows: what cut them apart is not what the reader took, and a sentence says what to try.

No cell's value stands in the sentence.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from fbcheck_pipeline.text.recogniser import is_phone_like

_EXAMINED = 200
_SEPARATORS = (",", ";", "\t", "|", "^", "~", "#", "$", "!", ":", "\u00a6", "\u00a7")
_NAMES = {"\t": "tab"}
_BLANKS = re.compile(r"\s{2,}")


def whole_rows_in(cells: Sequence[str | None]) -> str | None:
    """What to try where most cells are no numbers, but would be rows with a number among them; None for other cells."""
    said = [cell for cell in cells if cell and cell.strip()][:_EXAMINED]
    if not said:
        return None
    for separator in _SEPARATORS:
        if _are_rows([cell.split(separator) for cell in said]):
            name = _NAMES.get(separator, separator)
            if separator in ",;\t|":
                return (
                    f"each row is quoted as one cell of fields between {name!r}: export the list without quotes around whole rows"
                )
            if separator.isascii():
                return f"its rows seem to be cut by {name!r}: try --delimiter {name!r}"
            return f"its rows seem to be cut by {name!r}: export the list with a comma or semicolon between its columns"
    if _are_rows([_BLANKS.split(cell.strip()) for cell in said]):
        return "its columns seem to be aligned by blanks: export the list with a comma or semicolon between its columns"
    return None


def _are_rows(rows: Sequence[Sequence[str]]) -> bool:
    """True when in most of them a number stands beside something else."""
    found = [[is_phone_like(part.strip(" \"'")) for part in row] for row in rows]
    return sum(any(row) and not all(row) for row in found) * 2 >= len(rows)
