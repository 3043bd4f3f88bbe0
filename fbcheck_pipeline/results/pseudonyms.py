"""Pseudonyms: keyed hashes in place of phone numbers, the same for the same number in every export of one ledger.

Only the holder of the ledger can tell which number a pseudonym stands for. This module removes numbers and nothing else: names,
addresses and other facts about people in a source list stay.
"""

from __future__ import annotations

import hmac
import re
import unicodedata
from collections.abc import Callable, Iterable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from fbcheck_pipeline.model.columns import RESULT_COLUMNS, Column

REMOVED = "(holds a phone number)"
SHORTEST = 7
"""A cell that contains this many last digits of a number holds that number, in whatever notation."""
_MAY_HOLD_ONE = rf"(?:\p{{Nd}}\P{{Nd}}*){{{SHORTEST}}}"


class Pseudonyms:
    """Replaces the numbers of result batches.

    `phone_e164`, `phone_raw` and the source's phone columns get pseudonyms: of the phone if there is one, else of the text. A cell of
    another source column that holds a number of its row is replaced as a whole.
    """

    def __init__(self, key: bytes, phone_columns: Iterable[str]) -> None:
        """Args: key: the ledger's; phone_columns: names of the source columns that hold phones."""
        self._key = key
        self._phone_columns = tuple(phone_columns)

    def of(self, kind: str, text: str) -> str:
        """The pseudonym of a text; `kind` is "phone" or "text". It begins with a letter, so that a spreadsheet does not read it as a number."""
        return "p" + hmac.digest(self._key, f"export:{kind}:{text}".encode(), "sha256").hex()[:24]

    def replace(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The batch without numbers, with the same schema."""
        texts = {name: _texts(batch, name) for name in (Column.PHONE_E164, Column.PHONE_RAW, Column.PHONE_COLUMN)}
        in_phone_columns = {name: _texts(batch, name) for name in self._phone_columns if name in batch.schema.names}
        phones = [None if phone is None else self.of("phone", phone) for phone in texts[Column.PHONE_E164]]
        replaced: dict[str, list[str | None]] = {
            Column.PHONE_E164: phones,
            Column.PHONE_RAW: [self._of_cell(text, phone) for text, phone in zip(texts[Column.PHONE_RAW], phones, strict=True)],
        }
        for name, cells in in_phone_columns.items():
            own = [phone if column == name else None for phone, column in zip(phones, texts[Column.PHONE_COLUMN], strict=True)]
            replaced[name] = [self._of_cell(text, phone) for text, phone in zip(cells, own, strict=True)]
        rows = list(zip(texts[Column.PHONE_E164], texts[Column.PHONE_RAW], *in_phone_columns.values(), strict=True))
        columns = [
            pa.array(replaced[each.name], pa.string()).cast(each.type)
            if each.name in replaced
            else column
            if each.name in RESULT_COLUMNS
            else _without_numbers(column, rows.__getitem__)
            for each, column in zip(batch.schema, batch.columns, strict=True)
        ]
        return pa.RecordBatch.from_arrays(columns, schema=batch.schema)

    def _of_cell(self, text: str | None, phone: str | None) -> str | None:
        return phone or (self.of("text", text) if text else text)


def _texts(batch: pa.RecordBatch, name: str) -> list[Any]:
    return list(batch.column(name).cast(pa.string()).to_pylist())


def _without_numbers(column: pa.Array, numbers_of: Callable[[int], Iterable[str | None]]) -> pa.Array:
    """A source column in which cells that hold a number of their row are replaced."""
    cells = column.cast(pa.string())
    may = pc.indices_nonzero(pc.match_substring_regex(cells, _MAY_HOLD_ONE).fill_null(False)).to_pylist()
    held = [place for place in may if _holds(cells[place].as_py(), numbers_of(place))]
    if not held:
        return column
    texts = cells.to_pylist()
    for place in held:
        texts[place] = REMOVED
    return pa.array(texts, pa.string()).cast(column.type)


def _holds(text: str, numbers: Iterable[str | None]) -> bool:
    digits = _digits(text)
    return any(tail in digits for number in numbers if number for tail in _tails(number))


def _tails(number: str) -> list[str]:
    """The last digits of each number that a cell holds, and of the whole cell."""
    runs = [_digits(part) for part in (number, *re.split(r"[;,|/&\n]| - ", number))]
    return [run[-SHORTEST:] for run in runs if len(run) >= SHORTEST]


def _digits(text: str) -> str:
    """All decimal digits of a text, of whatever script."""
    return "".join(str(unicodedata.digit(char)) for char in text if char.isdecimal())
